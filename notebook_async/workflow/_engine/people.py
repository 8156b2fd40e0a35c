"""The questions of a run and of those inside of it, for whoever asks people.

A question is told to the outermost run, for its handler is what a person waits for.
"""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.core._people import OpenQuestion, follow, set_rest
from notebook_async.core._scope import current_scope
from notebook_async.workflow._engine.worker import here, keep_answer
from notebook_async.workflow.events import HumanResponseEvent

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from contextvars import Context

    from notebook_async.core._people import Reader
    from notebook_async.workflow._engine.invocation import Waiter
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.events import Event
    from notebook_async.workflow.handler import WorkflowHandler

__all__ = ["RunQuestions", "teller_of_questions", "watch_here"]


def _questions_changed(run: Run) -> None:
    """Tell whoever asks people that a run has another question, or one less."""
    top = _outermost(run)
    if top.people is None and not top.is_over and run.state.waits.questions:
        top.people = follow(RunQuestions(top))
    if top.people is not None:
        for each in _up(run):
            if not each.ended:
                each.log.idle = top.people.changed
        top.people.changed()


def teller_of_questions(run: Run) -> Callable[[], None]:
    """Return what is to be called with each change of the questions of a run."""
    reference = weakref.ref(run)

    def changed() -> None:
        its_run = reference()
        if its_run is not None:
            _questions_changed(its_run)

    return changed


def watch_here(run: Run) -> None:
    """Take note that somebody watches a run, from here."""
    if not run.ended:
        run.watcher = copy_context()
        people = _outermost(run).people
        if people is not None:
            people.changed()


@contextmanager
def _rest() -> Iterator[None]:
    """Let the run of the step around this wait for a person, as if it asked itself."""
    slot = here()
    run, call = (None, None) if slot is None else (slot.run, slot.invocation)
    if run is None or call is None or run.is_over:
        yield
        return
    state, asides = run.state, run.state.waits.asides
    # One that asks twice at once is still one call.
    state.busy -= call not in asides
    asides[call] += 1
    run.advance()
    try:
        yield
    finally:
        asides[call] -= 1
        if not asides[call]:
            del asides[call]
            if state.outcome is None:
                state.busy += 1
                run.advance()
        del run, call, slot, state, asides


set_rest(_rest)


class RunQuestions:
    """The open questions of an outermost run.

    Parameters
    ----------
    run
        The run.
    """

    def __init__(self, run: Run) -> None:
        # Whoever asks people may be freed later than the run.
        self._run: Run = weakref.proxy(run)
        self.loop: asyncio.AbstractEventLoop = run.loop

    @property
    def base(self) -> Context:
        """The context variables of whoever started it."""
        return self._run.base

    @property
    def awaited(self) -> Context | None:
        """The context variables of who waits for its result, or None."""
        handler = _handler(self._run)
        waiting = None if handler is None else handler._awaiters
        return waiting[-1][1] if waiting else None

    @property
    def watched(self) -> Context | None:
        """Those of who watches it, or of the job that it runs in, or None."""
        if self._run.watcher is not None:
            return self._run.watcher
        owner = self.base.get(current_scope)
        return None if owner is None or owner.owner is None else self.base

    @property
    def answerable(self) -> bool:
        """Whether somebody holds what sends events into it."""
        return any(run.outside for run in self._runs())

    def questions(self) -> dict[str, OpenQuestion]:
        """Return the open questions by id, the oldest of each run first."""
        return {
            name: OpenQuestion(event, _source(run), _reader(run))
            for run in self._runs()
            for name, event in run.state.waits.questions.items()
        }

    def answer(self, key: str, value: Any) -> None:
        """Answer a question."""
        run = self._find(key)
        if run is None:
            return
        event = _response(run, key, value)
        waiter = _waiter(run, key)
        if waiter is None:
            run.send(event, None)
        else:
            # Not sent: steps that take such events, too, were not asked.
            run.state.waits.answer(waiter, event)
            keep_answer(run, event)
            run.advance()

    def refuse(self, key: str, error: Exception) -> None:
        """Let the step that asks raise this, or the run where no step waits."""
        run = self._find(key)
        if run is None:
            return
        waiter = _waiter(run, key)
        if waiter is None:
            run.state.fail(error)
        else:
            run.state.waits.settle(waiter, error)
        run.advance()

    def fail(self, error: Exception) -> None:
        """Let the run fail."""
        if not self._run.is_over:
            self._run.state.fail(error)
            self._run.advance()

    def interrupt(self) -> None:
        """Cancel what waits for the result, or else the run."""
        handler = _handler(self._run)
        waiting = [] if handler is None else [task for task, _ in handler._awaiters]
        for task in waiting:
            if not task.cancelling():
                task.cancel()
        if not waiting:
            self._run.cancel()

    def _runs(self) -> Iterator[Run]:
        try:
            yield from _family(self._run)
        except ReferenceError:
            return

    def _find(self, key: str) -> Run | None:
        for run in self._runs():
            if key in run.state.waits.questions:
                return run
        return None


def _outermost(run: Run) -> Run:
    return [*_up(run)][-1]


def _up(run: Run) -> Iterator[Run]:
    """Give a run and those that it is inside of, the outermost last."""
    at: Run | None = run
    while at is not None:
        yield at
        at = at.parent


def _family(run: Run) -> Iterator[Run]:
    """Give a run and those inside of it that have not ended."""
    if not run.is_over:
        yield run
        for child in tuple(run.children):
            yield from _family(child)


def _handler(run: Run) -> WorkflowHandler | None:
    return None if run.handler is None else run.handler()


def _source(run: Run) -> tuple[str, ...]:
    scope = run.base.get(current_scope)
    path = () if scope is None else scope.path
    outer = () if run.parent is None else _source(run.parent)
    # Only where the hooks are told of them are runs in their own scopes.
    inner = (each for each in path if each not in outer and each != run.run_id)
    return (*outer, *inner, run.run_id)


def _reader(run: Run) -> Reader:
    """Tell whether a program reads the events, and has seen all that there are."""
    found: Reader = "none"
    for each in _up(run):
        handler = _handler(each)
        if handler is None or handler._reader is None or handler._reader() is None:
            continue
        if not each.log.is_awaited:
            return "busy"
        found = "idle"
    return found


def _waiter(run: Run, key: str) -> Waiter | None:
    waiters = run.state.waits.waiters
    return next((each for each in waiters if each.question == key), None)


def _response(run: Run, key: str, value: Any) -> Event:
    """Return an answer as whoever waits for it takes it."""
    waiter = _waiter(run, key)
    wanted: type[Event] = HumanResponseEvent
    more: dict[str, Any] = {}
    if waiter is not None:
        wanted, more = waiter.kind, waiter.wanted
        if not issubclass(wanted, HumanResponseEvent) and issubclass(
            HumanResponseEvent, wanted
        ):
            wanted = HumanResponseEvent
    elif not run.definition.takers(HumanResponseEvent):
        kinds = (
            kind
            for config in run.definition.configs.values()
            for kind in config.accepted_events
            if issubclass(kind, HumanResponseEvent)
        )
        wanted = next(kinds, HumanResponseEvent)
    values = {**more, "response": value}
    if issubclass(wanted, HumanResponseEvent):
        values["question_id"] = key
    return wanted(**values)
