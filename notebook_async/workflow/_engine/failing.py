"""What becomes of a failure that is not to be tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from notebook_async.workflow._engine.invocation import Invocation
from notebook_async.workflow._engine.outcome import Outcome
from notebook_async.workflow.events import StepFailedEvent, WorkflowFailedEvent

if TYPE_CHECKING:
    from notebook_async.workflow._engine.state import RunState

__all__ = ["failure", "give_up"]


def give_up(
    state: RunState,
    invocation: Invocation,
    error: BaseException,
    elapsed: float,
    wall: float,
) -> None:
    """Give a failure to the step that mends those of this one, or fail the run."""
    if invocation.memory is not None:
        invocation.memory.error = None
    handler = invocation.station.handler
    if handler is not None and isinstance(error, Exception):
        mended = dict(invocation.mended or {})
        mended[handler.name] = mended.get(handler.name, 0) + 1
        if mended[handler.name] <= handler.config.catch_error_max_recoveries:
            failed = StepFailedEvent(
                step_name=invocation.station.name,
                input_event=invocation.one_event(),
                exception=error,
                attempts=invocation.attempts,
                elapsed_seconds=elapsed,
                failed_at=datetime.fromtimestamp(wall, UTC),
            )
            state.enqueue(Invocation(handler, failed, invocation.stream, mended))
            state.leave(invocation)
            return
    state.fail(error, invocation, elapsed)


def failure(
    state: RunState,
    error: BaseException,
    invocation: Invocation | None = None,
    elapsed: float | None = None,
) -> Outcome:
    """Return how a run ends with this exception, which gets a note of where it was."""
    step, attempts = "", None
    if invocation is not None:
        step = invocation.station.name
        attempts = max(1, invocation.attempts)
        kinds = ", ".join(type(event).__name__ for event in invocation.events())
        error.add_note(
            f"in step {step!r} of {state.definition.name}, given"
            f" {kinds or 'no events'}, attempt {attempts}"
        )
    shown = error if isinstance(error, Exception) else RuntimeError(repr(error))
    event = WorkflowFailedEvent(
        step_name=step,
        exception=shown,
        attempts=attempts,
        elapsed_seconds=elapsed,
    )
    return Outcome(event, error)
