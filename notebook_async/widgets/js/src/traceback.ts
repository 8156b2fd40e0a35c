/** A traceback, folded under the line that says what went wrong. */

import { glyph, h, setText, suppressShortcuts } from "./dom";

/** How a new traceback begins; any other error text continues the one before. */
const BEGINNING = /^\s*(-{5,}|Traceback \(|\+ Exception Group Traceback)/;

const EXCEPTION =
  /^[\s|+]*(?:\w+\.)*\w*(?:Error|Exception|Warning|Interrupt|Exit|Group|Cancelled|Timeout)(?::|$)/;

/** The line of a traceback that names the exception; notes may follow it. */
export function errorLine(traceback: string): string {
  const lines = traceback.split("\n").filter((line) => line.trim() !== "");
  const group = lines.find((line) => /^ {2}\| \S*Group: /.test(line));
  const named = lines.findLast((line) => EXCEPTION.test(line));
  // An exception with a name of its own stands below the last frame.
  const frame = lines.findLastIndex((line) => /^\s|Traceback \(/.test(line));
  const line = group ?? named ?? lines[frame + 1] ?? lines[0] ?? "error";
  return line.replace(/^[\s|+]+/, "").trim();
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

  get text(): string {
    return this.#text.textContent ?? "";
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
