"""A question that is open: who waits for it, and what was typed so far."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notebook_async.prompts._draft import drafted

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.prompts._form import Plain
    from notebook_async.prompts._question import Answered, Question, Reply
    from notebook_async.prompts._queue import PromptQueue
    from notebook_async.prompts._reading import Reader, Validate

__all__ = ["Asking", "Prompt"]


class _Sealed:
    """An outcome on its way to the asker: it never shows what it holds."""

    __slots__ = ("_error", "_value")

    def __init__(self, value: object, error: Exception | None) -> None:
        self._value = value
        self._error = error

    def open(self) -> Any:  # noqa: ANN401 - whatever was asked for
        error = self._error
        if error is None:
            return self._value
        try:
            raise error
        finally:
            # Not to hold each other: an error leads to this frame by its traceback.
            del error, self


@dataclass(frozen=True, slots=True)
class Asking:
    """A question, and what is known of it besides: how to read its answer.

    Attributes
    ----------
    question
        The question.
    reader
        Turns what a person gives back into a value.
    validate
        What the asker thinks of a value, see `ask`.
    default
        What is taken where nobody answers, or `...`.
    finish
        Makes of the value what the asker gets.
    told
        Whether records tell of it; not so where somebody else does.
    """

    question: Question
    reader: Reader
    validate: Validate | None = None
    default: Any = ...
    finish: Callable[[Any], Any] | None = None
    told: bool = True

    def __repr__(self) -> str:
        return f"<Asking {self.question!r}>"


class Prompt:
    """A question that waits for a person; front ends are given these.

    All of its methods may be called from any thread.

    Attributes
    ----------
    question
        What is asked, as data.

    Examples
    --------
    >>> from notebook_async.prompts import HeldPresenter, ask, pending, set_presenter
    >>> before = set_presenter(HeldPresenter())
    >>> task = asyncio.create_task(ask("How many?", int))
    >>> await asyncio.sleep(0)
    >>> prompt = pending[-1]
    >>> prompt
    <Prompt prompt-... 'How many?'>
    >>> prompt.answer("many").errors
    {'': 'must be a whole number'}
    >>> bool(prompt.answer("3")), await task
    (True, 3)
    >>> _ = set_presenter(before)
    """

    def __init__(
        self,
        asking: Asking,
        queue: PromptQueue,
        loop: asyncio.AbstractEventLoop,
        due: float | None,
    ) -> None:
        self.question = asking.question
        self._asking = asking
        self._queue = queue
        self._loop = loop
        self._thread = threading.get_ident()
        self._due = due
        self._task = asyncio.current_task()
        self._ended: Answered | None = None
        self._draft: Plain = None
        self._errors: dict[str, str] = {}
        # Says only that it is over: a future, unlike this, shows what it holds.
        self._over: asyncio.Future[None] = loop.create_future()
        self._sealed: _Sealed | None = None

    @property
    def id(self) -> str:
        """The id of the question."""
        return self.question.id

    @property
    def ended(self) -> Answered | None:
        """Its record once it is closed, or None."""
        return self._ended

    @property
    def remaining(self) -> float | None:
        """Seconds that are left to answer, or None where there is all the time."""
        return None if self._due is None else max(0.0, self._due - self._loop.time())

    @property
    def draft(self) -> Plain:
        """What was given last and refused, as plain data, without secrets and files."""
        return self._draft

    @property
    def errors(self) -> dict[str, str]:
        """What was wrong with that, by path of the field."""
        return dict(self._errors)

    def answer(self, raw: object, *, how: str = "by code") -> Reply:
        """Answer it, as `PromptQueue.answer` does."""
        return self._queue.answer(self.id, raw, how=how)

    def cancel(self, reason: str | None = None, *, how: str = "by code") -> Reply:
        """Say that nobody will answer it, as `PromptQueue.cancel` does."""
        return self._queue.cancel(self.id, reason, how=how)

    def take_default(self, *, how: str = "by code") -> Reply:
        """Answer it by its default, as `PromptQueue.take_default` does."""
        return self._queue.take_default(self.id, how=how)

    def interrupt(self) -> None:
        """Cancel the task that asks; its question closes as soon as the loop runs."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel_asker)

    def _cancel_asker(self) -> None:
        # Whoever runs the loop may have done so already, and counts.
        if self._task is not None and not self._task.cancelling():
            self._task.cancel()

    def fail(self, error: Exception) -> None:
        """Let it raise `error`, because it cannot be shown; for presenters."""
        self._queue.fail(self, error)

    def __repr__(self) -> str:
        state = f" {self._ended.end}" if self._ended else ""
        return f"<Prompt{repr(self.question)[len('<Question') : -1]}{state}>"

    # -- for the queue

    def keep(self, raw: object, errors: dict[str, str]) -> None:
        """Remember what was refused, so that a form that is drawn again has it."""
        self._draft = drafted(self._asking.reader.shape, raw)
        self._errors = errors

    def end(self, ended: Answered, value: object, error: Exception | None) -> None:
        """Close it and wake whoever asked, from any thread."""
        self._ended, self._sealed = ended, _Sealed(value, error)
        self._draft, self._errors = None, {}
        if threading.get_ident() == self._thread:
            self._wake()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    async def outcome(self) -> Any:  # noqa: ANN401  # noqa: ANN401 - whatever was asked for
        """Wait until it is closed; return the answer once, which then is forgotten."""
        await self._over
        sealed, self._sealed = self._sealed, None
        return None if sealed is None else sealed.open()

    def forget(self) -> None:
        """Drop the answer, for a front end may hold this for as long as it shows it."""
        self._sealed = self._task = None
