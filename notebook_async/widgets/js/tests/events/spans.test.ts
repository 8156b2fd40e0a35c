import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  drawFoot,
  drawLanes,
  LANE_HEIGHT,
  LOOP_HEIGHT,
} from "../../src/events/lane_painter";
import type { Colours } from "../../src/events/lane_scene";
import { RIGHT, type Scene, timeOf, xOf } from "../../src/events/lane_scene";
import { REST_MS, spanCursor } from "../../src/events/span_cursor";
import { readBlocks, readLanes, spanAt } from "../../src/events/spans";
import { timeWindow } from "../../src/events/time_window";
import { lanes } from "./fake";

describe("lanes as they come", () => {
  test("are spans with times, phases, sizes and numbers", () => {
    const [one, two] = readLanes(lanes());
    expect(one?.spans).toEqual([
      { start: 0, end: 2, phase: "done", size: 1, number: 7 },
      { start: 3, end: 5, phase: "failed", size: 1, number: 9 },
    ]);
    expect(two?.spans[1]).toEqual({
      start: 4,
      end: 10,
      phase: "running",
      size: 1,
      number: -1,
    });
    expect([one?.label, one?.tip]).toEqual(["read 1", "read 1 · job-1"]);
  });

  test("what is cut off or unknown does no harm", () => {
    const [one] = readLanes(lanes({ lanes: [["a", "b", [0, 10, 99, 1, 1, 5, 5]]] }));
    expect(one?.spans).toHaveLength(1);
    expect(one?.spans[0]?.phase).toBe("idle");
  });

  test("a time finds its span, or one nearby", () => {
    const spans = readLanes(lanes())[0]?.spans ?? [];
    expect([0, 1.9, 2.2, 2.9, 4, 6].map((at) => spanAt(spans, at, 0))).toEqual([
      0, 0, -1, -1, 1, -1,
    ]);
    expect([2.2, 2.9, 6].map((at) => spanAt(spans, at, 0.5))).toEqual([0, 1, -1]);
    expect(spanAt([], 1, 9)).toBe(-1);
  });
});

describe("the window of a timeline", () => {
  const make = () => {
    const window = timeWindow();
    window.ended = 100;
    return window;
  };

  test("is all there is, and grows with it", () => {
    const window = make();
    expect([window.start, window.end, window.whole, window.padded]).toEqual([
      0,
      100,
      true,
      null,
    ]);
    window.ended = 200;
    expect(window.end).toBe(200);
    window.pan(5);
    expect(window.whole).toBe(true);
  });

  test("zooms about a time, which stays where it is", () => {
    const window = make();
    window.zoom(4, 25);
    expect([window.start, window.end]).toEqual([18.75, 43.75]);
    expect((25 - window.start) / window.span).toBeCloseTo(0.25);
    window.zoom(0.01, 25);
    expect(window.whole).toBe(true);
  });

  test("pans within what there is", () => {
    const window = make();
    window.zoom(4, 50);
    window.pan(1000);
    expect([window.start, window.end]).toEqual([75, 100]);
    window.pan(-1000);
    expect([window.start, window.end]).toEqual([0, 25]);
  });

  test("brings a time into sight, if it is not", () => {
    const window = make();
    window.zoom(10, 0);
    expect([window.reveal(5), window.start]).toEqual([false, 0]);
    expect([window.reveal(50), window.start]).toEqual([true, 48]);
    expect([window.reveal(20), window.start]).toEqual([true, 12]);
    window.fit();
    expect(window.reveal(20)).toBe(false);
  });

  test("asks for some more at both sides, in steps", () => {
    const window = make();
    window.zoom(5, 50);
    const first = window.padded;
    expect(first).toEqual([30, 70]);
    window.pan(1);
    window.pan(1);
    expect(window.padded).toEqual([30, 75]);
    window.pan(-99);
    expect(window.padded?.[0]).toBe(0);
  });

  test("never shrinks to nothing", () => {
    const window = make();
    for (let i = 0; i < 200; i += 1) window.zoom(4, 50);
    expect(window.span).toBeGreaterThan(0);
  });
});

