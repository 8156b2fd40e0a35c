/** Yes or no to what a question proposes, by one press, with a reason if wished. */

import { h } from "../dom";
import { button, control, make } from "../make";
import { isDict, type Plain } from "./model";

export interface Decided {
  typed(): void;
  decide(value: Plain): void;
  leave(): void;
}

export class Decision {
  readonly node: HTMLElement;
  readonly #reason: HTMLInputElement;
  readonly #deeds: Decided;

  constructor(deeds: Decided, id: () => string) {
    this.#deeds = deeds;
    this.#reason = control("input", "na-input", {
      type: "text",
      id: id(),
      maxlength: "2000",
      autocomplete: "off",
      placeholder: "optional",
    });
    const label = make("label", "na-dim", { for: this.#reason.id }, "Reason");
    const act = (number: string, words: string, approved: boolean, look: string) =>
      button(
        [h("kbd", "na-kbd", number), words],
        words.slice(2),
        () => this.#decide(approved),
        look,
      );
    const yes = act("1", "✓ Approve", true, "na-primary na-approve");
    const no = act("2", "✕ Reject", false, "na-reject");
    this.node = h("div", "na-footer na-decision", label, this.#reason, yes, no);
    this.#reason.addEventListener("input", deeds.typed);
    this.#reason.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      // It is not known which of the two is meant.
      if (event.key === "Enter") yes.focus({ preventScroll: true });
      else if (event.key !== "Escape") return;
      else if (this.#reason.value) {
        this.#reason.value = "";
        deeds.typed();
      } else deeds.leave();
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** Obey a number pressed anywhere in the panel; returns whether it is one. */
  key(event: KeyboardEvent): boolean {
    const typing = event.target === this.#reason;
    if (typing || event.altKey || event.ctrlKey || event.metaKey || event.repeat)
      return false;
    if (event.key !== "1" && event.key !== "2") return false;
    this.#decide(event.key === "1");
    return true;
  }

  read(): Plain {
    return { reason: this.#reason.value || null };
  }

  write(value: Plain | undefined): void {
    const reason = isDict(value) ? value.reason : null;
    this.#reason.value = typeof reason === "string" ? reason : "";
  }

  #decide(approved: boolean): void {
    this.#deeds.decide({ approved, reason: this.#reason.value.trim() || null });
  }
}
