"""How long `import notebook_async` and `%load_ext notebook_async` take.

Each round starts fresh processes, one with the package and one without, in turns, so
that both see the same machine. An import is timed inside the process, a cell from its
request to the kernel's idle message.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from jupyter_client.manager import start_new_kernel

if TYPE_CHECKING:
    from jupyter_client import BlockingKernelClient

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


def show(name: str, values: list[float], limit: float | None = None) -> None:
    """Print one row of the table."""
    bound = "" if limit is None else f"{limit:>10.0f}"
    print(
        f"{name:<34}{statistics.median(values):>10.1f}"
        f"{min(values):>10.1f}{max(values):>10.1f}{bound}"
    )


def main() -> None:
    """Measure in turns and print medians, minima and maxima."""
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
    print(f"{'milliseconds':<34}{'median':>10}{'min':>10}{'max':>10}{'at most':>10}")
    show("import asyncio (bare)", imports["import asyncio"])
    show("import notebook_async", imports["import notebook_async"], 60)
    show("a cell with `pass` (bare kernel)", loads["pass"])
    show("%load_ext notebook_async", loads["%load_ext notebook_async"], 150)


if __name__ == "__main__":
    main()
