/** What all kinds of fields have in common. */

import type { FieldData, Plain } from "./model";
import type { Uploads } from "./uploads";

export interface Control {
  readonly node: HTMLElement;
  /** What a label names: one element, or a group of them. */
  readonly target: HTMLElement;
  /** Whether `target` is a group, which is named by its label's id. */
  readonly several?: boolean;
  /** What is to be sent; undefined leaves it out, so that it takes its default. */
  read(): Plain | undefined;
  write(value: Plain | undefined): void;
  /** Why it cannot be sent as it is. */
  problem?(): string | null;
  /** The fields within, by name or place. */
  parts?(): Map<string, Part>;
  focus(): void;
  /** The kernel did not take what is in it. */
  refused?(): void;
  /** Something outside of it changed, such as an upload. */
  repaint?(): void;
}

/** A field as the one around it knows it. */
export interface Part {
  readonly node: HTMLElement;
  read(): Plain | undefined;
  write(value: Plain | undefined): void;
  setErrors(errors: Record<string, string>): void;
  problems(path: string): Record<string, string>;
  /** Focus the first field that is wrong; returns whether there is one. */
  focusError(): boolean;
  focus(): void;
  repaint(): void;
}

export interface Context {
  /** An id that nothing else on the page has. */
  id(): string;
  changed(): void;
  submit(): void;
  readonly uploads: Uploads;
  /** Make a field within a field. */
  part(field: FieldData, bare?: boolean): Part;
}

export function isRequired(field: FieldData): boolean {
  return field.required !== false;
}

/** What an empty field says: left out where that means its default. */
export function empty(field: FieldData, otherwise: Plain): Plain | undefined {
  if (!isRequired(field) && (field.default ?? null) === null) return undefined;
  return field.optional ? null : otherwise;
}

export function words(value: Plain | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
