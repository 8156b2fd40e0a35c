"""Ask questions in a notebook: a form in the cell that asks, then its record."""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from notebook_async.kernel import detect_host
from notebook_async.widgets._live_display import has_loop, show_panel, show_still

if TYPE_CHECKING:
    from notebook_async.prompts import Answered, Prompt, Question, Shown
    from notebook_async.widgets._embedded import EmbeddedDisplay
    from notebook_async.widgets._live_display import LiveDisplay
    from notebook_async.widgets.prompt_panel import PromptPanel

__all__ = ["NotebookPresenter"]

_MOST_PANELS = 30
_MOST_OPEN = 20
"""Open questions of one asker that are shown at once: more would be a pile."""


class NotebookPresenter:
    """Shows questions where panels can be shown, and somebody is there to see them.

    Of one asker, such as a job, so many are shown at once; the others come as these are
    closed. One that has no time to lose is shown in any case.
    """

    def __init__(self) -> None:
        # A line lives for as long as somebody stands in it.
        self._lines: WeakValueDictionary[tuple[str, ...], _Line] = WeakValueDictionary()

    def can_present(self) -> bool:
        """Tell whether this is a kernel, and no program that runs its cells."""
        host = detect_host()
        return not (host.text_only or host.headless) and has_loop()

    def present(self, prompt: Prompt) -> Shown:
        """Show a question in the cell, or in the output of the job, that asks."""
        key = prompt.question.source[:1]
        line = self._lines.setdefault(key, _Line())
        return _ShownPrompt(prompt, line)

    def record(self, question: Question, ended: Answered) -> None:
        """Leave the record of a question that needed no person in the notebook."""
        if not detect_host().text_only:
            _show_record(question, ended)


class _Line:
    """The questions of one asker: those that are shown, and those that wait for it."""

    def __init__(self) -> None:
        self._shown: set[_ShownPrompt] = set()
        self._waiting: deque[_ShownPrompt] = deque()

    def enter(self, one: _ShownPrompt, *, at_once: bool) -> None:
        if at_once or len(self._shown) < _MOST_OPEN:
            self._shown.add(one)
            one.show()
        else:
            self._waiting.append(one)

    def leave(self, one: _ShownPrompt) -> None:
        self._shown.discard(one)
        if one in self._waiting:
            self._waiting.remove(one)
        while self._waiting and len(self._shown) < _MOST_OPEN:
            following = self._waiting.popleft()
            self._shown.add(following)
            following.show_later()


class _ShownPrompt:
    """A question in a notebook."""

    def __init__(self, prompt: Prompt, line: _Line) -> None:
        self._prompt = prompt
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        self._panel: PromptPanel | None = None
        self._display: LiveDisplay | EmbeddedDisplay | None = None
        line.enter(self, at_once=prompt.question.timeout is not None)

    def show_later(self) -> None:
        """Show it where it was asked, for there is room now."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._context.run, self._show_in_turn)

    def _show_in_turn(self) -> None:
        try:
            self.show()
        except Exception as error:  # noqa: BLE001 - whoever asked must not wait for ever
            self._prompt.fail(error)

    def show(self) -> None:
        """Show the question, if it is still open."""
        if self._prompt.ended is not None:
            return
        from notebook_async.widgets._still_prompt import prompt_bundle  # noqa: PLC0415
        from notebook_async.widgets.prompt_panel import PromptPanel  # noqa: PLC0415

        prompt, question = self._prompt, self._prompt.question
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
        if self._panel is not None and self._display is not None:
            self._panel.finish(ended)
            self._display.end()
        elif ended.end != "cancelled":
            # How it ended before its turn came.
            _show_record(self._prompt.question, ended)
        self._line.leave(self)


def _show_record(question: Question, ended: Answered) -> None:
    from notebook_async.widgets._still_prompt import prompt_bundle  # noqa: PLC0415

    show_still(lambda: prompt_bundle(question, ended), lambda: False)


def _show_detail(detail: object) -> None:
    """Show what a decision is about as any cell would, before the question."""
    if detail is not None:
        from IPython.display import display  # noqa: PLC0415 - it is slow to load

        display(detail)
