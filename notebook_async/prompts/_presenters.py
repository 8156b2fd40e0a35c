"""Who shows questions: one interface, and which of those that there are comes first.

A question goes to the first that can take it: answers that were given beforehand, the
presenter that a front end has installed, a terminal. Where there is none of these it
takes its default, or fails at once: it never hangs.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from notebook_async.prompts._prompt import Prompt
    from notebook_async.prompts._question import Answered, Question

__all__ = [
    "HeldPresenter",
    "Presenter",
    "Shown",
    "installed",
    "keep_record",
    "set_presenter",
]

_log = logging.getLogger("notebook_async")


class Shown(Protocol):
    """A question as a front end shows it."""

    def close(self, ended: Answered) -> None:
        """Take note that the question is closed, and show its record instead.

        It is called once, in the loop that asked, in whichever way the question ended.
        """


class Presenter(Protocol):
    """A front end for questions.

    It is called in the loop and the context of whoever asks, which may be a job. What
    the person gives back goes to `prompt.answer(raw, how=...)`, from any thread.

    One that has a method `record(question, ended)` is told by it of questions that need
    no person, for their answers were seeded or their defaults taken.
    """

    def can_present(self) -> bool:
        """Tell whether somebody will see a question that is asked here and now."""

    def present(self, prompt: Prompt) -> Shown:
        """Show a question, without waiting for its answer."""


class _Held:
    """A question that is shown nowhere by itself."""

    def close(self, ended: Answered) -> None:
        """Do nothing: whoever answered it knows."""


class HeldPresenter:
    """Hold questions open and show none: answers come through `pending`.

    For programs with a front end of their own, such as a server, and for tests.

    Examples
    --------
    >>> from notebook_async.prompts import approve, pending
    >>> before = set_presenter(HeldPresenter())
    >>> task = asyncio.create_task(approve("Send 214 mails?"))
    >>> await asyncio.sleep(0)
    >>> reply = pending.answer(pending[-1].id, {"approved": False, "reason": "later"})
    >>> await task
    Approval(approved=False, reason='later')
    >>> _ = set_presenter(before)
    """

    def can_present(self) -> bool:
        """Say yes: whoever installed it looks after the questions."""
        return True

    def present(self, prompt: Prompt) -> Shown:  # noqa: ARG002 - it is in the queue
        """Leave the question in the queue."""
        return _Held()


_installed: Presenter | None = None


def set_presenter(presenter: Presenter | None) -> Presenter | None:
    """Let a front end show questions from now on; return the one before.

    Parameters
    ----------
    presenter
        The front end, or None to go without one.

    Examples
    --------
    >>> before = set_presenter(HeldPresenter())
    >>> set_presenter(before)
    <...HeldPresenter object ...>
    """
    global _installed
    before, _installed = _installed, presenter
    return before


def keep_record(question: Question, ended: Answered) -> None:
    """Let the front end keep the record of a question that needed no person."""
    record = getattr(_installed, "record", None)
    if record is not None:
        try:
            record(question, ended)
        except Exception:  # noqa: BLE001 - a viewer's fault must not become the asker's
            _log.exception("a front end failed to keep the record of %r", ended.text)


def installed() -> Presenter | None:
    """Return the presenter that a front end has installed, if it can show now."""
    if _installed is not None and _installed.can_present():
        return _installed
    return None
