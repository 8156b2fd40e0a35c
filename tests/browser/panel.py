"""A job's panel as a person finds it: by its roles, its words and its buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.notebook import Notebook

# Of every element of a kind: text that is drawn, without what only screen readers get.
_LINES = "(all) => all.map((line) => line.textContent)"

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
        """Wait until the still picture has taken the place of the live panel."""
        self.root.wait_for(state="detached")

    def heights(self, seconds: float) -> list[int]:
        """Watch the panel for that long and return every height it had, in pixels."""
        heights: list[int] = self.root.evaluate(_HEIGHTS, seconds)
        return heights
