import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { limitOf } from "../src/workers";
import { counts, FakeModel, log, run, seen, show, view } from "./fake";
import { FakeObserver, frame, notebook } from "./fake_host";

const LIVE = ["pause", "cancel", "workers"];

const slider = (root: Element) => root.querySelector<HTMLInputElement>(".na-range");

function slide(input: HTMLInputElement | null, value: number): void {
  if (!input) throw new Error("no slider");
  input.value = String(value);
  input.dispatchEvent(new Event("input"));
}

function live(id: string, some = {}) {
  return run(id, { actions: LIVE, workers: 8, total: 100, ...some });
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeObserver.all = [];
  vi.stubGlobal("IntersectionObserver", FakeObserver);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

describe("the workers of a run", () => {
  test.each([
    [1, null, 16],
    [4, null, 16],
    [8, null, 32],
    [16, null, 64],
    [100, null, 512],
    [8, 10, 10],
    [8, 3, 8],
  ])("of %i with %s items the slider goes to %i", (workers, total, limit) => {
    expect(limitOf(workers, total)).toBe(limit);
  });

  test("of the only live run stand in the header", () => {
    const { el } = show(new FakeModel({ runs: [run("old"), live("new")] }));
    const input = slider(el.querySelector(".na-header") as Element);
    expect([input?.min, input?.max, input?.value]).toEqual(["1", "32", "8"]);
    expect(input?.getAttribute("aria-label")).toBe("workers of new");
    expect(input?.getAttribute("aria-valuetext")).toBe("8 workers");
    expect(seen(el, ".na-header .na-workers-number")).toBe("8");
    expect(seen(el, ".na-runs .na-range, .na-runs button")).toBe("");
  });

  test("of several live runs stand in their rows, with buttons of their own", () => {
    const ended = run("c", { phase: "done" });
    const model = new FakeModel({ runs: [live("a"), live("b"), ended] });
    const { el } = show(model);
    expect(seen(el, ".na-header .na-workers-slider")).toBe("");
    const rows = [...el.querySelectorAll<HTMLElement>(".na-run")];
    expect(rows.map((row) => row.querySelectorAll("button").length)).toEqual([2, 2, 0]);
    model.sent.length = 0;
    rows[1]?.querySelector<HTMLElement>('[data-action="pause"]')?.click();
    expect(model.sent).toEqual([{ type: "pause", run: "b" }]);
  });

  test("moved quickly are told at most every 150 ms, and the last value always", () => {
    const model = new FakeModel({ runs: [live("a")] });
    const { el } = show(model);
    model.sent.length = 0;
    for (let n = 9; n <= 20; n++) {
      slide(slider(el), n);
      vi.advanceTimersByTime(20);
    }
    vi.advanceTimersByTime(1000);
    const told = model.sent.map((message) => (message as { workers: number }).workers);
    expect(told).toEqual([9, 16, 20]);
    expect(model.sent[0]).toEqual({ type: "workers", run: "a", workers: 9 });
  });

  test("stay where they are put, until the kernel has had its time", () => {
    const model = new FakeModel({ runs: [live("a")] });
    const { el } = show(model);
    slide(slider(el), 20);
    model.set("view", view({ runs: [live("a", { done: 1 })] }));
    frame();
    expect(slider(el)?.value).toBe("20");
    vi.advanceTimersByTime(2000);
    expect(slider(el)?.value).toBe("8");
    expect(seen(el, ".na-workers-number")).toBe("8");
  });

  test("keep the reach of the slider when they shrink", () => {
    const model = new FakeModel({ runs: [live("a", { workers: 16 })] });
    const { el } = show(model);
    expect(slider(el)?.max).toBe("64");
    model.set("view", view({ runs: [live("a", { workers: 2 })] }));
    frame();
    expect(slider(el)?.max).toBe("64");
    model.set("view", view({ runs: [live("a", { workers: 80 })] }));
    frame();
    expect(slider(el)?.max).toBe("100");
  });

  test("cannot be moved once the kernel is gone", () => {
    const model = new FakeModel({ runs: [live("a"), live("b")] });
    const { el } = show(model);
    model.live = false;
    model.emit("comm_live_update");
    frame();
    expect(seen(el, ".na-workers-slider")).toBe("");
    expect(el.querySelectorAll(".na-runs button")).toHaveLength(0);
  });
});

describe("the only run of a job", () => {
  test.each([
    [{ desc: "fetch pages" }, "fetch pages"],
    [{ desc: "index-stdlib" }, ""],
    [{}, ""],
  ])("with %o is named beside the numbers as %o", (some, name) => {
    const { el } = show(new FakeModel({ runs: [run("run-1", some)] }));
    expect(seen(el, ".na-counts > .na-run-desc")).toBe(name);
  });
});

describe("copying an error", () => {
  const copied: string[] = [];

  beforeEach(() => {
    copied.length = 0;
    const writeText = (text: string) => Promise.resolve(void copied.push(text));
    vi.stubGlobal("navigator", { clipboard: { writeText } });
  });

  const copy = (el: Element) =>
    el.querySelector<HTMLElement>('.na-header [data-action="copy"]');

  test("copies the traceback, and says so for a while", async () => {
    const trace = "Traceback (most recent call last):\nKeyError: 1";
    const model = new FakeModel({ phase: "failed" }, log([["error", trace]]));
    const { el } = show(model);
    frame();
    copy(el)?.click();
    await vi.advanceTimersByTimeAsync(50);
    expect(copied).toEqual([trace]);
    expect(copy(el)?.textContent).toBe("❐copied");
    await vi.advanceTimersByTimeAsync(2000);
    expect(copy(el)?.textContent).toBe("❐copy error");
  });

  test("copies the line where there is no more", async () => {
    const { el } = show(new FakeModel({ phase: "failed", error: "KeyError: 1" }));
    copy(el)?.click();
    await vi.advanceTimersByTimeAsync(50);
    expect(copied).toEqual(["KeyError: 1"]);
  });

  test("where the page may not, does it by a selection", async () => {
    vi.stubGlobal("navigator", {});
    const selected: string[] = [];
    document.execCommand = () => {
      selected.push(document.querySelector("textarea")?.value ?? "");
      return true;
    };
    const { el } = show(new FakeModel({ phase: "failed", error: "KeyError: 1" }));
    copy(el)?.focus();
    copy(el)?.click();
    await vi.advanceTimersByTimeAsync(50);
    expect(selected).toEqual(["KeyError: 1"]);
    expect(document.querySelector("textarea")).toBeNull();
    expect(document.activeElement).toBe(copy(el));
    expect(copy(el)?.textContent).toBe("❐copied");
  });
});

describe("the cell of a job", () => {
  test("is a word where there are no cells", () => {
    const { el } = show(new FakeModel());
    expect(seen(el, ".na-meta")).toBe("#3 · cell [7] · 0:04");
    expect(seen(el, ".na-link")).toBe("");
  });

  test("is where a button goes to", () => {
    const place = notebook(9);
    const { hosts } = show(new FakeModel({ cell: 7 }));
    place.append(hosts[0]?.el as Element);
    frame();
    const link = place.querySelector<HTMLElement>(".na-link");
    expect(link?.textContent).toBe("cell [7]");
    link?.click();
    const cells = [...document.querySelectorAll<HTMLElement>(".jp-Cell")];
    expect(
      cells.map((cell) => vi.mocked(cell.scrollIntoView).mock.calls.length),
    ).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0]);
    expect(cells[6]?.style.outline).not.toBe("");
    vi.advanceTimersByTime(2000);
    expect(cells[6]?.style.outline).toBe("");
  });

  test("that is gone is said to be", () => {
    const place = notebook(2);
    const { hosts } = show(new FakeModel({ cell: 7 }));
    place.append(hosts[0]?.el as Element);
    frame();
    const link = place.querySelector<HTMLElement>(".na-link");
    link?.click();
    expect(link?.title).toBe("that cell has been run again, or is gone");
  });
});

describe("where a panel stands", () => {
  test("is told with the first look: where a picture is hidden, or not", () => {
    const model = new FakeModel({ bar: counts() });
    const { hosts } = show(model);
    notebook(1).append(hosts[0]?.el as Element);
    FakeObserver.all[0]?.move(true);
    expect(model.sent.at(-1)).toEqual({ type: "visible", visible: true, beside: true });
    const other = new FakeModel();
    show(other);
    FakeObserver.all[1]?.move(true);
    expect(other.sent.at(-1)).toEqual({
      type: "visible",
      visible: true,
      beside: false,
    });
  });
});
