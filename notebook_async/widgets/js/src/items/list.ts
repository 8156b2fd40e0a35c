/** A list of any number of rows, of which only those in sight are in the document. */

import { h, setAttribute, suppressShortcuts } from "../dom";
import type { ItemRow } from "../model";
import { Row, type RowEvents } from "./row";

export const ROW_HEIGHT = 24;

/** Rows beyond the edges, so that scrolling shows no gaps. */
const SPARE = 4;

/** A browser draws no taller element than some thirty million pixels: from here on one
 * pixel stands for more than one. */
export const TALLEST = 8_000_000;

/** Where the list is scrolled to when the row `first` is at its top. */
export function topOf(first: number, total: number, height: number): number {
  const [tall, room] = [Math.min(total * ROW_HEIGHT, TALLEST), total * ROW_HEIGHT];
  if (room <= TALLEST) return first * ROW_HEIGHT;
  const last = total - height / ROW_HEIGHT;
  return (first / last) * (tall - height);
}

/** The row at the top when the list is scrolled to `top`, with its fraction. */
export function firstAt(top: number, total: number, height: number): number {
  const tall = Math.min(total * ROW_HEIGHT, TALLEST);
  if (total * ROW_HEIGHT <= TALLEST) return top / ROW_HEIGHT;
  const last = total - height / ROW_HEIGHT;
  return tall <= height ? 0 : (top / (tall - height)) * last;
}

export interface ListSource {
  row(position: number): ItemRow | undefined;
  /** Called with the first position in sight. */
  sees(first: number): void;
  open(index: number): void;
  act(action: string, index: number): void;
}

export class ItemList {
  readonly node = suppressShortcuts(h("div", "na-items-list"));
  readonly #space = h("div", "na-items-space");
  readonly #source: ListSource;
  readonly #rows = new Map<number, Row>();
  readonly #events: RowEvents;
  #total = 0;
  #live = false;
  #active = 0;

  constructor(source: ListSource) {
    this.#source = source;
    this.#events = { act: source.act, open: source.open };
    this.node.tabIndex = 0;
    this.node.setAttribute("role", "grid");
    this.node.append(this.#space);
    this.node.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.node.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** Show a list of `total` rows, in a box for up to `shown` of them. */
  update(total: number, shown: number, live: boolean, label: string): void {
    this.#total = total;
    this.#live = live;
    this.#active = Math.min(this.#active, Math.max(0, total - 1));
    setAttribute(this.node, "aria-label", label);
    setAttribute(this.node, "aria-rowcount", String(total));
    this.node.style.height = `${shown * ROW_HEIGHT}px`;
    this.#space.style.height = `${Math.min(total * ROW_HEIGHT, TALLEST)}px`;
    this.#draw();
  }

  toStart(): void {
    this.#active = 0;
    this.node.scrollTop = 0;
  }

  get #height(): number {
    return this.node.clientHeight;
  }

  get #first(): number {
    return firstAt(this.node.scrollTop, this.#total, this.#height);
  }

  #draw(): void {
    const first = this.#first;
    const from = Math.max(0, Math.floor(first) - SPARE);
    const fit = Math.ceil(this.#height / ROW_HEIGHT);
    const to = Math.min(this.#total, Math.ceil(first) + fit + SPARE);
    for (const [position, row] of this.#rows) {
      if (position >= from && position < to) continue;
      // The keyboard must not fall onto the notebook with a row that goes.
      if (row.node.contains(document.activeElement)) this.node.focus();
      row.node.remove();
      this.#rows.delete(position);
    }
    for (let position = from; position < to; position++) this.#place(position, first);
    this.#mark();
    this.#source.sees(Math.max(0, Math.floor(first)));
  }

  #place(position: number, first: number): void {
    let row = this.#rows.get(position);
    if (!row) {
      row = new Row(this.#events);
      this.#rows.set(position, row);
      this.#space.append(row.node);
    }
    // From where the list is scrolled to, for a pixel may stand for many rows.
    const y = this.node.scrollTop + (position - first) * ROW_HEIGHT;
    row.node.style.transform = `translateY(${Math.round(y)}px)`;
    row.update(position, this.#source.row(position), this.#live);
  }

  #mark(): void {
    for (const [position, row] of this.#rows) {
      const active = position === this.#active;
      row.node.classList.toggle("na-active", active);
      setAttribute(row.node, "aria-selected", String(active));
      for (const button of row.buttons)
        setAttribute(button, "tabindex", active ? "0" : "-1");
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.target !== this.node) {
      if (event.key === "Escape") this.node.focus();
      return;
    }
    const page = Math.max(1, Math.floor(this.#height / ROW_HEIGHT) - 1);
    const moves: Record<string, number> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: this.#total - 1,
    };
    const to = moves[event.key];
    if (to !== undefined) this.#activate(to);
    else if (event.key === "Enter") this.#open();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #activate(position: number): void {
    this.#active = Math.min(Math.max(0, position), Math.max(0, this.#total - 1));
    const fit = this.#height / ROW_HEIGHT;
    const first = this.#first;
    const wanted = Math.min(Math.max(first, this.#active + 1 - fit), this.#active);
    if (wanted !== first)
      this.node.scrollTop = topOf(Math.max(0, wanted), this.#total, this.#height);
    this.#draw();
  }

  #open(): void {
    const row = this.#rows.get(this.#active);
    if (row?.fails) this.#source.open(row.index);
  }
}
