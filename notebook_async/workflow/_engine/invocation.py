"""What a run is made of: calls of steps, and what they wait for."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from notebook_async.workflow.events import CollectionReleaseEvent, Event

if TYPE_CHECKING:
    import asyncio

    from notebook_async.workflow._config import StepConfig
    from notebook_async.workflow._engine.fan import Stream

__all__ = ["Invocation", "Memory", "Station", "Waiter"]


class Station:
    """One step in one run: its queue, its free workers, and its counters.

    Attributes
    ----------
    queue
        Invocations that wait for a worker, the oldest first.
    free
        How many more may run now.
    running
        Those under way, and those that wait inside the step, the oldest first.
    resuming
        Waiters that have their event and need a worker to go on with; they go first.
    buffers
        What `collect_events` has gathered, by the caller's key.
    join
        Of a join, by stream, the events that wait for the others, by parameter.
    handler
        The station that mends the failures of this one, or None.
    taken, made
        How many events of each class came to the step, and how many it sent on.
    """

    __slots__ = (
        "buffers",
        "config",
        "done",
        "failed",
        "free",
        "handler",
        "join",
        "made",
        "name",
        "queue",
        "resuming",
        "retried",
        "retrying",
        "returns",
        "running",
        "taken",
        "waiting",
    )

    def __init__(self, config: StepConfig) -> None:
        self.config = config
        self.name = config.name
        self.free = config.num_workers
        # What may be routed without another look.
        self.returns = frozenset(() if config.is_fan_out else config.return_types)
        self.queue: deque[Invocation] = deque()
        self.resuming: deque[Waiter] | None = None
        self.running: dict[Invocation, None] = {}
        self.buffers: dict[Any, Any] | None = None
        self.join: dict[Stream | None, dict[str, deque[Event]]] | None = None
        self.handler: Station | None = None
        self.taken: dict[type[Event], int] = {}
        self.made: dict[type[Event], int] = {}
        self.waiting = 0
        self.retrying = 0
        self.done = 0
        self.failed = 0
        self.retried = 0

    def count_made(self, kind: type[Event]) -> None:
        """Count an event that the step sends on."""
        self.made[kind] = self.made.get(kind, 0) + 1


class Memory:
    """What an invocation remembers beyond its event, where there is anything.

    Attributes
    ----------
    waits
        Its unanswered `wait_for_event` calls.
    answers
        The events that earlier ones got, by waiter id: after a restore the step runs
        again from its first line, and must not ask twice.
    waited
        How many such calls it has made, for the ids of those that name none.
    collected
        Keys of the buffers that hold its event already, so that a retry does not add
        it twice.
    batches
        The batches that it was given, which a retry gets again.
    error, failed_at
        What the last attempt raised, and when, in seconds of the wall clock.
    timeout
        What bounds the present attempt, or None; it rests while the step waits.
    """

    __slots__ = (
        "answers",
        "batches",
        "collected",
        "error",
        "failed_at",
        "timeout",
        "waited",
        "waits",
    )

    def __init__(self) -> None:
        self.waits: dict[str, Waiter] = {}
        self.answers: dict[str, Event] = {}
        self.waited = 0
        self.collected: set[Any] = set()
        self.batches: dict[Any, list[Event]] = {}
        self.error: Exception | None = None
        self.failed_at: float | None = None
        self.timeout: asyncio.Timeout | None = None


class Invocation:
    """One call of a step: first queued, then run, perhaps several times.

    Attributes
    ----------
    given
        The event; of a fan-in step the list of events; of a join a dict by parameter.
    stream
        The innermost list of events that it descends from, or None.
    mended
        How often each handler has mended a failure in its line of events.
    attempts
        Attempts that have failed.
    began
        Loop time at which the first attempt began, or None.
    task
        The task that runs it now, or None.
    cancelling
        Whether it alone is being cancelled.
    number
        Tells the calls of a run apart where somebody watches them, from 1; else 0.
    """

    __slots__ = (
        "__weakref__",
        "attempts",
        "began",
        "cancelling",
        "given",
        "memory",
        "mended",
        "number",
        "station",
        "stream",
        "task",
    )

    def __init__(
        self,
        station: Station,
        given: Any,
        stream: Stream | None = None,
        mended: dict[str, int] | None = None,
    ) -> None:
        self.station = station
        self.given = given
        self.stream = stream
        self.mended = mended
        self.attempts = 0
        self.began: float | None = None
        self.memory: Memory | None = None
        self.task: asyncio.Task[Any] | None = None
        self.cancelling = False
        self.number = 0

    def remember(self) -> Memory:
        """Return its memory, made on first use."""
        if self.memory is None:
            self.memory = Memory()
        return self.memory

    def one_event(self) -> Event:
        """Return what it was given as one event."""
        if isinstance(self.given, Event):
            return self.given
        return CollectionReleaseEvent(events=self.events())

    def events(self) -> list[Event]:
        """Return the event or events that it was given."""
        if isinstance(self.given, list):
            return self.given
        if isinstance(self.given, dict):
            return list(self.given.values())
        return [self.given]


class Waiter:
    """One unanswered `wait_for_event`."""

    __slots__ = ("answer", "future", "id", "invocation", "kind", "question", "wanted")

    def __init__(  # noqa: PLR0913, PLR0917 - one place makes them
        self,
        invocation: Invocation,
        kind: type[Event],
        wanted: dict[str, Any],
        waiter_id: str,
        question: str | None,
        future: asyncio.Future[Event],
    ) -> None:
        self.invocation = invocation
        self.kind = kind
        self.wanted = wanted
        self.id = waiter_id
        self.question = question
        self.future = future
        self.answer: Event | BaseException | None = None

    def matches(self, event: Event) -> bool:
        """Tell whether this is the event that it waits for."""
        if self.invocation.station.config.accept_event_subclasses:
            if not isinstance(event, self.kind):
                return False
        elif type(event) is not self.kind:
            return False
        return all(
            getattr(event, key, None) == value for key, value in self.wanted.items()
        )
