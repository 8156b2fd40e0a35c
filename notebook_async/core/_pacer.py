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
        self._counted = self._quota = self.left = 0
        self._stride = 1
        self._seen = self._opened = perf_counter()
        self._shut = False

    @property
    def finished(self) -> int:
        """Items finished so far."""
        return self._counted + self._quota - self.left

    def expire(self) -> None:
        """Send the next worker that finishes an item to the slow path."""
        self._counted, self._quota, self.left = self.finished, 0, 0

    def renew(self) -> None:
        """Let a stride of items finish without looking at the clock."""
        self._counted, self._quota, self.left = (
            self.finished,
            self._stride,
            self._stride,
        )

    async def breathe(self) -> None:
        """Adapt the stride, and wait for the next pass if this one is used up."""
        now = perf_counter()
        step, self._seen = now - self._seen, now
        if step > _SLICE / 4:
            self._stride = max(1, int(self._stride * _SLICE / 4 / step))
        else:
            self._stride = min(_LONGEST_STRIDE, self._stride * 2)
        while self._shut or perf_counter() - self._opened > _SLICE:
            if not self._shut:
                self._shut = True
                self._loop.call_soon(self._next_pass)
            await asyncio.sleep(0)

    def _next_pass(self) -> None:
        self._shut = False
        self._opened = perf_counter()
