/** A model as anywidget hands it over, without a kernel; and a small run to put in it. */

import {
  COUNT_NAMES,
  type Delta,
  type DetailsMessage,
  type GraphModel,
  type Layout,
  type NodeNumbers,
  type Outgoing,
  type RunHead,
  type Scene,
  type SceneMessage,
  type SceneNode,
  type Snapshot,
  type StepPhase,
  type Traits,
} from "../../src/graph/model";
import graphPanel from "../../src/graph_panel";
import type { Listener } from "../../src/host";

export const PHASES: StepPhase[] = [
  "idle",
  "queued",
  "running",
  "retrying",
  "waiting",
  "failed",
  "cancelled",
  "done",
];

export class FakeModel implements GraphModel {
  readonly sent: Outgoing[] = [];
  readonly listeners = new Map<string, Set<Listener>>();
  readonly #traits: Traits;
  /** When set, `send` throws, as the comm of a dead kernel does. */
  dead = false;
  /** What ipywidgets' model says; undefined in hosts that do not tell. */
  live: boolean | undefined;

  constructor(some: Partial<Snapshot> = {}, shown: Scene = scene()) {
    this.#traits = { scene: sceneMessage(shown), snapshot: snapshot(some) };
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.#traits[name];
  }

  set<K extends keyof Traits>(name: K, value: Traits[K]): void {
    this.#traits[name] = value;
    this.emit(`change:${name}`);
  }

  send(message: Outgoing): void {
    if (this.dead) throw new Error("Cannot send");
    this.sent.push(message);
  }

  on(event: string, callback: Listener): void {
    const set = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, set.add(callback));
  }

  off(event: string, callback: Listener): void {
    this.listeners.get(event)?.delete(callback);
  }

  emit(event: string, message?: unknown): void {
    for (const listener of [...(this.listeners.get(event) ?? [])])
      listener.call({ model: { comm_live: this.live } }, message);
  }

  /** A message from the kernel: what has changed, or an answer. */
  receive(message: Delta | DetailsMessage): void {
    this.emit("msg:custom", message);
  }

  get listenerCount(): number {
    return [...this.listeners.values()].reduce((n, set) => n + set.size, 0);
  }

  sentOf(type: string): Outgoing[] {
    return this.sent.filter((message) => message.type === type);
  }
}

function node(some: Partial<SceneNode> & { label: string }): SceneNode {
  const { label } = some;
  const plain = { kind: "step" as const, tip: label, workers: 4, room: 20 };
  return { ...plain, size: [150, 46], ...some };
}

/** start -> dispatch -> (classify, fetch) -> review -> end */
export function scene(some: Partial<Scene> = {}): Scene {
  const circle = { room: 0, workers: 0, size: [18, 18] as [number, number] };
  const nodes = [
    node({ label: "start", kind: "start", ...circle }),
    node({ label: "end", kind: "stop", ...circle }),
    node({ label: "dispatch", tip: "dispatch\nSend them out.", workers: 1 }),
    node({ label: "classify" }),
    node({ label: "fetch", workers: 16 }),
    node({ label: "review" }),
  ];
  const right: Layout = {
    down: false,
    size: [800, 110],
    centres: [9, 55, 790, 55, 130, 55, 380, 23, 380, 87, 640, 55],
    routes: [
      [18, 55, 55, 55],
      [205, 48, 305, 23],
      [205, 62, 305, 87],
      [455, 23, 565, 48],
      [455, 87, 565, 62],
      [715, 55, 781, 55],
    ],
    spots: [36, 55, 255, 35, 255, 75, 510, 35, 510, 75, 750, 55],
  };
  const down: Layout = {
    down: true,
    size: [340, 420],
    centres: [170, 9, 170, 411, 170, 70, 80, 170, 260, 170, 170, 290],
    routes: right.routes.map(() => [170, 20, 170, 40]),
    spots: right.spots,
  };
  return {
    title: "Triage",
    run: "7f3a",
    phases: PHASES,
    counts: [...COUNT_NAMES],
    nodes,
    edges: [
      [0, 2, ""],
      [2, 3, "Item"],
      [2, 4, "Item"],
      [3, 5, "Label"],
      [4, 5, "History"],
      [5, 1, ""],
    ],
    layouts: [right, down],
    ...some,
  };
}

