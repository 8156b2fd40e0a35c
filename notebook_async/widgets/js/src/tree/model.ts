/** What the kernel and the await tree's panel tell each other. */

import type { HostModel } from "../host";
import type { Greeting } from "../stage";

/** `branch` leads to it from above, as text; `key` names what can be cancelled. */
export type TreeRow = [branch: string, text: string, key: string | null];

export interface Tree {
  seq: number;
  rows: TreeRow[];
  /** Rows that are left out. */
  more: number;
}

export interface Traits {
  rows: Tree;
}

export type Outgoing = Greeting | { type: "refresh" } | { type: "cancel"; key: string };

export type TreeModel = HostModel<Traits, Outgoing>;

export function readTree(model: TreeModel): Tree {
  return { seq: 0, rows: [], more: 0, ...model.get("rows") };
}
