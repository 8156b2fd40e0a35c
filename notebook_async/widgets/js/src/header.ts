/** The header line: state, title, where and how long, and what can be done. */

import { hasCells, showCell } from "./cells";
import { Controls } from "./controls";
import { glyph, h, setAttribute, setHidden, setText, suppressShortcuts } from "./dom";
import { clock } from "./format";
import { isLive, type Run, type View } from "./model";
import { stateGlyph, stateWord } from "./wording";
import { Workers } from "./workers";

export interface HeaderEvents {
  act(action: string): void;
  setWorkers(run: string, workers: number): void;
}

export class Header {
  readonly node = h("div", "na-header");
  readonly #glyph = glyph("");
  readonly #phase = h("span", "na-sr");
  readonly #title = h("b", "na-title");
  readonly #number = h("span", "na-where");
  readonly #cell = suppressShortcuts(h("button", "na-link"));
  /** The same where there is no cell to go to. */
  readonly #cellWord = h("span");
  readonly #dot = h("span", "na-where", " · ");
  readonly #clock = h("span");
  readonly #gone = h("span", "na-dim", "kernel gone");
  readonly #workers: Workers;
  readonly #controls: Controls;
  #run = "";
  #cellNumber: number | null = null;

  constructor(events: HeaderEvents) {
    this.#controls = new Controls(events.act);
    this.#workers = new Workers((workers) => events.setWorkers(this.#run, workers));
    this.#gone.title = "The kernel of this job has ended; what it showed last stays.";
    this.#cell.type = "button";
    this.#cell.addEventListener("click", () => this.#jump());
    const where = [this.#number, this.#cell, this.#cellWord, this.#dot, this.#clock];
    const meta = h("span", "na-meta na-dim", ...where);
    const spacer = h("span", "na-spacer");
    this.node.append(this.#glyph, this.#phase, this.#title, meta, spacer);
    this.node.append(this.#gone, this.#workers.node, this.#controls.node);
  }

  /** `single`: the only run that goes on, whose workers the header shows. */
  update(view: View, single: Run | null, limit: number, gone: boolean): void {
    setText(this.#glyph, stateGlyph(view));
    setAttribute(this.#glyph, "data-phase", view.phase);
    setAttribute(this.#glyph, "title", stateWord(view));
    setText(this.#phase, stateWord(view));
    setText(this.#title, view.title);
    setAttribute(this.#title, "title", view.title);
    this.#place(view);
    setHidden(this.#gone, !(gone && isLive(view.phase)));
    this.#run = single?.id ?? "";
    this.#workers.update(gone ? null : single, limit);
    this.node.classList.toggle("na-slides", single !== null && !gone);
  }

  setActions(actions: string[], isPending: (action: string) => boolean): void {
    this.#controls.update(actions, "this job", isPending);
  }

  setElapsed(seconds: number): void {
    setText(this.#clock, clock(seconds));
  }

  dispose(): void {
    this.#workers.dispose();
  }

  #place({ job_id: id, cell }: View): void {
    this.#cellNumber = cell;
    setText(this.#number, id === null ? "" : `#${id} · `);
    const jumps = cell !== null && hasCells(this.node);
    const words = cell === null ? "" : `cell [${cell}]`;
    setText(this.#cell, jumps ? words : "");
    setText(this.#cellWord, jumps ? "" : words);
    setText(this.#dot, cell === null ? "" : " · ");
    setHidden(this.#cell, !jumps);
    this.#cell.title = "go to the cell";
  }

  #jump(): void {
    if (this.#cellNumber === null || showCell(this.node, this.#cellNumber)) return;
    this.#cell.title = "that cell has been run again, or is gone";
  }
}
