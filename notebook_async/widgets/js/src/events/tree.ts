/** The tree: jobs, runs and workflows with their steps, as they stood at the moment. */

import { h, setAttribute, setHidden, setText } from "../dom";
import { onKeys } from "../make";
import { fillLine, makeLine, type TreeLine, toLine } from "./tree_line";
import type { Part, View } from "./view";
import { virtualList } from "./virtual_list";

export const NODE_HEIGHT = 24;

/** Lines asked for beyond those in sight. */
const MARGIN = 20;

export function treeTab(view: View): Part {
  /** What was folded or opened by hand. */
  const toggled = new Set<number>();
  const lines = new Map<number, TreeLine>();
  /** The active line, which stays so wherever it goes. */
  let active: number | null = null;
  let answered = false;

  const list = virtualList({
    role: "tree",
    label: "jobs, runs, workflows and steps",
    rowHeight: NODE_HEIGHT,
    make: makeLine,
    fill(row, place) {
      fillLine(row, lines.get(place));
      setAttribute(row, "aria-selected", String(place === list.active));
    },
    moved() {
      remember();
      view.request();
    },
    chosen(place) {
      remember();
      toggle(lines.get(place));
    },
  });
  const empty = h("div", "na-empty na-dim");

  function remember(): void {
    active = list.active === null ? null : (lines.get(list.active)?.key ?? active);
  }

  function toggle(line: TreeLine | undefined): void {
    if (line && line.open !== null) {
      if (!toggled.delete(line.key)) toggled.add(line.key);
      // At once; the kernel's answer brings the lines below it.
      line.open = !line.open;
    }
    view.request();
  }

  function parent(place: number, level: number): number {
    for (let above = place - 1; above >= 0; above -= 1)
      if ((lines.get(above)?.level ?? level) < level) return above;
    return place;
  }

  function openAll(level: number): void {
    for (const line of lines.values())
      if (line.level === level && line.open === false) toggle(line);
  }

  onKeys(list.node, (key) => {
    const place = list.active ?? -1;
    const line = lines.get(place);
    if (!line) return false;
    const { open, level } = line;
    if (key === "ArrowRight" && open) list.activate(place + 1);
    else if (key === "ArrowLeft" && !open) list.activate(parent(place, level));
    else if (["ArrowRight", "ArrowLeft", " "].includes(key)) toggle(line);
    else if (key === "*") openAll(level);
    else return false;
    return true;
  });

  return {
    node: h("div", "na-tree-tab", list.node, empty),
    look: () => ({
      first: Math.max(0, list.first - MARGIN),
      count: list.room + 2 * MARGIN,
      toggled: [...toggled],
    }),
    take({ tree }) {
      if (!tree) return;
      answered = true;
      lines.clear();
      tree.nodes.forEach((raw, i) => {
        const line = toLine(raw);
        lines.set(tree.first + i, line);
        if (line.key === active) list.active = tree.first + i;
      });
      list.setBounds(0, tree.total);
    },
    measure: () => void list.measure(),
    paint() {
      setHidden(empty, !answered || list.geometry.end > 0);
      setText(empty, view.filter ? "nothing passes the filter" : "nothing has begun");
      list.paint();
    },
    dispose() {},
  };
}
