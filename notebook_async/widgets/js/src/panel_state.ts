/** What the views of one model share besides its traits. */

import { Audience, listen, post } from "./host";
import {
  type ItemKind,
  isTicking,
  type Outgoing,
  type PanelModel,
  readView,
  type View,
} from "./model";
import { keyOf, Pending } from "./pending";
import { limitOf } from "./workers";

export type Tab = "output" | "items";

export class PanelState {
  /** Called when something here changed; one entry per view. */
  readonly watchers = new Set<() => void>();
  readonly audience = new Audience();
  readonly #pending = new Pending(() => this.#notify());
  readonly #limits = new Map<string, number>();
  #tab: Tab = "output";
  #kind: ItemKind = "all";
  #run: string | null = null;
  #unreachable = false;
  #receivedAt = performance.now();

  /** Follow the model; returns the way to stop. */
  attach(model: PanelModel): () => void {
    const stop = listen(model, {
      "change:view": () => {
        this.#receivedAt = performance.now();
        this.#settle(readView(model));
      },
      comm_live_update: () => {
        this.#pending.clear();
        this.#unreachable = false;
      },
    });
    return () => {
      this.#pending.clear();
      stop();
    };
  }

  get unreachable(): boolean {
    return this.#unreachable;
  }

  /** Seconds since the job's start: the kernel's figure, carried on by our clock. */
  elapsed(view: View): number {
    if (!isTicking(view.phase)) return view.elapsed;
    return view.elapsed + (performance.now() - this.#receivedAt) / 1000;
  }

  // -- what is shown

  get tab(): Tab {
    return this.#tab;
  }

  get kind(): ItemKind {
    return this.#kind;
  }

  /** The run whose items are shown: the one that was chosen, or else the latest. */
  runOf(view: View): string | null {
    const { runs } = view;
    const chosen = runs.find((run) => run.id === this.#run);
    return (chosen ?? runs.at(-1))?.id ?? null;
  }

  show(wanted: { tab?: Tab; kind?: ItemKind; run?: string }): void {
    this.#tab = wanted.tab ?? this.#tab;
    this.#kind = wanted.kind ?? this.#kind;
    this.#run = wanted.run ?? this.#run;
    this.#notify();
  }

  /** How far the slider of a run goes; it never shrinks, so that nothing jumps. */
  limit(run: { id: string; workers: number; total: number | null }): number {
    const known = this.#limits.get(run.id) ?? 0;
    if (run.workers <= known) return known;
    const limit = limitOf(run.workers, run.total);
    this.#limits.set(run.id, limit);
    return limit;
  }

  // -- what is asked for

  /** Whether an action on the job, or on a run of it, is on its way. */
  isPending(action: string, run = ""): boolean {
    return this.#pending.has(keyOf(action, run));
  }

  act(model: PanelModel, action: string, run = ""): void {
    if (this.isPending(action, run)) return;
    this.#unreachable = !post(model, run ? { type: action, run } : { type: action });
    if (!this.#unreachable) this.#pending.add(keyOf(action, run));
    this.#notify();
  }

  /** Send what needs no answer. */
  tell(model: PanelModel, message: Outgoing): void {
    this.#unreachable = !post(model, message);
    if (this.#unreachable) this.#notify();
  }

  #settle(view: View): void {
    const offered = new Set(view.actions.map((action) => keyOf(action)));
    for (const run of view.runs)
      for (const action of run.actions) offered.add(keyOf(action, run.id));
    this.#pending.settle(offered);
  }

  #notify(): void {
    for (const watcher of this.watchers) watcher();
  }
}
