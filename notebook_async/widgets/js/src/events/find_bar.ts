/** Looking for a text in the log: a field, the next hit and the one before. */

import { setText } from "../dom";
import { count } from "../format";
import { button, control, make, on, onKeys } from "../make";
import type { FoundAnswer } from "./model";

/** How long nobody may type before the first hit is looked for. */
export const TYPING_MS = 250;

export interface FindBar {
  readonly node: HTMLElement;
  readonly text: string;
  /** Say what came of it. */
  take(found: FoundAnswer): void;
  focus(): void;
  dispose(): void;
}

/** `ask` looks for a text: from here on (0), or from the last hit on or back. */
export function findBar(ask: (text: string, step: 0 | 1 | -1) => void): FindBar {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hits = make("span", "na-dim na-find-hits", { role: "status" });
  const field = control("input", "na-input na-find-field", {
    type: "search",
    placeholder: "find",
    "aria-label": "find in the log",
    maxlength: "200",
    spellcheck: "false",
  });
  const text = (): string => field.value.trim();
  const dispose = (): void => clearTimeout(timer);
  const next = (step: 1 | -1): void => {
    dispose();
    if (text()) ask(text(), step);
  };
  const step = (sign: string, label: string, by: 1 | -1) =>
    button(sign, label, () => next(by), "na-small-button");

  on(field, "input", () => {
    dispose();
    if (!text()) setText(hits, "");
    timer = setTimeout(() => ask(text(), 0), TYPING_MS);
  });
  onKeys(field, (key, event) => {
    if (key === "Enter") next(event.shiftKey ? -1 : 1);
    return key === "Enter";
  });
  const buttons = [step("↑", "previous hit", -1), step("↓", "next hit", 1)];
  return {
    node: make("span", "na-find", {}, field, ...buttons, hits),
    get text() {
      return text();
    },
    take({ text: asked, total, index = 0 }) {
      if (asked !== text()) return;
      setText(hits, total ? `${count(index)} of ${count(total)}` : "no hit");
    },
    focus() {
      field.focus();
      field.select();
    },
    dispose,
  };
}
