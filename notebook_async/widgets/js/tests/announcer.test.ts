import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ANNOUNCE_DELAY_MS, announcer } from "../src/announcer";

describe("Announcer", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("speaks at once, then not before the delay is over, then the newest", () => {
    const voice = announcer();
    voice.say("1 done");
    expect(voice.node.textContent).toBe("1 done");
    voice.say("2 done");
    voice.say("3 done");
    vi.advanceTimersByTime(ANNOUNCE_DELAY_MS - 1);
    expect(voice.node.textContent).toBe("1 done");
    vi.advanceTimersByTime(1);
    expect(voice.node.textContent).toBe("3 done");
  });

  test("speaks 3 times in 10 s of updates at 10 Hz", () => {
    const voice = announcer();
    const spoken = new Set<string>();
    for (let i = 0; i <= 100; i++) {
      voice.say(`${i} done`);
      spoken.add(voice.node.textContent ?? "");
      vi.advanceTimersByTime(100);
    }
    expect(spoken.size).toBe(3);
  });

  test("does not hold back how a job ended, and drops what was to be said", () => {
    const voice = announcer();
    voice.say("1 done");
    voice.say("2 done");
    voice.sayNow("finished");
    expect(voice.node.textContent).toBe("finished");
    vi.advanceTimersByTime(2 * ANNOUNCE_DELAY_MS);
    expect(voice.node.textContent).toBe("finished");
  });

  test("is silent about what was known before", () => {
    const voice = announcer();
    voice.prime("finished");
    voice.sayNow("finished");
    expect(voice.node.textContent).toBe("");
  });

  test("is a polite live region", () => {
    expect(announcer().node.getAttribute("aria-live")).toBe("polite");
  });

  test("says nothing once disposed", () => {
    const voice = announcer();
    voice.say("1 done");
    voice.say("2 done");
    voice.dispose();
    vi.advanceTimersByTime(2 * ANNOUNCE_DELAY_MS);
    expect(voice.node.textContent).toBe("1 done");
  });
});
