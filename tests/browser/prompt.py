"""A question's panel, as a person finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.notebook import Notebook


class Prompt:
    """The question in the output of one cell.

    Parameters
    ----------
    notebook
        The open notebook.
    index
        Of the cell that asks.
    text
        What is asked, where a cell asks several things.
    """

    def __init__(self, notebook: Notebook, index: int, text: str = "") -> None:
        self.output = notebook.output(index)
        self.root: Locator = self.output.locator(".na-prompt", has_text=text)
        self.root.wait_for()

    def field(self, label: str) -> Locator:
        """Return the field of a label."""
        return self.root.get_by_label(label)

    def press(self, name: str) -> None:
        """Press a button."""
        self.root.get_by_role("button", name=name).click()

    @property
    def due(self) -> str:
        """How long there is to answer, and what happens then."""
        return self.root.locator(".na-due").inner_text()

    def wait_for_record(self) -> str:
        """Wait until the question is closed, and return its line in parts."""
        self.root.locator(".na-record").wait_for()
        parts = "(line) => [...line.children].map((part) => part.textContent)"
        told: list[str] = self.root.locator(".na-record").evaluate(parts)
        return " | ".join(filter(None, told))

    def wait_for_error(self, text: str) -> None:
        """Wait until something is said to be wrong."""
        errors = ".na-field-error:visible, .na-error:visible"
        self.root.locator(errors, has_text=text).first.wait_for()
