import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CanvasPainter } from "../src/graph/canvas_painter";
import { REFRESH_MS } from "../src/graph/details";
import { bestLayout } from "../src/graph/picture";
import { CANCEL_PATIENCE_MS } from "../src/pending";
import {
  CLASSIFY,
  DISPATCH,
  FakeModel,
  FETCH,
  head,
  large,
  numbers,
  REVIEW,
  scene,
  sceneMessage,
  show,
  type snapshot,
  step,
  text,
  withWidth,
} from "./graph/fake";

class FakeResizer {
  static all: FakeResizer[] = [];
  readonly #report: () => void;
  constructor(report: () => void) {
    this.#report = report;
    FakeResizer.all.push(this);
  }
  observe(): void {}
  disconnect(): void {}
  resize(width: number): void {
    withWidth(width, this.#report);
  }
}

const frame = () => vi.advanceTimersByTime(20);

beforeEach(() => {
  vi.useFakeTimers();
  FakeResizer.all = [];
  vi.stubGlobal("ResizeObserver", FakeResizer);
  // Without one whatever is on a page is taken to be seen.
  vi.stubGlobal("IntersectionObserver", undefined);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

function key(target: Element, name: string): KeyboardEvent {
  const init = { key: name, bubbles: true, cancelable: true };
  const event = new KeyboardEvent("keydown", init);
  target.dispatchEvent(event);
  return event;
}

function button(el: Element, action: string): HTMLButtonElement {
  return el.querySelector(`[data-action="${action}"]`) as HTMLButtonElement;
}

/** Answer the last question of a panel. */
async function reply(model: FakeModel, given: string): Promise<void> {
  const asked = model.sentOf("details").at(-1) as { id: number; step: number };
  const call = { given, returned: null, error: null, began: 0, seconds: 1, attempt: 1 };
  const details = {
    calls: [{ phase: "done" as const, ...call }],
    timing: null,
    questions: [],
  };
  model.receive({ type: "details", ...asked, details });
  await vi.advanceTimersByTimeAsync(0);
}

describe("the header", () => {
  test("state, workflow, run, time and who waits", () => {
    const run = head({ waiting: 1, asks: "Send 214 mails?" });
    const { el } = show(new FakeModel({ run }));
    expect(text(el, ".na-header .na-glyph")).toBe("▶");
    expect(text(el, ".na-title")).toBe("Triage");
    expect(text(el, ".na-meta")).toBe("run 7f3a · 0:09");
    expect(text(el, ".na-g-waits")).toBe("? 1 waits for you");
    expect(el.querySelector(".na-g-waits")?.getAttribute("title")).toBe(
      "Send 214 mails?",
    );
  });

  test("the clock goes on by itself, and with it that of what waits", () => {
    const run = head({ waiting: 1, since: [[REVIEW, 1]] });
    const nodes = [numbers(REVIEW, "waiting", { waiting: 1 })];
    const { el } = show(new FakeModel({ run, nodes }));
    expect(step(el, REVIEW).textContent).toContain("waits for you · 0:08");
    vi.advanceTimersByTime(3000);
    expect(text(el, ".na-meta")).toBe("run 7f3a · 0:12");
    expect(step(el, REVIEW).textContent).toContain("waits for you · 0:11");
  });

  test("what a run failed by", () => {
    const run = head({ phase: "failed", error: "ValueError('no')", actions: [] });
    const { el } = show(new FakeModel({ run }));
    expect(text(el, ".na-error")).toBe("✕ValueError('no')");
    expect(button(el, "cancel").hidden).toBe(true);
  });

  test("cancel asks the kernel once", () => {
    const model = new FakeModel();
    const { el } = show(model);
    button(el, "cancel").click();
    expect(model.sentOf("cancel")).toHaveLength(1);
    expect(button(el, "cancel").getAttribute("aria-disabled")).toBe("true");
    expect(button(el, "cancel").textContent).toContain("cancelling…");
    button(el, "cancel").click();
    expect(model.sentOf("cancel")).toHaveLength(1);
  });

  test("cancel may be pressed again where nothing has come of it for long", () => {
    const model = new FakeModel();
    const { el } = show(model);
    button(el, "cancel").click();
    vi.advanceTimersByTime(CANCEL_PATIENCE_MS);
    expect(button(el, "cancel").textContent).toContain("cancel");
    expect(button(el, "cancel").getAttribute("aria-disabled")).toBeNull();
    button(el, "cancel").click();
    expect(model.sentOf("cancel")).toHaveLength(2);
  });

  test("Mermaid and SVG go to the clipboard, and the button says so", async () => {
    const writeText = vi.fn(async (_: string) => {});
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const { el } = show(new FakeModel());
    button(el, "mermaid").click();
    await vi.advanceTimersByTimeAsync(0);
    expect(writeText.mock.calls[0]?.[0]).toMatch(/^flowchart LR\n/);
    expect(button(el, "mermaid").dataset.told).toBe("copied ✓");
    button(el, "svg").click();
    await vi.advanceTimersByTimeAsync(0);
    expect(writeText.mock.calls[1]?.[0]).toMatch(/^<svg .*classify.*<\/svg>$/s);
    expect(el.querySelector(".na-g-shelf")).toBeNull();
    vi.advanceTimersByTime(2000);
    expect(button(el, "svg").dataset.told).toBeUndefined();
  });
});

describe("the picture", () => {
  test("draws each step with its state", () => {
    const counts = { running: 2, queued: 48, done: 152 };
    const nodes = [numbers(CLASSIFY, "running", counts)];
    const { el } = show(new FakeModel({ nodes }));
    expect(step(el, CLASSIFY).dataset.phase).toBe("running");
    expect(step(el, CLASSIFY).textContent).toContain("152 done · 48 queued");
    const dots = [...step(el, CLASSIFY).querySelectorAll(".na-g-dot")];
    expect(dots.map((dot) => dot.getAttribute("data-on"))).toEqual([
      "on",
      "on",
      "off",
      "off",
    ]);
    expect(step(el, FETCH).dataset.phase).toBe("idle");
  });

  test("lights up while the run goes on", () => {
    const model = new FakeModel();
    const { el } = show(model);
    const way = () => el.querySelectorAll(".na-g-way")[1]?.getAttribute("data-mode");
    expect(way()).toBe("unused");
    model.receive({
      type: "delta",
      seq: 2,
      nodes: [numbers(CLASSIFY, "running", { running: 1 })],
      edges: [[1, 200]],
    });
    frame();
    expect(way()).toBe("lit");
    expect(text(el, ".na-g-beside:nth-child(2)")).toBe("Item ×200");
    expect(step(el, CLASSIFY).dataset.phase).toBe("running");
    vi.advanceTimersByTime(2000);
    expect(way()).toBe("used");
  });

  test("is changed in place, and only where something has changed", () => {
    const model = new FakeModel();
    const { el } = show(model);
    const before = step(el, CLASSIFY);
    const seen: MutationRecord[] = [];
    const observer = new MutationObserver((records) => seen.push(...records));
    observer.observe(el, { subtree: true, attributes: true, childList: true });
    const nodes = [numbers(CLASSIFY, "done", { done: 1 })];
    model.receive({ type: "delta", seq: 2, nodes });
    frame();
    expect(step(el, CLASSIFY)).toBe(before);
    for (const { target } of [...seen, ...observer.takeRecords()])
      expect(step(el, FETCH).contains(target)).toBe(false);
  });

  test("of another graph takes its place, and closes the details", () => {
    const model = new FakeModel();
    const { el } = show(model);
    step(el, CLASSIFY).dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(el.querySelector<HTMLElement>(".na-g-details")?.hidden).toBe(false);
    const nodes = scene().nodes.map((node) => ({
      ...node,
      label: `new ${node.label}`,
    }));
    model.set("scene", sceneMessage(scene({ nodes, title: "Other" })));
    frame();
    expect(text(el, ".na-title")).toBe("Other");
    expect(step(el, CLASSIFY).textContent).toContain("new classify");
    expect(el.querySelector<HTMLElement>(".na-g-details")?.hidden).toBe(true);
  });

  test("runs down where the panel is narrow, without losing its state", () => {
    const nodes = [numbers(CLASSIFY, "done", { done: 7 })];
    const { el } = show(new FakeModel({ nodes }));
    const place = () => step(el, CLASSIFY).getAttribute("transform");
    expect(place()).toBe("translate(305 0)");
    FakeResizer.all[0]?.resize(420);
    expect(place()).toBe("translate(5 147)");
    expect(step(el, CLASSIFY).textContent).toContain("7 done");
    const wide = scene().layouts;
    expect(bestLayout(wide, 1600).down).toBe(false);
    expect(bestLayout(wide, 420).down).toBe(true);
    expect(bestLayout(wide.slice(0, 1), 420).down).toBe(false);
    expect(bestLayout([], 420).size).toEqual([1, 1]);
  });

  test("zooms by + and -, and fits again", () => {
    const { el } = show(new FakeModel());
    const view = el.querySelector(".na-g-svg > g") as SVGElement;
    const fitted = view.getAttribute("transform");
    expect(key(step(el, CLASSIFY), "+").defaultPrevented).toBe(true);
    expect(view.getAttribute("transform")).toContain("scale(1.25)");
    key(step(el, CLASSIFY), "-");
    key(step(el, CLASSIFY), "-");
    expect(view.getAttribute("transform")).toContain("scale(0.8)");
    button(el, "fit").click();
    expect(view.getAttribute("transform")).toBe(fitted);
    key(step(el, CLASSIFY), "+");
    key(step(el, CLASSIFY), "0");
    expect(view.getAttribute("transform")).toBe(fitted);
  });

  test("from afar shows glyphs, and the header tells how many are in which state", () => {
    const nodes = [
      numbers(CLASSIFY, "done"),
      numbers(FETCH, "running", { running: 1 }),
    ];
    const { el } = show(new FakeModel({ nodes }));
    const tally = () => el.querySelector<HTMLElement>(".na-g-tally");
    expect(tally()?.hidden).toBe(true);
    for (let i = 0; i < 4; i += 1) key(step(el, CLASSIFY), "-");
    expect(el.querySelector(".na-g-far")).not.toBeNull();
    expect(tally()?.textContent).toBe("✓ 1  ▶ 1  ○ 2");
  });

  test("is a canvas where there are many steps", () => {
    const pen = { fillText: vi.fn() };
    const anything = new Proxy(pen as Record<string, unknown>, {
      get: (it, name: string) => it[name] ?? (() => {}),
    });
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(
      anything as never,
    );
    vi.stubGlobal(
      "Path2D",
      class {
        addPath(): void {}
      },
    );
    const build = vi.spyOn(CanvasPainter.prototype, "build");
    const { el } = show(new FakeModel({}, large(401)));
    expect(build).toHaveBeenCalledOnce();
    expect(el.querySelector("canvas")).not.toBeNull();
    const cursor = el.querySelector(".na-g-cursor") as HTMLButtonElement;
    key(cursor, "ArrowRight");
    expect(cursor.getAttribute("aria-label")).toBe("step_1: not reached");
    expect(document.activeElement).toBe(cursor);
    expect(show(new FakeModel({}, large(400))).el.querySelector("canvas")).toBeNull();
  });
});

describe("the keyboard", () => {
  test("reaches one step, and by arrows all of them", () => {
    const { el } = show(new FakeModel());
    const stops = () => [...el.querySelectorAll('.na-g-step[tabindex="0"]')];
    expect(stops()).toEqual([step(el, DISPATCH)]);
    step(el, DISPATCH).focus();
    for (const [name, index] of [
      ["ArrowRight", CLASSIFY],
      ["ArrowDown", FETCH],
      ["End", REVIEW],
      ["ArrowRight", REVIEW],
      ["Home", DISPATCH],
    ] as const) {
      key(document.activeElement as Element, name);
      expect(document.activeElement).toBe(step(el, index));
      expect(stops()).toEqual([step(el, index)]);
    }
  });

  test("keeps the notebook's one-key commands off", () => {
    const { el } = show(new FakeModel());
    for (const node of el.querySelectorAll("[tabindex], button"))
      expect(node.getAttribute("data-lm-suppress-shortcuts")).toBe("true");
    expect(key(step(el, DISPATCH), "b").defaultPrevented).toBe(false);
  });

  test.each(["Enter", " "])("%j opens the details, Escape closes them", (name) => {
    const model = new FakeModel();
    const { el } = show(model);
    step(el, DISPATCH).focus();
    key(step(el, DISPATCH), "ArrowRight");
    key(step(el, CLASSIFY), name);
    const details = el.querySelector<HTMLElement>(".na-g-details");
    expect(details?.hidden).toBe(false);
    expect(text(el, ".na-g-details .na-title")).toBe("classify");
    expect(step(el, CLASSIFY).getAttribute("aria-pressed")).toBe("true");
    const close = details?.querySelector("button") as HTMLButtonElement;
    close.focus();
    key(close, "Escape");
    expect(details?.hidden).toBe(true);
    expect(step(el, CLASSIFY).getAttribute("aria-pressed")).toBeNull();
    expect(document.activeElement).toBe(step(el, CLASSIFY));
    expect(key(step(el, CLASSIFY), "Escape").defaultPrevented).toBe(false);
  });
});

describe("the details", () => {
  function open(some: Parameters<typeof snapshot>[0] = {}) {
    const model = new FakeModel(some);
    const { el } = show(model);
    step(el, CLASSIFY).dispatchEvent(new MouseEvent("click", { bubbles: true }));
    return { model, el };
  }

  test("are asked from the kernel by a number, and shown", async () => {
    const { model, el } = open();
    expect(model.sentOf("details")).toEqual([
      { type: "details", id: 1, step: CLASSIFY },
    ]);
    await reply(model, "Item(n=1)");
    expect(text(el, ".na-g-in code")).toBe("Item(n=1)");
  });

  test("are asked anew as the step goes on, but not for each event", async () => {
    const { model } = open();
    await reply(model, "one");
    for (let seq = 2; seq < 12; seq += 1) {
      const nodes = [numbers(CLASSIFY, "running", { running: 1, done: seq })];
      model.receive({ type: "delta", seq, nodes });
      vi.advanceTimersByTime(20);
    }
    expect(model.sentOf("details")).toHaveLength(1);
    vi.advanceTimersByTime(REFRESH_MS);
    expect(model.sentOf("details")).toHaveLength(2);
  });

  test("of a step that rests are not", async () => {
    const { model } = open();
    await reply(model, "one");
    model.receive({
      type: "delta",
      seq: 2,
      nodes: [numbers(FETCH, "done", { done: 1 })],
    });
    vi.advanceTimersByTime(2 * REFRESH_MS);
    expect(model.sentOf("details")).toHaveLength(1);
  });

  test("of another step are not mistaken for these", async () => {
    const { model, el } = open();
    const first = model.sentOf("details").at(-1) as { id: number; step: number };
    step(el, FETCH).dispatchEvent(new MouseEvent("click", { bubbles: true }));
    model.receive({ type: "details", ...first, error: "of the other" });
    await vi.advanceTimersByTimeAsync(0);
    expect(text(el, ".na-g-note")).toBe("");
  });
});

describe("a kernel that is gone", () => {
  test("is told of; nothing is offered that would do nothing", async () => {
    const model = new FakeModel();
    const { el } = show(model);
    model.live = false;
    model.emit("comm_live_update");
    frame();
    expect(el.querySelector(".na-panel")?.classList.contains("na-gone")).toBe(true);
    expect(el.textContent).toContain("kernel gone");
    expect(button(el, "cancel").hidden).toBe(true);
    const before = text(el, ".na-meta");
    vi.advanceTimersByTime(5000);
    expect(text(el, ".na-meta")).toBe(before);
    model.dead = true;
    step(el, CLASSIFY).dispatchEvent(new MouseEvent("click", { bubbles: true }));
    await vi.advanceTimersByTimeAsync(0);
    expect(text(el, ".na-g-note")).toContain("The kernel does not answer");
    expect(model.sentOf("details")).toEqual([]);
  });

  test("takes no focus with its button", () => {
    const model = new FakeModel();
    const { el } = show(model);
    button(el, "cancel").focus();
    model.live = false;
    model.emit("comm_live_update");
    frame();
    expect(document.activeElement).toBe(el.querySelector(".na-panel"));
  });

  test("of a run that had ended takes nothing away", () => {
    const model = new FakeModel({ run: head({ phase: "done", actions: [] }) });
    const { el } = show(model);
    model.live = false;
    model.emit("comm_live_update");
    expect(el.querySelector(".na-gone")).toBeNull();
  });

  test("that cannot be reached is gone, too", () => {
    const model = new FakeModel();
    const { el } = show(model);
    model.dead = true;
    button(el, "cancel").click();
    expect(el.querySelector(".na-gone")).not.toBeNull();
  });
});

describe("views", () => {
  test("share the state of the model and follow it each by itself", () => {
    const model = new FakeModel();
    const { hosts } = show(model, 2);
    const nodes = [numbers(CLASSIFY, "done", { done: 7 })];
    model.receive({ type: "delta", seq: 2, nodes });
    frame();
    for (const { el } of hosts)
      expect(step(el, CLASSIFY).textContent).toContain("7 done");
    const [one, other] = hosts;
    step(one?.el as Element, CLASSIFY).dispatchEvent(
      new MouseEvent("click", { bubbles: true }),
    );
    expect(other?.el.querySelector<HTMLElement>(".na-g-details")?.hidden).toBe(true);
    expect(model.sentOf("visible")).toEqual([
      { type: "visible", visible: true, beside: false },
    ]);
    expect(model.sentOf("hello")).toHaveLength(2);
  });

  test("leave nothing behind", () => {
    const model = new FakeModel();
    const { hosts, stop } = show(model, 2);
    for (const { remove } of hosts) remove();
    stop();
    expect(model.listenerCount).toBe(0);
    expect(model.sentOf("visible").at(-1)).toEqual({ type: "visible", visible: false });
    for (const { el } of hosts) expect(el.childElementCount).toBe(0);
  });
});

describe("for those who do not see it", () => {
  test("the state is told every five seconds at most, and its end at once", () => {
    const model = new FakeModel();
    const { el } = show(model);
    const said = () => text(el, '[aria-live="polite"]');
    expect(said()).toBe("Triage: running");
    for (const seq of [2, 3, 4]) {
      const nodes = [numbers(CLASSIFY, "running", { running: seq })];
      model.receive({ type: "delta", seq, nodes });
      vi.advanceTimersByTime(1000);
    }
    expect(said()).toBe("Triage: running");
    vi.advanceTimersByTime(2100);
    expect(said()).toBe("Triage: running, classify running");
    model.receive({
      type: "delta",
      seq: 5,
      run: head({ phase: "done", ticks: false }),
    });
    frame();
    expect(said()).toBe("Triage: done, classify running");
  });

  test("what had ended before is no news", () => {
    const run = head({ phase: "done", ticks: false, actions: [] });
    const { el } = show(new FakeModel({ run }));
    expect(text(el, '[aria-live="polite"]')).toBe("");
  });

  test("every step has its name and state in words", () => {
    const nodes = [numbers(CLASSIFY, "waiting", { waiting: 1 })];
    const { el } = show(new FakeModel({ nodes }));
    expect(step(el, CLASSIFY).getAttribute("aria-label")).toBe(
      "classify: waits for you",
    );
    expect(step(el, CLASSIFY).getAttribute("role")).toBe("button");
  });
});
