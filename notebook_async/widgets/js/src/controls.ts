/** Buttons that act on a job, a run or an item. They stay in place and keep the focus. */

import { glyph, h, setAttribute, setText, suppressShortcuts } from "./dom";

interface Look {
  glyph: string;
  word: string;
  /** What it says while its action is on its way, to a screen reader at least. */
  pending: string;
  /** Whether everybody is told: of what takes a moment only that would flicker. */
  tells?: boolean;
}

const LOOKS: Record<string, Look> = {
  pause: { glyph: "❚❚", word: "pause", pending: "pausing" },
  resume: { glyph: "▶", word: "resume", pending: "resuming" },
  retry: { glyph: "↻", word: "retry failed", pending: "retrying" },
  again: { glyph: "↻", word: "start again", pending: "starting" },
  cancel: { glyph: "✕", word: "cancel", pending: "cancelling…", tells: true },
  copy: { glyph: "❐", word: "copy error", pending: "copied", tells: true },
  log: { glyph: "≡", word: "output", pending: "output" },
  cell: { glyph: "↗", word: "go to the cell", pending: "…" },
  close: { glyph: "✕", word: "close", pending: "closing" },
  clear: { glyph: "⌫", word: "clear finished", pending: "clearing" },
};

/** Milliseconds for which the keyboard comes back to a button that comes late. */
const LENT = 1000;

class Control {
  readonly node = suppressShortcuts(h("button", "na-button"));
  readonly #look: Look;
  readonly #glyph: HTMLElement;
  readonly #word = h("span", "na-button-word");

  constructor(action: string, look: Look, act: () => void) {
    this.#look = look;
    this.#glyph = glyph(look.glyph);
    this.node.type = "button";
    this.node.dataset.action = action;
    this.node.append(this.#glyph, this.#word);
    this.node.addEventListener("click", (event) => {
      event.stopPropagation();
      if (this.node.getAttribute("aria-disabled") !== "true") act();
    });
  }

  update(thing: string, pending: boolean): void {
    const { word, pending: doing, tells } = this.#look;
    setText(this.#word, pending && tells ? doing : word);
    const label = pending ? doing : `${word}${thing && ` ${thing}`}`;
    setAttribute(this.node, "aria-label", label);
    setAttribute(this.node, "title", label);
    // A button that is disabled for real would drop the keyboard.
    setAttribute(this.node, "aria-disabled", pending ? "true" : null);
  }
}

export class Controls {
  readonly node = h("span", "na-buttons");
  readonly #controls = new Map<string, Control>();
  readonly #act: (action: string) => void;
  #lent: { heir: HTMLElement; until: number } | null = null;

  /** `icons`: without their words, which a pointer and a screen reader still get. */
  constructor(act: (action: string) => void, { icons = false } = {}) {
    this.#act = act;
    this.node.classList.toggle("na-icons", icons);
  }

  /** Show these actions, in this order, on what `thing` names. */
  update(
    actions: string[],
    thing: string,
    isPending: (action: string) => boolean = () => false,
  ): void {
    const known = actions.filter((action) => Object.hasOwn(LOOKS, action));
    const focused = this.#focused();
    for (const [action, control] of this.#controls) {
      if (known.includes(action)) continue;
      control.node.remove();
      this.#controls.delete(action);
    }
    known.forEach((action, i) => {
      const control = this.#control(action);
      control.update(thing, isPending(action));
      if (this.node.children[i] !== control.node)
        this.node.insertBefore(control.node, this.node.children[i] ?? null);
    });
    if (focused !== null && !this.node.contains(document.activeElement))
      this.#refocus(focused);
    else this.#takeBack();
  }

  get buttons(): HTMLButtonElement[] {
    return [...this.#controls.values()].map((control) => control.node);
  }

  #control(action: string): Control {
    const known = this.#controls.get(action);
    if (known) return known;
    const look = LOOKS[action] as Look;
    const made = new Control(action, look, () => this.#act(action));
    this.#controls.set(action, made);
    return made;
  }

  #focused(): number | null {
    const at = [...this.node.children].indexOf(document.activeElement as Element);
    return at < 0 ? null : at;
  }

  /** A button that goes away must not drop the keyboard onto the notebook, where one
   * letter is a command: the one in its place gets it, or else the panel. */
  #refocus(at: number): void {
    const { children } = this.node;
    const next = children[Math.min(at, children.length - 1)] ?? null;
    const heir = next ?? this.node.closest("[tabindex]");
    if (!(heir instanceof HTMLElement)) return;
    heir.focus({ preventScroll: true });
    this.#lent = next ? null : { heir, until: performance.now() + LENT };
  }

  /** The next button may come a moment after the last one has gone. */
  #takeBack(): void {
    const next = this.node.children[0];
    if (this.#lent === null || !(next instanceof HTMLElement)) return;
    const { heir, until } = this.#lent;
    this.#lent = null;
    if (document.activeElement === heir && performance.now() < until)
      next.focus({ preventScroll: true });
  }
}
