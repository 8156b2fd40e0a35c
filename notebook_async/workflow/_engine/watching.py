"""Tell whoever watches a run what becomes of the calls of its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notebook_async.core.records import Phase
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.run import Run

__all__ = ["began", "returned", "tell", "waits"]


def began(run: Run, invocation: Invocation) -> None:
    """Tell that an attempt begins."""
    if run.workflow.verbose:
        print(f"Running step {invocation.station.name}")  # noqa: T201


def returned(run: Run, invocation: Invocation, value: object) -> None:
    """Tell that a call has ended well."""
    if run.watch is not None:
        run.watch.note(invocation, returned=value)
    if run.workflow.verbose:
        made = "no event" if value is None else f"event {type(value).__name__}"
        print(f"Step {invocation.station.name} produced {made}")  # noqa: T201


def waits(run: Run, invocation: Invocation) -> None:
    """Tell that a call waits for an event."""
    tell(run, invocation, "waiting")
    if run.watch is not None:
        run.watch.note(invocation, waiting=True)


def tell(
    run: Run,
    invocation: Invocation,
    phase: Phase,
    value: object = None,
    error: BaseException | None = None,
) -> None:
    """Tell the hooks that a call has come to a phase."""
    if run.teller is not None:
        run.teller.step(invocation, phase, value, error)
