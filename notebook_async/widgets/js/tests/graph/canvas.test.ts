import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Camera } from "../../src/graph/camera";
import { CanvasPainter } from "../../src/graph/canvas_painter";
import { edgeLook, nodeLook } from "../../src/graph/look";
import type { Layout, Snapshot } from "../../src/graph/model";
import { GraphStore } from "../../src/graph/store";
import { CLASSIFY, FakeModel, FETCH, numbers, REVIEW, scene } from "./fake";

/** Notes what is drawn, in the order drawn. */
class FakePen {
  readonly drawn: string[] = [];
  fillStyle = "";
  strokeStyle = "";
  lineWidth = 1;
  font = "";
  textAlign = "left";
  #dash: number[] = [];
  #boxes = 0;

  reset(): void {
    this.drawn.length = 0;
  }
  setTransform(): void {}
  setLineDash(dash: number[]): void {
    this.#dash = dash;
  }
  beginPath(): void {
    this.#boxes = 0;
  }
  roundRect(): void {
    this.#boxes += 1;
  }
  arc(): void {
    this.drawn.push("dot");
  }
  fill(): void {}
  stroke(path?: FakePath): void {
    if (path) this.drawn.push(`edges ${path.added}`);
    else if (this.#boxes) this.drawn.push(`${this.#boxes} boxes [${this.#dash}]`);
    this.#boxes = 0;
  }
  fillText(text: string): void {
    this.drawn.push(text);
  }
  fillRect(): void {}
  strokeRect(): void {
    this.drawn.push("selected");
  }
  drawImage(): void {
    this.drawn.push("bitmap");
  }
  save(): void {}
  restore(): void {}
  translate(): void {}
  rotate(): void {}
}

class FakePath {
  added = 0;
  addPath(): void {
    this.added += 1;
  }
}

const pens = new Map<HTMLCanvasElement, FakePen>();
let painters: CanvasPainter[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  pens.clear();
  painters = [];
  vi.stubGlobal("Path2D", FakePath);
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (
    this: HTMLCanvasElement,
  ) {
    const pen = pens.get(this) ?? new FakePen();
    pens.set(this, pen);
    return pen as never;
  });
});

