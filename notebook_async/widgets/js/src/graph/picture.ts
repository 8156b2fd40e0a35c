/** The picture of a graph in one view: what draws it, from where it is seen, and the step
 * that the keyboard is at. */

import { FrameGate, h } from "../dom";
import { Camera, MARGIN, type Size } from "./camera";
import { CanvasPainter } from "./canvas_painter";
import { frameOf, neighbour, readingOrder, stepAt } from "./geometry";
import { watchGestures } from "./gestures";
import { edgeLook, FAR, nodeLook } from "./look";
import type { Layout, Scene } from "./model";
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

export class Picture {
  readonly node = h("div", "na-g-picture");
  readonly #store: GraphStore;
  readonly #open: (step: number) => void;
  readonly #seen: (far: boolean) => void;
  readonly #camera = new Camera();
  readonly #gate = new FrameGate(() => this.#paint());
  readonly #nodes = new Set<number>();
  readonly #edges = new Set<number>();
  readonly #stop: () => void;
  readonly #observer: ResizeObserver | null;
  #painter: Painter;
  #scene: Scene;
  #layout: Layout = NO_LAYOUT;
  #order: number[] = [];
  #cursor = 0;
  #room: Size = { width: 0, height: 0 };
  #selected: number | null = null;

  constructor(
    store: GraphStore,
    open: (step: number) => void,
    seen: (far: boolean) => void,
  ) {
    this.#store = store;
    this.#open = open;
    this.#seen = seen;
    this.#scene = store.scene;
    this.#painter = this.#newPainter();
    this.#stop = watchGestures(this.node, {
      pan: (dx, dy) => this.#move(() => this.#camera.pan(dx, dy)),
      zoom: (factor, x, y) => this.#move(() => this.#camera.zoom(factor, x, y)),
      click: (x, y, target) => this.#click(x, y, target),
      hover: (x, y) => {
        const over = this.#stepAt(x, y) !== null;
        this.node.classList.toggle("na-g-over", over);
      },
    });
    this.node.addEventListener("keydown", (event) => this.#key(event));
    this.#observer =
      typeof ResizeObserver === "undefined"
        ? null
        : new ResizeObserver(() => this.#resize());
    this.#observer?.observe(this.node);
    this.#build();
  }

  /** Whether the scene is drawn on a canvas. */
  get isCanvas(): boolean {
    return this.#painter instanceof CanvasPainter;
  }

  dispose(): void {
    this.#stop();
    this.#observer?.disconnect();
    this.#gate.cancel();
    this.#painter.dispose();
  }

  update(change: Change): void {
    if (change.scene) this.#build();
    for (const index of change.nodes) this.#nodes.add(index);
    for (const index of change.edges) this.#edges.add(index);
    if (this.#nodes.size || this.#edges.size) this.#gate.request();
  }

  /** Draw anew the steps that wait for a person, for their clocks go on. */
  tick(): void {
    for (const [index] of this.#store.head.since) this.#nodes.add(index);
    if (this.#nodes.size) this.#gate.request();
  }

  fit(): void {
    this.#camera.fit(this.#size(), this.#room);
    this.#place();
  }

  select(step: number | null): void {
    this.#selected = step;
    this.#painter.select(step);
    if (step !== null) this.#setCursor(step, false);
  }

  /** Give the keyboard back to the step that it was at. */
  focus(): void {
    this.#setCursor(this.#cursor, true);
  }

  /** The scene as an SVG element, with all of it in sight. */
  svg(): { svg: SVGSVGElement; size: Size; release: () => void } {
    const painter = new SvgPainter(this.#label());
    painter.build(this.#scene, this.#layout, this.#order);
    for (const index of this.#scene.nodes.keys())
      painter.paintNode(index, nodeLook(this.#store, index));
    for (const index of this.#scene.edges.keys())
      painter.paintEdge(index, edgeLook(this.#store, index));
    // In the document, or it has no style; but not in sight.
    const shelf = h("div", "na-g-shelf", painter.node);
    this.node.append(shelf);
    const svg = painter.node as unknown as SVGSVGElement;
    return { svg, size: this.#size(), release: () => shelf.remove() };
  }

  // -- drawing

  #newPainter(): Painter {
    const many = this.#scene.nodes.length > CANVAS_FROM;
    const label = this.#label();
    const painter = many ? new CanvasPainter(label) : new SvgPainter(label);
    this.node.replaceChildren(painter.node);
    return painter;
  }

  #label(): string {
    return `graph of ${this.#scene.title}`;
  }

  #build(): void {
    this.#scene = this.#store.scene;
    this.#painter.dispose();
    this.#painter = this.#newPainter();
    this.#layout = NO_LAYOUT;
    this.#camera.fitted = true;
    this.#cursor = -1;
    this.#selected = null;
    this.#resize();
  }

  /** Take the layout that suits the width, and give the picture its height. */
  #resize(): void {
    const width = this.node.clientWidth;
    if (!width && this.#layout !== NO_LAYOUT) return;
    const layout = bestLayout(this.#scene.layouts, width);
    if (layout !== this.#layout) this.#setLayout(layout);
    const [, high] = layout.size;
    const room = { width, height: HIGHEST };
    const scale = width ? Camera.scaleToFit(this.#size(), room) : 1;
    const height = Math.round(scale * high + 2 * MARGIN);
    const bounded = Math.max(LOWEST, Math.min(HIGHEST, height));
    this.node.style.setProperty("--na-g-height", `${bounded}px`);
    this.#room = { width, height: this.node.clientHeight || bounded };
    if (!width) return;
    const { fitted } = this.#camera;
    // Details take room from the picture: it keeps its scale, and shows their step.
    if (fitted) this.#camera.fit(this.#size(), { width, height: bounded });
    this.#reveal(this.#selected);
    this.#camera.fitted = fitted;
    this.#place();
  }

  #setLayout(layout: Layout): void {
    this.#layout = layout;
    this.#order = readingOrder(this.#scene, layout);
    if (!this.#order.includes(this.#cursor)) this.#cursor = this.#order[0] ?? -1;
    this.#painter.build(this.#scene, layout, this.#order);
    for (const index of this.#scene.nodes.keys()) this.#nodes.add(index);
    for (const index of this.#scene.edges.keys()) this.#edges.add(index);
    this.#camera.fitted = true;
    this.#paint();
    this.#painter.select(this.#selected);
    if (this.#cursor >= 0) this.#painter.setCursor(this.#cursor, false);
  }

  #size(): Size {
    const [width, height] = this.#layout.size;
    // Words below the circles reach over the layout.
    return { width, height: this.#layout.down ? height : Math.max(height, 46) };
  }

  #paint(): void {
    for (const index of this.#nodes)
      if (index in this.#scene.nodes)
        this.#painter.paintNode(index, nodeLook(this.#store, index));
    const touched = new Set<number>();
    for (const index of this.#edges) {
      if (!(index in this.#scene.edges)) continue;
      this.#painter.paintEdge(index, edgeLook(this.#store, index));
      for (const end of this.#scene.edges[index]?.slice(0, 2) ?? [])
        touched.add(end as number);
    }
    // What is no step shows only whether an event came by.
    for (const index of touched)
      if (this.#scene.nodes[index]?.kind !== "step" && !this.#nodes.has(index))
        this.#painter.paintNode(index, nodeLook(this.#store, index));
    this.#nodes.clear();
    this.#edges.clear();
    this.#painter.flush();
  }

  #move(change: () => void): void {
    change();
    this.#place();
  }

  #place(): void {
    this.#painter.place(this.#camera, this.#room);
    this.#seen(this.#camera.k < FAR);
  }

  // -- pointer and keyboard

  #stepAt(x: number, y: number): number | null {
    return stepAt(this.#scene, this.#layout, ...this.#camera.toScene(x, y));
  }

  #click(x: number, y: number, target: Element | null): void {
    // Screen readers click an element, without a place.
    const named = target?.closest<SVGElement | HTMLElement>("[data-index]");
    const index = named ? Number(named.dataset.index) : this.#stepAt(x, y);
    if (index === null || this.#scene.nodes[index]?.kind !== "step") return;
    this.#setCursor(index, true);
    this.#open(index);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.#obey(event.key, event.target as Element)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #obey(key: string, target: Element): boolean {
    const { width, height } = this.#room;
    const zoom = (factor: number): boolean => {
      this.#move(() => this.#camera.zoom(factor, width / 2, height / 2));
      return true;
    };
    if (key === "+" || key === "=") return zoom(STEP);
    if (key === "-") return zoom(1 / STEP);
    if (key === "0") {
      this.fit();
      return true;
    }
    if (!target.closest("[data-index]")) return false;
    if (key === "Enter" || key === " ") {
      this.#open(this.#cursor);
      return true;
    }
    const next = this.#next(key);
    if (next === undefined) return false;
    if (next !== null) this.#setCursor(next, true);
    return true;
  }

  /** Where a key leads: null nowhere, undefined if it is no such key. */
  #next(key: string): number | null | undefined {
    if (key === "Home") return this.#order[0];
    if (key === "End") return this.#order.at(-1);
    if (!key.startsWith("Arrow")) return undefined;
    return neighbour(this.#scene, this.#layout, this.#cursor, key);
  }

  #setCursor(index: number, focus: boolean): void {
    this.#cursor = index;
    this.#painter.setCursor(index, focus);
    this.#reveal(index);
  }

  #reveal(index: number | null): void {
    if (index === null || index < 0) return;
    const frame = frameOf(this.#scene, this.#layout, index);
    if (this.#camera.reveal(frame, this.#room)) this.#place();
  }
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
