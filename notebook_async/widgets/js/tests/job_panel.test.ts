import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import jobPanel from "../src/job_panel";
import { PHASES } from "../src/model";
import {
  counts,
  FakeModel,
  log,
  logMessage,
  run,
  seen,
  show,
  text,
  view,
} from "./fake";
import { FakeKernel, FakeObserver, frame } from "./fake_host";

const button = (el: Element, action = "cancel") =>
  el.querySelector<HTMLButtonElement>(`.na-header [data-action="${action}"]`);
const buttons = (el: Element) => seen(el, ".na-header .na-button");
const isOff = (node: Element | null) => node?.getAttribute("aria-disabled") === "true";

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

describe("what a panel shows", () => {
  test("a header: state, title, where, how long", () => {
    const { el } = show(new FakeModel());
    expect(text(el, ".na-header .na-glyph")).toBe("▶");
    expect(text(el, ".na-title")).toBe("index-stdlib");
    expect(text(el, ".na-meta")).toBe("#3 · cell [7] · 0:04");
  });

  test("a job without number or cell shows the time alone", () => {
    const { el } = show(new FakeModel({ job_id: null, cell: null }));
    expect(text(el, ".na-meta")).toBe("0:04");
  });

  test.each([
    ["queued", "◔", "queued"],
    ["running", "▶", "running"],
    ["waiting", "❚❚", "paused"],
    ["done", "✓", "done"],
    ["failed", "✕", "failed"],
    ["cancelled", "■", "cancelled"],
  ] as const)(
    "a plain cell that is %s shows %s and its state in a word",
    (phase, sign, word) => {
      const model = new FakeModel({ phase: "queued" });
      const { el } = show(model);
      model.set("view", view({ phase, actions: ["resume", "cancel"] }));
      frame();
      expect(text(el, ".na-header .na-glyph")).toBe(sign);
      expect(seen(el, ".na-stat")).toBe(word);
    },
  );

  test("how many questions a job only waits for", () => {
    const bar = counts({ waiting: 2 });
    const { el } = show(new FakeModel({ phase: "waiting", actions: ["cancel"], bar }));
    expect(text(el, ".na-header .na-glyph")).toBe("?");
    expect(seen(el, ".na-stat")).toBe("2 wait for you");
  });

  test("a line of numbers, zeros left out", () => {
    const bar = counts({ done: 1012, failed: 3, running: 16, total: 1634 });
    const { el } = show(new FakeModel({ bar: { ...bar, rate: 248, eta: 1.7 } }));
    expect(seen(el, ".na-word")).toBe(" done| failed| running");
    expect(text(el, ".na-stat.na-done")).toBe("✓1,012 done");
    expect(seen(el, ".na-counts > .na-dim")).toBe("of 1,634");
    expect(text(el, ".na-pace")).toBe("248 /s · 0:02 left");
  });

  test("a number that falls to 0 keeps its place until the end", () => {
    const model = new FakeModel({ bar: counts({ done: 1, running: 4, total: 9 }) });
    const { el } = show(model);
    model.set("view", view({ bar: counts({ done: 5, total: 9 }) }));
    frame();
    expect(seen(el, ".na-stat.na-running")).toBe("▶0 running");
    model.set("view", view({ phase: "done", bar: counts({ done: 9, total: 9 }) }));
    frame();
    expect(seen(el, ".na-stat.na-running")).toBe("");
  });

  test("room for the digits to come, so that nothing moves", () => {
    const { el } = show(new FakeModel({ bar: counts({ done: 12, total: 1634 }) }));
    expect(text(el, ".na-done .na-room")).toBe("1,6");
  });

  test("nested runs from the second on, each with its bar", () => {
    const model = new FakeModel({ runs: [run("read")] });
    const { el } = show(model);
    expect(el.querySelectorAll(".na-run")).toHaveLength(0);
    const read = run("read", { done: 1438, total: 1634, workers: 8 });
    const write = run("write", { done: 9, failed: 2, workers: 1 });
    model.set("view", view({ runs: [read, write] }));
    frame();
    expect(seen(el, ".na-run-desc")).toBe("read|write");
    const shown = "1,438 / 1,634 · 8 workers|2 failed · 9 · 1 worker";
    expect(seen(el, ".na-run-text")).toBe(shown);
  });

  test("runs keep their rows, follow their order and go when they end", () => {
    const model = new FakeModel({ runs: [run("a"), run("b"), run("c")] });
    const { el } = show(model);
    const [, b] = [...el.querySelectorAll(".na-run")];
    model.set("view", view({ runs: [run("b"), run("d"), run("a")] }));
    frame();
    expect(seen(el, ".na-run-desc")).toBe("b|d|a");
    expect(el.querySelector(".na-run")).toBe(b);
  });

  test("three failures in sight, the earlier ones folded and counted", () => {
    const failures = Array.from({ length: 5 }, (_, index) => ({
      index,
      run: "r",
      error: `E${index}`,
    }));
    const { el } = show(new FakeModel({ failures, failures_total: 12 }));
    const fold = el.querySelector(".na-failures details") as HTMLDetailsElement;
    expect(text(fold, "summary")).toBe("9 earlier failures, the last 2 kept");
    const errors = [...el.querySelectorAll(".na-failure-error")];
    expect(errors.map((node) => node.textContent)).toEqual([
      "E0",
      "E1",
      "E2",
      "E3",
      "E4",
    ]);
    expect(fold.querySelectorAll(".na-failure")).toHaveLength(2);
  });

  test("an error once: in the log with its traceback, else on a line", () => {
    const model = new FakeModel({ phase: "failed", error: "KeyError: 'a'" });
    const { el } = show(model);
    frame();
    expect(seen(el, ".na-error")).toBe("✕KeyError: 'a'");
    model.set(
      "log",
      log([["error", "Traceback (most recent call last):\nKeyError: 'a'"]]),
    );
    frame();
    expect(seen(el, ".na-error")).toBe("");
    expect(seen(el, ".na-trace-line")).toBe("KeyError: 'a'");
  });

  test("text from the kernel is inert", () => {
    const evil = "<img src=x onerror=alert(1)>";
    const model = new FakeModel(
      {
        title: evil,
        error: evil,
        runs: [run("a", { desc: evil }), run("b", { desc: evil })],
        failures: [{ index: 1, run: evil, error: evil }],
        failures_total: 1,
      },
      log([
        ["stdout", `${evil}\n`],
        ["result", `${evil}\n`],
        ["error", evil],
      ]),
    );
    const { el } = show(model);
    frame();
    expect(el.querySelectorAll("img")).toHaveLength(0);
    expect(text(el, ".na-title")).toBe(evil);
    expect(text(el, ".na-line")).toBe(evil);
    expect(text(el, ".na-failure-error")).toBe(evil);
    expect(text(el, ".na-trace-line")).toBe(evil);
  });

  test("a view that says less than expected, or more, still shows", () => {
    const model = new FakeModel();
    model.set("view", { title: "odd", phase: "dreaming" } as never);
    const { el } = show(model);
    expect(text(el, ".na-title")).toBe("odd");
    expect(text(el, ".na-header .na-glyph")).toBe("▶");
  });
});

