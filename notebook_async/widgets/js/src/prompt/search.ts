/** Many options: a box to search in, above those that match. */

import { h, setAttribute, setText } from "../dom";
import { count } from "../format";
import { control, make, on } from "../make";
import { type Context, type Control, empty } from "./control";
import type { FieldData, Plain } from "./model";

/** So many are drawn; who looks for another one types some of its letters. */
const MOST_DRAWN = 200;

export function searchControl(field: FieldData, context: Context): Control {
  return new Search(field, context);
}

class Search implements Control {
  readonly node = h("div", "na-search");
  readonly target = control("input", "na-input", {
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-expanded": "true",
    "aria-autocomplete": "list",
    placeholder: "search …",
  });
  readonly #field: FieldData;
  readonly #context: Context;
  readonly #options: string[];
  readonly #list = make("div", "na-search-list", { role: "listbox" });
  readonly #told = h("div", "na-search-told na-dim");
  #rows: HTMLElement[] = [];
  /** The options that match, by their places. */
  #hits: number[] = [];
  #active = 0;
  #chosen = new Set<string>();

  constructor(field: FieldData, context: Context) {
    this.#field = field;
    this.#context = context;
    this.#options = field.options ?? [];
    this.target.id = context.id();
    this.#list.id = context.id();
    this.target.setAttribute("aria-controls", this.#list.id);
    this.#list.setAttribute("aria-label", field.label || "options");
    if (field.many) this.#list.setAttribute("aria-multiselectable", "true");
    this.#told.setAttribute("aria-live", "polite");
    this.node.append(this.target, this.#list, this.#told);
    this.target.addEventListener("input", () => this.#search());
    this.target.addEventListener("keydown", (event) => this.#key(event));
    // The box keeps the focus, and with it the keys.
    on(this.#list, "mousedown", (event) => event.preventDefault());
    on(this.#list, "click", (event) => {
      const row = (event.target as Element).closest<HTMLElement>("[role=option]");
      if (row) this.#pick(this.#rows.indexOf(row));
    });
    this.#search();
  }

  read(): Plain | undefined {
    const chosen = this.#options.filter((option) => this.#chosen.has(option));
    if (!this.#field.many) return chosen[0] ?? empty(this.#field, null);
    return chosen.length > 0 || this.#field.default ? chosen : empty(this.#field, []);
  }

  write(value: Plain | undefined): void {
    const chosen = Array.isArray(value) ? value : [value];
    const known = chosen.filter((each) => typeof each === "string");
    this.#chosen = new Set(known.filter((each) => this.#options.includes(each)));
    this.#paint();
  }

  focus(): void {
    this.target.focus({ preventScroll: true });
  }

  #search(): void {
    const wanted = this.target.value.trim().toLowerCase();
    const places = this.#options.map((_, i) => i);
    this.#hits = places.filter((i) => this.#options[i]?.toLowerCase().includes(wanted));
    this.#active = 0;
    this.#rows = this.#hits.slice(0, MOST_DRAWN).map((i) => {
      const row = make("div", "na-search-option", { role: "option" });
      row.id = this.#context.id();
      row.append(h("span", "na-search-mark"), this.#options[i] as string);
      return row;
    });
    this.#list.replaceChildren(...this.#rows);
    this.#paint();
  }

  #paint(): void {
    this.#rows.forEach((row, k) => {
      const chosen = this.#chosen.has(this.#option(k));
      setAttribute(row, "aria-selected", String(chosen));
      row.classList.toggle("na-active", k === this.#active);
      setText(row.firstChild as Node, chosen ? "✓" : "");
    });
    const active = this.#rows[this.#active];
    setAttribute(this.target, "aria-activedescendant", active?.id ?? null);
    setText(this.#told, this.#words());
  }

  #words(): string {
    const found = this.#hits.length;
    const parts = [`${count(found)} of ${count(this.#options.length)}`];
    if (found > MOST_DRAWN) parts.push(`the first ${MOST_DRAWN} are shown`);
    const chosen = [...this.#chosen];
    if (this.#field.many) parts.push(`${count(chosen.length)} chosen`);
    else if (chosen.length) parts.push(`chosen: ${chosen[0]}`);
    return parts.join(" · ");
  }

  #option(row: number): string {
    return this.#options[this.#hits[row] ?? -1] ?? "";
  }

  #pick(row: number): void {
    if (row < 0 || row >= this.#rows.length) return;
    const option = this.#option(row);
    this.#active = row;
    if (!this.#field.many) {
      const again = this.#chosen.has(option) && this.#field.optional;
      this.#chosen = new Set(again ? [] : [option]);
    } else if (!this.#chosen.delete(option)) this.#chosen.add(option);
    this.#paint();
    this.#context.changed();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "ArrowDown") this.#move(1);
    else if (event.key === "ArrowUp") this.#move(-1);
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      // What is chosen already is sent.
      const only = !this.#field.many && this.#chosen.has(this.#option(this.#active));
      if (only || this.#rows.length === 0) return;
      this.#pick(this.#active);
    } else if (event.key === "Escape" && this.target.value) {
      this.target.value = "";
      this.#search();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #move(by: number): void {
    const last = this.#rows.length - 1;
    this.#active = Math.max(0, Math.min(last, this.#active + by));
    this.#paint();
    this.#rows[this.#active]?.scrollIntoView?.({ block: "nearest" });
  }
}
