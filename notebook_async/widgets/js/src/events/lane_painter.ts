/** Draws lanes on a canvas: colour, pattern and glyph tell what a span came to. */

import { RIGHT, type Scene, xOf } from "./lane_scene";
import { GLYPHS, type Phase } from "./model";
import type { Block, Lane, Span } from "./spans";
import { fineClock, ticks } from "./time";

export const LANE_HEIGHT = 18;
export const LOOP_HEIGHT = 20;
export const AXIS_HEIGHT = 20;
const BAR_HEIGHT = 12;
/** What failed stands out by its height too. */
const TALL = 16;
const FONT = "11px system-ui, sans-serif";
const LATER = 0.22;
const FADED = 0.15;

/** Which way the stripes of what has not ended well go, or of what has not ended. */
const SLANTS: Partial<Record<Phase, number>> = {
  failed: 1,
  running: -1,
  retrying: -1,
  waiting: 0,
};

type Pen = CanvasRenderingContext2D;

/** Draw lanes, the first of them at `y`. */
export function drawLanes(
  canvas: HTMLCanvasElement,
  scene: Scene,
  lanes: Lane[],
  blocks: Block[],
  y: number,
  height: number,
): void {
  const pen = begin(canvas, scene.width, height);
  if (!pen) return;
  lanes.forEach(({ label, spans }, i) => {
    const top = y + i * LANE_HEIGHT;
    if (top > height || top < -LANE_HEIGHT) return;
    drawLane(pen, scene, label, spans, top + LANE_HEIGHT / 2);
  });
  drawHolds(pen, scene, blocks, height);
}

/** Draw the lane of the loop, and the axis below it. */
export function drawFoot(
  canvas: HTMLCanvasElement,
  scene: Scene,
  blocks: Block[],
): void {
  const pen = begin(canvas, scene.width, LOOP_HEIGHT + AXIS_HEIGHT);
  if (!pen) return;
  drawLane(pen, scene, "loop", blocks, LOOP_HEIGHT / 2);
  drawBlockWords(pen, scene, blocks, LOOP_HEIGHT / 2);
  drawAxis(pen, scene, LOOP_HEIGHT);
}

function begin(canvas: HTMLCanvasElement, width: number, height: number): Pen | null {
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  // Assigning clears it, even where nothing changes.
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) {
    canvas.height = high;
    canvas.style.height = `${height}px`;
  }
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = FONT;
  pen.textBaseline = "middle";
  return pen;
}

function drawLane(
  pen: Pen,
  scene: Scene,
  label: string,
  spans: readonly Span[],
  middle: number,
): void {
  const { left, width, colours } = scene;
  pen.fillStyle = colours.dim;
  pen.textAlign = "left";
  pen.fillText(fitted(pen, label, left - 16), 10, middle);
  pen.fillStyle = colours.soft;
  pen.fillRect(left, middle - BAR_HEIGHT / 2, width - left - RIGHT, BAR_HEIGHT);
  for (const span of spans) drawSpan(pen, scene, span, middle);
}

/** As much of a text as there is room for. */
function fitted(pen: Pen, text: string, room: number): string {
  if (pen.measureText(text).width <= room) return text;
  // The end tells workers apart: it stays.
  const tail = text.slice(text.lastIndexOf(" "));
  let head = text.slice(0, text.length - tail.length);
  while (head.length > 1 && pen.measureText(`${head}…${tail}`).width > room)
    head = head.slice(0, -1);
  return `${head}…${tail}`;
}

function drawSpan(pen: Pen, scene: Scene, span: Span, middle: number): void {
  const { moment, kept, now } = scene;
  const { start, phase } = span;
  const end = span.number < 0 ? Math.max(span.end, now) : span.end;
  if (end < scene.start || start > scene.end) return;
  const faded = kept && !kept.has(phase) ? FADED : 0;
  if (moment === null || end <= moment) {
    drawBar(pen, scene, start, end, phase, middle, faded || 1);
    return;
  }
  // Then nobody knew yet what it would come to.
  drawBar(pen, scene, Math.max(start, moment), end, phase, middle, faded || LATER);
  if (start < moment) drawBar(pen, scene, start, moment, "running", middle, faded || 1);
}

