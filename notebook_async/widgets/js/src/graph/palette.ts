/** The colours of a canvas: those of the panel's style sheet, as the page shows them. */

import { h } from "../dom";

const NAMES = [
  "bg",
  "fg",
  "dim",
  "used",
  "line",
  "done",
  "failed",
  "running",
  "waiting",
  "warm",
] as const;
export type ColourName = (typeof NAMES)[number];
export type Colours = Record<ColourName, string>;

/** Asks the style sheet. A canvas knows no variables, but an element's colour has their
 * values, and in a form that every canvas takes. */
export class Palette {
  readonly node = h("div", "na-g-palette");
  readonly #probes = NAMES.map((name) => {
    const probe = h("i");
    probe.style.color = `var(--na-${name === "line" ? "idle" : name})`;
    return probe;
  });

  constructor() {
    this.node.hidden = true;
    this.node.append(...this.#probes);
  }

  read(): Colours {
    const pairs = NAMES.map((name, i) => [
      name,
      getComputedStyle(this.#probes[i] as Element).color || "#888",
    ]);
    return Object.fromEntries(pairs) as Colours;
  }
}

/** Call back when the page changes between light and dark. */
export function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  const attributes = ["class", "style", "theme", "data-jp-theme-name"];
  attributes.push("data-jp-theme-light", "data-vscode-theme-kind");
  for (const node of [document.documentElement, document.body])
    observer.observe(node, { attributes: true, attributeFilter: attributes });
  const dark = window.matchMedia?.("(prefers-color-scheme: dark)");
  dark?.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    dark?.removeEventListener("change", changed);
  };
}
