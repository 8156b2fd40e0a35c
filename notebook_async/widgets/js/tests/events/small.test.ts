import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fieldsView } from "../../src/events/fields";
import { filterField, TYPING_MS } from "../../src/events/filter_field";
import { TYPING_MS as FIND_MS, findBar } from "../../src/events/find_bar";
import { fillRow, headings, makeRow, split } from "../../src/events/log_row";
import { RowCache } from "../../src/events/row_cache";
import { button, control, on } from "../../src/make";
import { press, rows, type } from "./fake";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const key = (node: Element | null) =>
  node?.getAttribute("data-lm-suppress-shortcuts") ?? null;

describe("elements", () => {
  test("what takes the focus keeps the notebook's keys off", () => {
    expect(key(control("input", "a", { type: "text" }))).toBe("true");
    const one = button("go", "go there", vi.fn());
    expect([key(one), one.type, one.title]).toEqual(["true", "button", "go there"]);
  });

  test("several events have one listener", () => {
    const heard = vi.fn();
    const node = document.createElement("i");
    on(node, "a b", heard);
    for (const name of ["a", "b", "c"]) node.dispatchEvent(new Event(name));
    expect(heard).toHaveBeenCalledTimes(2);
  });
});

describe("a row of the log", () => {
  const row = {
    number: 3,
    at: 5.5,
    kind: "item",
    phase: "failed",
    source: "job-1",
    text: "Bad page, bad",
  } as const;

  test("says when, what, from where; colour, glyph and word tell the phase", () => {
    const node = makeRow();
    fillRow(node, row, "");
    const words = [...node.children].map((cell) => cell.textContent);
    expect(words).toEqual(["0:05.500", "✕item, failed", "job-1", "Bad page, bad"]);
    expect(node.querySelector(".na-glyph")?.getAttribute("data-phase")).toBe("failed");
    expect(node.classList.contains("na-row-failed")).toBe(true);
    fillRow(node, undefined, "");
    expect([...node.children].map((cell) => cell.textContent)).toEqual([
      "…",
      "",
      "",
      "",
    ]);
  });

  test("what was looked for is marked, and markup stays text", () => {
    const node = makeRow();
    fillRow(node, { ...row, text: "<b>Bad</b> bad" }, "bad");
    expect([...node.querySelectorAll("mark")].map((m) => m.textContent)).toEqual([
      "Bad",
      "bad",
    ]);
    expect(node.lastElementChild?.textContent).toBe("<b>Bad</b> bad");
    expect(node.querySelector("b")).toBeNull();
  });

  test("letters whose case has another length are not marked wrongly", () => {
    expect(split("İstanbul i", "i")).toEqual(["İstanbul i"]);
    expect(split("abcab", "ab")).toEqual(["", "ab", "c", "ab", ""]);
  });

  test("there are headings", () => {
    expect(headings().textContent).toBe("timekindsourcepayload");
  });
});

describe("rows that have come", () => {
  test("are known by their places", () => {
    const cache = new RowCache();
    expect(cache.take(rows(10, 5))).toBe(false);
    expect(cache.get(12)?.text).toBe("#12 page");
    expect(cache.get(10)?.phase).toBe("failed");
    expect(cache.get(9)).toBeUndefined();
  });

  test("mean others with another basis", () => {
    const cache = new RowCache();
    cache.take(rows(0, 5));
    expect(cache.take(rows(2, 1, { basis: 3 }))).toBe(true);
    expect([cache.get(0), cache.get(2)?.number]).toEqual([undefined, 2]);
  });

  test("are bounded: the farthest go first", () => {
    const cache = new RowCache();
    for (let first = 0; first < 10_000; first += 100)
      cache.take(rows(first, 100, { end: 10_000 }));
    const kept = Array.from({ length: 10_000 }, (_, i) => i).filter((i) =>
      cache.get(i),
    );
    expect(kept.length).toBeLessThanOrEqual(3000);
    expect(kept.at(-1)).toBe(9999);
  });
});

