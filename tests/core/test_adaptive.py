"""`workers=Adaptive(...)`: one more after a good round, half after "too much"."""

from __future__ import annotations

import asyncio

from notebook_async import Adaptive, JobRun, Retry, iter_jobs, start_jobs
from tests.core.probes import Gauge, now


class Busy(Exception):  # noqa: N818 - it reads as an answer
    """What a service says that has too much to do."""


class Service:
    """Bears so many calls at once and says `Busy` to those beyond."""

    def __init__(self, bears: int) -> None:
        self.bears = bears
        self.open = 0
        self.peak = 0
        self.refused = 0

    async def __call__(self, item: int) -> int:
        """Answer after a second, or refuse after half of one."""
        self.open += 1
        self.peak = max(self.peak, self.open)
        try:
            if self.open > self.bears:
                self.refused += 1
                await asyncio.sleep(0.5)
                raise Busy
            await asyncio.sleep(1)
        finally:
            self.open -= 1
        return item


async def trace(run: JobRun[int]) -> list[tuple[float, int]]:
    """Return when the number of workers changed and what it was then; 0 at the end."""
    changes = [(0.0, run.workers)]
    ends: list[float] = []
    run.on_end(lambda _: ends.append(now()))
    # A little after the ticks at which items end, so that all has happened by then.
    await asyncio.sleep(0.01)
    while not ends:
        if run.workers != changes[-1][1]:
            changes.append((round(now() - 0.01, 6), run.workers))
        await asyncio.sleep(0.1)
    return [*changes, (ends[0], 0)]


async def test_one_more_after_each_round() -> None:
    """While all goes well there is one worker more after each full round."""
    gauge = Gauge()
    run = start_jobs(gauge, range(40), workers=Adaptive(start=2, high=6))
    changes = [(0.0, 2), (1.0, 3), (2.0, 4), (3.0, 5), (4.0, 6)]
    # 2 + 3 + 4 + 5 + 6 + 6 + 6 + 6, and 2 in the last second
    assert await trace(run) == [*changes, (9.0, 0)]
    assert (await run, gauge.peak) == (list(range(40)), 6)


async def test_new_worker_starts_at_once() -> None:
    """The worker that is added takes an item in the same tick."""
    gauge = Gauge()
    run = start_jobs(gauge, range(40), workers=Adaptive(start=1, high=3))
    await asyncio.sleep(1.25)
    assert (run.workers, gauge.running) == (2, 2)
    await asyncio.sleep(1)
    assert (run.workers, gauge.running) == (3, 3)
    await run


async def test_additive_increase_multiplicative_decrease() -> None:
    """The number rises to what the service does not bear, and is halved there."""
    service = Service(bears=4)
    policy = Adaptive(low=1, start=2, high=99, throttle=Busy)
    run = start_jobs(service, range(40), workers=policy, on_error="return")
    assert (await trace(run))[:8] == [
        (0.0, 2),
        (1.0, 3),
        (2.0, 4),
        (3.0, 5),
        (3.5, 2),
        (4.0, 3),
        (5.0, 4),
        (6.0, 5),
    ]
    assert service.peak == 5
    await run
    assert run.failed == service.refused


async def test_halved_once_a_round() -> None:
    """Many refusals of one round, sooner or later, halve the number once."""

    async def item(number: int) -> None:
        await asyncio.sleep(1 + number / 10 if number < 8 else 100)
        raise Busy

    policy = Adaptive(start=8, throttle=Busy)
    run = start_jobs(item, range(20), workers=policy, on_error="return")
    assert await trace(run) == [
        (0.0, 8),
        (1.0, 4),
        (101.4, 2),
        (201.6, 1),
        (801.7, 0),
    ]


async def test_not_below_low() -> None:
    """However much is refused, `low` workers stay."""
    service = Service(bears=0)
    run = start_jobs(
        service, range(20), workers=Adaptive(3, 9, 9, Busy), on_error="return"
    )
    # nine, four, three, three, and the one that is left
    assert await trace(run) == [(0.0, 9), (0.5, 4), (1.0, 3), (2.5, 0)]


async def test_not_above_high() -> None:
    """However well it goes, there are no more than `high`."""
    gauge = Gauge()
    run = start_jobs(gauge, range(30), workers=Adaptive(start=3, high=3))
    assert await trace(run) == [(0.0, 3), (10.0, 0)]
    assert gauge.peak == 3


async def test_other_errors_say_nothing() -> None:
    """An error that is no throttle neither halves nor counts as a success."""

    async def item(_: int) -> None:
        await asyncio.sleep(1)
        raise ValueError

    policy = Adaptive(start=4, throttle=Busy)
    run = start_jobs(item, range(12), workers=policy, on_error="return")
    assert await trace(run) == [(0.0, 4), (3.0, 0)]


async def test_successes_count_anew_after_a_cut() -> None:
    """What succeeded before a cut does not help the smaller number to grow."""

    async def item(number: int) -> None:
        await asyncio.sleep([1, 1, 1, 1.5, 10, 10.5, 11][number] if number < 7 else 50)
        if number == 3:
            raise Busy

    policy = Adaptive(start=4, throttle=Busy)
    run = start_jobs(item, range(12), workers=policy, on_error="return")
    await asyncio.sleep(1.75)
    assert run.workers == 2
    # Three had succeeded before; after the cut it takes a round of two.
    await asyncio.sleep(9.5)
    assert (run.workers, now()) == (2, 11.25)
    await asyncio.sleep(0.5)
    assert (run.workers, now()) == (3, 11.75)
    await run


async def test_throttled_attempts_are_tried_again() -> None:
    """With a retry every item succeeds in the end, and each refusal is heard."""
    service = Service(bears=4)
    run = start_jobs(
        service,
        range(30),
        workers=Adaptive(start=8, high=8, throttle=Busy),
        retry=Retry(9, on=Busy, hint=lambda _: 1),
    )
    changes = await trace(run)
    assert changes[:2] == [(0.0, 8), (0.5, 4)]
    assert (await run, run.failed) == (list(range(30)), 0)
    assert run.statistics().retried == service.refused > 0


async def test_timeout_may_be_the_throttle() -> None:
    """A timeout counts as an error like any other."""
    policy = Adaptive(start=4, throttle=TimeoutError)
    run = start_jobs(
        Gauge(seconds=9), range(8), workers=policy, timeout=2, on_error="return"
    )
    assert await trace(run) == [(0.0, 4), (2.0, 2), (4.0, 1), (8.0, 0)]


async def test_resizing_by_hand() -> None:
    """A number set by hand is where it goes on from."""
    gauge = Gauge()
    run = start_jobs(gauge, range(40), workers=Adaptive(start=2, high=20))
    await asyncio.sleep(0.5)
    run.workers = 10
    await asyncio.sleep(0.25)
    assert gauge.running == 10
    await asyncio.sleep(1)
    assert (run.workers, gauge.peak) == (11, 11)
    await run


async def test_adaptive_stream() -> None:
    """A stream finds its number of workers as well."""
    stream = iter_jobs(Gauge(), range(12), workers=Adaptive(start=1, high=3))
    got = [(index, now()) async for index, _ in stream]
    ends = [1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]
    assert sorted(got) == [(index, float(end)) for index, end in enumerate(ends)]
