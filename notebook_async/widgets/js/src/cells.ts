/** The notebook around a panel, where there is one: JupyterLab and Notebook. */

const FLASH_MS = 1500;

/** Whether the page has cells to jump to. */
export function hasCells(node: Element): boolean {
  return node.closest(".jp-Notebook") !== null;
}

/** Bring the cell `[number]` into view and mark it; returns whether there is one. */
export function showCell(node: Element, number: number): boolean {
  const cells = node.closest(".jp-Notebook")?.querySelectorAll<HTMLElement>(".jp-Cell");
  for (const cell of cells ?? []) {
    const prompt = cell.querySelector(".jp-InputPrompt")?.textContent ?? "";
    if (prompt.replace(/[^\d]/g, "") !== String(number)) continue;
    cell.scrollIntoView({ block: "nearest" });
    flash(cell);
    return true;
  }
  return false;
}

function flash(cell: HTMLElement): void {
  const { outline, outlineOffset } = cell.style;
  cell.style.outline = "2px solid var(--jp-brand-color1, #0969da)";
  cell.style.outlineOffset = "-2px";
  setTimeout(() => Object.assign(cell.style, { outline, outlineOffset }), FLASH_MS);
}
