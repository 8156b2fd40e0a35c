/** The log: a window of rows by number, the moment as a line between them.
 *
 * It follows the moment, or the end of what goes on, until somebody scrolls or freezes
 * it; then it stays with the rows that are in sight.
 */

import { h, setAttribute, setHidden, setText } from "../dom";
import { count } from "../format";
import { button, onKeys } from "../make";
import { type FieldsView, fieldsView } from "./fields";
import { findBar } from "./find_bar";
import { fillRow, headings, makeRow } from "./log_row";
import type { LogAnswer } from "./model";
import { RowCache } from "./row_cache";
import type { EventStore } from "./store";
import type { Part, View } from "./view";
import { virtualList } from "./virtual_list";

export const ROW_HEIGHT = 22;

/** Rows asked for beyond those in sight, and in which steps. */
const MARGIN = 30;
const STEP = 15;

/** Where the moment stands, of the height. */
const MOMENT_AT = 0.7;

/** Rows that may stand open at once. */
const MOST_OPEN = 20;

export interface Log extends Part {
  /** Follow the moment again: a person moves it here. */
  resume(): void;
  /** Bring a record into sight and open it. */
  show(number: number): void;
}

export function logTab(store: EventStore, view: View): Log {
  const cache = new RowCache();
  const fields = new Map<number, FieldsView>();
  let told: LogAnswer | null = null;
  /** The moment that the answer was about. */
  let toldAt: number | null = null;
  let following = true;
  let hit: number | null = null;
  /** A record that is to be opened once its row is here. */
  let wanted: number | null = null;

  const list = virtualList({
    role: "grid",
    label: "log of events; Enter opens a row",
    rowHeight: ROW_HEIGHT,
    make: makeRow,
    fill,
    moved() {
      // Whoever scrolls to the end of what goes on means to follow it.
      following = store.moment === null && list.atEnd;
      view.request();
    },
    chosen: toggle,
  });
  const counts = h("span", "na-dim na-log-counts");
  const empty = h("div", "na-empty na-dim");
  const find = findBar(look);
  const follow = button("", "", () => setFollow(!following), "na-follow");
  const bar = h(
    "div",
    "na-bar-line",
    counts,
    h("span", "na-spacer"),
    find.node,
    follow,
  );
  onKeys(list.node, (key) => {
    if (key === "/") find.focus();
    return key === "/";
  });

  // -- what comes

  function takeRows(log: LogAnswer): void {
    if (cache.take(log)) {
      for (const place of list.opened.keys()) close(place);
      list.active = hit = null;
      list.geometry.start = log.start;
    }
    told = log;
    toldAt = store.head.moment;
    list.setBounds(log.start, log.end);
    if (following) toMoment();
    openWanted();
  }

  function openWanted(): void {
    const { active } = list;
    const row = active === null ? undefined : cache.get(active);
    if (wanted === null || active === null || !row) return;
    if (row.number === wanted && !list.opened.has(active)) open(active);
    wanted = null;
  }

  // -- the moment

  /** The place of the first row that is later than the moment. */
  function nowPlace(): number {
    const { moment } = store;
    if (!told || moment === null) return told?.end ?? 0;
    if (moment === toldAt) return told.now;
    // Between two answers, by the times of the rows that are here.
    const { first, room } = list;
    let last = told.now;
    for (let place = first; place <= first + room; place += 1) {
      const row = cache.get(place);
      if (row && row.at > moment) return place;
      if (row) last = place + 1;
    }
    return last;
  }

  function toMoment(): void {
    if (store.moment === null) list.toEnd();
    else if (told) list.bring(told.now - 1, MOMENT_AT);
  }

  function setFollow(on: boolean): void {
    following = on;
    if (on) toMoment();
    view.request();
  }

  // -- drawing

  function paint(): void {
    const end = told?.end ?? 0;
    const rows = end - (told?.start ?? 0);
    setHidden(empty, rows > 0);
    setText(empty, view.filter ? "nothing passes the filter" : "no events");
    setText(counts, words(rows));
    setAttribute(list.node, "aria-rowcount", String(rows));
    const newer = store.moment === null ? end - list.first - list.whole : 0;
    const more = newer > 0 ? ` · ${count(newer)} more` : "";
    setText(follow, following ? "❚❚ freeze" : `▶ follow${more}`);
    const label = following ? "let the rows stand still" : "follow the moment";
    setAttribute(follow, "aria-label", label);
    setAttribute(follow, "title", label);
    list.paint();
  }

  function words(rows: number): string {
    const { records, dropped, missing } = store.head;
    const kept = records - dropped;
    const events = kept === 1 ? "1 event" : `${count(kept)} events`;
    const parts = [rows === kept ? events : `${count(rows)} of ${events}`];
    if (dropped) parts.push(`${count(dropped)} older dropped`);
    if (missing) parts.push("file incomplete");
    counts.title = missing;
    return parts.join(" · ");
  }

  function fill(node: HTMLElement, place: number): void {
    const row = cache.get(place);
    const now = store.moment === null ? Number.POSITIVE_INFINITY : nowPlace();
    fillRow(node, row, find.text);
    node.classList.toggle("na-later", place >= now);
    node.classList.toggle("na-now", place === now - 1);
    node.classList.toggle("na-hit", row !== undefined && row.number === hit);
    setAttribute(node, "aria-rowindex", String(place + 1));
    setAttribute(node, "aria-expanded", String(list.opened.has(place)));
    setAttribute(node, "aria-selected", String(place === list.active));
  }

  // -- what a person does

  function goTo(place: number, number: number | null): void {
    following = false;
    hit = number;
    list.active = place;
    list.bring(place, 0.4);
    openWanted();
    view.request();
  }

  function look(text: string, step: 0 | 1 | -1): void {
    if (!text) hit = null;
    view.request();
    if (!text) return;
    const here = cache.get(list.active ?? list.first)?.number ?? 0;
    const from = (hit ?? here) + step;
    view.ask({ type: "find", text, filter: view.filter, backwards: step < 0, from });
  }

  function toggle(place: number): void {
    following = false;
    if (list.opened.has(place)) close(place);
    else open(place);
    view.request();
  }

  function open(place: number): void {
    const number = cache.get(place)?.number;
    if (number === undefined) return;
    const opened = fieldsView(() => store.moveTo(number));
    // A value that is unfolded needs more room.
    opened.node.addEventListener("toggle", view.request, true);
    fields.set(number, opened);
    list.setBelow(place, opened.node);
    const [oldest = place] = list.opened.keys();
    if (list.opened.size > MOST_OPEN) close(oldest);
    const asked = view.ask({ type: "record", number });
    if (!asked) opened.say("the kernel has gone, and with it what is in this record");
  }

  function close(place: number): void {
    fields.delete(cache.get(place)?.number ?? -1);
    list.setBelow(place, null);
  }

  return {
    node: h("div", "na-log-tab", bar, headings(), list.node, empty),
    look() {
      const { first, room, geometry } = list;
      if (following) return { follow: true, first: 0, count: room + 2 };
      // What is there already need not come again.
      const from = Math.max(geometry.start, Math.floor((first - MARGIN) / STEP) * STEP);
      return { follow: false, first: from, count: room + 2 * MARGIN + STEP };
    },
    take({ log, found, fields: records }) {
      if (log) takeRows(log);
      if (found) find.take(found);
      if (found?.place !== undefined) goTo(found.place, found.number ?? null);
      for (const number in records)
        fields.get(Number(number))?.show(records[number] ?? []);
    },
    measure() {
      if (list.measure() && following) toMoment();
    },
    paint,
    dispose: find.dispose,
    resume() {
      if (!following) setFollow(true);
    },
    show(number) {
      wanted = number;
      view.ask({ type: "place", number, filter: view.filter });
    },
  };
}
