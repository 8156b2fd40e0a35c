/** The words and glyphs of a job's states, the same in sight and in speech. */

import { clock, count, remaining } from "./format";
import { type Counts, isLive, type Phase, type View } from "./model";

interface Standing {
  phase: Phase;
  actions: string[];
}

export const GLYPHS: Record<Phase, string> = {
  queued: "◔",
  running: "▶",
  waiting: "❚❚",
  done: "✓",
  failed: "✕",
  cancelled: "■",
};

export const WORDS: Record<Phase, string> = {
  queued: "queued",
  running: "running",
  waiting: "paused",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};

/** Whether all that goes on waits for a person: what is paused can be resumed. */
export function asks({ phase, actions }: Standing): boolean {
  return phase === "waiting" && !actions.includes("resume");
}

/** The state of a job or run in words; `n`: of how many. */
export function stateWord(standing: Standing, n = 1): string {
  if (!asks(standing)) return WORDS[standing.phase];
  return n === 1 ? "waits for you" : "wait for you";
}

/** Its sign. */
export function stateGlyph(standing: Standing): string {
  return asks(standing) ? "?" : GLYPHS[standing.phase];
}

/** Whether there are numbers to show at all: a plain cell has none. */
export function hasCounts(counts: Counts): boolean {
  const { done, failed, running, waiting, retried, total } = counts;
  return total !== null || done + failed + running + waiting + retried > 0;
}

/** One phrase for a progress bar: "1,012 of 1,634 done, 3 failed, 16 running". */
export function describe(counts: Counts, phase: Phase): string {
  if (!hasCounts(counts)) return WORDS[phase];
  const of = counts.total === null ? "" : ` of ${count(counts.total)}`;
  const parts = [`${count(counts.done)}${of} done`];
  if (counts.failed) parts.push(`${count(counts.failed)} failed`);
  if (counts.running) parts.push(`${count(counts.running)} running`);
  if (counts.waiting) parts.push(`${count(counts.waiting)} waiting`);
  return parts.join(", ");
}

/** One sentence for a screen reader: name, state, numbers, time. */
export function summarise(view: View, elapsed: number): string {
  const parts = [`${view.title}: ${stateWord(view)}`];
  if (hasCounts(view.bar)) parts.push(describe(view.bar, view.phase));
  if (!isLive(view.phase)) parts.push(`after ${clock(elapsed)}`);
  else if (view.bar.eta !== null) parts.push(`${remaining(view.bar.eta)} left`);
  if (view.phase === "failed" && view.error) parts.push(view.error);
  return parts.join(", ");
}
