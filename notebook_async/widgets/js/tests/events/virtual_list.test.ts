import { beforeEach, describe, expect, test } from "vitest";
import { type VirtualList, virtualList } from "../../src/events/virtual_list";
import { press, sized } from "./fake";

let filled: number[];
let moved: number;
let chosen: number[];
let list: VirtualList;

function make(count: number, height = 100): VirtualList {
  filled = [];
  moved = 0;
  chosen = [];
  list = virtualList({
    role: "tree",
    label: "numbers",
    rowHeight: 20,
    make: () => document.createElement("div"),
    fill: (row, place) => {
      filled.push(place);
      row.textContent = String(place);
    },
    moved: () => {
      moved += 1;
    },
    chosen: (place) => chosen.push(place),
  });
  document.body.replaceChildren(list.node);
  sized(list.node, height);
  list.measure();
  list.setBounds(0, count);
  list.paint();
  return list;
}

const shown = () =>
  [...list.node.querySelectorAll<HTMLElement>(".na-v-row")]
    .filter((row) => !row.hidden)
    .map((row) => Number(row.textContent))
    .sort((a, b) => a - b);

beforeEach(() => {
  make(1000);
});

describe("what is drawn", () => {
  test("only what is in sight, however long the list", () => {
    expect(shown()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(list.node.querySelectorAll(".na-v-row").length).toBeLessThan(10);
  });

  test("the scroll bar is as high as all rows", () => {
    const spacer = list.node.querySelector<HTMLElement>(".na-v-spacer");
    expect(spacer?.style.height).toBe("20000px");
  });

  test("a short list draws what it has", () => {
    make(3);
    expect(shown()).toEqual([0, 1, 2]);
    expect([list.atEnd, list.room, list.whole]).toEqual([true, 6, 5]);
  });

  test("the end is where the last row is at the bottom", () => {
    list.toEnd();
    list.paint();
    expect(shown().at(-1)).toBe(999);
    expect(list.first).toBe(995);
    expect(list.atEnd).toBe(true);
  });

  test("a row keeps its element while it is in sight", () => {
    const node = list.node.querySelector(".na-v-row:nth-child(4)");
    expect(node?.textContent).toBe("3");
    list.bring(2, 0);
    list.paint();
    expect(node?.textContent).toBe("3");
  });
});

describe("what comes and goes", () => {
  test("more rows at the end move nothing", () => {
    list.bring(500, 0);
    list.setBounds(0, 2000);
    list.paint();
    expect(list.first).toBe(500);
  });

  test("rows that are dropped at the beginning move nothing", () => {
    list.bring(500, 0);
    list.setBounds(300, 1300);
    list.paint();
    expect(list.first).toBe(500);
    expect(list.node.scrollTop).toBe(200 * 20);
  });

  test("when what was in sight is dropped, the first that is left is shown", () => {
    list.bring(100, 0);
    list.setBounds(300, 1300);
    list.paint();
    expect(list.first).toBe(300);
  });

  test("a list that shrinks is shown to its end", () => {
    list.toEnd();
    list.setBounds(0, 10);
    list.paint();
    expect(shown()).toEqual([5, 6, 7, 8, 9]);
  });
});

describe("what stands below a row", () => {
  const below = () => {
    const node = document.createElement("p");
    Object.defineProperty(node, "offsetHeight", { value: 70 });
    return node;
  };

  test("pushes the others down, and is measured", () => {
    const node = below();
    list.setBelow(1, node);
    list.paint();
    expect(node.style.transform).toBe("translateY(40px)");
    expect(list.geometry.top(2)).toBe(110);
    list.setBelow(1, null);
    expect(node.isConnected).toBe(false);
    expect(list.geometry.top(2)).toBe(40);
  });

  test("goes out of the page with its row, and comes back", () => {
    const node = below();
    list.setBelow(1, node);
    list.paint();
    list.bring(500, 0);
    list.paint();
    expect(node.isConnected).toBe(false);
    list.bring(0, 0);
    list.paint();
    expect(node.isConnected).toBe(true);
  });

  test("is forgotten when its row is dropped", () => {
    list.setBelow(1, below());
    list.setBounds(5, 1005);
    expect(list.opened.size).toBe(0);
  });
});

describe("what a person does", () => {
  test("scrolling moves the rows and is told", () => {
    list.node.scrollTop = 400;
    list.node.dispatchEvent(new Event("scroll"));
    expect([list.first, moved]).toEqual([20, 1]);
    list.bring(10, 0);
    list.node.dispatchEvent(new Event("scroll"));
    expect(moved).toBe(1);
  });

  test("keys move the active row, which the list names", () => {
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"])
      expect(press(list.node, key)).toBe(true);
    list.paint();
    expect(list.active).toBe(1);
    const id = list.node.getAttribute("aria-activedescendant");
    expect(document.getElementById(id as string)?.textContent).toBe("1");
    press(list.node, "End");
    expect([list.active, list.atEnd]).toEqual([999, true]);
    press(list.node, "PageUp");
    expect(list.active).toBe(994);
    press(list.node, "Home");
    press(list.node, "ArrowUp");
    expect(list.active).toBe(0);
  });

  test("Enter and a click choose", () => {
    press(list.node, "ArrowDown");
    press(list.node, "Enter");
    list.node.querySelector<HTMLElement>(".na-v-row:nth-child(4)")?.click();
    expect(chosen).toEqual([0, 3]);
    list.node.click();
    expect(chosen).toHaveLength(2);
  });

  test("keys of others, and with others, are left alone", () => {
    expect(press(list.node, "a")).toBe(false);
    expect(press(list.node, "ArrowDown", { ctrlKey: true })).toBe(false);
    make(0);
    expect(press(list.node, "ArrowDown")).toBe(false);
  });

  test("put back into the page, it is where it was", () => {
    list.bring(500, 0);
    Object.defineProperty(list.node, "scrollTop", { value: 0, writable: true });
    list.measure();
    expect(list.node.scrollTop).toBe(10_000);
  });
});
