/** Where things are in a laid out scene, and the paths of its edges. */

import type { Rect } from "./camera";
import type { Layout, Scene } from "./model";

/** A node's frame in the scene. */
export function frameOf(scene: Scene, layout: Layout, index: number): Rect {
  const [width, height] = scene.nodes[index]?.size ?? [0, 0];
  const [x, y] = centreOf(layout, index);
  return { x: x - width / 2, y: y - height / 2, width, height };
}

export function centreOf(layout: Layout, index: number): [x: number, y: number] {
  return pair(layout.centres, index);
}

export function spotOf(layout: Layout, edge: number): [x: number, y: number] {
  return pair(layout.spots, edge);
}

function pair(points: number[], index: number): [x: number, y: number] {
  return [points[2 * index] ?? 0, points[2 * index + 1] ?? 0];
}

/** The step at a place of the scene, or null. */
export function stepAt(
  scene: Scene,
  layout: Layout,
  x: number,
  y: number,
): number | null {
  const found = scene.nodes.findIndex((node, index) => {
    if (node.kind !== "step") return false;
    const frame = frameOf(scene, layout, index);
    const dx = x - frame.x;
    const dy = y - frame.y;
    return dx >= 0 && dy >= 0 && dx <= frame.width && dy <= frame.height;
  });
  return found < 0 ? null : found;
}

/** The path of an edge, as SVG and canvas both take it; see `strokes.py`. */
export function pathOf(scene: Scene, layout: Layout, edge: number): string {
  const route = layout.routes[edge] ?? [];
  if (isLoop(scene, edge)) return `M${route.slice(0, 2)}C${route.slice(2)}`;
  let [x, y] = pair(route, 0);
  let path = `M${x},${y}`;
  for (let i = 1; i < route.length / 2; i += 1) {
    const [u, v] = pair(route, i);
    if (x === u || y === v) path += `L${u},${v}`;
    else if (layout.down) path += `C${x},${(y + v) / 2} ${u},${(y + v) / 2} ${u},${v}`;
    else path += `C${(x + u) / 2},${y} ${(x + u) / 2},${v} ${u},${v}`;
    [x, y] = [u, v];
  }
  return path;
}

export interface Tip {
  x: number;
  y: number;
  /** Degrees, clockwise from the right. */
  angle: number;
}

/** The arrow head of an edge, at its end. */
export function tipOf(scene: Scene, layout: Layout, edge: number): Tip {
  const route = layout.routes[edge] ?? [];
  const last = route.length / 2 - 1;
  const [x, y] = pair(route, last);
  let [u, v] = pair(route, 0);
  for (let i = last - 1; i > 0; i -= 1) {
    const [nearX, nearY] = pair(route, i);
    // Rounded corners leave points at the end that are all but the same.
    if (Math.hypot(nearX - x, nearY - y) <= 0.5) continue;
    [u, v] = [nearX, nearY];
    break;
  }
  // A loop enters across the way of all others.
  const vertical = layout.down !== isLoop(scene, edge);
  const angle = vertical ? (y > v ? 90 : -90) : x > u ? 0 : 180;
  return { x, y, angle };
}

export const TIP_PATH = "M0 0L-8 4V-4z";

function isLoop(scene: Scene, edge: number): boolean {
  const [source, target] = scene.edges[edge] ?? [0, 1];
  return source === target;
}

/** The step nearest to one in the direction of an arrow key, or null. */
export function neighbour(
  scene: Scene,
  layout: Layout,
  from: number,
  key: string,
): number | null {
  const [x, y] = centreOf(layout, from);
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  scene.nodes.forEach((node, index) => {
    if (node.kind !== "step" || index === from) return;
    const [u, v] = centreOf(layout, index);
    const [ahead, aside] = ways(key, u - x, v - y);
    if (ahead <= 0) return;
    // What stands aside is further than what stands ahead.
    const distance = ahead + 2 * aside;
    if (distance < least) [best, least] = [index, distance];
  });
  return best;
}

function ways(key: string, dx: number, dy: number): [ahead: number, aside: number] {
  if (key === "ArrowRight") return [dx, Math.abs(dy)];
  if (key === "ArrowLeft") return [-dx, Math.abs(dy)];
  if (key === "ArrowDown") return [dy, Math.abs(dx)];
  return [-dy, Math.abs(dx)];
}

/** The steps in reading order, for the Home and End keys and the first focus. */
export function readingOrder(scene: Scene, layout: Layout): number[] {
  const steps = [...scene.nodes.keys()].filter((i) => scene.nodes[i]?.kind === "step");
  const along = layout.down ? 1 : 0;
  const place = (index: number, axis: number) => centreOf(layout, index)[axis] ?? 0;
  return steps.sort(
    (a, b) =>
      place(a, along) - place(b, along) || place(a, 1 - along) - place(b, 1 - along),
  );
}
