/** The lanes of a timeline as they come: few whole numbers for each span. */

import { type LanesAnswer, PHASES, type Phase, type RawBlock } from "./model";

export interface Span {
  /** Seconds since the beginning. */
  start: number;
  end: number;
  phase: Phase;
  /** How many calls it stands for. */
  size: number;
  /** The number of the record that told its end; -1 while it goes on. */
  number: number;
}

export interface Lane {
  label: string;
  tip: string;
  spans: Span[];
}

export interface Block extends Span {
  words: string;
}

export function readLanes(answer: LanesAnswer): Lane[] {
  const { unit, window } = answer;
  return answer.lanes.map(([label, tip, numbers]) => ({
    label,
    tip,
    spans: readSpans(numbers, window[0], unit),
  }));
}

/** Five numbers a span: the gap before it, its length, phase, size, and by how much the
 * number of its record is larger; 0 while it goes on. */
function readSpans(numbers: number[], from: number, unit: number): Span[] {
  const spans: Span[] = [];
  let place = 0;
  let number = 0;
  for (let i = 0; i + 4 < numbers.length; i += 5) {
    const [gap = 0, length = 0, phase = 0, size = 1, more = 0] = numbers.slice(
      i,
      i + 5,
    );
    const begin = place + gap;
    place = begin + length;
    number += more;
    spans.push({
      start: from + begin * unit,
      end: from + place * unit,
      phase: PHASES[phase] ?? "idle",
      size,
      number: more ? number : -1,
    });
  }
  return spans;
}

export function readBlocks(blocks: RawBlock[]): Block[] {
  return blocks.map(([start, end, size, number, words]) => ({
    start,
    end,
    phase: "failed",
    size,
    number,
    words,
  }));
}

/** The span at a time, or one within some seconds of it; -1 for none. */
export function spanAt(spans: readonly Span[], at: number, near: number): number {
  let best = -1;
  let distance = near;
  // The last that begins before; what is near may also be the next one.
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as Span).start <= at) low = middle + 1;
    else high = middle;
  }
  for (const i of [low - 1, low]) {
    const span = spans[i];
    if (!span) continue;
    const away = at < span.start ? span.start - at : at > span.end ? at - span.end : 0;
    if (away <= distance) {
      best = i;
      if (away === 0) return i;
      distance = away;
    }
  }
  return best;
}
