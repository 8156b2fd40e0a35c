/** A row of tabs: one of them is a stop of the keyboard, arrows go on from there. */

import { h, setAttribute, setText, suppressShortcuts } from "./dom";
import { moveFocus } from "./roving";

export class Tabs<Name extends string> {
  readonly node = h("div", "na-tabs");
  readonly #tabs: Map<Name, HTMLButtonElement>;

  constructor(names: readonly Name[], label: string, choose: (name: Name) => void) {
    this.node.setAttribute("role", "tablist");
    this.node.setAttribute("aria-label", label);
    this.#tabs = new Map(names.map((name) => [name, tab(name, () => choose(name))]));
    const tabs = [...this.#tabs.values()];
    this.node.append(...tabs);
    this.node.addEventListener("keydown", (event) => {
      if (moveFocus(event, [tabs])) (document.activeElement as HTMLElement).click();
    });
  }

  update(chosen: Name, words: Partial<Record<Name, string>> = {}): void {
    for (const [name, node] of this.#tabs) {
      const on = name === chosen;
      setText(node, words[name] ?? name);
      setAttribute(node, "aria-selected", String(on));
      setAttribute(node, "tabindex", on ? "0" : "-1");
    }
  }
}

function tab(name: string, choose: () => void): HTMLButtonElement {
  const node = suppressShortcuts(h("button", "na-tab", name));
  node.type = "button";
  node.setAttribute("role", "tab");
  node.addEventListener("click", choose);
  return node;
}
