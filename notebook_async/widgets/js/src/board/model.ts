/** What the kernel and the board panel tell each other. */

import type { HostModel } from "../host";
import { type Counts, PHASES, type Phase } from "../model";
import type { Greeting } from "../stage";

export interface BoardRow {
  id: number;
  title: string;
  cell: number | null;
  phase: Phase;
  /** Seconds, at the moment of sending. */
  elapsed: number;
  /** `null`: a job without runs. */
  bar: Counts | null;
  /** What it is at, or why it failed. */
  now: string;
  failed: boolean;
  actions: string[];
}

/** All rows, as of the piece with that number. */
export interface Board {
  seq: number;
  rows: BoardRow[];
  /** Whether these are but some jobs of the board. */
  some: boolean;
}

/** What has changed since the piece before. */
export interface RowsMessage {
  type: "rows";
  seq: number;
  rows: BoardRow[];
  gone: number[];
}

/** The end of what one job said. */
export interface BoardLog {
  job: number;
  title: string;
  text: string;
  /** Characters before that. */
  earlier: number;
}

export interface Traits {
  board: Board;
  log: BoardLog | null;
}

export type Outgoing =
  | Greeting
  | { type: "resync" | "clear" }
  | { type: string; job: number | null };

export type BoardModel = HostModel<Traits, Outgoing>;

export function readBoard(model: BoardModel): Board {
  const board = { seq: 0, rows: [], some: false, ...model.get("board") };
  return { ...board, rows: board.rows.filter(isRow) };
}

export function isRows(message: unknown): message is RowsMessage {
  const { type, seq, rows, gone } = (message ?? {}) as Partial<RowsMessage>;
  return (
    type === "rows" &&
    Number.isInteger(seq) &&
    Array.isArray(rows) &&
    rows.every(isRow) &&
    Array.isArray(gone)
  );
}

function isRow(row: BoardRow): boolean {
  return Number.isInteger(row?.id) && PHASES.includes(row.phase);
}
