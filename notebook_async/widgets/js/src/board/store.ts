/** The rows of the board: kept for one model, from pieces that come in order. */

import { Audience, listen, post } from "../host";
import { isTicking } from "../model";
import { keyOf, Pending } from "../pending";
import {
  type BoardModel,
  type BoardRow,
  isRows,
  type Outgoing,
  type RowsMessage,
  readBoard,
} from "./model";

/** Early pieces kept while a missing one is on its way. */
const EARLY_LIMIT = 64;

interface Kept {
  row: BoardRow;
  receivedAt: number;
}

export class BoardStore {
  readonly audience = new Audience();
  /** Called when something changed; one entry per view. */
  readonly watchers = new Set<() => void>();
  some = false;
  readonly #model: BoardModel;
  readonly #rows = new Map<number, Kept>();
  readonly #pending = new Pending(() => this.#notify());
  #seq = 0;
  #early: RowsMessage[] = [];
  #asked = false;
  #unreachable = false;

  constructor(model: BoardModel) {
    this.#model = model;
    this.#takeAll();
  }

  /** Follow the model; returns the way to stop. */
  attach(): () => void {
    const stop = listen(this.#model, {
      "change:board": () => this.#takeAll(),
      "change:log": () => this.#notify(),
      "msg:custom": (message) => {
        if (isRows(message)) this.#take(message);
      },
      comm_live_update: () => {
        this.#unreachable = false;
        this.#pending.clear();
      },
    });
    return () => {
      this.#pending.clear();
      stop();
    };
  }

  get unreachable(): boolean {
    return this.#unreachable;
  }

  /** The newest first. */
  get rows(): BoardRow[] {
    return [...this.#rows.values()].map(({ row }) => row).sort((a, b) => b.id - a.id);
  }

  /** Seconds since a job's start: the kernel's figure, carried on by our clock. */
  elapsed(row: BoardRow): number {
    const receivedAt = this.#rows.get(row.id)?.receivedAt;
    if (receivedAt === undefined || !isTicking(row.phase)) return row.elapsed;
    return row.elapsed + (performance.now() - receivedAt) / 1000;
  }

  isPending(action: string, job: number): boolean {
    return this.#pending.has(keyOf(action, job));
  }

  act(action: string, job: number): void {
    if (this.isPending(action, job)) return;
    this.#send({ type: action, job });
    if (!this.#unreachable) this.#pending.add(keyOf(action, job));
    this.#notify();
  }

  /** Forget the jobs that have ended. */
  clear(): void {
    this.#send({ type: "clear" });
  }

  /** Show what a job says, or nothing. */
  read(job: number | null): void {
    this.#send({ type: "log", job });
  }

  #send(message: Outgoing): void {
    this.#unreachable = !post(this.#model, message);
    if (this.#unreachable) this.#notify();
  }

  #takeAll(): void {
    const { seq, rows, some } = readBoard(this.#model);
    this.#asked = false;
    this.#seq = seq;
    this.some = some;
    this.#rows.clear();
    for (const row of rows) this.#keep(row);
    this.#goOn();
  }

  #take(message: RowsMessage): void {
    if (message.seq === this.#seq + 1) {
      this.#apply(message);
      this.#goOn();
    } else if (message.seq > this.#seq) {
      this.#early = [...this.#early.slice(1 - EARLY_LIMIT), message];
      if (!this.#asked) this.#asked = post(this.#model, { type: "resync" });
    }
  }

  #apply({ seq, rows, gone }: RowsMessage): void {
    this.#seq = seq;
    for (const id of gone) this.#rows.delete(id);
    for (const row of rows) this.#keep(row);
  }

  /** Apply what came too early, as far as it joins. */
  #goOn(): void {
    for (;;) {
      const next = this.#early.find(({ seq }) => seq === this.#seq + 1);
      if (!next) break;
      this.#apply(next);
    }
    this.#early = this.#early.filter(({ seq }) => seq > this.#seq);
    this.#settle();
    this.#notify();
  }

  #keep(row: BoardRow): void {
    this.#rows.set(row.id, { row, receivedAt: performance.now() });
  }

  #settle(): void {
    const offered = new Set<string>();
    for (const { row } of this.#rows.values())
      for (const action of row.actions) offered.add(keyOf(action, row.id));
    this.#pending.settle(offered);
  }

  #notify(): void {
    for (const watcher of this.watchers) watcher();
  }
}
