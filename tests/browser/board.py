"""The board's panel and the await tree's, as a person finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.notebook import Notebook


class Board:
    """The live board in the output of one cell.

    Parameters
    ----------
    notebook
        The open notebook.
    index
        Of the cell that shows it.
    """

    def __init__(self, notebook: Notebook, index: int) -> None:
        self.output = notebook.output(index)
        self.root: Locator = self.output.locator(".na-board")
        self.root.wait_for()

    @property
    def names(self) -> list[str]:
        """The jobs, from the top."""
        return self.root.locator(".na-job-name").all_inner_texts()

    def row(self, job: int) -> Locator:
        """Return the row of a job."""
        return self.root.locator(f'[data-job="{job}"]')

    def wait_for(self, job: int, phase: str) -> None:
        """Wait until the row of a job shows a state."""
        self.root.locator(f'[data-job="{job}"][data-phase="{phase}"]').wait_for()

    def press(self, job: int, action: str) -> None:
        """Press a button in the row of a job."""
        self.row(job).locator(f'[data-action="{action}"]').click()


class Tree:
    """The live await tree in the output of one cell."""

    def __init__(self, notebook: Notebook, index: int) -> None:
        self.output = notebook.output(index)
        self.root: Locator = self.output.locator(".na-tree")
        self.root.wait_for()

    @property
    def lines(self) -> list[str]:
        """The lines, with what leads to them."""
        rows = self.root.locator(".na-tree-row")
        parts = "(rows) => rows.map((row) => row.children[0].textContent"
        lines: list[str] = rows.evaluate_all(f"{parts} + row.children[1].textContent)")
        return lines

    def row(self, text: str) -> Locator:
        """Return the line that has a text."""
        return self.root.locator(".na-tree-row", has_text=text).first
