/** A model as anywidget hands it over, without a kernel; and the page around it. */

import { vi } from "vitest";
import type { Listener } from "../src/host";

export class FakeHost<Traits extends object, Outgoing> {
  readonly sent: Outgoing[] = [];
  readonly listeners = new Map<string, Set<Listener>>();
  readonly #traits: Traits;
  /** When set, `send` throws, as the comm of a dead kernel does. */
  dead = false;
  /** What ipywidgets' model says; undefined in hosts that do not tell. */
  live: boolean | undefined;

  constructor(traits: Traits) {
    this.#traits = traits;
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.#traits[name];
  }

  set<K extends keyof Traits>(name: K, value: Traits[K]): void {
    if (this.#traits[name] === value) return;
    this.#traits[name] = value;
    this.emit(`change:${String(name)}`);
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

  /** A custom message from the kernel. */
  receive(message: unknown): void {
    this.emit("msg:custom", message);
  }

  get listenerCount(): number {
    return [...this.listeners.values()].reduce((n, set) => n + set.size, 0);
  }
}

/** The kernel's connection, as JupyterLab's widget manager has it. */
export class FakeKernel {
  readonly slots = new Set<(sender: unknown, status: string) => void>();
  readonly statusChanged = {
    connect: (slot: (sender: unknown, status: string) => void) => this.slots.add(slot),
    disconnect: (slot: (sender: unknown, status: string) => void) =>
      this.slots.delete(slot),
  };

  become(status: string): void {
    for (const slot of [...this.slots]) slot(this, status);
  }
}

/** An observer that the test moves into and out of view. */
export class FakeObserver {
  static all: FakeObserver[] = [];
  readonly #report: (entries: { isIntersecting: boolean }[]) => void;
  disconnected = false;

  constructor(report: (entries: { isIntersecting: boolean }[]) => void) {
    this.#report = report;
    FakeObserver.all.push(this);
  }

  observe(): void {}

  disconnect(): void {
    this.disconnected = true;
  }

  move(isIntersecting: boolean): void {
    this.#report([{ isIntersecting }]);
  }
}

/** Let the next animation frame be drawn. */
export const frame = (): void => void vi.advanceTimersByTime(20);

/** A notebook of so many cells, with a place for a panel in the output of the first. */
export function notebook(cells: number): HTMLElement {
  const book = document.createElement("div");
  book.className = "jp-Notebook";
  for (let n = 1; n <= cells; n++) {
    const cell = document.createElement("div");
    cell.className = "jp-Cell";
    cell.innerHTML = `<div class="jp-InputPrompt">[${n}]:</div>`;
    cell.scrollIntoView = vi.fn();
    book.append(cell);
  }
  const output = document.createElement("div");
  output.className = "jp-OutputArea-child";
  book.firstElementChild?.append(output);
  document.body.append(book);
  return output;
}
