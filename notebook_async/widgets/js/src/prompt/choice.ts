/** One of some options, or some of them: all in sight, or in a menu. */

import { h } from "../dom";
import { control, make } from "../make";
import { type Context, type Control, empty } from "./control";
import type { FieldData, Plain } from "./model";
import { searchControl } from "./search";

const MOST_RADIOS = 5;
const MOST_SHOWN = 11;

/** What stands for no answer, where that is one. */
export const NOTHING = "none of these";

export function choiceControl(field: FieldData, context: Context): Control {
  const options = field.options ?? [];
  if (options.length > MOST_SHOWN) return searchControl(field, context);
  if (field.many) return boxes(field, options, context);
  if (options.length > MOST_RADIOS) return menu(field, options, context);
  return radios(field, options, context);
}

/** Yes or no: a box where one of them is there already. */
export function booleanControl(field: FieldData, context: Context): Control {
  if (typeof field.default === "boolean" && !field.optional) return box(field, context);
  const options = radios({ ...field, default: null }, ["yes", "no"], context);
  return {
    ...options,
    read() {
      const answer = options.read();
      return typeof answer === "string" ? answer === "yes" : answer;
    },
    write(value) {
      options.write(typeof value === "boolean" ? (value ? "yes" : "no") : value);
    },
  };
}

function box(field: FieldData, context: Context): Control {
  const input = control("input", "na-box", { type: "checkbox", id: context.id() });
  input.addEventListener("change", context.changed);
  return {
    node: h("span", "na-line-box", input),
    target: input,
    read: () => input.checked,
    write(value) {
      input.checked = (value ?? field.default) === true;
    },
    focus: () => input.focus({ preventScroll: true }),
  };
}

/** The answer that no option stands for. */
function noAnswer(field: FieldData): Plain | undefined {
  return empty(field, null);
}

function radios(field: FieldData, options: string[], context: Context): Control {
  const name = context.id();
  const node = make("div", "na-options", { role: "radiogroup" });
  const inputs: HTMLInputElement[] = [];
  const listed = field.optional ? [...options, NOTHING] : options;
  listed.forEach((option, i) => {
    const input = control("input", "na-box", { type: "radio", name });
    inputs.push(input);
    const words = h("span", i < options.length ? "" : "na-dim", option);
    node.append(h("label", "na-option", input, words));
  });
  node.addEventListener("change", context.changed);
  node.addEventListener("keydown", (event) => {
    const input = inputs[Number(event.key) - 1];
    if (!input || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    input.checked = true;
    input.focus({ preventScroll: true });
    context.changed();
  });
  return {
    node,
    target: node,
    several: true,
    read() {
      const i = inputs.findIndex((input) => input.checked);
      return i < 0 || i >= options.length ? noAnswer(field) : (options[i] as string);
    },
    write(value) {
      const i = typeof value === "string" ? options.indexOf(value) : -1;
      const chosen = i < 0 && field.optional ? options.length : i;
      inputs.forEach((input, k) => {
        input.checked = k === chosen;
      });
    },
    focus() {
      const input = inputs.find((each) => each.checked) ?? inputs[0];
      input?.focus({ preventScroll: true });
    },
  };
}

function boxes(field: FieldData, options: string[], context: Context): Control {
  const node = make("div", "na-options na-many-options", { role: "group" });
  const inputs = options.map((option) => {
    const input = control("input", "na-box", { type: "checkbox" });
    node.append(h("label", "na-option", input, h("span", "", option)));
    return input;
  });
  node.addEventListener("change", context.changed);
  return {
    node,
    target: node,
    several: true,
    read() {
      const chosen = options.filter((_, i) => inputs[i]?.checked);
      return chosen.length > 0 || field.default ? chosen : empty(field, []);
    },
    write(value) {
      const chosen = Array.isArray(value) ? value : [];
      inputs.forEach((input, i) => {
        input.checked = chosen.includes(options[i] as string);
      });
    },
    focus: () => inputs[0]?.focus({ preventScroll: true }),
  };
}

function menu(field: FieldData, options: string[], context: Context): Control {
  const node = control("select", "na-input", { id: context.id() });
  const first = field.optional ? NOTHING : "choose one …";
  const none = make("option", "", { value: "" }, first);
  none.disabled = !field.optional;
  const rows = options.map((option, i) =>
    make("option", "", { value: `${i}` }, option),
  );
  node.append(none, ...rows);
  node.addEventListener("change", context.changed);
  return {
    node,
    target: node,
    read() {
      return node.value === ""
        ? noAnswer(field)
        : (options[Number(node.value)] as string);
    },
    write(value) {
      const i = typeof value === "string" ? options.indexOf(value) : -1;
      node.value = i < 0 ? "" : `${i}`;
    },
    focus: () => node.focus({ preventScroll: true }),
  };
}
