/** Tells the kernel what a view looks at, when that has changed, and not too often. */

import { throttle } from "../throttle";
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
  const limited = throttle(LOOK_MS);
  let said = "";
  let again = false;

  function say(): void {
    const look = now();
    said = JSON.stringify(look);
    store.send({ ...look, again });
    again = false;
  }

  return {
    tell() {
      if (JSON.stringify(now()) !== said) limited.run(say);
    },
    forget(all) {
      again ||= all;
      said = "";
    },
    dispose: () => limited.dispose(),
  };
}
