/** Asks for the name of a file in the place of the slider, and says what was written. */

import { h, setAttribute, setHidden, setText } from "../dom";
import { button, control, make, on, onKeys } from "../make";
import type { ExportAnswer } from "./model";

const STAY = { preventScroll: true };

export interface ExportForm {
  readonly node: HTMLElement;
  /** Ask, with a name to begin with. */
  open(name: string): void;
  take(answer: ExportAnswer): void;
}

export function exportForm(
  write: (name: string, replace: boolean) => boolean,
  closed: () => void,
): ExportForm {
  /** Whether the kernel has said that there is such a file already. */
  let exists = false;
  const field = control("input", "na-input na-export-name", {
    "aria-label": "name of the file, beside the notebook",
    maxlength: "140",
    spellcheck: "false",
  });
  const words = make("span", "na-export-words", { role: "status" });
  const save = control("button", "na-button", {});
  const close = (): void => {
    node.hidden = true;
    closed();
  };
  const end = button("cancel", "close", close);
  const parts = [h("span", "na-dim", "save as"), field, words, save, end];
  const node = make("form", "na-export", { hidden: "" }, ...parts);

  function say(told: string, wrong = false): void {
    setText(words, told);
    words.title = told;
    setHidden(words, !told);
    words.classList.toggle("na-wrong", wrong);
    setAttribute(field, "aria-invalid", wrong ? "true" : null);
  }

  function reset(): void {
    exists = save.disabled = false;
    setText(save, "save");
    say("");
  }

  function submit(): void {
    if (save.disabled) return;
    const sent = write(field.value.trim(), exists);
    save.disabled = sent;
    say(sent ? "writing …" : "the kernel has gone: nothing was written", !sent);
  }

  on(node, "submit", (event) => {
    event.preventDefault();
    submit();
  });
  on(field, "input", reset);
  onKeys(node, (key, { target }) => {
    if (key === "Escape") close();
    // JupyterLab takes Enter from the fields of a cell, so that no form would hear of it.
    else if (key === "Enter" && target === field) submit();
    else return false;
    return true;
  });
  return {
    node,
    open(name) {
      reset();
      node.hidden = field.hidden = save.hidden = false;
      setText(end, "cancel");
      field.value ||= name;
      field.focus(STAY);
      // The ending stays as it is.
      const dot = field.value.indexOf(".jsonl");
      field.setSelectionRange(0, dot < 0 ? field.value.length : dot);
    },
    take({ state, name, path = name, size = 0, error = "" }) {
      if (node.hidden) return;
      save.disabled = false;
      if (state === "done") {
        say(`✓ written to ${path} (${bytes(size)})`);
        field.hidden = save.hidden = true;
        setText(end, "close");
        end.focus(STAY);
        return;
      }
      exists = state === "exists";
      say(exists ? `${name} is there already: replace it?` : error, true);
      if (exists) setText(save, "replace");
      (exists ? save : field).focus(STAY);
    },
  };
}

/** "312 bytes", "48 kB", "1.2 MB" */
export function bytes(n: number): string {
  if (n < 1000) return `${n} bytes`;
  return n < 999_500 ? `${Math.round(n / 1000)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}
