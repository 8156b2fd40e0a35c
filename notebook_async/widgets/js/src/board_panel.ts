/** The board panel: every job in a row, what it is at, and what can be done with it.
 *
 * The kernel sends what has changed at most ten times a second; every view of the model
 * draws it in place, once per animation frame.
 */

import { announcer } from "./announcer";
import { LogDrawer } from "./board/log";
import type { BoardModel, BoardRow } from "./board/model";
import { Row } from "./board/row";
import { BoardStore } from "./board/store";
import { showCell } from "./cells";
import { Controls } from "./controls";
import { FrameGate, h, setHidden } from "./dom";
import { count } from "./format";
import { isLive, isTicking, type Phase } from "./model";
import { moveFocus, setStop } from "./roving";
import { type Stage, stage } from "./stage";
import { stateGlyph, stateWord } from "./wording";

const COLUMNS = ["", "job", "state", "progress", "now", ""];
const TOLD: Phase[] = ["running", "waiting", "failed"];

class BoardPanel {
  readonly #model: BoardModel;
  readonly #store: BoardStore;
  readonly #root = h("div", "na-panel na-board");
  readonly #tally = h("span", "na-tally");
  readonly #gone = h("span", "na-dim", "kernel gone");
  readonly #clear: Controls;
  readonly #body = h("tbody");
  readonly #table: HTMLElement;
  readonly #empty = h("div", "na-empty na-dim");
  readonly #rows = new Map<number, Row>();
  readonly #log: LogDrawer;
  readonly #announcer = announcer();
  readonly #gate = new FrameGate(() => this.#paint());
  readonly #request = () => this.#gate.request();
  readonly #stage: Stage;
  #stop: HTMLElement | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(model: BoardModel, host: HTMLElement, store: BoardStore) {
    this.#model = model;
    this.#store = store;
    this.#clear = new Controls(() => store.clear());
    this.#log = new LogDrawer(() => this.#closeLog());
    this.#table = h("div", "na-table", table(this.#body), this.#empty);
    this.#build();
    this.#stage = stage(model, host, this.#root, store.audience, this.#request);
    this.#paint();
    this.#request();
    store.watchers.add(this.#request);
  }

