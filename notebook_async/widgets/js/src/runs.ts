/** Nested runs as thin bars, one row each, when a job has more than one. */

import { Bar } from "./bar";
import { Controls } from "./controls";
import { glyph, h, scrollable, setAttribute, setHidden, setText } from "./dom";
import { count } from "./format";
import type { Run } from "./model";
import { GLYPHS, WORDS } from "./wording";
import { Workers } from "./workers";

export interface RunEvents {
  act(action: string, run: string): void;
  setWorkers(run: string, workers: number): void;
  isPending(action: string, run: string): boolean;
  limit(run: Run): number;
}

class Row {
  readonly node = h("div", "na-run");
  readonly #events: RunEvents;
  readonly #glyph = glyph("");
  readonly #desc = h("span", "na-run-desc");
  readonly #bar = new Bar({ small: true });
  readonly #text = h("span");
  readonly #count = h("span", "na-workers");
  readonly #workers: Workers;
  readonly #controls: Controls;

  constructor(id: string, events: RunEvents) {
    this.#events = events;
    this.#workers = new Workers((workers) => events.setWorkers(id, workers));
    this.#controls = new Controls((action) => events.act(action, id), { icons: true });
    const name = h("span", "na-run-name", this.#glyph, this.#desc);
    const text = h("span", "na-run-text na-dim", this.#text, this.#count);
    const controls = h("span", "na-run-controls", this.#workers.node);
    controls.append(this.#controls.node);
    this.node.append(name, this.#bar.node, text, controls);
  }

  /** `steered`: with a slider and buttons of its own. */
  update(run: Run, steered: boolean): void {
    setText(this.#glyph, GLYPHS[run.phase] ?? "");
    setAttribute(this.#glyph, "data-phase", run.phase);
    setAttribute(this.#glyph, "title", WORDS[run.phase] ?? null);
    setText(this.#desc, run.desc);
    setAttribute(this.#desc, "title", run.desc);
    this.#bar.update(run.desc, run, run.phase);
    setText(this.#text, progress(run));
    const slides = steered && run.actions.includes("workers");
    this.#workers.update(slides ? run : null, slides ? this.#events.limit(run) : 0);
    const { workers } = run;
    const word = workers === 1 ? "worker" : "workers";
    const told = workers > 0 && !slides;
    setText(this.#count, told ? ` · ${count(workers)} ${word}` : "");
    this.#controls.update(steered ? run.actions : [], run.desc, (action) =>
      this.#events.isPending(action, run.id),
    );
  }

  dispose(): void {
    this.#workers.dispose();
    this.node.remove();
  }
}

export class Runs {
  readonly node = scrollable(h("div", "na-runs"), "runs of this job");
  readonly #events: RunEvents;
  readonly #rows = new Map<string, Row>();
  readonly #earlier = h("div", "na-earlier");

  constructor(events: RunEvents) {
    this.#events = events;
    this.node.append(this.#earlier);
  }

  /** `steered`: whether they can be steered here, and not in the header. */
  update(runs: Run[], total: number, steered: boolean): void {
    setHidden(this.node, runs.length < 2);
    const earlier = Math.max(0, total - runs.length);
    setText(
      this.#earlier,
      `… ${count(earlier)} earlier ${earlier === 1 ? "run" : "runs"}`,
    );
    setHidden(this.#earlier, earlier === 0);
    const shown = runs.length < 2 ? [] : runs;
    const ids = new Set(shown.map((run) => run.id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.dispose();
      this.#rows.delete(id);
    }
    this.node.classList.toggle("na-steered", steered);
    let previous: Element = this.#earlier;
    for (const run of shown) previous = this.#place(run, previous, steered);
  }

  dispose(): void {
    for (const row of this.#rows.values()) row.dispose();
  }

  #place(run: Run, previous: Element, steered: boolean): Element {
    const row = this.#rows.get(run.id) ?? new Row(run.id, this.#events);
    this.#rows.set(run.id, row);
    row.update(run, steered);
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
