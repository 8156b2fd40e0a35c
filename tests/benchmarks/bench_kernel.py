"""What a kernel with our extension costs and bears, beside an ordinary one.

Kernels of the oldest and the newest ipykernel that we support are started in rounds, an
ordinary one beside each of ours. `--quick` takes one round, of the newest; `--write`
keeps the tables in RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import sys
import time
from typing import TYPE_CHECKING

import kernel_calls
import kernel_measures as measures
from kernel_calls import CLEANUP
from kernel_measures import BARE, OURS
from kernel_tables import (
    calls_table,
    ends_table,
    figures_table,
    idle_table,
    load_table,
)
from results import write_section

from tests.kernels.environments import BASE, NEWEST, OLDEST, Recipe, make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kernels.environments import Environment

COMMAND = "python tests/benchmarks/bench_kernel.py --write"
TITLE = "A kernel with the extension"
ROUNDS, IDLE_ROUNDS = 3, 5
JOBS, ITEMS = 100, 100
TRIPS, LOADED_TRIPS = 100, 300
SECONDS = 8
CALLS, TAKES = 500, 5
AT_ONCE = 200
INTERRUPTS = 5
HANGS = 600
LEGEND = f"""\
Medians of {IDLE_ROUNDS} rounds with fresh kernels, which are asked in turns. Noise: how
far a second ordinary kernel was from the first one in the round where it was farthest.
A cell is `1+1`, until its reply, its output and its idle are in; a click is a comm
message, until its answer and its idle are in. "Above bare": the median difference to
the next sample of the ordinary kernel. Work: processor time of the kernel's process
from one cell, or click, to the next. Idle: the same while nothing happens for
{SECONDS} s. The bridge alone is `CommBridge`. Ours is the whole extension; what that
takes while idle is the watch of the loop.
"""
LOAD_LEGEND = f"""\
{LOADED_TRIPS} cells, at random moments, in a kernel with {JOBS} jobs of {ITEMS} items
each, in turns with an ordinary kernel; then as many clicks while a cell awaits. Asleep:
all items sleep, in `run_jobs`, and nobody watches. Awake: they wake up every 5 to 15 s,
each job prints a line a second, and a page shows the panels of all jobs. Handled: when
the handler was called; done: when its answer and its idle were in. Medians of {ROUNDS}
rounds, as below.
"""
CALLS_LEGEND = f"""\
Processor time of the main thread, the least of all takes. Print: `print("x")` in a
cell, and in a job. Step: `await asyncio.sleep(0)`. Task: creating one that does
nothing, and awaiting it. Call: `asyncio.run(nothing())` in an awaiting cell, which an
ordinary kernel refuses. {AT_ONCE} at once: until as many tasks have ended that each
wait for 0.2 s, bare by `await`, else by `asyncio.run`. nest_asyncio2 is applied in an
ordinary kernel; there, so many end in a RecursionError.
"""
ENDS_LEGEND = f"""\
An interrupt is landed when the awaiting cell has its exception; on the loop nothing
else happens. A shutdown ends when the process is gone; a cell awaits meanwhile. A
client is one given to `register_closer`: it takes {CLEANUP} s to close, or hangs.
"""


class Results:
    """What the rounds have measured, by version of ipykernel, kernel and figure."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str, str], list[float]] = {}

    def add(
        self, version: str, values: Mapping[str, Mapping[str, float]], prefix: str = ""
    ) -> None:
        """Take in what one measure found."""
        for name, figures in values.items():
            for key, value in figures.items():
                kept = self._values.setdefault((version, name, prefix + key), [])
                kept.append(value)

    def all(self, version: str, name: str, key: str) -> list[float]:
        """Return the values of all rounds."""
        return self._values.get((version, name, key), [])

    def get(self, version: str, name: str, key: str) -> float:
        """Return a median; NaN if there is none."""
        values = self.all(version, name, key)
        return statistics.median(values) if values else math.nan

    def least(self, version: str, name: str, key: str) -> float:
        """Return the least; NaN if there is none."""
        return min(self.all(version, name, key), default=math.nan)


async def measure_round(
    results: Results, version: str, environment: Environment
) -> None:
    """Take every measure once, but that of idle kernels."""
    for kind in ("asleep", "awake"):
        values = await measures.loaded(
            environment, kind, jobs=JOBS, items=ITEMS, trips=LOADED_TRIPS
        )
        results.add(version, values, f"{kind} ")
    values = await kernel_calls.calls(
        environment, count=CALLS, at_once=AT_ONCE, takes=TAKES
    )
    results.add(version, values)
    for name, times in ((BARE, 1), (OURS, INTERRUPTS)):
        for landed in await kernel_calls.interrupts(environment, name, times=times):
            results.add(version, {name: {"interrupt": landed}})
    for name, cleanup in ((BARE, CLEANUP), (OURS, CLEANUP), (OURS, HANGS)):
        seconds = await kernel_calls.shutdown(environment, name, cleanup=cleanup)
        key = "shutdown" if cleanup == CLEANUP else "shutdown that hangs"
        results.add(version, {name: {key: seconds}})


async def measure_all(
    results: Results, environments: Mapping[str, Environment], *, quick: bool
) -> None:
    """Measure in rounds, the versions of ipykernel in turns."""
    names = list(measures.SETUPS)
    for number in range(1 if quick else IDLE_ROUNDS):
        for version, environment in environments.items():
            note(f"idle kernels, round {number + 1}: ipykernel {version}")
            values = await measures.idle(
                environment, names, trips=TRIPS, seconds=SECONDS
            )
            results.add(version, values)
    for number in range(1 if quick else ROUNDS):
        for version, environment in environments.items():
            note(f"all else, round {number + 1}: ipykernel {version}")
            await measure_round(results, version, environment)


def note(text: str) -> None:
    """Say what is going on, beside the tables."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute, not ten")
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    began = time.perf_counter()
    versions = [NEWEST] if options.quick else [OLDEST, NEWEST]
    environments = {
        version: make(Recipe(BASE.path, BASE.version, version)) for version in versions
    }
    results = Results()
    asyncio.run(measure_all(results, environments, quick=options.quick))
    parts = [
        figures_table(results, versions),
        *(idle_table(results, version) for version in versions),
        LEGEND,
        load_table(results, versions),
        LOAD_LEGEND,
        calls_table(results, versions, AT_ONCE),
        CALLS_LEGEND,
        ends_table(results, versions),
        ENDS_LEGEND,
    ]
    text = "\n\n".join(part.strip() for part in parts)
    note("")
    print(text)
    print(f"\n{time.perf_counter() - began:.0f} s")
    if options.write:
        write_section("kernel", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
