"""Measure one contender in this process, and print what came out as JSON.

`python jobs_measures.py speed "ours" 0`. What never waits is measured in processor
time, and the best of a few taken: other programs only add. What somebody waits for is
measured by the clock on the wall. `bench_jobs.py` takes medians over processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import json
import math
import statistics
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from jobs_peers import CONTENDERS, WORKERS, Contender, ours, paced

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

PENDING = 10_000
CPU_SECONDS = 0.005
BEAT = 0.010
CLEANUP = 0.010


async def no_op(_: object) -> None:
    """Do nothing, without suspending."""


async def sleep_0(_: object) -> None:
    """Let one pass of the loop go by."""
    await asyncio.sleep(0)


async def compute(_: object) -> None:
    """Hold the loop for 5 ms, then let one pass go by."""
    end = perf_counter() + CPU_SECONDS
    while perf_counter() < end:
        pass
    await asyncio.sleep(0)


async def finish(
    contender: Contender, func: Callable[..., Any], items: Sequence[Any]
) -> None:
    """Run all items; drop results as they come, where they come one by one."""
    if contender.streams:
        async for _ in contender.call(func, items):
            pass
    else:
        await contender.call(func, items)


async def seconds(work: Awaitable[object]) -> float:
    """Return how long something takes the processor."""
    began = process_time()
    await work
    return process_time() - began


# -- how fast, how soon, how considerate


async def item_us(contender: Contender, func: Callable[..., Any], count: int) -> float:
    """Return the microseconds per item."""
    best = math.inf
    for _ in range(5 if contender.quick else 1):
        best = min(best, await seconds(finish(contender, func, range(count))))
    return best / count * 1e6


async def first_ms(contender: Contender) -> float:
    """Return when somebody who waits for it sees the first of 10,000 results."""
    seen: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def item(_: object) -> None:
        await asyncio.sleep(0)
        if not seen.done():
            seen.set_result(0)

    items = list(range(PENDING))
    began = perf_counter()
    if contender.streams:
        at = 0.0
        async for _ in contender.call(sleep_0, items):
            at = at or perf_counter()
        return (at - began) * 1e3
    task = asyncio.ensure_future(contender.call(item, items))
    await seen
    at = perf_counter()
    await task
    return (at - began) * 1e3


async def cancel_ms(contender: Contender, cleanup: float) -> float:
    """Return how long it takes to cancel 10,000 items, 100 of them in flight."""
    started = cleaned = 0
    full = asyncio.Event()

    async def item(_: object) -> None:
        nonlocal started, cleaned
        started += 1
        if started == WORKERS:
            full.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            if cleanup:
                await asyncio.sleep(cleanup)
            cleaned += 1

    task = asyncio.ensure_future(finish(contender, item, list(range(PENDING))))
    await full.wait()
    await asyncio.sleep(0.01)
    began = perf_counter()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    elapsed = perf_counter() - began
    if cleaned != started:
        # Not waiting is no way to be fast.
        return math.nan
    return elapsed * 1e3


async def lag_ms(contender: Contender) -> float:
    """Return how late a 10 ms heartbeat is at worst, beside items of 5 ms computing."""
    worst = 0.0

    async def beat() -> None:
        nonlocal worst
        while True:
            began = perf_counter()
            await asyncio.sleep(BEAT)
            worst = max(worst, perf_counter() - began - BEAT)

    heart = asyncio.create_task(beat())
    await asyncio.sleep(0)
    await finish(contender, compute, range(2 * WORKERS))
    # A beat that the last items have held up is felt too.
    await asyncio.sleep(BEAT)
    heart.cancel()
    return worst * 1e3


async def speed(contender: Contender) -> dict[str, float]:
    """Measure the cost per item."""
    counts = (100_000, 20_000) if contender.quick else (5000, 5000)
    await finish(contender, sleep_0, range(1000))
    return {
        "no_op": await item_us(contender, no_op, counts[0]),
        "sleep_0": await item_us(contender, sleep_0, counts[1]),
    }


async def manners(contender: Contender) -> dict[str, float]:
    """Measure the first result, the end by cancellation and the share of the loop."""
    await finish(contender, sleep_0, range(1000))
    repeats = range(3 if contender.quick else 1)
    lags = range(2 if contender.quick else 1)
    cancels = [await cancel_ms(contender, 0) for _ in repeats]
    cleanups = [await cancel_ms(contender, CLEANUP) for _ in repeats]
    return {
        "first": statistics.median([await first_ms(contender) for _ in repeats]),
        "cancel": statistics.median(cancels),
        "cleanup": statistics.median(cleanups),
        "lag": min([await lag_ms(contender) for _ in lags]),
    }


# -- how much memory, how it grows


async def growth(contender: Contender, most: int) -> dict[str, float]:
    """Measure the peak of memory, and time as a power of the number of items."""
    await finish(contender, sleep_0, range(1000))
    few = await item_us(contender, sleep_0, 10_000) / 100
    gc.collect()
    before = _reset_peak()
    many = await seconds(finish(contender, sleep_0, range(most)))
    return {
        "items": most,
        "peak": (_peak() - before) / 2**20,
        "exponent": math.log(many / few) / math.log(most / 10_000),
    }


def _reset_peak() -> float:
    """Forget the peak so far; return the memory in use, in bytes, NaN if unknown."""
    try:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    except OSError:
        return math.nan
    return _peak()


def _peak() -> float:
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return math.nan
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


# -- rates and progress


async def rates(name: str) -> dict[str, float]:
    """Measure the rate got for each rate asked for."""
    got = {}
    for asked, count in ((1000, 1500), (5000, 5000)):
        starts: list[float] = []

        async def item(_: object, starts: list[float] = starts) -> None:
            starts.append(perf_counter())

        await paced(name, item, range(count), asked)
        got[str(asked)] = (count - 1) / (starts[-1] - starts[0])
    return got


def _poll(run: Any) -> None:  # noqa: ANN401 - a JobRun
    """Read the counters ten times a second, as a job's panel does."""
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def look() -> None:
        nonlocal timer
        run.statistics()
        timer = loop.call_later(0.1, look)

    timer = loop.call_later(0.1, look)
    run.on_end(lambda _: timer.cancel())


