/** Plain text with carriage returns, as lines: what a terminal would show. */

import type { Stream } from "./model";

export interface Piece {
  stream: Stream;
  text: string;
}

/** A line of output: usually one piece, more when streams mix. */
export type Line = Piece[];

/** A line is broken here, so that re-drawing the last one stays cheap. */
export const LINE_LIMIT = 4000;

export class LineBuffer {
  /** The unfinished last line. */
  current: Line = [];
  #column = 0;
  #length = 0;
  readonly #finish: (line: Line) => void;

  constructor(finish: (line: Line) => void) {
    this.#finish = finish;
  }

  write(stream: Stream, text: string): void {
    let from = 0;
    for (const { index, 0: mark } of text.matchAll(/[\r\n]/g)) {
      this.#put(stream, text.slice(from, index));
      if (mark === "\n") this.#break();
      else this.#column = 0;
      from = index + 1;
    }
    this.#put(stream, text.slice(from));
  }

  /** End the current line, unless it is empty. */
  freshLine(): void {
    if (this.#length > 0) this.#break();
  }

  #break(): void {
    const line = this.current;
    this.current = [];
    this.#column = 0;
    this.#length = 0;
    this.#finish(line);
  }

  #put(stream: Stream, text: string): void {
    let rest = text;
    while (rest !== "") {
      if (this.#column >= LINE_LIMIT) this.#break();
      const part = rest.slice(0, LINE_LIMIT - this.#column);
      this.#overlay({ stream, text: part });
      rest = rest.slice(part.length);
    }
  }

  /** Write over what stands at the column; what is longer than the new text stays. */
  #overlay(piece: Piece): void {
    const end = this.#column + piece.text.length;
    const before = cut(this.current, 0, this.#column);
    const after = end < this.#length ? cut(this.current, end, this.#length) : [];
    this.current = join([...before, piece, ...after]);
    this.#column = end;
    this.#length = Math.max(this.#length, end);
  }
}

function cut(line: Line, from: number, to: number): Line {
  const kept: Line = [];
  let at = 0;
  for (const { stream, text } of line) {
    const part = text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (part) kept.push({ stream, text: part });
    at += text.length;
  }
  return kept;
}

function join(line: Line): Line {
  const joined: Line = [];
  for (const piece of line) {
    const last = joined[joined.length - 1];
    if (last?.stream === piece.stream) last.text += piece.text;
    else joined.push({ ...piece });
  }
  return joined;
}
