"""Tell somebody who comes late how a run stands, and let it tell the rest."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from notebook_async.core._short import error_line
from notebook_async.core.records import FlowRecord, WorkflowRecord
from notebook_async.workflow._engine.live import counts_of_run
from notebook_async.workflow._engine.record_makers import graph_of_run
from notebook_async.workflow._engine.teller import Teller
from notebook_async.workflow.errors import WorkflowCancelledByUser

if TYPE_CHECKING:
    from notebook_async.core.records import Phase, Record
    from notebook_async.workflow._engine.run import Run

__all__ = ["records_from_now"]


def records_from_now(run: Run, error: BaseException | None) -> list[Record]:
    """Begin to tell the hooks of a run, and return how it stands, itself first.

    Parameters
    ----------
    run
        The run.
    error
        What it ended by, or None.
    """
    if run.ended:
        return _past(run, error)
    if run.teller is None:
        run.teller = run.log.teller = Teller(run)
    return run.teller.join(run, began=perf_counter() - run.clock.used())


def _past(run: Run, error: BaseException | None) -> list[Record]:
    """Return what a run has done that has ended."""
    now = perf_counter()
    source = (run.run_id,) if run.teller is None else run.teller.source
    steps, edges = counts_of_run(run)
    flow = FlowRecord(
        at=now,
        source=source,
        phase="running",
        edges=tuple((*way, count) for way, count in edges.items()),
        before=tuple(
            (name, counts.done, counts.failed, counts.retries)
            for name, counts in steps.items()
        ),
    )
    phase: Phase = "done" if error is None else "failed"
    if isinstance(error, WorkflowCancelledByUser):
        phase = "cancelled"
    end = WorkflowRecord(
        at=now,
        source=source,
        phase=phase,
        name=run.definition.name,
        error=error_line(error) if error is not None and phase == "failed" else None,
        graph=graph_of_run(run),
    )
    return [flow, end]
