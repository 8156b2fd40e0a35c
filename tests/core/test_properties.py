"""Rules that hold for any run, found out by hypothesis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async import JobRun, iter_jobs, run_jobs, start_jobs
from notebook_async.errors import ItemCancelledError
from tests.core.probes import Feed, now, others, virtual

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable

EXAMPLES = settings(max_examples=100, deadline=None)
KINDS = st.sampled_from(["list", "plain", "slow"])
DELAYS = st.lists(st.sampled_from([0, 0, 1, 2, 5]), max_size=25)
WORKERS = st.integers(1, 8)


def make_source(kind: str, items: list[int]) -> Iterable[int] | AsyncIterable[int]:
    """Return the items as a list, a generator or an async generator."""
    return items if kind == "list" else getattr(Feed(items), kind)()


class Probe:
    """An item's function that waits as told, and may fail."""

    def __init__(self, delays: list[int], bad: set[int]) -> None:
        self.delays = delays
        self.bad = bad
        self.started: list[int] = []
        self.ended: list[int] = []
        self.peak = 0

    async def __call__(self, index: int) -> int:
        """Wait as told, and fail if told so."""
        self.started.append(index)
        self.peak = max(self.peak, len(self.started) - len(self.ended))
        try:
            await asyncio.sleep(self.delays[index])
            if index in self.bad:
                raise ValueError(index)
            return index
        finally:
            self.ended.append(index)


@EXAMPLES
@given(delays=DELAYS, workers=WORKERS, kind=KINDS)
def test_order_and_once(delays: list[int], workers: int, kind: str) -> None:
    """Results come in the order of the items, and each item runs exactly once."""

    async def main() -> None:
        probe = Probe(delays, set())
        indexes = list(range(len(delays)))
        assert (
            await run_jobs(probe, make_source(kind, indexes), workers=workers)
            == probe.started
            == sorted(probe.ended)
            == indexes
        )
        assert others() == set()

    virtual(main())


@EXAMPLES
@given(count=st.integers(0, 25), workers=WORKERS, kind=KINDS)
def test_peak(count: int, workers: int, kind: str) -> None:
    """Exactly `min(workers, items)` run at once, and take as long as that takes."""

    async def main() -> None:
        probe = Probe([1] * count, set())
        await run_jobs(probe, make_source(kind, list(range(count))), workers=workers)
        assert probe.peak == min(workers, count)
        rounds = -(-count // workers)
        # A feed takes a second to end, which the last round may hide.
        idle = kind == "slow" and count % workers == 0
        assert now() == rounds + idle

    virtual(main())


@EXAMPLES
@given(
    delays=DELAYS,
    bad=st.sets(st.integers(0, 24)),
    workers=WORKERS,
    kind=KINDS,
    policy=st.sampled_from(["return", "group"]),
)
def test_every_error_is_told(
    delays: list[int],
    bad: set[int],
    workers: int,
    kind: str,
    policy: Literal["return", "group"],
) -> None:
    """No item is lost to errors: each result or error stands at its own index."""

    async def main() -> None:
        probe = Probe(delays, bad)
        indexes = list(range(len(delays)))
        run = start_jobs(
            probe, make_source(kind, indexes), workers=workers, on_error=policy
        )
        wrong = sorted(bad & set(indexes))
        if policy == "group" and wrong:
            with pytest.raises(ExceptionGroup, match=rf"^{len(wrong)} of ") as caught:
                await run
            assert [e.args for e in caught.value.exceptions] == [(n,) for n in wrong]
        else:
            results = await run
            told = [r.args[0] if isinstance(r, ValueError) else r for r in results]
            assert told == indexes
        assert sorted(run.errors) == wrong
        assert run.done == len(indexes) - len(wrong)
        assert probe.started == indexes

    virtual(main())


@EXAMPLES
@given(delays=DELAYS, bad=st.integers(0, 24), workers=WORKERS, kind=KINDS)
def test_first_error_ends_all(
    delays: list[int], bad: int, workers: int, kind: str
) -> None:
    """After the first error nothing starts, and all that had started has ended."""

    async def main() -> None:
        probe = Probe(delays, {bad})
        indexes = list(range(len(delays)))
        source = make_source(kind, indexes)
        if bad in indexes:
            with pytest.raises(ValueError, match=rf"^{bad}\n"):
                await run_jobs(probe, source, workers=workers)
        else:
            assert await run_jobs(probe, source, workers=workers) == indexes
        assert probe.started == sorted(probe.ended)
        assert len(probe.started) <= max(bad + workers, len(indexes))
        assert others() == set()

    virtual(main())


@EXAMPLES
@given(
    delays=DELAYS,
    workers=WORKERS,
    window=st.integers(1, 12),
    kind=KINDS,
    ordered=st.booleans(),
    pace=st.sampled_from([0, 1, 3]),
)
def test_stream_gives_each_once(  # noqa: PLR0913 - one parameter for each choice
    *,
    delays: list[int],
    workers: int,
    window: int,
    kind: str,
    ordered: bool,
    pace: int,
) -> None:
    """A stream gives each item once, in order if asked, and keeps to its window."""

    async def main() -> None:
        probe = Probe(delays, set())
        indexes = list(range(len(delays)))
        seen: list[int] = []
        async for index, value in iter_jobs(
            probe,
            make_source(kind, indexes),
            workers=workers,
            window=window,
            ordered=ordered,
        ):
            assert index == value
            seen.append(index)
            await asyncio.sleep(pace)
            assert len(probe.started) - len(seen) <= window
        assert sorted(seen) == indexes
        assert not ordered or seen == indexes
        assert probe.peak <= min(workers, window)

    virtual(main())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("resize"), st.integers(1, 8)),
        st.tuples(st.just("pause"), st.just(0)),
        st.tuples(st.just("resume"), st.just(0)),
        st.tuples(st.just("cancel_item"), st.integers(0, 24)),
        st.tuples(st.just("sleep"), st.sampled_from([0, 1, 3])),
    ),
    max_size=20,
)


