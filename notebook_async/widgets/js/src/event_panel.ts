/** The event panel: log, tree and timeline of a recording, and a slider through its time.
 *
 * Each view says what it looks at, and is answered when that has changed, ten times a
 * second at most. What moves faster moves here: the moment, and with it the lines that
 * show it, once per animation frame.
 *
 * The parts are functions that return what others may use of them, and keep all else to
 * themselves: built, they are a third smaller than classes, and there are many of them.
 */

import { Announcer } from "./announcer";
import { FrameGate, h, setAttribute } from "./dom";
import { exportForm } from "./events/export_form";
import { filterField } from "./events/filter_field";
import { logTab } from "./events/log";
import { lookout } from "./events/lookout";
import { control } from "./events/make";
import { type Answer, type EventModel, TABS, type Tab } from "./events/model";
import { type EventStore, eventStore } from "./events/store";
import { tabsFor } from "./events/tabs";
import { timelineTab } from "./events/timeline";
import { transport } from "./events/transport";
import { treeTab } from "./events/tree";
import type { Part, View } from "./events/view";
import { summarise } from "./events/words";
import { Connection } from "./host";
import { watchVisibility } from "./visibility";

/** While a live end moves by itself, it is drawn so often. */
const TICK_MS = 100;

interface PanelView {
  /** Show it in an element; in another one than before, if there was one. */
  mount(host: HTMLElement): void;
  /** Where it is shown. */
  readonly host: HTMLElement;
  /** Whether it was shown, and the page has dropped its element since. */
  readonly orphaned: boolean;
  /** Say again what is looked at; and ask for all of it, if messages were lost. */
  renew(missed: boolean): void;
  dispose(): void;
}

function panelView(
  model: EventModel,
  first: HTMLElement,
  store: EventStore,
): PanelView {
  const { memory } = store;
  const name = Math.random().toString(36).slice(2, 12);
  const gate = new FrameGate(paint);
  const request = (): void => gate.request();
  const announcer = new Announcer();
  let host = first;
  let seen = false;
  let shown = false;
  /** Whether this view was answered itself. */
  let own = false;
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
      tabs.choose("log");
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
  const tabs = tabsFor(panes, memory.tab ?? "log", () => {
    memory.tab = tabs.tab;
    request();
  });
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
    tab: tabs.tab,
    shown,
    filter: filter.text,
    ...parts[tabs.tab].look(),
  }));
  const connection = new Connection(model, first, request);

  function gone(): boolean {
    return connection.gone || store.unreachable;
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
    const part = parts[tabs.tab];
    seen ||= root.isConnected;
    store.stopped = connection.gone;
    part.measure();
    part.paint();
    times.paint(gone());
    root.classList.toggle("na-gone", gone());
    setAttribute(root, "data-live", String(store.head.live));
    announcer.say(summarise(store));
    if (!gone()) looks.tell();
    goOn();
  }

  /** Draw the next frame, where something moves by itself and somebody sees it. */
  function goOn(): void {
    clearTimeout(tick);
    if (!shown || gone()) return;
    if (store.playing) request();
    else if (store.head.ticks) tick = setTimeout(request, TICK_MS);
  }

  const label = { role: "group", "aria-label": "Events", tabindex: "-1" };
  const root = control(
    "div",
    "na-panel na-events",
    label,
    h("div", "na-top", tabs.node, filter.node),
    ...TABS.map((tab) => panes[tab]),
    h("div", "na-foot", times.node, form.node),
    announcer.node,
  );
  announcer.prime(summarise(store));
  takeAll(store.first);
  store.views.set(name, take);
  store.watchers.add(request);
  const observer =
    typeof ResizeObserver === "undefined" ? null : new ResizeObserver(request);
  observer?.observe(root);
  const unwatch = watchVisibility(root, (visible) => {
    shown = visible;
    request();
  });
  request();

  return {
    get host() {
      return host;
    },
    get orphaned() {
      return seen && !host.parentNode;
    },
    mount(element) {
      host = element;
      host.classList.add("na-host");
      host.append(root);
      request();
    },
    renew(missed) {
      looks.forget(missed);
      request();
    },
    dispose() {
      store.views.delete(name);
      store.watchers.delete(request);
      observer?.disconnect();
      unwatch();
      takeLeave();
      root.remove();
    },
  };

  function takeLeave(): void {
    for (const part of [...Object.values(parts), filter, looks, connection, announcer])
      part.dispose();
    clearTimeout(tick);
    gate.cancel();
    store.send({ type: "leave", view: name });
  }
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
      const stop = storeOf(model).attach();
      // Not when it is drawn: an output that is replaced at once is never drawn.
      store?.send({ type: "hello" });
      return stop;
    },
    render({ model, el }: { model: EventModel; el: HTMLElement }): () => void {
      // A display that is updated is drawn anew: whoever looks at it keeps their view.
      const before = [...views].find(({ orphaned }) => orphaned);
      const view = before ?? panelView(model, el, storeOf(model));
      views.add(view);
      view.mount(el);
      return () => {
        if (view.host !== el) return;
        views.delete(view);
        view.dispose();
      };
    },
  };
}
