/** A traceback, folded under the line that says what went wrong. */

import { glyph, h, setText, suppressShortcuts } from "./dom";

/** How a new traceback begins; any other error text continues the one before. */
const BEGINNING = /^\s*(-{5,}|Traceback \(|\+ Exception Group Traceback)/;

const EXCEPTION =
  /^[\s|+]*((?:\w+\.)*\w*(?:Error|Exception|Warning|Interrupt|Exit|Group|Cancelled|Timeout)\b.*)$/;

/** The line of a traceback that names the exception; notes may follow it. */
export function errorLine(traceback: string): string {
  const lines = traceback.split("\n").filter((line) => line.trim() !== "");
  // The first lines of IPython's tracebacks name the exception without its message.
  const named = lines.findLast(
    (line) => EXCEPTION.test(line) && !/Traceback \(/.test(line),
  );
  const outer = lines.find((line) => /^ {2}\| \S*Group: /.test(line));
  const line = outer ?? named ?? lines.findLast((line) => /^\S/.test(line));
  return (line ?? lines[0] ?? "error").replace(/^[\s|+]+/, "").trim();
}

export class Traceback {
  readonly node = h("details", "na-trace");
  readonly #line = h("span", "na-trace-line");
  readonly #text = h("pre", "na-trace-text");

  constructor(text: string) {
    const summary = suppressShortcuts(h("summary", "na-summary"));
    summary.append(glyph("✕"), this.#line, h("span", "na-fold", "traceback"));
    this.node.append(summary, this.#text);
    this.append(text);
  }

  append(text: string): void {
    this.#text.append(text);
    setText(this.#line, errorLine(this.#text.textContent ?? ""));
  }

  /** Whether `text` belongs to this traceback, rather than to a new one. */
  continues(text: string): boolean {
    return !BEGINNING.test(text);
  }
}
