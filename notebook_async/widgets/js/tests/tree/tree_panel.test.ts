import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Outgoing, Traits, TreeRow } from "../../src/tree/model";
import { QUESTION_MS } from "../../src/tree/row";
import treePanel from "../../src/tree_panel";
import { seen, text } from "../fake";
import { FakeHost, FakeKernel, FakeObserver, frame } from "../fake_host";

class FakeTree extends FakeHost<Traits, Outgoing> {
  constructor(rows: TreeRow[] = ROWS, more = 0) {
    super({ rows: { seq: 1, rows, more } });
  }

  tell(rows: TreeRow[], more = 0): void {
    const { seq } = this.get("rows");
    this.set("rows", { seq: seq + 1, rows, more });
    frame();
  }

  get told(): Outgoing[] {
    return this.sent.filter(({ type }) => type === "refresh" || type === "cancel");
  }
}

const ROWS: TreeRow[] = [
  ["", "job 1 'naps' waits for run-1", "1"],
  ["└─ ", "run-1 'naps': 0 of 2 done", null],
  ["   ├─ ", "item 0 waits for sleep(9)", "2.0"],
  ["   └─ ", "item 1 waits for sleep(9)", "3.1"],
];

function show(model = new FakeTree(), views = 1) {
  const panel = treePanel();
  const hosts = Array.from({ length: views }, () => {
    const el = document.createElement("div");
    document.body.append(el);
    return { el, remove: panel.render({ model, el }) };
  });
  const el = hosts[0]?.el as HTMLElement;
  for (const observer of FakeObserver.all) observer.move(true);
  frame();
  model.sent.length = 0;
  return { el, hosts, model };
}

const row = (el: Element, i: number) =>
  el.querySelectorAll(".na-tree-row")[i] as Element;
const find = (node: Element, name: string) => {
  const found = node.querySelector<HTMLElement>(name);
  return found?.closest("[hidden]") ? null : found;
};

