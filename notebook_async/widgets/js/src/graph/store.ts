/** What the views of one graph share: the numbers of its nodes and edges, kept up to date
 * by messages that count, and the questions that views ask the kernel. */

import { Audience, listen, post } from "../host";
import { keyOf, Pending } from "../pending";
import {
  COUNT_NAMES,
  type Counts,
  type Delta,
  type DetailsMessage,
  type EdgeNumber,
  type GraphModel,
  isDelta,
  isDetails,
  isLive,
  type NodeNumbers,
  type RunHead,
  readSnapshot,
  type Scene,
  type StepPhase,
} from "./model";
import { readScene } from "./scene";

/** How long an edge shines after an event took it. */
export const LIT_MS = 1200;

/** How long an answer may take before a view asks again. */
const PATIENCE_MS = 10_000;

export interface StepState {
  phase: StepPhase;
  counts: Counts;
}

/** What a view has to draw anew. */
export interface Change {
  /** The scene is another one. */
  scene: boolean;
  nodes: Iterable<number>;
  edges: Iterable<number>;
}

export type Watcher = (change: Change) => void;

const NONE: readonly number[] = [];
const CANCEL = keyOf("cancel");

export class GraphStore {
  readonly watchers = new Set<Watcher>();
  readonly audience = new Audience();
  scene: Scene;
  steps: StepState[] = [];
  edges: number[] = [];
  head: RunHead;
  /** A message to the kernel could not be sent. */
  unreachable = false;
  readonly #model: GraphModel;
  readonly #pending = new Pending(() => this.#tell());
  #seq = 0;
  #asked = false;
  #receivedAt = 0;
  #litUntil: number[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #lastId = 0;
  readonly #waiting = new Map<number, (message: DetailsMessage | null) => void>();

  constructor(model: GraphModel) {
    this.#model = model;
    this.scene = readScene(model);
    this.head = readSnapshot(model).run;
    this.#load();
  }

  /** Follow the model; returns the way to stop. */
  attach(): () => void {
    const stop = listen(this.#model, {
      "change:scene": () => {
        this.scene = readScene(this.#model);
        this.#load();
        this.#tell({ scene: true });
      },
      "change:snapshot": () => {
        this.#load();
        this.#tell({ nodes: this.steps.keys(), edges: this.edges.keys() });
      },
      "msg:custom": (message) => {
        if (isDelta(message)) this.#take(message);
        else if (isDetails(message)) this.#answer(message);
      },
      comm_live_update: () => {
        this.unreachable = false;
        this.#pending.clear();
        this.#tell();
      },
    });
    return () => {
      stop();
      this.#pending.clear();
      if (this.#timer !== null) clearTimeout(this.#timer);
    };
  }

  // -- what is known

  /** Seconds since the run began: the kernel's figure, carried on by our clock. */
  get elapsed(): number {
    if (!this.head.ticks) return this.head.elapsed;
    return this.head.elapsed + (performance.now() - this.#receivedAt) / 1000;
  }

  /** The `elapsed` since which a node waits for a person, or null. */
  since(index: number): number | null {
    return this.head.since.find(([node]) => node === index)?.[1] ?? null;
  }

  isLit(edge: number): boolean {
    return (this.#litUntil[edge] ?? 0) > performance.now();
  }

  /** Whether an event came to a node, or from it. */
  isReached(index: number): boolean {
    return this.scene.edges.some(
      ([source, target], edge) =>
        (source === index || target === index) && (this.edges[edge] ?? 0) > 0,
    );
  }

  // -- what is asked of the kernel

  /** The run was asked to end, and has not yet. */
  get cancelling(): boolean {
    return this.#pending.has(CANCEL);
  }

  cancel(): void {
    if (this.cancelling) return;
    this.unreachable = !post(this.#model, { type: "cancel" });
    if (!this.unreachable) this.#pending.add(CANCEL);
    this.#tell();
  }

  /** Ask what is known of a step; null if nobody answers. */
  details(step: number): Promise<DetailsMessage | null> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const giveUp = setTimeout(() => done(null), PATIENCE_MS);
      const done = (message: DetailsMessage | null): void => {
        clearTimeout(giveUp);
        this.#waiting.delete(id);
        resolve(message);
      };
      this.#waiting.set(id, done);
      if (!post(this.#model, { type: "details", id, step })) done(null);
    });
  }

  #answer(message: DetailsMessage): void {
    this.#waiting.get(message.id)?.(message);
  }

  // -- what comes

  #load(): void {
    const { nodes, edges } = this.scene;
    const snapshot = readSnapshot(this.#model);
    this.steps = nodes.map(() => ({ phase: "idle", counts: noCounts() }));
    this.edges = edges.map(() => 0);
    this.#litUntil = edges.map(() => 0);
    this.#setNodes(snapshot.nodes);
    for (const [index, number] of snapshot.edges)
      if (index in this.edges) this.edges[index] = number;
    this.#setHead(snapshot.run);
    this.#seq = snapshot.seq;
    this.#asked = false;
  }

  #take(delta: Delta): void {
    if (delta.seq <= this.#seq) return;
    if (delta.seq !== this.#seq + 1) {
      if (!this.#asked) this.#asked = post(this.#model, { type: "resync" });
      return;
    }
    this.#seq = delta.seq;
    const before = this.head.since;
    if (delta.run) this.#setHead(delta.run);
    const nodes = new Set((delta.nodes ?? []).map(([index]) => index as number));
    this.#setNodes(delta.nodes ?? []);
    for (const [index] of [...before, ...this.head.since]) nodes.add(index);
    const edges = this.#setEdges(delta.edges ?? []);
    this.#tell({ nodes, edges });
  }

  #setHead(head: RunHead): void {
    if (!isLive(head.phase)) this.#pending.clear();
    this.head = head;
    this.#receivedAt = performance.now();
  }

  #setNodes(nodes: NodeNumbers[]): void {
    for (const [index, phase, ...numbers] of nodes) {
      const step = this.steps[index as number];
      if (!step) continue;
      step.phase = this.scene.phases[phase ?? 0] ?? "idle";
      this.scene.counts.forEach((name, i) => {
        if (Object.hasOwn(step.counts, name))
          step.counts[name as keyof Counts] = numbers[i] ?? 0;
      });
    }
  }

  #setEdges(edges: EdgeNumber[]): number[] {
    const until = performance.now() + LIT_MS;
    for (const [index, number] of edges) {
      if (!(index in this.edges)) continue;
      // In a run that is wound back nothing happened just now.
      this.#litUntil[index] = number > (this.edges[index] ?? 0) ? until : 0;
      this.edges[index] = number;
    }
    if (edges.length) this.#dim();
    return edges.map(([index]) => index);
  }

  /** Let edges go dark again, a few times a second and not one by one. */
  #dim(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const now = performance.now();
      const dark: number[] = [];
      this.#litUntil.forEach((until, index) => {
        if (until === 0 || until > now) return;
        this.#litUntil[index] = 0;
        dark.push(index);
      });
      if (dark.length) this.#tell({ edges: dark });
      if (this.#litUntil.some((until) => until > 0)) this.#dim();
    }, LIT_MS / 4);
  }

  #tell({ scene = false, nodes = NONE, edges = NONE }: Partial<Change> = {}): void {
    const change = { scene, nodes: [...nodes], edges: [...edges] };
    for (const watcher of this.watchers) watcher(change);
  }
}

function noCounts(): Counts {
  return Object.fromEntries(COUNT_NAMES.map((name) => [name, 0])) as Counts;
}
