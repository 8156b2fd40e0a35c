import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ANNOUNCE_DELAY_MS, Announcer } from "../src/announcer";

describe("Announcer", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("speaks at once, then not before the delay is over, then the newest", () => {
    const announcer = new Announcer();
    announcer.say("1 done");
    expect(announcer.node.textContent).toBe("1 done");
    announcer.say("2 done");
    announcer.say("3 done");
    vi.advanceTimersByTime(ANNOUNCE_DELAY_MS - 1);
    expect(announcer.node.textContent).toBe("1 done");
    vi.advanceTimersByTime(1);
    expect(announcer.node.textContent).toBe("3 done");
  });

  test("speaks 3 times in 10 s of updates at 10 Hz", () => {
    const announcer = new Announcer();
    const spoken = new Set<string>();
    for (let i = 0; i <= 100; i++) {
      announcer.say(`${i} done`);
      spoken.add(announcer.node.textContent ?? "");
      vi.advanceTimersByTime(100);
    }
    expect(spoken.size).toBe(3);
  });

  test("does not hold back how a job ended, and drops what was to be said", () => {
    const announcer = new Announcer();
    announcer.say("1 done");
    announcer.say("2 done");
    announcer.sayNow("finished");
    expect(announcer.node.textContent).toBe("finished");
    vi.advanceTimersByTime(2 * ANNOUNCE_DELAY_MS);
    expect(announcer.node.textContent).toBe("finished");
  });

  test("is silent about what was known before", () => {
    const announcer = new Announcer();
    announcer.prime("finished");
    announcer.sayNow("finished");
    expect(announcer.node.textContent).toBe("");
  });

  test("is a polite live region", () => {
    expect(new Announcer().node.getAttribute("aria-live")).toBe("polite");
  });

  test("says nothing once disposed", () => {
    const announcer = new Announcer();
    announcer.say("1 done");
    announcer.say("2 done");
    announcer.dispose();
    vi.advanceTimersByTime(2 * ANNOUNCE_DELAY_MS);
    expect(announcer.node.textContent).toBe("1 done");
  });
});
