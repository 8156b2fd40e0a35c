/** Which span of the timeline is pointed at, by the mouse or the keyboard, and its words. */

import { GLYPHS } from "./model";
import { type Block, type Lane, type Span, spanAt } from "./spans";
import { duration, fineClock } from "./time";

/** How long it must be pointed at before the kernel is asked for more. */
export const REST_MS = 120;

const ANYWHERE = Number.POSITIVE_INFINITY;
const MOST_KNOWN = 500;

export interface Spot {
  /** The number of the lane; null for the loop. */
  lane: number | null;
  label: string;
  span: Span;
}

export interface SpanCursor {
  /** What is pointed at. */
  readonly spot: Spot | null;
  /** Take the lanes that are shown from now on; what was pointed at stays so. */
  renew(lanes: Lane[], first: number, blocks: Block[]): void;
  /** Take what a record tells of a span. */
  know(number: number, words: string): void;
  /** Point at what is in a lane at a time, or within some seconds of it. */
  point(lane: number | null, at: number, near: number): void;
  leave(): void;
  /** Go to the next span, or to another lane; false if the key means nothing here. */
  key(key: string, at: number): boolean;
  /** What to say of it; without any, what is said of all. */
  words(otherwise: string): string;
}

export function spanCursor(
  ask: (number: number) => void,
  changed: () => void,
): SpanCursor {
  const known = new Map<number, string>();
  let spot: Spot | null = null;
  let lanes: Lane[] = [];
  let first = 0;
  let blocks: Block[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function set(to: Spot | null): void {
    if (to?.span === spot?.span) return;
    spot = to;
    clearTimeout(timer);
    const number = to?.lane === null || to?.span.size !== 1 ? -1 : to.span.number;
    if (number >= 0 && !known.has(number))
      timer = setTimeout(() => ask(number), REST_MS);
    changed();
  }

  function spansOf(lane: number | null): readonly Span[] {
    return lane === null ? blocks : (lanes[lane - first]?.spans ?? []);
  }

  function spotOf(lane: number | null, i: number): Spot | null {
    const span = spansOf(lane)[i];
    const label = lane === null ? "loop" : (lanes[lane - first]?.tip ?? "");
    return span ? { lane, label, span } : null;
  }

  function find(lane: number | null, at: number, near: number): Spot | null {
    return spotOf(lane, spanAt(spansOf(lane), at, near));
  }

  /** Go along a lane; at its ends stay. */
  function along(from: Spot, to: number): void {
    set(spotOf(from.lane, to) ?? from);
  }

  function across(from: Spot, step: number): void {
    // The loop is below all others.
    const loop = first + lanes.length;
    let lane = from.lane ?? loop;
    for (lane += step; lane >= first && lane <= loop; lane += step) {
      const found = find(lane === loop ? null : lane, middleOf(from), ANYWHERE);
      if (!found) continue;
      set(found);
      return;
    }
  }

  return {
    get spot() {
      return spot;
    },
    renew(newLanes, newFirst, newBlocks) {
      lanes = newLanes;
      first = newFirst;
      blocks = newBlocks;
      if (spot) spot = find(spot.lane, middleOf(spot), ANYWHERE);
    },
    know(number, words) {
      if (known.size > MOST_KNOWN) known.clear();
      known.set(number, words);
      changed();
    },
    point: (lane, at, near) => set(find(lane, at, near)),
    leave: () => set(null),
    key(key, at) {
      if (!/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key)) return false;
      if (!spot) {
        set(find(lanes.length ? first : null, at, ANYWHERE));
        return true;
      }
      const spans = spansOf(spot.lane);
      const i = spans.indexOf(spot.span);
      if (key === "ArrowRight") along(spot, i + 1);
      else if (key === "ArrowLeft") along(spot, i - 1);
      else if (key === "Home") along(spot, 0);
      else if (key === "End") along(spot, spans.length - 1);
      else across(spot, key === "ArrowDown" ? 1 : -1);
      return true;
    },
    words(otherwise) {
      if (!spot) return otherwise;
      const { span, label, lane } = spot;
      const long = duration(span.end - span.start);
      const when = `at ${fineClock(span.start, 3)}, ${long}`;
      if (lane === null)
        return `loop · ${(span as Block).words || "blocked"} · ${when}`;
      const phase = span.number < 0 ? "running" : span.phase;
      const many = span.size > 1 ? `${span.size} calls, ` : "";
      const more = span.size > 1 ? "" : known.get(span.number);
      const parts = [label, `${GLYPHS[phase]} ${many}${phase}`, when, more];
      return parts.filter(Boolean).join(" · ");
    },
  };
}

function middleOf({ span }: Spot): number {
  return (span.start + span.end) / 2;
}