async def steer(
    run: JobRun[int], steps: list[tuple[str, int]], probe: Probe
) -> set[int]:
    """Carry out the steps; return the items that were cancelled."""
    cancelled: set[int] = set()
    for name, number in steps:
        if name == "resize":
            run.workers = number
        elif name == "cancel_item":
            if run.cancel_item(number):
                assert number in set(probe.started) - set(probe.ended)
                cancelled.add(number)
        elif name == "sleep":
            await asyncio.sleep(number)
            assert run.running == len(probe.started) - len(probe.ended)
        else:
            getattr(run, name)()
    return cancelled


@settings(max_examples=300, deadline=None)
@given(
    delays=DELAYS,
    bad=st.sets(st.integers(0, 24)),
    workers=WORKERS,
    kind=KINDS,
    steps=STEPS,
)
def test_nothing_is_lost_by_steering(
    delays: list[int],
    bad: set[int],
    workers: int,
    kind: str,
    steps: list[tuple[str, int]],
) -> None:
    """Resize, pause and cancel items in any order: each item still ends just once."""

    async def main() -> None:
        probe = Probe(delays, bad)
        indexes = list(range(len(delays)))
        run = start_jobs(
            probe, make_source(kind, indexes), workers=workers, on_error="return"
        )
        cancelled = await steer(run, steps, probe)
        run.resume()
        results = await run
        assert probe.started == sorted(probe.ended) == indexes
        for index, result in enumerate(results):
            if index in cancelled:
                assert isinstance(result, ItemCancelledError)
            elif index in bad:
                assert isinstance(result, ValueError)
            else:
                assert result == index
        assert len(results) == len(indexes)
        assert run.done + run.failed == len(indexes)
        resized = [number for name, number in steps if name == "resize"]
        assert probe.peak <= max(workers, *resized, 1)
        assert others() == set()

    virtual(main())


@EXAMPLES
@given(
    delays=DELAYS,
    workers=WORKERS,
    kind=KINDS,
    steps=STEPS,
    end=st.sampled_from(["cancel", "outer", "fail"]),
)
def test_any_end_leaves_nothing(
    delays: list[int],
    workers: int,
    kind: str,
    steps: list[tuple[str, int]],
    end: str,
) -> None:
    """However steered, a run that is ended early leaves no item and no task behind."""

    async def main() -> None:
        probe = Probe([*delays, 50], {len(delays)} if end == "fail" else set())
        indexes = list(range(len(delays) + 1))
        run = start_jobs(probe, make_source(kind, indexes), workers=workers)
        waiter = asyncio.ensure_future(run)
        await asyncio.sleep(0)
        cancelled = await steer(run, steps, probe)
        if end == "cancel":
            run.cancel()
        elif end == "outer":
            waiter.cancel()
        run.resume()
        (outcome,) = await asyncio.gather(waiter, return_exceptions=True)
        if not cancelled and end == "fail":
            assert isinstance(outcome, ValueError)
        else:
            assert isinstance(outcome, BaseException | list)
        assert probe.started == sorted(probe.ended)
        assert run.running == 0
        assert others() == set()

    virtual(main())
