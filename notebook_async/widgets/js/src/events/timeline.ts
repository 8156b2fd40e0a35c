/** The timeline: one lane per worker, the loop below, and the moment as a line. */

import { h, setHidden, setText } from "../dom";
import { watchGestures } from "../gestures";
import { button, control, make, on, onKeys } from "../make";
import { palette, watchTheme } from "../palette";
import { drawFoot, drawLanes, LANE_HEIGHT } from "./lane_painter";
import { COLOURS, type Colours, RIGHT, type Scene, timeOf, xOf } from "./lane_scene";
import type { LanesAnswer } from "./model";
import { spanCursor } from "./span_cursor";
import { type Block, type Lane, readBlocks, readLanes } from "./spans";
import type { EventStore } from "./store";
import { timeWindow } from "./time_window";
import type { Part, View } from "./view";

const MOST_LEFT = 120;

/** Lanes asked for above and below those in sight. */
const MARGIN = 4;
const MOST_PIXELS = 4000;
const ZOOM = 1.5;

/** Pixels beside a span that still mean it. */
const NEAR = 4;

const LABEL =
  "lanes of workers; arrows go from span to span, + and - zoom, space goes to its" +
  " moment, Enter opens it in the log";

export function timelineTab(store: EventStore, view: View): Part {
  const window = timeWindow();
  const canvas = h("canvas", "na-lanes-canvas");
  const spacer = h("div", "na-v-spacer");
  const scroller = h("div", "na-lanes", canvas, spacer);
  const foot = h("canvas", "na-foot-canvas");
  const line = h("div", "na-moment");
  const frame = h("div", "na-span-frame");
  const attributes = { tabindex: "0", role: "application", "aria-label": LABEL };
  const parts = [scroller, foot, line, frame];
  const box = control("div", "na-lanes-box", attributes, ...parts);
  const words = make("span", "na-span-words", { role: "status" });
  const empty = h("div", "na-empty na-dim");
  const colours = palette(COLOURS);
  const cursor = spanCursor(
    (number) => view.ask({ type: "words", number }),
    view.request,
  );
  let known: Colours | null = null;
  let told: LanesAnswer | null = null;
  let lanes: Lane[] = [];
  let blocks: Block[] = [];
  let kept: ReadonlySet<string> | null = null;
  let width = 0;
  let height = 0;
  let followed: number | null = null;

  // -- drawing

  function sceneNow(): Scene {
    known ??= colours.read();
    const { start, end } = window;
    const left = Math.min(MOST_LEFT, Math.round(width * 0.2));
    const { moment, ended: now } = store;
    return { width, left, start, end, now, moment, kept, colours: known };
  }

  function paint(): void {
    window.began = store.began;
    window.ended = store.ended;
    const { moment } = store;
    // While the moment is moved, it stays in sight.
    if (moment !== null && moment !== followed) window.reveal(moment);
    followed = moment;
    const none = told?.total === 0 && !blocks.length;
    setHidden(empty, told !== null && !none);
    const nothing = view.filter ? "no lane passes the filter" : "nobody was busy";
    const waits = told === null && store.head.records > 0;
    setText(empty, waits ? "working out the lanes …" : nothing);
    fit.disabled = window.whole;
    if (width === 0) return;
    const scene = sceneNow();
    const top = (told?.first ?? 0) * LANE_HEIGHT - scroller.scrollTop;
    drawLanes(canvas, scene, lanes, blocks, top, height);
    drawFoot(foot, { ...scene, kept: null }, blocks);
    const x = xOf(scene, moment ?? store.ended);
    setHidden(line, x < scene.left - 1 || x > width);
    line.style.transform = `translateX(${x}px)`;
    drawCursor(scene, top);
  }

  function drawCursor(scene: Scene, top: number): void {
    const { spot } = cursor;
    setText(words, cursor.words(summary()));
    words.title = words.textContent ?? "";
    setHidden(frame, !spot || document.activeElement !== box);
    if (!spot) return;
    const { span, lane } = spot;
    const from = Math.max(scene.left, xOf(scene, span.start));
    const end = Math.min(width, xOf(scene, span.number < 0 ? scene.now : span.end));
    const below = ((lane ?? 0) - (told?.first ?? 0)) * LANE_HEIGHT;
    const y = lane === null ? height + 1 : top + below;
    frame.style.transform = `translate(${from - 2}px, ${y}px)`;
    frame.style.width = `${Math.max(5, end - from + 3)}px`;
  }

  function summary(): string {
    const total = told?.total ?? 0;
    const all = total === 1 ? "1 lane" : `${total} lanes`;
    const held = blocks.reduce((sum, { size }) => sum + size, 0);
    if (!held) return all;
    return `${all} · the loop was blocked ${held === 1 ? "once" : `${held} times`}`;
  }

  // -- what a person does

  function zoom(factor: number, at: number): void {
    window.zoom(factor, at);
    view.request();
  }

  /** Zoom about what is pointed at, or the moment, if that is in sight. */
  function zoomBy(factor: number): void {
    const { start, end } = window;
    const at = cursor.spot?.span.start ?? store.moment ?? end;
    zoom(factor, at >= start && at <= end ? at : (start + end) / 2);
  }

  function fitAll(): void {
    window.fit();
    view.request();
  }

  function openSpan(): void {
    const number = cursor.spot?.span.number ?? -1;
    if (number >= 0) view.showRecord(number);
  }

  function perPixel(): number {
    const { left, start, end } = sceneNow();
    return (end - start) / Math.max(1, width - left - RIGHT);
  }

  function revealCursor(): void {
    const { spot } = cursor;
    if (!spot) return;
    window.reveal(spot.span.start);
    const top = (spot.lane ?? 0) * LANE_HEIGHT;
    const lowest = top + LANE_HEIGHT - height;
    if (spot.lane !== null)
      scroller.scrollTop = Math.max(lowest, Math.min(scroller.scrollTop, top));
  }

  function obey(key: string): boolean {
    const { spot } = cursor;
    if (key === "+" || key === "=") zoomBy(ZOOM);
    else if (key === "-") zoomBy(1 / ZOOM);
    else if (key === "0") fitAll();
    else if (key === "Enter") openSpan();
    else if (key === " ") {
      if (spot) store.move(spot.span.start);
    } else if (cursor.key(key, store.moment ?? window.start)) revealCursor();
    else return false;
    view.request();
    return true;
  }

  onKeys(box, obey);
  on(scroller, "scroll", view.request);
  on(box, "blur pointerleave", cursor.leave);
  on(box, "dblclick", openSpan);
  const stops = [
    watchTheme(() => {
      known = null;
      view.request();
    }),
    watchGestures(box, {
      pan(dx) {
        window.pan(-dx * perPixel());
        view.request();
      },
      zoom: (factor, x) => zoom(factor, timeOf(sceneNow(), x)),
      click(x) {
        const scene = sceneNow();
        if (x >= scene.left) store.move(timeOf(scene, x));
      },
      hover(x, y) {
        const scene = sceneNow();
        const lane = Math.floor((y + scroller.scrollTop) / LANE_HEIGHT);
        if (x < scene.left) cursor.leave();
        else
          cursor.point(y > height ? null : lane, timeOf(scene, x), NEAR * perPixel());
      },
    }),
  ];
  const small = (sign: string, label: string, act: () => void) =>
    button(sign, label, act, "na-small-button");
  const fit = small("fit", "show all of the time (0)", fitAll);
  const bar = h("div", "na-bar-line", words, h("span", "na-spacer"));
  bar.append(small("−", "zoom out", () => zoomBy(1 / ZOOM)));
  bar.append(
    small("+", "zoom in", () => zoomBy(ZOOM)),
    fit,
  );

  return {
    node: h("div", "na-timeline", bar, box, empty, colours.node),
    look() {
      const padded = window.padded;
      const share = padded ? (padded[1] - padded[0]) / window.span : 1;
      const wide = Math.max(100, width - MOST_LEFT) * share;
      const first = Math.floor(scroller.scrollTop / LANE_HEIGHT) - MARGIN;
      return {
        first: Math.max(0, first),
        count: Math.ceil(height / LANE_HEIGHT) + 1 + 2 * MARGIN,
        window: padded,
        pixels: Math.round(Math.min(MOST_PIXELS, wide)),
      };
    },
    take({ lanes: answer, words: tell }) {
      for (const number in tell) cursor.know(Number(number), tell[number] ?? "");
      if (!answer) return;
      told = answer;
      lanes = readLanes(answer);
      blocks = readBlocks(answer.loop);
      kept = answer.fade && new Set(answer.fade);
      spacer.style.height = `${answer.total * LANE_HEIGHT}px`;
      cursor.renew(lanes, answer.first, blocks);
    },
    measure() {
      width = box.clientWidth;
      height = scroller.clientHeight;
    },
    paint,
    dispose() {
      cursor.leave();
      for (const stop of stops) stop();
    },
  };
}
