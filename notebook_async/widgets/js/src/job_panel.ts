/** The job panel: one quiet frame with a job's state, numbers, runs, output and items.
 *
 * The kernel sends the whole view at most ten times a second and the log as deltas;
 * every view of the model draws them in place, once per animation frame. Items it sends
 * as a view asks for them.
 */

import { announcer } from "./announcer";
import { Bar } from "./bar";
import { FrameGate, h, setAttribute } from "./dom";
import { Header } from "./header";
import { ItemsPane } from "./items/pane";
import { keepTail } from "./log_tail";
import {
  isLive,
  isTicking,
  type PanelModel,
  type Run,
  readView,
  type View,
} from "./model";
import { Numbers } from "./numbers";
import { OutputPane } from "./output_pane";
import { PanelState, type Tab } from "./panel_state";
import { Runs } from "./runs";
import { type Stage, stage } from "./stage";
import { Tabs } from "./tabs";
import { summarise } from "./wording";

const TABS: readonly Tab[] = ["output", "items"];

class JobPanel {
  readonly #model: PanelModel;
  readonly #state: PanelState;
  readonly #root = h("div", "na-panel");
  readonly #header: Header;
  readonly #bar = new Bar();
  readonly #numbers = new Numbers();
  readonly #runs: Runs;
  readonly #tabs: Tabs<Tab>;
  readonly #output: OutputPane;
  readonly #items: ItemsPane;
  readonly #announcer = announcer();
  readonly #gate = new FrameGate(() => this.#paint());
  readonly #request = () => this.#gate.request();
  readonly #stage: Stage;
  #ticked = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(model: PanelModel, host: HTMLElement, state: PanelState) {
    this.#model = model;
    this.#state = state;
    const act = (action: string, run?: string): void => this.#act(action, run);
    const setWorkers = (run: string, workers: number): void =>
      state.tell(model, { type: "workers", run, workers });
    this.#header = new Header({ act, setWorkers });
    this.#runs = new Runs({
      act,
      setWorkers,
      isPending: (action, run) => state.isPending(action, run),
      limit: (run) => state.limit(run),
    });
    this.#output = new OutputPane(model, this.#request);
    this.#items = new ItemsPane(model, state, this.#request);
    const panes = { output: this.#output.node, items: this.#items.node };
    const show = (tab: Tab): void => state.show({ tab });
    this.#tabs = new Tabs(TABS, "what to show", show, panes);
    this.#build();
    this.#stage = stage(model, host, this.#root, state.audience, this.#request);
    this.#paint();
    this.#request();
    model.on("change:view", this.#request);
    state.watchers.add(this.#request);
  }

  dispose(): void {
    this.#model.off("change:view", this.#request);
    this.#stage.dispose();
    this.#state.watchers.delete(this.#request);
    this.#gate.cancel();
    for (const part of [this.#header, this.#runs, this.#output, this.#items])
      part.dispose();
    this.#announcer.dispose();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #build(): void {
    this.#root.append(
      this.#header.node,
      this.#bar.node,
      this.#numbers.node,
      this.#runs.node,
      this.#tabs.node,
      this.#output.node,
      this.#items.node,
      this.#announcer.node,
    );
    const view = readView(this.#model);
    // What had ended before anybody looked is no news.
    if (!isLive(view.phase)) this.#announcer.prime(summarise(view, view.elapsed));
  }

  #act(action: string, run?: string): void {
    if (action === "copy") void this.#output.copyError().then(this.#request);
    else this.#state.act(this.#model, action, run);
  }

  #paint(): void {
    const view = readView(this.#model);
    const state = this.#state;
    const gone = this.#stage.gone || state.unreachable;
    const live = view.runs.filter((run) => run.actions.includes("workers"));
    const single = live.length === 1 ? (live[0] as Run) : null;
    this.#root.classList.toggle("na-gone", gone && isLive(view.phase));
    setAttribute(this.#root, "aria-label", `Job ${view.title}`);
    setAttribute(this.#root, "data-phase", view.phase);
    this.#header.update(view, single, single ? state.limit(single) : 0, gone);
    this.#bar.update(`Progress of ${view.title}`, view.bar, view.phase);
    this.#numbers.update(view, gone);
    this.#runs.update(view.runs, view.runs_total, live.length > 1 && !gone);
    const tab = view.runs.length > 0 ? state.tab : "output";
    this.#tabs.node.hidden = view.runs.length === 0;
    this.#tabs.update(tab);
    this.#output.update(view);
    this.#items.update(view, gone, tab === "items" && this.#stage.visible);
    this.#header.setActions(this.#actions(view.actions, gone), (action) =>
      action === "copy" ? this.#output.copied : state.isPending(action),
    );
    this.#say(view, gone);
    this.#tick(gone);
  }

  #say(view: View, gone: boolean): void {
    const text = summarise(view, this.#state.elapsed(view));
    if (!isLive(view.phase)) this.#announcer.sayNow(text);
    else if (gone) this.#announcer.sayNow(`${view.title}: kernel gone`);
    else this.#announcer.say(text);
  }

  /** What the buttons do; copying needs no kernel. */
  #actions(actions: string[], gone: boolean): string[] {
    const copy = this.#output.error === null ? [] : ["copy"];
    return [...copy, ...(gone ? [] : actions)];
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
