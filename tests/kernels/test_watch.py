"""A real kernel tells which line holds its loop."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.kernels.rig import Kernel

LOADED = "import asyncio, sys, threading, time\n%load_ext notebook_async"
SETTLE = "await asyncio.sleep(0.3)"

BLOCKING = """\
%%arun -n index --no-panel
for _ in range(2):
    await asyncio.sleep(0.2)
    time.sleep(0.5)
"""


async def value(kernel: Kernel, expression: str) -> Any:  # noqa: ANN401
    """Return what an expression gives in the kernel."""
    cell = await kernel.run(f"print(repr({expression}))")
    return ast.literal_eval(kernel.text(cell))


async def test_job_that_holds_the_loop_is_told_once(kernel: Kernel) -> None:
    """The job's own log names the job, the cell and the line, and does so once."""
    await kernel.run(LOADED)
    await kernel.run("from notebook_async import jobs")
    await kernel.run(BLOCKING)
    await kernel.run(f"await jobs['index']\n{SETTLE}")
    log = await value(kernel, "jobs['index'].output.text")
    first, advice = log.splitlines()
    assert first.startswith("⚠ job 1 'index' held the loop for 0.")
    assert first.endswith(" s, at cell [3] line 4: time.sleep(0.5)")
    assert "asyncio.to_thread" in advice


async def test_cell_that_holds_the_loop_is_not_told(kernel: Kernel) -> None:
    """A plain cell holds the loop as ever: nothing is printed, but hooks are told."""
    await kernel.run(LOADED)
    await kernel.run(
        "from notebook_async.core import BlockRecord, add_hook\n"
        "seen = []\n"
        "handle = add_hook(seen.append, BlockRecord)"
    )
    cell = await kernel.run("x = 0\ntime.sleep(0.5)")
    await kernel.run(SETTLE)
    assert kernel.text(cell) == ""
    told = await value(kernel, "[(r.cell, r.line, r.source) for r in seen if r.cell]")
    assert (3, 2, ()) in told


async def test_callback_of_a_job_is_told(kernel: Kernel) -> None:
    """A plain callback that a job has left on the loop is told as the job's."""
    await kernel.run(LOADED)
    await kernel.run("from notebook_async import jobs")
    await kernel.run(
        "%%arun -n late --no-panel\n"
        "asyncio.get_running_loop().call_later(0.2, lambda: time.sleep(0.5))\n"
        "await asyncio.sleep(1)"
    )
    await kernel.run(f"await jobs['late']\n{SETTLE}")
    log = await value(kernel, "jobs['late'].output.text")
    assert log.startswith("⚠ job 1 'late' held the loop for 0.")
    assert " s, at cell [3] line 2: " in log


async def test_unloading_ends_the_thread(kernel: Kernel) -> None:
    """The thread comes with the extension and goes with it."""
    names = "[t.name for t in threading.enumerate() if 'watch' in t.name]"
    await kernel.run(LOADED)
    assert await value(kernel, names) == ["notebook-async-watch"]
    await kernel.run("%reload_ext notebook_async")
    assert await value(kernel, names) == ["notebook-async-watch"]
    await kernel.run("%unload_ext notebook_async")
    assert await value(kernel, names) == []
