/** What the kernel and an event panel tell each other: the one place that names it. */

import type { HostModel } from "../host";

/** In the order of the numbers that stand for them in messages. */
export const PHASES = [
  "queued",
  "running",
  "waiting",
  "retrying",
  "done",
  "failed",
  "cancelled",
] as const;
export type Phase = (typeof PHASES)[number] | "idle";

export const TABS = ["log", "tree", "timeline"] as const;
export type Tab = (typeof TABS)[number];

/** What is told of the recording and its moment. Times are seconds since its beginning. */
export interface Head {
  /** The times between which moments can be told apart; null without any record. */
  began: number | null;
  ended: number | null;
  /** The time that is looked at; null follows the end. */
  moment: number | null;
  /** Which page moved it last, and by which of its messages. */
  moved: [by: string, n: number];
  /** Seconds of the recording in a second; 0 while it stands still. */
  speed: number;
  /** Whether the recording goes on, and whether something in it does. */
  live: boolean;
  ticks: boolean;
  records: number;
  dropped: number;
  /** What is missing of a file that was cut off. */
  missing: string;
  /** Times at which something failed or blocked. */
  marks: number[];
  /** A name for its file. */
  name: string;
  /** Counts pages that have loaded: with a new one, every view says what it shows. */
  epoch: number;
}

export type RawRow = [
  number: number,
  at: number,
  kind: string,
  phase: number,
  source: number,
  text: string,
];

export interface LogAnswer {
  /** Places of two answers are the same if this is. */
  basis: number;
  /** The place of the first row that is kept, of the next one, and of the first that is
   * later than the moment. */
  start: number;
  end: number;
  now: number;
  /** Rows in a row, unless they are those that were sent last. */
  first?: number;
  rows?: RawRow[];
  sources?: string[];
}

export type RawNode = [
  key: number,
  level: number,
  place: number,
  among: number,
  kind: string,
  phase: Phase,
  name: string,
  open: boolean | null,
  counts: number[],
  total: number | null,
  seconds: number | null,
  note: string,
];

export interface TreeAnswer {
  first: number;
  total: number;
  nodes: RawNode[];
}

export type RawLane = [label: string, tip: string, spans: number[]];
export type RawBlock = [
  start: number,
  end: number,
  size: number,
  number: number,
  words: string,
];

export interface LanesAnswer {
  window: [start: number, end: number];
  /** Seconds of one unit in the numbers of spans. */
  unit: number;
  first: number;
  total: number;
  lanes: RawLane[];
  loop: RawBlock[];
  /** Whether the window is all there is. */
  whole: boolean;
  /** The phases that are not to be faded; null: all. */
  fade: string[] | null;
}

export interface FilterAnswer {
  filter: string;
  error: string;
  hint: string;
}

export interface FoundAnswer {
  text: string;
  total: number;
  index?: number;
  number?: number;
  place?: number;
}

export interface ExportAnswer {
  state: "done" | "exists" | "failed";
  name: string;
  path?: string;
  size?: number;
  error?: string;
}

export type Field = [name: string, value: string];

/** What one view is told; only what is new to it. */
export interface Answer {
  log?: LogAnswer;
  tree?: TreeAnswer;
  lanes?: LanesAnswer;
  filter?: FilterAnswer;
  found?: FoundAnswer;
  export?: ExportAnswer;
  fields?: Record<string, Field[]>;
  /** What records tell in one line, by their numbers. */
  words?: Record<string, string>;
}

export interface News {
  type: "news";
  seq: number;
  head: Head;
  to: Record<string, Answer>;
}

export interface Snapshot {
  seq: number;
  head: Head;
  answer: Answer;
}

export interface Traits {
  snapshot: Snapshot;
}

/** What a view shows: the kernel answers it whenever that changes. */
export interface Look {
  type: "look";
  view: string;
  tab: Tab;
  shown: boolean;
  filter: string;
  /** Whether the rows are those around the moment, wherever that is. */
  follow?: boolean;
  /** The rows or lanes that are in sight, and a few more. */
  first?: number;
  count?: number;
  /** Nodes of the tree that were folded or opened by hand. */
  toggled?: number[];
  /** What the lanes show; null: all of the time. */
  window?: [number, number] | null;
  pixels?: number;
}

export type Outgoing = { type: string } & Record<string, unknown>;
export type EventModel = HostModel<Traits, Outgoing>;

const NO_HEAD: Head = {
  began: null,
  ended: null,
  moment: null,
  moved: ["", 0],
  speed: 0,
  live: false,
  ticks: false,
  records: 0,
  dropped: 0,
  missing: "",
  marks: [],
  name: "",
  epoch: 0,
};

/** Read the snapshot, filling what an older or newer kernel side does not send. */
export function readSnapshot(model: EventModel): Snapshot {
  const { seq = 0, head, answer = {} } = model.get("snapshot") ?? ({} as Snapshot);
  return { seq, head: { ...NO_HEAD, ...head }, answer };
}

export function isNews(message: unknown): message is News {
  const news = message as News | null;
  return news?.type === "news" && typeof news.seq === "number" && !!news.to;
}

/** The glyph that stands for a phase beside its colour. */
export const GLYPHS: Record<Phase, string> = {
  queued: "◔",
  running: "▶",
  waiting: "?",
  retrying: "↻",
  done: "✓",
  failed: "✕",
  cancelled: "■",
  idle: "·",
};
