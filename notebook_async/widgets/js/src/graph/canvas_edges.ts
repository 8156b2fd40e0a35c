/** The edges of a canvas, kept as a bitmap: only what has changed is drawn on it, and all
 * of it anew once the picture was moved and rests. */

import type { Size } from "./camera";
import { pathOf, TIP_PATH, type Tip, tipOf } from "./geometry";
import type { EdgeLook } from "./look";
import type { Layout, Scene } from "./model";
import type { Colours } from "./palette";

export interface View {
  x: number;
  y: number;
  k: number;
}

export type Pen = CanvasRenderingContext2D;

export class CanvasEdges {
  readonly #bitmap = document.createElement("canvas");
  readonly #fresh = new Set<number>();
  #paths: Path2D[] = [];
  #tips: Tip[] = [];
  #looks: EdgeLook[] = [];
  /** How the bitmap was drawn; null: not yet, or not as it should be. */
  #drawn: View | null = null;

  build(scene: Scene, layout: Layout): void {
    this.#paths = scene.edges.map((_, i) => new Path2D(pathOf(scene, layout, i)));
    this.#tips = scene.edges.map((_, i) => tipOf(scene, layout, i));
    this.#looks = [];
    this.invalidate();
  }

  get looks(): readonly EdgeLook[] {
    return this.#looks;
  }

  set(index: number, look: EdgeLook): void {
    const before = this.#looks[index];
    this.#looks[index] = look;
    if ((before?.mode === "unused") === (look.mode === "unused")) return;
    // What is unused again, in a run wound back, must go from the bitmap.
    if (look.mode === "unused" && before) this.invalidate();
    this.#fresh.add(index);
  }

  /** Whether the bitmap is of use at all. */
  get isDrawn(): boolean {
    return this.#drawn !== null;
  }

  invalidate(): void {
    this.#drawn = null;
  }

  /** Draw them all as they are seen from `view`. */
  draw(pen: Pen, view: View, room: Size, ratio: number, colours: Colours): void {
    if (!this.#drawn) {
      resize(this.#bitmap, room, ratio);
      this.#bitmap.getContext("2d")?.reset();
      this.#drawn = { ...view };
      this.#add(this.#looks.keys(), ratio, colours);
    } else if (this.#fresh.size) this.#add(this.#fresh, ratio, colours);
    this.#fresh.clear();
    const scale = view.k / this.#drawn.k;
    const x = (view.x - this.#drawn.x * scale) * ratio;
    const y = (view.y - this.#drawn.y * scale) * ratio;
    const { width, height } = this.#bitmap;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.drawImage(this.#bitmap, x, y, width * scale, height * scale);
    setView(pen, view, ratio);
    this.#drawLit(pen, view, colours);
  }

  #add(some: Iterable<number>, ratio: number, colours: Colours): void {
    const pen = this.#bitmap.getContext("2d");
    const view = this.#drawn;
    if (!pen || !view) return;
    setView(pen, view, ratio);
    const unused = new Path2D();
    const used = new Path2D();
    for (const index of some) {
      const path = this.#paths[index];
      const mode = this.#looks[index]?.mode;
      if (path && mode) (mode === "unused" ? unused : used).addPath(path);
    }
    pen.lineWidth = Math.max(1, 0.6 / view.k);
    pen.strokeStyle = colours.line;
    pen.stroke(unused);
    pen.lineWidth = Math.max(1.4, 0.8 / view.k);
    pen.strokeStyle = colours.used;
    pen.stroke(used);
  }

  #drawLit(pen: Pen, view: View, colours: Colours): void {
    const lit = new Path2D();
    this.#looks.forEach(({ mode }, index) => {
      const path = this.#paths[index];
      if (mode === "lit" && path) lit.addPath(path);
    });
    pen.lineWidth = Math.max(2, 1.2 / view.k);
    pen.strokeStyle = colours.running;
    pen.stroke(lit);
  }

  /** Draw the heads of those that `seen` says are in sight. */
  drawTips(pen: Pen, colours: Colours, seen: (x: number, y: number) => boolean): void {
    const head = new Path2D(TIP_PATH);
    this.#tips.forEach(({ x, y, angle }, index) => {
      if (!seen(x, y)) return;
      const mode = this.#looks[index]?.mode;
      const { line, used, running } = colours;
      pen.fillStyle = mode === "lit" ? running : mode === "used" ? used : line;
      pen.save();
      pen.translate(x, y);
      pen.rotate((angle * Math.PI) / 180);
      pen.fill(head);
      pen.restore();
    });
  }
}

export function setView(pen: Pen, { x, y, k }: View, ratio: number): void {
  pen.setTransform(ratio * k, 0, 0, ratio * k, ratio * x, ratio * y);
}

export function resize(canvas: HTMLCanvasElement, room: Size, ratio: number): void {
  const [width, height] = [room.width * ratio, room.height * ratio].map(Math.round);
  // Assigning clears it, even where nothing changes.
  if (canvas.width !== width) canvas.width = width ?? 0;
  if (canvas.height !== height) canvas.height = height ?? 0;
}
