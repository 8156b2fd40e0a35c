/** One item in a row: index, state, attempts, time, error, and what can be done. */

import { Controls } from "../controls";
import { glyph, h, setAttribute, setText } from "../dom";
import { count } from "../format";
import type { ItemPhase, ItemRow } from "../model";
import { GLYPHS } from "../wording";

const ITEM_GLYPHS: Record<ItemPhase, string> = {
  ...GLYPHS,
  waiting: "◔",
  retrying: "↻",
};

const ACTIONS: Record<string, string> = { c: "cancel", r: "retry" };

export interface RowEvents {
  act(action: string, index: number): void;
  open(index: number): void;
}

export class Row {
  readonly node = h("div", "na-item");
  readonly #glyph = glyph("");
  readonly #index = h("span", "na-item-index");
  readonly #state = h("span", "na-item-state na-dim");
  readonly #attempts = h("span", "na-item-attempts na-dim");
  readonly #time = h("span", "na-item-time na-dim");
  readonly #error = h("span", "na-item-error");
  readonly #controls: Controls;
  #item = -1;
  #fails = false;

  constructor(events: RowEvents) {
    this.#controls = new Controls((action) => events.act(action, this.#item), {
      icons: true,
    });
    const cells = [this.#index, this.#state, this.#attempts, this.#time, this.#error];
    for (const cell of [...cells, this.#controls.node])
      cell.setAttribute("role", "gridcell");
    this.node.setAttribute("role", "row");
    this.node.append(this.#glyph, ...cells, this.#controls.node);
    this.node.addEventListener("click", () => {
      if (this.#fails) events.open(this.#item);
    });
  }

  get index(): number {
    return this.#item;
  }

  /** Whether there is a traceback to show. */
  get fails(): boolean {
    return this.#fails;
  }

  get buttons(): HTMLButtonElement[] {
    return this.#controls.buttons;
  }

  update(position: number, row: ItemRow | undefined, live: boolean): void {
    setAttribute(this.node, "aria-rowindex", String(position + 1));
    const [index, phase, attempts, seconds, error, actions] = row ?? NOT_YET;
    this.#item = index;
    this.#fails = error !== null;
    this.node.classList.toggle("na-opens", this.#fails);
    setText(this.#glyph, row ? (ITEM_GLYPHS[phase] ?? "") : "");
    setAttribute(this.#glyph, "data-phase", phase === "retrying" ? "waiting" : phase);
    setText(this.#index, row ? `item ${count(index)}` : "…");
    setText(this.#state, row ? state(phase, live) : "");
    setAttribute(this.#glyph, "title", this.#state.textContent);
    setText(this.#attempts, attempts > 1 ? `×${count(attempts)}` : "");
    setAttribute(this.#attempts, "title", attempts > 1 ? `${attempts} attempts` : null);
    setText(this.#time, seconds === null ? "" : time(seconds));
    setText(this.#error, error ?? "");
    setAttribute(this.#error, "title", error);
    const known = [...actions].flatMap((letter) => ACTIONS[letter] ?? []);
    this.#controls.update(live ? known : [], `item ${index}`);
  }
}

const NOT_YET: ItemRow = [-1, "queued", 0, null, null, ""];

function state(phase: ItemPhase, live: boolean): string {
  return phase === "queued" && !live ? "not started" : phase;
}

/** Seconds to a tenth, as long as a tenth says something. */
export function time(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.floor(seconds % 60);
  if (minutes < 60) return `${minutes} min ${rest} s`;
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}
