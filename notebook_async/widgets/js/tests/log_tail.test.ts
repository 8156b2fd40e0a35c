import { describe, expect, test } from "vitest";
import { append, chunksFrom, keepTail, TAIL_LIMIT } from "../src/log_tail";
import { FakeModel, log, logMessage } from "./fake";

const joined = (chunks: [string, string][]) => chunks.map(([, text]) => text).join("");

function kept(tail = log()) {
  const model = new FakeModel({}, tail);
  const stop = keepTail(model);
  return { model, stop };
}

describe("append", () => {
  test("joins small pieces of one stream, never two tracebacks", () => {
    const tail = log([
      ["stdout", "a"],
      ["error", "x"],
    ]);
    const once = append(tail, log([["error", "y"]], 2) as never);
    const twice = append(once, log([["stdout", "b"]], 3));
    const thrice = append(twice, log([["stdout", "c"]], 4));
    expect(thrice.chunks).toEqual([
      ["stdout", "a"],
      ["error", "x"],
      ["error", "y"],
      ["stdout", "bc"],
    ]);
    expect(thrice.end).toBe(5);
  });

  test("keeps exactly the last TAIL_LIMIT characters and counts what it drops", () => {
    const tail = log([
      ["stdout", "a".repeat(10)],
      ["stderr", "b".repeat(TAIL_LIMIT - 10)],
    ]);
    const next = append(tail, log([["stdout", "c".repeat(15)]], TAIL_LIMIT));
    expect(next.end - next.start).toBe(TAIL_LIMIT);
    expect(joined(next.chunks)).toHaveLength(TAIL_LIMIT);
    expect([next.start, next.dropped]).toEqual([15, 15]);
    expect(next.chunks.map(([stream]) => stream)).toEqual(["stderr", "stdout"]);
  });
});

describe("chunksFrom", () => {
  test("returns only what lies beyond an offset", () => {
    const tail = log(
      [
        ["stdout", "abc"],
        ["stderr", "def"],
      ],
      100,
    );
    expect(chunksFrom(tail, 105)).toEqual([["stderr", "f"]]);
    expect(chunksFrom(tail, 102)).toEqual([
      ["stdout", "c"],
      ["stderr", "def"],
    ]);
    expect(chunksFrom(tail, 106)).toEqual([]);
    expect(joined(chunksFrom(tail, 0))).toBe("abcdef");
  });

  test("counts as Python does: an emoji is one character", () => {
    expect(chunksFrom(log([["stdout", "🙂🙂ab"]]), 1)).toEqual([["stdout", "🙂ab"]]);
    expect(chunksFrom(log([["stdout", "🙂🙂ab"]]), 2)).toEqual([["stdout", "ab"]]);
  });
});

describe("keepTail", () => {
  test("appends a message that starts where the log ends", () => {
    const { model } = kept(log([["stdout", "one "]]));
    model.receive(logMessage("two", 4));
    expect(joined(model.get("log").chunks)).toBe("one two");
    expect(model.sent).toEqual([]);
  });

  test("ignores a message that overlaps what it has", () => {
    const { model } = kept(log([["stdout", "one "]]));
    const before = model.get("log");
    model.receive(logMessage("ne two", 1));
    expect(model.get("log")).toBe(before);
    expect(model.sent).toEqual([]);
  });

  test("asks once for a missing part, however many messages come too early", () => {
    const { model } = kept();
    model.receive(logMessage("c", 2));
    model.receive(logMessage("d", 3));
    expect(model.sent).toEqual([{ type: "resync" }]);
    expect(model.get("log").end).toBe(0);
  });

  test("asks again when a later part is missing", () => {
    const { model } = kept();
    model.receive(logMessage("c", 2));
    model.set("log", log([["stdout", "abc"]]));
    model.receive(logMessage("z", 25));
    expect(model.sent).toEqual([{ type: "resync" }, { type: "resync" }]);
  });

  test("applies messages that overtook the whole log they follow", () => {
    const { model } = kept();
    model.receive(logMessage("c", 2));
    model.receive(logMessage("d", 3));
    model.set("log", log([["stdout", "ab"]]));
    expect(joined(model.get("log").chunks)).toBe("abcd");
    expect(model.get("log").end).toBe(4);
  });

  test.each([[null], ["log"], [{ type: "other" }], [{ type: "log", start: "0" }]])(
    "ignores a message that is not a log: %j",
    (message) => {
      const { model } = kept();
      model.receive(message);
      expect(model.sent).toEqual([]);
    },
  );

  test("stops listening when told to", () => {
    const { model, stop } = kept();
    stop();
    expect(model.listenerCount).toBe(0);
  });
});
