/** An opened row: all fields of its record, what is long folded. */

import { h } from "../dom";
import { count } from "../format";
import { button, control, make } from "../make";
import type { Field } from "./model";

/** Characters above which a value is folded. */
const LONG = 160;

export interface FieldsView {
  readonly node: HTMLElement;
  say(words: string): void;
  show(fields: Field[]): void;
}

export function fieldsView(seek: () => void): FieldsView {
  const list = h("dl", "na-fields-list");
  const words = "go to this moment";
  const parts = [list, button(words, words, seek)];
  const say = (told: string): void => list.replaceChildren(h("dt", "na-dim", told));
  say("…");
  return {
    node: make("div", "na-fields", { role: "group" }, ...parts),
    say,
    show: (fields) => list.replaceChildren(...fields.map(drawField)),
  };
}

function drawField([name, value]: Field): HTMLElement {
  const long = value.length > LONG || value.includes("\n");
  const text = h("dd", "", long ? folded(value) : value);
  return h("div", long ? "na-wide" : "", h("dt", "na-dim", name), text);
}

function folded(value: string): HTMLElement {
  const line = value.replace(/\s+/g, " ").slice(0, 100);
  const size = h("span", "na-dim", ` … ${count(value.length)} characters`);
  const summary = control("summary", "na-summary", {}, line, size);
  return h("details", "", summary, h("pre", "na-fields-long", value));
}
