/** A polite live region that speaks at most once per `delay`, and at the end. */

import { make } from "./make";

export const ANNOUNCE_DELAY_MS = 5000;

export interface Announcer {
  readonly node: HTMLElement;
  /** Take `text` as known: a panel that was finished when it appeared stays silent. */
  prime(text: string): void;
  /** Speak `text` when the delay is over; the newest text wins. */
  say(text: string): void;
  /** Speak at once: how a job ended is not held back. */
  sayNow(text: string): void;
  dispose(): void;
}

export function announcer(): Announcer {
  const attributes = { role: "status", "aria-live": "polite", "aria-atomic": "true" };
  const node = make("div", "na-sr", attributes);
  let said = "";
  let saidAt = Number.NEGATIVE_INFINITY;
  let next = "";
  let timer: ReturnType<typeof setTimeout> | undefined;

  function sayNow(text: string): void {
    dispose();
    if (text === said) return;
    said = text;
    saidAt = performance.now();
    node.textContent = text;
  }

  function dispose(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  return {
    node,
    prime(text) {
      said = text;
    },
    say(text) {
      next = text;
      if (text === said || timer !== undefined) return;
      const wait = saidAt + ANNOUNCE_DELAY_MS - performance.now();
      if (wait <= 0) sayNow(text);
      else timer = setTimeout(() => sayNow(next), wait);
    },
    sayNow,
    dispose,
  };
}
