"""The panel of a graph as a person finds it: its steps, its words and its buttons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.notebook import Notebook

ENDS = ("done", "failed", "cancelled")
ENDED = re.compile(f"· ({'|'.join(ENDS)})")

_HEIGHTS = """(panel, seconds) => new Promise((resolve) => {
    const seen = new Set();
    const observer = new ResizeObserver(() => seen.add(panel.offsetHeight));
    observer.observe(panel);
    setTimeout(() => { observer.disconnect(); resolve([...seen]); }, seconds * 1000);
})"""


class GraphPanel:
    """The live panel in the output of one cell.

    Parameters
    ----------
    notebook
        The open notebook.
    index
        Of the cell that shows the panel.
    """

    def __init__(self, notebook: Notebook, index: int) -> None:
        self._notebook = notebook
        self.output = notebook.output(index)
        self.root: Locator = self.output.locator(".na-graph")
        self.picture = self.root.locator(".na-g-picture")
        self.details = self.root.locator(".na-g-details")
        self.waits = self.root.locator(".na-g-waits")

    @property
    def phase(self) -> str | None:
        """Return the state of the run that the panel shows."""
        return self.root.get_attribute("data-phase")

    def button(self, action: str) -> Locator:
        """Return a button of the header."""
        return self.root.locator(f"[data-action={action}]")

    def step(self, name: str) -> Locator:
        """Return a step of the picture."""
        return self.picture.get_by_role("button", name=f"{name}:")

    def state(self, name: str) -> str | None:
        """Return the state of a step."""
        return self.step(name).get_attribute("data-phase")

    def words(self, name: str) -> str:
        """Return all that a step says of itself, as a screen reader reads it."""
        return self.step(name).get_attribute("aria-label") or ""

    def edge(self, words: str) -> str | None:
        """Return whether the edge with this label is unused, used or lit."""
        label = self.picture.locator(".na-g-beside", has_text=words)
        return label.first.get_attribute("data-mode")

    def wait_for_words(self, name: str, words: str) -> None:
        """Wait until a step says something of itself."""
        self.step(name).and_(
            self.picture.locator(f"[aria-label*='{words}']")
        ).wait_for()

    def wait_for_state(self, name: str, state: str) -> None:
        """Wait until a step is in a state."""
        self.step(name).and_(self.picture.locator(f"[data-phase='{state}']")).wait_for()

    def wait_for_end(self) -> None:
        """Wait until the panel, and the still picture behind it, show the end."""
        phases = [f".na-graph[data-phase={phase}]" for phase in ENDS]
        self.output.locator(", ".join(phases)).wait_for()
        self.still.filter(has_text=ENDED).wait_for(state="attached")

    @property
    def still(self) -> Locator:
        """Return the still picture, which a live panel hides."""
        return self.output.locator(".na-still")

    def transform(self) -> str | None:
        """Return from where the picture is seen."""
        return self.picture.locator("svg.na-g-svg > g").get_attribute("transform")

    def heights(self, seconds: float) -> list[int]:
        """Watch the panel for that long and return every height it had, in pixels."""
        heights: list[int] = self.root.evaluate(_HEIGHTS, seconds)
        return heights

    @property
    def focused(self) -> str:
        """Return the name of the step that the keyboard is at."""
        label = self._notebook.page.evaluate(
            "() => document.activeElement.getAttribute('aria-label')"
        )
        return str(label).partition(":")[0]
