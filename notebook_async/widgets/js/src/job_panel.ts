/** The job panel: one quiet frame with a job's state, numbers, runs, failures and log.
 *
 * The kernel sends the whole view at most ten times a second and the log as deltas;
 * every view of the model draws them in place, once per animation frame.
 */

import { Announcer } from "./announcer";
import { Bar } from "./bar";
import {
  FrameGate,
  glyph,
  h,
  setAttribute,
  setHidden,
  setText,
  suppressShortcuts,
} from "./dom";
import { Failures } from "./failures";
import { Header } from "./header";
import { Connection, post } from "./host";
import { keepTail } from "./log_tail";
import { LogView } from "./log_view";
import { isLive, isTicking, type PanelModel, readLog, readView } from "./model";
import { Numbers } from "./numbers";
import { PanelState } from "./panel_state";
import { Runs } from "./runs";
import { watchVisibility } from "./visibility";
import { summarise } from "./wording";

class JobPanel {
  readonly #model: PanelModel;
  readonly #host: HTMLElement;
  readonly #state: PanelState;
  readonly #root = suppressShortcuts(h("div", "na-panel"));
  readonly #header = new Header((action) => this.#act(action));
  readonly #bar = new Bar();
  readonly #numbers = new Numbers();
  readonly #runs = new Runs();
  readonly #errorText = h("span");
  readonly #error = h("div", "na-error", glyph("✕"), this.#errorText);
  readonly #failures = new Failures();
  readonly #log = new LogView();
  readonly #announcer = new Announcer();
  readonly #gate = new FrameGate(() => this.#paint());
  readonly #request = () => this.#gate.request();
  readonly #onLog = () => {
    this.#logChanged = true;
    this.#gate.request();
  };
  readonly #connection: Connection;
  readonly #unwatch: () => void;
  #logChanged = true;
  #ticked = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(model: PanelModel, host: HTMLElement, state: PanelState) {
    this.#model = model;
    this.#host = host;
    this.#state = state;
    this.#connection = new Connection(model, host, this.#request);
    this.#build();
    model.on("change:view", this.#request);
    model.on("change:log", this.#onLog);
    state.watchers.add(this.#request);
    post(model, { type: "hello" });
    this.#unwatch = watchVisibility(this.#root, (visible) =>
      state.setVisible(model, this, visible),
    );
  }

  dispose(): void {
    this.#model.off("change:view", this.#request);
    this.#model.off("change:log", this.#onLog);
    this.#connection.dispose();
    this.#state.watchers.delete(this.#request);
    this.#unwatch();
    this.#state.setVisible(this.#model, this, false);
    this.#gate.cancel();
    this.#announcer.dispose();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#host.classList.remove("na-host");
    this.#root.remove();
  }

  #build(): void {
    this.#root.setAttribute("role", "group");
    this.#root.tabIndex = -1;
    this.#root.append(
      this.#header.node,
      this.#bar.node,
      this.#numbers.node,
      this.#runs.node,
      this.#error,
      this.#failures.node,
      this.#log.node,
      this.#announcer.node,
    );
    const view = readView(this.#model);
    // What had ended before anybody looked is no news.
    if (!isLive(view.phase)) this.#announcer.prime(summarise(view, view.elapsed));
    this.#paint();
    this.#host.classList.add("na-host");
    this.#host.append(this.#root);
    this.#onLog();
  }

  #act(action: string): void {
    this.#state.act(this.#model, action, readView(this.#model).phase);
  }

  #paint(): void {
    const view = readView(this.#model);
    const gone = this.#connection.gone || this.#state.unreachable;
    this.#root.classList.toggle("na-gone", gone && isLive(view.phase));
    setAttribute(this.#root, "aria-label", `Job ${view.title}`);
    setAttribute(this.#root, "data-phase", view.phase);
    this.#header.update(view, this.#state.pending, gone);
    this.#bar.update(`Progress of ${view.title}`, view.bar, view.phase);
    this.#numbers.update(view, gone);
    this.#runs.update(view.runs);
    this.#failures.update(view);
    if (this.#logChanged) this.#log.update(readLog(this.#model));
    this.#logChanged = false;
    setText(this.#errorText, view.error ?? "");
    setHidden(this.#error, view.error === null || this.#log.hasTrace);
    const text = summarise(view, this.#state.elapsed(view));
    if (isLive(view.phase)) this.#announcer.say(text);
    else this.#announcer.sayNow(text);
    this.#tick(gone);
  }

  /** Move the clock on by itself: nothing else changes between two updates. */
  #tick(gone: boolean): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const view = readView(this.#model);
    const runs = isTicking(view.phase) && !gone;
    const elapsed = runs ? this.#state.elapsed(view) : view.elapsed;
    // A clock that was moving when the kernel went stands still; it does not go back.
    if (!this.#ticked || !gone) this.#header.setElapsed(elapsed);
    if (!runs) return;
    this.#ticked = true;
    const toNextSecond = 1000 - ((elapsed * 1000) % 1000);
    this.#timer = setTimeout(() => this.#tick(false), toNextSecond);
  }
}

/** One call per model: hosts may load the module once for several models. */
export default function jobPanel() {
  const state = new PanelState();
  return {
    initialize({ model }: { model: PanelModel }): () => void {
      const stops = [keepTail(model), state.attach(model)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    render({ model, el }: { model: PanelModel; el: HTMLElement }): () => void {
      const panel = new JobPanel(model, el, state);
      return () => panel.dispose();
    },
  };
}
