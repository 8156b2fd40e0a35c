import { describe, expect, test } from "vitest";
import { duration, fineClock, ticks } from "../../src/events/time";

describe("times", () => {
  test.each([
    [0, 2, "0:00.00"],
    [5.827, 2, "0:05.82"],
    [59.999, 2, "0:59.99"],
    [0.3, 1, "0:00.3"],
    [0.1 + 0.2, 3, "0:00.300"],
    [750, 0, "12:30"],
    [3723.5, 1, "1:02:03.5"],
    [-0.25, 2, "-0:00.25"],
  ])("%f with %i digits is %s", (seconds, digits, words) => {
    expect(fineClock(seconds, digits)).toBe(words);
  });

  test.each([
    [0.0000004, "0 µs"],
    [0.00002, "20 µs"],
    [0.00042, "0.42 ms"],
    [0.31, "310 ms"],
    [2.5, "2.50 s"],
    [62.5, "1:02.50"],
  ])("a duration of %f is %s", (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});

describe("an axis", () => {
  test.each([
    [0, 10, 6, [0, 2, 4, 6, 8, 10], 0],
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1], 1],
    [0.5, 0.58, 4, [0.5, 0.52, 0.54, 0.56, 0.58], 2],
    [0, 100, 5, [0, 20, 40, 60, 80, 100], 0],
    [0, 3600, 6, [0, 600, 1200, 1800, 2400, 3000, 3600], 0],
    [90, 200, 4, [90, 120, 150, 180], 0],
  ])("from %f to %f has round times", (start, end, most, times, digits) => {
    const axis = ticks(start, end, most);
    expect(axis.times.map((at) => Number(at.toFixed(6)))).toEqual(times);
    expect(axis.digits).toBe(digits);
  });

  test("without room or without time there are none", () => {
    expect(ticks(0, 1, 0).times).toEqual([]);
    expect(ticks(1, 1, 5).times).toEqual([]);
  });
});
