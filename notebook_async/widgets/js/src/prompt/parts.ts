/** The parts of a question's panel that stand still. */

import { glyph, h, scrollable, setHidden } from "../dom";
import { button } from "../make";
import type { Question } from "./model";

/** The question, which is the label of its only field, and what else is told of it. */
export function header(
  question: Question,
  label: HTMLElement | null,
  ...about: HTMLElement[]
): HTMLElement {
  const mark = glyph("?");
  mark.dataset.phase = "waiting";
  if (label) {
    label.className = "na-question";
    label.textContent = question.text;
  }
  const text = label ?? h("b", "na-question", question.text);
  const asker = h("span", "na-dim", question.asker);
  setHidden(asker, !question.asker);
  const rest = h("span", "na-about", asker, ...about);
  return h("div", "na-header na-prompt-header", mark, text, rest);
}

/** What explains the question, and its fields. */
export function body(question: Question, form: HTMLElement | null): HTMLElement {
  const help = h("div", "na-prompt-help", question.help);
  const detail = scrollable(h("pre", "na-detail", question.detail), "detail");
  setHidden(help, !question.help);
  setHidden(detail, !question.detail);
  const node = h("div", "na-prompt-body", help, detail, ...(form ? [form] : []));
  node.classList.toggle("na-empty", !question.help && !question.detail && !form);
  return node;
}

export interface Footer {
  readonly node: HTMLElement;
  readonly submit: HTMLButtonElement;
}

/** What ends a question that has a form. */
export function footer(
  question: Question,
  submit: () => void,
  skip: (type: "default" | "decline") => void,
): Footer {
  const sends = button(["Submit ⏎"], "submit", submit, "na-primary");
  const [words, label, type] = question.has_default
    ? (["use the default", "take the default", "default"] as const)
    : (["decline", "do not answer", "decline"] as const);
  const skips = button([words], label, () => skip(type));
  const node = h("div", "na-footer", h("span", "na-spacer"), skips, sends);
  return { node, submit: sends };
}

/** Whether what a person types goes to an element. */
export function isTyping(node: Element | null): boolean {
  if (!(node instanceof HTMLElement)) return false;
  return (
    node.isContentEditable || node.matches("input, textarea, select, [contenteditable]")
  );
}
