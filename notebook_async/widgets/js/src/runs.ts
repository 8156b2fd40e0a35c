/** Nested runs as thin bars, one row each, when a job has more than one. */

import { Bar } from "./bar";
import { glyph, h, scrollable, setAttribute, setHidden, setText } from "./dom";
import { count } from "./format";
import type { Run } from "./model";
import { GLYPHS, WORDS } from "./wording";

/** Rows in the document; of more runs the newest are shown. */
export const ROWS_SHOWN = 50;

class Row {
  readonly node = h("div", "na-run");
  readonly #glyph = glyph("");
  readonly #desc = h("span", "na-run-desc");
  readonly #bar = new Bar({ small: true });
  readonly #text = h("span");
  readonly #workers = h("span", "na-workers");

  constructor() {
    const name = h("span", "na-run-name", this.#glyph, this.#desc);
    const text = h("span", "na-run-text na-dim", this.#text, this.#workers);
    this.node.append(name, this.#bar.node, text);
  }

  update(run: Run): void {
    setText(this.#glyph, GLYPHS[run.phase] ?? "");
    setAttribute(this.#glyph, "data-phase", run.phase);
    setAttribute(this.#glyph, "title", WORDS[run.phase] ?? null);
    setText(this.#desc, run.desc);
    setAttribute(this.#desc, "title", run.desc);
    this.#bar.update(run.desc, run, run.phase);
    setText(this.#text, progress(run));
    const { workers } = run;
    const word = workers === 1 ? "worker" : "workers";
    setText(this.#workers, workers ? ` · ${count(workers)} ${word}` : "");
  }
}

export class Runs {
  readonly node = scrollable(h("div", "na-runs"), "runs of this job");
  readonly #earlier = h("div", "na-earlier");
  readonly #rows = new Map<string, Row>();

  constructor() {
    this.node.append(this.#earlier);
  }

  update(runs: Run[]): void {
    setHidden(this.node, runs.length < 2);
    const shown = runs.length < 2 ? [] : runs.slice(-ROWS_SHOWN);
    const hidden = runs.length - shown.length;
    setText(this.#earlier, `… ${count(hidden)} earlier runs`);
    setHidden(this.#earlier, hidden === 0);
    const ids = new Set(shown.map((run) => run.id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.node.remove();
      this.#rows.delete(id);
    }
    let previous: Element = this.#earlier;
    for (const run of shown) previous = this.#place(run, previous);
  }

  #place(run: Run, previous: Element): Element {
    const row = this.#rows.get(run.id) ?? new Row();
    this.#rows.set(run.id, row);
    row.update(run);
    if (row.node.previousElementSibling !== previous) previous.after(row.node);
    return row.node;
  }
}

/** "3 failed · 1,090 / 1,634"; failures come first, since they matter most. */
function progress(run: Run): string {
  const failed = run.failed ? `${count(run.failed)} failed · ` : "";
  const of = run.total === null ? "" : ` / ${count(run.total)}`;
  return `${failed}${count(run.done)}${of}`;
}
