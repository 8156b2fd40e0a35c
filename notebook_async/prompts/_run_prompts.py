"""The questions of a workflow's run, asked by themselves where somebody waits for it.

When a question is asked
------------------------
A run may be answered in two ways: by a person, whom somebody has to ask, and by the
program that started it, which reads its events and sends answers. Nobody says which. So
a question is asked when it is plain that a person is waited for:

* Somebody awaits the run, watches it, or it runs in a job; and
* no program reads its events. One that reads and is busy with an event may be answering
  at this moment, and is left alone. One that has seen the question and waits for more
  does not answer it, as in a loop that prints progress: then the question is asked,
  after a quarter of a second for an answer that is under way.

In a notebook a loop over the events counts as waiting for the run. In a script it does
not: there it may well be a server that shows the questions in its own way. What a
program answers by itself closes the question, and what nobody waits for any more closes
too; it is asked again when somebody does.

Where nobody can be asked a question takes its default. Without one the run fails, but
only in a notebook, only where its result is waited for, and only after some seconds in
which the program may answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.errors import (
    NoFrontEndError,
    PromptCancelledError,
    PromptTimeout,
)
from notebook_async.prompts._answers import with_seeds_of
from notebook_async.prompts._event_prompts import EventPrompts
from notebook_async.prompts._patience import patience

if TYPE_CHECKING:
    import asyncio
    from contextvars import Context

    from notebook_async.core._people import AskingRun, OpenQuestion

__all__ = ["RunPrompts"]

# Seconds in which a program that reads the events may answer before a person is asked:
# one that waits for more, and one that holds a reader but awaits the run.
_IDLE, _BUSY = 0.25, 1.0


class RunPrompts:
    """Asks people what one run asks, while somebody waits for that run.

    Parameters
    ----------
    run
        The run.
    """

    def __init__(self, run: AskingRun) -> None:
        self._run = run
        self._prompts = EventPrompts(
            answer=self._answer, fail=self._fail, interrupt=run.interrupt
        )
        self._looking: asyncio.Handle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._since: dict[str, float] = {}
        # What nobody could be asked, and since when somebody waits for it.
        self._unasked: dict[str, NoFrontEndError] = {}
        self._despair: dict[str, asyncio.TimerHandle] = {}
        self._awaited: Context | None = None

    def changed(self) -> None:
        """Look in the next pass of the loop what is to be asked, and what no more."""
        if self._looking is None and not self._run.loop.is_closed():
            self._looking = self._run.loop.call_soon(self._look)

    def _look(self) -> None:
        self._looking = None
        if self._later is not None:
            self._later.cancel()
            self._later = None
        questions = self._run.questions()
        self._forget_others(questions)
        if not questions:
            return
        self._look_who_waits()
        delays = [self._take_up(key, one) for key, one in questions.items()]
        waiting = [delay for delay in delays if delay]
        if waiting:
            self._later = self._run.loop.call_later(min(waiting), self.changed)

    def _forget_others(self, questions: object) -> None:
        """Close what was answered in another way."""
        known: Any = questions
        for key in (*self._since, *self._prompts.ids):
            if key not in known:
                self._prompts.close(key)
                self._since.pop(key, None)
                self._calm(key)

    def _look_who_waits(self) -> None:
        """Let somebody who waits from now on be asked what nobody could be before."""
        awaited = self._run.awaited
        if awaited is not None and awaited is not self._awaited:
            for key in tuple(self._unasked):
                self._calm(key)
        self._awaited = awaited

    def _take_up(self, key: str, question: OpenQuestion) -> float:
        """Ask a question, or close it; return the seconds to wait before, if any."""
        now = self._run.loop.time()
        due = self._due(question)
        if due is None:
            self._since.pop(key, None)
            if not self._is_waited_for(question):
                self._prompts.close(key)
                self._calm(key)
            return 0.0
        since = self._since.setdefault(key, now)
        if key in self._unasked:
            self._begin_despair(key, question)
        elif key not in self._prompts.ids:
            if now < since + due:
                return since + due - now
            self._prompts.open(
                key, question.event, source=question.source, context=self._place()
            )
        return 0.0

    def _due(self, question: OpenQuestion) -> float | None:
        """Return how long a program may answer before a person is asked, or None."""
        if question.reader == "none":
            return 0.0 if self._is_waited_for(question) else None
        if patience() is None:
            return None
        if question.reader == "idle":
            return _IDLE
        return _BUSY if self._run.awaited is not None else None

    def _is_waited_for(self, question: OpenQuestion) -> bool:
        run = self._run
        reads = question.reader != "none"
        return reads or run.awaited is not None or run.watched is not None

    def _place(self) -> Context:
        """Return the context to ask in: of whoever waits."""
        run = self._run
        return with_seeds_of(run.awaited or run.watched or run.base, run.base)

    # -- what comes of it

    def _answer(self, key: str, value: Any) -> None:  # noqa: ANN401 - what was asked
        self._since.pop(key, None)
        try:
            self._run.answer(key, value)
        except Exception as error:  # noqa: BLE001 - a user's class of events
            self._run.refuse(key, error)

    def _fail(self, key: str, error: Exception) -> None:
        if isinstance(error, NoFrontEndError):
            self._unasked[key] = error
            self.changed()
        elif isinstance(error, PromptTimeout | PromptCancelledError):
            self._run.refuse(key, error)
        else:
            self._run.fail(error)

    def _begin_despair(self, key: str, question: OpenQuestion) -> None:
        """Let the run fail in a while, if somebody waits for its result."""
        seconds = patience()
        if seconds is None or key in self._despair:
            return
        reads = question.reader == "idle" and not self._run.answerable
        if self._run.awaited is not None or reads:
            self._despair[key] = self._run.loop.call_later(seconds, self._give_up, key)

    def _give_up(self, key: str) -> None:
        del self._despair[key]
        if key in self._run.questions():
            self._run.fail(self._unasked[key])

    def _calm(self, key: str) -> None:
        self._unasked.pop(key, None)
        timer = self._despair.pop(key, None)
        if timer is not None:
            timer.cancel()
