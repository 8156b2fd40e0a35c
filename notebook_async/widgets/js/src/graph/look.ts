/** What is drawn of a node or an edge: the same for SVG and canvas. */

import { clock } from "../format";
import type { NodeKind, StepPhase } from "./model";
import type { GraphStore } from "./store";
import { compact, GLYPHS, stepLine, stepWords } from "./words";

/** Workers up to which each has a dot of its own; see `scene.py`. */
const DOTS = 4;

/** Below this scale words are too small to be read, and left away. */
export const FAR = 0.5;

export interface NodeLook {
  kind: NodeKind;
  phase: StepPhase;
  /** Of what is no step: whether the run came by, or a person is asked. */
  on: boolean;
  glyph: string;
  label: string;
  line: string;
  /** How many calls run, of how many workers that have a dot each. */
  dots: [running: number, workers: number] | null;
  /** How many calls run, where dots would be too many. */
  many: string;
  /** For a screen reader. */
  name: string;
}

export type EdgeMode = "unused" | "used" | "lit";

export interface EdgeLook {
  mode: EdgeMode;
  thickness: number;
  words: string;
}

export function nodeLook(store: GraphStore, index: number): NodeLook {
  const node = store.scene.nodes[index];
  const step = store.steps[index];
  if (!node || !step) throw new RangeError(`no node ${index}`);
  const { label, kind, workers } = node;
  const { counts, phase } = step;
  if (kind !== "step") {
    const on = kind === "external" ? counts.waiting > 0 : store.isReached(index);
    const plain = { glyph: "", line: "", dots: null, many: "", name: label };
    return { kind, phase, on, label, ...plain };
  }
  const at = store.since(index);
  const since = at === null ? "" : clock(store.elapsed - at);
  const running = counts.running > 0 && workers !== 1;
  const few = workers > 1 && workers <= DOTS;
  const of = workers ? `/${compact(workers)}` : "";
  return {
    kind,
    phase,
    on: phase !== "idle",
    glyph: GLYPHS[phase],
    label,
    line: stepLine(counts, node.room, since),
    dots: running && few ? [Math.min(counts.running, workers), workers] : null,
    many: running && !few ? `${compact(counts.running)}${of}` : "",
    name: `${label}: ${stepWords(counts, workers, since)}`,
  };
}

export function edgeLook(store: GraphStore, index: number): EdgeLook {
  const [source, target, label] = store.scene.edges[index] ?? [0, 0, ""];
  const number = store.edges[index] ?? 0;
  const ends = [store.scene.nodes[source]?.kind, store.scene.nodes[target]?.kind];
  const counted = number > 0 && ends[0] !== "start" && ends[1] !== "stop";
  const words = [label, counted ? `×${compact(number)}` : ""].filter(Boolean);
  const lit = store.isLit(index);
  return {
    mode: lit ? "lit" : number ? "used" : "unused",
    thickness: number ? thickness(number) + (lit ? 0.6 : 0) : 1.2,
    words: words.join(" "),
  };
}

/** Ten times the events make an edge a little thicker; see `strokes.py`. */
function thickness(number: number): number {
  return Math.round((1.4 + 0.4 * Math.min(Math.log10(number), 4)) * 10) / 10;
}
