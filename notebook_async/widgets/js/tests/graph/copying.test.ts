import { afterEach, describe, expect, test, vi } from "vitest";
import { mermaidText, svgText } from "../../src/graph/copying";
import { GraphStore } from "../../src/graph/store";
import { CLASSIFY, FakeModel, numbers, scene } from "./fake";

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

describe("Mermaid", () => {
  test("has a shape, a class and the counts of each step, and those of edges", () => {
    const model = new FakeModel({
      nodes: [numbers(CLASSIFY, "done", { done: 1520 })],
      edges: [[1, 1520]],
    });
    expect(mermaidText(new GraphStore(model)).split("\n")).toEqual([
      "flowchart LR",
      '    n0(["start"])',
      '    n1(["end"])',
      '    n2["dispatch<br/>not reached"]:::idle',
      '    n3["classify<br/>1,520 done"]:::done',
      '    n4["fetch<br/>not reached"]:::idle',
      '    n5["review<br/>not reached"]:::idle',
      "    n0 --> n2",
      '    n2 ==>|"Item ×1,520"| n3',
      '    n2 -->|"Item"| n4',
      '    n3 -->|"Label"| n5',
      '    n4 -->|"History"| n5',
      "    n5 --> n1",
      "    classDef idle stroke:#768390,stroke-dasharray:2 3",
      "    classDef done stroke:#009E73,stroke-width:2px",
    ]);
  });

  test("nothing in a name ends the name", () => {
    const nodes = scene().nodes.map((node) => ({ ...node, label: 'a"]<b>#' }));
    const text = mermaidText(new GraphStore(new FakeModel({}, scene({ nodes }))));
    expect(text).toContain('n0(["a#quot;]#lt;b#gt;#35;"])');
  });
});

describe("SVG", () => {
  function drawn(): SVGSVGElement {
    document.body.innerHTML = `<div class="na-panel" style="background-color: rgb(1, 2, 3)">
      <svg class="na-g-svg" role="group"><g transform="scale(0.5)">
        <g role="button" tabindex="0" data-lm-suppress-shortcuts="true">
          <title>tip</title>
          <rect class="na-g-box" style="stroke: rgb(9, 8, 7)" width="10" height="10"/>
          <text style="display: none">far</text><text>near</text>
        </g></g></svg></div>`;
    return document.querySelector("svg") as unknown as SVGSVGElement;
  }

  test("stands by itself: styles written down, nothing of the panel left", () => {
    const text = svgText(drawn(), { width: 100, height: 50 });
    expect(text).toContain('viewBox="0 0 132 82"');
    expect(text).toContain('fill="rgb(1, 2, 3)"');
    expect(text).toContain("stroke: rgb(9, 8, 7)");
    expect(text).toContain("translate(16 16)");
    expect(text).not.toMatch(/class=|tabindex|role="button"|far|na-/);
    expect(text).toContain("near");
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    expect(parsed.documentElement.tagName).toBe("svg");
  });
});
