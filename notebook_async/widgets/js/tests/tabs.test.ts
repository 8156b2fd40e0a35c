import { beforeEach, describe, expect, test } from "vitest";
import { Tabs } from "../src/tabs";

const NAMES = ["log", "tree", "timeline"] as const;
type Name = (typeof NAMES)[number];

let chosen: Name[];

function make() {
  const div = () => document.createElement("div");
  const panes = { log: div(), tree: div(), timeline: div() };
  const tabs: Tabs<Name> = new Tabs(NAMES, "what to show", choose, panes);
  function choose(name: Name): void {
    chosen.push(name);
    tabs.update(name);
  }
  tabs.update("tree");
  document.body.replaceChildren(tabs.node);
  return { panes, tabs };
}

function press(key: string): boolean {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  document.activeElement?.dispatchEvent(event);
  return event.defaultPrevented;
}

const selected = (node: HTMLElement) =>
  [...node.querySelectorAll("[aria-selected=true]")].map((tab) => tab.textContent);

beforeEach(() => {
  chosen = [];
});

describe("tabs", () => {
  test("show one pane, which is named by its tab", () => {
    const { panes, tabs } = make();
    expect(selected(tabs.node)).toEqual(["tree"]);
    tabs.update("log");
    expect([panes.log.hidden, panes.tree.hidden]).toEqual([false, true]);
    expect(selected(tabs.node)).toEqual(["log"]);
    const [first] = tabs.node.children;
    expect(panes.log.getAttribute("role")).toBe("tabpanel");
    expect(panes.log.getAttribute("aria-labelledby")).toBe(first?.id);
    expect(first?.getAttribute("aria-controls")).toBe(panes.log.id);
  });

  test("arrows go from one to the next, and one of them takes the focus", () => {
    const { tabs } = make();
    (tabs.node.children[1] as HTMLElement).focus();
    for (const [key, tab] of [
      ["ArrowRight", "timeline"],
      ["Home", "log"],
      ["End", "timeline"],
      ["ArrowLeft", "tree"],
    ] as const) {
      expect(press(key)).toBe(true);
      expect([chosen.at(-1), document.activeElement?.textContent]).toEqual([tab, tab]);
    }
    expect(press("x")).toBe(false);
    expect(tabs.node.querySelectorAll("[tabindex='0']")).toHaveLength(1);
  });

  test("no two rows of a page have names in common", () => {
    const [one, two] = [make(), make()];
    expect(one.tabs.node.children[0]?.id).not.toBe(two.tabs.node.children[0]?.id);
  });

  test("may say something else than their names", () => {
    const { tabs } = make();
    tabs.update("log", { log: "log (3)" });
    expect(tabs.node.firstElementChild?.textContent).toBe("log (3)");
  });
});
