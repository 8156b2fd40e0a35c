"""The open questions of a run as prompts: opened, answered and closed by their ids."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from notebook_async.prompts._events import ask_event

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

__all__ = ["EventPrompts"]


class EventPrompts:
    """Asks people what the events of a run ask, any number at once.

    Whoever follows a run opens its questions and closes those that were answered in
    another way; what people say comes back by the two callbacks, on the same loop.

    Parameters
    ----------
    answer
        Called with the id of a question and its answer.
    fail
        Called with the id of a question and why there will be no answer: nobody is
        there to be asked, its time is over, or the person declined.
    interrupt
        Called where somebody interrupts a question, as Ctrl-C on a terminal does.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from notebook_async.prompts import answers
    >>> prompts = EventPrompts(answer=print, fail=print)
    >>> with answers({"Your name?": "Ada"}):
    ...     prompts.open("run-1/1", SimpleNamespace(prefix="Your name?"))
    >>> await asyncio.sleep(0)
    run-1/1 Ada
    >>> prompts.ids
    ()
    """

    def __init__(
        self,
        *,
        answer: Callable[[str, Any], object],
        fail: Callable[[str, Exception], object],
        interrupt: Callable[[], object] | None = None,
    ) -> None:
        self._answer = answer
        self._fail = fail
        self._interrupt = interrupt
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the questions that are open, the oldest first."""
        return tuple(self._tasks)

    def open(
        self,
        key: str,
        event: object,
        *,
        source: tuple[str, ...] = (),
        context: Context | None = None,
    ) -> None:
        """Ask what an event asks, as `ask_event` does; one that is open stays so.

        Parameters
        ----------
        key
            The id of the question in its run.
        event
            The question.
        source
            Path of ids of the run.
        context
            The context variables to ask with, such as seeded answers, and where a
            front end shows the question; by default those of the caller.
        """
        if key not in self._tasks:
            asking = self._ask(key, event, source)
            self._tasks[key] = asyncio.create_task(
                asking, name=f"ask-{key}", context=context
            )

    def close(self, key: str) -> None:
        """Take a question back, which needs no answer any more."""
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()

    def close_all(self) -> None:
        """Take all questions back: the run has ended."""
        for key in self.ids:
            self.close(key)

    async def _ask(self, key: str, event: object, source: tuple[str, ...]) -> None:
        try:
            value = await ask_event(event, source=source)
        except asyncio.CancelledError:
            # One that was closed is not among them any more.
            known = self._tasks.pop(key, None) is not None
            if known and self._interrupt is not None:
                self._interrupt()
            raise
        except Exception as error:  # noqa: BLE001 - the run's to judge
            self._tasks.pop(key, None)
            self._fail(key, error)
        else:
            # First, for an answer closes the question of the run.
            self._tasks.pop(key, None)
            self._answer(key, value)
