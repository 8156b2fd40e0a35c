/** Reading a scene: what a kernel sends in little room, as what is drawn. */

import type {
  GraphModel,
  Layout,
  LayoutMessage,
  Scene,
  SceneEdge,
  SceneMessage,
  SceneNode,
} from "./model";

const EMPTY: SceneMessage = {
  title: "workflow",
  run: "",
  phases: [],
  counts: [],
  kinds: [],
  labels: [],
  tips: [],
  kind: "",
  workers: "",
  rooms: "",
  sizes: "",
  ends: "",
  events: [],
  layouts: [],
};

/** Read the scene, filling what an older or newer kernel side does not send. */
export function readScene(model: GraphModel): Scene {
  const message: SceneMessage = { ...EMPTY, ...model.get("scene") };
  const { title, run, phases, counts } = message;
  const edges = readEdges(message);
  const layouts = message.layouts.map((layout) => readLayout(layout, edges));
  return { title, run, phases, counts, nodes: readNodes(message), edges, layouts };
}

function readNodes(message: SceneMessage): SceneNode[] {
  const [kinds, workers] = [numbers(message.kind), numbers(message.workers)];
  const [rooms, sizes] = [numbers(message.rooms), numbers(message.sizes)];
  return message.labels.map((label, i) => ({
    kind: message.kinds[kinds[i] ?? -1] ?? "generic",
    label,
    tip: message.tips[i] ?? label,
    workers: workers[i] ?? 0,
    room: rooms[i] ?? 0,
    size: [sizes[2 * i] ?? 0, sizes[2 * i + 1] ?? 0],
  }));
}

function readEdges({ ends, events }: SceneMessage): SceneEdge[] {
  const all = numbers(ends);
  return Array.from({ length: all.length >> 1 }, (_, i) => [
    all[2 * i] ?? 0,
    all[2 * i + 1] ?? 0,
    events[i] ?? "",
  ]);
}

function readLayout(message: LayoutMessage, edges: SceneEdge[]): Layout {
  const { down, size } = message;
  const centres = numbers(message.centres);
  const routes = message.routes ? message.routes.split("|") : [];
  const ways = edges.map(([source], i) => {
    const start = [centres[2 * source] ?? 0, centres[2 * source + 1] ?? 0];
    return summed(numbers(routes[i] ?? ""), start);
  });
  const spots = message.spots ? numbers(message.spots) : ways.flatMap(middle);
  return { down, size, centres, routes: ways, spots };
}

/** The points of a way that is told as steps. */
function summed(steps: number[], start: number[]): number[] {
  const at = [...start];
  return steps.map((step, i) => {
    at[i % 2] = (at[i % 2] ?? 0) + step;
    return at[i % 2] ?? 0;
  });
}

/** The middle of a way, where a label without a name stands. */
function middle(route: number[]): [x: number, y: number] {
  const from = 2 * Math.max(0, Math.floor(route.length / 4) - 1);
  const [x = 0, y = 0, u = x, v = y] = route.slice(from, from + 4);
  return [(x + u) / 2, (y + v) / 2];
}

function numbers(text: string): number[] {
  return text ? text.split(" ").map(Number) : [];
}
