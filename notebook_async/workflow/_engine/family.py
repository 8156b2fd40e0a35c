"""Runs inside steps of other runs: they are seen, answered and cancelled with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow._engine.worker import Slot
    from notebook_async.workflow.events import Event

__all__ = ["cancel_children", "join_parent", "leave_parent", "offer_to_children"]


def join_parent(run: Run, place: Slot | None) -> None:
    """Let a new run belong to the step that started it."""
    if place is None or place.run is None or place.invocation is None:
        return
    parent = place.run
    if not parent.ended:
        run.parent = parent
        parent.children[run] = place.invocation
        run.log.forward = parent.log


def leave_parent(run: Run) -> None:
    """Let the parent go on without a run that has ended."""
    parent, run.parent = run.parent, None
    if parent is not None:
        parent.children.pop(run, None)
        parent.advance()


def cancel_children(run: Run, invocation: Invocation | None = None) -> None:
    """Cancel the runs inside one step, or all."""
    for child, place in tuple(run.children.items()):
        if invocation is None or place is invocation:
            child.cancel()


def quiet_children(run: Run) -> int:
    """Count the steps that only wait for runs which wait for a person."""
    quiet = {call for child, call in run.children.items() if child.is_quiet}
    lively = {call for child, call in run.children.items() if not child.is_quiet}
    return len(quiet - lively)


def offer_to_children(run: Run, event: Event) -> bool:
    """Let an answer find the question of a run inside a step; tell whether it has."""
    if not run.children or _wants_itself(run, event):
        return False
    for child in tuple(run.children):
        if _wants(child, event):
            child.send(event, None)
            return True
    return False


def _wants(run: Run, event: Event) -> bool:
    return _wants_itself(run, event) or any(
        _wants(child, event) for child in run.children
    )


def _wants_itself(run: Run, event: Event) -> bool:
    waits = run.state.waits
    name = getattr(event, "question_id", None)
    if name is not None:
        return name in waits.questions
    return waits.find(event) is not None or bool(run.definition.takers(type(event)))
