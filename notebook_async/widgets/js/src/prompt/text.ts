/** Fields of one line, or of more: texts, numbers, dates, paths, secrets. */

import { setAttribute } from "../dom";
import { control } from "../make";
import { type Context, type Control, empty, words } from "./control";
import type { FieldData, Plain } from "./model";

/** A text that may be so long deserves some lines. */
const LONG = 200;
const MOST_LINES = 10;

const TYPES: Record<string, string> = {
  integer: "number",
  number: "number",
  date: "date",
  datetime: "datetime-local",
  time: "time",
};

/** What the browser's own field can show of such a moment. */
const MOMENTS: Record<string, RegExp> = {
  date: /^\d{4}-\d\d-\d\d$/,
  datetime: /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/,
  time: /^\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/,
};
const HINTS: Record<string, string> = {
  date: "2024-12-31",
  datetime: "2024-12-31 18:30",
  time: "18:30",
  path: "/folder/file",
};
const INCOMPLETE: Record<string, string> = {
  integer: "must be a whole number",
  number: "must be a number",
};

type Input = HTMLInputElement | HTMLTextAreaElement;

export function textControl(field: FieldData, context: Context): Control {
  const multiline = field.kind === "text" && !field.secret;
  const input: Input = multiline ? area(field) : line(field);
  input.id = context.id();
  if (field.placeholder) input.placeholder = field.placeholder;
  const adjust = (): void => {
    if (multiline) fitLines(input as HTMLTextAreaElement, field);
  };
  input.addEventListener("input", () => {
    adjust();
    context.changed();
  });
  return {
    node: input,
    target: input,
    read() {
      // A number goes as its digits: some have more than JavaScript's own can hold.
      return input.value === "" ? empty(field, "") : input.value;
    },
    write(value) {
      writeInto(input, field, value);
      adjust();
    },
    problem() {
      if (!input.validity?.badInput) return null;
      return INCOMPLETE[field.kind] ?? "is not complete";
    },
    focus() {
      input.focus({ preventScroll: true });
      if (!input.value.includes("\n")) input.select();
    },
    refused() {
      // It may want what the browser's own field cannot give, such as a time zone.
      if (field.kind === "datetime") toText(input as HTMLInputElement, field);
    },
  };
}

/** Whether Enter makes a new line in it. */
export function isMultiline(node: EventTarget | null): boolean {
  return (
    node instanceof HTMLTextAreaElement &&
    (node.dataset.lines === "many" || node.value.includes("\n"))
  );
}

function area(field: FieldData): HTMLTextAreaElement {
  const node = control("textarea", "na-input", { rows: "1", spellcheck: "false" });
  const text = words(field.default);
  const long = (field.max_length ?? 0) >= LONG || (field.min_length ?? 0) >= LONG;
  if (long || text.includes("\n")) node.dataset.lines = "many";
  return node;
}

function fitLines(node: HTMLTextAreaElement, field: FieldData): void {
  const least = node.dataset.lines === "many" ? 3 : 1;
  const lines = node.value.split("\n").length;
  node.rows = Math.min(MOST_LINES, Math.max(least, lines));
  if (field.max_length && node.value.length > field.max_length)
    setAttribute(node, "data-long", "true");
  else node.removeAttribute("data-long");
}

function line(field: FieldData): HTMLInputElement {
  const type = field.secret ? "password" : (TYPES[field.kind] ?? "text");
  const node = control("input", `na-input na-input-${field.kind}`, {
    type,
    autocomplete: field.secret ? "new-password" : "off",
    spellcheck: "false",
  });
  if (type === "number") setBounds(node, field);
  else if (field.kind in MOMENTS) {
    if (field.minimum !== undefined) node.min = String(field.minimum);
    if (field.maximum !== undefined) node.max = String(field.maximum);
  } else if (field.kind === "path") node.placeholder = HINTS.path as string;
  return node;
}

function setBounds(node: HTMLInputElement, field: FieldData): void {
  const whole = field.kind === "integer";
  node.step = String(field.multiple_of ?? (whole ? 1 : "any"));
  node.inputMode = whole && Number(field.minimum ?? -1) >= 0 ? "numeric" : "decimal";
  const least = field.minimum ?? (whole ? next(field.above, 1) : undefined);
  const most = field.maximum ?? (whole ? next(field.below, -1) : undefined);
  if (least !== undefined) node.min = String(least);
  if (most !== undefined) node.max = String(most);
}

function next(bound: number | string | undefined, by: number): number | undefined {
  return bound === undefined ? undefined : Number(bound) + by;
}

function writeInto(input: Input, field: FieldData, value: Plain | undefined): void {
  let text = words(value);
  const moment = MOMENTS[field.kind];
  if (moment && text && input instanceof HTMLInputElement) {
    if (!moment.test(text)) toText(input, field);
    else if (field.kind === "datetime") text = text.replace(" ", "T");
    // Without it the browser's field has no place for seconds.
    if (/:\d\d:\d\d/.test(text)) input.step = text.includes(".") ? "any" : "1";
  }
  if (input.type === "number" && text && Number.isNaN(Number(text)))
    toText(input as HTMLInputElement, field);
  if (input.value !== text) input.value = text;
}

function toText(input: HTMLInputElement, field: FieldData): void {
  if (input.type === "text") return;
  input.type = "text";
  input.placeholder ||= HINTS[field.kind] ?? "";
}