describe("what is pointed at", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function make() {
    const ask = vi.fn();
    const changed = vi.fn();
    const cursor = spanCursor(ask, changed);
    cursor.renew(readLanes(lanes()), 0, readBlocks(lanes().loop));
    return { cursor, ask, changed };
  }

  test("is named with its phase, its time and how long it took", () => {
    const { cursor } = make();
    expect(cursor.words("2 lanes")).toBe("2 lanes");
    cursor.point(0, 4, 0);
    expect(cursor.words("")).toBe("read 1 · job-1 · ✕ failed · at 0:03.000, 2.00 s");
    cursor.point(1, 2, 0);
    expect(cursor.words("")).toContain("✓ 3 calls, done");
    cursor.point(1, 9, 0);
    expect(cursor.words("")).toContain("▶ running");
    cursor.point(null, 4.5, 0);
    expect(cursor.words("")).toBe(
      "loop · blocked 1.00 s · cell [7] line 12 · at 0:04.000, 1.00 s",
    );
    cursor.leave();
    expect([cursor.spot, cursor.words("all")]).toEqual([null, "all"]);
  });

  test("is asked about once it rests, and once only", () => {
    const { cursor, ask, changed } = make();
    cursor.point(0, 1, 0);
    cursor.point(0, 4, 0);
    vi.advanceTimersByTime(REST_MS);
    expect(ask.mock.calls).toEqual([[9]]);
    cursor.know(9, "#3 'd' · ValueError");
    expect(cursor.words("")).toContain("#3 'd' · ValueError");
    cursor.point(0, 1, 0);
    cursor.point(0, 4, 0);
    vi.advanceTimersByTime(REST_MS);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(changed).toHaveBeenCalled();
    // Several calls, and what goes on, have no record of their own.
    cursor.point(1, 2, 0);
    vi.advanceTimersByTime(REST_MS);
    cursor.point(1, 9, 0);
    vi.advanceTimersByTime(REST_MS);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  test("keys go along a lane and across, to the loop below", () => {
    const { cursor } = make();
    const at = () => [cursor.spot?.lane, cursor.spot?.span.start];
    expect(cursor.key("ArrowRight", 3.5)).toBe(true);
    expect(at()).toEqual([0, 3]);
    cursor.key("ArrowRight", 0);
    expect(at()).toEqual([0, 3]);
    cursor.key("ArrowLeft", 0);
    expect(at()).toEqual([0, 0]);
    cursor.key("ArrowLeft", 0);
    expect(at()).toEqual([0, 0]);
    cursor.key("End", 0);
    cursor.key("ArrowDown", 0);
    expect(at()).toEqual([1, 4]);
    cursor.key("ArrowDown", 0);
    expect(at()).toEqual([null, 4]);
    cursor.key("ArrowDown", 0);
    expect(at()).toEqual([null, 4]);
    cursor.key("ArrowUp", 0);
    cursor.key("Home", 0);
    expect(at()).toEqual([1, 1]);
    expect(cursor.key("x", 0)).toBe(false);
  });

  test("stays when other lanes come, and goes when they are gone", () => {
    const { cursor } = make();
    cursor.point(0, 4, 0);
    cursor.renew(readLanes(lanes()), 0, []);
    expect(cursor.spot?.span.start).toBe(3);
    cursor.renew([], 0, []);
    expect(cursor.spot).toBeNull();
    expect(cursor.key("ArrowRight", 0)).toBe(true);
    expect(cursor.spot).toBeNull();
  });
});

/** A pen that notes what it fills, in which colour and how strongly. */
function canvasWithPen() {
  const filled: { colour: string; x: number; width: number; alpha: number }[] = [];
  const words: string[] = [];
  let box: number[] = [];
  let strokes = 0;
  const pen = {
    globalAlpha: 1,
    fillStyle: "",
    measureText: (text: string) => ({ width: text.length * 6 }),
    fillRect(x: number, _y: number, width: number) {
      filled.push({ colour: this.fillStyle, x, width, alpha: this.globalAlpha });
    },
    roundRect(...sizes: number[]) {
      box = sizes;
    },
    fill() {
      const [x = 0, , width = 0] = box;
      filled.push({ colour: this.fillStyle, x, width, alpha: this.globalAlpha });
    },
    fillText: (text: string) => words.push(text),
    stroke: () => {
      strokes += 1;
    },
  };
  const nothing = () => {};
  const names = "setTransform clearRect beginPath moveTo lineTo save restore clip rect";
  for (const name of `${names} strokeText`.split(" "))
    Object.assign(pen, { [name]: nothing });
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { getContext: () => pen });
  return { canvas, filled, words, strokes: () => strokes };
}

const colours = new Proxy({} as Colours, { get: (_, name) => String(name) });

function scene(some: Partial<Scene> = {}): Scene {
  const ends = { start: 0, end: 10, now: 10 };
  return {
    width: 100 + 1000 + RIGHT,
    left: 100,
    ...ends,
    moment: null,
    kept: null,
    colours,
    ...some,
  };
}

