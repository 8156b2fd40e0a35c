/** What one job of the board says: the end of its output, below the table. */

import { Controls } from "../controls";
import { h, scrollable, setHidden, setText } from "../dom";
import { size } from "../format";
import type { BoardLog } from "./model";

/** Distance from the end, in pixels, that still counts as "at the end". */
const END_SLACK = 4;

export class LogDrawer {
  readonly node = h("div", "na-drawer");
  readonly #title = h("span", "na-drawer-title na-dim");
  readonly #text = scrollable(h("pre", "na-drawer-text"), "output");
  readonly #controls: Controls;
  #job: number | null = null;

  constructor(close: () => void) {
    this.#controls = new Controls(close, { icons: true });
    this.node.append(
      h("div", "na-drawer-head", this.#title, this.#controls.node),
      this.#text,
    );
    this.node.hidden = true;
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
  }

  /** The job whose output is shown. */
  get job(): number | null {
    return this.#job;
  }

  update(log: BoardLog | null): void {
    const { scrollTop, clientHeight, scrollHeight } = this.#text;
    const other = log?.job !== this.#job;
    const follows = other || scrollTop + clientHeight >= scrollHeight - END_SLACK;
    this.#job = log?.job ?? null;
    setHidden(this.node, log === null);
    if (log === null) return;
    const earlier = log.earlier > 0 ? ` · ${size(log.earlier)} before this` : "";
    setText(this.#title, `#${log.job} ${log.title}${earlier}`);
    this.#controls.update(["close"], `the output of #${log.job}`);
    setText(this.#text, lines(log.text) || "nothing said yet");
    if (follows) this.#text.scrollTop = this.#text.scrollHeight;
  }
}

/** What a terminal would show: a carriage return begins the line anew. */
function lines(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/^.*\r(?!$)/gm, "");
}
