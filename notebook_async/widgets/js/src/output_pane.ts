/** What a job says: its error, the items that failed, and its log. */

import { copyText } from "./clipboard";
import { glyph, h, setHidden, setText } from "./dom";
import { Failures } from "./failures";
import { LogView } from "./log_view";
import { type PanelModel, readLog, type View } from "./model";

/** For so long a button says that it has copied. */
const COPIED_MS = 1500;

export class OutputPane {
  readonly node = h("div", "na-output");
  readonly #model: PanelModel;
  readonly #changed: () => void;
  readonly #errorText = h("span");
  readonly #error = h("div", "na-error", glyph("✕"), this.#errorText);
  readonly #failures = new Failures();
  readonly #log = new LogView();
  readonly #onLog = (): void => {
    this.#logChanged = true;
    this.#changed();
  };
  #logChanged = true;
  #view: View | null = null;
  #copiedUntil: ReturnType<typeof setTimeout> | null = null;

  constructor(model: PanelModel, changed: () => void) {
    this.#model = model;
    this.#changed = changed;
    this.node.append(this.#error, this.#failures.node, this.#log.node);
    model.on("change:log", this.#onLog);
  }

  update(view: View): void {
    this.#view = view;
    this.#failures.update(view);
    if (this.#logChanged) this.#log.update(readLog(this.#model));
    this.#logChanged = false;
    setText(this.#errorText, view.error ?? "");
    setHidden(this.#error, view.error === null || this.#log.hasTrace);
  }

  dispose(): void {
    this.#model.off("change:log", this.#onLog);
    if (this.#copiedUntil !== null) clearTimeout(this.#copiedUntil);
  }

  /** What went wrong: the latest traceback, or else the line of the error. */
  get error(): string | null {
    return this.#log.trace ?? this.#view?.error ?? null;
  }

  /** Whether it has just been copied. */
  get copied(): boolean {
    return this.#copiedUntil !== null;
  }

  async copyError(): Promise<void> {
    if (this.error === null || !(await copyText(this.error))) return;
    this.#copiedUntil = setTimeout(() => {
      this.#copiedUntil = null;
      this.#changed();
    }, COPIED_MS);
  }
}
