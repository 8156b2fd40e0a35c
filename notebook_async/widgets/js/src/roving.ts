/** One stop of the keyboard for many controls: arrows move among them. */

import { setAttribute } from "./dom";

const STEPS: Record<string, [down: number, right: number]> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
};

/** Move the focus in a grid of controls as a key says; returns whether it did.
 *
 * Rows may be of different lengths, and empty ones are passed over.
 */
export function moveFocus(event: KeyboardEvent, rows: HTMLElement[][]): boolean {
  const full = rows.filter((row) => row.length > 0);
  const y = full.findIndex((row) => row.some((node) => node === event.target));
  if (y < 0) return false;
  const row = full[y] as HTMLElement[];
  const next = target(event, full, y, row.indexOf(event.target as HTMLElement));
  if (!next) return false;
  event.preventDefault();
  event.stopPropagation();
  next.focus({ preventScroll: true });
  next.scrollIntoView?.({ block: "nearest" });
  return true;
}

function target(
  event: KeyboardEvent,
  rows: HTMLElement[][],
  y: number,
  x: number,
): HTMLElement | undefined {
  const row = rows[y] as HTMLElement[];
  if (event.key === "Home") return event.ctrlKey ? rows[0]?.[0] : row[0];
  if (event.key === "End") return event.ctrlKey ? rows.at(-1)?.[0] : row.at(-1);
  const step = STEPS[event.key];
  if (!step) return undefined;
  const [down, right] = step;
  // In a single row up and down would lead nowhere.
  if (down && rows.length === 1) return undefined;
  const aim = rows[y + down];
  return aim?.[Math.min(x + right, aim.length - 1)];
}

/** Let one control be the stop of the keyboard: the one in focus, else the last one that
 * was, else the first. */
export function setStop(
  controls: HTMLElement[],
  last: HTMLElement | null,
): HTMLElement | null {
  const active = controls.find((node) => node === document.activeElement);
  const stop = active ?? controls.find((node) => node === last) ?? controls[0] ?? null;
  for (const node of controls)
    setAttribute(node, "tabindex", node === stop ? "0" : "-1");
  return stop;
}
