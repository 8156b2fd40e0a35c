/** The tabs of a panel, as the field's patterns for accessibility have them. */

import { setAttribute } from "../dom";
import { control, make, on, onKeys } from "./make";
import { TABS, type Tab } from "./model";

let all = 0;

export interface Tabs {
  readonly node: HTMLElement;
  readonly tab: Tab;
  choose(tab: Tab): void;
}

export function tabsFor(
  panes: Record<Tab, HTMLElement>,
  begin: Tab,
  changed: () => void,
): Tabs {
  let tab = begin;
  all += 1;
  const id = `na-tab-${all}-`;
  const label = "views of the recording";
  const node = make("div", "na-tabs", { role: "tablist", "aria-label": label });
  const buttons = TABS.map((name) => {
    const pane = panes[name];
    pane.id = `${id}${name}-pane`;
    setAttribute(pane, "role", "tabpanel");
    setAttribute(pane, "aria-labelledby", id + name);
    const own = {
      id: id + name,
      type: "button",
      role: "tab",
      "aria-controls": pane.id,
    };
    const button = control("button", "na-tab", own, name);
    on(button, "click", () => choose(name));
    return button;
  });
  node.append(...buttons);

  function show(): void {
    TABS.forEach((name, i) => {
      const chosen = name === tab;
      const button = buttons[i] as HTMLElement;
      setAttribute(button, "aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      panes[name].hidden = !chosen;
    });
  }

  function choose(other: Tab): void {
    if (other === tab) return;
    tab = other;
    show();
    changed();
  }

  onKeys(node, (key) => {
    const at = TABS.indexOf(tab);
    const last = TABS.length - 1;
    let to = -1;
    if (key === "ArrowRight") to = at === last ? 0 : at + 1;
    else if (key === "ArrowLeft") to = at === 0 ? last : at - 1;
    else if (key === "Home") to = 0;
    else if (key === "End") to = last;
    const other = TABS[to];
    if (!other) return false;
    choose(other);
    buttons[to]?.focus();
    return true;
  });
  show();
  return {
    node,
    get tab() {
      return tab;
    },
    choose,
  };
}