/** A scene as a kernel sends it. */
export function sceneMessage(shown: Scene): SceneMessage {
  const { title, run, phases, counts, nodes, edges } = shown;
  const kinds = [...new Set(nodes.map(({ kind }) => kind))];
  const layouts = shown.layouts.map(({ down, size, centres, routes, spots }) => ({
    down,
    size,
    centres: centres.join(" "),
    routes: routes
      .map((route, i) => steps(route, centres, edges[i]?.[0] ?? 0))
      .join("|"),
    spots: spots.join(" "),
  }));
  return {
    ...{ title, run, phases, counts, kinds, layouts },
    labels: nodes.map(({ label }) => label),
    tips: nodes.map(({ tip }) => tip),
    kind: nodes.map(({ kind }) => kinds.indexOf(kind)).join(" "),
    workers: nodes.map(({ workers }) => workers).join(" "),
    rooms: nodes.map(({ room }) => room).join(" "),
    sizes: nodes.flatMap(({ size }) => size).join(" "),
    ends: edges.flatMap((edge) => edge.slice(0, 2)).join(" "),
    events: edges.map(([, , label]) => label),
  };
}

function steps(route: number[], centres: number[], source: number): string {
  const at = centres.slice(2 * source, 2 * source + 2);
  return route.map((value, i) => value - (route[i - 2] ?? at[i] ?? 0)).join(" ");
}

/** Nodes of that scene. */
export const DISPATCH = 2;
export const CLASSIFY = 3;
export const FETCH = 4;
export const REVIEW = 5;

export function head(some: Partial<RunHead> = {}): RunHead {
  return {
    phase: "running",
    elapsed: 9.2,
    ticks: true,
    waiting: 0,
    asks: "",
    since: [],
    error: null,
    actions: ["cancel"],
    ...some,
  };
}

export function snapshot(some: Partial<Snapshot> = {}): Snapshot {
  return { seq: 1, run: head(), nodes: [], edges: [], ...some };
}

/** The numbers of a node as they come over the wire. */
export function numbers(
  index: number,
  phase: StepPhase,
  counts: Partial<Record<(typeof COUNT_NAMES)[number], number>> = {},
): NodeNumbers {
  const all = COUNT_NAMES.map((name) => counts[name] ?? 0);
  return [index, PHASES.indexOf(phase), ...all];
}

/** A scene of many steps, which is drawn on a canvas. */
export function large(count: number): Scene {
  const nodes = Array.from({ length: count }, (_, i) => node({ label: `step_${i}` }));
  const centres = nodes.flatMap((_, i) => [
    (i % 40) * 190 + 75,
    60 * Math.floor(i / 40),
  ]);
  const edges = nodes
    .slice(1)
    .map((_, i) => [i, i + 1, ""] as [number, number, string]);
  const routes = edges.map(([a, b]) =>
    [a, b].flatMap((i) => centres.slice(2 * i, 2 * i + 2)),
  );
  const spots = routes.flatMap((route) => route.slice(0, 2));
  const size: [number, number] = [7600, 60 * Math.ceil(count / 40)];
  return scene({
    nodes,
    edges,
    layouts: [{ down: false, size, centres, routes, spots }],
  });
}

/** A panel as a host shows it: initialised once, rendered `views` times. */
export function show(model: FakeModel, views = 1, width = 860) {
  const panel = graphPanel();
  const stop = panel.initialize({ model });
  const hosts = Array.from({ length: views }, () => {
    const el = document.createElement("div");
    document.body.append(el);
    const remove = withWidth(width, () => panel.render({ model, el }));
    return { el, remove };
  });
  return { el: hosts[0]?.el as HTMLElement, hosts, stop };
}

/** happy-dom lays nothing out, so it has to be told how wide things are. */
export function withWidth<T>(width: number, make: () => T): T {
  const before = Object.getOwnPropertyDescriptor(HTMLElement.prototype, "clientWidth");
  Object.defineProperty(HTMLElement.prototype, "clientWidth", {
    configurable: true,
    get: () => width,
  });
  try {
    return make();
  } finally {
    if (before) Object.defineProperty(HTMLElement.prototype, "clientWidth", before);
    else Reflect.deleteProperty(HTMLElement.prototype, "clientWidth");
  }
}

export function text(root: Element, selector: string): string {
  return root.querySelector(selector)?.textContent ?? "";
}

/** The element of a step. */
export function step(root: Element, index: number): SVGElement {
  return root.querySelector(`[data-index="${index}"]`) as SVGElement;
}
