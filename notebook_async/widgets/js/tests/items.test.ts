import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { firstAt, ROW_HEIGHT, TALLEST, topOf } from "../src/items/list";
import { time } from "../src/items/row";
import { REFRESH_MS, WINDOW } from "../src/items/store";
import type { ItemPhase, ItemRow, ItemsRequest } from "../src/model";
import { FakeModel, run, seen, show, text, view } from "./fake";
import { FakeObserver, frame } from "./fake_host";

const HEIGHT = 8 * ROW_HEIGHT;

beforeEach(() => {
  vi.useFakeTimers();
  FakeObserver.all = [];
  vi.stubGlobal("IntersectionObserver", FakeObserver);
  // Nothing has a size where nothing is laid out.
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(HEIGHT);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

const LIVE = { actions: ["pause", "cancel", "workers"], workers: 4 };

function item(
  index: number,
  phase: ItemPhase = "done",
  some: Partial<Row> = {},
): ItemRow {
  const { attempts = 1, seconds = null, error = null, actions = "" } = some;
  return [index, phase, attempts, seconds, error, actions];
}

interface Row {
  attempts: number;
  seconds: number | null;
  error: string | null;
  actions: string;
}

/** A kernel with so many items, which answers what it is asked. */
class Answering extends FakeModel {
  items: (position: number) => ItemRow = (position) => item(position);
  total = 100_000;

  get asked(): ItemsRequest[] {
    return this.sent.filter(
      (message): message is ItemsRequest => message.type === "items",
    );
  }

  answer(): void {
    const { count, ...request } = this.asked.at(-1) as ItemsRequest;
    const end = Math.min(this.total, request.start + count);
    const rows: ItemRow[] = [];
    for (let n = request.start; n < end; n++) rows.push(this.items(n));
    this.receive({ ...request, total: this.total, rows });
    frame();
  }
}

/** A panel whose items are in sight and have come. */
function open(
  model = new Answering({ runs: [run("r", { ...LIVE, total: 100_000 })] }),
) {
  const shown = show(model);
  FakeObserver.all[0]?.move(true);
  const { el } = shown;
  frame();
  tab(el, "items").click();
  frame();
  model.answer();
  const list = el.querySelector(".na-items-list") as HTMLElement;
  return { ...shown, model, list };
}

function tab(el: Element, name: string): HTMLElement {
  const tabs = [...el.querySelectorAll<HTMLElement>('[role="tab"]')];
  return tabs.find((node) => node.textContent?.startsWith(name)) as HTMLElement;
}

function press(node: Element | null, key: string): void {
  node?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

function rows(el: Element): HTMLElement[] {
  const at = (node: Element) => Number(node.getAttribute("aria-rowindex"));
  return [...el.querySelectorAll<HTMLElement>(".na-item")].sort(
    (a, b) => at(a) - at(b),
  );
}

describe("the arithmetic of a long list", () => {
  test.each([10, 1000, 300_000, 10_000_000])(
    "both ends of %i rows are reached",
    (n) => {
      const tall = Math.min(n * ROW_HEIGHT, TALLEST);
      expect(firstAt(0, n, HEIGHT)).toBe(0);
      expect(firstAt(tall - HEIGHT, n, HEIGHT)).toBeCloseTo(n - 8, 5);
      for (const first of [0, 1, Math.floor(n / 3), n - 8])
        expect(firstAt(topOf(first, n, HEIGHT), n, HEIGHT)).toBeCloseTo(first, 3);
    },
  );
});

describe("times", () => {
  test.each([
    [0, "0.0 s"],
    [59.94, "59.9 s"],
    [60, "1 min 0 s"],
    [754, "12 min 34 s"],
    [7322, "2 h 2 min"],
  ])("%f seconds are %s", (seconds, words) => expect(time(seconds)).toBe(words));
});

describe("the list of items", () => {
  test("is a tab of jobs that have runs, and asks for nothing before it is opened", () => {
    const model = new Answering({ runs: [run("r", LIVE)] });
    const { el } = show(model);
    expect(seen(el, '.na-panel > .na-tabs [role="tab"]')).toBe("output|items");
    vi.advanceTimersByTime(5000);
    expect(model.asked).toEqual([]);
    const { el: plain } = show(new FakeModel());
    expect(plain.querySelector<HTMLElement>(".na-tabs")?.hidden).toBe(true);
  });

  test("asks for a window, and draws only what is in sight", () => {
    const { el, model, list } = open();
    expect(model.asked).toHaveLength(1);
    expect(model.asked[0]).toMatchObject({
      run: "r",
      kind: "all",
      start: 0,
      count: WINDOW,
    });
    expect(list.getAttribute("aria-rowcount")).toBe("100000");
    expect(rows(el).length).toBeLessThan(20);
    expect(rows(el).map((row) => text(row, ".na-item-index"))[2]).toBe("item 2");
    expect(list.style.height).toBe(`${HEIGHT}px`);
  });

  test("tells index, state, attempts, time and error of each", () => {
    const model = new Answering({ runs: [run("r", { ...LIVE, total: 3 })] });
    model.total = 3;
    const all = [
      item(0, "done", { seconds: 1.23 }),
      item(1, "failed", { attempts: 3, error: "KeyError: 'a'", actions: "r" }),
      item(2, "retrying", { actions: "c" }),
    ];
    model.items = (n) => all[n] as ItemRow;
    const { el } = open(model);
    const cells = rows(el).map((row) =>
      [...row.querySelectorAll(":scope > span")]
        .map((cell) => cell.textContent)
        .join("|"),
    );
    expect(cells).toEqual([
      "✓|item 0|done||1.2 s||",
      "✕|item 1|failed|×3||KeyError: 'a'|↻retry failed",
      "↻|item 2|retrying||||✕cancel",
    ]);
    const [, failed, retrying] = rows(el);
    expect(failed?.querySelector("button")?.getAttribute("aria-label")).toBe(
      "retry failed item 1",
    );
    expect(retrying?.querySelector(".na-glyph")?.getAttribute("title")).toBe(
      "retrying",
    );
  });

  test("scrolled far asks for that part, at most every 120 ms", () => {
    const { el, model, list } = open();
    model.sent.length = 0;
    for (let n = 1; n <= 10; n++) {
      list.scrollTop = n * 5000 * ROW_HEIGHT;
      list.dispatchEvent(new Event("scroll"));
      vi.advanceTimersByTime(20);
    }
    vi.advanceTimersByTime(200);
    expect(model.asked.length).toBeLessThanOrEqual(3);
    expect(model.asked.at(-1)?.start).toBe(50_000 - WINDOW / 3);
    expect(text(rows(el)[4] as Element, ".na-item-index")).toBe("…");
    model.answer();
    expect(text(rows(el)[4] as Element, ".na-item-index")).toBe("item 50,000");
  });

  test("is asked for anew each second while it may change and is seen", () => {
    const { el, model } = open();
    model.sent.length = 0;
    vi.advanceTimersByTime(3 * REFRESH_MS + 50);
    expect(model.asked).toHaveLength(3);
    FakeObserver.all[0]?.move(false);
    frame();
    model.sent.length = 0;
    vi.advanceTimersByTime(5 * REFRESH_MS);
    expect(model.asked).toEqual([]);
    FakeObserver.all[0]?.move(true);
    frame();
    expect(model.asked).toHaveLength(1);
    tab(el, "output").click();
    frame();
    model.sent.length = 0;
    vi.advanceTimersByTime(5 * REFRESH_MS);
    expect(model.asked).toEqual([]);
  });

  test("of a run that has ended is asked for once", () => {
    const ended = run("r", { phase: "done", total: 100_000, done: 100_000 });
    const { model } = open(new Answering({ phase: "done", runs: [ended] }));
    vi.advanceTimersByTime(5 * REFRESH_MS);
    expect(model.asked).toHaveLength(1);
  });

  test("never begun in an ended run are said not to have been started", () => {
    const ended = run("r", { phase: "cancelled", total: 9 });
    const model = new Answering({ phase: "cancelled", runs: [ended] });
    model.items = (n) => item(n, "queued", { attempts: 0 });
    model.total = 9;
    const { el } = open(model);
    expect(text(rows(el)[0] as Element, ".na-item-state")).toBe("not started");
  });

  test("is of one kind at a choice, counted, with room for all", () => {
    const some = { ...LIVE, total: 100_000, failed: 2, running: 4, done: 1000 };
    const { el, model, list } = open(new Answering({ runs: [run("r", some)] }));
    expect(seen(el, '.na-items-bar [role="tab"]')).toBe(
      "all 100,000|running 4|failed 2",
    );
    tab(el, "failed").click();
    vi.advanceTimersByTime(200);
    expect(model.asked.at(-1)).toMatchObject({ kind: "failed", start: 0 });
    model.total = 2;
    model.items = (n) => item(17 * n, "failed", { error: "E" });
    model.answer();
    expect(rows(el).map((row) => text(row, ".na-item-index"))).toEqual([
      "item 0",
      "item 17",
    ]);
    expect(list.style.height).toBe(`${HEIGHT}px`);
  });

  test("of another run at a choice", () => {
    const model = new Answering({ runs: [run("a", LIVE), run("b", LIVE)] });
    const { el } = open(model);
    const select = el.querySelector("select") as HTMLSelectElement;
    expect([...select.options].map((option) => option.text)).toEqual(["a", "b"]);
    expect([select.value, model.asked[0]?.run]).toEqual(["b", "b"]);
    vi.advanceTimersByTime(200);
    select.value = "a";
    select.dispatchEvent(new Event("change"));
    frame();
    expect(model.asked.at(-1)?.run).toBe("a");
  });

  test("belongs to the model: another view shows the same", () => {
    const model = new Answering({ runs: [run("r", LIVE)] });
    const { hosts } = show(model, 2);
    for (const observer of FakeObserver.all) observer.move(true);
    tab(hosts[0]?.el as Element, "items").click();
    frame();
    for (const { el } of hosts)
      expect(tab(el, "items").getAttribute("aria-selected")).toBe("true");
    expect(new Set(model.asked.map(({ id }) => id)).size).toBe(2);
  });

  test.each([
    { type: "items" },
    { type: "items", start: 0, total: "9", rows: [] },
    { type: "items", start: 0, total: 9, rows: [], kind: "odd" },
    { type: "details", index: 1 },
    null,
    "items",
  ])("ignores %o", (message) => {
    const { el, model } = open();
    const before = el.innerHTML;
    model.receive(message);
    frame();
    expect(el.innerHTML).toBe(before);
  });

  test("ignores what another view has asked for", () => {
    const { el, model } = open();
    const { count: _, ...request } = model.asked[0] as ItemsRequest;
    model.receive({ ...request, id: request.id + 1, total: 1, rows: [item(77)] });
    model.receive({ ...request, kind: "failed", total: 1, rows: [item(77)] });
    frame();
    expect(text(rows(el)[0] as Element, ".na-item-index")).toBe("item 0");
  });
});

describe("what can be done with an item", () => {
  function withActions() {
    const model = new Answering({ runs: [run("r", { ...LIVE, total: 100 })] });
    model.items = (n) =>
      n % 2
        ? item(n, "failed", { error: `E${n}`, actions: "r" })
        : item(n, "running", { actions: "c" });
    model.total = 100;
    return open(model);
  }

  test("it is cancelled, or runs again, and the list is asked for anew", () => {
    const { el, model } = withActions();
    vi.advanceTimersByTime(200);
    model.sent.length = 0;
    rows(el)[0]?.querySelector("button")?.click();
    rows(el)[1]?.querySelector("button")?.click();
    vi.advanceTimersByTime(200);
    const acts = model.sent.filter(({ type }) => type !== "items");
    expect(acts).toEqual([
      { type: "cancel-item", run: "r", index: 0 },
      { type: "retry-item", run: "r", index: 1 },
    ]);
    expect(model.asked.length).toBeGreaterThan(0);
  });

  test("without a kernel it has no buttons", () => {
    const { el, model } = withActions();
    model.live = false;
    model.emit("comm_live_update");
    frame();
    expect(el.querySelectorAll(".na-item button")).toHaveLength(0);
  });

  test("its traceback is asked for, shown, copied and closed", async () => {
    const { el, model, list } = withActions();
    rows(el)[1]?.click();
    const asked = model.sent.at(-1) as { id: number };
    expect(asked).toMatchObject({ type: "details", run: "r", index: 1 });
    const trace = "<b>Traceback</b>\nE1";
    model.receive({ ...asked, text: trace });
    expect(seen(el, ".na-item-trace pre")).toBe(trace);
    expect(el.querySelectorAll(".na-item-trace b")).toHaveLength(0);
    const copied: string[] = [];
    const writeText = (text: string) => Promise.resolve(void copied.push(text));
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const tool = (action: string) =>
      el.querySelector<HTMLElement>(`.na-item-trace [data-action="${action}"]`);
    tool("copy")?.click();
    await vi.advanceTimersByTimeAsync(10);
    expect(copied).toEqual([trace]);
    tool("close")?.focus();
    tool("close")?.click();
    expect(seen(el, ".na-item-trace")).toBe("");
    expect(document.activeElement).toBe(list);
  });

  test("an item that did not fail has none", () => {
    const { el, model } = withActions();
    model.sent.length = 0;
    rows(el)[0]?.click();
    expect(model.sent).toEqual([]);
  });
});

describe("the keyboard", () => {
  test("moves through the rows, page by page and to both ends", () => {
    const { el, list } = open();
    const active = () =>
      text(el.querySelector(".na-active") as Element, ".na-item-index");
    press(list, "ArrowDown");
    press(list, "ArrowDown");
    expect(active()).toBe("item 2");
    press(list, "ArrowUp");
    expect(active()).toBe("item 1");
    press(list, "PageDown");
    expect(active()).toBe("item 8");
    expect(list.scrollTop).toBe(ROW_HEIGHT);
    press(list, "End");
    expect(list.scrollTop).toBe((100_000 - 8) * ROW_HEIGHT);
    press(list, "Home");
    expect([list.scrollTop, active()]).toEqual([0, "item 0"]);
  });

  test("opens a traceback by Enter, and leaves it by Escape", () => {
    const model = new Answering({ runs: [run("r", { ...LIVE, total: 9 })] });
    model.items = (n) => item(n, "failed", { error: "E" });
    model.total = 9;
    const { el, list } = open(model);
    press(list, "ArrowDown");
    press(list, "Enter");
    const asked = model.sent.at(-1);
    expect(asked).toMatchObject({ type: "details", index: 1 });
    model.receive({ ...asked, text: "trace" });
    press(el.querySelector(".na-item-trace pre"), "Escape");
    expect(seen(el, ".na-item-trace")).toBe("");
  });

  test("stops at the buttons of one row only", () => {
    const model = new Answering({ runs: [run("r", { ...LIVE, total: 9 })] });
    model.items = (n) => item(n, "running", { actions: "c" });
    model.total = 9;
    const { el, list } = open(model);
    press(list, "ArrowDown");
    const stops = rows(el).map((row) => row.querySelector("button")?.tabIndex);
    expect(stops).toEqual([-1, 0, -1, -1, -1, -1, -1, -1, -1]);
  });

  test("chooses tabs by arrows", () => {
    const { el } = open();
    const items = tab(el, "items");
    items.focus();
    press(items, "ArrowLeft");
    frame();
    expect(tab(el, "output").getAttribute("aria-selected")).toBe("true");
    expect(document.activeElement).toBe(tab(el, "output"));
    expect([tab(el, "output").tabIndex, items.tabIndex]).toEqual([0, -1]);
  });

  test("keeps the notebook's shortcuts off every stop", () => {
    const model = new Answering({
      runs: [run("a", LIVE), run("r", { ...LIVE, total: 9 })],
    });
    model.items = (n) => item(n, "running", { actions: "c" });
    const { el } = open(model);
    const stops = el.querySelectorAll("button, input, select, summary, [tabindex]");
    expect(stops.length).toBeGreaterThan(20);
    for (const node of stops)
      expect(node.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
  });
});

describe("cleanup", () => {
  test("a view with an open list gives back every listener and timer", () => {
    const { model, hosts, stop } = open();
    for (const { remove } of hosts) remove();
    stop();
    expect(model.listenerCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a list shrinks and grows with its run, and keeps its nodes", () => {
    const { el, model } = open();
    const before = rows(el)[0];
    model.set("view", view({ runs: [run("r", { ...LIVE, total: 100_000, done: 5 })] }));
    frame();
    expect(rows(el)[0]).toBe(before);
  });
});
