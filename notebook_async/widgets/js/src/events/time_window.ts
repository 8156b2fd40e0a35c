/** The stretch of time that a timeline shows: all there is, or what somebody zoomed to. */

/** Seconds that a window has at least. */
const SHORTEST = 1e-5;

export class TimeWindow {
  /** What there is. */
  began = 0;
  ended = 0;
  #zoomed: [start: number, end: number] | null = null;

  /** Whether it shows all there is, and grows with it. */
  get whole(): boolean {
    return this.#zoomed === null;
  }

  get start(): number {
    return this.#zoomed?.[0] ?? this.began;
  }

  get end(): number {
    return this.#zoomed?.[1] ?? Math.max(this.ended, this.began + 0.001);
  }

  get span(): number {
    return this.end - this.start;
  }

  fit(): void {
    this.#zoomed = null;
  }

  /** Zoom in (a factor above 1) or out; what is at a time stays where it is. */
  zoom(factor: number, at: number): void {
    const all = this.ended - this.began;
    const span = Math.max(SHORTEST, this.span / factor);
    if (span >= all) {
      this.fit();
      return;
    }
    const share = (at - this.start) / this.span;
    this.#set(at - share * span, span);
  }

  pan(seconds: number): void {
    if (this.#zoomed) this.#set(this.start + seconds, this.span);
  }

  /** Move so that a time is in sight; tell whether that was necessary. */
  reveal(at: number): boolean {
    if (!this.#zoomed || (at >= this.start && at <= this.end)) return false;
    const before = at < this.start ? 0.8 : 0.2;
    this.#set(at - before * this.span, this.span);
    return true;
  }

  /** Show from one time to another. */
  show(start: number, end: number): void {
    const span = Math.max(SHORTEST, end - start);
    this.#set(start, span);
  }

  /** What to ask for: some more at both sides, so that a drag finds it there. */
  get padded(): [number, number] | null {
    if (!this.#zoomed) return null;
    const { start, end, span } = this;
    // In steps, for each request costs a message.
    const step = span / 4;
    const from = Math.floor((start - span / 2) / step) * step;
    const to = Math.ceil((end + span / 2) / step) * step;
    return [Math.max(this.began, from), Math.min(Math.max(this.ended, end), to)];
  }

  #set(start: number, span: number): void {
    const latest = this.ended - span;
    const from = Math.max(this.began, Math.min(start, latest));
    this.#zoomed = [from, from + span];
  }
}
