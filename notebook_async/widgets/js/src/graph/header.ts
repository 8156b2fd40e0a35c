/** The header line: state, workflow, run and time, who waits, and what can be done. */

import { glyph, h, setAttribute, setHidden, setText } from "../dom";
import { clock, count } from "../format";
import { button } from "../make";
import { isLive, type RunHead, type Scene, type StepPhase } from "./model";
import { GLYPHS, RUN_WORDS, waitsForYou } from "./words";

export type Action = "fit" | "svg" | "mermaid" | "cancel";

const COPIED_MS = 1600;

export class Header {
  readonly node = h("div", "na-header");
  readonly #glyph = glyph("");
  readonly #phase = h("span", "na-sr");
  readonly #title = h("b", "na-title");
  readonly #run = h("span", "na-where");
  readonly #clock = h("span");
  readonly #tally = h("span", "na-g-tally na-dim");
  readonly #waits = h("span", "na-g-waits");
  readonly #gone = h("span", "na-dim", "kernel gone");
  readonly #cancel: HTMLButtonElement;
  readonly #cancelWord = h("span", "na-button-word", "cancel");

  constructor(act: (action: Action) => void) {
    this.#gone.title = "The kernel of this run has ended; what it showed last stays.";
    const meta = h("span", "na-meta na-dim", this.#run, this.#clock);
    const made = (action: Action, label: string, ...inside: (Node | string)[]) => {
      const node = button(inside, label, () => act(action));
      node.dataset.action = action;
      return node;
    };
    const copy = (action: Action, word: string) => {
      const words = h("span", "", h("span", "na-g-wide", "copy "), word);
      return made(action, `copy the picture as ${word}`, words);
    };
    this.#cancel = made("cancel", "cancel this run", glyph("✕"), this.#cancelWord);
    const fit = made("fit", "show all of the graph", "fit");
    const copies = [copy("svg", "SVG"), copy("mermaid", "Mermaid")];
    const buttons = h("span", "na-buttons", fit, ...copies, this.#cancel);
    this.node.append(this.#glyph, this.#phase, this.#title, meta);
    this.node.append(h("span", "na-spacer"), this.#tally, this.#waits, this.#gone);
    this.node.append(buttons);
  }

  update(scene: Scene, head: RunHead, cancelling: boolean, gone: boolean): void {
    const { phase, waiting } = head;
    setText(this.#glyph, GLYPHS[phase]);
    setAttribute(this.#glyph, "data-phase", phase);
    setAttribute(this.#glyph, "title", RUN_WORDS[phase]);
    setText(this.#phase, RUN_WORDS[phase]);
    setText(this.#title, scene.title);
    setAttribute(this.#title, "title", scene.title);
    setText(this.#run, scene.run ? `run ${scene.run} · ` : "");
    const live = isLive(phase);
    const lost = gone && live;
    setText(this.#waits, lost || !waiting ? "" : `? ${waitsForYou(waiting)}`);
    setAttribute(this.#waits, "title", head.asks || null);
    setHidden(this.#waits, lost || !waiting);
    setHidden(this.#gone, !lost);
    const dead = gone || !head.actions.includes("cancel");
    // A button that goes away must not drop the keyboard onto the notebook, where one
    // letter is a command.
    if (dead && this.#cancel.contains(document.activeElement))
      this.node.parentElement?.focus({ preventScroll: true });
    setHidden(this.#cancel, dead);
    // Disabled for real it would drop the keyboard, too.
    setAttribute(this.#cancel, "aria-disabled", cancelling ? "true" : null);
    setText(this.#cancelWord, cancelling ? "cancelling…" : "cancel");
  }

  setElapsed(seconds: number): void {
    setText(this.#clock, clock(seconds));
  }

  /** Tell how many steps are in which state, where the picture is too small to. */
  setTally(phases: StepPhase[] | null): void {
    const numbers = new Map<StepPhase, number>();
    for (const phase of phases ?? []) numbers.set(phase, (numbers.get(phase) ?? 0) + 1);
    const order: StepPhase[] = ["done", "running", "retrying", "queued", "failed"];
    const told = [...order, "cancelled" as const, "idle" as const]
      .filter((phase) => numbers.has(phase))
      .map((phase) => `${GLYPHS[phase]} ${count(numbers.get(phase) ?? 0)}`);
    setText(this.#tally, told.join("  "));
    setHidden(this.#tally, !told.length);
  }

  /** Say on the button itself that its words are in the clipboard, or not. */
  confirm(action: Action, well: boolean): void {
    const button = this.node.querySelector<HTMLElement>(`[data-action="${action}"]`);
    if (!button) return;
    button.dataset.told = well ? "copied ✓" : "cannot copy";
    setTimeout(() => delete button.dataset.told, COPIED_MS);
  }
}
