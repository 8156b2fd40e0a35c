"""The progress of a job: the runs inside it, added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notebook_async.core import RunStatistics

__all__ = ["JobProgress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """The counters of all runs of a job at one moment; see `RunStatistics` for each."""

    done: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    retried: int = 0
    total: int | None = None
    workers: int = 0
    rate: float | None = None
    eta: float | None = None

    @classmethod
    def of(cls, runs: Sequence[RunStatistics]) -> JobProgress:
        """Add up runs. The total is unknown if one is; the rate is that of live runs.

        Examples
        --------
        >>> JobProgress.of([]).total is None
        True
        """
        totals = [run.total for run in runs]
        live = [run for run in runs if run.phase in ("running", "waiting")]
        rates = [run.rate for run in live if run.rate is not None]
        times = [run.eta for run in live]
        return cls(
            done=sum(run.done for run in runs),
            failed=sum(run.failed for run in runs),
            running=sum(run.running for run in runs),
            waiting=sum(run.waiting for run in runs),
            retried=sum(run.retried for run in runs),
            total=None
            if not runs or None in totals
            else sum(total for total in totals if total is not None),
            workers=sum(run.workers for run in live),
            rate=sum(rates) if rates else None,
            # Runs side by side end with the slowest.
            eta=None if None in times else max((t for t in times if t), default=None),
        )
