/** One job in a row of the board. */

import { Bar } from "../bar";
import { hasCells } from "../cells";
import { Controls } from "../controls";
import { glyph, h, setAttribute, setHidden, setText } from "../dom";
import { clock, count } from "../format";
import type { Counts } from "../model";
import { stateGlyph, stateWord } from "../wording";
import type { BoardRow } from "./model";

export interface RowEvents {
  act(action: string, job: number): void;
  isPending(action: string, job: number): boolean;
}

export class Row {
  readonly node = h("tr", "na-job");
  readonly #events: RowEvents;
  readonly #glyph = glyph("");
  readonly #name = h("td", "na-job-name");
  readonly #word = h("span");
  readonly #clock = h("span", "na-job-clock");
  readonly #bar = new Bar({ small: true });
  readonly #numbers = h("span", "na-job-numbers na-dim");
  readonly #now = h("td", "na-job-now");
  readonly #controls: Controls;

  constructor(id: number, events: RowEvents) {
    this.#events = events;
    this.#controls = new Controls((action) => events.act(action, id), { icons: true });
    const state = h("td", "na-job-state", this.#word, " ", this.#clock);
    const progress = h("span", "na-job-progress", this.#bar.node, this.#numbers);
    const cells = [this.#name, state, h("td", "", progress), this.#now];
    const sign = h("td", "na-job-glyph", this.#glyph);
    this.node.append(sign, ...cells, h("td", "na-job-actions", this.#controls.node));
  }

  get buttons(): HTMLButtonElement[] {
    return this.#controls.buttons;
  }

  /** `open`: whether its output is shown; `gone`: nobody answers any more. */
  update(row: BoardRow, open: boolean, gone: boolean): void {
    const { id, title, phase } = row;
    this.node.dataset.phase = phase;
    this.node.dataset.job = String(id);
    setText(this.#glyph, stateGlyph(row));
    setAttribute(this.#glyph, "data-phase", phase);
    setText(this.#name, `#${id} ${title}`);
    setAttribute(this.#name, "title", title);
    setText(this.#word, stateWord(row));
    setHidden(this.#bar.node, row.bar === null);
    setText(this.#numbers, row.bar === null ? "" : numbers(row.bar));
    if (row.bar) this.#bar.update(`Progress of ${title}`, row.bar, phase);
    setText(this.#now, row.now);
    setAttribute(this.#now, "title", row.now || null);
    this.#now.classList.toggle("na-failed-text", row.failed);
    this.node.classList.toggle("na-open", open);
    const jumps = row.cell !== null && hasCells(this.node);
    const own = jumps ? ["log", "cell"] : ["log"];
    const actions = gone ? own.slice(1) : [...row.actions, ...own];
    this.#controls.update(actions, `of #${id} ${title}`, (action) =>
      this.#events.isPending(action, id),
    );
  }

  setElapsed(seconds: number): void {
    setText(this.#clock, clock(seconds));
  }
}

/** "12 / 300"; failures come first, since they matter most. */
function numbers({ done, failed, total }: Counts): string {
  const bad = failed ? `✕ ${count(failed)} · ` : "";
  return `${bad}${count(done)}${total === null ? "" : ` / ${count(total)}`}`;
}
