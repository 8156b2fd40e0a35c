/** The picture of a graph in one view: what draws it, from where it is seen, and the step
 * that the keyboard is at. */

import { FrameGate, h } from "../dom";
import { watchGestures } from "../gestures";
import { onKeys } from "../make";
import { Camera, MARGIN, type Size } from "./camera";
import { CanvasPainter } from "./canvas_painter";
import { frameOf, neighbour, readingOrder, stepAt } from "./geometry";
import { edgeLook, FAR, nodeLook } from "./look";
import type { Layout } from "./model";
import { CANVAS_FROM, type Painter } from "./painter";
import type { Change, GraphStore } from "./store";
import { SvgPainter } from "./svg_painter";

/** Pixels: with the header the panel is 420 high. */
const HIGHEST = 372;
const LOWEST = 110;
const STEP = 1.25;

/** Edges run to the right unless that would make the picture this much smaller. */
const PREFER_RIGHT = 0.75;

const NO_LAYOUT: Layout = {
  down: false,
  size: [1, 1],
  centres: [],
  routes: [],
  spots: [],
};

export interface Picture {
  readonly node: HTMLElement;
  update(change: Change): void;
  /** Draw anew the steps that wait for a person, for their clocks go on. */
  tick(): void;
  fit(): void;
  /** Mark the step whose details are shown. */
  select(step: number | null): void;
  /** Give the keyboard back to the step that it was at. */
  focus(): void;
  /** The scene as an SVG element, with all of it in sight. */
  svg(): { svg: SVGSVGElement; size: Size; release: () => void };
  dispose(): void;
}

