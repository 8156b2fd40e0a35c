/** One line of the await tree, with a button that asks back before it cancels. */

import { h, setAttribute, setHidden, setText, suppressShortcuts } from "../dom";
import type { TreeRow } from "./model";

/** For so long the question stands. */
export const QUESTION_MS = 8000;

/** For so long after the answer nothing can be asked for again. */
const CANCELLING_MS = 3000;

export class Row {
  readonly node = h("div", "na-tree-row");
  readonly #branch = h("span", "na-tree-branch");
  readonly #text = h("span", "na-tree-text");
  readonly #ask = button("✕", "na-tree-ask");
  readonly #yes = button("yes", "na-tree-yes");
  readonly #no = button("no", "na-tree-no");
  readonly #question: HTMLElement;
  readonly #doing = h("span", "na-dim", "cancelling…");
  #key: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(cancel: (key: string) => void) {
    this.#branch.setAttribute("aria-hidden", "true");
    this.#question = h("span", "na-tree-question", "cancel it?", this.#yes, this.#no);
    this.#question.hidden = this.#doing.hidden = true;
    const end = h("span", "na-tree-end", this.#ask, this.#question, this.#doing);
    this.node.append(this.#branch, this.#text, end);
    this.#ask.addEventListener("click", () => this.#setAsking(true));
    this.#no.addEventListener("click", () => this.#setAsking(false));
    this.#yes.addEventListener("click", () => {
      if (this.#key !== null) cancel(this.#key);
      this.#setAsking(false);
      this.#setDoing(true);
    });
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.#question.hidden) this.#setAsking(false);
    });
  }

  get buttons(): HTMLElement[] {
    return [this.#ask, this.#yes, this.#no].filter((node) => !node.closest("[hidden]"));
  }

  /** `gone`: nobody answers any more. */
  update([branch, text, key]: TreeRow, gone: boolean): void {
    if (key !== this.#key) this.#reset();
    this.#key = key;
    setText(this.#branch, branch);
    setText(this.#text, text);
    setAttribute(this.#text, "title", text);
    const can = key !== null && !gone;
    if (!can) this.#reset();
    setHidden(this.#ask, !can || !this.#question.hidden || !this.#doing.hidden);
    setAttribute(this.#ask, "aria-label", `cancel ${text}`);
    setAttribute(this.#yes, "aria-label", `yes, cancel ${text}`);
    setAttribute(this.#no, "aria-label", "no, let it go on");
  }

  dispose(): void {
    this.#stopTimer();
    this.node.remove();
  }

  #setAsking(asking: boolean): void {
    const held = this.node.contains(document.activeElement);
    this.#stopTimer();
    setHidden(this.#question, !asking);
    setHidden(this.#ask, asking);
    if (asking) this.#timer = setTimeout(() => this.#setAsking(false), QUESTION_MS);
    if (held) (asking ? this.#no : this.#ask).focus({ preventScroll: true });
  }

  #setDoing(doing: boolean): void {
    const held = this.node.contains(document.activeElement);
    this.#stopTimer();
    setHidden(this.#doing, !doing);
    setHidden(this.#ask, doing);
    if (doing) this.#timer = setTimeout(() => this.#setDoing(false), CANCELLING_MS);
    const panel = this.node.closest<HTMLElement>("[tabindex='-1']");
    if (held && doing) panel?.focus({ preventScroll: true });
  }

  #reset(): void {
    this.#stopTimer();
    const held = this.#question.contains(document.activeElement);
    const panel = this.node.closest<HTMLElement>(".na-panel");
    this.#question.hidden = this.#doing.hidden = true;
    if (held) panel?.focus({ preventScroll: true });
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function button(text: string, name: string): HTMLButtonElement {
  const node = suppressShortcuts(h("button", `na-button ${name}`, text));
  node.type = "button";
  return node;
}
