/** The stretch of time that a timeline shows: all there is, or what somebody zoomed to. */

/** Seconds that a window has at least. */
const SHORTEST = 1e-5;

export interface TimeWindow {
  /** What there is. */
  began: number;
  ended: number;
  /** Whether it shows all there is, and grows with it. */
  readonly whole: boolean;
  readonly start: number;
  readonly end: number;
  readonly span: number;
  /** What to ask for: some more at both sides, so that a drag finds it there. */
  readonly padded: [number, number] | null;
  fit(): void;
  /** Zoom in (a factor above 1) or out; what is at a time stays where it is. */
  zoom(factor: number, at: number): void;
  pan(seconds: number): void;
  /** Move so that a time is in sight; tell whether that was necessary. */
  reveal(at: number): boolean;
}

export function timeWindow(): TimeWindow {
  let zoomed: [start: number, end: number] | null = null;

  function set(start: number, span: number): void {
    const from = Math.max(all.began, Math.min(start, all.ended - span));
    zoomed = [from, from + span];
  }

  const all: TimeWindow = {
    began: 0,
    ended: 0,
    get whole() {
      return !zoomed;
    },
    get start() {
      return zoomed?.[0] ?? all.began;
    },
    get end() {
      return zoomed?.[1] ?? Math.max(all.ended, all.began + 0.001);
    },
    get span() {
      return all.end - all.start;
    },
    get padded(): [number, number] | null {
      if (!zoomed) return null;
      const { began, ended, start, end, span } = all;
      // In steps, for each request costs a message.
      const step = span / 4;
      const from = Math.floor((start - span / 2) / step) * step;
      const to = Math.ceil((end + span / 2) / step) * step;
      return [Math.max(began, from), Math.min(Math.max(ended, end), to)];
    },
    fit() {
      zoomed = null;
    },
    zoom(factor, at) {
      const { began, ended, start, span } = all;
      const wanted = Math.max(SHORTEST, span / factor);
      if (wanted >= ended - began) zoomed = null;
      else set(at - ((at - start) / span) * wanted, wanted);
    },
    pan(seconds) {
      if (zoomed) set(all.start + seconds, all.span);
    },
    reveal(at) {
      const { start, end, span } = all;
      if (!zoomed || (at >= start && at <= end)) return false;
      set(at - (at < start ? 0.8 : 0.2) * span, span);
      return true;
    },
  };
  return all;
}
