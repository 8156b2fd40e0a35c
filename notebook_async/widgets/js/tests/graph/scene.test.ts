import { describe, expect, test } from "vitest";
import { readScene } from "../../src/graph/scene";
import { FakeModel, large, scene, sceneMessage } from "./fake";

describe("a scene", () => {
  test("is read as it was sent", () => {
    expect(readScene(new FakeModel())).toEqual(scene());
  });

  test("without names has its labels in the middle of the edges", () => {
    const model = new FakeModel();
    const sent = sceneMessage(large(3));
    const layouts = sent.layouts.map((layout) => ({ ...layout, spots: "" }));
    model.set("scene", { ...sent, events: [], tips: [], layouts });
    const read = readScene(model);
    expect(read.layouts[0]?.spots).toEqual([170, 0, 360, 0]);
    expect(read.edges).toEqual([
      [0, 1, ""],
      [1, 2, ""],
    ]);
    expect(read.nodes[0]?.tip).toBe("step_0");
  });

  test("that is older or newer than this panel does no harm", () => {
    const model = new FakeModel();
    model.set("scene", {});
    expect(readScene(model)).toMatchObject({ title: "workflow", nodes: [], edges: [] });
    model.set("scene", {
      labels: ["a"],
      ends: "0 0",
      layouts: [{ down: false, size: [1, 1], centres: "", routes: "", spots: "" }],
    });
    const read = readScene(model);
    expect(read.nodes).toEqual([
      { kind: "generic", label: "a", tip: "a", workers: 0, room: 0, size: [0, 0] },
    ]);
    expect(read.layouts[0]?.routes).toEqual([[]]);
    expect(read.layouts[0]?.spots).toEqual([0, 0]);
  });
});
