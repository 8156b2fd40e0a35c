/** A list of any length that keeps but the rows in sight, drawn where they belong.
 *
 * What is seen is a distance from the beginning; the scroll bar follows it, so that rows
 * which come and go elsewhere move nothing. The box has the focus, and says which of its
 * rows is the active one.
 */

import { setAttribute } from "../dom";
import { control, make, on, onKeys } from "../make";
import { type Geometry, geometry as geometryOf } from "./geometry";

let lists = 0;

export interface ListOptions {
  role: string;
  label: string;
  rowHeight: number;
  /** Make an empty row. */
  make(): HTMLElement;
  /** Fill a row with what is at a place. */
  fill(row: HTMLElement, place: number): void;
  /** Something else is in sight, or active, because a person moved it. */
  moved(): void;
  /** A row was clicked, or Enter pressed on it. */
  chosen(place: number): void;
}

export interface VirtualList {
  readonly geometry: Geometry;
  readonly node: HTMLElement;
  /** The active row, or null. */
  active: number | null;
  /** The first row in sight, and how many have room: at all, and as a whole. */
  readonly first: number;
  readonly room: number;
  readonly whole: number;
  readonly atEnd: boolean;
  /** The rows that something stands below. */
  readonly opened: Map<number, HTMLElement>;
  /** Take the size of the box; tell whether it is another one. */
  measure(): boolean;
  /** Take the places of the first row and of the end; what is in sight stays there. */
  setBounds(start: number, end: number): void;
  toEnd(): void;
  /** Bring a row to a height of the box, from 0 to 1. */
  bring(place: number, to: number): void;
  /** Let an element stand below a row, or nothing. */
  setBelow(place: number, node: HTMLElement | null): void;
  /** Make a row the active one, and bring it into sight. */
  activate(place: number): void;
  paint(): void;
}

