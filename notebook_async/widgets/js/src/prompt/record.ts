/** What is left of a question: one line. */

import { glyph, h } from "../dom";
import type { Answered } from "./model";

const LOOKS: Record<Answered["end"], [sign: string, phase: string, word: string]> = {
  answered: ["✓", "done", "answered"],
  rejected: ["✕", "cancelled", "answered"],
  default: ["✓", "done", "answered"],
  timeout: ["✕", "failed", ""],
  cancelled: ["■", "cancelled", ""],
};

export function recordLine(record: Answered): HTMLElement {
  const [sign, phase] = LOOKS[record.end];
  const mark = glyph(sign);
  mark.dataset.phase = phase;
  const dim = [record.how, record.when, record.after && `after ${record.after}`];
  return h(
    "div",
    "na-header na-record",
    mark,
    h("b", "na-question", record.text),
    h("span", "na-answer", record.shown),
    h("span", "na-dim na-about", dim.filter(Boolean).join(" · ")),
  );
}

/** The same for a screen reader. */
export function recordWords(record: Answered): string {
  const [, , word] = LOOKS[record.end];
  const end = word ? `${word}: ${record.shown}` : record.how;
  return `${record.text} ${end}`;
}
