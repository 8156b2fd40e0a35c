/** Draws a scene on a canvas, for as many nodes as no document could keep up with.
 *
 * From afar only what has changed is drawn, over what was there: no edge runs through a
 * box. From near there is little in sight, and all of it is drawn each time. While the
 * picture moves, what was drawn last moves as a whole.
 */

import { h, setAttribute, suppressShortcuts } from "../dom";
import { palette, watchTheme } from "../palette";
import type { Camera, Rect, Size } from "./camera";
import { CanvasEdges, COLOURS, type Pen } from "./canvas_edges";
import { NodePen } from "./canvas_nodes";
import { frameOf, spotOf } from "./geometry";
import { type EdgeLook, FAR, type NodeLook } from "./look";
import type { Layout, Scene, StepPhase } from "./model";
import type { Painter } from "./painter";
import { GLYPHS } from "./words";

/** After so long without moving all is drawn sharply again. */
const REST_MS = 120;

interface View {
  x: number;
  y: number;
  k: number;
}

export class CanvasPainter implements Painter {
  readonly node = h("div", "na-g-canvas");
  readonly #canvas = h("canvas");
  readonly #palette = palette(COLOURS);
  /** Stands where the step is that the keyboard has reached. */
  readonly #button = suppressShortcuts(h("button", "na-g-cursor"));
  readonly #unwatch: () => void;
  readonly #newNodes = new Set<number>();
  readonly #newEdges = new Set<number>();
  #edges: CanvasEdges | null = null;
  #frames: Rect[] = [];
  #spots: [number, number][] = [];
  #looks: NodeLook[] = [];
  #view: View = { x: 0, y: 0, k: 1 };
  #room: Size = { width: 0, height: 0 };
  /** Whether what is on the canvas is of use, but for what has changed since. */
  #drawn = false;
  /** While the picture moves: what was drawn before, and from where. */
  #still: { canvas: HTMLCanvasElement; view: View } | null = null;
  #cursor: number | null = null;
  #rest: ReturnType<typeof setTimeout> | null = null;

