/** One line of the tree: what it is, in which state, its numbers and its time. */

import { glyph, h, setAttribute, setText } from "../dom";
import { count } from "../format";
import { GLYPHS, type Phase, type RawNode } from "./model";
import { duration } from "./time";

/** What the counts of a node mean; see `COUNTS` in Python. */
const COUNTS: readonly [Phase, string][] = [
  ["done", "done"],
  ["failed", "failed"],
  ["running", "running"],
  ["waiting", "waiting"],
  ["retrying", "to be retried"],
  ["queued", "queued"],
  ["cancelled", "cancelled"],
];
const RETRIED = 7;

export interface TreeLine {
  key: number;
  level: number;
  place: number;
  among: number;
  kind: string;
  phase: Phase;
  name: string;
  open: boolean | null;
  counts: number[];
  total: number | null;
  seconds: number | null;
  note: string;
}

export function toLine(raw: RawNode): TreeLine {
  const [key, level, place, among, kind, phase, name, open, counts] = raw;
  const [, , , , , , , , , total, seconds, note] = raw;
  const rest = { counts, total, seconds, note };
  return { key, level, place, among, kind, phase, name, open, ...rest };
}

export function makeLine(): HTMLElement {
  const title = h("span", "na-node-title", h("span", "na-node-fold na-dim"), glyph(""));
  title.append(h("span", "na-sr"), h("span", "na-node-name"));
  title.append(h("span", "na-node-kind na-dim"));
  const bar = h("span", "na-node-bar");
  const counts = h("span", "na-node-counts");
  const row = h("div", "na-node", title, bar, counts, h("span", "na-dim"));
  row.setAttribute("role", "treeitem");
  return row;
}

export function fillLine(row: HTMLElement, line: TreeLine | undefined): void {
  const [title, bar, counts, time] = row.children;
  const [fold, sign, phase, name, kind] = (title as Element).children;
  row.style.setProperty("--na-level", String(line?.level ?? 1));
  setText(fold as Node, line?.open == null ? "" : line.open ? "▾" : "▸");
  setText(sign as Node, line ? GLYPHS[line.phase] : "");
  setAttribute(sign as Element, "data-phase", line?.phase ?? null);
  setText(phase as Node, line ? line.phase : "");
  setText(name as Node, line?.name ?? "…");
  setAttribute(name as Element, "title", line?.name ?? null);
  setText(kind as Node, line && line.kind !== "step" ? line.kind : "");
  drawBar(bar as HTMLElement, line);
  drawCounts(counts as HTMLElement, line);
  setText(time as Node, line?.seconds == null ? "" : duration(line.seconds));
  const expanded = line?.open == null ? null : String(line.open);
  setAttribute(row, "aria-expanded", expanded);
  setAttribute(row, "aria-level", String(line?.level ?? 1));
  setAttribute(row, "aria-posinset", String(line?.place ?? 1));
  setAttribute(row, "aria-setsize", String(line?.among ?? 1));
}

const BAR: readonly Phase[] = ["done", "failed", "running", "waiting"];

/** A bar as that of a job, where there is a number to compare with. */
function drawBar(bar: HTMLElement, line: TreeLine | undefined): void {
  const counts = line?.counts ?? [];
  const known = counts.slice(0, RETRIED).reduce((sum, n) => sum + n, 0);
  const all = Math.max(line?.total ?? 0, known);
  const shares = BAR.map((phase) => {
    const i = COUNTS.findIndex(([one]) => one === phase);
    return all ? (100 * (counts[i] ?? 0)) / all : 0;
  });
  const key = shares.map((share) => share.toFixed(1)).join();
  if (bar.dataset.shown === key) return;
  bar.dataset.shown = key;
  bar.style.visibility = all ? "" : "hidden";
  bar.replaceChildren(
    ...shares.map((share, i) => {
      const part = h("i", `na-seg na-seg-${BAR[i]}`);
      part.style.width = `${share}%`;
      part.hidden = share === 0;
      return part;
    }),
  );
}

function drawCounts(node: HTMLElement, line: TreeLine | undefined): void {
  const parts = line ? wordsOf(line) : [];
  const key = parts.map(([, words]) => words).join();
  if (node.dataset.shown === key) return;
  node.dataset.shown = key;
  node.title = parts.map(([, words]) => words).join(" · ");
  node.replaceChildren(
    ...parts.map(([phase, words]) => {
      const part = h("span", "na-count", words);
      part.dataset.phase = phase;
      return part;
    }),
  );
}

function wordsOf({ counts, total, note, phase, kind }: TreeLine): [Phase, string][] {
  const parts: [Phase, string][] = [];
  COUNTS.forEach(([name, word], i) => {
    const n = counts[i] ?? 0;
    if (!n) return;
    const of = name === "done" && total !== null ? ` of ${count(total)}` : "";
    const waits = name === "waiting" && kind !== "run";
    const words = waits ? (n === 1 ? "waits for you" : `${n} wait for you`) : "";
    parts.push([name, words || `${GLYPHS[name]} ${count(n)}${of} ${word}`]);
  });
  if (counts[RETRIED]) parts.push(["retrying", `↻ ${count(counts[RETRIED])} retried`]);
  if (!parts.length) parts.push(["idle", phase === "idle" ? "not reached" : phase]);
  if (note) parts.push(["failed", note]);
  return parts;
}
