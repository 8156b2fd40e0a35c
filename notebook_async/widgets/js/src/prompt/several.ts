/** Fields of fields: groups, lists and mappings. */

import { h, setHidden } from "../dom";
import { button, control, make } from "../make";
import { type Context, type Control, empty, type Part, words } from "./control";
import { type FieldData, isDict, type Plain } from "./model";

type Dict = { [name: string]: Plain };

export function groupControl(field: FieldData, context: Context): Control {
  const node = make("div", "na-group", { role: "group" });
  const fields = field.fields ?? [];
  const parts = new Map(fields.map((each) => [each.name, context.part(each)]));
  const inside = h("div", "na-fields", ...[...parts.values()].map((part) => part.node));
  const toggle = control("input", "na-box", { type: "checkbox" });
  const label = h("label", "na-option", toggle, h("span", "", "fill it in"));
  setHidden(label, !field.optional);
  node.append(label, inside);
  const open = (on: boolean): void => {
    toggle.checked = on;
    setHidden(inside, !on);
  };
  toggle.addEventListener("change", () => {
    open(toggle.checked);
    context.changed();
  });
  return {
    node,
    target: node,
    several: true,
    read: () => (toggle.checked ? readDict(parts) : empty(field, null)),
    write(value) {
      open(!field.optional || isDict(value));
      writeDict(fields, parts, value);
    },
    parts: () => (toggle.checked ? parts : new Map()),
    focus() {
      if (field.optional) toggle.focus({ preventScroll: true });
      else [...parts.values()][0]?.focus();
    },
  };
}

export function readDict(parts: Map<string, Part>): Dict {
  const found: Dict = {};
  for (const [name, part] of parts) {
    const value = part.read();
    if (value !== undefined) found[name] = value;
  }
  return found;
}

export function writeDict(
  fields: FieldData[],
  parts: Map<string, Part>,
  value: Plain | undefined,
): void {
  for (const field of fields) {
    const given = isDict(value) ? value[field.name] : undefined;
    parts.get(field.name)?.write(given === undefined ? field.default : given);
  }
}

interface Row {
  node: HTMLElement;
  key: HTMLInputElement | null;
  part: Part;
}

/** A list, or a mapping: names with a value each. */
export function listControl(field: FieldData, context: Context): Control {
  return new Several(field, context);
}

class Several implements Control {
  readonly node = make("div", "na-several", { role: "group" });
  readonly target = this.node;
  readonly several = true;
  readonly #field: FieldData;
  readonly #context: Context;
  readonly #named: boolean;
  readonly #list = h("div", "na-rows");
  readonly #add: HTMLButtonElement;
  #rows: Row[] = [];

  constructor(field: FieldData, context: Context) {
    this.#field = field;
    this.#context = context;
    this.#named = field.kind === "mapping";
    const name = (field.label || "item").toLowerCase();
    this.#add = button(["+ add"], `add to ${name}`, () => this.#append());
    this.node.append(this.#list, this.#add);
  }

  read(): Plain | undefined {
    if (this.#rows.length === 0 && !this.#field.default)
      return empty(this.#field, this.#named ? {} : []);
    if (!this.#named) return this.#values();
    return Object.fromEntries(
      this.#rows.map(({ key, part }) => [key?.value ?? "", part.read() ?? null]),
    );
  }

  write(value: Plain | undefined): void {
    if (this.#named) {
      const pairs = isDict(value) ? Object.entries(value) : [];
      this.#draw(pairs.map(([, each]) => each));
      pairs.forEach(([name], i) => {
        const key = this.#rows[i]?.key;
        if (key) key.value = name;
      });
    } else this.#draw(Array.isArray(value) ? value : []);
  }

  problem(): string | null {
    const names = this.#rows.map(({ key }) => key?.value);
    return this.#named && new Set(names).size < names.length
      ? "must have each name once"
      : null;
  }

  parts(): Map<string, Part> {
    const name = (row: Row, i: number) => row.key?.value ?? `${i}`;
    return new Map(this.#rows.map((row, i) => [name(row, i), row.part]));
  }

  focus(): void {
    const [first] = this.#rows;
    if (first?.key) first.key.focus({ preventScroll: true });
    else if (first) first.part.focus();
    else this.#add.focus({ preventScroll: true });
  }

  #values(): Plain[] {
    return this.#rows.map(({ part }) => part.read() ?? null);
  }

  #draw(values: (Plain | undefined)[]): void {
    this.#rows = values.map((value, i) => this.#row(value, i, values.length));
    this.#list.replaceChildren(...this.#rows.map((row) => row.node));
  }

  #row(value: Plain | undefined, i: number, of: number): Row {
    const item = { name: "", kind: "text", ...this.#field.item };
    // Once is enough.
    if (i > 0) delete item.help;
    const label = `${this.#field.label || "item"} ${i + 1}`;
    const part = this.#context.part({ ...item, name: `${i}`, label }, true);
    part.write(value === undefined ? item.default : value);
    const key = this.#named ? this.#key(i) : null;
    const act = (sign: string, words: string, call: () => void, off = false) => {
      const node = button([sign], `${words} ${label}`, call);
      node.disabled = off;
      return node;
    };
    const acts = [act("✕", "remove", () => this.#remove(i))];
    if (!this.#named && of > 1)
      acts.unshift(
        act("↑", "move up", () => this.#swap(i, i - 1), i === 0),
        act("↓", "move down", () => this.#swap(i, i + 1), i === of - 1),
      );
    const buttons = h("span", "na-buttons na-icons", ...acts);
    const node = h("div", `na-row na-row-${item.kind}`, ...(key ? [key] : []));
    node.append(part.node, buttons);
    return { node, key, part };
  }

  #key(i: number): HTMLInputElement {
    const label = `name ${i + 1} of ${this.#field.label || "these"}`;
    const attributes = { type: "text", placeholder: "name", "aria-label": label };
    const key = control("input", "na-input na-name", attributes);
    key.addEventListener("input", this.#context.changed);
    return key;
  }

  #append(): void {
    const names = this.#rows.map(({ key }) => key?.value ?? "");
    this.#redraw([...this.#values(), undefined], [...names, ""]);
    const row = this.#rows.at(-1);
    if (row?.key) row.key.focus({ preventScroll: true });
    else row?.part.focus();
    row?.node.scrollIntoView?.({ block: "nearest" });
  }

  #remove(i: number): void {
    const names = this.#rows.map(({ key }) => words(key?.value));
    const keep = <T>(all: T[]): T[] => all.filter((_, k) => k !== i);
    this.#redraw(keep(this.#values()), keep(names));
    const next = this.#rows[Math.min(i, this.#rows.length - 1)];
    (next?.node.querySelector<HTMLElement>(".na-icons :last-child") ?? this.#add).focus(
      { preventScroll: true },
    );
  }

  #swap(i: number, other: number): void {
    const values = this.#values();
    [values[i], values[other]] = [values[other] as Plain, values[i] as Plain];
    this.#redraw(values, []);
    const row = this.#rows[other]?.node;
    const [up, down] =
      row?.querySelectorAll<HTMLButtonElement>(".na-icons button") ?? [];
    const same = other < i ? [up, down] : [down, up];
    same.find((node) => node && !node.disabled)?.focus({ preventScroll: true });
  }

  #redraw(values: (Plain | undefined)[], names: string[]): void {
    this.#draw(values);
    this.#rows.forEach(({ key }, i) => {
      if (key) key.value = names[i] ?? "";
    });
    this.#context.changed();
  }
}