describe("how a panel moves", () => {
  test("many updates are drawn once per frame, the last one", () => {
    const model = new FakeModel();
    const { el } = show(model);
    frame();
    const title = el.querySelector(".na-title") as HTMLElement;
    for (const name of ["a", "b", "c"]) model.set("view", view({ title: name }));
    expect(title.textContent).toBe("index-stdlib");
    frame();
    expect(title.textContent).toBe("c");
    expect(el.querySelector(".na-title")).toBe(title);
  });

  test("the clock ticks by itself while the job runs, and stops at its end", () => {
    const model = new FakeModel({ elapsed: 4.2 });
    const { el } = show(model);
    vi.advanceTimersByTime(790);
    expect(text(el, ".na-meta")).toMatch(/0:04$/);
    vi.advanceTimersByTime(20);
    expect(text(el, ".na-meta")).toMatch(/0:05$/);
    vi.advanceTimersByTime(60_000);
    expect(text(el, ".na-meta")).toMatch(/1:05$/);
    model.set("view", view({ phase: "done", elapsed: 66.4 }));
    vi.advanceTimersByTime(10_000);
    expect(text(el, ".na-meta")).toMatch(/1:06$/);
  });

  test("a queued job has no running clock", () => {
    const { el } = show(new FakeModel({ phase: "queued", elapsed: 0 }));
    vi.advanceTimersByTime(5000);
    expect(text(el, ".na-meta")).toMatch(/0:00$/);
  });

  test("two views agree, and one that comes late shows everything", () => {
    const model = new FakeModel({}, log([["stdout", "one\n"]]));
    const { hosts } = show(model, 2);
    model.receive(logMessage("two\n", 4));
    vi.advanceTimersByTime(3000);
    const late = show(model).el;
    frame();
    const logs = [...hosts.map(({ el }) => el), late].map((el) => seen(el, ".na-line"));
    expect(logs).toEqual(["one|two", "one|two", "one|two"]);
    const [a, b] = hosts.map(({ el }) => text(el, ".na-meta"));
    expect(a).toBe(b);
  });
});

