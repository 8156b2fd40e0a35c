/** Offsets come from Python, which counts code points where JavaScript counts halves. */

const PAIR = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;

export function lengthOf(text: string): number {
  return text.length - (text.match(PAIR)?.length ?? 0);
}

/** `text` without its first `n` code points. */
export function dropFirst(text: string, n: number): string {
  if (lengthOf(text) === text.length) return text.slice(n);
  return Array.from(text).slice(n).join("");
}
