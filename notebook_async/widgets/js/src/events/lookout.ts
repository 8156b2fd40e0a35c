/** Tells the kernel what a view looks at, when that has changed, and not too often. */

import type { Look } from "./model";
import type { EventStore } from "./store";

/** A view says what it looks at so often, at most. */
export const LOOK_MS = 100;

export interface Lookout {
  /** Say what is looked at, now or soon. */
  tell(): void;
  /** Say it again, though it is the same; `all`: ask for what was sent before, too. */
  forget(all: boolean): void;
  dispose(): void;
}

export function lookout(store: EventStore, now: () => Look): Lookout {
  let said = "";
  let saidAt = Number.NEGATIVE_INFINITY;
  let again = false;
  let timer: ReturnType<typeof setTimeout> | null = null;

  function tell(): void {
    if (timer !== null) return;
    const look = now();
    const words = JSON.stringify(look);
    if (words === said) return;
    const wait = saidAt + LOOK_MS - performance.now();
    if (wait > 0) {
      timer = setTimeout(() => {
        timer = null;
        tell();
      }, wait);
      return;
    }
    said = words;
    saidAt = performance.now();
    store.send({ ...look, again });
    again = false;
  }

  return {
    tell,
    forget(all) {
      again ||= all;
      said = "";
    },
    dispose() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
