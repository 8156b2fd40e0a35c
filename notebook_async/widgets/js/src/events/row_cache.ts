/** Rows of the log that have come, by their places. */

import { type LogAnswer, PHASES, type Phase } from "./model";

/** Rows kept; beyond, those farthest from the newest answer go. */
const MOST = 3000;

export interface Row {
  number: number;
  /** Seconds since the beginning. */
  at: number;
  kind: string;
  phase: Phase;
  source: string;
  text: string;
}

export class RowCache {
  readonly #rows = new Map<number, Row>();
  #basis = 0;

  get(place: number): Row | undefined {
    return this.#rows.get(place);
  }

  /** Take the rows of an answer; tell whether places mean other rows from now on. */
  take(answer: LogAnswer): boolean {
    const { basis, first, rows, sources = [] } = answer;
    const other = basis !== this.#basis;
    if (other) this.#rows.clear();
    this.#basis = basis;
    if (first === undefined || !rows) return other;
    rows.forEach(([number, at, kind, phase, source, text], i) => {
      const row = { number, at, kind, text, source: sources[source] ?? "" };
      this.#rows.set(first + i, { ...row, phase: PHASES[phase] ?? "idle" });
    });
    if (this.#rows.size > MOST) this.#prune(first + rows.length / 2);
    return other;
  }

  #prune(middle: number): void {
    for (const place of [...this.#rows.keys()])
      if (Math.abs(place - middle) > MOST / 3) this.#rows.delete(place);
  }
}
