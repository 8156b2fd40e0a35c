/** What every panel needs of the page around it: its model, its kernel, its viewers. */

import { watchKernel } from "./kernel";

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

/** Counts the views that somebody sees, and tells the kernel when that matters. */
export class Audience {
  readonly #visible = new Set<object>();
  #told: boolean | null = null;

  set(
    model: { send(message: { type: "visible"; visible: boolean }): void },
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

/** ipywidgets marks an element that is made when its kernel has already gone. */
const DISCONNECTED = "jupyter-widgets-disconnected";

/** Whether the kernel behind a view still lives, as far as the host tells. */
export class Connection {
  readonly #host: HTMLElement;
  readonly #stop: () => void;
  #connected: boolean | undefined;

  constructor(
    model: Pick<HostModel<never, never>, "on" | "off">,
    host: HTMLElement,
    changed: () => void,
  ) {
    this.#host = host;
    const note = (connected: boolean | undefined): void => {
      this.#connected = connected;
      changed();
    };
    const onLive: Listener = function () {
      note(isConnected(this));
    };
    model.on("comm_live_update", onLive);
    const unwatch = watchKernel(model, () => note(false));
    this.#stop = () => {
      model.off("comm_live_update", onLive);
      unwatch();
    };
  }

  get gone(): boolean {
    return !(this.#connected ?? !this.#host.classList.contains(DISCONNECTED));
  }

  dispose(): void {
    this.#stop();
  }
}

/** Read `comm_live`, which anywidget does not hand out: events run with the view as
 * `this`. Undefined in hosts that do otherwise. */
function isConnected(view: unknown): boolean | undefined {
  return (view as { model?: { comm_live?: boolean } } | undefined)?.model?.comm_live;
}