afterEach(() => {
  for (const painter of painters) painter.dispose();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

const ROOM = { width: 860, height: 150 };

function paint(some: Partial<Snapshot> = {}, k = 1) {
  const shown = scene();
  const store = new GraphStore(new FakeModel(some, shown));
  const painter = new CanvasPainter("graph of Triage");
  painters.push(painter);
  document.body.append(painter.node);
  painter.build(shown, shown.layouts[0] as Layout);
  shown.nodes.forEach((_, i) => {
    painter.paintNode(i, nodeLook(store, i));
  });
  shown.edges.forEach((_, i) => {
    painter.paintEdge(i, edgeLook(store, i));
  });
  const camera = new Camera();
  camera.k = k;
  painter.place(camera, ROOM);
  const canvas = painter.node.querySelector("canvas") as HTMLCanvasElement;
  const drawn = () => pens.get(canvas)?.drawn ?? [];
  const bitmap = () => [...pens].find(([one]) => one !== canvas)?.[1].drawn ?? [];
  const button = painter.node.querySelector("button") as HTMLButtonElement;
  return { store, painter, camera, drawn, bitmap, button };
}

describe("what is drawn", () => {
  test("boxes of one state together with their dash, then their words", () => {
    const { drawn } = paint({
      nodes: [
        numbers(CLASSIFY, "running", { running: 2, done: 9 }),
        numbers(FETCH, "failed", { failed: 1 }),
        numbers(REVIEW, "waiting", { waiting: 1 }),
      ],
      edges: [[1, 200]],
    });
    const shown = drawn();
    expect(shown).toContain("1 boxes [7,3]");
    expect(shown).toContain("1 boxes [4,3]");
    expect(shown).toContain("3 boxes [2,3]");
    expect(shown).toContain("9 done");
    expect(shown.filter((one) => one === "dot")).toHaveLength(4);
    expect(shown).toContain("Item ×200");
    for (const glyph of ["▶", "✕", "?"]) expect(shown).toContain(glyph);
  });

  test("from afar patches with glyphs, without words", () => {
    const { drawn } = paint({ nodes: [numbers(CLASSIFY, "done", { done: 9 })] }, 0.2);
    expect(drawn()).toContain("✓");
    expect(drawn()).not.toContain("classify");
  });

  test("from very far patches alone", () => {
    const { drawn } = paint({ nodes: [numbers(CLASSIFY, "done", { done: 9 })] }, 0.1);
    expect(drawn()).not.toContain("✓");
  });

  test("not what is out of sight", () => {
    const { painter, camera, drawn } = paint();
    camera.pan(-500, 0);
    painter.place(camera, ROOM);
    expect(drawn()).toContain("review");
    expect(drawn()).not.toContain("classify");
  });
});

describe("edges", () => {
  test("are a bitmap: unused ones, then used ones", () => {
    const { bitmap } = paint({
      edges: [
        [0, 1],
        [1, 200],
      ],
    });
    expect(bitmap()).toEqual(["edges 4", "edges 2"]);
  });

  test("that become used are added to it; those unused again make it anew", () => {
    const { painter, bitmap } = paint();
    painter.paintEdge(2, { mode: "used", thickness: 2, words: "" });
    painter.flush();
    expect(bitmap()).toEqual(["edges 6", "edges 0", "edges 0", "edges 1"]);
    painter.paintEdge(2, { mode: "unused", thickness: 1, words: "" });
    painter.flush();
    expect(bitmap()).toEqual(["edges 6", "edges 0"]);
  });

  test("that shine are drawn above it", () => {
    const { painter, drawn } = paint();
    painter.paintEdge(2, { mode: "lit", thickness: 2, words: "" });
    painter.flush();
    expect(drawn().slice(0, 2)).toEqual(["bitmap", "edges 1"]);
  });

  test("are drawn sharply again once the picture rests", () => {
    const { painter, camera, bitmap } = paint();
    const before = bitmap();
    before.push("old");
    camera.zoom(2, 0, 0);
    painter.place(camera, ROOM);
    expect(bitmap()).toContain("old");
    vi.advanceTimersByTime(200);
    expect(bitmap()).not.toContain("old");
  });

  test("are drawn anew when the page turns dark", async () => {
    const { bitmap } = paint();
    bitmap().push("old");
    document.body.setAttribute("data-jp-theme-light", "false");
    await vi.advanceTimersByTimeAsync(1);
    expect(bitmap()).not.toContain("old");
    document.body.removeAttribute("data-jp-theme-light");
  });
});

describe("the keyboard", () => {
  test("is at a button that stands where the step is", () => {
    const { painter, button } = paint();
    expect(button.hidden).toBe(true);
    painter.setCursor(CLASSIFY, true);
    expect(document.activeElement).toBe(button);
    expect(button.getAttribute("aria-label")).toBe("classify: not reached");
    expect(button.style.transform).toBe("translate(305px, 0px)");
    expect(button.dataset.index).toBe(String(CLASSIFY));
    expect(button.dataset.lmSuppressShortcuts).toBe("true");
  });

  test("the button says what its step does now", () => {
    const { painter, button, store } = paint();
    painter.setCursor(CLASSIFY, false);
    painter.paintNode(CLASSIFY, { ...nodeLook(store, CLASSIFY), name: "new" });
    expect(button.getAttribute("aria-label")).toBe("new");
  });

  test("a step whose details are shown has a frame", () => {
    const { painter, drawn } = paint();
    painter.select(CLASSIFY);
    expect(drawn()).toContain("selected");
    painter.select(null);
    expect(drawn()).not.toContain("selected");
  });
});
