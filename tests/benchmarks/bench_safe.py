"""How long restricted evaluation takes: one call, and twenty at once.

A call starts a fresh child, so the first row is the limit: an interpreter that does
nothing. Each round takes the ways in turns, so that all see the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from results import table, write_section

from notebook_async.safe import safe_eval, safe_exec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

COMMAND = "python tests/benchmarks/bench_safe.py --write"
TITLE = "Restricted evaluation"
ROUNDS = 25
AT_ONCE = 20
MODULES = "import decimal, statistics, datetime, json\nx = statistics.mean([1, 2])"
LARGE = {"values": [float(n) for n in range(100_000)]}


async def bare() -> None:
    """Start an interpreter that does nothing."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", "pass"
    )
    await process.wait()


async def many() -> None:
    """Evaluate twenty expressions at once."""
    await asyncio.gather(*(safe_eval("n + 1", {"n": n}) for n in range(AT_ONCE)))


WAYS: dict[str, Callable[[], Awaitable[Any]]] = {
    "an interpreter that does nothing (bare)": bare,
    "`safe_eval`": lambda: safe_eval("n + 1", {"n": 1}),
    "`safe_exec`, importing four modules": lambda: safe_exec(MODULES),
    "`safe_eval` of 100,000 numbers": lambda: safe_eval("sum(values)", LARGE),
    f"`safe_eval`, {AT_ONCE} at once": many,
    "in process": lambda: safe_eval("n + 1", {"n": 1}, isolation="in_process"),
}
AT_MOST = {"`safe_eval`": "100"}


def bwrap_works() -> bool:
    """Tell whether bubblewrap is there and allowed."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return False
    command = [bwrap, "--ro-bind", "/", "/", "--unshare-all", "true"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


async def milliseconds(way: Callable[[], Awaitable[Any]]) -> float:
    """Return how long one way takes."""
    began = time.perf_counter()
    await way()
    return (time.perf_counter() - began) * 1e3


async def measure(rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each way, in turns."""
    ways = dict(WAYS)
    if bwrap_works():
        ways["`safe_eval` in a bubblewrap"] = lambda: safe_eval("1", isolation="bwrap")
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            taken[name].append(await milliseconds(way))
    return taken


def main() -> None:
    """Measure; print medians, minima and maxima, and keep them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    rows = [
        [
            name,
            *(f"{f(values):.2f}" for f in (statistics.median, min, max)),
            AT_MOST.get(name, ""),
        ]
        for name, values in asyncio.run(measure(ROUNDS)).items()
    ]
    text = table(["milliseconds", "median", "min", "max", "at most"], rows)
    text += f"\n\n{os.cpu_count()} processors share what runs at once."
    print(text)
    if options.write:
        write_section("safe", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
