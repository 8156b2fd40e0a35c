"""A run under any interleaving of what can happen to it, found out by hypothesis.

Each machine drives a virtual clock by hand. Its items wait until a rule lets them end,
so that the machine knows at every moment what is in flight and what must be.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from notebook_async import Rate, Retry, iter_jobs, start_jobs
from notebook_async.testing import VirtualClockLoop
from tests.core.probes import Feed

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from notebook_async import JobRun, JobStream
    from notebook_async.core import Isolation, OnError

ATTEMPTS = 2
SECONDS = st.sampled_from([0.25, 1.0, 2.5, 6.0])
NUMBERS = st.integers(0, 9)


class Run(RuleBasedStateMachine):
    """One run, with the world around it."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualClockLoop()
        self.reported: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, told: self.reported.append(told))
        self.wrong: list[str] = []
        self.open: dict[int, asyncio.Future[int]] = {}
        self.starts: Counter[int] = Counter()
        self.allowed: Counter[int] = Counter()
        self.held = 0
        self.run: JobRun[int] | None = None
        self.stream: JobStream[int] | None = None
        self.taker: asyncio.Task[tuple[int, int]] | None = None
        self.taken: list[tuple[int, Any]] = []
        self.dropped = self.left = self.cancelled = False

    # -- the world

    async def item(self, number: int) -> int:
        """Wait to be told how to end; some take their cancellation in their own way."""
        assert self.run is not None
        self.starts[number] += 1
        if self.run._engine.stopping:
            self.wrong.append(f"{number} started after the end")
        gate = self.loop.create_future()
        if number in self.open:
            self.wrong.append(f"{number} runs twice at once")
        self.open[number] = gate
        if len(self.open) > self.limit:
            self.wrong.append(f"{len(self.open)} in flight, not {self.limit}")
        try:
            return await gate
        except asyncio.CancelledError:
            if number % 5 == 1:
                await asyncio.sleep(1)
            if number % 5 == 2:
                raise OSError(number) from None
            if number % 5 == 3:
                return number
            raise
        finally:
            del self.open[number]

    @property
    def limit(self) -> int:
        """Items that may be in flight: more than `workers` just after a shrinking.

        A worker that is waiting for an async source then still runs what that gives.
        """
        assert self.run is not None
        return max(self.run.workers, self.held) + (self.kind == "slow")

    def do(self, main: Coroutine[Any, Any, Any]) -> None:
        """Do something on the loop, and wait until nothing more comes of it."""

        async def settled() -> None:
            await main
            # The clock moves only when every task is blocked.
            await asyncio.sleep(0.001)

        self.loop.run_until_complete(settled())
        if self.stream is not None and self.run is None:
            self.run = self.stream.run
        if self.taker is not None and self.taker.done():
            self.collect(self.taker)
            self.taker = None
        if self.run is not None:
            statistics = self.run.statistics()
            self.held = statistics.running + statistics.waiting

    def collect(self, taker: asyncio.Task[tuple[int, int]]) -> None:
        """Take note of what the stream gave."""
        if taker.cancelled():
            self.dropped = True
        elif taker.exception() is None:
            self.taken.append(taker.result())
        else:
            self.dropped = True

    # -- beginning

    @initialize(
        kind=st.sampled_from(["list", "plain", "slow", "coroutines"]),
        count=st.integers(0, 10),
        workers=st.integers(1, 4),
        on_error=st.sampled_from(["return", "return", "group", "raise"]),
        timeout=st.sampled_from([None, None, 4]),
        retry=st.booleans(),
        rate=st.sampled_from([None, None, 2]),
        isolation=st.sampled_from(["context", "context", "task"]),
        streamed=st.sampled_from([None, None, True, False]),
        window=st.integers(1, 6),
    )
    def begin(  # noqa: PLR0913 - one parameter for each choice
        self,
        *,
        kind: str,
        count: int,
        workers: int,
        on_error: OnError,
        timeout: float | None,
        retry: bool,
        rate: float | None,
        isolation: Isolation,
        streamed: bool | None,
        window: int,
    ) -> None:
        """Start a run of any kind."""
        self.kind, self.count, self.on_error = kind, count, on_error
        self.attempts = ATTEMPTS if retry and kind != "coroutines" else 1
        self.allowed.update(dict.fromkeys(range(count), self.attempts))
        options: dict[str, Any] = {
            "workers": workers,
            "on_error": on_error,
            "timeout": timeout,
            "rate": None if rate is None else Rate(rate),
            "isolation": isolation,
        }
        if self.attempts > 1:
            options["retry"] = Retry(self.attempts, hint=lambda _: 1.5)
        self.source: Any = list(range(count))
        if kind == "coroutines":
            self.source = [self.item(number) for number in range(count)]
        elif kind != "list":
            self.source = getattr(Feed(range(count)), kind)()
        jobs = [self.source] if kind == "coroutines" else [self.item, self.source]

        async def start() -> None:
            if streamed is None:
                self.run = start_jobs(*jobs, **options)
                return
            self.stream = iter_jobs(*jobs, **options, ordered=streamed, window=window)
            self.taker = asyncio.create_task(anext(self.stream))  # type: ignore[arg-type]
            await asyncio.sleep(0)
            self.run = self.stream.run

        self.ordered = bool(streamed)
        self.do(start())

    # -- what may happen

    @rule(seconds=SECONDS)
    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.do(asyncio.sleep(seconds))

    @precondition(lambda self: self.open)
    @rule(choice=NUMBERS, value=st.sampled_from(["ends", "ends", "fails"]))
    def let_end(self, choice: int, value: str) -> None:
        """Let one item that is in flight end well, or fail."""
        numbers = sorted(self.open)
        number = numbers[choice % len(numbers)]
        self.do(self._end(number, fails=value == "fails"))

    @precondition(lambda self: self.open)
    @rule(fails=st.sets(NUMBERS))
    def let_all_end(self, fails: set[int]) -> None:
        """Let all items in flight end in one tick."""

        async def all_of_them() -> None:
            for number in list(self.open):
                await self._end(number, fails=number in fails)

        self.do(all_of_them())

    async def _end(self, number: int, *, fails: bool) -> None:
        gate = self.open.get(number)
        if gate is None or gate.done():
            return
        if fails:
            gate.set_exception(ValueError(number))
        else:
            gate.set_result(number)

    @rule(workers=st.integers(1, 6))
    def resize(self, workers: int) -> None:
        """Change the number of workers."""
        self.do(self._call(lambda run: setattr(run, "workers", workers)))

    @rule()
    def pause(self) -> None:
        """Let nothing start."""
        self.do(self._call(lambda run: run.pause()))

    @rule()
    def resume(self) -> None:
        """Let items start again."""
        self.do(self._call(lambda run: run.resume()))

    @rule(number=NUMBERS)
    def cancel_item(self, number: int) -> None:
        """Cancel an item, if it is in flight."""

        def cancel(run: JobRun[int]) -> None:
            known = number in self.open or run.statistics().waiting > 0
            if run.cancel_item(number) and not known:
                self.wrong.append(f"{number} was cancelled but is not in flight")

        self.do(self._call(cancel))

    @rule()
    def retry_failed(self) -> None:
        """Run again what has failed."""

        def retry(run: JobRun[int]) -> None:
            failed = set(run.errors)
            again = run.retry_failed()
            stays = set(run.errors)
            if again != len(failed - stays):
                self.wrong.append(f"{again} run again, not {failed - stays}")
            if again and (self.stream is not None or self.kind == "coroutines"):
                self.wrong.append("what cannot run again does")
            self.allowed.update(dict.fromkeys(failed - stays, self.attempts))

        self.do(self._call(retry))

    @precondition(lambda self: self.stream is not None and not self.dropped)
    @rule()
    def take(self) -> None:
        """Let the consumer of a stream ask for the next result."""
        self.do(self._take())

    @precondition(lambda self: self.stream is not None and self.taker is None)
    @rule()
    def drop(self) -> None:
        """Let the consumer of a stream go away."""
        self.stream, self.dropped, self.left = None, True, True
        self.do(asyncio.sleep(0))

    @precondition(lambda self: self.starts.total() > 3)
    @rule()
    def cancel(self) -> None:
        """Cancel the run."""
        self.cancelled = True
        self.do(self._call(lambda run: run.cancel()))

    async def _call(self, call: Any) -> None:  # noqa: ANN401 - a function of the run
        assert self.run is not None
        call(self.run)

    async def _take(self) -> None:
        if self.taker is None and self.stream is not None:
            self.taker = asyncio.create_task(anext(self.stream))  # type: ignore[arg-type]

    # -- what must hold

    @invariant()
    def nothing_went_wrong(self) -> None:
        """No item started too early, too often, twice at once, or after the end."""
        assert self.wrong == []
        assert self.reported == []
        for number, starts in self.starts.items():
            assert starts <= self.allowed[number]

    @invariant()
    def counters_add_up(self) -> None:
        """Hold what the run says of itself against what its items see."""
        if self.run is None:
            return
        statistics, engine = self.run.statistics(), self.run._engine
        assert statistics.running == self.run.running == len(self.open)
        started = engine.started if engine.observed else len(engine.results)
        counted = statistics.done + statistics.failed + self.held
        assert counted <= started <= self.count
        assert len(self.starts) <= started
        assert statistics.failed == len(self.run.errors)
        if engine.window is not None:
            assert engine.window.open <= engine.window.size

    @invariant()
    def workers_are_used(self) -> None:
        """As many items are in flight as may be, unless something holds them back."""
        if self.run is None or self.run.phase != "running":
            return
        engine = self.run._engine
        if engine.stopping or engine.ending.workers_left.is_set():
            return
        statistics = self.run.statistics()
        left = self.count - statistics.done - statistics.failed - self.held
        if self.kind == "slow":
            # All workers wait for the source: what runs again waits with them.
            left = self.count - engine.started
        full = engine.window is not None and engine.window.open >= engine.window.size
        assert self.held >= self.run.workers or left == 0 or full

    # -- the end

    def teardown(self) -> None:
        """Let everything end, and see that nothing is lost and nothing left behind."""
        try:
            if self.run is not None:
                self._let_run_end(self.run)
                self._check_end(self.run)
                self.run = self.stream = None
            self._check_nothing_is_left()
        finally:
            self.loop.close()

    def _let_run_end(self, run: JobRun[int]) -> None:
        for _ in range(100):
            if run._engine.ending.finished.is_set() and (
                self.stream is None or self.dropped
            ):
                break
            self.resume()
            if self.stream is not None and not self.dropped:
                self.take()
            if self.open:
                self.let_all_end(set())
            self.advance(1.5)
        if self.stream is None and not self.dropped:
            self.do(self._outcome(run))

    async def _outcome(self, run: JobRun[int]) -> None:
        (self.outcome,) = await asyncio.gather(run, return_exceptions=True)

    def _check_end(self, run: JobRun[int]) -> None:
        self.nothing_went_wrong()
        assert (run.running, run.statistics().waiting, self.open) == (0, 0, {})
        indexes = [index for index, _ in self.taken]
        assert len(set(indexes)) == len(indexes)
        assert not self.ordered or indexes == sorted(indexes)
        for index, value in self.taken:
            assert value == index or value is run.errors[index]
        if run.phase != "done" and (run.phase == "cancelled" or not run.errors):
            assert self.cancelled or self.left
            return
        if self.on_error == "raise" and run.errors:
            assert run.phase == "failed"
            return
        # It ran to its end: each item is there, in its place.
        assert (
            len(self.starts) + sum(number not in self.starts for number in run.errors)
            == self.count
        )
        assert run.done + run.failed == self.count
        if self.left:
            assert len(self.taken) <= self.count
        elif self.dropped:
            skipped = len(run.errors) if self.on_error == "group" else 0
            assert len(self.taken) == self.count - skipped
        elif self.on_error == "group" and run.errors:
            assert isinstance(self.outcome, ExceptionGroup)
            assert self.outcome.exceptions == tuple(
                run.errors[index] for index in sorted(run.errors)
            )
        else:
            assert self.outcome == [
                run.errors.get(index, index) for index in range(self.count)
            ]

    def _check_nothing_is_left(self) -> None:
        assert asyncio.all_tasks(self.loop) == set()
        timers: list[Any] = self.loop._scheduled  # type: ignore[attr-defined]
        assert [timer for timer in timers if not timer.cancelled()] == []
        source: Any = getattr(self, "source", [])
        parts = source if isinstance(source, list) else [source]
        for part in parts:
            for frame in ("gi_frame", "ag_frame", "cr_frame"):
                assert getattr(part, frame, None) is None
        # What was never awaited or retrieved is told now; pytest makes errors of it.
        gc.collect(1)
        assert self.reported == []


TestRun = Run.TestCase
TestRun.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
