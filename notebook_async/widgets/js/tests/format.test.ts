import { describe, expect, test } from "vitest";
import { clock, count, rate, remaining, size } from "../src/format";

describe("format", () => {
  test.each([
    [0, "0"],
    [1634, "1,634"],
    [1_234_567, "1,234,567"],
  ])("count groups thousands: %s -> %s", (n, shown) => {
    expect(count(n)).toBe(shown);
  });

  test.each([
    [-1, "0:00"],
    [4.99, "0:04"],
    [59.999, "0:59"],
    [60, "1:00"],
    [3599, "59:59"],
    [3723, "1:02:03"],
    [360_000, "100:00:00"],
  ])("a clock rounds down and grows hours when needed: %s s -> %s", (s, shown) => {
    expect(clock(s)).toBe(shown);
  });

  test.each([
    [0, "0:00"],
    [0.2, "0:01"],
    [1.7, "0:02"],
    [86_399, "23:59:59"],
    [93_600, "1 d 2 h"],
  ])("remaining time rounds up and names days: %s s -> %s", (s, shown) => {
    expect(remaining(s)).toBe(shown);
  });

  test.each([
    [0, "0 /s"],
    [248.4, "248 /s"],
    [12_345, "12,345 /s"],
    [2.46, "2.5 /s"],
    [9.96, "10 /s"],
    [0.4, "24 /min"],
    [0.02, "1.2 /min"],
    [0.001, "3.6 /h"],
  ])(
    "a rate takes the largest unit that keeps it at 1 or more: %s -> %s",
    (n, shown) => {
      expect(rate(n)).toBe(shown);
    },
  );

  test.each([
    [312, "312 characters"],
    [48_400, "48 k characters"],
    [999_600, "1.0 M characters"],
  ])("a size is rounded: %s -> %s", (n, shown) => {
    expect(size(n)).toBe(shown);
  });
});
