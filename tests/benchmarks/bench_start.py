"""How long `import notebook_async` and `%load_ext notebook_async` take.

Each round starts fresh processes, one with the package and one without, in turns, so
that both see the same machine. An import is timed inside the process, a cell from its
request to the kernel's idle message.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from jupyter_client.manager import start_new_kernel
from results import table, write_section

if TYPE_CHECKING:
    from jupyter_client import BlockingKernelClient

COMMAND = "python tests/benchmarks/bench_start.py --write"
TITLE = "Start"
IMPORT_ROUNDS = 15
KERNEL_ROUNDS = 9
TIMED = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"


def import_ms(statement: str) -> float:
    """Return the milliseconds of a statement in a fresh process."""
    command = [sys.executable, "-c", TIMED.format(statement)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(run.stdout) * 1e3


def cell_ms(client: BlockingKernelClient, code: str) -> float:
    """Return the milliseconds of a cell, from the request to the idle message."""
    began = time.perf_counter()
    reply = client.execute_interactive(code, timeout=60)
    elapsed = time.perf_counter() - began
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{code!r} failed: {reply['content']}")
    return elapsed * 1e3


def load_ms(code: str) -> float:
    """Return the milliseconds of a cell in a fresh kernel that has run one before."""
    manager, client = start_new_kernel()
    try:
        cell_ms(client, "pass")
        return cell_ms(client, code)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def row(name: str, values: list[float], most: str = "") -> list[str]:
    """Return one row of the table."""
    figures = (statistics.median(values), min(values), max(values))
    return [name, *(f"{figure:.1f}" for figure in figures), most]


def main() -> None:
    """Measure in turns; print medians, minima and maxima, and keep them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    imports: dict[str, list[float]] = {
        "import asyncio": [],
        "import notebook_async": [],
    }
    for _ in range(IMPORT_ROUNDS):
        for statement, values in imports.items():
            values.append(import_ms(statement))
    loads: dict[str, list[float]] = {"pass": [], "%load_ext notebook_async": []}
    for _ in range(KERNEL_ROUNDS):
        for code, cells in loads.items():
            cells.append(load_ms(code))
    rows = [
        row("`import asyncio` (bare)", imports["import asyncio"]),
        row("`import notebook_async`", imports["import notebook_async"], "60"),
        row("a cell with `pass` (bare kernel)", loads["pass"]),
        row("`%load_ext notebook_async`", loads["%load_ext notebook_async"], "150"),
    ]
    text = table(["milliseconds", "median", "min", "max", "at most"], rows)
    print(text)
    if options.write:
        write_section("start", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
