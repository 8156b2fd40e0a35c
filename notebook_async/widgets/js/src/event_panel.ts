/** The event panel: log, tree and timeline of a recording, and a slider through its time.
 *
 * Each view says what it looks at, and is answered when that has changed, ten times a
 * second at most. What moves faster moves here: the moment, and with it the lines that
 * show it, once per animation frame.
 *
 * The parts are functions that return what others may use of them, and keep all else to
 * themselves: built, they are a third smaller than classes, and there are many of them.
 */

import { announcer } from "./announcer";
import { FrameGate, h, setAttribute } from "./dom";
import { exportForm } from "./events/export_form";
import { filterField } from "./events/filter_field";
import { logTab } from "./events/log";
import { lookout } from "./events/lookout";
import { type Answer, type EventModel, TABS, type Tab } from "./events/model";
import { type EventStore, eventStore } from "./events/store";
import { timelineTab } from "./events/timeline";
import { transport } from "./events/transport";
import { treeTab } from "./events/tree";
import type { Part, View } from "./events/view";
import { summarise } from "./events/words";
import { stage } from "./stage";
import { Tabs } from "./tabs";

/** While a live end moves by itself, it is drawn so often. */
const TICK_MS = 100;

interface PanelView {
  /** Say again what is looked at; and ask for all of it, if messages were lost. */
  renew(missed: boolean): void;
  dispose(): void;
}

function panelView(model: EventModel, host: HTMLElement, store: EventStore): PanelView {
  const { memory } = store;
  const name = Math.random().toString(36).slice(2, 12);
  const gate = new FrameGate(paint);
  const request = (): void => gate.request();
  const voice = announcer();
  /** Whether this view was answered itself. */
  let own = false;
  let tab: Tab = memory.tab ?? "log";
  let tick: ReturnType<typeof setTimeout> | undefined;

  const filter = filterField(() => {
    memory.filter = filter.text;
    request();
  }, memory.filter);
  const view: View = {
    get filter() {
      return filter.text;
    },
    request,
    ask: (message) => !gone() && store.send({ ...message, view: name }),
    showRecord(number) {
      choose("log");
      log.show(number);
    },
  };
  const log = logTab(store, view);
  const parts: Record<Tab, Part> = {
    log,
    tree: treeTab(view),
    timeline: timelineTab(store, view),
  };
  const pane = (tab: Tab) => h("div", "na-pane", parts[tab].node);
  const panes = { log: pane("log"), tree: pane("tree"), timeline: pane("timeline") };
  const tabs = new Tabs(TABS, "views of the recording", choose, panes);
  const times = transport(store, {
    moved: log.resume,
    filter: () => filter.text,
    export() {
      times.node.hidden = true;
      form.open(store.head.name);
    },
  });
  const form = exportForm(
    (file, replace) => view.ask({ type: "export", name: file, replace }),
    () => {
      times.node.hidden = false;
      times.focusExport();
    },
  );
  const looks = lookout(store, () => ({
    type: "look",
    view: name,
    tab,
    shown: page.visible,
    filter: filter.text,
    ...parts[tab].look(),
  }));

  function gone(): boolean {
    return page.gone || store.unreachable;
  }

  function choose(wanted: Tab): void {
    memory.tab = tab = wanted;
    tabs.update(tab);
    request();
  }

  // -- what comes

  function takeAll(answer: Answer): void {
    for (const tab of TABS) parts[tab].take(answer);
  }

  function take(answer: Answer): void {
    const mine = Object.keys(answer).length > 0;
    own ||= mine;
    // Before it was answered itself, a view shows what everybody is told.
    if (!own && !mine) takeAll(store.first);
    takeAll(answer);
    if (answer.filter) filter.take(answer.filter);
    if (answer.export) form.take(answer.export);
    request();
  }

  // -- drawing

  function paint(): void {
    const part = parts[tab];
    store.stopped = page.gone;
    part.measure();
    part.paint();
    times.paint(gone());
    root.classList.toggle("na-gone", gone());
    setAttribute(root, "data-live", String(store.head.live));
    voice.say(summarise(store));
    if (!gone()) looks.tell();
    goOn();
  }

  /** Draw the next frame, where something moves by itself and somebody sees it. */
  function goOn(): void {
    clearTimeout(tick);
    if (!page.visible || gone()) return;
    if (store.playing) request();
    else if (store.head.ticks) tick = setTimeout(request, TICK_MS);
  }

  const root = h(
    "div",
    "na-panel na-events",
    h("div", "na-top", tabs.node, filter.node),
    ...TABS.map((tab) => panes[tab]),
    h("div", "na-foot", times.node, form.node),
    voice.node,
  );
  setAttribute(root, "aria-label", "Events");
  const page = stage(model, host, root, store.audience, request);
  voice.prime(summarise(store));
  takeAll(store.first);
  store.views.set(name, take);
  store.watchers.add(request);
  const observer =
    typeof ResizeObserver === "undefined" ? null : new ResizeObserver(request);
  observer?.observe(root);
  choose(tab);

  return {
    renew(missed) {
      looks.forget(missed);
      request();
    },
    dispose() {
      store.views.delete(name);
      store.watchers.delete(request);
      observer?.disconnect();
      for (const part of [...Object.values(parts), filter, looks, page, voice])
        part.dispose();
      clearTimeout(tick);
      gate.cancel();
      store.send({ type: "leave", view: name });
    },
  };
}

/** One call per model: hosts may load the module once for several models. */
export default function eventPanel() {
  let store: EventStore | null = null;
  const views = new Set<PanelView>();
  const storeOf = (model: EventModel): EventStore => {
    store ??= eventStore(model, (missed) => {
      for (const view of views) view.renew(missed);
    });
    return store;
  };
  return {
    initialize({ model }: { model: EventModel }): () => void {
      return storeOf(model).attach();
    },
    render({ model, el }: { model: EventModel; el: HTMLElement }): () => void {
      const view = panelView(model, el, storeOf(model));
      views.add(view);
      return () => {
        views.delete(view);
        view.dispose();
      };
    },
  };
}
