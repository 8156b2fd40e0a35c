import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LOOK_MS, lookout } from "../../src/events/lookout";
import type { Look } from "../../src/events/model";
import { type EventStore, eventStore, MOVE_MS } from "../../src/events/store";
import { FakeModel } from "./fake";

let model: FakeModel;
let store: EventStore;
let lost: boolean[];

function make(some = {}): void {
  model = new FakeModel(some);
  lost = [];
  store = eventStore(model, (missed) => lost.push(missed));
  store.attach();
}

/** The page's name, as it sends it. */
const page = () => model.only("moment").at(-1)?.by as string;

beforeEach(() => {
  vi.useFakeTimers();
  make();
});
afterEach(() => vi.useRealTimers());

describe("the moment", () => {
  test("moves here at once, and there a few times a second", () => {
    for (let i = 0; i < 20; i += 1) {
      store.move(i / 10);
      vi.advanceTimersByTime(10);
    }
    expect(store.moment).toBeCloseTo(1.9);
    vi.advanceTimersByTime(MOVE_MS);
    const sent = model.only("moment").map(({ at }) => at);
    expect(sent.length).toBeLessThanOrEqual(5);
    expect(sent.at(-1)).toBe(1.9);
  });

  test("stays within the recording", () => {
    store.move(-5);
    expect(store.moment).toBe(0);
    store.move(99);
    expect(store.moment).toBe(10);
    store.move(null);
    expect(store.moment).toBeNull();
  });

  test("what the kernel said before it knew of a drag is not taken", () => {
    store.move(3);
    store.move(4);
    vi.advanceTimersByTime(MOVE_MS);
    model.news({ moment: 3, moved: [page(), 1] });
    expect(store.moment).toBe(4);
    model.news({ moment: 4, moved: [page(), 2] });
    model.news({ moment: 7, moved: ["another", 1] });
    expect(store.moment).toBe(7);
  });

  test("steps are asked of the kernel, whose answers are taken in turn", () => {
    store.step(1, "kind:failed");
    store.step(1, "kind:failed");
    store.moveTo(12);
    const [one, two, three] = model.only("moment");
    expect(one).toMatchObject({ step: 1, filter: "kind:failed", n: 1 });
    expect(three).toMatchObject({ number: 12, n: 3 });
    expect(two?.by).toBe(one?.by);
    model.news({ moment: 1, moved: [page(), 1] });
    expect(store.moment).toBe(1);
  });

  test("whoever watches is told", () => {
    const told = vi.fn();
    store.watchers.add(told);
    store.move(1);
    model.news({});
    expect(told).toHaveBeenCalledTimes(2);
  });
});

describe("playing", () => {
  test("goes on by itself between messages", () => {
    store.move(2);
    store.play(2);
    vi.advanceTimersByTime(500);
    expect(store.moment).toBeCloseTo(3);
    model.news({ moment: 3.02, speed: 2, moved: [page(), 1] });
    expect(store.moment).toBeCloseTo(3);
    expect(store.playing).toBe(true);
    expect(model.only("play")).toEqual([{ type: "play", speed: 2 }]);
  });

  test("follows the kernel where that is somewhere else", () => {
    store.play(1);
    model.news({ moment: 0, speed: 1 });
    vi.advanceTimersByTime(1000);
    model.news({ moment: 4, speed: 1 });
    expect(store.moment).toBeCloseTo(4);
  });

  test("begins at the beginning when it was at the end, and ends at the end", () => {
    store.play(100);
    expect(store.moment).toBe(0);
    vi.advanceTimersByTime(5000);
    expect(store.moment).toBe(10);
    model.news({ moment: null, speed: 0 });
    expect([store.moment, store.playing]).toEqual([null, false]);
  });

  test("fit is ten seconds", () => {
    make({ ended: 600 });
    store.play("fit");
    vi.advanceTimersByTime(5000);
    expect(store.moment).toBeCloseTo(300);
    expect(model.only("play")).toEqual([{ type: "play", speed: "fit" }]);
  });

  test("a message from before the button was pressed does not stop it", () => {
    store.play(1);
    model.news({ moment: null, speed: 0 });
    expect(store.playing).toBe(true);
    vi.advanceTimersByTime(1000);
    model.news({ moment: null, speed: 0 });
    expect(store.playing).toBe(false);
  });

  test("a pause stands where a person saw it", () => {
    store.play(1);
    vi.advanceTimersByTime(1234);
    store.pause();
    const [pause] = model.only("pause");
    expect(pause?.at).toBeCloseTo(1.234);
    model.news({ moment: 1.3, speed: 0, moved: [pause?.by as string, 0] });
    expect(store.moment).toBeCloseTo(1.234);
  });

  test("without events there is nothing to play", () => {
    make({ began: null, ended: null });
    store.play(1);
    expect(model.sent).toEqual([]);
    expect([store.began, store.ended]).toEqual([0, 0]);
  });
});

