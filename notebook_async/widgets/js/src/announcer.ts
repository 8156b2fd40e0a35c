/** A polite live region that speaks at most once per `delay`, and at the end. */

import { h } from "./dom";

export const ANNOUNCE_DELAY_MS = 5000;

export class Announcer {
  readonly node = h("div", "na-sr");
  #said = "";
  #saidAt = Number.NEGATIVE_INFINITY;
  #next = "";
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    this.node.setAttribute("role", "status");
    this.node.setAttribute("aria-live", "polite");
    this.node.setAttribute("aria-atomic", "true");
  }

  /** Take `text` as known: a panel that was finished when it appeared stays silent. */
  prime(text: string): void {
    this.#said = text;
  }

  /** Speak `text` when the delay is over; the newest text wins. */
  say(text: string): void {
    this.#next = text;
    if (text === this.#said || this.#timer !== null) return;
    const wait = this.#saidAt + ANNOUNCE_DELAY_MS - performance.now();
    if (wait <= 0) this.sayNow(text);
    else this.#timer = setTimeout(() => this.sayNow(this.#next), wait);
  }

  /** Speak at once: how a job ended is not held back. */
  sayNow(text: string): void {
    this.dispose();
    if (text === this.#said) return;
    this.#said = text;
    this.#saidAt = performance.now();
    this.node.textContent = text;
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
