/** The items of a run: which of them, the list, and the traceback of one. */

import { copyText } from "../clipboard";
import { Controls } from "../controls";
import { h, scrollable, setHidden, setText, suppressShortcuts } from "../dom";
import { count } from "../format";
import {
  type ItemKind,
  isLive,
  KINDS,
  type PanelModel,
  type Run,
  type View,
} from "../model";
import type { PanelState } from "../panel_state";
import { Tabs } from "../tabs";
import { ItemList } from "./list";
import { ItemStore } from "./store";

/** Rows in sight, if there are so many. */
const SHOWN = 8;

export class ItemsPane {
  readonly node = h("div", "na-items");
  readonly #model: PanelModel;
  readonly #state: PanelState;
  readonly #store: ItemStore;
  readonly #list: ItemList;
  readonly #kinds: Tabs<ItemKind>;
  readonly #runs = suppressShortcuts(h("select", "na-select"));
  readonly #trace = scrollable(h("div", "na-item-trace"), "traceback of an item");
  readonly #traceText = h("pre", "na-trace-text");
  readonly #tools: Controls;
  #run: Run | null = null;
  #shown = "";
  #opened: number | null = null;

  constructor(model: PanelModel, state: PanelState, changed: () => void) {
    this.#model = model;
    this.#state = state;
    this.#store = new ItemStore(model, changed);
    this.#list = new ItemList({
      row: (position) => this.#store.row(position),
      sees: (first) => this.#sees(first),
      open: (index) => this.#open(index),
      act: (action, index) => this.#act(action, index),
    });
    this.#kinds = new Tabs(KINDS, "which items", (kind) => state.show({ kind }));
    this.#tools = new Controls((action) => this.#use(action), { icons: true });
    this.#runs.setAttribute("aria-label", "run");
    this.#runs.addEventListener("change", () => state.show({ run: this.#runs.value }));
    const bar = h("div", "na-items-bar", this.#kinds.node, this.#runs);
    this.#trace.append(this.#tools.node, this.#traceText);
    this.#trace.hidden = true;
    this.#trace.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
    });
    this.node.append(bar, this.#list.node, this.#trace);
  }

  /** `gone`: nobody answers any more; `seen`: somebody looks. */
  update(view: View, gone: boolean, seen: boolean): void {
    const id = this.#state.runOf(view);
    this.#run = view.runs.find((run) => run.id === id) ?? null;
    const run = this.#run;
    if (!run || !seen) {
      this.#store.rest();
      return;
    }
    const kind = this.#state.kind;
    this.#chooseRuns(view.runs, run.id);
    this.#kinds.update(kind, words(run));
    const shown = `${run.id} ${kind}`;
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#list.toStart();
      this.#close();
    }
    const live = isLive(run.phase) && !gone;
    const total = this.#store.total ?? expected(run, kind);
    // Always as high as all items need, so that nothing jumps when few of them fail.
    const rows = Math.min(SHOWN, Math.max(1, expected(run, "all")));
    this.#list.update(total, rows, live, `${kind} items of ${run.desc}`);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #sees(first: number): void {
    const run = this.#run;
    if (run)
      this.#store.want(
        { run: run.id, kind: this.#state.kind, first },
        isLive(run.phase),
      );
  }

  #chooseRuns(runs: Run[], chosen: string): void {
    setHidden(this.#runs, runs.length < 2);
    const known = [...this.#runs.options].map((option) => option.value);
    if (String(known) !== String(runs.map((run) => run.id)))
      this.#runs.replaceChildren(
        ...runs.map(({ id, desc }) => {
          const option = h("option", "", desc);
          option.value = id;
          return option;
        }),
      );
    if (this.#runs.value !== chosen) this.#runs.value = chosen;
  }

  #act(action: string, index: number): void {
    const run = this.#run;
    if (!run) return;
    this.#state.tell(this.#model, { type: `${action}-item`, run: run.id, index });
    this.#store.renew();
  }

  // -- the traceback of one item

  #open(index: number): void {
    const run = this.#run;
    if (!run) return;
    this.#opened = index;
    this.#store.details(run.id, index, (text) => {
      if (this.#opened !== index) return;
      setText(this.#traceText, text || `item ${index} has not failed`);
      setHidden(this.#trace, false);
      this.#tools.update(["copy", "close"], `of item ${index}`);
      this.#trace.scrollTop = 0;
    });
  }

  #close(): void {
    this.#opened = null;
    if (this.#trace.contains(document.activeElement)) this.#list.node.focus();
    setHidden(this.#trace, true);
  }

  #use(action: string): void {
    if (action === "close") this.#close();
    else void this.#copy();
  }

  async #copy(): Promise<void> {
    const text = this.#traceText.textContent ?? "";
    const copied = await copyText(text);
    if (!copied) return;
    const thing = `of item ${this.#opened}`;
    this.#tools.update(["copy", "close"], thing, (action) => action === "copy");
    setTimeout(() => this.#tools.update(["copy", "close"], thing), 1500);
  }
}

function expected(run: Run, kind: ItemKind): number {
  if (kind === "failed") return run.failed;
  const flying = run.running + run.waiting;
  return kind === "running" ? flying : (run.total ?? run.done + run.failed + flying);
}

function words(run: Run): Record<ItemKind, string> {
  return {
    all: `all ${count(expected(run, "all"))}`,
    running: `running ${count(expected(run, "running"))}`,
    failed: `failed ${count(run.failed)}`,
  };
}
