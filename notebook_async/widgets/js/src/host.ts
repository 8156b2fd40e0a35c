/** What every panel needs of the page around it: its model, its kernel, its viewers. */

export type Listener = (this: unknown, message?: unknown) => void;

/** The part of anywidget's model that the panels use. */
export interface HostModel<Traits, Outgoing> {
  get<K extends keyof Traits>(name: K): Traits[K] | undefined;
  send(message: Outgoing): void;
  on(event: string, callback: Listener): void;
  off(event: string, callback: Listener): void;
}

/** Send, and say whether there still is somebody to send to. */
export function post<Message>(
  model: { send(message: Message): void },
  message: Message,
): boolean {
  try {
    model.send(message);
    return true;
  } catch {
    // The comm of a dead kernel throws on send; there is nobody to tell.
    return false;
  }
}

/** Listen to a model; returns the way to stop. */
export function listen(
  model: Pick<HostModel<never, never>, "on" | "off">,
  listeners: Record<string, Listener>,
): () => void {
  for (const name in listeners) model.on(name, listeners[name] as Listener);
  return () => {
    for (const name in listeners) model.off(name, listeners[name] as Listener);
  };
}

export type Visible = { type: "visible"; visible: boolean; beside?: boolean };

/** Counts the views that somebody sees, and tells the kernel when that matters. */
export class Audience {
  readonly #visible = new Set<object>();
  #told: boolean | null = null;

  set(
    model: { send(message: Visible): void },
    view: object,
    visible: boolean,
    more: object = {},
  ): void {
    if (visible) this.#visible.add(view);
    else this.#visible.delete(view);
    const any = this.#visible.size > 0;
    if (any === this.#told) return;
    this.#told = any;
    post(model, { type: "visible", visible: any, ...more });
  }
}

/** What the kernel must know of the page: whether a still picture that stands before the
 * panel is hidden there. JupyterLab and Notebook take the picture's style for that. */
export function place(node: Element): { beside?: boolean } {
  if (!node.isConnected) return {};
  return { beside: node.closest(".jp-OutputArea-child") !== null };
}
