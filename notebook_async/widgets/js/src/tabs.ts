/** A row of tabs: one of them is a stop of the keyboard, arrows go on from there. */

import { setAttribute, setHidden, setText } from "./dom";
import { control, make } from "./make";
import { moveFocus } from "./roving";

let rows = 0;

export class Tabs<Name extends string> {
  readonly node: HTMLElement;
  readonly #tabs: Map<Name, HTMLElement>;
  readonly #panes: Partial<Record<Name, HTMLElement>>;

  /** `panes`: what the tabs show, where each shows something else. */
  constructor(
    names: readonly Name[],
    label: string,
    choose: (name: Name) => void,
    panes: Partial<Record<Name, HTMLElement>> = {},
  ) {
    rows += 1;
    this.#panes = panes;
    this.#tabs = new Map(names.map((name) => [name, tab(name, () => choose(name))]));
    const tabs = [...this.#tabs.values()];
    this.node = make(
      "div",
      "na-tabs",
      { role: "tablist", "aria-label": label },
      ...tabs,
    );
    this.node.addEventListener("keydown", (event) => {
      if (moveFocus(event, [tabs])) (document.activeElement as HTMLElement).click();
    });
    for (const [name, node] of this.#tabs) if (panes[name]) join(node, panes[name]);
  }

  update(chosen: Name, words: Partial<Record<Name, string>> = {}): void {
    for (const [name, node] of this.#tabs) {
      const on = name === chosen;
      const pane = this.#panes[name];
      setText(node, words[name] ?? name);
      setAttribute(node, "aria-selected", String(on));
      setAttribute(node, "tabindex", on ? "0" : "-1");
      if (pane) setHidden(pane, !on);
    }
  }
}

function tab(name: string, choose: () => void): HTMLElement {
  const node = control("button", "na-tab", { type: "button", role: "tab" }, name);
  node.addEventListener("click", choose);
  return node;
}

/** Let those who go by ear know that the one shows the other. */
function join(node: HTMLElement, pane: HTMLElement): void {
  node.id = `na-tab-${rows}-${node.textContent}`;
  pane.id = `${node.id}-pane`;
  setAttribute(node, "aria-controls", pane.id);
  setAttribute(pane, "role", "tabpanel");
  setAttribute(pane, "aria-labelledby", node.id);
}
