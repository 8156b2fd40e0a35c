"""Ask questions in a notebook: a form in the cell that asks, then its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.kernel import detect_host
from notebook_async.widgets._live_display import has_loop, show_panel

if TYPE_CHECKING:
    from notebook_async.prompts import Answered, Prompt, Shown

__all__ = ["NotebookPresenter"]

_MOST_PANELS = 30


class NotebookPresenter:
    """Shows questions where panels can be shown, and somebody is there to see them."""

    def can_present(self) -> bool:
        """Tell whether this is a kernel, and no program that runs its cells."""
        host = detect_host()
        return not (host.text_only or host.headless) and has_loop()

    def present(self, prompt: Prompt) -> Shown:
        """Show a question in the cell, or in the output of the job, that asks."""
        return _ShownPrompt(prompt)


class _ShownPrompt:
    """A question in a notebook."""

    def __init__(self, prompt: Prompt) -> None:
        from notebook_async.widgets._still_prompt import prompt_bundle  # noqa: PLC0415
        from notebook_async.widgets.prompt_panel import PromptPanel  # noqa: PLC0415

        question = prompt.question
        # Text stands in the form itself.
        if not isinstance(question.detail, str):
            _show_detail(question.detail)
        self._panel = PromptPanel(prompt)
        self._display = show_panel(
            self._panel,
            lambda: prompt_bundle(question, prompt.ended),
            kind="prompt",
            most=_MOST_PANELS,
        )

    def close(self, ended: Answered) -> None:
        """Show the record, in the panel and in what is saved."""
        self._panel.finish(ended)
        self._display.end()


def _show_detail(detail: object) -> None:
    """Show what a decision is about as any cell would, before the question."""
    if detail is not None:
        from IPython.display import display  # noqa: PLC0415 - it is slow to load

        display(detail)
