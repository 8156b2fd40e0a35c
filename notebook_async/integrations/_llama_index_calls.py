"""The calls of the steps of a run: which are queued, which run, and which wait.

The package says that a step has begun with an event of such a class, or that one has
to wait for a worker. Which event that was follows from what happened just before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Call", "Calls", "answered_by", "kind_of", "step_of"]


@dataclass(slots=True, eq=False)
class Call:
    """A call of a step.

    Attributes
    ----------
    number
        Tells the calls of a run apart.
    step
        The step.
    name
        The class of the event it was given.
    given
        That event, or None where it is not known.
    began
        When its attempt began, in seconds of `time.perf_counter`.
    attempt
        Which attempt it is, from 1.
    waiters
        What it waits for: `AddWaiter` of the package.
    question
        The id of the question that it has asked.
    due
        When it is to be tried again, on the package's clock.
    """

    number: int
    step: str
    name: str
    given: Any
    began: float = 0.0
    attempt: int = 1
    waiters: tuple[Any, ...] = ()
    question: str | None = None
    due: float | None = None


class Calls:
    """Follows the calls of a run.

    Attributes
    ----------
    queued, waiting
        Calls by step, the oldest first.
    """

    def __init__(self) -> None:
        self.queued: dict[str, list[Call]] = {}
        self.waiting: dict[str, list[Call]] = {}
        self._running: dict[tuple[str, str], Call] = {}
        self._count = 0

    def queue(self, tick: Any, step: str, name: str) -> None:
        """Take note that a call has to wait for a worker."""
        call = self._arrived(tick, step, name)
        self.queued.setdefault(step, []).append(call)

    def again(self, call: Call, due: float | None) -> None:
        """Take note that a call is to be tried again, before all others."""
        call.due = due
        self.queued.setdefault(call.step, []).insert(0, call)

    def wake(self, due: float) -> None:
        """Let those be tried again whose time has come."""
        for calls in self.queued.values():
            for call in calls:
                if call.due is not None and call.due <= due:
                    call.due = None

    def begin(self, tick: Any, step: str, worker: str, name: str) -> Call:
        """Return the call that a worker has begun."""
        call = None
        if kind_of(tick) not in _BRINGING:
            call = self._next(step, name)
        if call is None:
            call = self._arrived(tick, step, name)
        self._running[step, worker] = call
        return call

    def end(self, step: str, worker: str) -> Call | None:
        """Return the call that a worker has left; None if its beginning is unknown."""
        return self._running.pop((step, worker), None)

    def new(self, step: str, name: str, given: Any = None) -> Call:
        """Return a call that nothing was known of."""
        self._count += 1
        return Call(self._count, step, name, given)

    def wait(self, call: Call, waiters: tuple[Any, ...]) -> None:
        """Take note that a call waits for an event."""
        call.waiters = waiters
        self.waiting.setdefault(call.step, []).append(call)

    def answered(self, tick: Any) -> list[Call]:
        """Return the calls that need not wait any longer."""
        return [
            call
            for calls in self.waiting.values()
            for call in calls
            if answered_by(call, tick)
        ]

    def _next(self, step: str, name: str) -> Call | None:
        """Return the first call that waits for a worker, which has got one."""
        calls = self.queued.get(step, [])
        for place, call in enumerate(calls):
            if call.name == name and call.due is None:
                del calls[place]
                return call
        return None

    def _arrived(self, tick: Any, step: str, name: str) -> Call:
        """Return the call that a tick has brought about, or has brought back."""
        for call in self.waiting.get(step, ()):
            if answered_by(call, tick):
                self.waiting[step].remove(call)
                call.waiters = ()
                return call
        event = tick.event if kind_of(tick) == "TickAddEvent" else None
        known = event is not None and type(event).__name__ == name
        return self.new(step, name, event if known else None)


# What these bring goes to a worker past the queue, or to the queue.
_BRINGING = {"TickAddEvent", "TickWaiterTimeout"}


def kind_of(tick: Any) -> str:
    """Return the name of a tick's class, or of a part of it, without parameters.

    It is all that versions agree upon.
    """
    return type(tick).__name__.partition("[")[0]


def step_of(tick: Any) -> str:
    """Return the step that a tick is about, as the package shows it."""
    step = getattr(tick, "step_id", None) or getattr(tick, "step_name", None)
    return "/".join((*getattr(tick, "invocation_namespace", ()), str(step)))


def answered_by(call: Call, tick: Any) -> bool:
    """Tell whether a tick is what a call waits for."""
    kind = kind_of(tick)
    if kind == "TickWaiterTimeout":
        return any(waiter.waiter_id == tick.waiter_id for waiter in call.waiters)
    if kind != "TickAddEvent":
        return False
    return any(
        isinstance(tick.event, waiter.event_type)
        and all(
            getattr(tick.event, name, None) == value
            for name, value in waiter.requirements.items()
        )
        for waiter in call.waiters
    )
