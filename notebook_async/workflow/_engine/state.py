"""What happens in a run, step by step of its life, without a loop, a task or a clock.

How an event travels
--------------------
An event comes into a run by `deliver`: as its start, as what a step returned or sent,
or from outside. It goes to every step that takes its class; one that a `wait_for_event`
is waiting for goes there first. For each step that takes it an `Invocation` is made and
put into the queue of the step's `Station`, or, where one of its workers is free, into
`ready`. That is all that happens at once: nothing runs in here. The shell around this
(`run.Run`) takes from `ready` whatever is oldest, runs it, and comes back with what
became of it: `finish` or `fail_attempt`. These free the worker for the next in the
queue, and deliver what was returned, in the order sent: what a step has sent goes
before what it returned.

All is changed in place and each of these moves costs the same however large the run
is. What nobody asks for is not made: the events that tell of the engine itself only
while somebody reads them.

A run is quiet when nothing is ready, queued, running or about to be tried again. Then
only something from outside can move it: the answer to a question, an event that a step
waits for. If none of that is possible it has failed, and says so at once.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from notebook_async.workflow._engine.failing import failure, give_up
from notebook_async.workflow._engine.fan import fill_join, gather
from notebook_async.workflow._engine.internals import tell_step, tell_unhandled
from notebook_async.workflow._engine.invocation import Invocation, Station
from notebook_async.workflow._engine.returns import close_piece, route, route_checked
from notebook_async.workflow._engine.waits import Waits
from notebook_async.workflow.errors import WorkflowRuntimeError
from notebook_async.workflow.events import (
    Event,
    StepState,
    WorkflowIdleEvent,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.workflow._engine.definition import Definition
    from notebook_async.workflow._engine.fan import Stream
    from notebook_async.workflow._engine.log import EventLog
    from notebook_async.workflow._engine.outcome import Outcome

__all__ = ["RunState"]


class RunState:
    """All that changes while a run goes on.

    Parameters
    ----------
    definition
        The steps.
    log
        Where events are published.
    run_id
        Names the run, for the ids of its questions.

    Attributes
    ----------
    stations
        The steps by name.
    ready
        Invocations that have a worker's place and are to be run, the oldest first.
    retrying
        Invocations that wait to be tried again.
    busy
        Invocations that are ready, queued, running or about to be tried again.
    waits
        The `wait_for_event` calls and the questions without an answer.
    outcome
        How the run ended, or None.
    produced
        Where the events that steps return are kept instead of being delivered, for one
        who steps through by hand; or None.
    """

    def __init__(self, definition: Definition, log: EventLog, run_id: str) -> None:
        self.definition = definition
        self.log = log
        self.stations = {
            name: Station(config) for name, config in definition.configs.items()
        }
        for name, handler in definition.handlers.items():
            self.stations[name].handler = self.stations[handler]
        self.ready: deque[Invocation] = deque()
        self.retrying: dict[Invocation, None] = {}
        self.busy = 0
        self.waits = Waits(self, run_id)
        self.outcome: Outcome | None = None
        self.produced: list[Event] | None = None
        self._takers: dict[type[Event], tuple[Station, ...]] = {}

    # -- events come in

    def deliver(
        self,
        event: Event,
        stream: Stream | None = None,
        mended: dict[str, int] | None = None,
    ) -> None:
        """Give an event to all who take it."""
        if self.outcome is not None:
            return
        kind = type(event)
        takers = self._takers.get(kind)
        if takers is None:
            takers = self._takers[kind] = tuple(
                self.stations[name] for name in self.definition.takers(kind)
            )
        if self.waits.any:
            if self.waits.refuses(event):
                takers = ()
            elif (woken := self.waits.offer(event)) is not None:
                takers = tuple(one for one in takers if one is not woken)
                if not takers:
                    return
        if not takers:
            tell_unhandled(self, event)
        for station in takers:
            self._take(station, event, stream, mended)

    def deliver_to(self, step: str, event: Event) -> None:
        """Give an event to one step; `check_target` says whether that is possible."""
        if self.outcome is not None:
            return
        if self.waits.any:
            if self.waits.refuses(event):
                tell_unhandled(self, event, step)
                return
            if self.waits.offer(event, step) is not None:
                return
        self._take(self.stations[step], event, None, None)

    def check_target(self, step: str, event: Event) -> None:
        """Raise `WorkflowRuntimeError` unless this step takes this event."""
        config = self.definition.configs.get(step)
        if config is None:
            raise WorkflowRuntimeError(
                f"Step {step} does not exist; {self.definition.name} has"
                f" {', '.join(self.definition.configs)}"
            )
        if not config.accepts(type(event)):
            raise WorkflowRuntimeError(
                f"Step {step} does not accept event of type {type(event)}; it takes"
                f" {', '.join(kind.__name__ for kind in config.accepted_events)}"
            )
        if config.collection_parameter is not None:
            raise WorkflowRuntimeError(
                f"Step {step} gathers what descends from a list of events: an event"
                " that is sent cannot join it; return it from a step in between"
            )

    def _take(
        self,
        station: Station,
        event: Event,
        stream: Stream | None,
        mended: dict[str, int] | None,
    ) -> None:
        config = station.config
        kind = type(event)
        station.taken[kind] = station.taken.get(kind, 0) + 1
        given: Any = event
        if config.collection_parameter is not None:
            if stream is None:
                tell_unhandled(self, event, station.name)
                return
            given = gather(station, stream, event)
            stream = stream.parent
        elif config.join_parameters:
            given = fill_join(station, stream, event)
        if given is not None:
            self.enqueue(Invocation(station, given, stream, mended))

    def enqueue(self, invocation: Invocation) -> None:
        """Let an invocation run as soon as its step has a worker free."""
        if self.outcome is not None:
            return
        station = invocation.station
        self.busy += 1
        if invocation.stream is not None:
            invocation.stream.open += 1
        if station.free > 0:
            station.free -= 1
            self.ready.append(invocation)
        else:
            station.queue.append(invocation)
            if self.log.teller is not None:
                self.log.teller.moved()
            if self.log.internal:
                tell_step(self, invocation, StepState.PREPARING)

    # -- an invocation runs

    def begin(self, invocation: Invocation, now: float) -> None:
        """Note that an attempt begins."""
        if invocation.began is None:
            invocation.began = now
        invocation.station.running[invocation] = None
        if self.log.internal:
            tell_step(self, invocation, StepState.RUNNING)

    def finish(self, invocation: Invocation, value: object) -> None:
        """Note that a step has returned, and deliver what it returned."""
        station = invocation.station
        station.running.pop(invocation, None)
        if self.log.internal:
            tell_step(self, invocation, StepState.NOT_RUNNING, value)
        if self.outcome is not None:
            return
        self.release(station)
        if value is not None:
            if type(value) in station.returns and self.produced is None:
                route(self, invocation, value)  # type: ignore[arg-type]
            elif not route_checked(self, invocation, value):
                return
        station.done += 1
        self.leave(invocation)

    def drop(self, invocation: Invocation) -> None:
        """Note that an invocation was cancelled by itself, and leaves nothing."""
        station = invocation.station
        station.running.pop(invocation, None)
        if not self.waits.forget(invocation):
            self.release(station)
        if self.log.internal:
            tell_step(self, invocation, StepState.NOT_RUNNING)
        self.leave(invocation)

    def fail_attempt(
        self, invocation: Invocation, error: BaseException, now: float, wall: float
    ) -> float | None:
        """Note that a step has raised; return the seconds until it is to be retried.

        Otherwise its handler gets a `StepFailedEvent`, or the run has failed.
        """
        station = invocation.station
        station.running.pop(invocation, None)
        if self.log.internal:
            tell_step(self, invocation, StepState.NOT_RUNNING)
        if not self.waits.forget(invocation):
            self.release(station)
        invocation.attempts += 1
        elapsed = 0.0 if invocation.began is None else now - invocation.began
        delay = None
        policy = station.config.retry_policy
        if policy is not None and isinstance(error, Exception):
            from notebook_async.workflow.retry_policy import next_delay  # noqa: PLC0415

            try:
                delay = next_delay(policy, elapsed, invocation.attempts, error, None)
            except Exception as problem:  # noqa: BLE001 - a user's policy
                error = problem
        if delay is not None and isinstance(error, Exception):
            memory = invocation.remember()
            memory.error, memory.failed_at = error, wall
            memory.waited = 0  # the answers that it had are given again
            self.retrying[invocation] = None
            station.retrying += 1
            station.retried += 1
            return delay
        station.failed += 1
        give_up(self, invocation, error, elapsed, wall)
        return None

    def take_queued(self, station: Station) -> int:
        """Drop the invocations of a step that are not under way; return how many."""
        ready = [call for call in self.ready if call.station is station]
        for call in ready:
            self.ready.remove(call)
        again = [call for call in self.retrying if call.station is station]
        for call in again:
            del self.retrying[call]
        station.retrying = 0
        dropped = [*ready, *again, *station.queue]
        station.queue.clear()
        for _ in ready:
            self.release(station)
        for call in dropped:
            self.leave(call)
        return len(dropped)

    def retry(self, invocation: Invocation) -> None:
        """Put an invocation back into the queue after its delay."""
        if invocation not in self.retrying:  # dropped in the meantime
            return
        del self.retrying[invocation]
        invocation.station.retrying -= 1
        self.busy -= 1
        if invocation.stream is not None:
            invocation.stream.open -= 1
        self.enqueue(invocation)

    def release(self, station: Station) -> None:
        """Give the place of a worker to whoever is next in this step."""
        if station.resuming:
            self.waits.resume(station.resuming.popleft())
        elif station.queue:
            self.ready.append(station.queue.popleft())
        else:
            station.free += 1

    # -- ends

    def leave(self, invocation: Invocation) -> None:
        """Count an invocation as over, with all that hangs on it."""
        if invocation.memory is not None:
            # Its traceback leads to the step's context, and that leads here.
            invocation.memory.error = None
        if self.outcome is not None:
            return
        if invocation.stream is not None:
            close_piece(self, invocation.stream, invocation.mended)
        self.busy -= 1
        if not self.busy:
            self.become_quiet()

    def become_quiet(self) -> None:
        """Note that nothing is left to do; readers of the internals are told."""
        if self.log.internal:
            self.log.append(WorkflowIdleEvent())

    def fail(
        self,
        error: BaseException,
        invocation: Invocation | None = None,
        elapsed: float | None = None,
    ) -> None:
        """End the run with an exception, which is raised as it is, with a note."""
        self.end(failure(self, error, invocation, elapsed))

    def end(self, outcome: Outcome) -> None:
        """End the run; nothing more is started. A second end changes nothing."""
        if self.outcome is not None:
            return
        self.outcome = outcome
        self.ready.clear()
        self.retrying.clear()
        self.busy = 0
        self.waits.clear()
        for station in self.stations.values():
            station.queue.clear()
            station.retrying = 0
            station.resuming = station.buffers = station.join = None
            station.handler = None
        self.log.sealed = True

    def spoil(self, error: BaseException) -> None:
        """Let the run fail, even where it has just ended well."""
        if self.outcome is None:
            self.fail(error)
        elif not self.has_failed:
            self.outcome = failure(self, error)

    # -- what there is to see

    @property
    def has_failed(self) -> bool:
        """Whether the run has ended, and not well."""
        return self.outcome is not None and self.outcome.error is not None

    def running_steps(self) -> list[str]:
        """Return the names of the steps that have a call under way."""
        return [name for name, station in self.stations.items() if station.running]

    def invocations(self) -> Iterator[Invocation]:
        """Return all that are not over: under way, to be retried, ready and queued."""
        for station in self.stations.values():
            yield from station.running
        yield from self.retrying
        yield from self.ready
        for station in self.stations.values():
            yield from station.queue
