/** A model of an event panel without a kernel; and samples to put in it. */

import eventPanel from "../../src/event_panel";
import type {
  Answer,
  EventModel,
  Head,
  LanesAnswer,
  LogAnswer,
  Outgoing,
  RawNode,
  Snapshot,
  TreeAnswer,
} from "../../src/events/model";
import type { Listener } from "../../src/host";

export class FakeModel implements EventModel {
  readonly sent: Outgoing[] = [];
  readonly listeners = new Map<string, Set<Listener>>();
  /** When set, `send` throws, as the comm of a dead kernel does. */
  dead = false;
  /** What ipywidgets' model says; undefined in hosts that do not tell. */
  live: boolean | undefined;
  seq: number;
  #snapshot: Snapshot;

  constructor(some: Partial<Head> = {}, answer: Answer = {}, seq = 0) {
    this.seq = seq;
    this.#snapshot = { seq, head: head(some), answer };
  }

  get(name: "snapshot"): Snapshot {
    return name === "snapshot" ? this.#snapshot : (undefined as never);
  }

  setSnapshot(some: Partial<Head>, answer: Answer = {}, seq = this.seq): void {
    this.#snapshot = { seq, head: head(some), answer };
    this.seq = seq;
    this.emit("change:snapshot");
  }

  send(message: Outgoing): void {
    if (this.dead) throw new Error("Cannot send");
    this.sent.push(message);
  }

  on(event: string, callback: Listener): void {
    const set = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, set.add(callback));
  }

  off(event: string, callback: Listener): void {
    this.listeners.get(event)?.delete(callback);
  }

  emit(event: string, message?: unknown): void {
    for (const listener of [...(this.listeners.get(event) ?? [])])
      listener.call({ model: { comm_live: this.live } }, message);
  }

  /** A message from the kernel, in its turn. */
  news(some: Partial<Head>, to: Record<string, Answer> = {}): void {
    this.seq += 1;
    this.emit("msg:custom", { type: "news", seq: this.seq, head: head(some), to });
  }

  /** What was sent of one kind. */
  only(type: string): Outgoing[] {
    return this.sent.filter((message) => message.type === type);
  }

  get listenerCount(): number {
    return [...this.listeners.values()].reduce((n, set) => n + set.size, 0);
  }
}

export function head(some: Partial<Head> = {}): Head {
  return {
    began: 0,
    ended: 10,
    moment: null,
    moved: ["", 0],
    speed: 0,
    live: false,
    ticks: false,
    records: 100,
    dropped: 0,
    missing: "",
    marks: [],
    name: "index-120000.jsonl.gz",
    epoch: 1,
    ...some,
  };
}

/** An answer with `count` rows from a place on; each a tenth of a second later. */
export function rows(first: number, count: number, some: Partial<LogAnswer> = {}) {
  const log: LogAnswer = { basis: 0, start: 0, end: 100, now: 100, ...some };
  log.first = first;
  log.rows = Array.from({ length: count }, (_, i) => {
    const number = first + i;
    return [number, number / 10, "item", number % 10 ? 4 : 5, 0, `#${number} page`];
  });
  log.sources = ["job-1 / run-1"];
  return log;
}

export function node(
  key: number,
  level: number,
  name: string,
  some: {
    kind?: string;
    phase?: RawNode[5];
    open?: boolean | null;
    counts?: number[];
  } = {},
): RawNode {
  const { kind = "run", phase = "done", open = null } = some;
  const { counts = [3, 1, 0, 0, 0, 0, 0, 0] } = some;
  return [key, level, 1, 1, kind, phase, name, open, counts, null, 1.5, ""];
}

export function tree(nodes: RawNode[], first = 0, total = nodes.length): TreeAnswer {
  return { first, total, nodes };
}

/** Two lanes of two spans each, and one block; a unit is a tenth of a second. */
export function lanes(some: Partial<LanesAnswer> = {}): LanesAnswer {
  return {
    window: [0, 10],
    unit: 0.1,
    first: 0,
    total: 2,
    lanes: [
      ["read 1", "read 1 · job-1", [0, 20, 4, 1, 7, 10, 20, 5, 1, 2]],
      ["read 2", "read 2 · job-1", [10, 30, 4, 3, 8, 0, 60, 1, 1, 0]],
    ],
    loop: [[4, 5, 1, 20, "blocked 1.00 s · cell [7] line 12"]],
    whole: true,
    fade: null,
    ...some,
  };
}

/** A panel as a host shows it: initialised once, rendered `views` times. */
export function show(model: FakeModel, views = 1) {
  const panel = eventPanel();
  const stop = panel.initialize({ model });
  const hosts = Array.from({ length: views }, () => {
    const parent = document.createElement("div");
    const el = document.createElement("div");
    document.body.append(parent);
    parent.append(el);
    return { el, remove: panel.render({ model, el }) };
  });
  return { panel, el: hosts[0]?.el as HTMLElement, hosts, stop };
}

/** The name under which a view looks at something. */
export function viewOf(model: FakeModel, nth = 0): string {
  const names = new Set(model.only("look").map(({ view }) => view as string));
  return [...names][nth] ?? "";
}

export function press(
  node: Element,
  key: string,
  more: KeyboardEventInit = {},
): boolean {
  const event = new KeyboardEvent("keydown", {
    key,
    bubbles: true,
    cancelable: true,
    ...more,
  });
  node.dispatchEvent(event);
  return event.defaultPrevented;
}

/** Type a text into a field. */
export function type(field: Element | null, text: string): void {
  (field as HTMLInputElement).value = text;
  field?.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Let an element have a size, which a page without a screen does not give it. */
export function sized(node: Element, height: number, width = 800): void {
  const sizes = { clientHeight: height, clientWidth: width };
  for (const [name, value] of Object.entries(sizes))
    Object.defineProperty(node, name, { value, configurable: true });
}
