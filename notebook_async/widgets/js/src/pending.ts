/** What was asked for and does not show yet.
 *
 * For so long its button waits, and may then be pressed again: the kernel may have died
 * unnoticed. What is cancelled may take its time to clean up.
 */

export const PATIENCE_MS = 3000;
export const CANCEL_PATIENCE_MS = 10_000;

/** An action on the thing of that name, such as a run; the empty name is the whole. */
export function keyOf(action: string, thing: string | number = ""): string {
  return `${action} ${thing}`;
}

export class Pending {
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  has(key: string): boolean {
    return this.#timers.has(key);
  }

  add(key: string): void {
    const patience = key.startsWith("cancel ") ? CANCEL_PATIENCE_MS : PATIENCE_MS;
    const expire = (): void => {
      this.#timers.delete(key);
      this.#changed();
    };
    this.#timers.set(key, setTimeout(expire, patience));
  }

  /** What is no longer offered has been done. */
  settle(offered: Set<string>): void {
    for (const key of [...this.#timers.keys()]) if (!offered.has(key)) this.#drop(key);
  }

  clear(): void {
    this.settle(new Set());
  }

  #drop(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }
}
