import { describe, expect, test } from "vitest";
import { geometry as geometryOf } from "../../src/events/geometry";

function geometry(start: number, end: number, open: [number, number][] = []) {
  const one = geometryOf(20);
  one.start = start;
  one.end = end;
  for (const [place, height] of open) one.open.set(place, height);
  return one;
}

describe("rows of one height", () => {
  test("begin with the first that is kept", () => {
    const one = geometry(100, 150);
    expect([one.top(100), one.top(110), one.height]).toEqual([0, 200, 1000]);
    expect([one.at(0), one.at(19), one.at(20), one.at(5000)]).toEqual([
      100, 100, 101, 149,
    ]);
  });

  test("an empty list has its first place", () => {
    expect(geometry(7, 7).at(50)).toBe(7);
  });
});

describe("rows that have opened", () => {
  const one = geometry(0, 50, [
    [5, 100],
    [10, 60],
  ]);

  test("push down what is below them", () => {
    expect([one.top(5), one.top(6), one.top(10), one.top(11)]).toEqual([
      100, 220, 300, 380,
    ]);
    expect(one.height).toBe(50 * 20 + 160);
  });

  test("a distance within what is open belongs to its row", () => {
    expect([one.at(99), one.at(119), one.at(219), one.at(220)]).toEqual([4, 5, 5, 6]);
    expect([one.at(379), one.at(380), one.at(400)]).toEqual([10, 11, 12]);
  });

  test("those that were dropped count no more", () => {
    const later = geometry(6, 50, [[5, 100]]);
    expect([later.top(7), later.height]).toEqual([20, 880]);
  });
});

describe("lists that are higher than a browser can count", () => {
  const one = geometry(0, 10_000_000);

  test("have a scroll bar of a bounded height", () => {
    expect([one.height, one.scrollHeight]).toEqual([200_000_000, 8_000_000]);
  });

  test("both ends are where they should be", () => {
    expect(one.fromScroll(0, 400)).toBe(0);
    expect(one.fromScroll(8_000_000 - 400, 400)).toBe(200_000_000 - 400);
    const middle = one.toScroll(100_000_000, 400);
    expect(one.fromScroll(middle, 400)).toBeCloseTo(100_000_000, -2);
  });

  test("ordinary ones scroll pixel by pixel", () => {
    const small = geometry(0, 100);
    expect([small.fromScroll(123, 400), small.toScroll(123, 400)]).toEqual([123, 123]);
    expect(small.fromScroll(9999, 400)).toBe(1600);
  });
});
