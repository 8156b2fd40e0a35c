import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { bytes, exportForm } from "../../src/events/export_form";
import { eventStore } from "../../src/events/store";
import { transport } from "../../src/events/transport";
import { FakeModel, press, type } from "./fake";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function make(some = {}) {
  const model = new FakeModel(some);
  const store = eventStore(model);
  store.attach();
  const wishes = { moved: vi.fn(), filter: () => "kind:failed", export: vi.fn() };
  const view = transport(store, wishes);
  document.body.replaceChildren(view.node);
  view.paint(false);
  const range = view.node.querySelector("input") as HTMLInputElement;
  const button = (label: string) =>
    view.node.querySelector<HTMLButtonElement>(`[aria-label="${label}"]`);
  const drag = (share: number) => {
    range.value = String(share * 100_000);
    range.dispatchEvent(new Event("input"));
    view.paint(false);
  };
  const times = () => view.node.querySelector(".na-times")?.textContent;
  return { model, store, wishes, view, range, button, drag, times };
}

describe("the slider", () => {
  test("says where it is", () => {
    const { range, times } = make({ moment: 5.825 });
    expect(times()).toBe("0:05.82 / 0:10.00");
    expect(range.getAttribute("aria-valuetext")).toBe("0:05.82 of 0:10.00");
    expect(range.value).toBe("58250");
  });

  test("at the end says so; live where it goes on", () => {
    expect(make().range.getAttribute("aria-valuetext")).toBe(
      "at the end, 0:10.00 of 0:10.00",
    );
    const { range, button } = make({ live: true });
    expect(range.getAttribute("aria-valuetext")).toMatch(/^live, /);
    expect(button("follow the end")?.textContent).toBe("live");
    expect(button("follow the end")?.getAttribute("aria-pressed")).toBe("true");
  });

  test("a drag moves the moment, and tells that a person did", () => {
    const { store, wishes, drag, times } = make();
    drag(0.25);
    expect(store.moment).toBeCloseTo(2.5);
    expect(wishes.moved).toHaveBeenCalled();
    expect(times()).toBe("0:02.50 / 0:10.00");
  });

  test("its ends stay while it is held, however much comes", () => {
    const { model, store, range, drag } = make({ live: true });
    range.dispatchEvent(new Event("pointerdown"));
    model.news({ live: true, ended: 20 });
    drag(0.5);
    expect(store.moment).toBeCloseTo(5);
    range.dispatchEvent(new Event("pointerup"));
    drag(0.5);
    expect(store.moment).toBeCloseTo(10);
  });

  test("held at the very end of what goes on, it follows that", () => {
    const { store, drag } = make({ live: true, moment: 3 });
    drag(1);
    expect(store.moment).toBeNull();
    const ended = make({ moment: 3 });
    ended.drag(1);
    expect(ended.store.moment).toBe(10);
  });

  test("keys: arrows step by event, others go far, space plays", () => {
    const { model, store, range } = make();
    for (const key of ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"])
      expect(press(range, key)).toBe(true);
    const steps = model.only("moment").map(({ step, filter }) => [step, filter]);
    expect(steps).toEqual([1, 1, -1, -1].map((step) => [step, "kind:failed"]));
    press(range, "Home");
    expect(store.moment).toBe(0);
    press(range, "PageUp");
    expect(store.moment).toBe(0.5);
    press(range, "PageDown");
    expect(store.moment).toBe(0);
    press(range, "End");
    expect(store.moment).toBeNull();
    press(range, " ");
    expect(store.playing).toBe(true);
    press(range, " ");
    expect(store.playing).toBe(false);
    expect(press(range, "b")).toBe(false);
    expect(press(range, "ArrowRight", { ctrlKey: true })).toBe(false);
  });

  test("marks are where something failed", () => {
    const { view, model } = make({ marks: [2.5, 5] });
    const places = () =>
      [...view.node.querySelectorAll<HTMLElement>(".na-marks i")].map(
        (mark) => mark.style.left,
      );
    expect(places()).toEqual(["25.0%", "50.0%"]);
    model.news({ marks: [2.5], ended: 5 });
    view.paint(false);
    expect(places()).toEqual(["50.0%"]);
  });
});

describe("its buttons", () => {
  test("back, play and pause, the end", () => {
    const { store, button, view } = make({ moment: 5 });
    button("back to the start")?.click();
    expect(store.moment).toBe(0);
    button("play")?.click();
    view.paint(false);
    expect(button("pause")?.textContent).toBe("❚❚");
    button("pause")?.click();
    expect(store.playing).toBe(false);
    button("follow the end")?.click();
    expect(store.moment).toBeNull();
  });

  test("the speed is that which was chosen, also while it plays", () => {
    const { model, view, button, store } = make();
    const speed = view.node.querySelector("select") as HTMLSelectElement;
    expect([...speed.options].map(({ text }) => text)).toEqual([
      "0.25×",
      "0.5×",
      "1×",
      "2×",
      "5×",
      "10×",
      "25×",
      "100×",
      "fit in 10 s",
    ]);
    speed.value = "5";
    speed.dispatchEvent(new Event("change"));
    expect(model.only("play")).toEqual([]);
    button("play")?.click();
    speed.value = "fit";
    speed.dispatchEvent(new Event("change"));
    expect(model.only("play").map((one) => one.speed)).toEqual([5, "fit"]);
    expect(store.memory.speed).toBe("fit");
  });

  test("nothing can be pressed before there is something, or without a kernel", () => {
    const { view, range } = make({ began: null, ended: null });
    const off = () => [...view.node.querySelectorAll("button")].map((b) => b.disabled);
    expect([range.disabled, ...off()]).toEqual([true, true, true, false, true]);
    const gone = make();
    gone.view.paint(true);
    expect(gone.range.disabled).toBe(false);
    expect(
      [...gone.view.node.querySelectorAll("button")].every((b) => b.disabled),
    ).toBe(true);
    expect(gone.view.node.querySelector<HTMLElement>(".na-gone-word")?.hidden).toBe(
      false,
    );
  });

  test("export asks for it", () => {
    const { wishes, button, view } = make();
    button("write this recording to a file")?.click();
    expect(wishes.export).toHaveBeenCalled();
    view.focusExport();
    expect(document.activeElement?.textContent).toBe("export");
  });
});

describe("the form for a file", () => {
  function form(answers = true) {
    const write = vi.fn(() => answers);
    const closed = vi.fn();
    const one = exportForm(write, closed);
    document.body.replaceChildren(one.node);
    const field = one.node.querySelector("input") as HTMLInputElement;
    const [save, end] = [...one.node.querySelectorAll("button")];
    const words = () => one.node.querySelector(".na-export-words")?.textContent;
    const submit = () => one.node.dispatchEvent(new Event("submit"));
    return { write, closed, one, field, save, end, words, submit };
  }

  test("offers a name, of which the ending stays", () => {
    const { one, field } = form();
    one.open("run.jsonl.gz");
    expect([one.node.hidden, field.value]).toEqual([false, "run.jsonl.gz"]);
    expect([field.selectionStart, field.selectionEnd]).toEqual([0, 3]);
    expect(document.activeElement).toBe(field);
  });

  test("says where it was written", () => {
    const { one, write, words, submit, end, closed, save } = form();
    one.open("run.jsonl.gz");
    submit();
    submit();
    expect(write.mock.calls).toEqual([["run.jsonl.gz", false]]);
    expect([words(), save?.disabled]).toEqual(["writing …", true]);
    one.take({ state: "done", name: "run", path: "/data/run", size: 48_200 });
    expect(words()).toBe("✓ written to /data/run (48 kB)");
    expect(document.activeElement).toBe(end);
    end?.click();
    expect([one.node.hidden, closed.mock.calls.length]).toEqual([true, 1]);
  });

  test("replaces nothing unasked; another name begins anew", () => {
    const { one, write, words, submit, save, field } = form();
    one.open("run.jsonl.gz");
    submit();
    one.take({ state: "exists", name: "run.jsonl.gz" });
    expect([words(), save?.textContent]).toEqual([
      "run.jsonl.gz is there already: replace it?",
      "replace",
    ]);
    expect(document.activeElement).toBe(save);
    submit();
    expect(write).toHaveBeenLastCalledWith("run.jsonl.gz", true);
    one.take({ state: "exists", name: "run.jsonl.gz" });
    type(field, "other");
    submit();
    expect(write).toHaveBeenLastCalledWith("other", false);
  });

  test("says what is wrong with a name, and when the kernel has gone", () => {
    const { one, words, submit, field } = form();
    one.open("x");
    submit();
    one.take({ state: "failed", name: "x", error: "a file needs a name" });
    expect(words()).toBe("a file needs a name");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    const gone = form(false);
    gone.one.open("x");
    gone.submit();
    expect(gone.words()).toBe("the kernel has gone: nothing was written");
  });

  test("Escape closes it; what comes then is no news", () => {
    const { one, closed, words } = form();
    one.open("x");
    expect(press(one.node, "Escape")).toBe(true);
    expect(closed).toHaveBeenCalled();
    one.take({ state: "done", name: "x" });
    expect(words()).toBe("");
    expect(press(one.node, "a")).toBe(false);
  });

  test.each([
    [312, "312 bytes"],
    [48_200, "48 kB"],
    [999_600, "1.0 MB"],
  ])("%i is %s", (n, words) => expect(bytes(n)).toBe(words));
});
