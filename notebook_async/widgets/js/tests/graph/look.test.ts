import { describe, expect, test } from "vitest";
import { edgeLook, nodeLook } from "../../src/graph/look";
import type { Snapshot } from "../../src/graph/model";
import { GraphStore } from "../../src/graph/store";
import {
  CLASSIFY,
  DISPATCH,
  FakeModel,
  FETCH,
  head,
  numbers,
  REVIEW,
  scene,
} from "./fake";

function store(some: Partial<Snapshot>): GraphStore {
  return new GraphStore(new FakeModel(some));
}

describe("a step", () => {
  test("shows its state by glyph, line and dots", () => {
    const counts = { running: 3, queued: 48, done: 152 };
    const look = nodeLook(
      store({ nodes: [numbers(CLASSIFY, "running", counts)] }),
      CLASSIFY,
    );
    expect(look).toMatchObject({
      glyph: "▶",
      label: "classify",
      line: "152 done · 48 queued",
      dots: [3, 4],
      many: "",
      name: "classify: 3 of 4 running · 152 done · 48 queued",
    });
  });

  test("with many workers shows their number", () => {
    const running = store({ nodes: [numbers(FETCH, "running", { running: 12 })] });
    expect(nodeLook(running, FETCH)).toMatchObject({ dots: null, many: "12/16" });
  });

  test("with one worker shows nothing more than its glyph", () => {
    const running = store({ nodes: [numbers(DISPATCH, "running", { running: 1 })] });
    expect(nodeLook(running, DISPATCH)).toMatchObject({ dots: null, many: "" });
  });

  test("that waits says since when", () => {
    const waiting = store({
      nodes: [numbers(REVIEW, "waiting", { waiting: 1 })],
      run: head({ elapsed: 80, since: [[REVIEW, 8]], ticks: false }),
    });
    expect(nodeLook(waiting, REVIEW).line).toBe("waits for you · 1:12");
  });

  test("that is not there is an error of ours", () => {
    expect(() => nodeLook(store({}), 99)).toThrow(RangeError);
  });
});

describe("what is no step", () => {
  test("shows whether the run came by", () => {
    const begun = store({ edges: [[0, 1]] });
    expect(nodeLook(begun, 0)).toMatchObject({ kind: "start", on: true, line: "" });
    expect(nodeLook(begun, 1)).toMatchObject({ kind: "stop", on: false });
  });

  test("a person stands out while asked", () => {
    const nodes = scene().nodes.map((node, i) =>
      i === REVIEW ? { ...node, kind: "external" as const } : node,
    );
    const asked = new FakeModel(
      { nodes: [numbers(REVIEW, "waiting", { waiting: 1 })] },
      scene({ nodes }),
    );
    expect(nodeLook(new GraphStore(asked), REVIEW).on).toBe(true);
    const not = new FakeModel({}, scene({ nodes }));
    expect(nodeLook(new GraphStore(not), REVIEW).on).toBe(false);
  });
});

describe("an edge", () => {
  test("not used shows its event", () => {
    expect(edgeLook(store({}), 1)).toEqual({
      mode: "unused",
      thickness: 1.2,
      words: "Item",
    });
  });

  test("used shows how often, and is thicker", () => {
    const used = store({ edges: [[1, 10_000]] });
    expect(edgeLook(used, 1)).toEqual({
      mode: "used",
      thickness: 3,
      words: "Item ×10k",
    });
  });

  test("from the start or to the end needs no count", () => {
    const used = store({
      edges: [
        [0, 1],
        [5, 1],
      ],
    });
    expect(edgeLook(used, 0).words).toBe("");
    expect(edgeLook(used, 5).words).toBe("");
  });
});
