import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Change, GraphStore, LIT_MS } from "../../src/graph/store";
import { CLASSIFY, FakeModel, FETCH, head, numbers, REVIEW, snapshot } from "./fake";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function follow(model: FakeModel) {
  const store = new GraphStore(model);
  const stop = store.attach();
  const changes: Change[] = [];
  store.watchers.add((change) => changes.push(change));
  return { store, changes, stop };
}

describe("a snapshot", () => {
  test("fills nodes and edges; those it does not name are idle", () => {
    const model = new FakeModel({
      nodes: [numbers(CLASSIFY, "running", { running: 2, done: 152 })],
      edges: [[1, 200]],
    });
    const { store } = follow(model);
    expect(store.steps[CLASSIFY]?.phase).toBe("running");
    expect(store.steps[CLASSIFY]?.counts.done).toBe(152);
    expect(store.steps[FETCH]?.phase).toBe("idle");
    expect(store.edges).toEqual([0, 200, 0, 0, 0, 0]);
    expect(store.isLit(1)).toBe(false);
  });

  test("takes the place of everything known", () => {
    const model = new FakeModel({ nodes: [numbers(CLASSIFY, "done", { done: 9 })] });
    const { store, changes } = follow(model);
    model.set("snapshot", snapshot({ seq: 7, edges: [[0, 1]] }));
    expect(store.steps[CLASSIFY]?.counts.done).toBe(0);
    expect(store.edges[0]).toBe(1);
    expect([...(changes[0]?.nodes ?? [])]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("that is older or newer than this panel does no harm", () => {
    const model = new FakeModel();
    model.set("snapshot", {
      nodes: [
        [99, 99, 1],
        [CLASSIFY, 99],
      ],
      edges: [[99, 3]],
    });
    const { store } = follow(model);
    expect(store.steps[CLASSIFY]?.phase).toBe("idle");
    expect(store.edges).toHaveLength(6);
    expect(store.head.phase).toBe("queued");
  });
});

describe("messages", () => {
  test("change what they name, and say so", () => {
    const model = new FakeModel();
    const { store, changes } = follow(model);
    model.receive({
      type: "delta",
      seq: 2,
      nodes: [numbers(CLASSIFY, "running", { running: 1 })],
      edges: [[1, 1]],
    });
    expect(store.steps[CLASSIFY]?.counts.running).toBe(1);
    expect(changes).toEqual([{ scene: false, nodes: [CLASSIFY], edges: [1] }]);
  });

  test("numbers that are left away are 0 again", () => {
    const model = new FakeModel({
      nodes: [numbers(CLASSIFY, "queued", { queued: 5 })],
    });
    const { store } = follow(model);
    model.receive({ type: "delta", seq: 2, nodes: [[CLASSIFY, 7, 0, 0, 0, 0, 5]] });
    expect(store.steps[CLASSIFY]).toMatchObject({ phase: "done" });
    expect(store.steps[CLASSIFY]?.counts).toMatchObject({ queued: 0, done: 5 });
  });

  test("that were seen already change nothing", () => {
    const model = new FakeModel({ seq: 5 });
    const { store } = follow(model);
    model.receive({ type: "delta", seq: 5, edges: [[0, 9]] });
    expect(store.edges[0]).toBe(0);
    expect(model.sent).toEqual([]);
  });

  test("a gap asks for everything, once", () => {
    const model = new FakeModel();
    const { store } = follow(model);
    for (const seq of [3, 4, 5])
      model.receive({ type: "delta", seq, edges: [[0, seq]] });
    expect(store.edges[0]).toBe(0);
    expect(model.sent).toEqual([{ type: "resync" }]);
    model.set("snapshot", snapshot({ seq: 5, edges: [[0, 5]] }));
    model.receive({ type: "delta", seq: 6, edges: [[0, 6]] });
    expect(store.edges[0]).toBe(6);
    model.receive({ type: "delta", seq: 8, edges: [[0, 8]] });
    expect(model.sentOf("resync")).toHaveLength(2);
  });

  test("from others are ignored", () => {
    const model = new FakeModel();
    const { changes } = follow(model);
    model.emit("msg:custom", undefined);
    model.emit("msg:custom", { type: "log" });
    expect(changes).toEqual([]);
  });

  test("of another scene draw all anew", () => {
    const model = new FakeModel();
    const { store, changes } = follow(model);
    model.set("scene", { title: "Other" });
    expect(store.scene.title).toBe("Other");
    expect(store.steps).toEqual([]);
    expect(changes[0]?.scene).toBe(true);
  });
});

describe("edges shine", () => {
  test("when they were used, and go dark again", () => {
    const model = new FakeModel();
    const { store, changes } = follow(model);
    model.receive({ type: "delta", seq: 2, edges: [[1, 1]] });
    expect(store.isLit(1)).toBe(true);
    vi.advanceTimersByTime(LIT_MS * 1.5);
    expect(store.isLit(1)).toBe(false);
    expect(changes.at(-1)).toEqual({ scene: false, nodes: [], edges: [1] });
    const before = changes.length;
    vi.advanceTimersByTime(10 * LIT_MS);
    expect(changes).toHaveLength(before);
  });

  test("but not where a run is wound back", () => {
    const model = new FakeModel({ edges: [[1, 9]] });
    const { store } = follow(model);
    model.receive({ type: "delta", seq: 2, edges: [[1, 3]] });
    expect(store.isLit(1)).toBe(false);
  });
});

describe("time", () => {
  test("goes on by itself while the run does", () => {
    const { store } = follow(new FakeModel());
    vi.advanceTimersByTime(2000);
    expect(store.elapsed).toBeCloseTo(11.2);
  });

  test("stands still in a moment of the past", () => {
    const { store } = follow(
      new FakeModel({ run: head({ ticks: false, elapsed: 4 }) }),
    );
    vi.advanceTimersByTime(2000);
    expect(store.elapsed).toBe(4);
  });

  test("tells since when a step waits; both its beginning and its end are drawn", () => {
    const model = new FakeModel();
    const { store, changes } = follow(model);
    model.receive({ type: "delta", seq: 2, run: head({ since: [[REVIEW, 8]] }) });
    expect(store.since(REVIEW)).toBe(8);
    expect(store.since(FETCH)).toBeNull();
    model.receive({ type: "delta", seq: 3, run: head() });
    expect(changes.map(({ nodes }) => [...nodes])).toEqual([[REVIEW], [REVIEW]]);
  });
});

describe("what is asked of the kernel", () => {
  test("answers find the question by its number, in any order", async () => {
    const model = new FakeModel();
    const { store } = follow(model);
    const [one, other] = [store.details(CLASSIFY), store.details(FETCH)];
    expect(model.sent).toEqual([
      { type: "details", id: 1, step: CLASSIFY },
      { type: "details", id: 2, step: FETCH },
    ]);
    model.receive({ type: "details", id: 2, step: FETCH, error: "two" });
    model.receive({ type: "details", id: 1, step: CLASSIFY, error: "one" });
    model.receive({ type: "details", id: 1, step: CLASSIFY, error: "again" });
    expect((await one)?.error).toBe("one");
    expect((await other)?.error).toBe("two");
  });

  test("nobody who answers is no answer, at once or after a while", async () => {
    const model = new FakeModel();
    const { store } = follow(model);
    const late = store.details(CLASSIFY);
    vi.advanceTimersByTime(10_000);
    expect(await late).toBeNull();
    model.dead = true;
    expect(await store.details(CLASSIFY)).toBeNull();
  });

  test("cancelling is asked once, and is over with the run", () => {
    const model = new FakeModel();
    const { store } = follow(model);
    store.cancel();
    store.cancel();
    expect(model.sent).toEqual([{ type: "cancel" }]);
    expect(store.cancelling).toBe(true);
    model.receive({ type: "delta", seq: 2, run: head({ phase: "cancelled" }) });
    expect(store.cancelling).toBe(false);
  });

  test("a kernel that cannot be reached is told of, until it can be", () => {
    const model = new FakeModel();
    model.dead = true;
    const { store } = follow(model);
    store.cancel();
    expect([store.unreachable, store.cancelling]).toEqual([true, false]);
    model.emit("comm_live_update");
    expect(store.unreachable).toBe(false);
  });
});

test("what was followed can be left", () => {
  const model = new FakeModel();
  const { stop } = follow(model);
  stop();
  expect(model.listenerCount).toBe(0);
});
