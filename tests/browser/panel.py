"""A job's panel as a person finds it: by its roles, its words and its buttons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.notebook import Notebook

ENDED = re.compile(r"· (done|failed|cancelled)")

# Of every element of a kind: text that is drawn, without what only screen readers get.
_LINES = "(all) => all.map((line) => line.textContent)"

# The contrast of every text that is drawn. A canvas turns all ways to write a colour
# into red, green, blue and alpha.
_CONTRAST = """(root) => {
    const canvas = document.createElement("canvas").getContext("2d", {
        willReadFrequently: true });
    const parse = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return {rgb: [r, g, b], alpha: a / 255};
    };
    const over = (top, alpha, below) =>
        below.map((value, i) => alpha * top[i] + (1 - alpha) * value);
    const up = (node) => {
        const path = [];
        for (; node; node = node.parentElement) path.push(getComputedStyle(node));
        return path;
    };
    const background = (path) => path.reduceRight((below, style) => {
        const {rgb, alpha} = parse(style.backgroundColor);
        return over(rgb, alpha, below);
    }, [255, 255, 255]);
    const luminance = (rgb) => rgb
        .map((value) => value / 255)
        .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    return [...root.querySelectorAll("*")]
        .filter((node) => node.checkVisibility()
            && node.getClientRects().length > 0
            && [...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .map((node) => {
            const path = up(node);
            const below = background(path);
            const {rgb, alpha} = parse(path[0].color);
            const shown = path.reduce((product, s) => product * s.opacity, alpha);
            const levels = [over(rgb, shown, below), below].map(luminance);
            levels.sort((a, b) => b - a);
            return [node.textContent.trim(), (levels[0] + 0.05) / (levels[1] + 0.05)];
        });
}"""

_HEIGHTS = """(panel, seconds) => new Promise((resolve) => {
    const seen = new Set();
    const observer = new ResizeObserver(() => seen.add(panel.offsetHeight));
    observer.observe(panel);
    setTimeout(() => { observer.disconnect(); resolve([...seen]); }, seconds * 1000);
})"""


class Panel:
    """The live panel in the output of one cell, while its job runs.

    Parameters
    ----------
    notebook
        The open notebook.
    index
        Of the cell that started the job.
    """

    def __init__(self, notebook: Notebook, index: int) -> None:
        self._notebook = notebook
        self.output = notebook.output(index)
        self.root: Locator = self.output.locator(".na-panel")
        self.bar = self.root.get_by_role("progressbar").first
        self.cancel = self.root.get_by_role("button", name="cancel this job")

    def press(self, action: str) -> None:
        """Press a button of the header."""
        self.root.locator(f'.na-header [data-action="{action}"]').click()

    def offers(self, action: str) -> Locator:
        """Return a button of the header, to wait for it or to count it."""
        return self.root.locator(f'.na-header [data-action="{action}"]')

    def open_items(self, kind: str = "all") -> None:
        """Show the items of a kind, and wait until they have come."""
        self.root.get_by_role("tab", name="items").click()
        self.root.get_by_role("tab", name=kind).click()
        listed = self.root.get_by_role("grid", name=f"{kind} items of")
        # For a moment there may be the rows of the kind before.
        words = "item" if kind == "all" else kind
        listed.locator(".na-item[aria-rowindex='1']", has_text=words).wait_for()

    @property
    def items(self) -> list[str]:
        """The rows of items that are drawn, from the top, as `item 3 failed`."""
        script = """(rows) => rows
            .map((row) => [Number(row.getAttribute("aria-rowindex")),
                row.children[1].textContent + " " + row.children[2].textContent])
            .sort((a, b) => a[0] - b[0])
            .map((pair) => pair[1])"""
        items: list[str] = self.root.locator(".na-item").evaluate_all(script)
        return items

    @property
    def item_list(self) -> Locator:
        """The list of items, which takes keys."""
        return self.root.locator(".na-items-list")

    def item(self, index: int) -> Locator:
        """Return the row of an item, if it is in sight."""
        exactly = re.compile(rf"^item {index:,}$")
        name = self._notebook.page.locator(".na-item-index", has_text=exactly)
        return self.root.locator(".na-item", has=name)

    @property
    def phase(self) -> str | None:
        """Return the state that the panel shows."""
        return self.root.get_attribute("data-phase")

    @property
    def done(self) -> int:
        """Return how many items the bar says have ended."""
        return int(self.bar.get_attribute("aria-valuenow") or 0)

    @property
    def lines(self) -> list[str]:
        """Return the lines of the log, a result among them."""
        lines: list[str] = self.root.locator(".na-line").evaluate_all(_LINES)
        return [line for line in lines if line]

    def wait_until_done(self, items: int) -> None:
        """Wait until the bar says that at least so many items have ended."""
        self.bar.wait_for()
        self._notebook.page.wait_for_function(
            "([bar, items]) => Number(bar.getAttribute('aria-valuenow')) >= items",
            arg=[self.bar.element_handle(), items],
        )

    def wait_for_line(self, text: str) -> None:
        """Wait until the log has a line with that text."""
        self.root.locator(".na-line", has_text=text).first.wait_for()

    def wait_for_end(self) -> None:
        """Wait until the panel, and the still picture behind it, show the end."""
        ended = ", ".join(
            f'.na-panel:not(.na-graph)[data-phase="{phase}"]'
            for phase in ("done", "failed", "cancelled")
        )
        self.output.locator(ended).wait_for()
        # Only in the page in which the cell ran: after a reload no front end knows any
        # more which output a display's name meant.
        self.still.filter(has_text=ENDED).wait_for(state="attached")

    @property
    def still(self) -> Locator:
        """Return the still picture, which a live panel hides."""
        return self.output.locator(".na-still")

    @property
    def kept_lines(self) -> list[str]:
        """Return the lines of the still picture, those that are folded away too."""
        texts = self.still.locator("pre").all_text_contents()
        return [line for text in texts for line in text.splitlines()]

    def heights(self, seconds: float) -> list[int]:
        """Watch the panel for that long and return every height it had, in pixels."""
        heights: list[int] = self.root.evaluate(_HEIGHTS, seconds)
        return heights


def illegible(part: Locator) -> dict[str, float]:
    """Return the texts in a part of the page that have too little contrast, and it.

    Notes
    -----
    Limits of the Web Content Accessibility Guidelines 2.2, 1.4.3 and 1.4.11: 4.5 for
    words and numbers, 3 for a glyph beside them.
    """
    contrasts: list[tuple[str, float]] = part.evaluate(_CONTRAST)
    return {
        text: round(contrast, 2)
        for text, contrast in contrasts
        if contrast < (4.5 if any(map(str.isalnum, text)) else 3.0)
    }
