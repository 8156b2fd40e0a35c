/** The colours of a canvas: those of the style sheet, as the page shows them now. */

import { h } from "../dom";

const NAMES = [
  "bg",
  "dim",
  "line",
  "soft",
  "queued",
  "running",
  "waiting",
  "retrying",
  "done",
  "failed",
  "cancelled",
  "idle",
  "failed-text",
] as const;
export type Colours = Record<(typeof NAMES)[number], string>;

/** A canvas knows no variables, but the colour of an element has their values. */
export function palette() {
  const node = h("div");
  node.hidden = true;
  const probes = NAMES.map((name) => {
    const probe = h("i");
    probe.style.color = `var(--na-${name})`;
    return probe;
  });
  node.append(...probes);
  return {
    node,
    read(): Colours {
      const colours = {} as Colours;
      NAMES.forEach((name, i) => {
        colours[name] = getComputedStyle(probes[i] as Element).color || "#888";
      });
      return colours;
    },
  };
}