describe("what a panel tells the kernel", () => {
  test("hello, once per view", () => {
    const model = new FakeModel();
    show(model, 2);
    expect(model.sent).toEqual([{ type: "hello" }, { type: "hello" }]);
  });

  test("a button sends its action once, and says so until it is done", () => {
    const model = new FakeModel();
    const { el, hosts } = show(model, 2);
    model.sent.length = 0;
    button(el)?.click();
    button(el)?.click();
    frame();
    expect(model.sent).toEqual([{ type: "cancel" }]);
    for (const host of hosts) {
      expect(button(host.el)?.textContent).toBe("✕cancelling…");
      expect(isOff(button(host.el))).toBe(true);
    }
    model.set("view", view({ elapsed: 5 }));
    frame();
    expect(isOff(button(el))).toBe(true);
    model.set("view", view({ phase: "cancelled", actions: [] }));
    frame();
    expect(button(el)).toBeNull();
  });

  test.each([
    ["cancel", 10_000],
    ["pause", 3000],
    ["retry", 3000],
  ])("%s may be pressed again after %i ms in which nothing came", (action, wait) => {
    const model = new FakeModel({ actions: ["retry", "pause", "cancel"] });
    const { el } = show(model);
    button(el, action)?.click();
    vi.advanceTimersByTime(wait - 100);
    expect(isOff(button(el, action))).toBe(true);
    vi.advanceTimersByTime(200);
    expect(isOff(button(el, action))).toBe(false);
    model.sent.length = 0;
    button(el, action)?.click();
    expect(model.sent).toEqual([{ type: action }]);
  });

  test("one button that waits leaves the others alone", () => {
    const model = new FakeModel({ actions: ["pause", "cancel"] });
    const { el } = show(model);
    button(el, "pause")?.click();
    frame();
    // What takes a moment only does not change its word, which would flicker.
    expect(buttons(el)).toBe("❚❚pause|✕cancel");
    expect(button(el, "pause")?.getAttribute("aria-label")).toBe("pausing");
    expect(isOff(button(el, "cancel"))).toBe(false);
    model.set("view", view({ phase: "waiting", actions: ["resume", "cancel"] }));
    frame();
    expect(buttons(el)).toBe("▶resume|✕cancel");
  });

  test("actions it does not know get no button", () => {
    const { el } = show(new FakeModel({ actions: ["explode", "retry", "toString"] }));
    expect(buttons(el)).toBe("↻retry failed");
  });

  test("a focused button that changes hands the focus on", () => {
    const model = new FakeModel({ actions: ["pause", "cancel"] });
    const { el } = show(model);
    button(el, "pause")?.focus();
    model.set("view", view({ phase: "waiting", actions: ["resume", "cancel"] }));
    frame();
    expect(document.activeElement).toBe(button(el, "resume"));
  });

  test("a focused button that goes away leaves the focus in the panel", () => {
    const model = new FakeModel();
    const { el } = show(model);
    button(el)?.focus();
    model.set("view", view({ phase: "done", actions: [] }));
    frame();
    expect(document.activeElement).toBe(el.querySelector(".na-panel"));
  });

  test("whether any view is visible, when the answer changes", () => {
    const model = new FakeModel();
    const { hosts } = show(model, 2);
    model.sent.length = 0;
    const [a, b] = FakeObserver.all as [FakeObserver, FakeObserver];
    const told = () =>
      model.sent.flatMap((message) => ("visible" in message ? [message.visible] : []));
    a.move(true);
    b.move(true);
    expect(told()).toEqual([true]);
    a.move(false);
    expect(told()).toEqual([true]);
    b.move(false);
    expect(told()).toEqual([true, false]);
    b.move(true);
    hosts[1]?.remove();
    expect(told()).toEqual([true, false, true, false]);
  });

  test("a page in the background hides its views", () => {
    const model = new FakeModel();
    show(model);
    FakeObserver.all[0]?.move(true);
    model.sent.length = 0;
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(model.sent).toMatchObject([{ type: "visible", visible: false }]);
    hidden.mockRestore();
    document.dispatchEvent(new Event("visibilitychange"));
    expect(model.sent.at(-1)).toMatchObject({ type: "visible", visible: true });
  });
});