  dispose(): void {
    this.#store.watchers.delete(this.#request);
    this.#stage.dispose();
    this.#gate.cancel();
    this.#announcer.dispose();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #build(): void {
    this.#root.setAttribute("aria-label", "jobs of this notebook");
    this.#empty.append("no jobs yet: start one with ", h("code", "", "%%arun"));
    this.#gone.title =
      "The kernel of these jobs has ended; what they showed last stays.";
    const title = h("b", "na-title", "jobs");
    const spacer = h("span", "na-spacer");
    this.#root.append(
      h("div", "na-header", title, this.#tally, spacer, this.#gone, this.#clear.node),
      this.#table,
      this.#log.node,
      this.#announcer.node,
    );
    this.#body.addEventListener("keydown", (event) => {
      moveFocus(event, this.#buttons());
      this.#stop = setStop(this.#buttons().flat(), this.#stop);
    });
    this.#announcer.prime(this.#summary(this.#store.rows));
  }

  #paint(): void {
    const { rows, some, unreachable } = this.#store;
    const gone = this.#stage.gone || unreachable;
    this.#root.classList.toggle("na-gone", gone);
    setHidden(this.#gone, !gone);
    this.#log.update(this.#model.get("log") ?? null);
    this.#place(rows, gone);
    setHidden(this.#empty, rows.length > 0);
    this.#tell(rows);
    const clears = !gone && !some && rows.some(({ phase }) => !isLive(phase));
    this.#clear.update(clears ? ["clear"] : [], "");
    this.#stop = setStop(this.#buttons().flat(), this.#stop);
    if (gone) this.#announcer.sayNow("jobs: kernel gone");
    else this.#announcer.say(this.#summary(rows));
    this.#tick(gone);
  }

  #place(rows: BoardRow[], gone: boolean): void {
    const ids = new Set(rows.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      if (row.node.contains(document.activeElement))
        this.#root.focus({ preventScroll: true });
      row.node.remove();
      this.#rows.delete(id);
    }
    rows.forEach((data, i) => {
      const row = this.#rows.get(data.id) ?? this.#newRow(data.id);
      row.update(data, this.#log.job === data.id, gone);
      if (this.#body.children[i] !== row.node)
        this.#body.insertBefore(row.node, this.#body.children[i] ?? null);
    });
  }

  #newRow(id: number): Row {
    const row = new Row(id, {
      act: (action, job) => this.#act(action, job),
      isPending: (action, job) => this.#store.isPending(action, job),
    });
    this.#rows.set(id, row);
    return row;
  }

  #act(action: string, job: number): void {
    const cell = this.#store.rows.find(({ id }) => id === job)?.cell;
    if (action === "cell") showCell(this.#root, cell ?? -1);
    else if (action === "log") this.#store.read(this.#log.job === job ? null : job);
    else this.#store.act(action, job);
  }

  #closeLog(): void {
    const held = this.#log.node.contains(document.activeElement);
    this.#store.read(null);
    if (held) (this.#stop ?? this.#root).focus({ preventScroll: true });
  }

  #buttons(): HTMLElement[][] {
    return [...this.#body.children].map((node) => [
      ...node.querySelectorAll<HTMLElement>("button"),
    ]);
  }

  /** The numbers of jobs by state, those that matter; the others are in the table. */
  #tell(rows: BoardRow[]): void {
    const parts = tally(rows).map(([row, n]) => {
      const sign = h("span", "na-glyph", stateGlyph(row));
      sign.dataset.phase = row.phase;
      sign.setAttribute("aria-hidden", "true");
      return h("span", "na-tally-part", sign, ` ${count(n)} ${stateWord(row, n)}`);
    });
    const words = parts.map((part) => part.textContent).join(" ");
    if (this.#tally.textContent !== words)
      this.#tally.replaceChildren(...spaced(parts));
  }

  #summary(rows: BoardRow[]): string {
    const parts = tally(rows).map(([row, n]) => `${count(n)} ${stateWord(row, n)}`);
    return parts.length ? `jobs: ${parts.join(", ")}` : "jobs: none runs";
  }

  /** Move the clocks on by themselves: nothing else changes between two updates. */
  #tick(gone: boolean): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    let soonest = Number.POSITIVE_INFINITY;
    for (const data of this.#store.rows) {
      const runs = isTicking(data.phase);
      // A clock that was moving when the kernel went stands still.
      if (runs && gone) continue;
      const elapsed = this.#store.elapsed(data);
      this.#rows.get(data.id)?.setElapsed(elapsed);
      if (runs) soonest = Math.min(soonest, 1000 - ((elapsed * 1000) % 1000));
    }
    if (Number.isFinite(soonest))
      this.#timer = setTimeout(() => this.#tick(false), soonest + 5);
  }
}

function table(body: HTMLElement): HTMLElement {
  const heads = COLUMNS.map((name, i) => {
    const head = h("th", "", name);
    head.scope = "col";
    if (!name) head.setAttribute("aria-label", i === 0 ? "sign" : "actions");
    return head;
  });
  return h("table", "", h("thead", "", h("tr", "", ...heads)), body);
}

/** One row of each state that is told, with how many there are. */
function tally(rows: BoardRow[]): [BoardRow, number][] {
  const found = new Map<string, [BoardRow, number]>();
  for (const phase of TOLD)
    for (const row of rows.filter((each) => each.phase === phase)) {
      const word = stateWord(row);
      found.set(word, [row, (found.get(word)?.[1] ?? 0) + 1]);
    }
  return [...found.values()];
}

function spaced(parts: HTMLElement[]): (HTMLElement | string)[] {
  return parts.flatMap((part, i) => (i ? [" ", part] : [part]));
}

/** One call per model: hosts may load the module once for several models. */
export default function boardPanel() {
  let store: BoardStore | null = null;
  return {
    initialize({ model }: { model: BoardModel }): () => void {
      store = new BoardStore(model);
      return store.attach();
    },
    render({ model, el }: { model: BoardModel; el: HTMLElement }): () => void {
      store ??= new BoardStore(model);
      const panel = new BoardPanel(model, el, store);
      return () => panel.dispose();
    },
  };
}
