/** What the kernel and a panel tell each other: the one place that names the traits. */

import type { HostModel } from "./host";
import type { Greeting } from "./stage";

export const PHASES = [
  "queued",
  "running",
  "waiting",
  "done",
  "failed",
  "cancelled",
] as const;
export type Phase = (typeof PHASES)[number];

/** Numbers of one bounded run, or of all runs of a job added up. */
export interface Counts {
  /** Items that ended well; failed ones are counted apart. */
  done: number;
  failed: number;
  retried: number;
  /** Items that wait for a person. */
  waiting: number;
  running: number;
  /** `null`: not known (an open-ended source, or a job without runs). */
  total: number | null;
  workers: number;
  /** Items per second. */
  rate: number | null;
  /** Seconds. */
  eta: number | null;
}

export interface Run extends Counts {
  id: string;
  desc: string;
  phase: Phase;
  /** What can be done with it; `workers` for the slider. */
  actions: string[];
}

export interface Failure {
  index: number;
  run: string;
  error: string;
}

export interface View {
  seq: number;
  title: string;
  job_id: number | null;
  cell: number | null;
  phase: Phase;
  /** Seconds, at the moment of sending. */
  elapsed: number;
  bar: Counts;
  /** The latest ones, those that go on first of all. */
  runs: Run[];
  runs_total: number;
  error: string | null;
  /** The newest ones, newest last. */
  failures: Failure[];
  failures_total: number;
  actions: string[];
}

export type Stream = "stdout" | "stderr" | "result" | "error";
export type Chunk = [stream: Stream, text: string];

/** The end of a job's output; `start` and `end` are offsets in all it ever wrote. */
export interface LogTail {
  start: number;
  end: number;
  chunks: Chunk[];
  /** Characters that came before `start`. */
  dropped: number;
}

export interface LogMessage extends LogTail {
  type: "log";
}

export type Outgoing =
  | Greeting
  | { type: "resync" }
  | ItemsRequest
  | { type: "details"; id: number; run: string; index: number }
  | { type: string; run?: string; index?: number; workers?: number };

export const KINDS = ["all", "running", "failed"] as const;
/** Which items of a run. */
export type ItemKind = (typeof KINDS)[number];

export interface ItemsRequest {
  type: "items";
  /** Of the view that asks. */
  id: number;
  run: string;
  kind: ItemKind;
  start: number;
  count: number;
}

export const ITEM_PHASES = [...PHASES, "retrying"] as const;
export type ItemPhase = (typeof ITEM_PHASES)[number];

/** `actions`: `c` cancel, `r` retry. */
export type ItemRow = [
  index: number,
  phase: ItemPhase,
  attempts: number,
  seconds: number | null,
  error: string | null,
  actions: string,
];

export interface ItemsMessage extends Omit<ItemsRequest, "count"> {
  total: number;
  rows: ItemRow[];
}

export interface DetailsMessage {
  type: "details";
  id: number;
  run: string;
  index: number;
  text: string;
}

export interface Model {
  view: View;
  log: LogTail;
  rich: number;
}

export type PanelModel = HostModel<Model, Outgoing> & {
  set<K extends keyof Model>(name: K, value: Model[K]): void;
};

const NO_COUNTS: Counts = {
  done: 0,
  failed: 0,
  retried: 0,
  waiting: 0,
  running: 0,
  total: null,
  workers: 0,
  rate: null,
  eta: null,
};

const NO_VIEW: View = {
  seq: 0,
  title: "job",
  job_id: null,
  cell: null,
  phase: "queued",
  elapsed: 0,
  bar: NO_COUNTS,
  runs: [],
  runs_total: 0,
  error: null,
  failures: [],
  failures_total: 0,
  actions: [],
};

/** Read the view, filling what an older or newer kernel side does not send. */
export function readView(model: PanelModel): View {
  const view = { ...NO_VIEW, ...model.get("view") };
  view.bar = { ...NO_COUNTS, ...view.bar };
  if (!PHASES.includes(view.phase)) view.phase = "running";
  view.runs = view.runs.map((run) => ({ ...run, actions: run.actions ?? [] }));
  return view;
}

export function readLog(model: PanelModel): LogTail {
  return { start: 0, end: 0, chunks: [], dropped: 0, ...model.get("log") };
}

export function isLive(phase: Phase): boolean {
  return phase === "queued" || phase === "running" || phase === "waiting";
}

/** Whether the clock of a job in this phase moves between two updates. */
export function isTicking(phase: Phase): boolean {
  return phase === "running" || phase === "waiting";
}
