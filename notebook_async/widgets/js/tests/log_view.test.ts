import { describe, expect, test } from "vitest";
import { append } from "../src/log_tail";
import { LINES_SHOWN, LogView } from "../src/log_view";
import { errorLine } from "../src/traceback";
import { log, seen, text } from "./fake";

const TRACEBACK = `Traceback (most recent call last):
  File "lib.py", line 12, in read
    return data.decode()
UnicodeDecodeError: invalid start byte
from job 3, item 17
`;

const numbered = (n: number) =>
  Array.from({ length: n }, (_, i) => `line ${i}\n`).join("");

function lines(view: LogView): string[] {
  const nodes = [...view.node.querySelectorAll<HTMLElement>(".na-line")];
  return nodes.filter((node) => !node.hidden).map((node) => node.textContent ?? "");
}

describe("LogView", () => {
  test("is hidden until there is output", () => {
    const view = new LogView();
    view.update(log());
    expect(view.node.hidden).toBe(true);
    view.update(log([["stdout", "x"]]));
    expect(view.node.hidden).toBe(false);
  });

  test("draws only what is new: earlier nodes stay", () => {
    const view = new LogView();
    const tail = log([["stdout", "one\ntwo\nthr"]]);
    view.update(tail);
    const before = [...view.node.querySelectorAll(".na-line")].slice(0, 2);
    view.update(append(tail, log([["stdout", "ee\nfour"]], tail.end)));
    expect(lines(view)).toEqual(["one", "two", "three", "four"]);
    expect([...view.node.querySelectorAll(".na-line")].slice(0, 2)).toEqual(before);
  });

  test("a progress bar that redraws itself stays one line", () => {
    const view = new LogView();
    let tail = log();
    for (const percent of [10, 20, 30]) {
      tail = append(tail, log([["stderr", `\r${percent}%`]], tail.end));
      view.update(tail);
    }
    expect(lines(view)).toEqual(["30%"]);
  });

  test("keeps LINES_SHOWN lines and says how many came before", () => {
    const view = new LogView();
    view.update(log([["stdout", numbered(LINES_SHOWN)]]));
    expect(seen(view.node, ".na-earlier")).toBe("");
    view.update(log([["stdout", numbered(LINES_SHOWN + 312)]]));
    expect(lines(view)).toHaveLength(LINES_SHOWN);
    expect(lines(view)[0]).toBe("line 312");
    expect(seen(view.node, ".na-earlier")).toBe("… 312 earlier lines");
  });

  test("a burst far beyond the window counts every line it skips", () => {
    const view = new LogView();
    view.update(log([["stdout", numbered(7 * LINES_SHOWN + 5)]]));
    expect(lines(view)).toHaveLength(LINES_SHOWN);
    expect(lines(view).at(-1)).toBe(`line ${7 * LINES_SHOWN + 4}`);
    expect(seen(view.node, ".na-earlier")).toBe("… 12,005 earlier lines");
  });

  test("says how much came before what it was given", () => {
    const view = new LogView();
    view.update({ ...log([["stdout", "x\n"]], 48_000), dropped: 48_000 });
    const note = "… 48 k characters of earlier output not shown";
    expect(text(view.node, ".na-earlier")).toBe(note);
  });

  test("does not count as missing what it has drawn itself", () => {
    const view = new LogView();
    view.update(log([["stdout", "one\n"]]));
    view.update({ ...log([["stdout", "e\ntwo\n"]], 2), dropped: 2 });
    expect(lines(view)).toEqual(["one", "two"]);
    expect(seen(view.node, ".na-earlier")).toBe("");
  });

  test("starts afresh when the log was replaced by another one", () => {
    const view = new LogView();
    view.update(log([["stdout", "old output\n"]]));
    view.update(log([["stdout", "new\n"]]));
    expect(lines(view)).toEqual(["new"]);
    view.update(log([["stdout", "far\n"]], 1000));
    expect(lines(view)).toEqual(["far"]);
  });

  test("a result begins a line of its own", () => {
    const view = new LogView();
    const tail = log([
      ["stdout", "no newline"],
      ["result", "[1,\n 2]"],
    ]);
    view.update(tail);
    expect(lines(view)).toEqual(["no newline", "[1,", " 2]"]);
  });

  test("a traceback is folded under the line with its error", () => {
    const view = new LogView();
    const tail = log([
      ["stdout", "start"],
      ["error", TRACEBACK],
    ]);
    view.update(tail);
    const trace = view.node.querySelector("details") as HTMLDetailsElement;
    expect(trace.open).toBe(false);
    expect(text(trace, ".na-trace-line")).toBe(
      "UnicodeDecodeError: invalid start byte",
    );
    expect(text(trace, "pre")).toBe(TRACEBACK);
    expect(view.hasTrace).toBe(true);
  });

  test("a traceback may come in parts; another one gets its own fold", () => {
    const view = new LogView();
    const half = TRACEBACK.length / 2;
    view.update(
      log([
        ["error", TRACEBACK.slice(0, half)],
        ["error", TRACEBACK.slice(half)],
        ["error", "Traceback (most recent call last):\nKeyError: 'a'\n"],
      ]),
    );
    const named = [...view.node.querySelectorAll(".na-trace-line")];
    expect(named.map((node) => node.textContent)).toEqual([
      "UnicodeDecodeError: invalid start byte",
      "KeyError: 'a'",
    ]);
  });
});

describe("errorLine", () => {
  test.each([
    ["ValueError: x\nError in item 3", "ValueError: x"],
    ["Traceback (most recent call last):\nmy.mod.Oops: bad", "my.mod.Oops: bad"],
    [
      'Traceback (most recent call last):\n  File "a"\nOops: bad\nin item 3',
      "Oops: bad",
    ],
    [
      "  + Exception Group Traceback (most recent call last):\n" +
        "  | ExceptionGroup: 2 errors (2 sub-exceptions)\n" +
        "  +-+---------------- 1 ----------------\n    | ValueError: a\n",
      "ExceptionGroup: 2 errors (2 sub-exceptions)",
    ],
    [
      "-----------\nKeyError      Traceback (most recent call last)\nCell In[1], line 1\n" +
        "----> 1 d['a']\n\nKeyError: 'a'",
      "KeyError: 'a'",
    ],
    ["", "error"],
  ])("names the exception, not the notes below it: %j", (traceback, line) => {
    expect(errorLine(traceback)).toBe(line);
  });
});