async def progress(kind: str, pairs: int) -> dict[str, float]:
    """Measure what progress adds, in percent of a processor.

    "upkeep" is what it takes while all items sleep, which other programs hardly
    disturb. The quartiles are of busy runs with and without, in turns: they would show
    a cost per item.
    """
    from notebook_async.core._progress import set_presenter  # noqa: PLC0415

    set_presenter(None if kind == "tqdm" else _poll)
    calls = [ours(), ours(show_progress=kind != "off")]
    with contextlib.redirect_stderr(io.StringIO()):
        await calls[1](no_op, range(WORKERS))  # imports what it needs
        idle = await _pairs(calls, asyncio.sleep, [0.5] * WORKERS, 5)
        busy = await _pairs(calls, sleep_0, range(150_000), pairs)
    low, median, high = statistics.quantiles([100 * (on / off - 1) for off, on in busy])
    upkeep = statistics.median(on - off for off, on in idle) / 0.5 * 100
    return {"upkeep": upkeep, "low": low, "median": median, "high": high}


async def _pairs(
    calls: Sequence[Callable[..., Any]],
    func: Callable[..., Any],
    items: Sequence[Any],
    pairs: int,
) -> list[tuple[float, float]]:
    """Return the seconds of processor time of two calls, taken in turns."""
    spent: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs):
        for which in (0, 1) if number % 2 else (1, 0):
            spent[which].append(await seconds(calls[which](func, items)))
    return list(zip(*spent, strict=True))


def main(measure: str, name: str, size: int) -> None:
    """Measure and print."""
    if measure == "rates":
        work = rates(name)
    elif measure == "progress":
        work = progress(name, size)
    elif measure == "growth":
        work = growth(CONTENDERS[name], size)
    else:
        work = {"speed": speed, "manners": manners}[measure](CONTENDERS[name])
    print(json.dumps(asyncio.run(work)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
