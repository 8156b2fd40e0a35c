/** What the views of one model share besides its traits. */

import { Audience, post } from "./host";
import { isTicking, type PanelModel, type Phase, readView, type View } from "./model";

export class PanelState {
  /** Called when something here changed; one entry per view. */
  readonly watchers = new Set<() => void>();
  readonly #audience = new Audience();
  #pending: { action: string; phase: Phase } | null = null;
  #unreachable = false;
  #receivedAt = performance.now();

  /** Follow the model; returns the way to stop. */
  attach(model: PanelModel): () => void {
    const onView = (): void => {
      this.#receivedAt = performance.now();
      if (readView(model).phase !== this.#pending?.phase) this.#pending = null;
    };
    const onLive = (): void => {
      this.#pending = null;
      this.#unreachable = false;
    };
    model.on("change:view", onView);
    model.on("comm_live_update", onLive);
    return () => {
      model.off("change:view", onView);
      model.off("comm_live_update", onLive);
    };
  }

  /** The action that was asked for and has not shown in the phase yet. */
  get pending(): string | null {
    return this.#pending?.action ?? null;
  }

  get unreachable(): boolean {
    return this.#unreachable;
  }

  /** Seconds since the job's start: the kernel's figure, carried on by our clock. */
  elapsed(view: View): number {
    if (!isTicking(view.phase)) return view.elapsed;
    return view.elapsed + (performance.now() - this.#receivedAt) / 1000;
  }

  act(model: PanelModel, action: string, phase: Phase): void {
    if (this.#pending) return;
    this.#unreachable = !post(model, { type: action });
    if (!this.#unreachable) this.#pending = { action, phase };
    for (const watcher of this.watchers) watcher();
  }

  /** Count a view in or out, and tell the kernel when the answer changes. */
  setVisible(model: PanelModel, view: object, visible: boolean): void {
    this.#audience.set(model, view, visible);
  }
}