describe("drawing", () => {
  const all = readLanes(lanes());
  const blocks = readBlocks(lanes().loop);
  const ofPhase = (filled: { colour: string; alpha: number }[], colour: string) =>
    filled.filter((one) => one.colour === colour);

  test("times and pixels are two ways to say the same", () => {
    expect([xOf(scene(), 0), xOf(scene(), 10)]).toEqual([100, 1100]);
    expect(timeOf(scene(), xOf(scene(), 3.5))).toBeCloseTo(3.5);
  });

  test("spans have the colour of their phase, at their times", () => {
    const { canvas, filled, words, strokes } = canvasWithPen();
    drawLanes(canvas, scene(), all, [], 0, 200);
    expect(ofPhase(filled, "done")).toEqual([
      { colour: "done", x: 100, width: 199, alpha: 1 },
      { colour: "done", x: 200, width: 299, alpha: 1 },
    ]);
    expect(ofPhase(filled, "failed")[0]).toMatchObject({ x: 400, width: 199 });
    expect(ofPhase(filled, "running")[0]).toMatchObject({ x: 500, width: 599 });
    expect(words).toContain("read 1");
    // Beside the colour: stripes, and a glyph where there is room.
    expect(strokes()).toBe(2);
    expect(words).toContain("✕");
    expect(words).not.toContain("✓");
  });

  test("at a moment, what went on then is running, and the rest is faint", () => {
    const { canvas, filled } = canvasWithPen();
    drawLanes(canvas, scene({ moment: 4 }), all, [], 0, 200);
    expect(ofPhase(filled, "failed")).toMatchObject([{ x: 500, alpha: 0.22 }]);
    expect(ofPhase(filled, "running")).toMatchObject([
      { x: 400, width: 99, alpha: 1 },
      { x: 500, alpha: 0.22 },
    ]);
  });

  test("a filter by phase fades the others", () => {
    const { canvas, filled } = canvasWithPen();
    drawLanes(canvas, scene({ kept: new Set(["failed"]) }), all, [], 0, 200);
    expect(ofPhase(filled, "done").map(({ alpha }) => alpha)).toEqual([0.15, 0.15]);
    expect(ofPhase(filled, "failed")).toMatchObject([{ alpha: 1 }]);
  });

  test("what goes on reaches to now", () => {
    const { canvas, filled } = canvasWithPen();
    drawLanes(canvas, scene({ end: 20, now: 15 }), all, [], 0, 200);
    expect(ofPhase(filled, "running")[0]).toMatchObject({ x: 300, width: 549 });
  });

  test("lanes out of sight, and spans out of the window, are not drawn", () => {
    const { canvas, filled, words } = canvasWithPen();
    drawLanes(canvas, scene({ start: 6, end: 8 }), all, [], -LANE_HEIGHT, LANE_HEIGHT);
    expect(words).toContain("read 2");
    expect(ofPhase(filled, "done")).toEqual([]);
    const other = canvasWithPen();
    drawLanes(other.canvas, scene(), all, [], 500, 200);
    expect(other.words).toEqual([]);
  });

  test("a block is a band through all lanes, and says where it was", () => {
    const { canvas, filled } = canvasWithPen();
    drawLanes(canvas, scene(), [], blocks, 0, 200);
    expect(filled).toEqual([{ colour: "failed", x: 500, width: 100, alpha: 0.14 }]);
    const foot = canvasWithPen();
    drawFoot(foot.canvas, scene(), blocks);
    expect(foot.words).toContain("blocked 1.00 s · cell [7] line 12");
    expect(foot.words).toEqual(expect.arrayContaining(["loop", "0:00", "0:10"]));
    const before = canvasWithPen();
    drawFoot(before.canvas, scene({ moment: 3 }), blocks);
    expect(before.words).not.toContain("blocked 1.00 s · cell [7] line 12");
    expect(foot.canvas.height).toBe(LOOP_HEIGHT + 20);
  });

  test("words about blocks do not lie on each other", () => {
    const many = readBlocks([
      [1, 1.1, 1, 1, "short one"],
      [1.2, 4, 1, 2, "long one"],
      [9.8, 10, 1, 3, "at the end"],
    ]);
    const { canvas, words } = canvasWithPen();
    drawFoot(canvas, scene(), many);
    expect(words).toContain("long one");
    expect(words).toContain("at the end");
  });

  test("long labels keep their ends, which tell workers apart", () => {
    const long = readLanes(
      lanes({ lanes: [["a_step_with_a_very_long_name 12", "tip", []]] }),
    );
    const { canvas, words } = canvasWithPen();
    drawLanes(canvas, scene(), long, [], 0, 200);
    expect(words[0]).toMatch(/^a_.*… 12$/);
  });

  test("without a context nothing is drawn", () => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { getContext: () => null });
    drawLanes(canvas, scene(), all, blocks, 0, 100);
    drawFoot(canvas, scene(), blocks);
  });
});
