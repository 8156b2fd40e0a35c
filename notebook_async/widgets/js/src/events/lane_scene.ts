/** Where times are on a timeline. Times are seconds, lengths CSS pixels. */

/** The colours of the style sheet that are drawn with. */
export const COLOURS = [
  "bg",
  "dim",
  "line",
  "soft",
  "queued",
  "running",
  "waiting",
  "retrying",
  "done",
  "failed",
  "cancelled",
  "idle",
  "failed-text",
] as const;
export type Colours = Record<(typeof COLOURS)[number], string>;

/** Room at the right, for what marks the moment. */
export const RIGHT = 6;

/** What is drawn, and where. */
export interface Scene {
  width: number;
  left: number;
  start: number;
  end: number;
  /** Where open spans end. */
  now: number;
  /** Null: the end. */
  moment: number | null;
  /** The phases that are not faded; null: all. */
  kept: ReadonlySet<string> | null;
  colours: Colours;
}

export function xOf({ left, width, start, end }: Scene, at: number): number {
  return left + ((at - start) / (end - start)) * (width - left - RIGHT);
}

export function timeOf({ left, width, start, end }: Scene, x: number): number {
  return start + ((x - left) / Math.max(1, width - left - RIGHT)) * (end - start);
}
