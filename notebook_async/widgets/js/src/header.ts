/** The header line: state, title, where and how long, and what can be done. */

import { glyph, h, setAttribute, setHidden, setText, suppressShortcuts } from "./dom";
import { clock } from "./format";
import { isLive, type View } from "./model";
import { GLYPHS, WORDS } from "./wording";

/** What a button says, and what it says while its action is on its way. */
const ACTIONS: Record<string, { glyph: string; word: string; pending: string }> = {
  pause: { glyph: "❚❚", word: "pause", pending: "pausing…" },
  resume: { glyph: "▶", word: "resume", pending: "resuming…" },
  retry: { glyph: "↻", word: "retry", pending: "retrying…" },
  cancel: { glyph: "✕", word: "cancel", pending: "cancelling…" },
};

export class Header {
  readonly node = h("div", "na-header");
  readonly #glyph = glyph("");
  readonly #phase = h("span", "na-sr");
  readonly #title = h("b", "na-title");
  readonly #where = h("span", "na-where");
  readonly #clock = h("span");
  readonly #gone = h("span", "na-dim", "kernel gone");
  readonly #buttons = h("span", "na-buttons");
  readonly #act: (action: string) => void;
  #shown = "";

  constructor(act: (action: string) => void) {
    this.#act = act;
    this.#gone.title = "The kernel of this job has ended; what it showed last stays.";
    const meta = h("span", "na-meta na-dim", this.#where, this.#clock);
    const spacer = h("span", "na-spacer");
    this.node.append(this.#glyph, this.#phase, this.#title, meta, spacer);
    this.node.append(this.#gone, this.#buttons);
  }

  update(view: View, pending: string | null, gone: boolean): void {
    setText(this.#glyph, GLYPHS[view.phase]);
    setAttribute(this.#glyph, "data-phase", view.phase);
    setAttribute(this.#glyph, "title", WORDS[view.phase]);
    setText(this.#phase, WORDS[view.phase]);
    setText(this.#title, view.title);
    setAttribute(this.#title, "title", view.title);
    setText(this.#where, where(view));
    setHidden(this.#gone, !(gone && isLive(view.phase)));
    this.#setButtons(gone ? [] : view.actions, pending);
  }

  setElapsed(seconds: number): void {
    setText(this.#clock, clock(seconds));
  }

  #setButtons(actions: string[], pending: string | null): void {
    const known = actions.filter((action) => Object.hasOwn(ACTIONS, action));
    const wanted = `${known} ${pending}`;
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    const focused = this.#buttons.contains(document.activeElement);
    this.#buttons.replaceChildren(
      ...known.map((action) => this.#button(action, pending)),
    );
    // A button that goes away must not drop the keyboard onto the notebook,
    // where one letter is a command.
    if (focused) this.node.parentElement?.focus({ preventScroll: true });
  }

  #button(action: string, pending: string | null): HTMLButtonElement {
    const {
      glyph: sign,
      word,
      pending: doing,
    } = ACTIONS[action] as (typeof ACTIONS)[string];
    const button = suppressShortcuts(h("button", "na-button"));
    button.type = "button";
    button.disabled = pending !== null;
    if (pending === action) button.append(doing);
    else button.append(glyph(sign), h("span", "na-button-word", word));
    button.setAttribute("aria-label", pending === action ? doing : `${word} this job`);
    button.dataset.action = action;
    button.addEventListener("click", () => this.#act(action));
    return button;
  }
}

function where(view: View): string {
  const parts: string[] = [];
  if (view.job_id !== null) parts.push(`#${view.job_id}`);
  if (view.cell !== null) parts.push(`cell [${view.cell}]`);
  return parts.map((part) => `${part} · `).join("");
}
