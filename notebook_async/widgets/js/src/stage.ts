/** A view in its page: it greets the kernel, says when somebody sees it, and knows whether
 * the kernel is still there. */

import { suppressShortcuts } from "./dom";
import {
  type Audience,
  type HostModel,
  listen,
  place,
  post,
  type Visible,
} from "./host";
import { watchKernel } from "./kernel";
import { watchVisibility } from "./visibility";

/** What every view says. */
export type Greeting = { type: "hello" } | Visible;

type Greeted = Pick<HostModel<never, never>, "on" | "off"> & {
  send(message: Greeting): void;
};

export interface Stage {
  /** Whether the kernel has gone, as far as the page tells. */
  readonly gone: boolean;
  /** Whether somebody sees the view. */
  readonly visible: boolean;
  dispose(): void;
}

/** ipywidgets marks an element that is made when its kernel has already gone. */
const DISCONNECTED = "jupyter-widgets-disconnected";

/** Put a view into its page; `changed` is called when the kernel goes or comes back, and
 * when the view comes into sight or leaves it. */
export function stage(
  model: Greeted,
  host: HTMLElement,
  root: HTMLElement,
  audience: Audience,
  changed: () => void,
): Stage {
  let visible = false;
  /** Undefined as long as the page tells nothing. */
  let connected: boolean | undefined;
  const note = (now: boolean | undefined): void => {
    connected = now;
    changed();
  };
  suppressShortcuts(root);
  root.setAttribute("role", "group");
  root.tabIndex = -1;
  host.classList.add("na-host");
  host.append(root);
  post(model, { type: "hello" });
  const stops = [
    listen(model, {
      comm_live_update() {
        note(isConnected(this));
      },
    }),
    watchKernel(model, () => note(false)),
    watchVisibility(root, (now) => {
      visible = now;
      audience.set(model, root, visible, place(root));
      changed();
    }),
  ];
  return {
    get gone() {
      return !(connected ?? !host.classList.contains(DISCONNECTED));
    },
    get visible() {
      return visible;
    },
    dispose() {
      for (const stop of stops) stop();
      audience.set(model, root, false);
      host.classList.remove("na-host");
      root.remove();
    },
  };
}

/** Read `comm_live`, which anywidget does not hand out: events run with the view as
 * `this`. Undefined in hosts that do otherwise. */
function isConnected(view: unknown): boolean | undefined {
  return (view as { model?: { comm_live?: boolean } } | undefined)?.model?.comm_live;
}
