/** How long there is to answer, and what happens then. */

import { h, setHidden, setText } from "../dom";
import { remaining } from "../format";

/** Seconds before the end at which a screen reader is told. */
const SOON = 10;

export class Countdown {
  readonly bar = h("div", "na-countdown");
  readonly words = h("span", "na-due");
  readonly #left = h("i");
  #told = false;

  constructor(private readonly say: (text: string) => void) {
    this.bar.setAttribute("aria-hidden", "true");
    this.bar.append(this.#left);
  }

  /** Show that so many seconds are left of `of`; null where there is all the time. */
  update(seconds: number | null, of: number | null, otherwise: string): void {
    setHidden(this.bar, seconds === null);
    setHidden(this.words, seconds === null);
    if (seconds === null) return;
    const share = of ? Math.min(1, seconds / of) : 0;
    this.#left.style.width = `${(share * 100).toFixed(2)}%`;
    this.bar.classList.toggle("na-soon", seconds <= SOON);
    const left = seconds > 0 ? `answer within ${remaining(seconds)}` : "time is over";
    setText(this.words, `${left}, ${otherwise}`);
    if (seconds > SOON || this.#told) return;
    this.#told = true;
    this.say(`${Math.ceil(seconds)} seconds left, ${otherwise}`);
  }
}
