/** A field with its label, its help and what is wrong with it. */

import { h, setAttribute, setHidden, setText } from "../dom";
import { make } from "../make";
import { booleanControl, choiceControl } from "./choice";
import { type Context, type Control, isRequired, type Part } from "./control";
import { fileControl } from "./file";
import type { FieldData, Plain } from "./model";
import { groupControl, listControl } from "./several";
import { textControl } from "./text";

type Errors = Record<string, string>;

const CONTROLS: Record<string, (field: FieldData, context: Context) => Control> = {
  boolean: booleanControl,
  choice: choiceControl,
  file: fileControl,
  list: listControl,
  mapping: listControl,
  group: groupControl,
};

export class FieldView implements Part {
  readonly node: HTMLElement;
  readonly label: HTMLElement;
  readonly #field: FieldData;
  readonly #control: Control;
  readonly #help: HTMLElement;
  readonly #error: HTMLElement;
  #wrong = false;

  /** `bare`: its label shows elsewhere, and is for screen readers only. */
  constructor(field: FieldData, context: Context, bare = false) {
    this.#field = field;
    this.#control = (CONTROLS[field.kind] ?? textControl)(field, {
      ...context,
      changed: () => {
        this.#clear();
        context.changed();
      },
    });
    const { node, target, several } = this.#control;
    this.label = several ? h("span") : make("label", "", { for: target.id });
    this.label.className = bare ? "na-sr" : "na-label";
    this.label.id = context.id();
    this.label.append(field.label || field.name);
    if (!bare && !isRequired(field) && (field.default ?? null) === null)
      this.label.append(h("span", "na-dim", " optional"));
    if (several) target.setAttribute("aria-labelledby", this.label.id);
    this.#help = make("div", "na-help", { id: context.id() }, field.help ?? "");
    setHidden(this.#help, !field.help);
    this.#error = make("div", "na-field-error", { id: context.id() });
    this.#error.hidden = true;
    const body = h("div", "na-field-body", node, this.#error, this.#help);
    // What holds fields is too long for its help to stand below.
    if (field.kind === "group") body.prepend(this.#help);
    this.node = h("div", `na-field na-field-${field.kind}`, this.label, body);
    this.node.classList.toggle("na-bare", bare);
    this.#describe();
  }

  read(): Plain | undefined {
    return this.#control.read();
  }

  write(value: Plain | undefined): void {
    this.#control.write(value);
  }

  /** What this field holds at first. */
  reset(): void {
    this.write(this.#field.default);
  }

  focus(): void {
    this.#control.focus();
  }

  repaint(): void {
    this.#control.repaint?.();
    for (const part of this.#parts().values()) part.repaint();
  }

  /** Say what is wrong with it, and with the fields within. */
  setErrors(errors: Errors): void {
    const parts = this.#parts();
    const own: string[] = [];
    const below = new Map<string, Errors>();
    for (const [path, why] of Object.entries(errors)) {
      const names = [...parts.keys()];
      const name = names.find((each) => path === each || path.startsWith(`${each}.`));
      if (path === "" || name === undefined) own.push(path ? `${path}: ${why}` : why);
      else below.set(name, { ...below.get(name), [path.slice(name.length + 1)]: why });
    }
    for (const [name, part] of parts) part.setErrors(below.get(name) ?? {});
    const wrong = own.length > 0;
    if (wrong) this.#control.refused?.();
    this.#show(own.join("; "));
  }

  problems(path: string): Errors {
    const found: Errors = {};
    const own = this.#control.problem?.();
    if (own) found[path] = own;
    for (const [name, part] of this.#parts())
      Object.assign(found, part.problems(path ? `${path}.${name}` : name));
    return found;
  }

  focusError(): boolean {
    for (const part of this.#parts().values()) if (part.focusError()) return true;
    if (!this.#wrong) return false;
    this.focus();
    this.node.scrollIntoView?.({ block: "nearest" });
    return true;
  }

  /** Whether this field, or one within it, holds an element. */
  holds(node: EventTarget | null): boolean {
    return node instanceof Node && this.node.contains(node);
  }

  #parts(): Map<string, Part> {
    return this.#control.parts?.() ?? new Map();
  }

  #clear(): void {
    if (this.#wrong) this.#show("");
  }

  #show(why: string): void {
    this.#wrong = why !== "";
    setText(this.#error, why);
    setHidden(this.#error, !this.#wrong);
    this.node.classList.toggle("na-wrong", this.#wrong);
    setAttribute(this.#control.target, "aria-invalid", this.#wrong ? "true" : null);
    this.#describe();
  }

  #describe(): void {
    const nodes = [this.#error, this.#help].filter((node) => !node.hidden);
    const ids = nodes.map((node) => node.id).join(" ");
    setAttribute(this.#control.target, "aria-describedby", ids || null);
  }
}
