/** What a step says of itself, the same in sight, in speech and in Python.
 *
 * `workflow/_graph/words.py` says the same for still pictures; one table of examples,
 * `tests/widgets/step_lines.json`, holds for both.
 */

import { count } from "../format";
import type { Counts, RunHead, RunPhase, StepPhase } from "./model";

export const GLYPHS: Record<StepPhase, string> = {
  idle: "○",
  queued: "◔",
  running: "▶",
  retrying: "↻",
  waiting: "?",
  failed: "✕",
  cancelled: "■",
  done: "✓",
};

export const RUN_WORDS: Record<RunPhase, string> = {
  queued: "queued",
  running: "running",
  waiting: "waits for you",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};

const SEPARATOR = " · ";

/** Numbers with their words and glyphs, what matters most first. */
function parts(counts: Counts): [number: number, word: string, glyph: string][] {
  const all: [number, string, string][] = [
    [counts.done, "done", "✓"],
    [counts.failed, "failed", "✕"],
    [counts.retrying, "to retry", "to retry"],
    [counts.retries, "retried", "↻"],
    [counts.queued, "queued", "◔"],
    [counts.gathered, "gathered", "◔"],
    [counts.cancelled, "cancelled", "■"],
  ];
  return all.filter(([number]) => number > 0);
}

/** "waits for you · 1:12", or nothing. */
function waits(counts: Counts, since: string): string[] {
  if (!counts.waiting) return [];
  const words =
    counts.waiting > 1 ? `${count(counts.waiting)} wait for you` : "waits for you";
  return since ? [words, since] : [words];
}

/** What a step did and does in about `room` characters: with words where they fit, else
 * with glyphs, else only what matters most. */
export function stepLine(counts: Counts, room: number, since = ""): string {
  const head = waits(counts, since);
  const told = parts(counts);
  if (!told.length && !head.length)
    return counts.running ? `${count(counts.running)} running` : "not reached";
  const forms = [
    told.map(([number, word]) => `${count(number)} ${word}`),
    told.map(([number, , glyph]) => `${count(number)} ${glyph}`),
    told.map(([number, , glyph]) => `${compact(number)} ${glyph}`),
  ];
  for (const form of forms) {
    const line = [...head, ...form].join(SEPARATOR);
    if (line.length <= room) return line;
  }
  const kept = [...head, ...(forms[2] ?? [])];
  while (kept.length > 1 && kept.join(SEPARATOR).length > room) kept.pop();
  return kept.join(SEPARATOR);
}

/** All that is known of a step in words: "2 of 4 running · 3 queued · 152 done". */
export function stepWords(counts: Counts, workers: number, since = ""): string {
  const now = counts.running
    ? [`${count(counts.running)}${workers ? ` of ${count(workers)}` : ""} running`]
    : [];
  const told = parts(counts).map(([number, word]) => `${count(number)} ${word}`);
  return [...waits(counts, since), ...now, ...told].join(SEPARATOR) || "not reached";
}

/** A number in at most five characters or so: "9,999", "15k", "2M". */
export function compact(number: number): string {
  if (number < 10_000) return count(number);
  if (number >= 1_000_000) return `${count(Math.floor(number / 1_000_000))}M`;
  return `${Math.floor(number / 1000)}k`;
}

/** "1 waits for you", or nothing. */
export function waitsForYou(waiting: number): string {
  if (!waiting) return "";
  return waiting === 1 ? "1 waits for you" : `${count(waiting)} wait for you`;
}

/** A duration that may be short: "<0.1 ms", "0.4 ms", "21 ms", "1.3 s", "12:30". */
export function duration(seconds: number, clock: (seconds: number) => string): string {
  if (seconds < 0.00005) return "<0.1 ms";
  if (seconds < 0.0095) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : clock(seconds);
}

/** One sentence for a screen reader: the run, what waits, and what most steps do. */
export function summarise(
  title: string,
  head: RunHead,
  steps: Iterable<{ label: string; phase: StepPhase }>,
): string {
  const names = new Map<StepPhase, string[]>();
  for (const { label, phase } of steps) {
    const known = names.get(phase);
    if (known) known.push(label);
    else names.set(phase, [label]);
  }
  const told = [`${title}: ${RUN_WORDS[head.phase]}`];
  if (head.waiting && head.phase !== "waiting") told.push(waitsForYou(head.waiting));
  for (const phase of ["waiting", "running", "retrying", "failed"] as const) {
    const some = names.get(phase);
    if (some) told.push(`${listed(some)} ${phase}`);
  }
  const done = names.get("done")?.length ?? 0;
  if (done) told.push(`${count(done)} ${done === 1 ? "step" : "steps"} done`);
  if (head.error) told.push(head.error);
  return told.join(", ");
}

function listed(names: string[]): string {
  const shown = names.slice(0, 3).join(" and ");
  return names.length > 3 ? `${shown} and ${count(names.length - 3)} more` : shown;
}
