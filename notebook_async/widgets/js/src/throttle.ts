/** Calls that come too often. */

export interface Throttle {
  /** Call now, or later in the place of what still waits. */
  run(call: () => void): void;
  /** Forget what has not been called yet. */
  dispose(): void;
}

/** At most one call per `delay`, the last one always. */
export function throttle(delay: number): Throttle {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let next: (() => void) | null = null;

  function run(call: () => void): void {
    if (timer !== undefined) {
      next = call;
      return;
    }
    call();
    timer = setTimeout(() => {
      const waiting = next;
      dispose();
      if (waiting) run(waiting);
    }, delay);
  }

  function dispose(): void {
    clearTimeout(timer);
    timer = undefined;
    next = null;
  }

  return { run, dispose };
}