function drawBar(
  pen: Pen,
  scene: Scene,
  start: number,
  end: number,
  phase: Phase,
  middle: number,
  alpha: number,
): void {
  const { colours } = scene;
  const x = Math.max(scene.left, xOf(scene, start));
  const long = Math.min(scene.width - RIGHT, xOf(scene, end)) - x;
  // A gap parts those that follow each other.
  const width = Math.max(1, long > 4 ? long - 1 : long);
  const height = phase === "failed" ? TALL : BAR_HEIGHT;
  const top = middle - height / 2;
  pen.globalAlpha = alpha;
  pen.fillStyle = colours[phase];
  pen.beginPath();
  pen.roundRect(x, top, width, height, width < 5 ? 0 : 2);
  pen.fill();
  if (width >= 5) drawStripes(pen, scene, phase, x, top, width, height);
  // What went well is the rule, and needs no sign.
  if (width >= 16 && alpha === 1 && phase !== "done") {
    pen.fillStyle = colours.bg;
    pen.strokeStyle = colours[phase];
    pen.lineWidth = 3;
    pen.textAlign = "center";
    pen.strokeText(GLYPHS[phase], x + 8, middle + 0.5);
    pen.fillText(GLYPHS[phase], x + 8, middle + 0.5);
  }
  pen.globalAlpha = 1;
}

function drawStripes(
  pen: Pen,
  scene: Scene,
  phase: Phase,
  x: number,
  top: number,
  width: number,
  height: number,
): void {
  const slant = SLANTS[phase];
  if (slant === undefined) return;
  pen.save();
  pen.beginPath();
  pen.rect(x, top, width, height);
  pen.clip();
  pen.globalAlpha *= 0.3;
  pen.strokeStyle = scene.colours.bg;
  pen.lineWidth = 2;
  pen.beginPath();
  const step = phase === "running" ? 9 : 6;
  for (let from = x - height; from < x + width + height; from += step) {
    pen.moveTo(from, top);
    pen.lineTo(from + slant * height, top + height);
  }
  pen.stroke();
  pen.restore();
}

/** The blocks that are in sight, and had begun by the moment. */
function blocksSeen({ start, end, moment }: Scene, blocks: Block[]): Block[] {
  return blocks.filter(
    (one) =>
      one.end > start && one.start < end && (moment === null || one.start <= moment),
  );
}

/** The times in which the loop was held, through all lanes: nobody could go on then. */
function drawHolds(pen: Pen, scene: Scene, blocks: Block[], height: number): void {
  pen.fillStyle = scene.colours.failed;
  pen.globalAlpha = 0.14;
  for (const { start, end } of blocksSeen(scene, blocks)) {
    const x = Math.max(scene.left, xOf(scene, start));
    const right = Math.min(scene.width - RIGHT, xOf(scene, end));
    pen.fillRect(x, 0, Math.max(1, right - x), height);
  }
  pen.globalAlpha = 1;
}

function drawBlockWords(pen: Pen, scene: Scene, blocks: Block[], middle: number): void {
  const places = (block: Block): [number, number] => [
    xOf(scene, block.start),
    xOf(scene, block.end),
  ];
  const taken = blocks.map(places);
  // The longest first: where there is no room for all, those matter most.
  const seen = blocksSeen(scene, blocks);
  seen.sort((a, b) => b.end - b.start - (a.end - a.start));
  pen.fillStyle = scene.colours["failed-text"];
  pen.textAlign = "left";
  for (const block of seen) {
    const size = pen.measureText(block.words).width;
    const [left, right] = places(block);
    const x = [right + 5, left - 5 - size].find(
      (from) =>
        from >= scene.left &&
        from + size <= scene.width &&
        taken.every(([a, b]) => from + size < a || from > b),
    );
    if (x === undefined) continue;
    taken.push([x, x + size]);
    pen.fillText(block.words, x, middle);
  }
}

function drawAxis(pen: Pen, scene: Scene, top: number): void {
  const { left, width, start, end, colours } = scene;
  const { times, digits } = ticks(start, end, Math.floor((width - left) / 90));
  pen.fillStyle = colours.dim;
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  pen.textAlign = "center";
  pen.beginPath();
  for (const at of times) {
    const x = Math.round(xOf(scene, at)) + 0.5;
    pen.moveTo(x, top);
    pen.lineTo(x, top + 4);
    const words = fineClock(at, digits);
    const half = pen.measureText(words).width / 2;
    pen.fillText(words, Math.min(Math.max(x, left + half), width - half - 2), top + 12);
  }
  pen.stroke();
}