describe("when the kernel is gone", () => {
  const disconnect = (model: FakeModel, gone: boolean) => {
    model.live = !gone;
    model.emit("comm_live_update");
    frame();
  };

  test("a live job says so, offers no dead button and stops its clock", () => {
    const model = new FakeModel();
    const { el } = show(model);
    vi.advanceTimersByTime(5000);
    disconnect(model, true);
    expect(seen(el, ".na-header > .na-dim:not(.na-meta)")).toBe("kernel gone");
    expect(button(el)).toBeNull();
    vi.advanceTimersByTime(60_000);
    expect(text(el, ".na-meta")).toMatch(/0:09$/);
    disconnect(model, false);
    expect(button(el)).not.toBeNull();
  });

  test("a page opened without its kernel says so from the start", () => {
    const model = new FakeModel();
    const el = document.createElement("div");
    el.classList.add("jupyter-widgets-disconnected");
    jobPanel().render({ model, el });
    expect(seen(el, ".na-header > .na-dim:not(.na-meta)")).toBe("kernel gone");
    disconnect(model, false);
    expect(button(el)).not.toBeNull();
  });

  test.each(["restarting", "autorestarting", "terminating", "dead"])(
    "a kernel that is %s is gone, also where ipywidgets does not note it",
    (status) => {
      const kernel = new FakeKernel();
      const model = Object.assign(new FakeModel(), { widget_manager: { kernel } });
      const { el, hosts } = show(model);
      button(el)?.click();
      kernel.become("busy");
      frame();
      expect(button(el)).not.toBeNull();
      kernel.become(status);
      frame();
      expect(seen(el, ".na-header > .na-dim:not(.na-meta)")).toBe("kernel gone");
      expect(buttons(el)).toBe("");
      hosts[0]?.remove();
      expect(kernel.slots.size).toBe(0);
    },
  );

  test("an error can be copied without a kernel", () => {
    const model = new FakeModel({
      phase: "failed",
      error: "KeyError: 1",
      actions: ["again"],
    });
    const { el } = show(model);
    expect(buttons(el)).toBe("❐copy error|↻start again");
    disconnect(model, true);
    expect(buttons(el)).toBe("❐copy error");
  });

  test("a finished job keeps its picture", () => {
    const model = new FakeModel({ phase: "done", actions: ["retry"] });
    const { el } = show(model);
    disconnect(model, true);
    expect(seen(el, ".na-header > .na-dim:not(.na-meta)")).toBe("");
    expect(button(el)).toBeNull();
  });

  test("a message that cannot be sent shows it, and throws nothing", () => {
    const model = new FakeModel();
    const { el } = show(model);
    model.dead = true;
    button(el)?.click();
    frame();
    expect(seen(el, ".na-header > .na-dim:not(.na-meta)")).toBe("kernel gone");
  });
});

describe("accessibility", () => {
  test("the panel is a labelled group", () => {
    const panel = show(new FakeModel()).el.querySelector(".na-panel");
    expect(panel?.getAttribute("role")).toBe("group");
    expect(panel?.getAttribute("aria-label")).toBe("Job index-stdlib");
  });

  test("every focusable element keeps the notebook's shortcuts off", () => {
    const model = new FakeModel(
      { failures: [{ index: 1, run: "", error: "E" }], runs: [run("a"), run("b")] },
      log([["error", "KeyError: 1"]]),
    );
    const { el } = show(model);
    frame();
    const focusable = [...el.querySelectorAll("button, summary, [tabindex]")];
    expect(focusable.length).toBeGreaterThan(5);
    for (const node of focusable)
      expect(node.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
  });

  test("the end of a job is announced at once, with its numbers", () => {
    const model = new FakeModel({ bar: counts({ done: 1, total: 4 }) });
    const { el } = show(model);
    const bar = counts({ done: 3, failed: 1, total: 4 });
    model.set("view", view({ phase: "failed", elapsed: 9, bar, error: "KeyError: 1" }));
    frame();
    expect(text(el, "[aria-live]")).toBe(
      "index-stdlib: failed, 3 of 4 done, 1 failed, after 0:09, KeyError: 1",
    );
  });

  test.each(PHASES.filter((phase) => ["done", "failed", "cancelled"].includes(phase)))(
    "a job that was %s before the page opened is not announced",
    (phase) => {
      const { el } = show(new FakeModel({ phase }));
      vi.advanceTimersByTime(10_000);
      expect(text(el, "[aria-live]")).toBe("");
    },
  );
});

describe("cleanup", () => {
  test("each view and the model give back every listener, timer and node", () => {
    const model = new FakeModel();
    const { hosts, stop } = show(model, 2);
    frame();
    for (const { remove } of hosts) remove();
    stop();
    expect(model.listenerCount).toBe(0);
    expect(FakeObserver.all.every((observer) => observer.disconnected)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    expect(hosts.map(({ el }) => el.outerHTML)).toEqual(
      hosts.map(() => '<div class=""></div>'),
    );
  });

  test("one view can go while the other lives on", () => {
    const model = new FakeModel();
    const { hosts } = show(model, 2);
    hosts[0]?.remove();
    model.set("view", view({ title: "still here" }));
    frame();
    expect(text(hosts[1]?.el as Element, ".na-title")).toBe("still here");
  });
});
