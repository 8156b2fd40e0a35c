"""What an item goes through where a run has policies: rate, timeout, retries, AIMD.

A run without policies never comes here. Nothing is made per item but readings of the
clock: one timer, the reaper, watches the deadlines of all workers.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from notebook_async.core._slot import BETWEEN
from notebook_async.errors import ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.core._engine import Engine
    from notebook_async.core._slot import Slot
    from notebook_async.core._source import Source

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
        self._refuse_what_runs_once(slot.index, item)
        attempt, delay, failure = 0, 0.0, None
        try:
            while True:
                attempt += 1
                if attempt > 1 or self._rate is not None:
                    await self._wait_for_turn(slot, item, delay, again=attempt > 1)
                began = self.begin(slot)
                try:
                    value = await func(item)
                except BaseException as error:  # noqa: BLE001 - it is raised below
                    failure = self.judge(slot, error)
                else:
                    self.end(slot)
                    self._adapt(began, None)
                    return value
                self._adapt(began, failure)
                again = self._delay(slot, attempt, failure)
                if again is None:
                    # Outside of the handler: no context that leads back to the run.
                    raise failure
                delay, failure = again, None
        finally:
            del self, slot, failure

    def close(self) -> None:
        """Stop the reaper."""
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None

    def begin(self, slot: Slot) -> float:
        """Take note that an attempt begins now; return the time."""
        slot.began = began = self._time()
        if self._reaper is None and self._timeout is not None:
            self._reap()
        return began

    def _refuse_what_runs_once(self, index: int, item: object) -> None:
        source = self._engine.source
        if (
            self._retry is None
            or self._retry.attempts == 1
            or source.is_repeatable(item)
            or not inspect.isawaitable(item)
        ):
            return
        source.discard(item)
        raise ArgumentTypeError(
            f"item {index} is a {type(item).__name__}, which can run only once; with"
            " retry= give functions, as in run_jobs(func, items, retry=...)"
        )

    async def _wait_for_turn(
        self, slot: Slot, item: object, delay: float, *, again: bool
    ) -> None:
        engine, wait = self._engine, 0.0
        slot.waiting = True
        try:
            if again:
                # Also by 0, so that what fails at once does not keep the loop.
                await asyncio.sleep(delay)
            while True:
                await engine.wait_for_resume()
                # Only now: what is booked ahead would hold up all others of the rate.
                if self._rate is not None:
                    wait = self._rate.reserve(self._time())
                if wait > 0:
                    await asyncio.sleep(wait)
                if wait <= 0 or not engine.paused:
                    break
        except BaseException:
            engine.source.discard(item)
            raise
        finally:
            slot.waiting = False

    def judge(self, slot: Slot, error: BaseException) -> BaseException:
        """Return what an attempt failed by: a `TimeoutError` for the reaper's doing."""
        stopped = self._engine.stopping or slot.cancelling or slot.condemned
        expired = self.end(slot)
        if not expired or stopped or not isinstance(error, asyncio.CancelledError):
            return error
        return TimeoutError(
            f"item {slot.index} ran longer than timeout={self._timeout:g} s"
        ).with_traceback(error.__traceback__)

    def end(self, slot: Slot) -> bool:
        """Leave a clean task; tell whether the reaper has cancelled the attempt."""
        expired, slot.expired, slot.began = slot.expired, False, None
        if expired and slot.task is not None:
            slot.task.uncancel()
        return expired

    def _delay(self, slot: Slot, attempt: int, failure: BaseException) -> float | None:
        if self._retry is None or self._engine.stopping or slot.cancelling:
            return None
        delay = self._retry.delay(attempt, failure)
        if delay is not None:
            self._engine.retried += 1
            self._engine.items.again(slot.index)
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
        if timeout is None or self._engine.stopping:
            return
        now, soonest, late = self._time(), None, []
        for slot in self._engine.slots:
            # What is being cancelled is not to be torn out of its cleanup.
            if (
                slot.began is None
                or slot.expired
                or slot.cancelling
                or slot.index == BETWEEN
            ):
                continue
            left = slot.began + timeout - now
            if left <= _EARLY:
                late.append(slot)
            else:
                soonest = left if soonest is None else min(left, soonest)
        # In their order, so that the first of them is the one that ends the run.
        for slot in sorted(late, key=lambda slot: slot.index):
            slot.expired = slot.cancel()
        if soonest is not None:
            self._reaper = self._engine.loop.call_later(soonest, self._reap)


def isolated(source: Source) -> Callable[[Any], Awaitable[Any]]:
    """Return a function that runs each item in a task of its own."""

    async def call(item: Any) -> Any:  # noqa: ANN401 - items are anything
        return await source.func(item)

    async def run(item: Any) -> Any:  # noqa: ANN401 - items are anything
        try:
            return await asyncio.get_running_loop().create_task(call(item))
        finally:
            # A task that is cancelled before its first step never awaits its item.
            source.discard(item)

    return run
