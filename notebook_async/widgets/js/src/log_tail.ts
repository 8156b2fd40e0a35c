/** The log of one model: appended by messages, bounded, shared by all its views. */

import { dropFirst, lengthOf } from "./code_points";
import { post } from "./host";
import {
  type Chunk,
  type LogMessage,
  type LogTail,
  type PanelModel,
  readLog,
} from "./model";

/** Characters kept on the model. */
export const TAIL_LIMIT = 1_000_000;

/** Chunks of one stream grow up to this length, so that many small prints stay few. */
const CHUNK_LENGTH = 8192;

/** Early messages kept while a missing part is on its way. */
const EARLY_LIMIT = 64;

/** Append what `message` brings; its `start` must be the tail's `end`.
 *
 * The list of chunks is reused, not copied: the cost is that of the new text.
 */
export function append(tail: LogTail, message: LogTail): LogTail {
  const chunks = tail.chunks;
  for (const [stream, text] of message.chunks) {
    const last = chunks[chunks.length - 1];
    const merges =
      last?.[0] === stream && stream !== "error" && last[1].length < CHUNK_LENGTH;
    if (merges) chunks[chunks.length - 1] = [stream, last[1] + text];
    else chunks.push([stream, text]);
  }
  const dropped = Math.max(tail.dropped, message.dropped ?? 0);
  return trim({ start: tail.start, end: message.end, chunks, dropped });
}

function trim(tail: LogTail): LogTail {
  let excess = tail.end - tail.start - TAIL_LIMIT;
  if (excess <= 0) return tail;
  const start = tail.start + excess;
  let whole = 0;
  for (const [, text] of tail.chunks) {
    const length = lengthOf(text);
    if (length > excess) break;
    excess -= length;
    whole += 1;
  }
  tail.chunks.splice(0, whole);
  const first = tail.chunks[0];
  if (first) tail.chunks[0] = [first[0], dropFirst(first[1], excess)];
  return { ...tail, start, dropped: tail.dropped + start - tail.start };
}

/** The chunks of `tail` from the absolute offset `from` on, in order. */
export function chunksFrom(tail: LogTail, from: number): Chunk[] {
  const found: Chunk[] = [];
  let missing = tail.end - Math.max(from, tail.start);
  for (let i = tail.chunks.length - 1; i >= 0 && missing > 0; i--) {
    const [stream, text] = tail.chunks[i] as Chunk;
    const surplus = Math.max(0, lengthOf(text) - missing);
    found.push([stream, surplus ? dropFirst(text, surplus) : text]);
    missing -= lengthOf(text);
  }
  return found.reverse();
}

function isLogMessage(message: unknown): message is LogMessage {
  const { type, start, end, chunks } = (message ?? {}) as Partial<LogMessage>;
  return (
    type === "log" &&
    Number.isInteger(start) &&
    Number.isInteger(end) &&
    Array.isArray(chunks)
  );
}

/** Keep the model's `log` up to date from its messages; returns the way to stop.
 *
 * `log` is set and never saved: the kernel has it already. A message may overtake
 * the whole log it follows (traits are unpacked asynchronously), so early ones are
 * kept and tried again.
 */
export function keepTail(model: PanelModel): () => void {
  let early: LogMessage[] = [];
  let asked = false;

  const take = (message: LogMessage): void => {
    const tail = readLog(model);
    if (message.start === tail.end) model.set("log", append(tail, message));
    if (message.start <= tail.end) return;
    early = [...early.slice(1 - EARLY_LIMIT), message];
    if (!asked) asked = post(model, { type: "resync" });
  };
  const onMessage = (message?: unknown): void => {
    if (isLogMessage(message)) take(message);
  };
  const onLog = (): void => {
    asked = false;
    const { end } = readLog(model);
    const next = early.find((message) => message.start === end);
    early = early.filter((message) => message.start > end);
    if (next) take(next);
  };

  model.on("msg:custom", onMessage);
  model.on("change:log", onLog);
  return () => {
    model.off("msg:custom", onMessage);
    model.off("change:log", onLog);
  };
}
