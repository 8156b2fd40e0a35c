"""Measure kernels: ordinary ones, and such with our extension beside them.

Each measure starts fresh kernels and asks them in turns, so that what else the machine
does meets all of them; `bench_kernel.py` takes medians over rounds. What somebody waits
for is measured by the clock on the wall. What never waits is measured in processor
time, and the best of a few taken: other programs only add.
"""

from __future__ import annotations

import itertools
import math
import random
import statistics
import time
from contextlib import AsyncExitStack
from time import perf_counter
from typing import TYPE_CHECKING

from kernel_cells import (
    AWAIT,
    BRIDGE,
    DEFINED,
    JOBS,
    LOAD,
    WATCH,
)
from kernel_probe import Probe, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.kernels.environments import Environment

__all__ = [
    "AGAIN",
    "ALONE",
    "BARE",
    "OURS",
    "SETUPS",
    "idle",
    "loaded",
    "open_all",
]

BARE, AGAIN, ALONE, OURS = "bare", "bare again", "the bridge alone", "ours"
SETUPS = {BARE: (), AGAIN: (), ALONE: (BRIDGE,), OURS: (LOAD,)}
GAP = 0.010

Values = dict[str, dict[str, float]]
"""What a measure found: by the kernel's name, and by that of the figure."""


async def open_all(
    stack: AsyncExitStack, environment: Environment, names: Sequence[str]
) -> dict[str, Probe]:
    """Start kernels side by side."""
    return {
        name: (await stack.enter_async_context(opened(environment, *SETUPS[name])))[1]
        for name in names
    }


def _in_turns(
    probes: dict[str, Probe], count: int, take: Callable[[Probe], float]
) -> dict[str, list[float]]:
    """Take so many samples of each kernel, in another order each time."""
    samples: dict[str, list[float]] = {name: [] for name in probes}
    for _ in range(count):
        for name in random.sample(list(probes), len(probes)):
            samples[name].append(take(probes[name]))
            # The next one at any moment of what the kernel does by itself.
            probes[name].pause(random.uniform(0, GAP))  # noqa: S311
    return samples


