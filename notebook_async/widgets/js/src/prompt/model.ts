/** What the kernel and a question's panel tell each other. */

import type { HostModel } from "../host";
import type { Greeting } from "../stage";

export type Plain =
  | string
  | number
  | boolean
  | null
  | Plain[]
  | { [name: string]: Plain };

export interface FieldData {
  name: string;
  kind: string;
  label?: string;
  help?: string;
  placeholder?: string;
  /** Unless it says no. */
  required?: boolean;
  optional?: boolean;
  default?: Plain;
  secret?: boolean;
  minimum?: number | string;
  maximum?: number | string;
  above?: number | string;
  below?: number | string;
  multiple_of?: number;
  min_length?: number;
  max_length?: number;
  pattern?: string;
  options?: string[];
  many?: boolean;
  fields?: FieldData[];
  item?: FieldData;
  max_bytes?: number;
}

export interface Question {
  id: string;
  text: string;
  kind: string;
  help: string;
  placeholder: string;
  /** What a decision is about, where that is text. */
  detail: string;
  form: { single: boolean; fields: FieldData[] };
  has_default: boolean;
  default: Plain;
  /** Seconds there were at first, and seconds that are left. */
  timeout: number | null;
  remaining: number | null;
  /** What happens at the end of the time. */
  otherwise: string;
  asker: string;
  /** Whether it appears for the first time, and may take the focus. */
  fresh: boolean;
  /** What was typed before the page was loaded. */
  draft: Plain;
}

export const ENDS = [
  "answered",
  "rejected",
  "default",
  "timeout",
  "cancelled",
] as const;

export interface Answered {
  text: string;
  end: (typeof ENDS)[number];
  shown: string;
  how: string;
  when: string;
  after: string;
}

export interface Refused {
  n: number;
  /** What is wrong, by path; the empty one is the whole. */
  errors: Record<string, string>;
}

export interface Traits {
  question: Partial<Question>;
  refused: Partial<Refused>;
  record: Partial<Answered>;
}

export interface UploadsMessage {
  type: "uploads";
  /** Bytes that have come, by name of the upload. */
  got: Record<string, number>;
  refused: Record<string, string>;
}

export type Outgoing =
  | Greeting
  | { type: "answer" | "draft"; value: Plain }
  | { type: "default" | "decline" | "resync" }
  | { type: "drop"; upload: string }
  | {
      type: "piece";
      upload: string;
      name: string;
      media_type: string;
      size: number;
      at: number;
    };

export type PromptModel = HostModel<Traits, Outgoing> & {
  send(message: Outgoing, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
};

const NONE: Question = {
  id: "",
  text: "",
  kind: "ask",
  help: "",
  placeholder: "",
  detail: "",
  form: { single: true, fields: [] },
  has_default: false,
  default: null,
  timeout: null,
  remaining: null,
  otherwise: "",
  asker: "",
  fresh: false,
  draft: null,
};

/** The open question, or null once there is a record instead. */
export function readQuestion(model: PromptModel): Question | null {
  const question = model.get("question");
  return question?.id ? { ...NONE, ...question } : null;
}

export function readRecord(model: PromptModel): Answered | null {
  const record = model.get("record");
  if (record?.text === undefined) return null;
  const none = { shown: "", how: "", when: "", after: "" };
  const end = ENDS.find((each) => each === record.end) ?? "answered";
  return { ...none, ...record, text: record.text, end };
}

/** What may be kept of what was typed: no secrets, no files. */
export function withoutSecrets(field: FieldData, value: Plain | undefined): Plain {
  if (field.secret || field.kind === "file" || value === undefined) return null;
  const item = field.item;
  if (field.kind === "group" && isDict(value))
    return ofFields(field.fields ?? [], value);
  if (item && Array.isArray(value))
    return value.map((each) => withoutSecrets(item, each));
  if (item && isDict(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, withoutSecrets(item, each)]),
    );
  return value;
}

export function ofFields(fields: FieldData[], value: { [name: string]: Plain }): Plain {
  const kept = fields.filter(({ name }) => name in value);
  return Object.fromEntries(
    kept.map((field) => [field.name, withoutSecrets(field, value[field.name])]),
  );
}

export function isDict(value: Plain | undefined): value is { [name: string]: Plain } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
