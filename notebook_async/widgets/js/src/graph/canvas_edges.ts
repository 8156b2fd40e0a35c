/** The edges of a canvas: their paths, and what is seen of them. */

import type { Rect } from "./camera";
import { pathOf, TIP_PATH, type Tip, tipOf } from "./geometry";
import type { EdgeLook, EdgeMode } from "./look";
import type { Layout, Scene } from "./model";

export type Pen = CanvasRenderingContext2D;

/** The colours of the style sheet that are drawn with. */
export const COLOURS = [
  "bg",
  "fg",
  "dim",
  "used",
  "idle",
  "done",
  "failed",
  "running",
  "waiting",
  "warm",
] as const;
export type ColourName = (typeof COLOURS)[number];
export type Colours = Record<ColourName, string>;

export class CanvasEdges {
  readonly looks: EdgeLook[] = [];
  readonly #paths: Path2D[];
  readonly #tips: Tip[];
  readonly #frames: Rect[];

  constructor(scene: Scene, layout: Layout) {
    this.#paths = scene.edges.map((_, i) => new Path2D(pathOf(scene, layout, i)));
    this.#tips = scene.edges.map((_, i) => tipOf(scene, layout, i));
    this.#frames = scene.edges.map((_, i) => frameOf(layout.routes[i] ?? []));
  }

  /** Those of which a part may be in sight. */
  inSight(seen: (frame: Rect) => boolean): number[] {
    return [...this.#frames.keys()].filter((i) => seen(this.#frames[i] as Rect));
  }

  /** Draw lines, those alike together; those that shine above the others. */
  draw(pen: Pen, some: Iterable<number>, colours: Colours, k: number): void {
    const paths: Record<EdgeMode, Path2D> = {
      unused: new Path2D(),
      used: new Path2D(),
      lit: new Path2D(),
    };
    for (const index of some) {
      const path = this.#paths[index];
      const mode = this.looks[index]?.mode;
      if (path && mode) paths[mode].addPath(path);
    }
    // As thick as each other, so that one covers what was there before.
    pen.lineWidth = Math.max(1.5, 0.8 / k);
    for (const mode of ["unused", "used", "lit"] as const) {
      pen.strokeStyle = colourOf(mode, colours);
      pen.stroke(paths[mode]);
    }
  }

  drawTips(pen: Pen, some: Iterable<number>, colours: Colours): void {
    const head = new Path2D(TIP_PATH);
    for (const index of some) {
      const { x, y, angle } = this.#tips[index] as Tip;
      pen.fillStyle = colourOf(this.looks[index]?.mode ?? "unused", colours);
      pen.save();
      pen.translate(x, y);
      pen.rotate((angle * Math.PI) / 180);
      pen.fill(head);
      pen.restore();
    }
  }
}

function colourOf(mode: EdgeMode, { idle, used, running }: Colours): string {
  return { unused: idle, used, lit: running }[mode];
}

function frameOf(route: number[]): Rect {
  const xs = route.filter((_, i) => i % 2 === 0);
  const ys = route.filter((_, i) => i % 2 === 1);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}