export function virtualList(options: ListOptions): VirtualList {
  lists += 1;
  const id = `na-v-${lists}-`;
  const { rowHeight, role, label } = options;
  const geometry = geometryOf(rowHeight);
  const layer = make("div", "na-v-layer", { role: "presentation" });
  const spacer = make("div", "na-v-spacer", { role: "presentation" });
  const attributes = { role, "aria-label": label, tabindex: "0" };
  const node = control("div", "na-v-list", attributes, layer, spacer);
  const rows: HTMLElement[] = [];
  /** What each of the rows shows; -1: nothing. */
  const places: number[] = [];
  const opened = new Map<number, HTMLElement>();
  let active: number | null = null;
  let y = 0;
  let box = 0;
  let expected = 0;

  const first = (): number => geometry.at(y);
  const room = (): number => Math.ceil(box / rowHeight) + 1;
  const whole = (): number => Math.max(1, Math.floor(box / rowHeight));
  const most = (): number => Math.max(0, geometry.height - box);

  // -- what is in sight

  function setScroll(): void {
    const height = `${geometry.scrollHeight}px`;
    if (spacer.style.height !== height) spacer.style.height = height;
    const wanted = geometry.toScroll(y, box);
    if (Math.abs(node.scrollTop - wanted) >= 1) node.scrollTop = wanted;
    expected = node.scrollTop;
  }

  function scrollTo(wanted: number): void {
    y = Math.max(0, Math.min(Math.round(wanted), most()));
    setScroll();
  }

  function reveal(place: number): void {
    const top = geometry.top(place);
    if (top < y) scrollTo(top);
    else if (top + rowHeight > y + box) scrollTo(top + rowHeight - box);
  }

  function setBounds(start: number, end: number): void {
    if (start > geometry.start) y = Math.max(0, y - geometry.top(start));
    geometry.start = start;
    geometry.end = Math.max(start, end);
    for (const place of [...opened.keys()])
      if (place < start || place >= end) setBelow(place, null);
    setScroll();
  }

  function setBelow(place: number, below: HTMLElement | null): void {
    opened.get(place)?.remove();
    opened.delete(place);
    geometry.open.delete(place);
    if (!below) return;
    below.classList.add("na-v-below");
    opened.set(place, below);
    geometry.open.set(place, 0);
  }

  // -- drawing

  function paint(): void {
    if (y > most()) scrollTo(most());
    const from = first();
    const end = Math.min(geometry.end, from + room() + 1);
    grow();
    const size = rows.length;
    places.fill(-1);
    for (let place = from; place < end; place += 1) {
      drawRow(rows[place % size] as HTMLElement, place);
      places[place % size] = place;
      drawBelow(place);
    }
    rows.forEach((row, slot) => {
      row.hidden = places[slot] === -1;
    });
    for (const [place, below] of opened)
      if (place < from || place >= end) below.remove();
    const slot = active === null ? -1 : places.indexOf(active);
    setAttribute(node, "aria-activedescendant", slot < 0 ? null : id + slot);
  }

  function drawRow(row: HTMLElement, place: number): void {
    row.style.transform = `translateY(${geometry.top(place) - y}px)`;
    row.classList.toggle("na-active", place === active);
    options.fill(row, place);
  }

  function drawBelow(place: number): void {
    const below = opened.get(place);
    if (!below) return;
    if (!below.isConnected) layer.append(below);
    below.style.transform = `translateY(${geometry.top(place) + rowHeight - y}px)`;
    if (below.offsetHeight === geometry.open.get(place)) return;
    geometry.open.set(place, below.offsetHeight);
    setScroll();
  }

  function grow(): void {
    // Never fewer: the slot of a place must not change while it is in sight.
    while (rows.length < room() + 2) {
      const row = options.make();
      row.classList.add("na-v-row");
      row.id = id + rows.length;
      rows.push(row);
      places.push(-1);
      layer.append(row);
    }
  }

  // -- what a person does

  function activate(place: number): void {
    active = place;
    reveal(place);
    options.moved();
  }

  on(node, "scroll", () => {
    const { scrollTop } = node;
    // Not what was set here.
    if (Math.abs(scrollTop - expected) < 1) return;
    expected = scrollTop;
    y = geometry.fromScroll(scrollTop, box);
    options.moved();
  });

  on(node, "click", ({ target }) => {
    const row = (target as Element).closest<HTMLElement>(".na-v-row");
    const place = row ? places[rows.indexOf(row)] : undefined;
    // Whoever marks text does not mean the row.
    if (place === undefined || document.getSelection()?.type === "Range") return;
    active = place;
    options.chosen(place);
  });

  onKeys(node, (key, { target }) => {
    const { start, end } = geometry;
    if (target !== node || end <= start) return false;
    let to = active ?? first();
    if (key === "ArrowDown") to += active === null ? 0 : 1;
    else if (key === "ArrowUp") to -= 1;
    else if (key === "PageDown") to += whole();
    else if (key === "PageUp") to -= whole();
    else if (key === "Home") to = start;
    else if (key === "End") to = end - 1;
    else {
      if (key === "Enter" && active !== null) options.chosen(active);
      return key === "Enter";
    }
    activate(Math.max(start, Math.min(to, end - 1)));
    return true;
  });

  return {
    geometry,
    node,
    opened,
    get active() {
      return active;
    },
    set active(place) {
      active = place;
    },
    get first() {
      return first();
    },
    get room() {
      return room();
    },
    get whole() {
      return whole();
    },
    get atEnd() {
      return y + box >= geometry.height - 2;
    },
    measure() {
      const before = box;
      box = node.clientHeight;
      // An element that was taken out of the page and put back has lost its place.
      if (node.scrollTop === 0 && expected > 0) setScroll();
      return box !== before;
    },
    setBounds,
    toEnd: () => scrollTo(most()),
    bring: (place, to) => scrollTo(geometry.top(place) - to * (box - rowHeight)),
    setBelow,
    activate,
    paint,
  };
}