/** `open` shows the details of a step; `seen` is told whether all is too small to read. */
export function picture(
  store: GraphStore,
  open: (step: number) => void,
  seen: (far: boolean) => void,
): Picture {
  const node = h("div", "na-g-picture");
  const camera = new Camera();
  const gate = new FrameGate(paint);
  const nodes = new Set<number>();
  const edges = new Set<number>();
  let { scene } = store;
  let painter = newPainter();
  let layout = NO_LAYOUT;
  let order: number[] = [];
  let cursor = 0;
  let room: Size = { width: 0, height: 0 };
  let selected: number | null = null;

  // -- drawing

  function newPainter(): Painter {
    const made = scene.nodes.length > CANVAS_FROM ? CanvasPainter : SvgPainter;
    const painter = new made(label());
    node.replaceChildren(painter.node);
    return painter;
  }

  function label(): string {
    return `graph of ${scene.title}`;
  }

  function build(): void {
    scene = store.scene;
    painter.dispose();
    painter = newPainter();
    layout = NO_LAYOUT;
    camera.fitted = true;
    cursor = -1;
    selected = null;
    resize();
  }

  /** Take the layout that suits the width, and give the picture its height. */
  function resize(): void {
    const width = node.clientWidth;
    if (!width && layout !== NO_LAYOUT) return;
    const best = bestLayout(scene.layouts, width);
    if (best !== layout) setLayout(best);
    const [, high] = layout.size;
    const scale = width ? Camera.scaleToFit(size(), { width, height: HIGHEST }) : 1;
    const height = Math.round(scale * high + 2 * MARGIN);
    const bounded = Math.max(LOWEST, Math.min(HIGHEST, height));
    node.style.setProperty("--na-g-height", `${bounded}px`);
    room = { width, height: node.clientHeight || bounded };
    if (!width) return;
    const { fitted } = camera;
    // Details take room from the picture: it keeps its scale, and shows their step.
    if (fitted) camera.fit(size(), { width, height: bounded });
    reveal(selected);
    camera.fitted = fitted;
    place();
  }

  function setLayout(other: Layout): void {
    layout = other;
    order = readingOrder(scene, layout);
    if (!order.includes(cursor)) cursor = order[0] ?? -1;
    painter.build(scene, layout, order);
    for (const index of scene.nodes.keys()) nodes.add(index);
    for (const index of scene.edges.keys()) edges.add(index);
    camera.fitted = true;
    paint();
    painter.select(selected);
    if (cursor >= 0) painter.setCursor(cursor, false);
  }

  function size(): Size {
    const [width, height] = layout.size;
    // Words below the circles reach over the layout.
    return { width, height: layout.down ? height : Math.max(height, 46) };
  }

  function paint(): void {
    for (const index of nodes) if (index in scene.nodes) paintNode(index);
    const touched = new Set<number>();
    for (const index of edges) {
      const edge = scene.edges[index];
      if (!edge) continue;
      painter.paintEdge(index, edgeLook(store, index));
      touched.add(edge[0]).add(edge[1]);
    }
    // What is no step shows only whether an event came by.
    for (const index of touched)
      if (scene.nodes[index]?.kind !== "step" && !nodes.has(index)) paintNode(index);
    nodes.clear();
    edges.clear();
    painter.flush();
  }

  function paintNode(index: number): void {
    painter.paintNode(index, nodeLook(store, index));
  }

  function place(): void {
    painter.place(camera, room);
    seen(camera.k < FAR);
  }

  // -- pointer and keyboard

  function indexAt(x: number, y: number): number | null {
    return stepAt(scene, layout, ...camera.toScene(x, y));
  }

  function zoom(factor: number, x = room.width / 2, y = room.height / 2): void {
    camera.zoom(factor, x, y);
    place();
  }

  function fitAll(): void {
    camera.fit(size(), room);
    place();
  }

  function obey(key: string, target: Element): boolean {
    if (key === "+" || key === "=") zoom(STEP);
    else if (key === "-") zoom(1 / STEP);
    else if (key === "0") fitAll();
    else if (!target.closest("[data-index]")) return false;
    else if (key === "Enter" || key === " ") open(cursor);
    else {
      const next = nextOf(key);
      if (next === undefined) return false;
      if (next !== null) setCursor(next, true);
    }
    return true;
  }

  /** Where a key leads: null nowhere, undefined if it is no such key. */
  function nextOf(key: string): number | null | undefined {
    if (key === "Home") return order[0];
    if (key === "End") return order.at(-1);
    if (!key.startsWith("Arrow")) return undefined;
    return neighbour(scene, layout, cursor, key);
  }

  function setCursor(index: number, focus: boolean): void {
    cursor = index;
    painter.setCursor(index, focus);
    reveal(index);
  }

  function reveal(index: number | null): void {
    if (index === null || index < 0) return;
    if (camera.reveal(frameOf(scene, layout, index), room)) place();
  }

  const stop = watchGestures(node, {
    pan(dx, dy) {
      camera.pan(dx, dy);
      place();
    },
    zoom,
    click(x, y, target) {
      // Screen readers click an element, without a place.
      const named = target?.closest<SVGElement | HTMLElement>("[data-index]");
      const index = named ? Number(named.dataset.index) : indexAt(x, y);
      if (index === null || scene.nodes[index]?.kind !== "step") return;
      setCursor(index, true);
      open(index);
    },
    hover(x, y) {
      node.classList.toggle("na-g-over", indexAt(x, y) !== null);
    },
  });
  onKeys(node, (key, { target }) => obey(key, target as Element));
  const observer =
    typeof ResizeObserver === "undefined" ? null : new ResizeObserver(resize);
  observer?.observe(node);
  build();

  return {
    node,
    update(change) {
      if (change.scene) build();
      for (const index of change.nodes) nodes.add(index);
      for (const index of change.edges) edges.add(index);
      if (nodes.size || edges.size) gate.request();
    },
    tick() {
      for (const [index] of store.head.since) nodes.add(index);
      if (nodes.size) gate.request();
    },
    fit: fitAll,
    select(step) {
      selected = step;
      painter.select(step);
      if (step !== null) setCursor(step, false);
    },
    focus: () => setCursor(cursor, true),
    svg() {
      const painter = new SvgPainter(label());
      painter.build(scene, layout, order);
      for (const index of scene.nodes.keys())
        painter.paintNode(index, nodeLook(store, index));
      for (const index of scene.edges.keys())
        painter.paintEdge(index, edgeLook(store, index));
      // In the document, or it has no style; but not in sight.
      const shelf = h("div", "na-g-shelf", painter.node);
      node.append(shelf);
      const svg = painter.node as unknown as SVGSVGElement;
      return { svg, size: size(), release: () => shelf.remove() };
    },
    dispose() {
      stop();
      observer?.disconnect();
      gate.cancel();
      painter.dispose();
    },
  };
}

/** The layout that can be drawn larger, to the right in case of doubt. */
export function bestLayout(layouts: Layout[], width: number): Layout {
  const room = { width, height: HIGHEST };
  const scale = ({ size: [w, height] }: Layout) =>
    Camera.scaleToFit({ width: w, height }, room);
  const [right, down] = [layouts.find((l) => !l.down), layouts.find((l) => l.down)];
  if (!right || !down) return right ?? down ?? NO_LAYOUT;
  return scale(right) >= PREFER_RIGHT * scale(down) ? right : down;
}
