/** One row of the log: when, what kind and phase, from where, and what. */

import { glyph, h, setAttribute, setText } from "../dom";
import { GLYPHS } from "./model";
import type { Row } from "./row_cache";
import { fineClock } from "./time";

const COLUMNS = ["time", "kind", "source", "payload"];

export function headings(): HTMLElement {
  const row = h("div", "na-row na-headings na-dim");
  row.setAttribute("aria-hidden", "true");
  row.append(...COLUMNS.map((word) => h("span", "", word)));
  return row;
}

export function makeRow(): HTMLElement {
  const kind = h("span", "na-row-kind", glyph(""), h("span"), h("span", "na-sr"));
  const cells = [h("span", "na-row-time"), kind, h("span", "na-row-source na-dim")];
  const row = h("div", "na-row", ...cells, h("span", "na-row-text"));
  row.setAttribute("role", "row");
  for (const cell of row.children) cell.setAttribute("role", "gridcell");
  return row;
}

/** Fill a row; without one, it is on its way. */
export function fillRow(node: HTMLElement, row: Row | undefined, find: string): void {
  const [time, kind, source, text] = node.children as unknown as HTMLElement[];
  const [sign, word, phase] = (kind as HTMLElement).children;
  setText(time as Node, row ? fineClock(row.at, 3) : "…");
  setText(sign as Node, row ? GLYPHS[row.phase] : "");
  setAttribute(sign as Element, "data-phase", row?.phase ?? null);
  setText(word as Node, row?.kind ?? "");
  setText(phase as Node, row ? `, ${row.phase}` : "");
  setText(source as Node, row?.source ?? "");
  setAttribute(source as Element, "title", row?.source ?? null);
  setMarked(text as HTMLElement, row?.text ?? "", find);
  node.classList.toggle("na-row-failed", row?.phase === "failed");
}

/** Show a text with what was looked for marked; only as text, so that it stays inert. */
function setMarked(node: HTMLElement, text: string, find: string): void {
  const key = find ? `${find}\n${text}` : text;
  if (node.dataset.shown === key) return;
  node.dataset.shown = key;
  const parts = find ? split(text, find) : [text];
  node.replaceChildren(...parts.map((part, i) => (i % 2 ? h("mark", "", part) : part)));
}

/** Split a text so that every second part is what was looked for. */
export function split(text: string, find: string): string[] {
  const low = text.toLowerCase();
  const wanted = find.toLowerCase();
  const parts: string[] = [];
  let from = 0;
  // Some letters change their length with their case: then nothing is marked.
  if (low.length !== text.length) return [text];
  for (;;) {
    const at = low.indexOf(wanted, from);
    if (at < 0 || parts.length > 40) break;
    parts.push(text.slice(from, at), text.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  return [...parts, text.slice(from)];
}