def _quantiles(key: str, samples: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(samples, n=100, method="inclusive")
    return {f"{key} p{percent}": cuts[percent - 1] for percent in (50, 95, 99)}


# -- without any jobs


async def idle(
    environment: Environment, names: Sequence[str], *, trips: int, seconds: float
) -> Values:
    """Measure what the extension costs a kernel that runs no jobs.

    The first of the names is the one with which the others are compared.
    """
    async with AsyncExitStack() as stack:
        probes = await open_all(stack, environment, names)
        values: Values = {name: {} for name in names}
        _compare_time(values, "cell", probes, trips, Probe.cell_ms)
        _compare_time(values, "click", probes, trips, lambda p: p.click_ms()[1])
        _compare_work(values, "cell", probes, trips, Probe.processor_seconds_by_cell)
        _compare_work(values, "click", probes, trips, Probe.processor_seconds)
        _stand_still(values, probes, seconds)
        if OURS in probes:
            values[OURS]["watch"] = _watch_share(probes[OURS], seconds)
            values[OURS] |= _clicks(probes[OURS], trips)
    return values


def _compare_time(
    values: Values,
    key: str,
    probes: dict[str, Probe],
    trips: int,
    take: Callable[[Probe], float],
) -> None:
    """Compare the time on the wall, each sample with its neighbour."""
    _in_turns(probes, 3, take)
    samples = _in_turns(probes, trips, take)
    first = next(iter(samples.values()))
    for name, each in samples.items():
        over = statistics.median(
            one - bare for one, bare in zip(each, first, strict=True)
        )
        values[name] |= _quantiles(key, each) | {f"{key} over": over}


def _compare_work(
    values: Values,
    key: str,
    probes: dict[str, Probe],
    trips: int,
    spent: Callable[[Probe], float],
) -> None:
    """Compare the processor time from one trip to the next."""
    work: dict[str, list[float]] = {name: [] for name in probes}
    for _ in range(max(1, trips // 10)):
        for name in random.sample(list(probes), len(probes)):
            marks = [spent(probes[name]) for _ in range(11)]
            work[name] += [end - begin for begin, end in itertools.pairwise(marks)]
    medians = {name: statistics.median(each) * 1e3 for name, each in work.items()}
    first = next(iter(medians.values()))
    for name, median in medians.items():
        values[name] |= {f"{key} cpu": median, f"{key} cpu over": median - first}


def _stand_still(values: Values, probes: dict[str, Probe], seconds: float) -> None:
    """Measure the share of a processor, in percent, that each takes to do nothing."""
    time.sleep(1)  # what follows a message is over by then
    before = {name: probe.processor_seconds() for name, probe in probes.items()}
    time.sleep(seconds)
    shares = {
        name: (probe.processor_seconds() - before[name]) / seconds * 100
        for name, probe in probes.items()
    }
    first = next(iter(shares.values()))
    for name, share in shares.items():
        values[name] |= {"idle": share, "idle over": share - first}


def _watch_share(probe: Probe, seconds: float) -> float:
    """Return the share that the watch of the idle loop takes."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return math.nan
    probe.run(WATCH)
    before = probe.value("watch_seconds()")
    time.sleep(seconds)
    return (probe.value("watch_seconds()") - before) / seconds * 100


def _clicks(probe: Probe, count: int) -> dict[str, float]:
    """Measure clicks while a cell awaits."""
    cell = probe.execute(AWAIT)
    probe.until(lambda: probe.has_printed(cell))
    handled, done = [], []
    for _ in range(count):
        for kept, value in zip((handled, done), probe.click_ms(), strict=True):
            kept.append(value)
        probe.pause(random.uniform(0, GAP))  # noqa: S311
    probe.ended(probe.click(go=True))
    probe.until(lambda: probe.has_reply(cell) and probe.is_idle(cell))
    return _quantiles("handled", handled) | _quantiles("done", done)


# -- under load


async def loaded(
    environment: Environment, kind: str, *, jobs: int, items: int, trips: int
) -> Values:
    """Measure a kernel whose jobs have items asleep, beside an ordinary one.

    Parameters
    ----------
    environment
        Where.
    kind
        `asleep`; or `awake`: the items wake up now and then, each job prints a line a
        second, and a page shows all of their panels.
    jobs
        How many jobs.
    items
        How many items in each of them, all at once.
    trips
        How many cells, and clicks.
    """
    async with AsyncExitStack() as stack:
        probes = await open_all(stack, environment, (BARE, OURS))
        ours = probes[OURS]
        ours.run(DEFINED)
        for number in range(jobs):
            panel = _start_job(ours, JOBS[kind].format(number=number, items=items))
            if kind == "awake":
                _see(ours, panel)
        if ours.value("len(asyncio.all_tasks())") < jobs * items:
            raise RuntimeError(f"there are fewer tasks than {jobs * items} items")
        values = {
            name: _quantiles("cell", samples)
            for name, samples in _in_turns(probes, trips, Probe.cell_ms).items()
        }
        values[OURS]["over"] = values[OURS]["cell p99"] - values[BARE]["cell p99"]
        before, began = ours.processor_seconds(), perf_counter()
        ours.pause(2)
        spent = ours.processor_seconds() - before
        values[OURS]["cpu"] = spent / (perf_counter() - began) * 100
        values[OURS] |= _clicks(ours, trips)
    return values


def _start_job(probe: Probe, code: str) -> str:
    """Start a job; return the comm of its panel."""
    (panel,) = (
        each.content["comm_id"]
        for each in probe.run(code)
        if each.kind == "comm_open" and "_esm" in each.content["data"]["state"]
    )
    return panel


def _see(probe: Probe, panel: str) -> None:
    """Do as a page does that shows a panel."""
    for content in ({"type": "hello"}, {"type": "visible", "visible": True}):
        data = {"method": "custom", "content": content}
        probe.ended(probe.send("comm_msg", {"comm_id": panel, "data": data}))
