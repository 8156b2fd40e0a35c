import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Phase } from "../../src/model";
import { counts, seen, text } from "../fake";
import { FakeKernel, FakeObserver, frame, notebook } from "../fake_host";
import { FakeBoard, job, show } from "./fake";

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

const names = (el: Element) => seen(el, ".na-job-name");
const rows = (el: Element) => [...el.querySelectorAll<HTMLElement>(".na-job")];
const button = (el: Element, job: number, action: string) =>
  el.querySelector<HTMLElement>(`[data-job="${job}"] [data-action="${action}"]`);

function press(node: Element | null, key: string, ctrlKey = false): void {
  const options = { key, ctrlKey, bubbles: true, cancelable: true };
  node?.dispatchEvent(new KeyboardEvent("keydown", options));
}

describe("what the board shows", () => {
  test("each job in a row, the newest first", () => {
    const bar = counts({ done: 12, failed: 3, running: 2, total: 300 });
    const busy = job(2, { title: "crawl", bar, now: "fetch pages" });
    const bad = job(1, { phase: "failed", now: "KeyError: 1", failed: true });
    const { el } = show(new FakeBoard([bad, busy]));
    expect(rows(el).map((row) => text(row, ".na-job-name"))).toEqual([
      "#2 crawl",
      "#1 job 1",
    ]);
    const [first, second] = rows(el) as [HTMLElement, HTMLElement];
    expect(text(first, ".na-job-state")).toBe("running 0:04");
    expect(text(first, ".na-job-numbers")).toBe("✕ 3 · 12 / 300");
    expect(text(first, ".na-job-now")).toBe("fetch pages");
    expect(
      first.querySelector('[role="progressbar"]')?.getAttribute("aria-label"),
    ).toBe("Progress of crawl");
    expect(seen(second, '[role="progressbar"]')).toBe("");
    expect(second.querySelector(".na-failed-text")?.textContent).toBe("KeyError: 1");
  });

  test.each([
    ["queued", "◔", "queued"],
    ["running", "▶", "running"],
    ["waiting", "❚❚", "paused"],
    ["done", "✓", "done"],
    ["failed", "✕", "failed"],
    ["cancelled", "■", "cancelled"],
  ] as [Phase, string, string][])(
    "a job that is %s by %s and in a word",
    (phase, sign, word) => {
      const actions = phase === "waiting" ? ["resume"] : ["cancel"];
      const { el } = show(new FakeBoard([job(1, { phase, actions })]));
      expect(text(el, ".na-job .na-glyph")).toBe(sign);
      expect(text(el, ".na-job-state")).toBe(`${word} 0:04`);
    },
  );

  test("a job that only waits for a person", () => {
    const asking = [1, 2].map((id) =>
      job(id, { phase: "waiting", now: "1 waits for you: Name?" }),
    );
    const { el } = show(new FakeBoard(asking));
    expect(text(el, ".na-job .na-glyph")).toBe("?");
    expect(text(el, ".na-job-state")).toBe("waits for you 0:04");
    expect(text(el, ".na-tally")).toBe("? 2 wait for you");
  });

  test("how many run, are paused and have failed", () => {
    const phases: Phase[] = ["running", "running", "waiting", "failed", "done"];
    const actions = ["resume", "cancel"];
    const jobs = phases.map((phase, i) => job(i, { phase, actions }));
    const { el } = show(new FakeBoard(jobs));
    expect(text(el, ".na-tally")).toBe("▶ 2 running ❚❚ 1 paused ✕ 1 failed");
  });

  test("how to start a job, where there is none", () => {
    const model = new FakeBoard();
    const { el } = show(model);
    expect(seen(el, ".na-empty")).toBe("no jobs yet: start one with %%arun");
    model.tell([job(1)]);
    frame();
    expect(seen(el, ".na-empty")).toBe("");
  });

  test("text from the kernel as text", () => {
    const evil = "<img src=x onerror=alert(1)>";
    const model = new FakeBoard([job(1, { title: evil, now: evil })]);
    const { el } = show(model);
    model.set("log", { job: 1, title: evil, text: evil, earlier: 0 });
    frame();
    expect(el.querySelectorAll("img")).toHaveLength(0);
    expect(names(el)).toBe(`#1 ${evil}`);
    expect(text(el, ".na-drawer-text")).toBe(evil);
  });

  test("clocks that move by themselves while a job runs", () => {
    const model = new FakeBoard([job(2), job(1, { phase: "done", elapsed: 9 })]);
    const { el } = show(model);
    vi.advanceTimersByTime(60_000);
    expect(seen(el, ".na-job-clock")).toBe("1:04|0:09");
    model.tell([job(2, { phase: "done", elapsed: 64.9 })]);
    vi.advanceTimersByTime(60_000);
    expect(seen(el, ".na-job-clock")).toBe("1:04|0:09");
  });
});

