import { beforeEach, describe, expect, test } from "vitest";
import { DetailsView, UNFOLDED } from "../../src/graph/details";
import { nodeLook } from "../../src/graph/look";
import type { Call, Details, SceneNode } from "../../src/graph/model";
import { GraphStore } from "../../src/graph/store";
import { CLASSIFY, FakeModel, numbers, text } from "./fake";

let closed = 0;
let view: DetailsView;

beforeEach(() => {
  closed = 0;
  view = new DetailsView(() => {
    closed += 1;
  });
  const store = new GraphStore(
    new FakeModel({ nodes: [numbers(CLASSIFY, "running", { running: 2, done: 7 })] }),
  );
  const node = store.scene.nodes[CLASSIFY] as SceneNode;
  view.open(node, nodeLook(store, CLASSIFY));
});

function call(some: Partial<Call> = {}): Call {
  const plain = { given: "Item(n=1)", returned: "Label(n=1)", error: null };
  return { phase: "done", ...plain, began: 3.2, seconds: 0.021, attempt: 1, ...some };
}

function answer(some: Partial<Details>): void {
  const details = { calls: [], timing: null, questions: [], ...some };
  view.answer({ type: "details", id: 1, step: CLASSIFY, details });
}

function rows(): HTMLElement[] {
  return [...view.node.querySelectorAll<HTMLElement>(".na-g-call")];
}

describe("the step", () => {
  test("is named, with its counts, before anything is known of its calls", () => {
    expect(view.node.hidden).toBe(false);
    expect(view.node.getAttribute("aria-label")).toBe("details of classify");
    expect(text(view.node, ".na-title")).toBe("classify");
    expect(text(view.node, ".na-g-counts")).toBe("2 of 4 running · 7 done");
    expect(text(view.node, ".na-g-note")).toBe("");
  });

  test("says what it is for", () => {
    view.answer({ type: "details", id: 1, step: CLASSIFY, what: "Sort." });
    expect(text(view.node, ".na-g-what")).toBe("Sort.");
  });

  test("is closed by its button", () => {
    const button = view.node.querySelector("button") as HTMLButtonElement;
    expect(button.getAttribute("aria-label")).toBe("close the details");
    button.click();
    expect(closed).toBe(1);
  });
});

describe("its calls", () => {
  test("each with state, time and values", () => {
    answer({ calls: [call(), call({ began: 3.1, attempt: 2, phase: "retrying" })] });
    const [one, other] = rows();
    expect(text(one as Element, ".na-g-state")).toBe("✓done");
    expect(text(other as Element, ".na-g-state")).toBe("↻retrying, attempt 2");
    expect(text(one as Element, ".na-g-time")).toBe("0:03 · 21 ms");
    expect(text(one as Element, ".na-g-in")).toBe("inItem(n=1)");
    expect(text(one as Element, ".na-g-out")).toBe("outLabel(n=1)");
  });

  test("what is not known is left out", () => {
    answer({ calls: [call({ returned: null, began: null, phase: "running" })] });
    expect(rows()[0]?.querySelector(".na-g-out")).toBeNull();
    expect(text(rows()[0] as Element, ".na-g-time")).toBe("21 ms");
  });

  test("long values are folded, and a traceback shows its last line", () => {
    const long = "x".repeat(UNFOLDED + 1);
    const trace = "Traceback (most recent call last):\n  File\nValueError: no\n";
    answer({ calls: [call({ given: long, error: trace, phase: "failed" })] });
    const folds = rows()[0]?.querySelectorAll("details") ?? [];
    expect(folds).toHaveLength(2);
    expect(text(folds[0] as Element, "summary code")).toBe(`${long.slice(0, -1)}…`);
    expect(text(folds[0] as Element, "pre")).toBe(long);
    expect(text(folds[1] as Element, "summary code")).toBe("ValueError: no");
    expect(text(folds[1] as Element, "pre")).toBe(trace);
  });

  test("markup in values is text", () => {
    answer({ calls: [call({ given: "<b class=evil>x</b>" })] });
    expect(view.node.querySelector(".evil")).toBeNull();
  });

  test("what was unfolded stays so while the same call is told again", () => {
    const long = call({ given: "x".repeat(500) });
    answer({ calls: [long] });
    const [row] = rows();
    const fold = row?.querySelector("details") as HTMLDetailsElement;
    fold.open = true;
    answer({ calls: [call({ began: 9 }), long] });
    expect(rows()[1]).toBe(row);
    expect(fold.open).toBe(true);
  });

  test("one that runs shows how long it has by now, in the same row", () => {
    answer({ calls: [call({ phase: "running", seconds: 1 })] });
    const [row] = rows();
    answer({ calls: [call({ phase: "running", seconds: 2 })] });
    expect(rows()[0]).toBe(row);
    expect(text(row as Element, ".na-g-time")).toBe("0:03 · 2.0 s");
  });

  test("how long they took", () => {
    answer({ timing: { calls: 152, mean: 0.021, longest: 1.3 } });
    expect(text(view.node, ".na-meta")).toBe("152 calls, 21 ms each, 1.3 s at most");
    answer({ timing: { calls: 1, mean: 0.021, longest: 0.021 } });
    expect(text(view.node, ".na-meta")).toBe("1 call, 21 ms");
  });

  test("what the step has asked a person", () => {
    answer({ questions: ["Send 214 mails?"] });
    expect(text(view.node, ".na-g-questions")).toBe("?Send 214 mails?");
  });
});

describe("where there is nothing to show", () => {
  test("no call yet", () => {
    answer({});
    expect(text(view.node, ".na-g-note")).toBe(
      "No call of this step has been seen yet.",
    );
    answer({ calls: [call()] });
    expect(text(view.node, ".na-g-note")).toBe("");
  });

  test("no answer", () => {
    view.answer(null);
    expect(text(view.node, ".na-g-note")).toContain("The kernel does not answer");
  });

  test("an error in the kernel", () => {
    view.answer({
      type: "details",
      id: 1,
      step: CLASSIFY,
      error: "ValueError: no repr",
    });
    expect(text(view.node, ".na-g-note")).toBe("ValueError: no repr");
  });
});
