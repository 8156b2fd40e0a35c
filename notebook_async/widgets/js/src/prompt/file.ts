/** A file: chosen or dropped, and on its way at once. */

import { h, setHidden, setText } from "../dom";
import { button, control, make, on } from "../make";
import { type Context, type Control, empty } from "./control";
import { type FieldData, isDict, type Plain } from "./model";

export function fileControl(field: FieldData, context: Context): Control {
  return new FileControl(field, context);
}

class FileControl implements Control {
  readonly node = h("div", "na-file");
  readonly target: HTMLInputElement;
  readonly #field: FieldData;
  readonly #context: Context;
  readonly #name = h("span", "na-file-name");
  readonly #told = make("span", "na-dim", { "aria-live": "polite" });
  readonly #bar = h("i", "na-file-share");
  readonly #track = h("span", "na-file-bar", this.#bar);
  readonly #remove: HTMLButtonElement;
  readonly #chosen: HTMLElement;
  #key: string | null = null;

  constructor(field: FieldData, context: Context) {
    this.#field = field;
    this.#context = context;
    this.target = control("input", "na-file-input", { type: "file" });
    this.target.id = context.id();
    this.#remove = button(["✕"], "take this file back", () => this.#take(null));
    this.#chosen = h(
      "span",
      "na-file-chosen",
      this.#name,
      this.#track,
      this.#told,
      this.#remove,
    );
    this.node.append(this.target, this.#chosen);
    this.target.addEventListener("change", () => {
      const [file] = this.target.files ?? [];
      if (file) this.#choose(file);
    });
    on(this.node, "dragover", (event) => event.preventDefault());
    on(this.node, "drop", (event) => {
      const [file] = (event as DragEvent).dataTransfer?.files ?? [];
      event.preventDefault();
      event.stopPropagation();
      if (file) this.#choose(file);
    });
    this.repaint();
  }

  read(): Plain | undefined {
    return this.#key === null ? empty(this.#field, null) : { upload: this.#key };
  }

  write(value: Plain | undefined): void {
    const key = isDict(value) ? value.upload : null;
    this.#key = typeof key === "string" && this.#context.uploads.get(key) ? key : null;
    this.repaint();
  }

  problem(): string | null {
    return this.#key === null
      ? null
      : (this.#context.uploads.get(this.#key)?.error ?? null);
  }

  focus(): void {
    (this.#key === null ? this.target : this.#remove).focus({ preventScroll: true });
  }

  repaint(): void {
    const upload = this.#key === null ? null : this.#context.uploads.get(this.#key);
    setHidden(this.target, Boolean(upload));
    setHidden(this.#chosen, !upload);
    if (!upload) return;
    const { file, got, done, error } = upload;
    setText(this.#name, file.name);
    const share = file.size ? got / file.size : 1;
    this.#bar.style.width = `${Math.round(share * 100)}%`;
    setHidden(this.#track, done || error !== null);
    const whole = bytes(file.size);
    setText(this.#told, error ?? (done ? whole : `${bytes(got)} of ${whole}`));
    this.#told.classList.toggle("na-field-error", error !== null);
  }

  #choose(file: File): void {
    const words = (most: number) => `must not be larger than ${bytes(most)}`;
    this.#take(this.#context.uploads.add(file, this.#field.max_bytes, words));
  }

  #take(key: string | null): void {
    if (this.#key !== null) this.#context.uploads.drop(this.#key);
    this.#key = key;
    this.target.value = "";
    this.repaint();
    this.focus();
    this.#context.changed();
  }
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} bytes`;
  if (n < 1e6) return `${Number((n / 1e3).toPrecision(3))} kB`;
  return `${Number((n / 1e6).toPrecision(3))} MB`;
}
