/** The await tree's panel: what waits for what, made anew on request or every second. */

import { FrameGate, h, scrollable, setHidden, setText, suppressShortcuts } from "./dom";
import { count } from "./format";
import { Audience, post } from "./host";
import { moveFocus, setStop } from "./roving";
import { type Stage, stage } from "./stage";
import { readTree, type TreeModel, type TreeRow } from "./tree/model";
import { Row } from "./tree/row";

const REFRESH_MS = 1000;

/** What the views of one model share. */
class TreeState {
  readonly audience = new Audience();
  readonly watchers = new Set<() => void>();
  #follows = false;

  get follows(): boolean {
    return this.#follows;
  }

  set follows(follows: boolean) {
    this.#follows = follows;
    for (const watcher of this.watchers) watcher();
  }
}

class TreePanel {
  readonly #model: TreeModel;
  readonly #state: TreeState;
  readonly #root = h("div", "na-panel na-tree");
  readonly #count = h("span", "na-dim");
  readonly #gone = h("span", "na-dim", "kernel gone");
  readonly #follow = suppressShortcuts(h("input"));
  readonly #refresh = suppressShortcuts(h("button", "na-button", "↻ refresh"));
  readonly #box = scrollable(h("div", "na-tree-rows"), "what waits for what");
  readonly #more = h("div", "na-tree-more na-dim");
  readonly #rows = new Map<string, Row>();
  readonly #gate = new FrameGate(() => this.#paint());
  readonly #request = () => this.#gate.request();
  readonly #stage: Stage;
  #stop: HTMLElement | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(model: TreeModel, host: HTMLElement, state: TreeState) {
    this.#model = model;
    this.#state = state;
    this.#build();
    this.#stage = stage(model, host, this.#root, state.audience, this.#request);
    this.#paint();
    model.on("change:rows", this.#request);
    state.watchers.add(this.#request);
  }

  dispose(): void {
    this.#model.off("change:rows", this.#request);
    this.#state.watchers.delete(this.#request);
    this.#stage.dispose();
    this.#gate.cancel();
    this.#setTimer(false);
    for (const row of this.#rows.values()) row.dispose();
  }

  #build(): void {
    this.#root.setAttribute("aria-label", "what waits for what");
    this.#gone.title = "The kernel has ended; what it showed last stays.";
    this.#follow.type = "checkbox";
    this.#refresh.type = "button";
    const follow = h("label", "na-tree-follow", this.#follow, "every second");
    const title = h("b", "na-title", "what waits for what");
    const spacer = h("span", "na-spacer");
    const end = [this.#gone, follow, this.#refresh];
    this.#root.append(
      h("div", "na-header", title, this.#count, spacer, ...end),
      this.#box,
    );
    this.#box.append(this.#more);
    this.#follow.addEventListener("change", () => {
      this.#state.follows = this.#follow.checked;
      this.#ask();
    });
    this.#refresh.addEventListener("click", () => this.#ask());
    this.#box.addEventListener("keydown", (event) => {
      moveFocus(event, this.#buttons());
      this.#stop = setStop(this.#buttons().flat(), this.#stop);
    });
  }

  #ask(): void {
    post(this.#model, { type: "refresh" });
  }

  #paint(): void {
    const { rows, more } = readTree(this.#model);
    const gone = this.#stage.gone;
    this.#root.classList.toggle("na-gone", gone);
    setHidden(this.#gone, !gone);
    setHidden(this.#refresh, gone);
    setHidden(this.#follow.parentElement as HTMLElement, gone);
    this.#follow.checked = this.#state.follows;
    const lines = rows.length + more;
    setText(
      this.#count,
      lines ? `${count(lines)} ${lines === 1 ? "line" : "lines"}` : "",
    );
    this.#place(rows, gone);
    setText(this.#more, lines ? `… ${count(more)} more` : "nothing waits");
    setHidden(this.#more, lines > 0 && more === 0);
    this.#stop = setStop(this.#buttons().flat(), this.#stop);
    this.#setTimer(this.#state.follows && this.#stage.visible && !gone);
  }

  /** A line keeps its node for as long as its task lives, and with it its question. */
  #place(rows: TreeRow[], gone: boolean): void {
    const names = rows.map(([, , key], i) => key ?? `line ${i}`);
    for (const [name, row] of this.#rows) {
      if (names.includes(name)) continue;
      if (row.node.contains(document.activeElement))
        this.#root.focus({ preventScroll: true });
      row.dispose();
      this.#rows.delete(name);
    }
    rows.forEach((data, i) => {
      const name = names[i] as string;
      const row = this.#rows.get(name) ?? new Row((key) => this.#cancel(key));
      this.#rows.set(name, row);
      row.update(data, gone);
      if (this.#box.children[i] !== row.node)
        this.#box.insertBefore(row.node, this.#box.children[i] ?? null);
    });
  }

  #cancel(key: string): void {
    post(this.#model, { type: "cancel", key });
  }

  #buttons(): HTMLElement[][] {
    const rows = [...this.#rows.values()];
    const order = (row: Row): number => [...this.#box.children].indexOf(row.node);
    return rows.sort((a, b) => order(a) - order(b)).map((row) => row.buttons);
  }

  #setTimer(on: boolean): void {
    if (on === (this.#timer !== null)) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#ask(), REFRESH_MS) : null;
  }
}

/** One call per model: hosts may load the module once for several models. */
export default function treePanel() {
  const state = new TreeState();
  return {
    render({ model, el }: { model: TreeModel; el: HTMLElement }): () => void {
      const panel = new TreePanel(model, el, state);
      return () => panel.dispose();
    },
  };
}
