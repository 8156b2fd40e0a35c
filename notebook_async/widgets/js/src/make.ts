/** Elements with their attributes, and what a person does with them, in few words. */

import { h, suppressShortcuts } from "./dom";

type Attributes = Record<string, string>;

/** Make an element. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = h(tag, className, ...children);
  for (const name in attributes) node.setAttribute(name, attributes[name] as string);
  return node;
}

/** Make an element that a person types into, chooses from, or moves about in. */
export function control<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  attributes: Attributes,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  return suppressShortcuts(make(tag, className, attributes, ...children));
}

/** Make a button; `label` says more than its words do. */
export function button(
  words: string | (Node | string)[],
  label: string,
  act: () => void,
  className = "",
): HTMLButtonElement {
  const attributes = { type: "button", title: label, "aria-label": label };
  const node = control("button", `na-button ${className}`, attributes, ...words);
  node.addEventListener("click", act);
  return node;
}

/** Listen to several kinds of events, named with spaces between. */
export function on(
  node: EventTarget,
  names: string,
  listener: (event: Event) => void,
): void {
  for (const name of names.split(" ")) node.addEventListener(name, listener);
}

/** Obey keys; those that `act` says it knows mean nothing to anybody else. */
export function onKeys(
  node: HTMLElement,
  act: (key: string, event: KeyboardEvent) => boolean,
): void {
  node.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!act(event.key, event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}
