/** The output of a job: follows its end, keeps few nodes, appends only what is new. */

import { h, scrollable, setHidden, setText, suppressShortcuts } from "./dom";
import { count, size } from "./format";
import { type Line, LineBuffer } from "./lines";
import { chunksFrom } from "./log_tail";
import type { LogTail } from "./model";
import { Traceback } from "./traceback";

/** Lines kept in the document. */
export const LINES_SHOWN = 2000;

/** Distance from the end, in pixels, that still counts as "at the end". */
const END_SLACK = 4;

export class LogView {
  readonly node = h("div", "na-log-box");
  readonly #box = scrollable(h("div", "na-log"), "output");
  readonly #earlier = h("div", "na-earlier");
  readonly #lines = h("div");
  readonly #toEnd = suppressShortcuts(h("button", "na-button na-to-end", "↓ latest"));
  /** Finished nodes, and the unfinished last line, which is drawn over in place. */
  #fresh: HTMLElement[] = [];
  readonly #last = h("div", "na-line");
  #buffer = this.#newBuffer();
  #trace: Traceback | null = null;
  #latest: Traceback | null = null;
  #hasTrace = false;
  #end = 0;
  #hiddenLines = 0;
  #dropped = 0;
  #following = true;

  constructor() {
    this.#toEnd.type = "button";
    this.#toEnd.title = "Go to the latest output and follow it";
    this.#box.append(this.#earlier, this.#lines, this.#last);
    this.node.append(this.#box, this.#toEnd);
    this.#toEnd.addEventListener("click", () => this.#goToEnd());
    this.#box.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    // `toggle` does not bubble: catch it on its way down.
    this.#box.addEventListener("toggle", (event) => this.#onToggle(event), true);
    this.#reset({ start: 0, end: 0, chunks: [], dropped: 0 });
  }

  /** Whether an error stands in the log, so that nobody need repeat it. */
  get hasTrace(): boolean {
    return this.#hasTrace;
  }

  /** The latest traceback, if there is one. */
  get trace(): string | null {
    return this.#latest?.text ?? null;
  }

  /** Show `tail`; only what lies beyond the last update is looked at. */
  update(tail: LogTail): void {
    if (tail.end < this.#end || tail.start > this.#end) this.#reset(tail);
    for (const [stream, text] of chunksFrom(tail, this.#end)) {
      if (stream === "error") this.#writeError(text);
      else {
        if (stream === "result" && !this.#inResult()) this.#buffer.freshLine();
        this.#trace = null;
        this.#buffer.write(stream, text);
      }
    }
    this.#end = tail.end;
    this.#flush();
  }

  #newBuffer(): LineBuffer {
    return new LineBuffer((line) => this.#push(drawLine(h("div"), line)));
  }

  #inResult(): boolean {
    return this.#buffer.current.some(({ stream }) => stream === "result");
  }

  #writeError(text: string): void {
    this.#buffer.freshLine();
    if (this.#trace?.continues(text)) {
      this.#trace.append(text);
      return;
    }
    this.#trace = this.#latest = new Traceback(text);
    this.#hasTrace = true;
    this.#push(this.#trace.node);
  }

  #push(node: HTMLElement): void {
    this.#fresh.push(node);
    // A burst longer than the window never reaches the document as a whole.
    if (this.#fresh.length < 2 * LINES_SHOWN) return;
    this.#hiddenLines += this.#fresh.length - LINES_SHOWN;
    this.#fresh = this.#fresh.slice(-LINES_SHOWN);
  }

  #flush(): void {
    this.#lines.append(...this.#fresh);
    this.#fresh = [];
    drawLine(this.#last, this.#buffer.current);
    setHidden(this.#last, this.#buffer.current.length === 0);
    for (let n = this.#lines.childElementCount - LINES_SHOWN; n > 0; n--) {
      this.#lines.firstElementChild?.remove();
      this.#hiddenLines += 1;
    }
    const parts: string[] = [];
    if (this.#dropped > 0)
      parts.push(`… ${size(this.#dropped)} of earlier output not shown`);
    if (this.#hiddenLines > 0)
      parts.push(`… ${count(this.#hiddenLines)} earlier lines`);
    setText(this.#earlier, parts.join(" "));
    setHidden(this.#earlier, parts.length === 0);
    setHidden(this.node, this.#last.hidden && !this.#lines.firstElementChild);
    if (this.#following) this.#box.scrollTop = this.#box.scrollHeight;
  }

  #reset(tail: LogTail): void {
    this.#lines.replaceChildren();
    this.#fresh = [];
    this.#buffer = this.#newBuffer();
    this.#trace = this.#latest = null;
    this.#hasTrace = false;
    this.#hiddenLines = 0;
    this.#end = tail.start;
    // What is dropped later has been drawn here already.
    this.#dropped = tail.dropped;
    this.#follow(true);
    setHidden(this.node, true);
  }

  #onScroll(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.#box;
    this.#follow(scrollTop + clientHeight >= scrollHeight - END_SLACK);
  }

  #onToggle(event: Event): void {
    const trace = event.target;
    if (!(trace instanceof HTMLDetailsElement) || !trace.open) return;
    // An opened traceback is read from its top.
    this.#box.scrollTop = trace.offsetTop - this.#box.offsetTop;
    this.#onScroll();
  }

  #follow(following: boolean): void {
    this.#following = following;
    setHidden(this.#toEnd, following);
  }

  #goToEnd(): void {
    this.#box.focus({ preventScroll: true });
    this.#follow(true);
    this.#box.scrollTop = this.#box.scrollHeight;
  }
}

function drawLine(node: HTMLElement, line: Line): HTMLElement {
  const [first] = line;
  node.className = `na-line na-${first?.stream ?? "stdout"}`;
  if (line.length <= 1) setText(node, first?.text ?? "");
  else
    node.replaceChildren(
      ...line.map(({ stream, text }) => h("span", `na-${stream}`, text)),
    );
  return node;
}
