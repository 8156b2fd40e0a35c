import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { watchGestures } from "../src/gestures";

const moves = { pan: vi.fn(), zoom: vi.fn(), click: vi.fn(), hover: vi.fn() };
let node: HTMLElement;
let stop: () => void;

beforeEach(() => {
  node = document.createElement("div");
  document.body.append(node);
  stop = watchGestures(node, moves);
});

afterEach(() => {
  stop();
  document.body.replaceChildren();
  vi.clearAllMocks();
});

function pointer(type: string, x: number, y: number, button = 0): void {
  const init = { clientX: x, clientY: y, button, pointerId: 1, bubbles: true };
  node.dispatchEvent(new PointerEvent(type, init));
}

function wheel(init: WheelEventInit): WheelEvent {
  // happy-dom leaves all out that a wheel event has of a mouse.
  const event = new WheelEvent("wheel", { ...init, bubbles: true, cancelable: true });
  for (const key of ["ctrlKey", "metaKey", "clientX", "clientY"] as const)
    Object.defineProperty(event, key, { value: init[key] ?? 0 });
  node.dispatchEvent(event);
  return event;
}

describe("a drag", () => {
  test("pans, and is no click", () => {
    pointer("pointerdown", 10, 10);
    pointer("pointermove", 30, 5);
    pointer("pointermove", 31, 5);
    pointer("pointerup", 31, 5);
    node.dispatchEvent(new MouseEvent("click", { clientX: 31, clientY: 5 }));
    expect(moves.pan.mock.calls).toEqual([
      [20, -5],
      [1, 0],
    ]);
    expect(moves.click).not.toHaveBeenCalled();
  });

  test("that only trembles is a click", () => {
    pointer("pointerdown", 10, 10);
    pointer("pointermove", 12, 11);
    pointer("pointerup", 12, 11);
    node.dispatchEvent(new MouseEvent("click", { clientX: 12, clientY: 11 }));
    expect(moves.pan).not.toHaveBeenCalled();
    expect(moves.click).toHaveBeenCalledWith(12, 11, node);
  });

  test("by another button is none", () => {
    pointer("pointerdown", 10, 10, 2);
    pointer("pointermove", 90, 90, 2);
    expect(moves.pan).not.toHaveBeenCalled();
  });
});

test("a pointer without a button shows what it is over", () => {
  pointer("pointermove", 7, 8);
  expect(moves.hover).toHaveBeenCalledWith(7, 8);
});

describe("a wheel", () => {
  test("by itself scrolls the page", () => {
    expect(wheel({ deltaY: 100 }).defaultPrevented).toBe(false);
    expect(moves.zoom).not.toHaveBeenCalled();
  });

  test.each(["ctrlKey", "metaKey"] as const)("with %s zooms", (key) => {
    const event = wheel({ deltaY: -30, clientX: 5, clientY: 6, [key]: true });
    expect(event.defaultPrevented).toBe(true);
    expect(moves.zoom).toHaveBeenCalledWith(Math.exp(0.1), 5, 6);
  });

  test("that turns fast does not leap", () => {
    wheel({ deltaY: 4000, ctrlKey: true });
    expect(moves.zoom).toHaveBeenCalledWith(Math.exp(-0.4), 0, 0);
  });
});

test("what was watched can be left", () => {
  stop();
  pointer("pointermove", 7, 8);
  expect(moves.hover).not.toHaveBeenCalled();
});
