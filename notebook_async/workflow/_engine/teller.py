"""Tell the hooks what happens in a run, where somebody wants to know."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Self

from notebook_async.core._scope import current_scope
from notebook_async.core.hooks import publish, wanted
from notebook_async.core.records import EventRecord, StepRecord, WorkflowRecord

if TYPE_CHECKING:
    from notebook_async.core.records import Phase
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.outcome import Outcome
    from notebook_async.workflow.events import Event

__all__ = ["Teller"]


class Teller:
    """Publishes the records of one run."""

    __slots__ = ("_name", "_source", "_tells_events", "_tells_steps")

    def __init__(self, name: str, run_id: str) -> None:
        self._name = name
        self._source = (*current_scope.get().path, run_id)
        self._tells_steps = wanted(StepRecord)
        self._tells_events = wanted(EventRecord)

    @classmethod
    def of(cls, name: str, run_id: str) -> Self | None:
        """Return one if anybody wants to know of a run that begins now."""
        if wanted(StepRecord) or wanted(EventRecord) or wanted(WorkflowRecord):
            return cls(name, run_id)
        return None

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

    def step(
        self,
        invocation: Invocation,
        phase: Phase,
        value: object = None,
        error: BaseException | None = None,
    ) -> None:
        """Tell that a call of a step has come to a phase."""
        if not self._tells_steps:
            return
        given = invocation.given
        publish(
            StepRecord(
                at=perf_counter(),
                source=self._source,
                phase=phase,
                step=invocation.station.name,
                call=id(invocation),
                given=type(given).__name__,
                returned=None if value is None else type(value).__name__,
                attempt=invocation.attempts + 1,
                error=None if error is None else repr(error),
            )
        )

    def event(self, event: Event) -> None:
        """Tell that an event was written to the stream."""
        if self._tells_events:
            publish(
                EventRecord(
                    at=perf_counter(),
                    source=self._source,
                    phase="done",
                    name=type(event).__name__,
                )
            )
