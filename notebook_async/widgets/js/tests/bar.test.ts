import { describe, expect, test } from "vitest";
import { Bar, segments } from "../src/bar";
import { PHASES } from "../src/model";
import { counts } from "./fake";

const sum = (some: Parameters<typeof counts>[0], phase = PHASES[1]) =>
  Object.values(segments(counts(some), phase) ?? {}).reduce((a, b) => a + b, 0);

describe("segments", () => {
  test("are shares of the total, and leave what is still to do", () => {
    const some = { done: 50, failed: 10, running: 15, waiting: 5, total: 100 };
    const shares = { done: 50, failed: 10, running: 15, waiting: 5 };
    expect(segments(counts(some), "running")).toEqual(shares);
    expect(sum(some)).toBe(80);
  });

  test("sum to 100 when everything has ended", () => {
    expect(sum({ done: 1631, failed: 3, total: 1634 })).toBeCloseTo(100, 1);
  });

  test("never overflow when a source delivers more than it promised", () => {
    expect(sum({ done: 150, running: 50, total: 100 })).toBe(100);
  });

  test("are unknown while a job of unknown length runs, and only then", () => {
    const known = PHASES.filter((phase) => segments(counts({ done: 3 }), phase));
    expect(known).toEqual(PHASES.filter((phase) => phase !== "running"));
  });

  test("without numbers the whole bar shows how the job ended", () => {
    expect(segments(counts(), "done")?.done).toBe(100);
    expect(segments(counts(), "failed")?.failed).toBe(100);
    expect(segments(counts(), "cancelled")?.done).toBe(0);
    expect(segments(counts(), "queued")?.running).toBe(0);
  });

  test("a finished job of unknown length shows what came of its items", () => {
    const shares = segments(counts({ done: 3, failed: 1 }), "done");
    expect(shares).toEqual({ done: 75, failed: 25, running: 0, waiting: 0 });
  });

  test("a run over nothing is done, not a division by zero", () => {
    expect(segments(counts({ total: 0 }), "done")?.done).toBe(100);
    expect(segments(counts({ total: 0 }), "running")?.running).toBe(100);
  });
});

describe("Bar", () => {
  test("says in words what it draws", () => {
    const bar = new Bar();
    bar.update("Progress", counts({ done: 1012, failed: 3, total: 1634 }), "running");
    expect(bar.node.getAttribute("role")).toBe("progressbar");
    expect(bar.node.getAttribute("aria-valuemax")).toBe("1634");
    expect(bar.node.getAttribute("aria-valuenow")).toBe("1015");
    expect(bar.node.getAttribute("aria-valuetext")).toBe(
      "1,012 of 1,634 done, 3 failed",
    );
  });

  test("has no value while nobody can know one", () => {
    const bar = new Bar();
    bar.update("Progress", counts(), "running");
    expect(bar.node.hasAttribute("aria-valuenow")).toBe(false);
    expect(bar.node.classList.contains("na-busy")).toBe(true);
    bar.update("Progress", counts(), "done");
    expect(bar.node.hasAttribute("aria-valuenow")).toBe(true);
    expect(bar.node.classList.contains("na-busy")).toBe(false);
  });

  test("keeps its nodes from one update to the next", () => {
    const bar = new Bar();
    const before = [...bar.node.children];
    bar.update("Progress", counts({ done: 1, total: 2 }), "running");
    bar.update("Progress", counts({ done: 2, total: 2 }), "done");
    expect([...bar.node.children]).toEqual(before);
  });
});
