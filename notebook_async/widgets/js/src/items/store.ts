/** The rows of a list of items that one view needs: asked for, and asked for anew. */

import { post } from "../host";
import {
  type DetailsMessage,
  type ItemKind,
  type ItemRow,
  type ItemsMessage,
  KINDS,
  type PanelModel,
} from "../model";
import { throttle } from "../throttle";

/** Rows asked for at once; the kernel gives no more. */
export const WINDOW = 60;

/** Between two requests while somebody scrolls, and while only the rows change. */
const SCROLL_MS = 120;
export const REFRESH_MS = 1000;

export interface Wanted {
  run: string;
  kind: ItemKind;
  /** The first row in sight. */
  first: number;
}

export class ItemStore {
  /** How many rows there are, or null before anybody knows. */
  total: number | null = null;
  readonly #model: PanelModel;
  readonly #id = Math.floor(Math.random() * 2 ** 31);
  readonly #changed: () => void;
  readonly #throttle = throttle(SCROLL_MS);
  readonly #details = new Map<string, (text: string) => void>();
  readonly #onMessage = (message?: unknown): void => this.#take(message);
  #wanted: Wanted | null = null;
  #start = 0;
  #rows: ItemRow[] = [];
  #refresh: ReturnType<typeof setTimeout> | null = null;

  constructor(model: PanelModel, changed: () => void) {
    this.#model = model;
    this.#changed = changed;
    model.on("msg:custom", this.#onMessage);
  }

  dispose(): void {
    this.#model.off("msg:custom", this.#onMessage);
    this.rest();
  }

  /** The row at a position of the list, if it has come. */
  row(position: number): ItemRow | undefined {
    return this.#rows[position - this.#start];
  }

  /** Say which rows are in sight, and whether they may still change. */
  want(wanted: Wanted, live: boolean): void {
    const before = this.#wanted;
    this.#wanted = wanted;
    const other = before?.run !== wanted.run || before.kind !== wanted.kind;
    if (other) {
      this.#rows = [];
      this.total = null;
    }
    if (other || before?.first !== wanted.first) this.#throttle.run(() => this.#ask());
    if (live && this.#refresh === null) this.#askLater();
    if (!live) this.#stopRefresh();
  }

  /** Ask at once, for something was done with an item. */
  renew(): void {
    this.#throttle.run(() => this.#ask());
  }

  /** Nobody looks any more. */
  rest(): void {
    this.#wanted = null;
    this.#throttle.dispose();
    this.#stopRefresh();
  }

  /** Ask for the traceback of a failed item. */
  details(run: string, index: number, show: (text: string) => void): void {
    this.#details.set(`${run} ${index}`, show);
    post(this.#model, { type: "details", id: this.#id, run, index });
  }

  #ask(): void {
    const wanted = this.#wanted;
    if (!wanted) return;
    const { run, kind, first } = wanted;
    const start = Math.max(0, first - Math.floor(WINDOW / 3));
    post(this.#model, { type: "items", id: this.#id, run, kind, start, count: WINDOW });
  }

  #askLater(): void {
    this.#refresh = setTimeout(() => {
      this.#ask();
      this.#askLater();
    }, REFRESH_MS);
  }

  #stopRefresh(): void {
    if (this.#refresh !== null) clearTimeout(this.#refresh);
    this.#refresh = null;
  }

  #take(message: unknown): void {
    if (isItems(message)) this.#takeItems(message);
    else if (isDetails(message)) this.#takeDetails(message);
  }

  #takeItems({ id, run, kind, start, total, rows }: ItemsMessage): void {
    const wanted = this.#wanted;
    if (id !== this.#id || run !== wanted?.run || kind !== wanted.kind) return;
    this.#start = start;
    this.#rows = rows;
    this.total = total;
    this.#changed();
  }

  #takeDetails({ id, run, index, text }: DetailsMessage): void {
    const key = `${run} ${index}`;
    const show = id === this.#id ? this.#details.get(key) : undefined;
    this.#details.delete(key);
    show?.(text);
  }
}

function isItems(message: unknown): message is ItemsMessage {
  const { type, start, total, rows, kind } = (message ?? {}) as Partial<ItemsMessage>;
  return (
    type === "items" &&
    Number.isInteger(start) &&
    Number.isInteger(total) &&
    Array.isArray(rows) &&
    KINDS.includes(kind as ItemKind)
  );
}

function isDetails(message: unknown): message is DetailsMessage {
  const { type, index, text } = (message ?? {}) as Partial<DetailsMessage>;
  return type === "details" && Number.isInteger(index) && typeof text === "string";
}
