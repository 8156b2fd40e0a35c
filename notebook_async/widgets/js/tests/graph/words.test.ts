import { describe, expect, test } from "vitest";
import lines from "../../../../../tests/widgets/step_lines.json";
import { clock } from "../../src/format";
import { COUNT_NAMES, type Counts } from "../../src/graph/model";
import {
  compact,
  duration,
  stepLine,
  stepWords,
  summarise,
  waitsForYou,
} from "../../src/graph/words";
import { head } from "./fake";

function counts(some: Partial<Counts>): Counts {
  const none = Object.fromEntries(COUNT_NAMES.map((name) => [name, 0])) as Counts;
  return { ...none, ...some };
}

describe("what a step says of itself", () => {
  test.each(lines)("$line", ({ counts: some, room, line }) => {
    expect(stepLine(counts(some as Partial<Counts>), room)).toBe(line);
  });

  test("a waiting step says since when, where that fits", () => {
    const one = counts({ waiting: 1, done: 3 });
    expect(stepLine(one, 20, "1:12")).toBe("waits for you · 1:12");
    expect(stepLine(one, 16, "1:12")).toBe("waits for you");
  });

  test("all of it in words, for a screen reader and the details", () => {
    const some = counts({ running: 2, queued: 3, done: 152, failed: 1 });
    expect(stepWords(some, 4)).toBe("2 of 4 running · 152 done · 1 failed · 3 queued");
    expect(stepWords(counts({ running: 2 }), 0)).toBe("2 running");
    expect(stepWords(counts({}), 4)).toBe("not reached");
    expect(stepWords(counts({ waiting: 1 }), 4, "0:09")).toBe("waits for you · 0:09");
  });
});

test.each([
  [9_999, "9,999"],
  [10_000, "10k"],
  [1_234_567, "1M"],
])("%d is %s where there is little room", (number, short) => {
  expect(compact(number)).toBe(short);
});

test.each([
  [0, ""],
  [1, "1 waits for you"],
  [12, "12 wait for you"],
])("%d questions: %s", (waiting, words) => {
  expect(waitsForYou(waiting)).toBe(words);
});

test.each([
  [0.00004, "<0.1 ms"],
  [0.0004, "0.4 ms"],
  [0.0212, "21 ms"],
  [1.26, "1.3 s"],
  [61, "1:01"],
])("%f seconds are %s", (seconds, words) => {
  expect(duration(seconds, clock)).toBe(words);
});

describe("one sentence for a screen reader", () => {
  test("the run, who waits, what most steps do", () => {
    const steps = [
      { label: "a", phase: "done" as const },
      { label: "b", phase: "running" as const },
      { label: "c", phase: "running" as const },
      { label: "d", phase: "waiting" as const },
      { label: "e", phase: "idle" as const },
    ];
    const told = summarise("Triage", head({ waiting: 1 }), steps);
    expect(told).toBe(
      "Triage: running, 1 waits for you, d waiting, b and c running, 1 step done",
    );
  });

  test("of many steps three are named", () => {
    const steps = Array.from({ length: 9 }, (_, i) => ({
      label: `s${i}`,
      phase: "failed" as const,
    }));
    const told = summarise("T", head({ phase: "failed", error: "E" }), steps);
    expect(told).toBe("T: failed, s0 and s1 and s2 and 6 more failed, E");
  });
});