  constructor(label: string) {
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", label);
    this.#button.type = "button";
    this.#button.hidden = true;
    this.node.append(this.#canvas, this.#button, this.#palette.node);
    this.#unwatch = watchTheme(() => this.#redraw());
  }

  build(scene: Scene, layout: Layout): void {
    this.#frames = scene.nodes.map((_, i) => frameOf(scene, layout, i));
    this.#spots = scene.edges.map((_, i) => spotOf(layout, i));
    this.#looks = [];
    this.#edges = new CanvasEdges(scene, layout);
    this.#drawn = false;
  }

  place({ x, y, k }: Camera, room: Size): void {
    const before = this.#view;
    const resized =
      room.width !== this.#room.width || room.height !== this.#room.height;
    this.#view = { x, y, k };
    this.#room = { ...room };
    this.#placeCursor();
    if (resized || !this.#drawn) this.#redraw();
    else this.#shift(before);
  }

  paintNode(index: number, look: NodeLook): void {
    this.#looks[index] = look;
    this.#newNodes.add(index);
    if (index === this.#cursor) this.#button.setAttribute("aria-label", look.name);
  }

  paintEdge(index: number, look: EdgeLook): void {
    const before = this.#edges?.looks[index];
    if (this.#edges) this.#edges.looks[index] = look;
    if (before?.mode !== look.mode) this.#newEdges.add(index);
  }

  select(index: number | null): void {
    setAttribute(this.#button, "aria-pressed", index === null ? null : "true");
  }

  setCursor(index: number, focus: boolean): void {
    this.#cursor = index;
    this.#button.hidden = false;
    this.#button.dataset.index = String(index);
    this.#button.setAttribute("aria-label", this.#looks[index]?.name ?? "");
    this.#placeCursor();
    if (focus) this.#button.focus({ preventScroll: true });
  }

  dispose(): void {
    this.#unwatch();
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.node.remove();
  }

  flush(): void {
    const { width, height } = this.#room;
    const pen = this.#canvas.getContext("2d");
    if (!pen || !width || !height || this.#still) return;
    const far = this.#view.k < FAR;
    const all = !this.#drawn || !far;
    if (all) {
      resize(this.#canvas, this.#room);
      pen.reset();
    }
    const { x, y, k } = this.#view;
    const ratio = window.devicePixelRatio || 1;
    pen.setTransform(ratio * k, 0, 0, ratio * k, ratio * x, ratio * y);
    if (far) this.#drawFar(pen, all);
    else this.#drawNear(pen);
    this.#newNodes.clear();
    this.#newEdges.clear();
    this.#drawn = true;
  }

  #redraw(): void {
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#rest = this.#still = null;
    this.#drawn = false;
    this.flush();
  }

  /** Show what was drawn before from another place, until the picture rests. */
  #shift(before: View): void {
    const pen = this.#canvas.getContext("2d");
    if (!pen) return;
    if (!this.#still) {
      const canvas = document.createElement("canvas");
      resize(canvas, this.#room);
      canvas.getContext("2d")?.drawImage(this.#canvas, 0, 0);
      this.#still = { canvas, view: before };
    }
    const { canvas, view } = this.#still;
    const ratio = window.devicePixelRatio || 1;
    const scale = this.#view.k / view.k;
    const x = (this.#view.x - view.x * scale) * ratio;
    const y = (this.#view.y - view.y * scale) * ratio;
    pen.reset();
    pen.drawImage(canvas, x, y, canvas.width * scale, canvas.height * scale);
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#redraw(), REST_MS);
  }

  #drawFar(pen: Pen, all: boolean): void {
    const colours = this.#palette.read();
    const looks = this.#edges?.looks ?? [];
    this.#edges?.draw(pen, all ? looks.keys() : this.#newEdges, colours, this.#view.k);
    const nodes = new NodePen(pen, colours, this.#view.k);
    const some = all ? this.#looks.keys() : this.#newNodes;
    for (const [phase, indexes] of this.#byPhase(some))
      nodes.drawPatches(phase, this.#framesOf(indexes), GLYPHS[phase]);
  }

  #drawNear(pen: Pen): void {
    const colours = this.#palette.read();
    const seen = this.#edges?.inSight((frame) => this.#inSight(frame)) ?? [];
    this.#edges?.draw(pen, seen, colours, this.#view.k);
    this.#edges?.drawTips(pen, seen, colours);
    const nodes = new NodePen(pen, colours, this.#view.k);
    for (const [phase, indexes] of this.#byPhase(this.#looks.keys())) {
      nodes.drawBoxes(phase, this.#framesOf(indexes));
      for (const index of indexes)
        nodes.drawWords(this.#looks[index] as NodeLook, this.#frames[index] as Rect);
    }
    for (const index of seen) {
      const look = this.#edges?.looks[index];
      const [x, y] = this.#spots[index] ?? [0, 0];
      if (look?.words) nodes.drawLabel(look.words, x, y, look.mode !== "unused");
    }
  }

  /** The nodes in sight, those alike together; what is no step as if it were one. */
  #byPhase(some: Iterable<number>): Map<StepPhase, number[]> {
    const groups = new Map<StepPhase, number[]>();
    for (const index of some) {
      const look = this.#looks[index];
      if (!look || !this.#inSight(this.#frames[index])) continue;
      const shown = look.kind === "step" ? look.phase : look.on ? "done" : "idle";
      const group = groups.get(shown);
      if (group) group.push(index);
      else groups.set(shown, [index]);
    }
    return groups;
  }

  #framesOf(indexes: number[]): Rect[] {
    return indexes.map((index) => this.#frames[index] as Rect);
  }

  #inSight(frame: Rect | undefined): boolean {
    if (!frame) return false;
    const { x, y, k } = this.#view;
    const { width, height } = this.#room;
    const [left, top] = [x + frame.x * k, y + frame.y * k];
    const [right, bottom] = [left + frame.width * k, top + frame.height * k];
    return left < width && top < height && right > 0 && bottom > 0;
  }

  #placeCursor(): void {
    const frame = this.#cursor === null ? undefined : this.#frames[this.#cursor];
    if (!frame) return;
    const { x, y, k } = this.#view;
    const { style } = this.#button;
    style.transform = `translate(${x + frame.x * k}px, ${y + frame.y * k}px)`;
    style.width = `${Math.max(6, frame.width * k)}px`;
    style.height = `${Math.max(6, frame.height * k)}px`;
  }
}

function resize(canvas: HTMLCanvasElement, { width, height }: Size): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
}