describe("the end", () => {
  test("of what goes on is carried on by our clock", () => {
    make({ live: true, ticks: true });
    vi.advanceTimersByTime(1500);
    expect(store.ended).toBeCloseTo(11.5);
    model.news({ live: true, ticks: true, ended: 12 });
    expect(store.ended).toBe(12);
    store.stopped = true;
    vi.advanceTimersByTime(1500);
    expect([store.ended, store.stopped]).toEqual([12, true]);
  });

  test("of what stands still does not move", () => {
    vi.advanceTimersByTime(1500);
    expect(store.ended).toBe(10);
  });
});

describe("answers", () => {
  test("go to the views they are for; what is for all goes to all", () => {
    const [a, b] = [vi.fn(), vi.fn()];
    store.views.set("a", a);
    store.views.set("b", b);
    const tree = { first: 0, total: 0, nodes: [] };
    model.news({}, { a: { tree } });
    expect([a.mock.calls, b.mock.calls]).toEqual([[[{ tree }]], []]);
    model.news({}, { "": { tree } });
    expect(b).toHaveBeenLastCalledWith({});
    expect(store.first).toEqual({ tree });
  });

  test("a gap in the numbers, or another page, has views ask again", () => {
    model.news({});
    model.seq += 1;
    model.news({});
    model.news({ epoch: 2 });
    expect(lost).toEqual([true, false]);
  });

  test("what is older than the snapshot says nothing", () => {
    model.setSnapshot({ records: 500 }, {}, 9);
    model.emit("msg:custom", { type: "news", seq: 9, head: { records: 1 }, to: {} });
    expect(store.head.records).toBe(500);
    model.emit("msg:custom", { type: "other" });
    model.emit("msg:custom", null);
  });
});

describe("a kernel that has gone", () => {
  test("is noticed when nothing can be sent, and when it is back", () => {
    model.dead = true;
    expect(store.send({ type: "pause" })).toBe(false);
    expect(store.unreachable).toBe(true);
    model.emit("comm_live_update");
    expect(store.unreachable).toBe(false);
    model.dead = false;
    expect(store.send({ type: "pause" })).toBe(true);
  });

  test("nothing is left of a store that stopped", () => {
    const other = new FakeModel();
    const stop = eventStore(other).attach();
    stop();
    expect(other.listenerCount).toBe(0);
  });
});

describe("what a view looks at", () => {
  const look = {
    type: "look",
    view: "a",
    tab: "log",
    shown: true,
    filter: "",
  } as const;

  test("is told when it changes, and not too often", () => {
    let first = 0;
    const out = lookout(store, () => ({ ...look, first }) as Look);
    for (first = 0; first < 50; first += 1) {
      out.tell();
      vi.advanceTimersByTime(10);
    }
    first = 49;
    vi.advanceTimersByTime(LOOK_MS);
    const sent = model.only("look");
    expect(sent.length).toBeLessThanOrEqual(7);
    expect(sent.at(-1)?.first).toBe(49);
    const before = sent.length;
    out.tell();
    expect(model.only("look")).toHaveLength(before);
    out.forget(true);
    out.tell();
    expect(model.only("look").at(-1)?.again).toBe(true);
    out.dispose();
  });
});
