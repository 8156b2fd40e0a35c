/** What a tab knows of the view that it is in. */

import type { Answer, Look, Outgoing } from "./model";

export interface View {
  /** The filter, as it was typed. */
  readonly filter: string;
  /** Draw again, and say what is looked at if that has changed. */
  request(): void;
  /** Ask the kernel for something, once; false if it cannot be reached. */
  ask(message: Outgoing): boolean;
  /** Show a record in the log. */
  showRecord(number: number): void;
}

/** One tab. */
export interface Part {
  readonly node: HTMLElement;
  /** What it shows: its part of what the kernel is told. */
  look(): Partial<Look>;
  take(answer: Answer): void;
  /** Take the size that it has. */
  measure(): void;
  paint(): void;
  dispose(): void;
}
