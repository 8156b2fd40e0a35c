/** The nodes of a canvas: from afar as patches of colour, from near with their words. */

import type { Rect } from "./camera";
import type { Colours, Pen } from "./canvas_edges";
import type { NodeLook } from "./look";
import type { StepPhase } from "./model";

const FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

/** Below this scale even a glyph is too small. */
const GLYPHS_FROM = 0.12;

const DASHES: Partial<Record<StepPhase, number[]>> = {
  idle: [2, 3],
  queued: [2, 3],
  waiting: [4, 3],
  failed: [7, 3],
  retrying: [7, 3, 2, 3],
  cancelled: [1, 4],
};

const HEAVY: StepPhase[] = ["running", "waiting", "failed"];

export class NodePen {
  readonly #pen: Pen;
  readonly #colours: Colours;
  readonly #k: number;

  constructor(pen: Pen, colours: Colours, k: number) {
    this.#pen = pen;
    this.#colours = colours;
    this.#k = k;
    pen.textAlign = "left";
    pen.setLineDash([]);
  }

  /** Draw nodes of one state as patches, in the place of what was there. */
  drawPatches(phase: StepPhase, frames: Rect[], glyph: string): void {
    const pen = this.#pen;
    const line = 1 / this.#k;
    pen.fillStyle = this.#fill(phase);
    pen.strokeStyle = this.#stroke(phase);
    pen.lineWidth = line;
    pen.beginPath();
    for (const { x, y, width, height } of frames) {
      pen.clearRect(x - line, y - line, width + 2 * line, height + 2 * line);
      pen.rect(x, y, width, height);
    }
    pen.fill();
    // Only what is pale needs a border to be seen.
    const pale = phase === "idle" || phase === "queued";
    if (pale) pen.stroke();
    if (this.#k < GLYPHS_FROM || !glyph) return;
    pen.font = `600 26px ${FONT}`;
    pen.fillStyle = pale || phase === "waiting" ? this.#colours.fg : this.#colours.bg;
    pen.textAlign = "center";
    for (const { x, y, width, height } of frames)
      pen.fillText(glyph, x + width / 2, y + height / 2 + 9);
    pen.textAlign = "left";
  }

  /** Draw the boxes of nodes of one state. */
  drawBoxes(phase: StepPhase, frames: Rect[]): void {
    const pen = this.#pen;
    pen.fillStyle = phase === "waiting" ? this.#colours.warm : this.#colours.bg;
    pen.strokeStyle = phase === "idle" ? this.#colours.idle : this.#stroke(phase);
    pen.lineWidth = HEAVY.includes(phase) ? 2.2 : 1.5;
    pen.setLineDash(DASHES[phase] ?? []);
    pen.beginPath();
    for (const { x, y, width, height } of frames)
      pen.roundRect(x, y, width, height, Math.min(6, height / 2));
    pen.fill();
    pen.stroke();
    pen.setLineDash([]);
  }

  drawWords(look: NodeLook, frame: Rect): void {
    if (look.kind !== "step") {
      this.#drawPlain(look, frame);
      return;
    }
    const { x, y, width } = frame;
    const { fg, dim } = this.#colours;
    const idle = look.phase === "idle";
    this.#write(look.glyph, x + 12, y + 19, 13, idle ? dim : this.#stroke(look.phase));
    this.#write(look.label, x + 30, y + 19, 13, idle ? dim : fg);
    this.#write(look.line, x + 12, y + 36, 11, dim);
    this.#pen.textAlign = "right";
    this.#write(look.many, x + width - 12, y + 19, 11, dim);
    this.#pen.textAlign = "left";
    if (look.dots) this.#drawDots(look.dots, x + width, y + 15);
  }

  #drawPlain({ kind, label }: NodeLook, { x, y, width, height }: Rect): void {
    const round = kind === "start" || kind === "stop";
    const below = round ? height + 13 : height / 2 + 4;
    this.#pen.textAlign = "center";
    this.#write(label, x + width / 2, y + below, round ? 11 : 12, this.#colours.dim);
    this.#pen.textAlign = "left";
  }

  #drawDots([running, workers]: [number, number], right: number, y: number): void {
    const pen = this.#pen;
    pen.fillStyle = pen.strokeStyle = this.#colours.running;
    pen.lineWidth = 1;
    for (let i = 0; i < workers; i += 1) {
      pen.beginPath();
      pen.arc(right - 16 - 9 * (workers - 1 - i), y, 3, 0, 7);
      if (i < running) pen.fill();
      else pen.stroke();
    }
  }

  drawLabel(words: string, x: number, y: number, used: boolean): void {
    const width = words.length * 6.2 + 6;
    this.#pen.fillStyle = this.#colours.bg;
    this.#pen.fillRect(x - width / 2, y - 7, width, 14);
    this.#pen.textAlign = "center";
    this.#write(words, x, y + 4, 11, used ? this.#colours.fg : this.#colours.dim);
    this.#pen.textAlign = "left";
  }

  #write(text: string, x: number, y: number, size: number, colour: string): void {
    if (!text) return;
    this.#pen.font = `${size}px ${FONT}`;
    this.#pen.fillStyle = colour;
    this.#pen.fillText(text, x, y);
  }

  #stroke(phase: StepPhase): string {
    const { done, failed, running, waiting, used } = this.#colours;
    const known: Partial<Record<StepPhase, string>> = {
      done,
      failed,
      running,
      waiting,
    };
    return known[phase] ?? used;
  }

  #fill(phase: StepPhase): string {
    if (phase === "idle") return this.#colours.bg;
    return phase === "queued" ? this.#colours.idle : this.#stroke(phase);
  }
}
