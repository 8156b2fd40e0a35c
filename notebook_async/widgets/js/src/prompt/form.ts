/** The fields of a question, and the keys that work in them. */

import { h } from "../dom";
import type { Context } from "./control";
import { FieldView } from "./field";
import { type FieldData, isDict, type Plain, type Question } from "./model";
import { readDict, writeDict } from "./several";
import type { PromptState } from "./state";
import { isMultiline } from "./text";

export interface Deeds {
  typed(): void;
  submit(): void;
  /** Escape was pressed where there is nothing to clear. */
  leave(): void;
}

/** Makes ids that no other module of the page makes. */
export function ids(): () => string {
  const prefix = `na-${Math.random().toString(36).slice(2, 8)}`;
  let n = 0;
  return () => {
    n += 1;
    return `${prefix}-${n}`;
  };
}

export class Form {
  readonly node = h("div", "na-form");
  readonly single: boolean;
  readonly #fields: FieldData[];
  readonly #initial: Plain | undefined;
  readonly #views = new Map<string, FieldView>();
  readonly #deeds: Deeds;

  constructor(question: Question, state: PromptState, deeds: Deeds, id: () => string) {
    this.#deeds = deeds;
    this.single = question.form.single;
    this.#fields = question.form.fields.map((field) => ({
      ...field,
      placeholder: field.placeholder || (this.single ? question.placeholder : ""),
    }));
    this.#initial = this.single ? undefined : question.default;
    const context: Context = {
      id,
      changed: deeds.typed,
      submit: deeds.submit,
      uploads: state.uploads,
      part: (field, bare) => new FieldView(field, context, bare),
    };
    for (const field of this.#fields) {
      const view = new FieldView(field, context, this.single);
      this.#views.set(field.name, view);
      this.node.append(view.node);
    }
    this.node.addEventListener("keydown", (event) => this.#key(event));
    this.write(state.draft);
  }

  /** The label of the only field: the question itself. */
  get label(): HTMLElement | null {
    return this.single ? ([...this.#views.values()][0]?.label ?? null) : null;
  }

  read(): Plain {
    if (!this.single) return readDict(this.#views);
    return [...this.#views.values()][0]?.read() ?? null;
  }

  /** Show what was typed; undefined for what there was at first. */
  write(value: Plain | undefined): void {
    if (!this.single) {
      const started = isDict(this.#initial) ? this.#initial : {};
      writeDict(this.#fields, this.#views, {
        ...started,
        ...(isDict(value) ? value : {}),
      });
      return;
    }
    const [field] = this.#fields;
    const [view] = this.#views.values();
    view?.write(value === undefined ? field?.default : value);
  }

  problems(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [name, view] of this.#views) Object.assign(found, view.problems(name));
    return found;
  }

  /** Show errors beside their fields; returns those of none of them. */
  setErrors(errors: Record<string, string>): string[] {
    const rest: string[] = [];
    const known = [...this.#views.keys()];
    const belongs = (path: string, name: string) =>
      path === name || name === "" || path.startsWith(`${name}.`);
    for (const [path, why] of Object.entries(errors))
      if (!known.some((name) => belongs(path, name) && (this.single || path !== "")))
        rest.push(path ? `${path}: ${why}` : why);
    for (const [name, view] of this.#views) {
      const own = Object.entries(errors)
        .filter(([path]) => belongs(path, name) && (this.single || path !== ""))
        .map(([path, why]) => [name ? path.slice(name.length + 1) : path, why]);
      view.setErrors(Object.fromEntries(own));
    }
    return rest;
  }

  focus(): void {
    [...this.#views.values()][0]?.focus();
  }

  focusError(): boolean {
    return [...this.#views.values()].some((view) => view.focusError());
  }

  repaint(): void {
    for (const view of this.#views.values()) view.repaint();
  }

  #key(event: KeyboardEvent): void {
    // Who writes by an input method ends a word with Enter.
    if (event.isComposing) return;
    const { key, target } = event;
    if (key === "Enter") {
      const forced = event.ctrlKey || event.metaKey;
      const presses = target instanceof HTMLButtonElement || isFile(target);
      if (!forced && (presses || event.shiftKey || isMultiline(target))) return;
      this.#deeds.submit();
    } else if (key === "Escape") this.#escape(target);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Put back what there was, or leave the form. */
  #escape(target: EventTarget | null): void {
    const before = JSON.stringify(this.read());
    for (const view of this.#views.values()) if (view.holds(target)) view.reset();
    if (JSON.stringify(this.read()) === before) this.#deeds.leave();
    else this.#deeds.typed();
    // A reset may have drawn the field anew.
    if (target instanceof HTMLElement && !target.isConnected) this.#deeds.leave();
  }
}

function isFile(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === "file";
}
