"""Tell the hooks what happens in a run, where somebody wants to know."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from time import perf_counter
from typing import TYPE_CHECKING

from notebook_async.core._scope import current_scope
from notebook_async.core.hooks import publish, wanted
from notebook_async.core.records import EventRecord, StepRecord, WorkflowRecord

if TYPE_CHECKING:
    from notebook_async.core.records import Phase
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.outcome import Outcome
    from notebook_async.workflow.events import Event

__all__ = ["Teller"]


# The `__init__` of a frozen dataclass goes through `object.__setattr__` for every field
# and takes three times as long as its slots by themselves.
_new = object.__new__
(
    _set_at,
    _set_source,
    _set_phase,
    _set_step,
    _set_call,
    _set_began,
    _set_given,
    _set_returned,
    _set_attempt,
    _set_error,
) = (getattr(StepRecord, field.name).__set__ for field in fields(StepRecord))
_set_event_at, _set_event_source, _set_event_phase, _set_event_name = (
    getattr(EventRecord, field.name).__set__ for field in fields(EventRecord)
)


class Teller:
    """Publishes the records of one run.

    That a call is running is told in the next pass of the loop, if it still is. So one
    that never waits, of which there may be a hundred thousand a second, costs one
    record and not two.
    """

    __slots__ = (
        "__weakref__",
        "_count",
        "_fresh",
        "_loop",
        "_name",
        "_scheduled",
        "_source",
        "_tells_events",
        "_tells_steps",
        "_told",
    )

    def __init__(self, name: str, run_id: str) -> None:
        self._name = name
        self._source = (*current_scope.get().path, run_id)
        self._tells_steps = wanted(StepRecord)
        self._tells_events = wanted(EventRecord)
        self._loop = asyncio.get_running_loop()
        self._count = 0
        self._scheduled = False
        # When calls under way began: those that nobody was told of yet, and the others.
        self._fresh: dict[Invocation, float] = {}
        self._told: dict[Invocation, float] = {}

    def run(self, phase: Phase, error: BaseException | None = None) -> None:
        """Tell that the run has come to a phase."""
        publish(
            WorkflowRecord(
                at=perf_counter(),
                source=self._source,
                phase=phase,
                name=self._name,
                error=None if error is None else repr(error),
            )
        )

    def ended(self, outcome: Outcome, *, cancelled: bool) -> None:
        """Tell how the run has ended."""
        if cancelled:
            self.run("cancelled")
        else:
            self.run("done" if outcome.error is None else "failed", outcome.error)

    def began(self, call: Invocation) -> None:
        """Take note that an attempt begins."""
        if not self._tells_steps:
            return
        if not call.number:
            self._count += 1
            call.number = self._count
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._tell_running)
        self._fresh[call] = perf_counter()

    def step(
        self,
        call: Invocation,
        phase: Phase,
        value: object = None,
        error: BaseException | None = None,
    ) -> None:
        """Tell that a call of a step has come to a phase."""
        if not self._tells_steps:
            return
        now = perf_counter()
        began = self._fresh.pop(call, None)
        if began is None:
            began = self._told.pop(call, now)
        elif phase == "waiting":
            _publish(self._source, call, "running", began, began)
        if phase in {"waiting", "running"}:
            self._told[call] = began
        _publish(self._source, call, phase, now, began, value, error)

    def _tell_running(self) -> None:
        """Tell of the calls that began in the last pass of the loop and go on."""
        self._scheduled = False
        fresh, self._fresh = self._fresh, {}
        self._told.update(fresh)
        for call, began in fresh.items():
            _publish(self._source, call, "running", began, began)

    def event(self, event: Event) -> None:
        """Tell that an event was written to the stream."""
        if self._tells_events:
            record = _new(EventRecord)
            _set_event_at(record, perf_counter())
            _set_event_source(record, self._source)
            _set_event_phase(record, "done")
            _set_event_name(record, type(event).__name__)
            publish(record)


def _publish(  # noqa: PLR0913, PLR0917 - one call for each call of a step
    source: tuple[str, ...],
    call: Invocation,
    phase: Phase,
    at: float,
    began: float,
    value: object = None,
    error: BaseException | None = None,
) -> None:
    """Publish what becomes of a call."""
    record = _new(StepRecord)
    _set_at(record, at)
    _set_source(record, source)
    _set_phase(record, phase)
    _set_step(record, call.station.name)
    _set_call(record, call.number)
    _set_began(record, began)
    _set_given(record, type(call.given).__name__)
    _set_returned(record, None if value is None else type(value).__name__)
    _set_attempt(record, call.attempts + 1)
    _set_error(record, None if error is None else repr(error))
    publish(record)