describe("how the board moves", () => {
  test("rows are drawn in place, come, and go", () => {
    const model = new FakeBoard([job(1), job(2)]);
    const { el } = show(model);
    const [second, first] = rows(el);
    model.tell([job(3), job(1, { phase: "done" })]);
    model.tell([], [2]);
    frame();
    expect(names(el)).toBe("#3 job 3|#1 job 1");
    expect(rows(el)[1]).toBe(first);
    expect(second?.isConnected).toBe(false);
  });

  test("a gap asks for everything, once, and what came early is not lost", () => {
    const model = new FakeBoard([job(1)]);
    const { el } = show(model);
    model.sent.length = 0;
    model.tell([job(3)], [], 2);
    model.tell([job(4)], [], 3);
    frame();
    expect(model.sent).toEqual([{ type: "resync" }]);
    expect(names(el)).toBe("#1 job 1");
    model.set("board", { seq: 2, rows: [job(1), job(2), job(3)], some: false });
    frame();
    expect(names(el)).toBe("#4 job 4|#3 job 3|#2 job 2|#1 job 1");
  });

  test("a missing piece that comes late closes the gap", () => {
    const model = new FakeBoard([]);
    const { el } = show(model);
    model.tell([job(2)], [], 2);
    model.tell([job(1)], [], 1);
    frame();
    expect(names(el)).toBe("#2 job 2|#1 job 1");
  });

  test("pieces of the past and nonsense change nothing", () => {
    const model = new FakeBoard([job(1)], { seq: 5 });
    const { el } = show(model);
    model.sent.length = 0;
    model.tell([job(9)], [], 5);
    for (const odd of [
      null,
      {},
      { type: "rows" },
      { type: "rows", seq: 6, rows: [{}] },
    ])
      model.receive(odd);
    frame();
    expect([names(el), model.sent]).toEqual(["#1 job 1", []]);
  });

  test("two views agree, and one that comes late shows everything", () => {
    const model = new FakeBoard([job(1)]);
    const { hosts } = show(model, 2);
    model.tell([job(2)]);
    frame();
    expect(hosts.map(({ el }) => names(el))).toEqual(
      Array(2).fill("#2 job 2|#1 job 1"),
    );
  });
});

