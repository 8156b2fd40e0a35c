/** A question as the kernel tells it, without a kernel. */

import { vi } from "vitest";
import type { FieldData, Outgoing, Question, Traits } from "../../src/prompt/model";
import promptPanel from "../../src/prompt_panel";
import { FakeHost, FakeObserver } from "../fake_host";

export class FakePrompt extends FakeHost<Traits, Outgoing> {
  readonly buffers: (ArrayBuffer[] | undefined)[] = [];

  constructor(some: Partial<Question> = {}) {
    super({ question: question(some), refused: {}, record: {} });
  }

  override send(message: Outgoing, _?: unknown, buffers?: ArrayBuffer[]): void {
    super.send(message);
    this.buffers.push(buffers);
  }

  /** What was sent besides what every view says. */
  get told(): Outgoing[] {
    return this.sent.filter(({ type }) => !["hello", "visible"].includes(type));
  }

  refuse(errors: Record<string, string>): void {
    const n = (this.get("refused").n ?? 0) + 1;
    this.set("refused", { n, errors });
  }

  close(some: Partial<Traits["record"]> = {}): void {
    this.set("question", {});
    const record = { text: "Name?", end: "answered", shown: "Ada", how: "typed" };
    this.set("record", {
      ...(record as Traits["record"]),
      when: "14:02:11",
      after: "0:42",
      ...some,
    });
  }
}

export function question(some: Partial<Question> = {}): Question {
  return {
    id: "prompt-1",
    text: "Name?",
    kind: "ask",
    help: "",
    placeholder: "",
    detail: "",
    form: { single: true, fields: [{ name: "", kind: "text", label: "Name?" }] },
    has_default: false,
    default: null,
    timeout: null,
    remaining: null,
    otherwise: "else it fails",
    asker: "",
    fresh: true,
    draft: null,
    ...some,
  };
}

/** A question with one field. */
export function one(field: Partial<FieldData>, some: Partial<Question> = {}) {
  const fields = [{ name: "", kind: "text", label: "Name?", ...field }];
  return new FakePrompt({ form: { single: true, fields }, ...some });
}

/** A question with the fields of a form. */
export function form(fields: FieldData[], some: Partial<Question> = {}) {
  return new FakePrompt({ form: { single: false, fields }, ...some });
}

export function show(model: FakePrompt = new FakePrompt(), views = 1) {
  const panel = promptPanel();
  const stop = panel.initialize({ model });
  const hosts = Array.from({ length: views }, () => {
    const el = document.createElement("div");
    document.body.append(el);
    return { el, remove: panel.render({ model, el }) };
  });
  for (const observer of FakeObserver.all) observer.move(true);
  const el = hosts[0]?.el as HTMLElement;
  return { el, hosts, model, stop };
}

export function find<T extends HTMLElement = HTMLInputElement>(
  root: Element,
  selector: string,
): T {
  const found = root.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector} in ${root.innerHTML}`);
  return found;
}

export function type(node: HTMLElement, value: string): void {
  (node as HTMLInputElement).value = value;
  node.dispatchEvent(new Event("input", { bubbles: true }));
}

export function press(node: Element, key: string, more: object = {}): KeyboardEvent {
  const options = { key, bubbles: true, cancelable: true, ...more };
  const event = new KeyboardEvent("keydown", options);
  node.dispatchEvent(event);
  return event;
}

export function tick(node: HTMLElement): void {
  (node as HTMLInputElement).checked = !(node as HTMLInputElement).checked;
  node.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Press a button by a part of what it says. */
export function click(root: Element, words: string): void {
  const buttons = [...root.querySelectorAll<HTMLElement>("button")];
  const found = buttons.find((node) =>
    `${node.textContent} ${node.getAttribute("aria-label")}`.includes(words),
  );
  if (!found || found.closest("[hidden]")) throw new Error(`no button ${words}`);
  found.click();
}

/** The answers that were sent. */
export function answers(model: FakePrompt): unknown[] {
  return model.told
    .filter((message) => message.type === "answer")
    .map((message) => (message as { value: unknown }).value);
}

/** Send the form as it is; returns what was sent. */
export function submitted(el: Element, model: FakePrompt): unknown {
  click(el, "Submit");
  return answers(model).at(-1);
}

export function setUp(): void {
  vi.useFakeTimers();
  FakeObserver.all = [];
  vi.stubGlobal("IntersectionObserver", FakeObserver);
}

export function tearDown(): void {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
}
