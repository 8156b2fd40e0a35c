"""Exceptions of questions to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.errors._base import NotebookAsyncError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "NoFrontEndError",
    "PromptCancelledError",
    "PromptTimeout",
    "SeededAnswerError",
]

_MOST = 200


class NoFrontEndError(NotebookAsyncError, RuntimeError):
    """Say that nobody can be asked here, and what to do instead.

    Attributes
    ----------
    question
        What was to be asked.
    key
        What names its answer among seeded ones.

    Examples
    --------
    >>> print(NoFrontEndError("Your name?", key="name"))
    'Your name?' cannot be asked: no notebook front end and no terminal is there ...
    """

    def __init__(self, question: str, *, key: str | None = None) -> None:
        self.question = question
        self.key = question if key is None else key
        name = _cut(self.key)
        super().__init__(
            f"{_cut(question)} cannot be asked: no notebook front end and no terminal"
            " is there to ask in. Give the answer beforehand, by"
            f" `with notebook_async.prompts.answers({{{name}: ...}})`; or let"
            " NOTEBOOK_ASYNC_ANSWERS name a JSON file that has it; or give the question"
            " a `default=`"
        )


class PromptTimeout(NotebookAsyncError, TimeoutError):  # noqa: N818 - the name is given
    """Say that nobody answered a question in time, and that it has no default.

    Attributes
    ----------
    question
        What was asked.
    timeout
        The seconds that there were.

    Examples
    --------
    >>> print(PromptTimeout("Your name?", timeout=30))
    'Your name?' was not answered within 30 s
    """

    def __init__(self, question: str, *, timeout: float) -> None:
        super().__init__(f"{_cut(question)} was not answered within {timeout:g} s")
        self.question = question
        self.timeout = timeout


class PromptCancelledError(NotebookAsyncError, RuntimeError):
    """Say that a person will not answer a question.

    The task that asked is not cancelled: it may catch this, and go on.

    Attributes
    ----------
    question
        What was asked.
    reason
        Why not, where that was said.

    Examples
    --------
    >>> print(PromptCancelledError("Your name?", reason="not today"))
    'Your name?' was cancelled: not today
    """

    def __init__(self, question: str, *, reason: str | None = None) -> None:
        why = f": {reason}" if reason else ""
        super().__init__(f"{_cut(question)} was cancelled{why}")
        self.question = question
        self.reason = reason


class SeededAnswerError(NotebookAsyncError, ValueError):
    """Say that an answer given beforehand does not fit its question.

    Attributes
    ----------
    key
        What names the answer, or the file that holds it.
    errors
        What is wrong with it, by the path of the field; "" is the answer as a whole.

    Examples
    --------
    >>> print(SeededAnswerError("age", {"": "must be at least 0"}))
    the seeded answer 'age' does not fit: must be at least 0
    """

    def __init__(self, key: str, errors: Mapping[str, str]) -> None:
        why = "; ".join(
            f"{path}: {why}" if path else why for path, why in errors.items()
        )
        super().__init__(f"the seeded answer {_cut(key)} does not fit: {why}")
        self.key = key
        self.errors = dict(errors)


def _cut(text: str) -> str:
    return repr(text if len(text) <= _MOST else f"{text[: _MOST - 1]}…")
