/** A slider for the number of workers of one run. */

import { h, setAttribute, setHidden, setText, suppressShortcuts } from "./dom";
import { count } from "./format";
import { throttle } from "./throttle";

/** Between two messages while the slider is moved. */
const SEND_MS = 150;

/** For so long after the last move what the kernel says does not move the slider. */
const OWN_MS = 1500;

/** How far a slider goes: room to grow, but no further than there are items. */
export function limitOf(workers: number, total: number | null): number {
  const room = Math.max(16, 2 ** Math.ceil(Math.log2(Math.max(1, workers) * 4)));
  return Math.max(workers, Math.min(room, total ?? room));
}

export class Workers {
  readonly node: HTMLElement;
  readonly #input = suppressShortcuts(h("input", "na-range"));
  readonly #number = h("span", "na-workers-number");
  readonly #throttle = throttle(SEND_MS);
  /** What the kernel says, and until when it is not shown: somebody moves the slider. */
  #known = 1;
  #own: ReturnType<typeof setTimeout> | null = null;

  constructor(set: (workers: number) => void) {
    const word = h("span", "na-workers-word na-dim", "workers");
    word.setAttribute("aria-hidden", "true");
    this.#number.setAttribute("aria-hidden", "true");
    this.node = h("label", "na-workers-slider", word, this.#input, this.#number);
    this.#input.type = "range";
    this.#input.min = "1";
    this.#input.addEventListener("input", () => {
      const workers = Number(this.#input.value);
      this.#tell(workers);
      this.#throttle.run(() => set(workers));
      this.dispose(false);
      this.#own = setTimeout(() => this.#yield(), OWN_MS);
    });
  }

  /** Show `workers`, or nothing where there is no run to resize. */
  update(run: { workers: number; desc: string } | null, limit = 0): void {
    setHidden(this.node, run === null);
    if (run === null) return;
    setAttribute(this.#input, "aria-label", `workers of ${run.desc}`);
    setAttribute(this.#input, "max", String(limit));
    this.#known = run.workers;
    if (this.#own === null) this.#yield();
  }

  dispose(all = true): void {
    if (this.#own !== null) clearTimeout(this.#own);
    this.#own = null;
    if (all) this.#throttle.dispose();
  }

  #yield(): void {
    this.#own = null;
    this.#input.value = String(this.#known);
    this.#tell(this.#known);
  }

  #tell(workers: number): void {
    setText(this.#number, count(workers));
    const word = workers === 1 ? "worker" : "workers";
    setAttribute(this.#input, "aria-valuetext", `${workers} ${word}`);
  }
}
