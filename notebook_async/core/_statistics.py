"""What a run has come to, as a frozen record; and how fast it goes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notebook_async.core.records import Phase

__all__ = ["RateMeter", "RunStatistics"]

_WINDOW = 10.0
_SPACING = 0.25
# A pause is a stall once it lasts so many seconds, and so many times the usual gap.
_STALL = 2.0
_PATIENCE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatistics:
    """The counters of a run at one moment.

    Attributes
    ----------
    name, desc
        The run's id, such as `run-3`, and what it does, for people.
    phase
        `running`, `waiting` (paused), `done`, `failed` or `cancelled`.
    done, failed, running, waiting, retried
        Items that ended well, that ended by an exception, that are in flight, that wait
        (for a retry or a person), and attempts beyond the first.
    total
        Items in all, or None where the source does not say.
    workers
        Items that may be in flight at once.
    elapsed
        Seconds since the start, up to the end if there was one.
    rate
        Items finished per second over the last ten seconds, None before there is any.
    eta
        Seconds to the end at that rate, None where it cannot be told.

    Examples
    --------
    >>> from notebook_async import start_jobs
    >>> async def double(x):
    ...     return 2 * x
    >>> run = start_jobs(double, [1, 2, 3], workers=2)
    >>> results = await run
    >>> statistics = run.statistics()
    >>> statistics.done, statistics.total, statistics.phase
    (3, 3, 'done')
    """

    name: str
    desc: str | None
    phase: Phase
    done: int
    failed: int
    running: int
    waiting: int
    retried: int
    total: int | None
    workers: int
    elapsed: float
    rate: float | None
    eta: float | None


class RateMeter:
    """Measures a rate from samples of a counter, over the last ten seconds.

    A counter that has stood still for long has no rate: to promise an end by what went
    before would be wrong.
    """

    __slots__ = ("_count", "_moved", "_samples")

    def __init__(self, at: float) -> None:
        self._samples: deque[tuple[float, int]] = deque([(at, 0)])
        self._count = 0
        self._moved = at

    def rate(self, at: float, count: int) -> float | None:
        """Return the counts per second at the time `at`, or None if there are none."""
        samples = self._samples
        if count != self._count:
            self._count, self._moved = count, at
        if at - samples[-1][0] >= _SPACING:
            samples.append((at, count))
        while len(samples) > 1 and at - samples[1][0] >= _WINDOW:
            samples.popleft()
        then, before = samples[0]
        if at <= then or count <= before:
            return None
        rate = (count - before) / (at - then)
        stalled = at - self._moved > max(_STALL, _PATIENCE / rate)
        return None if stalled else rate
