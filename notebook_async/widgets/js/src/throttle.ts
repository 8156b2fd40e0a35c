/** At most one call per `delay`, the last one always. */
export class Throttle {
  readonly #delay: number;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #next: (() => void) | null = null;

  constructor(delay: number) {
    this.#delay = delay;
  }

  run(call: () => void): void {
    if (this.#timer !== null) {
      this.#next = call;
      return;
    }
    call();
    this.#wait();
  }

  /** Forget what has not been called yet. */
  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#next = null;
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const next = this.#next;
      this.#next = null;
      if (next) this.run(next);
    }, this.#delay);
  }
}
