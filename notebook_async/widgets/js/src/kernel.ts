/** The kernel's own status, where the page tells: JupyterLab and Notebook do.
 *
 * After a crash a kernel restarts by itself, and ipywidgets does not note that: the comm
 * seems alive, and nobody answers.
 */

interface Signal {
  connect(slot: (sender: unknown, status: string) => void): unknown;
  disconnect(slot: (sender: unknown, status: string) => void): unknown;
}

interface Page {
  widget_manager?: { kernel?: { statusChanged?: Signal } | null };
}

const GONE = ["restarting", "autorestarting", "terminating", "dead"];

/** Call `gone` when the kernel behind a model ends or restarts; returns the way to stop. */
export function watchKernel(model: unknown, gone: () => void): () => void {
  const changed = (model as Page).widget_manager?.kernel?.statusChanged;
  if (typeof changed?.connect !== "function") return () => {};
  const slot = (_: unknown, status: string): void => {
    if (GONE.includes(status)) gone();
  };
  changed.connect(slot);
  return () => void changed.disconnect(slot);
}
