/** The time slider with its buttons: back, play, how fast, where, live, export. */

import { h, setAttribute, setHidden, setText } from "../dom";
import { button, control, make, on, onKeys } from "../make";
import type { EventStore, Speed } from "./store";
import { fineClock } from "./time";

const SPEEDS = ["0.25", "0.5", "1", "2", "5", "10", "25", "100", "fit"];

/** The slider is divided into so many parts; the page's own cannot count in floats. */
const PARTS = 100_000;

export interface Wishes {
  /** A person moves the moment here. */
  moved(): void;
  /** The filter, which says what an event is for the arrow keys. */
  filter(): string;
  export(): void;
}

export interface Transport {
  readonly node: HTMLElement;
  paint(gone: boolean): void;
  focusExport(): void;
}

export function transport(store: EventStore, wishes: Wishes): Transport {
  /** While the slider is held, its ends stay where they are. */
  let held: [began: number, ended: number] | null = null;
  const back = button("❙◀", "back to the start", () => go(store.began));
  const play = button("▶", "play", toggle);
  const speed = control("select", "na-input na-speed", { "aria-label": "speed" });
  const attributes = { type: "range", max: `${PARTS}`, "aria-label": "moment" };
  const range = control("input", "na-range", attributes);
  const marks = marksView();
  const here = h("span");
  const all = h("span", "na-dim");
  const live = button("live", "follow the end", () => go(null));
  const save = button("export", "write this recording to a file", wishes.export);
  const why = { title: "The kernel has ended; what it showed last stays." };
  const lost = make("span", "na-gone-word na-dim", why, "kernel gone");

  for (const value of SPEEDS) {
    const words = value === "fit" ? "fit in 10 s" : `${value}×`;
    speed.append(make("option", "", { value }, words));
  }
  speed.value = store.memory.speed ?? "1";
  const ends = (): [number, number] => held ?? [store.began, store.ended];

  // -- what a person does

  function wanted(): Speed {
    return speed.value === "fit" ? "fit" : Number(speed.value);
  }

  function toggle(): void {
    if (store.playing) store.pause();
    else store.play(wanted());
    wishes.moved();
  }

  function go(at: number | null): void {
    store.move(at);
    wishes.moved();
  }

  function step(by: 1 | -1): void {
    store.step(by, wishes.filter());
    wishes.moved();
  }

  function seek(): void {
    const [began, ended] = ends();
    const share = Number(range.value) / PARTS;
    // Held at the very end, it follows what goes on.
    const end = share >= 1 && store.head.live;
    go(end ? null : began + share * (ended - began));
  }

  on(range, "input", seek);
  on(range, "pointerdown", () => {
    held = ends();
  });
  on(range, "pointerup pointercancel blur", () => {
    held = null;
  });
  on(speed, "change", () => {
    store.memory.speed = speed.value;
    if (store.playing) store.play(wanted());
  });
  onKeys(range, (key) => {
    const { began, ended } = store;
    const at = store.moment ?? ended;
    const page = (ended - began) / 20;
    if (key === "ArrowRight" || key === "ArrowUp") step(1);
    else if (key === "ArrowLeft" || key === "ArrowDown") step(-1);
    else if (key === "PageUp") go(at + page < ended ? at + page : null);
    else if (key === "PageDown") go(at - page);
    else if (key === "Home") go(began);
    else if (key === "End") go(null);
    else if (key === " ") toggle();
    else return false;
    return true;
  });

  // -- drawing

  function paint(gone: boolean): void {
    const { head, moment, playing } = store;
    const [began, ended] = ends();
    const at = moment ?? ended;
    const share = ended > began ? (at - began) / (ended - began) : 1;
    range.value = `${Math.round(share * PARTS)}`;
    range.style.setProperty("--na-share", `${(100 * share).toFixed(2)}%`);
    const [now, end] = [fineClock(at), fineClock(ended)];
    setText(here, now);
    setText(all, ` / ${end}`);
    const where = moment !== null ? "" : head.live ? "live, " : "at the end, ";
    setAttribute(range, "aria-valuetext", `${where}${now} of ${end}`);
    setText(play, playing ? "❚❚" : "▶");
    setAttribute(play, "aria-label", playing ? "pause" : "play");
    setText(live, head.live ? "live" : "end");
    setAttribute(live, "aria-pressed", String(moment === null));
    range.disabled = head.ended === null;
    for (const one of [back, play, save]) one.disabled = range.disabled || gone;
    live.disabled = speed.disabled = gone;
    setHidden(lost, !gone);
    marks.paint(head.marks, began, ended);
  }

  const track = h("span", "na-track", marks.node, range);
  const times = h("span", "na-times", here, all);
  const parts = [back, play, speed, track, times, lost, live, save];
  return {
    node: make(
      "div",
      "na-transport",
      { role: "group", "aria-label": "time" },
      ...parts,
    ),
    paint,
    focusExport: () => save.focus({ preventScroll: true }),
  };
}

/** Small marks above the slider where something failed, or held the loop. */
function marksView() {
  let drawn = "";
  const node = make("span", "na-marks", {
    title: "something failed, or held the loop",
  });
  return {
    node,
    paint(marks: number[], began: number, ended: number): void {
      const scale = 100 / Math.max(ended - began, 1e-9);
      const places = marks.map((at) => ((at - began) * scale).toFixed(1));
      const key = places.join();
      if (key === drawn) return;
      drawn = key;
      const draw = (place: string) => make("i", "", { style: `left:${place}%` });
      node.replaceChildren(...places.map(draw));
    },
  };
}
