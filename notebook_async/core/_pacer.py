"""Share the loop: count finished items and tell workers when to let others run.

A worker whose items never suspend would keep the loop to itself, and a hundred workers
with 5 ms of computing each make one pass of the loop last half a second. So the workers
of a run share a time slice: once a pass of the loop has lasted `_SLICE` seconds, no
item starts before the next pass.

Reading the clock for every item would cost more than a small item. One countdown,
`left`, gates everything that is not "run the item": only when it is used up does a
worker take the slow path and look at the clock, and the stride adapts to how long items
take. Pause, resize and cancel also need every worker's attention; they just let the
countdown expire.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

__all__ = ["Pacer"]

_SLICE = 0.003
_LONGEST_STRIDE = 16


class Pacer:
    """Counts the finished items of a run and paces its workers."""

    __slots__ = (
        "_counted",
        "_due",
        "_known",
        "_loop",
        "_opened",
        "_quota",
        "_seen",
        "_shut",
        "_stride",
        "left",
    )

    left: int
    """Items that may still finish before a worker must take the slow path. Workers
    decrease it themselves: a method call would cost as much as a small item."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._counted = self._known = self._quota = self.left = 0
        self._stride = 1
        self._seen = self._opened = perf_counter()
        self._due = self._shut = False

    @property
    def finished(self) -> int:
        """Items finished so far."""
        return self._counted + self._quota - self.left

    def expire(self) -> None:
        """Send the next worker that finishes an item to the slow path."""
        self._counted += self._quota - self.left
        self._quota = self.left = 0

    def renew(self) -> None:
        """Let a stride of items finish without looking at the clock."""
        self._counted += self._quota - self.left
        self._quota = self.left = self._stride

    def has_time(self) -> bool:
        """Adapt the stride; tell whether an item may still start in this pass."""
        self.expire()
        now = perf_counter()
        step, self._seen = now - self._seen, now
        known, self._known = self._known, self._counted
        if step > _SLICE / 4:
            self._stride = max(1, int(self._stride * _SLICE / 4 / step))
        elif self._counted != known:
            # Workers that only start, or wake, say nothing about how long items take.
            self._stride = min(_LONGEST_STRIDE, self._stride * 2)
        return self._is_open(now)

    async def breathe(self) -> None:
        """Wait for the next pass if this one is used up."""
        while not self._is_open(perf_counter()):  # noqa: ASYNC110 - passes are counted
            await asyncio.sleep(0)

    def _is_open(self, now: float) -> bool:
        if not self._due:
            self._due = True
            self._loop.call_soon(self._next_pass)
        if now - self._opened > _SLICE:
            self._shut = True
        return not self._shut

    def _next_pass(self) -> None:
        self._due = self._shut = False
        self._opened = perf_counter()
