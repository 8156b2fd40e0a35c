/** What the kernel and a graph panel tell each other: the one place that names it. */

import type { HostModel } from "../host";
import type { Greeting } from "../stage";

export type RunPhase =
  | "queued"
  | "running"
  | "waiting"
  | "done"
  | "failed"
  | "cancelled";

export type StepPhase = RunPhase | "idle" | "retrying";

/** The counts of a step; see `StepCounts` in Python. */
export const COUNT_NAMES = [
  "queued",
  "running",
  "waiting",
  "retrying",
  "done",
  "failed",
  "retries",
  "gathered",
  "cancelled",
] as const;
export type Counts = Record<(typeof COUNT_NAMES)[number], number>;

export type NodeKind =
  | "step"
  | "start"
  | "stop"
  | "event"
  | "external"
  | "workflow"
  | "generic";

export interface SceneNode {
  kind: NodeKind;
  label: string;
  /** The whole name, and what it is for. */
  tip: string;
  /** How many calls of a step may run at once; 0: not known. */
  workers: number;
  /** Characters that fit below the name. */
  room: number;
  size: [width: number, height: number];
}

export type SceneEdge = [source: number, target: number, label: string];

export interface Layout {
  /** Whether edges run down instead of to the right. */
  down: boolean;
  size: [width: number, height: number];
  /** Points as one list each: x, y, x, y. */
  centres: number[];
  routes: number[][];
  /** The middles of the labels of the edges. */
  spots: number[];
}

export interface Scene {
  title: string;
  run: string;
  /** What the numbers of a node mean. */
  phases: StepPhase[];
  counts: string[];
  nodes: SceneNode[];
  edges: SceneEdge[];
  layouts: Layout[];
}

/** A scene as it comes: lists of numbers are text, which is shorter than JSON. */
export interface SceneMessage {
  title: string;
  run: string;
  /** What the numbers of a node mean. */
  phases: StepPhase[];
  counts: string[];
  kinds: NodeKind[];
  labels: string[];
  tips: string[];
  kind: string;
  workers: string;
  rooms: string;
  sizes: string;
  ends: string;
  events: string[];
  layouts: LayoutMessage[];
}

export interface LayoutMessage {
  down: boolean;
  size: [width: number, height: number];
  centres: string;
  /** For each edge the steps from the middle of its source, point by point. */
  routes: string;
  spots: string;
}

/** What is told of the run itself. */
export interface RunHead {
  phase: RunPhase;
  /** Seconds, at the moment of sending. */
  elapsed: number;
  /** Whether time goes on by itself. */
  ticks: boolean;
  /** How many questions, or steps, wait for a person. */
  waiting: number;
  /** The oldest question. */
  asks: string;
  /** Nodes that wait for a person, and the `elapsed` since when. */
  since: [index: number, at: number][];
  error: string | null;
  actions: string[];
}

/** The index of a node, that of its phase, and its counts, without the last zeros. */
export type NodeNumbers = number[];
export type EdgeNumber = [index: number, number: number];

export interface Snapshot {
  seq: number;
  run: RunHead;
  nodes: NodeNumbers[];
  edges: EdgeNumber[];
}

export interface Delta {
  type: "delta";
  seq: number;
  run?: RunHead;
  nodes?: NodeNumbers[];
  edges?: EdgeNumber[];
}

export interface Call {
  phase: StepPhase;
  given: string | null;
  returned: string | null;
  error: string | null;
  began: number | null;
  seconds: number | null;
  attempt: number;
}

export interface Details {
  calls: Call[];
  timing: { calls: number; mean: number; longest: number } | null;
  questions: string[];
}

export interface DetailsMessage {
  type: "details";
  id: number;
  step: number;
  /** What the step is for. */
  what?: string;
  details?: Details;
  error?: string;
}

export type Outgoing =
  | Greeting
  | { type: "resync" }
  | { type: "cancel" }
  | { type: "details"; id: number; step: number };

export interface Traits {
  scene: Partial<SceneMessage>;
  snapshot: Partial<Snapshot>;
}

export type GraphModel = HostModel<Traits, Outgoing>;

export const NO_HEAD: RunHead = {
  phase: "queued",
  elapsed: 0,
  ticks: false,
  waiting: 0,
  asks: "",
  since: [],
  error: null,
  actions: [],
};

/** Read the state, filling what an older or newer kernel side does not send. */
export function readSnapshot(model: GraphModel): Snapshot {
  const snapshot = { seq: 0, nodes: [], edges: [], ...model.get("snapshot") };
  return { ...snapshot, run: { ...NO_HEAD, ...snapshot.run } };
}

export function isDelta(message: unknown): message is Delta {
  return (message as Delta | undefined)?.type === "delta";
}

export function isDetails(message: unknown): message is DetailsMessage {
  return (message as DetailsMessage | undefined)?.type === "details";
}

export function isLive(phase: RunPhase): boolean {
  return phase === "queued" || phase === "running" || phase === "waiting";
}