function press(node: Element | null, key: string): void {
  const options = { key, bubbles: true, cancelable: true };
  node?.dispatchEvent(new KeyboardEvent("keydown", options));
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

describe("the tree", () => {
  test("is its lines, each as text, with a button where something can be cancelled", () => {
    const { el } = show();
    expect(seen(el, ".na-tree-branch, .na-tree-text").split("|")).toEqual(
      ROWS.flatMap((row) => row.slice(0, 2)),
    );
    const asks = ROWS.map((_, i) => find(row(el, i), ".na-tree-ask") !== null);
    expect(asks).toEqual([true, false, true, true]);
    expect(text(el, ".na-header .na-dim")).toBe("4 lines");
  });

  test("says how many lines are left out, and when nothing waits", () => {
    const { el, model } = show(new FakeTree(ROWS, 12_345));
    expect(seen(el, ".na-tree-more")).toBe("… 12,345 more");
    model.tell([]);
    expect(seen(el, ".na-tree-more")).toBe("nothing waits");
  });

  test("keeps the node of what goes on, wherever it stands then", () => {
    const { el, model } = show();
    const item = row(el, 3);
    model.tell([
      ["", "job 1 'naps' waits for run-1", "1"],
      ["└─ ", "item 1", "3.1"],
    ]);
    expect(row(el, 1)).toBe(item);
    expect(el.querySelectorAll(".na-tree-row")).toHaveLength(2);
  });

  test("is inert", () => {
    const evil = "<img src=x onerror=alert(1)>";
    const { el } = show(new FakeTree([["", evil, "1"]]));
    expect(el.querySelectorAll("img")).toHaveLength(0);
  });
});

describe("refreshing", () => {
  test("is asked for by a button", () => {
    const { el, model } = show();
    el.querySelector<HTMLElement>(".na-header button")?.click();
    expect(model.told).toEqual([{ type: "refresh" }]);
  });

  test("happens every second where it is wished and seen, in all views", () => {
    const { hosts, model } = show(new FakeTree(), 2);
    const boxes = hosts.map(({ el }) => el.querySelector("input") as HTMLInputElement);
    (boxes[0] as HTMLInputElement).checked = true;
    boxes[0]?.dispatchEvent(new Event("change"));
    frame();
    expect(boxes.map((box) => box.checked)).toEqual([true, true]);
    hosts[1]?.remove();
    model.sent.length = 0;
    vi.advanceTimersByTime(3050);
    expect(model.told).toHaveLength(3);
    FakeObserver.all[0]?.move(false);
    frame();
    model.sent.length = 0;
    vi.advanceTimersByTime(5000);
    expect(model.told).toEqual([]);
  });
});

describe("cancelling", () => {
  test("asks back in place, and only yes cancels", () => {
    const { el, model } = show();
    const item = row(el, 2);
    find(item, ".na-tree-ask")?.click();
    expect(seen(item, ".na-tree-question")).toBe("cancel it?yesno");
    expect(find(item, ".na-tree-ask")).toBeNull();
    find(item, ".na-tree-no")?.click();
    expect(find(item, ".na-tree-question")).toBeNull();
    expect(model.told).toEqual([]);
    find(item, ".na-tree-ask")?.click();
    find(item, ".na-tree-yes")?.click();
    expect(model.told).toEqual([{ type: "cancel", key: "2.0" }]);
    expect(seen(item, ".na-tree-end")).toContain("cancelling…");
    expect(find(item, ".na-tree-ask")).toBeNull();
  });

  test("the question goes by itself, and by Escape", () => {
    const { el } = show();
    const item = row(el, 2);
    find(item, ".na-tree-ask")?.click();
    vi.advanceTimersByTime(QUESTION_MS + 10);
    expect(find(item, ".na-tree-question")).toBeNull();
    find(item, ".na-tree-ask")?.focus();
    find(item, ".na-tree-ask")?.click();
    expect(document.activeElement).toBe(find(item, ".na-tree-no"));
    press(find(item, ".na-tree-no"), "Escape");
    expect(find(item, ".na-tree-question")).toBeNull();
    expect(document.activeElement).toBe(find(item, ".na-tree-ask"));
  });

  test("the question stays while the tree is made anew, and goes with its task", () => {
    const { el, model } = show();
    find(row(el, 2), ".na-tree-ask")?.click();
    model.tell([...ROWS]);
    expect(find(row(el, 2), ".na-tree-question")).not.toBeNull();
    find(row(el, 2), ".na-tree-no")?.focus();
    model.tell(ROWS.slice(0, 2));
    expect(seen(el, ".na-tree-question")).toBe("");
    expect(document.activeElement).toBe(el.querySelector(".na-panel"));
  });

  test("what does not end may be cancelled once more", () => {
    const { el } = show();
    const item = row(el, 2);
    find(item, ".na-tree-ask")?.click();
    find(item, ".na-tree-yes")?.click();
    vi.advanceTimersByTime(4000);
    expect(find(item, ".na-tree-ask")).not.toBeNull();
  });

  test("by the keyboard has one stop, and arrows", () => {
    const { el } = show();
    const asks = [0, 2, 3].map((i) => find(row(el, i), ".na-tree-ask") as HTMLElement);
    expect(asks.map((node) => node.tabIndex)).toEqual([0, -1, -1]);
    asks[0]?.focus();
    press(asks[0] as Element, "ArrowDown");
    expect(document.activeElement).toBe(asks[1]);
    expect(asks.map((node) => node.tabIndex)).toEqual([-1, 0, -1]);
  });
});

describe("when the kernel is gone", () => {
  test("it says so and offers nothing dead", () => {
    const kernel = new FakeKernel();
    const model = Object.assign(new FakeTree(), { widget_manager: { kernel } });
    const { el } = show(model);
    find(row(el, 2), ".na-tree-ask")?.click();
    kernel.become("dead");
    frame();
    expect(seen(el, ".na-header > .na-dim")).toBe("4 lines|kernel gone");
    expect(seen(el, "button, label")).toBe("");
  });
});

describe("accessibility and cleanup", () => {
  test("every stop keeps the notebook's shortcuts off, and has a name", () => {
    const { el } = show();
    find(row(el, 2), ".na-tree-ask")?.click();
    const stops = el.querySelectorAll("button, input, [tabindex]");
    for (const node of stops)
      expect(node.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
    expect(find(row(el, 0), ".na-tree-ask")?.getAttribute("aria-label")).toBe(
      "cancel job 1 'naps' waits for run-1",
    );
    expect(find(row(el, 2), ".na-tree-no")?.getAttribute("aria-label")).toBe(
      "no, let it go on",
    );
  });

  test("each view gives back every listener, timer and node", () => {
    const { el, hosts, model } = show(new FakeTree(), 2);
    find(row(el, 2), ".na-tree-ask")?.click();
    const box = el.querySelector("input") as HTMLInputElement;
    box.checked = true;
    box.dispatchEvent(new Event("change"));
    frame();
    for (const { remove } of hosts) remove();
    expect(model.listenerCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(hosts.map(({ el }) => el.childElementCount)).toEqual([0, 0]);
  });
});
