import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Controls } from "../src/controls";

let list: HTMLElement;
let controls: Controls;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  list = document.createElement("div");
  list.tabIndex = 0;
  controls = new Controls(() => undefined);
  list.append(controls.node);
  document.body.append(list);
  controls.update(["cancel"], "item 1");
  controls.buttons[0]?.focus();
});

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

const label = () => document.activeElement?.getAttribute("aria-label");

test("the button in the place of one that goes has the keyboard", () => {
  controls.update(["retry"], "item 1");
  expect(label()).toBe("retry failed item 1");
});

test("a button that comes a moment later gets the keyboard back", () => {
  controls.update([], "item 1");
  expect(document.activeElement).toBe(list);
  vi.advanceTimersByTime(300);
  controls.update(["retry"], "item 1");
  expect(label()).toBe("retry failed item 1");
});

test("the keyboard stays where somebody has moved it", () => {
  const other = document.createElement("button");
  list.append(other);
  controls.update([], "item 1");
  other.focus();
  controls.update(["retry"], "item 1");
  expect(document.activeElement).toBe(other);
});

test("a button that comes much later leaves the keyboard alone", () => {
  controls.update([], "item 1");
  vi.advanceTimersByTime(1500);
  controls.update(["retry"], "item 1");
  expect(document.activeElement).toBe(list);
});
