import { describe, expect, test } from "vitest";
import { LINE_LIMIT, type Line, LineBuffer } from "../src/lines";
import type { Stream } from "../src/model";

/** Write the pieces, and return finished lines followed by the current one. */
function written(...pieces: (string | [Stream, string])[]): string[] {
  const lines: Line[] = [];
  const buffer = new LineBuffer((line) => lines.push(line));
  for (const piece of pieces) {
    const [stream, text] =
      typeof piece === "string" ? ["stdout" as const, piece] : piece;
    buffer.write(stream, text);
  }
  return [...lines, buffer.current].map((line) =>
    line.map(({ text }) => text).join(""),
  );
}

describe("LineBuffer", () => {
  test("a line may come in pieces", () => {
    expect(written("he", "llo\nwor", "ld")).toEqual(["hello", "world"]);
  });

  test("a carriage return overwrites the current line", () => {
    expect(written("10%\r20%\r30%")).toEqual(["30%"]);
  });

  test("a carriage return works across messages", () => {
    expect(written("10%", "\r", "20%", "\n")).toEqual(["20%", ""]);
  });

  test("what is longer than the new text stays, as in a terminal", () => {
    expect(written("abcdef\rxy")).toEqual(["xycdef"]);
  });

  test("\\r\\n is one line end, also when split between messages", () => {
    expect(written("one\r\ntwo\r", "\nthree")).toEqual(["one", "two", "three"]);
  });

  test("a finished line is not overwritten", () => {
    expect(written("one\n\rtwo")).toEqual(["one", "two"]);
  });

  test("an overwritten line keeps which stream wrote what", () => {
    const buffer = new LineBuffer(() => {});
    buffer.write("stdout", "abcdef");
    buffer.write("stderr", "\rxy");
    expect(buffer.current).toEqual([
      { stream: "stderr", text: "xy" },
      { stream: "stdout", text: "cdef" },
    ]);
  });

  test("an endless line is broken, so that drawing it stays cheap", () => {
    const lines = written("x".repeat(LINE_LIMIT + 1), "y");
    expect(lines.map((line) => line.length)).toEqual([LINE_LIMIT, 2]);
  });
});
