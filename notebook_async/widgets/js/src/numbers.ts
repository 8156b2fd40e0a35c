/** The line of numbers under the bar. It is always there, so that nothing jumps. */

import { glyph, h, setAttribute, setHidden, setText } from "./dom";
import { count, rate, remaining } from "./format";
import { type Counts, isLive, type Phase, type View } from "./model";
import { asks, GLYPHS, hasCounts, stateWord, WORDS } from "./wording";

class Stat {
  readonly node: HTMLElement;
  readonly #number = document.createTextNode("");
  readonly #word = h("span", "na-word");
  readonly #room = h("span", "na-room");

  constructor(kind: string, sign: string) {
    this.#room.setAttribute("aria-hidden", "true");
    this.node = h("span", `na-stat na-${kind}`, glyph(sign), this.#number);
    this.node.append(this.#word, this.#room);
  }

  /** Show `n`, leaving room for as many digits as `most` has. */
  update(n: number, word: string, most = n): void {
    const shown = count(n);
    setText(this.#number, shown);
    setText(this.#word, ` ${word}`);
    setText(this.#room, count(most).slice(0, -shown.length));
    setHidden(this.node, false);
  }
}

export class Numbers {
  readonly node = h("div", "na-numbers");
  readonly #name = h("span", "na-run-desc na-dim");
  readonly #state = h("span", "na-stat");
  readonly #stats = {
    done: new Stat("done", GLYPHS.done),
    failed: new Stat("failed", GLYPHS.failed),
    running: new Stat("running", GLYPHS.running),
    waiting: new Stat("waiting", GLYPHS.queued),
    retried: new Stat("retried", "↻"),
  };
  readonly #total = h("span", "na-stat na-dim");
  readonly #pace = h("span", "na-pace na-dim");

  constructor() {
    const stats = Object.values(this.#stats).map((stat) => stat.node);
    const counts = h(
      "span",
      "na-counts",
      this.#name,
      this.#state,
      ...stats,
      this.#total,
    );
    this.node.append(counts, this.#pace);
    for (const node of stats) node.hidden = true;
  }

  update(view: View, gone: boolean): void {
    const { bar, phase } = view;
    const name = singleName(view);
    setText(this.#name, name);
    setAttribute(this.#name, "title", name || null);
    setHidden(this.#name, name === "");
    const asked = asks(view);
    const counted = hasCounts(asked ? { ...bar, waiting: 0 } : bar);
    // Counts tell every state but this one.
    setHidden(this.#state, counted && phase !== "cancelled" && !asked);
    const state = asked
      ? `${count(bar.waiting)} ${stateWord(view, bar.waiting)}`
      : WORDS[phase];
    setText(this.#state, gone && isLive(phase) ? "stopped" : state);
    this.#state.className = `na-stat na-${phase}`;
    this.#updateStats(bar, phase, counted);
    setHidden(this.#total, bar.total === null);
    setText(this.#total, bar.total === null ? "" : `of ${count(bar.total)}`);
    setText(this.#pace, gone ? "" : pace(bar, phase));
  }

  #updateStats(bar: Counts, phase: Phase, counted: boolean): void {
    const stats = this.#stats;
    const most = isLive(phase) ? Math.max(bar.total ?? 0, bar.done) : bar.done;
    // A number that came to 0 stays until the end: its neighbours keep their places.
    const wanted = (stat: Stat, n: number) =>
      counted && (n > 0 || (isLive(phase) && !stat.node.hidden));
    const set = (stat: Stat, n: number, word: string) =>
      wanted(stat, n) ? stat.update(n, word) : setHidden(stat.node, true);
    if (counted) stats.done.update(bar.done, "done", most);
    else setHidden(stats.done.node, true);
    set(stats.failed, bar.failed, "failed");
    set(stats.running, bar.running, "running");
    set(stats.waiting, bar.waiting, "waiting");
    set(stats.retried, bar.retried, "retried");
    const shown = Object.values(stats).filter((stat) => !stat.node.hidden).length;
    // The name takes as much room as two of them.
    this.node.classList.toggle("na-many", shown + (this.#name.hidden ? 0 : 2) > 4);
  }
}

/** What the only run does, where that says more than the title. */
function singleName({ runs, title }: View): string {
  const [run] = runs;
  return run && runs.length === 1 && ![run.id, title].includes(run.desc)
    ? run.desc
    : "";
}

function pace(bar: Counts, phase: Phase): string {
  const parts: string[] = [];
  if (bar.rate !== null) parts.push(rate(bar.rate));
  if (bar.eta !== null && isLive(phase)) parts.push(`${remaining(bar.eta)} left`);
  return parts.join(" · ");
}
