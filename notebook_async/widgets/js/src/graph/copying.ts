/** The picture as text that other tools take: SVG without anything from outside, Mermaid. */

import { count } from "../format";
import type { Size } from "./camera";
import type { NodeKind, StepPhase } from "./model";
import type { GraphStore } from "./store";
import { stepWords } from "./words";

const PROPERTIES = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "paint-order",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "opacity",
  "display",
];
const MARGIN = 16;

/** Return a drawn scene as the text of a file: all that the style sheet says of it is
 * written down at each element. */
export function svgText(svg: SVGSVGElement, { width, height }: Size): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = svg.querySelectorAll<SVGElement>("*");
  copy.querySelectorAll<SVGElement>("*").forEach((node, i) => {
    const original = originals[i] as SVGElement;
    if (node.tagName !== "g" && node.tagName !== "title")
      node.setAttribute("style", styleOf(original));
    for (const name of ["class", "tabindex", "data-lm-suppress-shortcuts", "role"])
      node.removeAttribute(name);
  });
  for (const node of copy.querySelectorAll("[style*='display: none']")) node.remove();
  const [w, h] = [width + 2 * MARGIN, height + 2 * MARGIN];
  copy.removeAttribute("class");
  copy.setAttribute("role", "img");
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `0 0 ${w} ${h}`);
  copy.setAttribute("width", String(w));
  copy.setAttribute("height", String(h));
  copy.firstElementChild?.setAttribute("transform", `translate(${MARGIN} ${MARGIN})`);
  const page = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  page.setAttribute("width", "100%");
  page.setAttribute("height", "100%");
  page.setAttribute("fill", background(svg));
  copy.prepend(page);
  return new XMLSerializer().serializeToString(copy);
}

function styleOf(node: Element): string {
  const style = getComputedStyle(node);
  return PROPERTIES.map((name) => [name, style.getPropertyValue(name)])
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}: ${value}`)
    .join("; ");
}

function background(node: Element): string {
  const panel = node.closest(".na-panel");
  return (panel && getComputedStyle(panel).backgroundColor) || "none";
}

const SHAPES: Partial<Record<NodeKind, [string, string]>> = {
  start: ['(["', '"])'],
  stop: ['(["', '"])'],
  event: ['(["', '"])'],
  external: ['[/"', '"/]'],
  workflow: ['[["', '"]]'],
};

/** Borders only: the fill is that of the page, be it light or dark. */
const CLASSES: Record<StepPhase, string> = {
  idle: "stroke:#768390,stroke-dasharray:2 3",
  queued: "stroke:#768390,stroke-dasharray:2 3",
  running: "stroke:#0072B2,stroke-width:3px",
  retrying: "stroke:#768390,stroke-dasharray:7 3 2 3",
  waiting: "stroke:#E69F00,stroke-width:3px,stroke-dasharray:4 3",
  failed: "stroke:#D55E00,stroke-width:2px,stroke-dasharray:7 3",
  cancelled: "stroke:#768390,stroke-dasharray:1 4",
  done: "stroke:#009E73,stroke-width:2px",
};

const ESCAPES: Record<string, string> = {
  "#": "#35;",
  '"': "#quot;",
  "<": "#lt;",
  ">": "#gt;",
  "\n": "<br/>",
};

/** Return the scene as a Mermaid flow chart, with what each step did. */
export function mermaidText({ scene, steps, edges }: GraphStore): string {
  const lines = ["flowchart LR"];
  const used = new Set<StepPhase>();
  scene.nodes.forEach(({ kind, label, workers }, i) => {
    const [opening, closing] = SHAPES[kind] ?? ['["', '"]'];
    const step = kind === "step" ? steps[i] : undefined;
    const words = step ? `${label}\n${stepWords(step.counts, workers)}` : label;
    if (step) used.add(step.phase);
    const style = step ? `:::${step.phase}` : "";
    lines.push(`    n${i}${opening}${escaped(words)}${closing}${style}`);
  });
  scene.edges.forEach(([source, target, label], i) => {
    const number = edges[i] ?? 0;
    const words = [label, number ? `×${count(number)}` : ""].filter(Boolean).join(" ");
    const beside = words ? `|"${escaped(words)}"|` : "";
    lines.push(`    n${source} ${number ? "==>" : "-->"}${beside} n${target}`);
  });
  for (const phase of used) lines.push(`    classDef ${phase} ${CLASSES[phase]}`);
  return lines.join("\n");
}

function escaped(text: string): string {
  return text.replace(/[#"<>\n]/g, (char) => ESCAPES[char] ?? char);
}
