"""Times in which a run has nothing to do: somebody is waited for, or it has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._engine.family import quiet_children
from notebook_async.workflow._engine.outcome import Outcome
from notebook_async.workflow.errors import WorkflowRuntimeError, WorkflowTimeoutError
from notebook_async.workflow.events import WorkflowTimedOutEvent

if TYPE_CHECKING:
    from notebook_async.workflow._engine.run import Run

__all__ = ["look_if_quiet", "time_is_up"]


def look_if_quiet(run: Run) -> None:
    """Stop the clock while only a person is waited for; fail where nobody is."""
    state = run.state
    waiting = quiet_children(run) if run.children else 0
    if state.busy > waiting or run.held:
        _set_quiet(run, quiet=False)
        return
    if waiting or state.waits.expecting:
        _set_quiet(run, quiet=True)
        return
    _set_quiet(run, quiet=False)
    # Where nobody was asked anything an event may come all the same, as long as there
    # is somebody to send it, and a step that takes what no step makes. Time goes on.
    may_come = run.outside or run.definition.external or state.produced is not None
    run.stuck = not may_come
    if run.contexts or not run.stuck:
        return
    state.fail(
        WorkflowRuntimeError(
            f"{run.definition.name} has nothing left to do, no step returned"
            f" {run.definition.stop.__name__}, and nothing else can arrive:"
            " a step returned None or an event that no step takes; return"
            f" {run.definition.stop.__name__} at the end, or wait for an event"
            " with `ctx.wait_for_event`"
        )
    )
    run.advance()


def _set_quiet(run: Run, *, quiet: bool) -> None:
    if quiet == run.is_quiet:
        return
    run.is_quiet = quiet
    if quiet:
        run.clock.stop()
    elif run.permits is None:
        run.clock.start(run.expire)
    if run.parent is not None:
        run.parent.advance()


def time_is_up(run: Run) -> None:
    """End a run that has used up its time."""
    timeout = run.clock.timeout or 0.0
    active = run.state.running_steps()
    steps = (
        f"Currently active steps: {', '.join(active)}" if active else "No steps active"
    )
    error = WorkflowTimeoutError(
        f"Operation timed out after {timeout} seconds. {steps}"
    )
    event = WorkflowTimedOutEvent(timeout=timeout, active_steps=active)
    run.state.end(Outcome(event, error))
    run.advance()
