/** The items that failed: the newest few in sight, the earlier ones folded. */

import {
  glyph,
  h,
  scrollable,
  setAttribute,
  setHidden,
  setText,
  suppressShortcuts,
} from "./dom";
import { count } from "./format";
import type { Failure, View } from "./model";

/** Lines in sight. */
export const LINES_OPEN = 3;

class Row {
  readonly node = h("div", "na-failure");
  readonly #item = h("span", "na-failure-item");
  readonly #error = h("span", "na-failure-error");

  constructor() {
    this.node.append(glyph("✕"), this.#item, this.#error);
  }

  update(failure: Failure, run: string): void {
    setText(this.#item, `item ${failure.index}${run && ` · ${run}`}`);
    setText(this.#error, failure.error);
    setAttribute(this.#error, "title", failure.error);
  }
}

/** Rows that are reused by position, so that an update makes no new nodes. */
class Rows {
  readonly node = h("div");
  readonly #rows: Row[] = [];

  update(failures: Failure[], nameOf: (run: string) => string): void {
    failures.forEach((failure, i) => {
      const row = this.#rows[i] ?? new Row();
      this.#rows[i] = row;
      row.update(failure, nameOf(failure.run));
      if (!row.node.parentNode) this.node.append(row.node);
    });
    for (const row of this.#rows.slice(failures.length)) row.node.remove();
  }
}

export class Failures {
  readonly node = scrollable(h("div", "na-failures"), "failed items");
  readonly #fold = h("details");
  readonly #summary = suppressShortcuts(h("summary", "na-summary na-dim"));
  readonly #earlier = new Rows();
  readonly #newest = new Rows();

  constructor() {
    this.#fold.append(this.#summary, this.#earlier.node);
    this.node.append(this.#fold, this.#newest.node);
  }

  update(view: View): void {
    const { failures, failures_total: total, runs } = view;
    // With one run its name says nothing.
    const nameOf = (id: string) =>
      runs.length < 2 ? "" : (runs.find((run) => run.id === id)?.desc ?? id);
    const folded = failures.slice(0, -LINES_OPEN);
    const lost = Math.max(0, total - failures.length);
    this.#newest.update(failures.slice(-LINES_OPEN), nameOf);
    this.#earlier.update(folded, nameOf);
    const note = lost ? `, the last ${folded.length} kept` : "";
    setText(this.#summary, `${count(folded.length + lost)} earlier failures${note}`);
    setHidden(this.#fold, folded.length === 0);
    setHidden(this.node, failures.length === 0);
  }
}
