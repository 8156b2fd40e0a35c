/** Draws a scene as SVG: each step is an element that the keyboard reaches. */

import { setAttribute } from "../dom";
import type { Camera, Size } from "./camera";
import { frameOf, pathOf, spotOf, TIP_PATH, tipOf } from "./geometry";
import { type EdgeLook, FAR, type NodeLook } from "./look";
import type { Layout, Scene, SceneNode } from "./model";
import type { Painter } from "./painter";

/** The width of a letter of a label, rather too wide than too narrow. */
const CHARACTER = 6.2;

const NS = "http://www.w3.org/2000/svg";

/** Small drawings beside the words, in a square of 10 by 10; see `boxes.py`. */
const MARKS: Record<string, string> = {
  external:
    "M7.4 2.2a2.4 2.4 0 1 1-4.8 0a2.4 2.4 0 1 1 4.8 0M.5 10.5C.5 5.5 9.5 5.5 9.5 10.5",
  workflow: "M.5 .5h9v4h-9zM.5 7.5h9v4h-9zM5 4.5v3",
};

function s(
  tag: string,
  attributes: Record<string, string | number> = {},
  ...children: (Node | string)[]
): SVGElement {
  const node = document.createElementNS(NS, tag) as SVGElement;
  for (const [name, value] of Object.entries(attributes))
    node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

function words(style: string, x: number, y: number, text = ""): SVGElement {
  return s("text", { class: style, x, y, "aria-hidden": "true" }, text);
}

/** A step: a glyph, its name, a line of counts and, at the right, what runs. */
class StepElement {
  readonly node: SVGElement;
  readonly #glyph = words("na-g-glyph", 12, 19);
  readonly #far: SVGElement;
  readonly #line = words("na-g-small", 12, 36);
  readonly #many: SVGElement;
  readonly #dots: SVGElement[];

  constructor(node: SceneNode) {
    const [width, height] = node.size;
    this.#far = words(
      "na-g-glyph na-g-far-glyph na-g-middle",
      width / 2,
      height / 2 + 9,
    );
    this.#many = words("na-g-small na-g-many", width - 12, 19);
    this.#dots = Array.from({ length: node.workers > 1 ? node.workers : 0 }, (_, i) =>
      s("circle", {
        class: "na-g-dot",
        cx: width - 16 - 9 * (node.workers - 1 - i),
        cy: 15,
        r: 3,
      }),
    ).slice(0, 4);
    this.node = s(
      "g",
      {
        class: "na-g-node na-g-step",
        role: "button",
        tabindex: -1,
        // It must sit on the very element that has the focus.
        "data-lm-suppress-shortcuts": "true",
      },
      s("title", {}, node.tip),
      s("rect", { class: "na-g-box", width, height, rx: 6 }),
      this.#glyph,
      words("na-g-name", 30, 19, node.label),
      this.#line,
      this.#far,
      this.#many,
      ...this.#dots,
    );
  }

  paint(look: NodeLook): void {
    setAttribute(this.node, "data-phase", look.phase);
    setAttribute(this.node, "aria-label", look.name);
    put(this.#glyph, look.glyph);
    put(this.#far, look.glyph);
    put(this.#line, look.line);
    put(this.#many, look.many);
    this.#dots.forEach((dot, i) => {
      const shown = look.dots ? (i < look.dots[0] ? "on" : "off") : "none";
      setAttribute(dot, "data-on", shown);
    });
  }
}

function put(node: SVGElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Whatever is no step: circles where a run begins and ends, pills for the rest. */
function plainNode(node: SceneNode, down: boolean): SVGElement {
  const [width, height] = node.size;
  const group = s("g", { class: `na-g-node na-g-${node.kind}` });
  group.append(s("title", {}, node.tip));
  if (node.kind === "start" || node.kind === "stop") {
    const middle = width / 2;
    group.append(s("circle", { class: "na-g-mark", cx: middle, cy: middle, r: 8 }));
    if (node.kind === "stop")
      group.append(s("circle", { class: "na-g-core", cx: middle, cy: middle, r: 4 }));
    const caption = down
      ? words("na-g-small", width + 5, middle + 4, node.label)
      : words("na-g-small na-g-middle", middle, middle + 22, node.label);
    group.append(caption);
    return group;
  }
  const mark = MARKS[node.kind];
  const rx = node.kind === "workflow" ? 6 : height / 2;
  group.append(s("rect", { class: "na-g-box", width, height, rx }));
  if (mark) {
    const transform = `translate(11 ${height / 2 - 5})`;
    group.append(s("path", { class: "na-g-mark", d: mark, transform }));
  }
  const x = (width + (mark ? 18 : 0)) / 2;
  group.append(words("na-g-pill na-g-middle", x, height / 2 + 4, node.label));
  return group;
}

interface EdgeElement {
  group: SVGElement;
  line: SVGElement;
  label: SVGElement;
  text: SVGElement;
  /** Hides the edge behind the words. */
  behind: SVGElement;
  middle: number;
}

export class SvgPainter implements Painter {
  readonly node = s("svg", { class: "na-g-svg", role: "group" });
  readonly #view = s("g");
  #steps = new Map<number, StepElement>();
  #plain = new Map<number, SVGElement>();
  #edges: EdgeElement[] = [];
  #cursor: number | null = null;
  #selected: number | null = null;

  constructor(label: string) {
    setAttribute(this.node, "aria-label", label);
    this.node.append(this.#view);
  }

  build(scene: Scene, layout: Layout, steps: number[]): void {
    this.#steps = new Map();
    this.#plain = new Map();
    this.#edges = scene.edges.map((_, edge) => edgeElement(scene, layout, edge));
    const nodes = s("g");
    const order = [...scene.nodes.keys()].filter((i) => !steps.includes(i));
    // In the document in reading order, for those who go through it by ear.
    for (const index of [...order, ...steps]) {
      const element = this.#nodeElement(scene, layout, index);
      const { x, y } = frameOf(scene, layout, index);
      element.setAttribute("transform", `translate(${x} ${y})`);
      element.dataset.index = String(index);
      nodes.append(element);
    }
    const lines = s("g", {}, ...this.#edges.map(({ group }) => group));
    const labels = s("g", {}, ...this.#edges.map(({ label }) => label));
    this.#view.replaceChildren(lines, nodes, labels);
    this.select(this.#selected);
  }

  #nodeElement(scene: Scene, layout: Layout, index: number): SVGElement {
    const node = scene.nodes[index] as SceneNode;
    if (node.kind !== "step") {
      const plain = plainNode(node, layout.down);
      this.#plain.set(index, plain);
      return plain;
    }
    const step = new StepElement(node);
    this.#steps.set(index, step);
    return step.node;
  }

  place(camera: Camera, _room: Size): void {
    const { x, y, k } = camera;
    const place = `translate(${round(x)} ${round(y)}) scale(${round(k, 4)})`;
    setAttribute(this.#view, "transform", place);
    this.node.classList.toggle("na-g-far", k < FAR);
  }

  paintNode(index: number, look: NodeLook): void {
    this.#steps.get(index)?.paint(look);
    const plain = this.#plain.get(index);
    if (plain) setAttribute(plain, "data-on", String(look.on));
  }

  paintEdge(index: number, look: EdgeLook): void {
    const edge = this.#edges[index];
    if (!edge) return;
    setAttribute(edge.group, "data-mode", look.mode);
    setAttribute(edge.label, "data-mode", look.mode);
    setAttribute(edge.line, "stroke-width", String(look.thickness));
    if (edge.text.textContent === look.words) return;
    edge.text.textContent = look.words;
    const width = look.words ? look.words.length * CHARACTER + 6 : 0;
    setAttribute(edge.behind, "x", String(edge.middle - width / 2));
    setAttribute(edge.behind, "width", String(width));
  }

  flush(): void {}

  select(index: number | null): void {
    this.#selected = index;
    for (const [step, { node }] of this.#steps)
      setAttribute(node, "aria-pressed", step === index ? "true" : null);
  }

  setCursor(index: number, focus: boolean): void {
    if (this.#cursor !== null)
      this.#steps.get(this.#cursor)?.node.setAttribute("tabindex", "-1");
    this.#cursor = index;
    const node = this.#steps.get(index)?.node;
    node?.setAttribute("tabindex", "0");
    if (focus) node?.focus({ preventScroll: true });
  }

  dispose(): void {
    this.node.remove();
  }
}

function edgeElement(scene: Scene, layout: Layout, edge: number): EdgeElement {
  const { x, y, angle } = tipOf(scene, layout, edge);
  const place = `translate(${x} ${y}) rotate(${angle})`;
  const line = s("path", { class: "na-g-edge", d: pathOf(scene, layout, edge) });
  const tip = s("path", { class: "na-g-tip", d: TIP_PATH, transform: place });
  const [middle, y0] = spotOf(layout, edge);
  const text = words("na-g-small na-g-middle", middle, y0 + 4);
  const behind = s("rect", { class: "na-g-behind", y: y0 - 7, width: 0, height: 14 });
  const label = s("g", { class: "na-g-beside" }, behind, text);
  const group = s("g", { class: "na-g-way" }, line, tip);
  return { group, line, label, text, behind, middle };
}

function round(value: number, digits = 1): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