describe("the filter", () => {
  const field = (node: Element) => node.querySelector("input") as HTMLInputElement;

  test("is taken when nobody types any more, or at once", () => {
    const taken = vi.fn();
    const filter = filterField(taken);
    type(field(filter.node), " kind:failed   x ");
    expect(filter.text).toBe("");
    vi.advanceTimersByTime(TYPING_MS);
    expect([filter.text, taken.mock.calls.length]).toEqual(["kind:failed x", 1]);
    type(field(filter.node), "a");
    expect(press(field(filter.node), "Enter")).toBe(true);
    expect(filter.text).toBe("a");
    expect(press(field(filter.node), "Escape")).toBe(true);
    expect([filter.text, field(filter.node).value]).toEqual(["", ""]);
    expect(press(field(filter.node), "Escape")).toBe(false);
    vi.advanceTimersByTime(TYPING_MS);
    expect(taken).toHaveBeenCalledTimes(3);
    filter.dispose();
  });

  test("says beside the field what is wrong, of the present one only", () => {
    const filter = filterField(vi.fn(), "kind:x");
    const words = filter.node.querySelector(".na-filter-words") as HTMLElement;
    filter.take({ filter: "old", error: "no", hint: "" });
    expect(words.hidden).toBe(true);
    filter.take({ filter: "kind:x", error: "no kind x", hint: "" });
    expect([words.textContent, words.hidden]).toEqual(["no kind x", false]);
    expect(words.classList.contains("na-wrong")).toBe(true);
    expect(field(filter.node).getAttribute("aria-invalid")).toBe("true");
    filter.take({ filter: "kind:x", error: "", hint: "none so far" });
    expect(words.classList.contains("na-wrong")).toBe(false);
    expect(field(filter.node).getAttribute("aria-invalid")).toBeNull();
    filter.take({ filter: "kind:x", error: "", hint: "" });
    expect(words.hidden).toBe(true);
  });
});

describe("finding", () => {
  test("looks while one types, then from hit to hit", () => {
    const ask = vi.fn();
    const bar = findBar(ask);
    const field = bar.node.querySelector("input") as HTMLInputElement;
    type(field, "bad");
    vi.advanceTimersByTime(FIND_MS);
    press(field, "Enter");
    press(field, "Enter", { shiftKey: true });
    for (const one of bar.node.querySelectorAll("button")) one.click();
    expect(ask.mock.calls).toEqual([
      ["bad", 0],
      ["bad", 1],
      ["bad", -1],
      ["bad", -1],
      ["bad", 1],
    ]);
    expect(press(field, "a")).toBe(false);
    type(field, "");
    vi.advanceTimersByTime(FIND_MS);
    expect(ask).toHaveBeenLastCalledWith("", 0);
    press(field, "Enter");
    expect(ask).toHaveBeenCalledTimes(6);
    bar.dispose();
  });

  test("says how many hits there are, of the present text only", () => {
    const bar = findBar(vi.fn());
    const hits = bar.node.querySelector(".na-find-hits");
    type(bar.node.querySelector("input"), "bad");
    bar.take({ text: "old", total: 9, index: 1 });
    expect(hits?.textContent).toBe("");
    bar.take({ text: "bad", total: 1234, index: 1200 });
    expect(hits?.textContent).toBe("1,200 of 1,234");
    bar.take({ text: "bad", total: 0 });
    expect(hits?.textContent).toBe("no hit");
  });
});

describe("an opened row", () => {
  test("shows all fields, and folds what is long", () => {
    const seek = vi.fn();
    const view = fieldsView(seek);
    expect(view.node.textContent).toContain("…");
    view.show([
      ["kind", "ItemRecord"],
      ["item", "x".repeat(500)],
      ["stack", "a\nb"],
    ]);
    const values = [...view.node.querySelectorAll("dd")];
    expect(values[0]?.textContent).toBe("ItemRecord");
    const folds = [...view.node.querySelectorAll("details")];
    expect(folds.map((fold) => fold.open)).toEqual([false, false]);
    expect(folds[0]?.querySelector("summary")?.textContent).toContain("500 characters");
    expect(folds[1]?.querySelector("pre")?.textContent).toBe("a\nb");
    expect(key(view.node.querySelector("summary"))).toBe("true");
    view.node.querySelector("button")?.click();
    expect(seek).toHaveBeenCalled();
    view.say("gone");
    expect(view.node.textContent).toContain("gone");
  });
});
