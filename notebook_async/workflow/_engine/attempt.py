"""What becomes of an attempt that raised, or that is to be cancelled."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from notebook_async.core._failures import trim
from notebook_async.workflow._engine.family import cancel_children
from notebook_async.workflow._engine.watching import tell
from notebook_async.workflow.errors import (
    WorkflowRuntimeError,
    WorkflowStepDoesNotExistError,
)

if TYPE_CHECKING:
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.run import Run

__all__ = ["cancel_step", "step_raised"]

_log = logging.getLogger("notebook_async")
_OURS = {
    f"notebook_async.workflow.{name}"
    for name in ("_engine.calls", "_engine.run", "_engine.worker", "context._in_step")
}


def step_raised(run: Run, invocation: Invocation, error: BaseException) -> None:
    """Decide what comes of an attempt that raised."""
    trim(error, _OURS)
    invocation.task = None
    cancel_children(run, invocation)
    state = run.state
    if state.outcome is not None:
        invocation.station.running.pop(invocation, None)
        if not isinstance(error, asyncio.CancelledError):
            _log.warning(
                "step %r of %s raised while it was being cancelled",
                invocation.station.name,
                run.definition.name,
                exc_info=error,
            )
        return
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        if invocation.cancelling:
            state.drop(invocation)
            tell(run, invocation, "cancelled", error=error)
            return
        if task is not None and task.cancelling():
            # Somebody cancels every task, as a loop does that shuts down.
            run.cancel()
            return
        stand_in = WorkflowRuntimeError(
            f"step {invocation.station.name!r} raised CancelledError, though nobody"
            " cancelled it: something that it awaited was cancelled"
        )
        stand_in.__cause__ = error
        error = stand_in
    elif not isinstance(error, Exception):
        state.fail(error, invocation)
        raise error
    delay = state.fail_attempt(invocation, error, run.loop.time(), time.time())
    tell(run, invocation, "failed" if delay is None else "retrying", error=error)
    if run.watch is not None:
        run.watch.note(invocation, error=error)
    if delay is not None:
        run.later(delay, _retry, run, invocation)
    del error


def cancel_step(run: Run, name: str) -> int:
    """Cancel the calls of one step; return how many there were."""
    station = run.state.stations.get(name)
    if station is None:
        raise WorkflowStepDoesNotExistError(
            f"{run.definition.name} has no step {name!r}; it has"
            f" {', '.join(run.state.stations)}"
        )
    cancelled = run.state.take_queued(station)
    for task, slot in run.workers.items():
        call = slot.invocation
        if call is not None and call.station is station and call.task is task:
            call.cancelling = slot.condemned = True
            cancelled += task.cancel()
    run.advance()
    return cancelled


def _retry(run: Run, invocation: Invocation) -> None:
    run.state.retry(invocation)
    run.advance()
