/** Small DOM helpers. Text only ever becomes a text node, so that it stays inert. */

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** A glyph that repeats what a word beside it says. */
export function glyph(text: string): HTMLSpanElement {
  const node = h("span", "na-glyph", text);
  node.setAttribute("aria-hidden", "true");
  return node;
}

/** Keep JupyterLab's one-key shortcuts (`b` inserts a cell) off a focusable element. */
export function suppressShortcuts<T extends HTMLElement>(node: T): T {
  node.setAttribute("data-lm-suppress-shortcuts", "true");
  return node;
}

/** Make a scrolling box reachable from the keyboard. */
export function scrollable<T extends HTMLElement>(node: T, label: string): T {
  node.tabIndex = 0;
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", label);
  return suppressShortcuts(node);
}

export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node: Element, name: string, value: string | null): void {
  if (node.getAttribute(name) === value) return;
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, value);
}

export function setHidden(node: HTMLElement, hidden: boolean): void {
  if (node.hidden !== hidden) node.hidden = hidden;
}

/** Gather any number of requests into one call per animation frame. */
export class FrameGate {
  readonly #paint: () => void;
  #frame: number | null = null;

  constructor(paint: () => void) {
    this.#paint = paint;
  }

  request(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#paint();
    });
  }

  cancel(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }
}
