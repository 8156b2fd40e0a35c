/** What is known of one step, below the picture: its last calls and how long they took. */

import { glyph, h, scrollable, setText, suppressShortcuts } from "../dom";
import { clock, count } from "../format";
import { button } from "../make";
import type { NodeLook } from "./look";
import type { Call, Details, DetailsMessage, SceneNode } from "./model";
import { duration, GLYPHS } from "./words";

/** While they are shown they are asked for anew so often, at most. */
export const REFRESH_MS = 1000;

/** Characters of a value that are shown unfolded. */
export const UNFOLDED = 110;

export class DetailsView {
  readonly node: HTMLElement;
  readonly #glyph = glyph("");
  readonly #name = h("b", "na-title");
  readonly #line = h("span", "na-g-counts na-dim");
  readonly #timing = h("span", "na-meta na-dim");
  readonly #what = h("div", "na-dim na-g-what");
  readonly #questions = h("div", "na-g-questions");
  readonly #calls = h("ul", "na-g-calls");
  readonly #note = h("div", "na-dim na-g-note");
  readonly #shown = new Map<string, HTMLElement>();

  constructor(close: () => void) {
    const end = button([glyph("✕")], "close the details", close);
    end.title = "close (Escape)";
    const head = h("div", "na-g-details-head", this.#glyph, this.#name, this.#line);
    head.append(h("span", "na-spacer"), this.#timing, end);
    const body = scrollable(h("div", "na-g-details-body"), "last calls");
    body.append(this.#what, this.#questions, this.#calls, this.#note);
    this.node = h("section", "na-g-details", head, body);
    this.node.hidden = true;
  }

  /** Show another step; its calls are to follow. */
  open(node: SceneNode, look: NodeLook): void {
    this.node.setAttribute("aria-label", `details of ${node.label}`);
    setText(this.#name, node.label);
    for (const part of [this.#what, this.#timing, this.#note]) setText(part, "");
    this.#questions.replaceChildren();
    this.#calls.replaceChildren();
    this.#shown.clear();
    this.update(look);
    this.node.hidden = false;
  }

  /** The numbers of the step, which the panel knows by itself. */
  update(look: NodeLook): void {
    setText(this.#glyph, look.glyph);
    this.#glyph.dataset.phase = look.phase;
    setText(this.#line, look.name.slice(look.label.length + 2));
  }

  /** What the kernel has answered; null: nothing. */
  answer(message: DetailsMessage | null): void {
    if (!message) {
      setText(
        this.#note,
        "The kernel does not answer, so there are no values to show.",
      );
      return;
    }
    setText(this.#what, message.what ?? "");
    const details = message.details;
    if (!details) {
      setText(this.#note, message.error ?? "");
      return;
    }
    const { timing, calls, questions } = details;
    setText(this.#timing, timing ? timed(timing) : "");
    this.#questions.replaceChildren(
      ...questions.map((text) => h("div", "na-g-question", glyph("?"), text)),
    );
    this.#setCalls(calls);
    setText(this.#note, calls.length ? "" : "No call of this step has been seen yet.");
  }

  /** Rows that say the same stay, so that what was unfolded stays unfolded. */
  #setCalls(calls: Call[]): void {
    const keys = calls.map((call) => `${call.began} ${call.attempt} ${call.given}`);
    const old = new Map(this.#shown);
    this.#shown.clear();
    const rows = calls.map((call, i) => {
      const key = keys[i] as string;
      const said = JSON.stringify({ ...call, seconds: settled(call) });
      const before = old.get(key);
      const row = before?.dataset.said === said ? before : callRow(call);
      row.dataset.said = said;
      const time = row.querySelector(".na-g-time");
      if (time) setText(time, when(call));
      this.#shown.set(key, row);
      return row;
    });
    const same = rows.every((row, i) => this.#calls.children[i] === row);
    if (!same || this.#calls.children.length !== rows.length)
      this.#calls.replaceChildren(...rows);
  }
}

/** How long a call took that has ended; one that runs takes longer each time. */
function settled(call: Call): number | null {
  return call.phase === "running" || call.phase === "waiting" ? null : call.seconds;
}

function timed({ calls, mean, longest }: NonNullable<Details["timing"]>): string {
  const number = `${count(calls)} ${calls === 1 ? "call" : "calls"}`;
  if (calls === 1) return `${number}, ${duration(mean, clock)}`;
  return `${number}, ${duration(mean, clock)} each, ${duration(longest, clock)} at most`;
}

function when(call: Call): string {
  const took = call.seconds === null ? "" : duration(call.seconds, clock);
  return call.began === null ? took : `${clock(call.began)} · ${took}`;
}

function callRow(call: Call): HTMLElement {
  const sign = glyph(GLYPHS[call.phase] ?? "");
  sign.dataset.phase = call.phase;
  const words = [call.phase, call.attempt > 1 ? `attempt ${count(call.attempt)}` : ""];
  const state = h("span", "na-g-state", sign, words.filter(Boolean).join(", "));
  const row = h("li", "na-g-call", state, h("span", "na-g-time na-dim"));
  const values = h("div", "na-g-values");
  if (call.given !== null) values.append(value("in", call.given));
  if (call.returned !== null) values.append(value("out", call.returned));
  if (call.error !== null) values.append(value("error", call.error));
  row.append(values);
  return row;
}

function value(kind: "in" | "out" | "error", text: string): HTMLElement {
  const label = h("span", "na-g-kind na-dim", kind);
  if (text.length <= UNFOLDED && !text.includes("\n"))
    return h("div", `na-g-value na-g-${kind}`, label, h("code", "", text));
  const summary = suppressShortcuts(h("summary", "na-summary"));
  const lines = text.trimEnd().split("\n");
  // Of a traceback the last line says what it is about.
  const line = (kind === "error" ? lines.at(-1) : lines[0]) ?? "";
  const short = line.length > UNFOLDED ? `${line.slice(0, UNFOLDED)}…` : line;
  summary.append(label, h("code", "", short));
  const fold = h("details", "", summary, h("pre", "", text));
  return h("div", `na-g-value na-g-${kind}`, fold);
}
