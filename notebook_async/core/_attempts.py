"""What an item goes through where a run has policies: rate, timeout, retries, AIMD.

A run without policies never comes here. Nothing is made per item but readings of the
clock: one timer, the reaper, watches the deadlines of all workers.
"""

from __future__ import annotations

import asyncio
import types
from typing import TYPE_CHECKING, Any

from notebook_async.errors import ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.core._engine import Engine
    from notebook_async.core._slot import Slot

__all__ = ["Attempts", "isolated"]

# Timers fire this early at most; without it a deadline could be checked twice.
_EARLY = 0.0005


class Attempts:
    """The policies of one run, and what they need to remember."""

    def __init__(self, engine: Engine) -> None:
        options = engine.options
        self._engine = engine
        self._time = engine.loop.time
        self._timeout = options.timeout
        self._retry = options.retry
        self._rate = options.rate
        self._adaptive = options.adaptive
        self._successes = 0
        self._throttled_at = float("-inf")
        self._reaper: asyncio.TimerHandle | None = None

    async def run(
        self, slot: Slot, func: Callable[[Any], Awaitable[Any]], item: object
    ) -> Any:  # noqa: ANN401 - items are anything
        """Run one item as often as its policies say; return its value or raise."""
        if self._retry is not None and isinstance(item, types.CoroutineType):
            item.close()
            raise ArgumentTypeError(
                f"item {slot.index} is a coroutine, which can run only once; with"
                " retry= give functions, as in run_jobs(func, items, retry=...)"
            )
        attempt, delay = 0, 0.0
        while True:
            attempt += 1
            if self._rate is not None or delay > 0:
                await self._wait_for_turn(slot, delay)
            slot.began = began = self._time()
            if self._reaper is None and self._timeout is not None:
                self._reap()
            try:
                value = await func(item)
            except BaseException as error:
                failure = self._judge(slot, error)
                self._adapt(began, failure)
                again = self._delay(attempt, failure)
                if again is None:
                    if failure is error:
                        raise
                    raise failure from None
                delay = again
            else:
                slot.began = None
                if slot.expired:
                    # It finished although it was cancelled: no next item for this task.
                    slot.expired, slot.cancelling = False, True
                self._adapt(began, None)
                return value

    def close(self) -> None:
        """Stop the reaper."""
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None

    async def _wait_for_turn(self, slot: Slot, delay: float) -> None:
        if self._rate is not None:
            delay += max(0.0, self._rate.reserve(self._time() + delay))
        if delay > 0:
            slot.waiting = True
            try:
                await asyncio.sleep(delay)
            finally:
                slot.waiting = False
        if self._engine.paused:
            await self._engine.wait_for_resume()
        if self._engine.stopping:
            raise asyncio.CancelledError

    def _judge(self, slot: Slot, error: BaseException) -> BaseException:
        """Return what an attempt failed by: a `TimeoutError` for the reaper's doing."""
        slot.began = None
        if not slot.expired:
            return error
        slot.expired = False
        stopped = self._engine.stopping or slot.cancelling
        if (
            stopped
            or slot.task is None
            or not isinstance(error, asyncio.CancelledError)
        ):
            # The cancellation may still be on its way: no next item for this task.
            slot.cancelling = True
            return error
        slot.task.uncancel()
        return TimeoutError(
            f"item {slot.index} ran longer than timeout={self._timeout:g} s"
        ).with_traceback(error.__traceback__)

    def _delay(self, attempt: int, failure: BaseException) -> float | None:
        if self._retry is None or self._engine.stopping:
            return None
        delay = self._retry.delay(attempt, failure)
        if delay is not None:
            self._engine.retried += 1
        return delay

    def _adapt(self, began: float, failure: BaseException | None) -> None:
        adaptive, engine = self._adaptive, self._engine
        if adaptive is None:
            return
        if failure is None:
            self._successes += 1
            if self._successes >= engine.target < adaptive.high:
                self._successes = 0
                engine.resize(engine.target + 1)
        elif adaptive.is_throttled(failure) and began >= self._throttled_at:
            # What began before the last cut says nothing about the smaller number.
            self._throttled_at = self._time()
            self._successes = 0
            engine.resize(max(adaptive.low, engine.target // 2))

    def _reap(self) -> None:
        """Cancel what is over its time; come again when the next one may be."""
        self._reaper = None
        timeout = self._timeout
        if timeout is None:
            return
        now, soonest = self._time(), None
        for slot in self._engine.slots:
            if slot.began is None or slot.expired:
                continue
            left = slot.began + timeout - now
            if left <= _EARLY:
                slot.expired = slot.cancel()
            else:
                soonest = left if soonest is None else min(left, soonest)
        if soonest is not None:
            self._reaper = self._engine.loop.call_later(soonest, self._reap)


def isolated(func: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
    """Return a function that runs each item in a task of its own."""

    async def run(item: Any) -> Any:  # noqa: ANN401 - items are anything
        return await asyncio.get_running_loop().create_task(_as_coroutine(func, item))

    return run


async def _as_coroutine(func: Callable[[Any], Awaitable[Any]], item: Any) -> Any:  # noqa: ANN401
    return await func(item)
