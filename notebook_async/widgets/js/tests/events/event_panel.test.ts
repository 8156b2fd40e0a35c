import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import eventPanel from "../../src/event_panel";
import {
  FakeModel,
  lanes,
  node,
  press,
  rows,
  show,
  sized,
  tree,
  type,
  viewOf,
} from "./fake";

/** An observer that the test moves into and out of view. */
class FakeObserver {
  static all: FakeObserver[] = [];
  readonly #report: (entries: { isIntersecting: boolean }[]) => void;

  constructor(report: (entries: { isIntersecting: boolean }[]) => void) {
    this.#report = report;
    FakeObserver.all.push(this);
  }

  observe(): void {}

  disconnect(): void {}

  move(isIntersecting: boolean): void {
    this.#report([{ isIntersecting }]);
  }
}

const frame = () => vi.advanceTimersByTime(20);
/** Let what was asked be told, and drawn. */
const settle = () => vi.advanceTimersByTime(250);

beforeEach(() => {
  vi.useFakeTimers();
  FakeObserver.all = [];
  vi.stubGlobal("IntersectionObserver", FakeObserver);
  // A canvas that draws nothing: what it draws is tested apart.
  HTMLCanvasElement.prototype.getContext = () => null;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

/** A panel in sight, with room for ten rows. */
function panel(some = {}, answer = {}) {
  const model = new FakeModel(some, answer);
  const shown = show(model);
  const { el } = shown;
  for (const list of el.querySelectorAll(".na-v-list, .na-lanes")) sized(list, 220);
  for (const box of el.querySelectorAll(".na-lanes-box")) sized(box, 260);
  for (const observer of FakeObserver.all) observer.move(true);
  settle();
  const view = viewOf(model);
  const texts = () =>
    [...el.querySelectorAll<HTMLElement>(".na-row[role=row]")]
      .filter((row) => !row.hidden)
      .sort((a, b) => top(a) - top(b))
      .map((row) => row.lastElementChild?.textContent ?? "");
  const tab = (name: string) => {
    for (const one of el.querySelectorAll<HTMLElement>("[role=tab]"))
      if (one.textContent === name) one.click();
    settle();
  };
  const look = () => model.only("look").at(-1);
  const grid = el.querySelector("[role=grid]") as HTMLElement;
  const button = (words: string) =>
    [...el.querySelectorAll("button")].find(({ textContent }) =>
      textContent?.includes(words),
    );
  return { ...shown, model, view, texts, tab, look, grid, button };
}

const top = (row: HTMLElement) =>
  Number.parseFloat(/\((-?[\d.]+)px/.exec(row.style.transform)?.[1] ?? "0");

describe("a view", () => {
  test("greets, and says what it looks at when it is seen", () => {
    const { model, look } = panel();
    expect(model.sent[0]).toEqual({ type: "hello" });
    expect(model.only("visible")).toEqual([
      { type: "visible", visible: true, beside: false },
    ]);
    expect(look()).toMatchObject({ tab: "log", shown: true, filter: "", follow: true });
    FakeObserver.all[0]?.move(false);
    settle();
    expect(look()?.shown).toBe(false);
  });

  test("shows what the page loaded with, before it was answered", () => {
    const { texts } = panel({}, { log: rows(88, 12) });
    expect(texts().at(-1)).toBe("#99 page");
  });

  test("shows what everybody is told, while its own words wait in a busy kernel", () => {
    const { model, texts } = panel({}, { log: rows(88, 12) });
    model.news(
      { records: 200 },
      { "": { log: rows(188, 12, { end: 200, now: 200 }) } },
    );
    settle();
    expect(texts().at(-1)).toBe("#199 page");
  });

  test("asks for all again when it missed a message", () => {
    const { model, look } = panel();
    const before = model.only("look").length;
    model.news({});
    model.seq += 1;
    model.news({});
    settle();
    expect(model.only("look").length).toBe(before + 1);
    expect(look()?.again).toBe(true);
  });

  test("leaves nothing behind", () => {
    const { model, hosts, stop, el } = panel();
    hosts[0]?.remove();
    stop();
    expect(model.listenerCount).toBe(0);
    expect(model.sent.at(-1)).toMatchObject({ type: "leave" });
    expect(el.querySelector(".na-panel")).toBeNull();
    const count = model.sent.length;
    vi.advanceTimersByTime(10_000);
    expect(model.sent.length).toBe(count);
  });

  test("two views have a moment in common, and nothing else", () => {
    const model = new FakeModel({}, { log: rows(88, 12) });
    const { hosts } = show(model, 2);
    const [one, two] = [hosts[0]?.el, hosts[1]?.el] as [HTMLElement, HTMLElement];
    (two.querySelectorAll("[role=tab]")[1] as HTMLElement).click();
    const range = one.querySelector("input[type=range]") as HTMLInputElement;
    range.value = "30000";
    range.dispatchEvent(new Event("input"));
    frame();
    const clock = (el: Element) => el.querySelector(".na-times")?.textContent;
    expect([clock(one), clock(two)]).toEqual(Array(2).fill("0:03.00 / 0:10.00"));
    expect(one.querySelector("[aria-selected=true]")?.textContent).toBe("log");
    expect(two.querySelector("[aria-selected=true]")?.textContent).toBe("tree");
  });

  test("hosts may render without initialising", () => {
    const el = document.createElement("div");
    eventPanel().render({ model: new FakeModel(), el });
    expect(el.querySelector(".na-events")).not.toBeNull();
  });
});

describe("the log", () => {
  test("follows the end, and says how much there is", () => {
    const { model, view, texts, el } = panel({ dropped: 20 });
    model.news(
      { records: 100, dropped: 20 },
      { [view]: { log: rows(88, 12, { start: 20 }) } },
    );
    settle();
    expect(texts().at(-1)).toBe("#99 page");
    const words = el.querySelector(".na-log-counts")?.textContent;
    expect(words).toBe("80 events · 20 older dropped");
  });

  test("a file that was cut off is named so", () => {
    const { el } = panel({ missing: "cut off after line 3" });
    const counts = el.querySelector<HTMLElement>(".na-log-counts");
    expect(counts?.textContent).toContain("file incomplete");
    expect(counts?.title).toBe("cut off after line 3");
  });

  test("at a moment, a line parts what was from what came later", () => {
    const { model, view, el } = panel();
    model.news({ moment: 5 }, { [view]: { log: rows(43, 14, { now: 51 }) } });
    settle();
    const marked = (name: string) =>
      [...el.querySelectorAll<HTMLElement>(`.na-row.${name}`)]
        .filter((row) => !row.hidden)
        .map((row) => row.lastElementChild?.textContent);
    expect(marked("na-now")).toEqual(["#50 page"]);
    expect(marked("na-later").sort().slice(0, 3)).toEqual([
      "#51 page",
      "#52 page",
      "#53 page",
    ]);
  });

  test("between two answers the line moves by the times of the rows", () => {
    const { model, view, el } = panel();
    model.news({ moment: 5 }, { [view]: { log: rows(43, 14, { now: 51 }) } });
    settle();
    const range = el.querySelector("input[type=range]") as HTMLInputElement;
    range.value = "48500";
    range.dispatchEvent(new Event("input"));
    frame();
    const now = el.querySelector(".na-now");
    expect(now?.lastElementChild?.textContent).toBe("#48 page");
  });

  test("scrolling lets the rows stand; following goes on from the button", () => {
    const { model, view, texts, grid, look, button } = panel();
    model.news({}, { [view]: { log: rows(88, 12) } });
    settle();
    grid.scrollTop = 500;
    grid.dispatchEvent(new Event("scroll"));
    settle();
    expect(look()).toMatchObject({ follow: false, first: 0 });
    model.news({}, { [view]: { log: rows(0, 80) } });
    settle();
    expect(texts()).toContain("#25 page");
    const more = { start: 0, end: 200, now: 200, basis: 0 };
    model.news({ records: 200 }, { [view]: { log: more } });
    settle();
    expect(texts()).toContain("#25 page");
    expect(button("follow")?.textContent).toMatch(/follow · 16\d more/);
    button("follow")?.click();
    settle();
    expect(look()?.follow).toBe(true);
    expect(button("freeze")).toBeDefined();
  });

  test("whoever moves the slider means to see that moment", () => {
    const { look, button, el } = panel({}, { log: rows(88, 12) });
    button("freeze")?.click();
    settle();
    expect(look()?.follow).toBe(false);
    const range = el.querySelector("input[type=range]") as HTMLInputElement;
    range.value = "50000";
    range.dispatchEvent(new Event("input"));
    settle();
    expect(look()?.follow).toBe(true);
  });

  test("a row opens to its fields, and closes", () => {
    const { model, view, el, texts, grid } = panel({}, { log: rows(88, 12) });
    expect(texts()).toHaveLength(10);
    press(grid, "ArrowDown");
    press(grid, "Enter");
    settle();
    const [asked] = model.only("record");
    expect(asked).toMatchObject({ view, number: 90 });
    const fields = () => el.querySelector(".na-fields");
    model.news({}, { [view]: { fields: { "90": [["kind", "ItemRecord"]] } } });
    settle();
    expect(fields()?.textContent).toContain("ItemRecord");
    fields()?.querySelector("button")?.click();
    expect(model.only("moment").at(-1)).toMatchObject({ number: 90 });
    press(grid, "Enter");
    settle();
    expect(fields()).toBeNull();
  });

  test("hits are looked for within the filter, and shown", () => {
    const { model, view, el, grid } = panel({}, { log: rows(88, 12) });
    const field = el.querySelector(".na-find-field");
    type(field, "page");
    settle();
    settle();
    expect(model.only("find").at(-1)).toMatchObject({
      text: "page",
      from: 90,
      filter: "",
    });
    const found = { text: "page", total: 9, index: 2, number: 95, place: 95 };
    model.news({}, { [view]: { found } });
    settle();
    expect(el.querySelector(".na-hit")?.lastElementChild?.textContent).toBe("#95 page");
    expect(el.querySelectorAll("mark").length).toBeGreaterThan(0);
    press(field as Element, "Enter");
    expect(model.only("find").at(-1)).toMatchObject({ from: 96, backwards: false });
    press(field as Element, "Enter", { shiftKey: true });
    expect(model.only("find").at(-1)).toMatchObject({ from: 94, backwards: true });
    press(grid, "/");
    expect(document.activeElement).toBe(field);
    type(field, "");
    settle();
    settle();
    expect(el.querySelector(".na-hit")).toBeNull();
  });

  test("with another filter places are others, and what stood open closes", () => {
    const { model, view, el, grid, texts, look } = panel({}, { log: rows(88, 12) });
    press(grid, "ArrowDown");
    press(grid, "Enter");
    type(el.querySelector(".na-filter-field"), "kind:failed");
    press(el.querySelector(".na-filter-field") as Element, "Enter");
    settle();
    expect(look()?.filter).toBe("kind:failed");
    const log = rows(0, 2, { basis: 1, end: 2, now: 2 });
    const filter = { filter: "kind:failed", error: "", hint: "a hint" };
    model.news({}, { [view]: { log, filter } });
    settle();
    expect(texts()).toEqual(["#0 page", "#1 page"]);
    expect(el.querySelector(".na-fields")).toBeNull();
    expect(el.querySelector(".na-log-counts")?.textContent).toBe("2 of 100 events");
    expect(el.querySelector(".na-filter-words")?.textContent).toBe("a hint");
    model.news({}, { [view]: { log: rows(0, 0, { basis: 2, end: 0, now: 0 }) } });
    settle();
    expect(el.querySelector(".na-log-tab .na-empty")?.textContent).toBe(
      "nothing passes the filter",
    );
  });
});

describe("the tree", () => {
  const nodes = () => [
    node(0, 1, "index", { open: true, counts: [0, 0, 0, 0, 0, 0, 0, 0] }),
    node(1, 2, "read", { counts: [40, 2, 4, 0, 1, 9, 0, 3] }),
    node(2, 2, "Triage", {
      kind: "workflow",
      open: false,
      phase: "waiting",
      counts: [0, 0, 0, 1, 0, 0, 0, 0],
    }),
  ];

  function treePanel() {
    const one = panel();
    one.tab("tree");
    one.model.news({}, { [one.view]: { tree: tree(nodes()) } });
    settle();
    const list = one.el.querySelector("[role=tree]") as HTMLElement;
    const items = () =>
      [...list.querySelectorAll<HTMLElement>("[role=treeitem]")]
        .filter((row) => !row.hidden)
        .sort((a, b) => top(a) - top(b));
    return { ...one, list, items };
  }

  test("lines have their level, state and numbers", () => {
    const { items } = treePanel();
    const seen = items().map((row) => [
      row.getAttribute("aria-level"),
      row.getAttribute("aria-expanded"),
      row.querySelector(".na-node-name")?.textContent,
    ]);
    expect(seen).toEqual([
      ["1", "true", "index"],
      ["2", null, "read"],
      ["2", "false", "Triage"],
    ]);
    expect(items()[1]?.querySelector(".na-node-counts")?.textContent).toBe(
      "✓ 40 done✕ 2 failed▶ 4 running↻ 1 to be retried◔ 9 queued↻ 3 retried",
    );
    expect(items()[2]?.textContent).toContain("waits for you");
    expect(items()[0]?.textContent).toContain("1.50 s");
  });

  test("arrows go through it as through any tree", () => {
    const { list, items, look } = treePanel();
    const active = () =>
      document
        .getElementById(list.getAttribute("aria-activedescendant") ?? "")
        ?.querySelector(".na-node-name")?.textContent;
    press(list, "ArrowDown");
    settle();
    expect(active()).toBe("index");
    press(list, "ArrowRight");
    settle();
    expect(active()).toBe("read");
    press(list, "ArrowLeft");
    settle();
    expect(active()).toBe("index");
    press(list, "End");
    press(list, "ArrowRight");
    settle();
    expect(look()).toMatchObject({ tab: "tree", toggled: [2] });
    expect(items()[2]?.getAttribute("aria-expanded")).toBe("true");
    press(list, "ArrowLeft");
    settle();
    expect(look()).toMatchObject({ toggled: [] });
    press(list, "*");
    settle();
    expect(look()).toMatchObject({ toggled: [2] });
    expect(press(list, "x")).toBe(false);
  });

  test("the active line stays so when others come before it", () => {
    const { model, view, list } = treePanel();
    press(list, "End");
    const more = [node(9, 1, "another"), ...nodes()];
    model.news({}, { [view]: { tree: tree(more) } });
    settle();
    const id = list.getAttribute("aria-activedescendant") ?? "";
    expect(document.getElementById(id)?.textContent).toContain("Triage");
  });

  test("a click folds, and an empty tree says so", () => {
    const { model, view, items, look, el } = treePanel();
    items()[0]?.click();
    settle();
    expect(look()).toMatchObject({ toggled: [0] });
    model.news({}, { [view]: { tree: tree([]) } });
    settle();
    const empty = el.querySelector<HTMLElement>(".na-tree-tab .na-empty");
    expect([empty?.hidden, empty?.textContent]).toEqual([false, "nothing has begun"]);
  });
});

describe("the timeline", () => {
  function timelinePanel(some = {}) {
    const one = panel(some);
    one.tab("timeline");
    one.model.news(some, { [one.view]: { lanes: lanes() } });
    settle();
    const box = one.el.querySelector("[role=application]") as HTMLElement;
    const words = () => one.el.querySelector(".na-span-words")?.textContent;
    return { ...one, box, words };
  }

  test("asks for as many pixels and lanes as there is room for", () => {
    const { look } = timelinePanel();
    expect(look()).toMatchObject({
      tab: "timeline",
      first: 0,
      pixels: 680,
      window: null,
    });
  });

  test("says how many lanes there are, and what held the loop", () => {
    expect(timelinePanel().words()).toBe("2 lanes · the loop was blocked once");
  });

  test("keys go from span to span, zoom, and open the record", () => {
    const { model, view, box, words, look, el } = timelinePanel();
    box.focus();
    press(box, "Home");
    settle();
    expect(words()).toContain("read 1 · job-1");
    press(box, "Home");
    press(box, " ");
    expect(model.only("moment").at(-1)?.at).toBe(0);
    press(box, "+");
    settle();
    expect(look()?.window).not.toBeNull();
    press(box, "-");
    settle();
    expect(look()?.window).toBeNull();
    press(box, "+");
    press(box, "0");
    settle();
    expect(look()?.window).toBeNull();
    press(box, "Enter");
    expect(model.only("place").at(-1)).toMatchObject({ number: 7 });
    expect(el.querySelector("[aria-selected=true]")?.textContent).toBe("log");
    const log = rows(0, 20);
    model.news(
      {},
      { [view]: { log, found: { text: "", total: 0, number: 7, place: 7 } } },
    );
    settle();
    expect(model.only("record").at(-1)).toMatchObject({ number: 7 });
  });

  test("pointing says what it is; a click goes there", () => {
    const { model, box, words } = timelinePanel();
    const at = { bubbles: true, clientX: 140, clientY: 5, pointerId: 1 };
    box.dispatchEvent(new PointerEvent("pointermove", at));
    settle();
    expect(words()).toContain("read 1");
    expect(model.only("words").at(-1)).toMatchObject({ number: 7 });
    box.dispatchEvent(new MouseEvent("click", at));
    expect(model.only("moment").at(-1)?.at).toBeCloseTo(0.297, 2);
    box.dispatchEvent(new Event("pointerleave"));
    settle();
    expect(words()).toContain("2 lanes");
  });

  test("while it is worked out it says so", () => {
    const one = panel();
    one.tab("timeline");
    const empty = one.el.querySelector<HTMLElement>(".na-timeline .na-empty");
    expect([empty?.hidden, empty?.textContent]).toEqual([
      false,
      "working out the lanes …",
    ]);
    one.model.news(
      {},
      { [one.view]: { lanes: lanes({ total: 0, lanes: [], loop: [] }) } },
    );
    settle();
    expect(empty?.textContent).toBe("nobody was busy");
  });

  test("the moment is a line", () => {
    const { el, model } = timelinePanel();
    model.news({ moment: 5 });
    settle();
    const line = el.querySelector<HTMLElement>(".na-moment");
    expect(line?.style.transform).toBe("translateX(457px)");
  });
});

describe("export", () => {
  test("asks in the place of the slider, and comes back to it", () => {
    const { model, view, el, button } = panel();
    button("export")?.click();
    const slider = el.querySelector<HTMLElement>(".na-transport");
    expect(slider?.hidden).toBe(true);
    press(el.querySelector(".na-export-name") as Element, "Enter");
    expect(model.only("export")).toEqual([
      { type: "export", view, name: "index-120000.jsonl.gz", replace: false },
    ]);
    const done = { state: "done", name: "a", path: "/b/a", size: 9 } as const;
    model.news({}, { [view]: { export: done } });
    expect(el.querySelector("form")?.textContent).toContain(
      "written to /b/a (9 bytes)",
    );
    button("close")?.click();
    expect(slider?.hidden).toBe(false);
  });
});

describe("a kernel that has gone", () => {
  test("is said, and what came stays", () => {
    const { model, el, texts, grid } = panel({}, { log: rows(88, 12) });
    model.live = false;
    model.emit("comm_live_update");
    settle();
    expect(el.querySelector<HTMLElement>(".na-gone-word")?.hidden).toBe(false);
    expect(el.querySelector(".na-panel")?.classList.contains("na-gone")).toBe(true);
    expect(texts().at(-1)).toBe("#99 page");
    const before = model.sent.length;
    press(grid, "ArrowDown");
    press(grid, "Enter");
    settle();
    expect(el.querySelector(".na-fields")?.textContent).toContain(
      "the kernel has gone",
    );
    expect(model.only("record")).toEqual([]);
    expect(model.sent.length).toBe(before);
  });

  test("is noticed by what cannot be sent", () => {
    const { model, el, button } = panel();
    model.dead = true;
    button("❙◀")?.click();
    settle();
    expect(el.querySelector<HTMLElement>(".na-gone-word")?.hidden).toBe(false);
  });
});

describe("what moves by itself", () => {
  test("a moment that plays is drawn in every frame, unless nobody sees it", () => {
    const { el, button } = panel({}, { log: rows(88, 12) });
    button("▶")?.click();
    const clock = () => el.querySelector(".na-times")?.textContent;
    const seen = new Set<string | null | undefined>();
    for (let i = 0; i < 30; i += 1) {
      frame();
      seen.add(clock());
    }
    expect(seen.size).toBeGreaterThan(20);
    FakeObserver.all[0]?.move(false);
    settle();
    const last = clock();
    vi.advanceTimersByTime(1000);
    expect(clock()).toBe(last);
  });

  test("a live end moves a few times a second", () => {
    const { el } = panel({ live: true, ticks: true });
    const clock = () => el.querySelector(".na-times")?.textContent;
    const before = clock();
    vi.advanceTimersByTime(1000);
    expect(clock()).not.toBe(before);
  });

  test("screen readers hear of it every five seconds at most", () => {
    const { model, el } = panel({ live: true });
    const said = () => el.querySelector("[role=status].na-sr")?.textContent;
    model.news({ live: true, records: 200 });
    settle();
    expect(said()).toBe("200 events, recording");
    model.news({ live: true, records: 300, moment: 2 });
    settle();
    expect(said()).toBe("200 events, recording");
    vi.advanceTimersByTime(5000);
    expect(said()).toBe("300 events, shown at 0:02.00");
  });
});
