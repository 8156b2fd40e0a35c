/** The bar that tells everything: done, failed, running and waiting, drawn in place. */

import { h, setAttribute } from "./dom";
import { type Counts, isLive, type Phase } from "./model";
import { describe } from "./wording";

const KINDS = ["done", "failed", "running", "waiting"] as const;
type Kind = (typeof KINDS)[number];

/** Widths in percent, from left to right; what they leave over is still to do. */
export type Segments = Record<Kind, number>;

/** Share the bar among the counts; `null` when nobody can know (indeterminate). */
export function segments(counts: Counts, phase: Phase): Segments | null {
  const { done, failed, running, waiting, total } = counts;
  const sum = done + failed + running + waiting;
  if (total === null && phase === "running") return null;
  // A source may deliver more than it promised: the bar never overflows.
  const whole = Math.max(total ?? 0, sum);
  if (whole === 0) return wholePhase(phase);
  const share = (n: number) => Math.round((n / whole) * 1e4) / 100;
  return {
    done: share(done),
    failed: share(failed),
    running: share(running),
    waiting: share(waiting),
  };
}

/** Without numbers the whole bar is the state. */
function wholePhase(phase: Phase): Segments {
  const none: Segments = { done: 0, failed: 0, running: 0, waiting: 0 };
  return phase in none ? { ...none, [phase]: 100 } : none;
}

export class Bar {
  readonly node = h("div", "na-bar");
  readonly #parts: Record<Kind, HTMLElement>;
  readonly #small: boolean;
  readonly #widths = new Map<Kind, number>();

  constructor({ small = false } = {}) {
    this.#small = small;
    const part = (kind: Kind) => h("i", `na-seg na-seg-${kind}`);
    this.#parts = {
      done: part("done"),
      failed: part("failed"),
      running: part("running"),
      waiting: part("waiting"),
    };
    this.node.append(...Object.values(this.#parts));
    this.node.classList.toggle("na-small", small);
    this.node.setAttribute("role", "progressbar");
    this.node.setAttribute("aria-valuemin", "0");
  }

  update(label: string, counts: Counts, phase: Phase): void {
    const shares = segments(counts, phase);
    this.node.classList.toggle("na-busy", shares === null);
    this.node.classList.toggle("na-thin", counts.total === null && !this.#small);
    for (const kind of KINDS) this.#setWidth(kind, shares?.[kind] ?? 0);
    setAttribute(this.node, "aria-label", label);
    setAttribute(this.node, "aria-valuetext", describe(counts, phase));
    const known = counts.total !== null;
    const ended = String(counts.done + counts.failed);
    setAttribute(this.node, "aria-valuemax", known ? String(counts.total) : null);
    // Without a value a progress bar is announced as busy; a finished one is not.
    setAttribute(this.node, "aria-valuenow", known || !isLive(phase) ? ended : null);
  }

  #setWidth(kind: Kind, percent: number): void {
    if (this.#widths.get(kind) === percent) return;
    this.#widths.set(kind, percent);
    const part = this.#parts[kind];
    part.style.width = `${percent}%`;
    part.hidden = percent === 0;
  }
}
