/** The colours of a canvas: those of the panel's style sheet, as the page shows them. */

import { h } from "./dom";

export interface Palette<Name extends string> {
  /** Belongs into the panel, out of sight. */
  readonly node: HTMLElement;
  read(): Record<Name, string>;
}

/** Ask the style sheet for `--na-…`. A canvas knows no variables, but an element's colour
 * has their values, and in a form that every canvas takes. */
export function palette<Name extends string>(names: readonly Name[]): Palette<Name> {
  const probes = names.map((name) => {
    const probe = h("i");
    probe.style.color = `var(--na-${name})`;
    return probe;
  });
  const node = h("div", "", ...probes);
  node.hidden = true;
  const read = (probe: HTMLElement) => getComputedStyle(probe).color || "#888";
  return {
    node,
    read: () =>
      Object.fromEntries(
        names.map((name, i) => [name, read(probes[i] as HTMLElement)]),
      ) as Record<Name, string>,
  };
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
