/** The filter: a field that is taken while one types, with what is wrong beside it. */

import { setAttribute, setHidden, setText } from "../dom";
import { control, make, on, onKeys } from "../make";
import type { FilterAnswer } from "./model";

/** How long nobody may type before the filter is taken. */
export const TYPING_MS = 300;

const HELP =
  "step:name  kind:failed or kind:item  source:run-3  and any text.\n" +
  "It chooses the rows of the log, and what the arrow keys of the slider go to;\n" +
  "step: and source: choose lanes and branches too, kind: fades other spans.";

export interface FilterField {
  readonly node: HTMLElement;
  /** As it was taken last. */
  readonly text: string;
  /** Say what the kernel made of it. */
  take(answer: FilterAnswer): void;
  dispose(): void;
}

export function filterField(taken: () => void, begin = ""): FilterField {
  let text = begin;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const words = make("span", "na-filter-words", { role: "status", hidden: "" });
  const field = control("input", "na-input na-filter-field", {
    type: "search",
    value: begin,
    placeholder: "filter: step:classify kind:failed",
    title: HELP,
    "aria-label": "filter",
    maxlength: "500",
    spellcheck: "false",
  });
  const dispose = (): void => clearTimeout(timer);
  const takeField = (): void => {
    dispose();
    const typed = field.value.trim().replace(/\s+/g, " ");
    if (typed === text) return;
    text = typed;
    taken();
  };
  on(field, "input", () => {
    dispose();
    timer = setTimeout(takeField, TYPING_MS);
  });
  onKeys(field, (key) => {
    if (key !== "Enter" && !(key === "Escape" && field.value)) return false;
    if (key === "Escape") field.value = "";
    takeField();
    return true;
  });
  return {
    node: make("span", "na-filter", {}, words, field),
    get text() {
      return text;
    },
    take({ filter, error, hint }) {
      if (filter !== text) return;
      const told = error || hint;
      setText(words, told);
      words.title = told;
      setHidden(words, !told);
      words.classList.toggle("na-wrong", error !== "");
      setAttribute(field, "aria-invalid", error ? "true" : null);
    },
    dispose,
  };
}
