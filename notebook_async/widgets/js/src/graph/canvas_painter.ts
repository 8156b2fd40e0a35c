/** Draws a scene on a canvas, for as many nodes as no document could keep up with.
 *
 * Nodes are drawn anew each time, those alike together; the edges are a bitmap.
 */

import { h, suppressShortcuts } from "../dom";
import type { Camera, Rect, Size } from "./camera";
import { CanvasEdges, type Pen, resize, setView, type View } from "./canvas_edges";
import { NodePen } from "./canvas_nodes";
import { frameOf, spotOf } from "./geometry";
import { type EdgeLook, FAR, type NodeLook } from "./look";
import type { Layout, Scene, StepPhase } from "./model";
import type { Painter } from "./painter";
import { Palette, watchTheme } from "./palette";
import { GLYPHS } from "./words";

/** After so long without moving the edges are drawn sharply again. */
const REST_MS = 120;

export class CanvasPainter implements Painter {
  readonly node = h("div", "na-g-canvas");
  readonly #canvas = h("canvas");
  readonly #palette = new Palette();
  readonly #edges = new CanvasEdges();
  /** Stands where the step is that the keyboard has reached. */
  readonly #button = suppressShortcuts(h("button", "na-g-cursor"));
  readonly #unwatch: () => void;
  #frames: Rect[] = [];
  #spots: [number, number][] = [];
  #looks: NodeLook[] = [];
  #view: View = { x: 0, y: 0, k: 1 };
  #room: Size = { width: 0, height: 0 };
  #cursor: number | null = null;
  #selected: number | null = null;
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
    this.#edges.build(scene, layout);
  }

  place({ x, y, k }: Camera, room: Size): void {
    const { width, height } = this.#room;
    this.#view = { x, y, k };
    this.#room = { ...room };
    this.#placeCursor();
    if (room.width !== width || room.height !== height) this.#edges.invalidate();
    else if (this.#edges.isDrawn)
      this.#rest ??= setTimeout(() => {
        this.#rest = null;
        this.#redraw();
      }, REST_MS);
    this.flush();
  }

  paintNode(index: number, look: NodeLook): void {
    this.#looks[index] = look;
    if (index === this.#cursor) this.#button.setAttribute("aria-label", look.name);
  }

  paintEdge(index: number, look: EdgeLook): void {
    this.#edges.set(index, look);
  }

  select(index: number | null): void {
    this.#selected = index;
    this.flush();
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
    const pen = this.#canvas.getContext("2d");
    if (!pen || !this.#room.width || !this.#room.height) return;
    const ratio = window.devicePixelRatio || 1;
    const colours = this.#palette.read();
    resize(this.#canvas, this.#room, ratio);
    pen.reset();
    this.#edges.draw(pen, this.#view, this.#room, ratio, colours);
    setView(pen, this.#view, ratio);
    const nodes = new NodePen(pen, colours, this.#view.k);
    if (this.#view.k < FAR) this.#drawFar(nodes);
    else this.#drawNear(nodes, pen);
    const selected = this.#selected === null ? undefined : this.#frames[this.#selected];
    if (selected) nodes.drawSelected(selected);
  }

  #redraw(): void {
    this.#edges.invalidate();
    this.flush();
  }

  #drawFar(pen: NodePen): void {
    for (const [phase, indexes] of this.#byPhase())
      pen.drawFar(phase, this.#framesOf(indexes), GLYPHS[phase]);
  }

  #drawNear(nodes: NodePen, pen: Pen): void {
    const seen = (x: number, y: number) =>
      this.#inSight({ x: x - 8, y: y - 8, width: 16, height: 16 });
    this.#edges.drawTips(pen, this.#palette.read(), seen);
    for (const [phase, indexes] of this.#byPhase()) {
      nodes.drawBoxes(phase, this.#framesOf(indexes));
      for (const index of indexes) {
        const [look, frame] = [this.#looks[index], this.#frames[index]];
        if (look && frame) nodes.drawWords(look, frame);
      }
    }
    this.#spots.forEach(([x, y], index) => {
      const look = this.#edges.looks[index];
      const frame = { x: x - 60, y: y - 8, width: 120, height: 16 };
      if (look?.words && this.#inSight(frame))
        nodes.drawLabel(look.words, x, y, look.mode !== "unused");
    });
  }

  /** The nodes in sight, those alike together; what is no step as if it were one. */
  #byPhase(): Map<StepPhase, number[]> {
    const groups = new Map<StepPhase, number[]>();
    this.#looks.forEach(({ kind, phase, on }, index) => {
      if (!this.#inSight(this.#frames[index])) return;
      const shown = kind === "step" ? phase : on ? "done" : "idle";
      const group = groups.get(shown);
      if (group) group.push(index);
      else groups.set(shown, [index]);
    });
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
