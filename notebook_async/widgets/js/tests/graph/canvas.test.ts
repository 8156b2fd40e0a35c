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
  rect(): void {
    this.drawn.push("patch");
  }
  clearRect(): void {}
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
  drawImage(): void {
    this.drawn.push("moved");
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
  const button = painter.node.querySelector("button") as HTMLButtonElement;
  return { store, painter, camera, drawn, button };
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
    expect(drawn().filter((one) => one === "patch")).toHaveLength(6);
    expect(drawn()).not.toContain("✓");
  });

  test("not what is out of sight", () => {
    const { painter, camera, drawn } = paint();
    camera.pan(-500, 0);
    painter.place(camera, ROOM);
    vi.advanceTimersByTime(200);
    expect(drawn()).toContain("review");
    expect(drawn()).not.toContain("classify");
    expect(drawn().filter((one) => one.startsWith("edges"))).toEqual([
      "edges 3",
      "edges 0",
      "edges 0",
    ]);
  });

  test("anew when the page turns dark", async () => {
    const { drawn } = paint({}, 0.1);
    drawn().push("old");
    document.body.setAttribute("data-jp-theme-light", "false");
    await vi.advanceTimersByTimeAsync(1);
    expect(drawn()).not.toContain("old");
    document.body.removeAttribute("data-jp-theme-light");
  });
});

describe("from afar", () => {
  test("only what has changed is drawn", () => {
    const { painter, store, drawn } = paint({ edges: [[1, 200]] }, 0.1);
    expect(drawn().slice(0, 3)).toEqual(["edges 5", "edges 1", "edges 0"]);
    drawn().length = 0;
    painter.paintEdge(2, { mode: "lit", thickness: 2, words: "" });
    painter.paintEdge(1, edgeLook(store, 1));
    painter.paintNode(CLASSIFY, nodeLook(store, CLASSIFY));
    painter.flush();
    expect(drawn()).toEqual(["edges 0", "edges 0", "edges 1", "patch"]);
  });

  test("nothing is drawn where nothing has changed", () => {
    const { painter, drawn } = paint({}, 0.1);
    drawn().length = 0;
    painter.flush();
    expect(drawn()).toEqual(["edges 0", "edges 0", "edges 0"]);
  });
});

describe("while the picture moves", () => {
  test("what was drawn moves as a whole, and all is drawn once it rests", () => {
    const { painter, camera, drawn } = paint();
    for (const dx of [5, 6, 7]) {
      camera.pan(dx, 0);
      painter.place(camera, ROOM);
      expect(drawn()).toEqual(["moved"]);
      vi.advanceTimersByTime(100);
    }
    painter.flush();
    expect(drawn()).toEqual(["moved"]);
    vi.advanceTimersByTime(100);
    expect(drawn()).toContain("classify");
  });

  test("of another size it is drawn at once", () => {
    const { painter, camera, drawn } = paint();
    painter.place(camera, { width: 500, height: 150 });
    expect(drawn()).toContain("classify");
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

  test("a step whose details are shown is marked", () => {
    const { painter, button } = paint();
    painter.setCursor(CLASSIFY, false);
    painter.select(CLASSIFY);
    expect(button.getAttribute("aria-pressed")).toBe("true");
    painter.select(null);
    expect(button.getAttribute("aria-pressed")).toBeNull();
  });
});