describe("what can be done", () => {
  test("each row has its buttons, and what it is asked for is told", () => {
    const actions = ["retry", "pause", "cancel"];
    const model = new FakeBoard([job(1, { actions }), job(2, { actions: ["again"] })]);
    const { el } = show(model);
    model.sent.length = 0;
    for (const action of actions) button(el, 1, action)?.click();
    button(el, 2, "again")?.click();
    expect(model.sent).toEqual([
      { type: "retry", job: 1 },
      { type: "pause", job: 1 },
      { type: "cancel", job: 1 },
      { type: "again", job: 2 },
    ]);
    frame();
    expect(button(el, 1, "pause")?.getAttribute("aria-disabled")).toBe("true");
    model.tell([job(1, { phase: "waiting", actions: ["resume", "cancel"] })]);
    frame();
    expect(button(el, 1, "pause")).toBeNull();
    expect(button(el, 1, "cancel")?.getAttribute("aria-label")).toBe("cancelling…");
    expect(button(el, 1, "resume")?.getAttribute("aria-label")).toBe(
      "resume of #1 job 1",
    );
  });

  test("finished jobs are cleared, if there are any, and all are shown", () => {
    const model = new FakeBoard([job(1)]);
    const { el } = show(model);
    const clear = () => el.querySelector<HTMLElement>('[data-action="clear"]');
    expect(clear()).toBeNull();
    model.tell([job(1, { phase: "done" })]);
    frame();
    model.sent.length = 0;
    clear()?.click();
    expect(model.sent).toEqual([{ type: "clear" }]);
    const some = show(new FakeBoard([job(1, { phase: "done" })], { some: true })).el;
    expect(some.querySelector('[data-action="clear"]')).toBeNull();
  });

  test("the output of a job is shown below the table, and follows its end", () => {
    const model = new FakeBoard([job(1)]);
    const { el } = show(model);
    model.sent.length = 0;
    button(el, 1, "log")?.click();
    expect(model.sent).toEqual([{ type: "log", job: 1 }]);
    const said = "one\r\n10%\r20%\ntwo";
    model.set("log", { job: 1, title: "job 1", text: said, earlier: 12_345 });
    frame();
    expect(text(el, ".na-drawer-title")).toBe("#1 job 1 · 12 k characters before this");
    expect(text(el, ".na-drawer-text")).toBe("one\n20%\ntwo");
    model.sent.length = 0;
    button(el, 1, "log")?.click();
    expect(model.sent).toEqual([{ type: "log", job: null }]);
    model.set("log", null);
    frame();
    expect(seen(el, ".na-drawer")).toBe("");
  });

  test("its cell is gone to, where there are cells", () => {
    const model = new FakeBoard([job(2)]);
    const { hosts } = show(model);
    expect(button(hosts[0]?.el as Element, 2, "cell")).toBeNull();
    const place = notebook(3);
    place.append(hosts[0]?.el as Element);
    model.tell([job(2)]);
    frame();
    button(place, 2, "cell")?.click();
    const cell = document.querySelectorAll<HTMLElement>(".jp-Cell")[1];
    expect(cell?.scrollIntoView).toHaveBeenCalledTimes(1);
  });
});

