"""The end of a run: what still runs is cancelled, and everything is let go of."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

from notebook_async.core._failures import raisable
from notebook_async.workflow._engine.family import cancel_children, leave_parent
from notebook_async.workflow._engine.live import tally
from notebook_async.workflow.errors import WorkflowCancelledByUser

if TYPE_CHECKING:
    from notebook_async.workflow._engine.outcome import Outcome
    from notebook_async.workflow._engine.run import Run

__all__ = ["wind_up"]

_log = logging.getLogger("notebook_async")
_PATIENCE = 5.0
"""Seconds after which a step that goes on though it was cancelled is spoken of."""


def wind_up(run: Run, outcome: Outcome) -> None:
    """Cancel what still runs, and end once nothing does."""
    here = None
    if threading.get_ident() == run.thread:
        here = asyncio.current_task()
    # A worker that has just finished its call leaves by itself.
    others = [
        task
        for task, slot in run.workers.items()
        if task is not here or slot.invocation is not None
    ]
    for task in others:
        if not run.workers[task].committing and not task.cancelling():
            task.cancel()
    cancel_children(run)
    if run.ended:  # a child was the last thing to wait for
        return
    _drop_timers(run)
    if not run.workers and not run.children:
        _end(run, outcome)
    elif others:
        run.clock.stop()
        run.later(_PATIENCE, _complain, run)


def _drop_timers(run: Run) -> None:
    for handle in run.timers.values():
        handle.cancel()
    run.timers.clear()


def _complain(run: Run) -> None:
    for slot in run.workers.values():
        if slot.invocation is not None:
            _log.warning(
                "step %r of %s still runs %g s after it was cancelled",
                slot.invocation.station.name,
                run.definition.name,
                _PATIENCE,
            )


def _end(run: Run, outcome: Outcome) -> None:
    """Give out the result, and let go of everything."""
    run.ended = True
    run.clock.stop()
    run.log.close(outcome.event)
    if run.teller is not None:
        cancelled = isinstance(outcome.error, WorkflowCancelledByUser)
        run.teller.ended(outcome, cancelled=cancelled)
    if not run.result.done():
        if outcome.error is None:
            run.result.set_result(outcome)
        else:
            run.result.set_exception(raisable(outcome.error, streamed=False))
            if not isinstance(outcome.error, Exception):
                # It leaves the loop as well, so it cannot be missed.
                run.result.exception()
    if run.watch is not None:
        run.watch.wake()
    run.people = run.watcher = None
    if run.contexts:
        run.get_store()
    run.tally = tally(run.state)
    leave_parent(run)
    run.workflow.run_ended(run)
    run.forget()
    # The exception's traceback leads to contexts of steps, and they lead here.
    del run.state, run.log, run.result, run.context, run.watch
    del run.clock, run.children, run.base, run.workers, run.timers