describe("the keyboard", () => {
  function board() {
    const actions = ["pause", "cancel"];
    const model = new FakeBoard([job(1, { actions }), job(2, { actions }), job(3)]);
    return { ...show(model), model };
  }

  test("has one stop in the table, and arrows move from there", () => {
    const { el } = board();
    const stops = () =>
      [...el.querySelectorAll<HTMLElement>(".na-job button")].filter(
        (node) => node.tabIndex === 0,
      );
    expect(stops()).toEqual([button(el, 3, "cancel")]);
    const at = () => {
      const node = document.activeElement as HTMLElement;
      const row = node.closest<HTMLElement>(".na-job");
      return `${row?.dataset.job} ${node.dataset.action}`;
    };
    stops()[0]?.focus();
    const steps: [string, string][] = [
      ["ArrowDown", "2 pause"],
      ["ArrowRight", "2 cancel"],
      ["ArrowDown", "1 cancel"],
      ["ArrowDown", "1 cancel"],
      ["End", "1 log"],
      ["Home", "1 pause"],
    ];
    for (const [key, place] of steps) {
      press(document.activeElement, key);
      expect(at()).toBe(place);
    }
    press(document.activeElement, "Home", true);
    expect(at()).toBe("3 cancel");
    expect(stops()).toEqual([document.activeElement]);
  });

  test("is not dropped by a row that goes, nor by a button", () => {
    const { el, model } = board();
    button(el, 2, "pause")?.focus();
    model.tell([job(2, { phase: "waiting", actions: ["resume", "cancel"] })]);
    frame();
    expect(document.activeElement).toBe(button(el, 2, "resume"));
    model.tell([], [2]);
    frame();
    expect(document.activeElement).toBe(el.querySelector(".na-panel"));
  });

  test("leaves the output by Escape", () => {
    const { el, model } = board();
    button(el, 2, "log")?.focus();
    model.set("log", { job: 2, title: "x", text: "y", earlier: 0 });
    frame();
    model.sent.length = 0;
    const shown = el.querySelector<HTMLElement>(".na-drawer-text");
    shown?.focus();
    press(shown, "Escape");
    expect(model.sent).toEqual([{ type: "log", job: null }]);
    expect(document.activeElement).toBe(button(el, 2, "log"));
  });

  test("keeps the notebook's shortcuts off every stop", () => {
    const { el, model } = board();
    model.set("log", { job: 2, title: "x", text: "y", earlier: 0 });
    frame();
    const stops = el.querySelectorAll("button, input, [tabindex]");
    expect(stops.length).toBeGreaterThan(9);
    for (const node of stops)
      expect(node.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
  });
});

describe("when the kernel is gone", () => {
  test.each(["comm", "status", "send"])(
    "(%s) it says so and offers nothing dead",
    (how) => {
      const kernel = new FakeKernel();
      const rows = [job(1), job(2, { phase: "done", actions: ["again"] })];
      const model = Object.assign(new FakeBoard(rows), { widget_manager: { kernel } });
      const { el } = show(model);
      vi.advanceTimersByTime(5000);
      if (how === "comm") {
        model.live = false;
        model.emit("comm_live_update");
      } else if (how === "status") kernel.become("autorestarting");
      else {
        model.dead = true;
        button(el, 1, "cancel")?.click();
      }
      frame();
      expect(seen(el, ".na-header > .na-dim")).toBe("kernel gone");
      expect(seen(el, "button")).toBe("");
      vi.advanceTimersByTime(60_000);
      expect(seen(el, ".na-job-clock")).toBe("0:04|0:09");
    },
  );
});

describe("accessibility", () => {
  test("the panel is a labelled group with a table whose columns have names", () => {
    const { el } = show(new FakeBoard([job(1)]));
    const panel = el.querySelector(".na-panel");
    expect(panel?.getAttribute("role")).toBe("group");
    expect(panel?.getAttribute("aria-label")).toBe("jobs of this notebook");
    const heads = [...el.querySelectorAll("th")];
    expect(
      heads.map((head) => head.getAttribute("aria-label") ?? head.textContent),
    ).toEqual(["sign", "job", "state", "progress", "now", "actions"]);
    expect(heads.every((head) => head.scope === "col")).toBe(true);
  });

  test("changes of state are announced, at most every five seconds", () => {
    const model = new FakeBoard([job(1)]);
    const { el } = show(model);
    const said = () => text(el, "[aria-live]");
    frame();
    expect(said()).toBe("");
    model.tell([job(1, { phase: "failed" })]);
    frame();
    expect(said()).toBe("jobs: 1 failed");
    model.tell([job(2)]);
    frame();
    expect(said()).toBe("jobs: 1 failed");
    vi.advanceTimersByTime(5000);
    expect(said()).toBe("jobs: 1 running, 1 failed");
  });
});

describe("cleanup", () => {
  test("each view and the model give back every listener, timer and node", () => {
    const model = new FakeBoard([job(1)]);
    const { el, hosts, stop } = show(model, 2);
    frame();
    button(el, 1, "cancel")?.click();
    for (const { remove } of hosts) remove();
    stop();
    expect(model.listenerCount).toBe(0);
    expect(FakeObserver.all.every((observer) => observer.disconnected)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    expect(hosts.map(({ el }) => el.childElementCount)).toEqual([0, 0]);
  });
});
