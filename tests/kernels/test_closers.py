"""Clients of a real kernel are closed before it goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kernels.rig import Kernel

LOADED = """\
import asyncio, pathlib, threading
from notebook_async import job_scope, jobs, register_closer
%load_ext notebook_async
closed = pathlib.Path({path!r})
class Client:
    def __init__(self, name, seconds=0.2):
        self.name, self.seconds = name, seconds
        self.loop = asyncio.get_running_loop()
    async def aclose(self):
        await asyncio.sleep(self.seconds)
        here = asyncio.get_running_loop() is self.loop
        with closed.open("a") as file:
            print(self.name, here, file=file)
"""

COLOURS = re.compile(r"\x1b\[[\d;]*m")

CELLS = {
    "plain": "await asyncio.sleep(600)",
    "scope": (
        "async with job_scope():\n"
        "    register_closer(Client('scoped'))\n"
        "    await asyncio.sleep(600)"
    ),
    "job": "%%arun -w\nregister_closer(Client('job'))\nawait asyncio.sleep(600)",
}
CLOSED = {"plain": [], "scope": ["scoped True"], "job": ["job True"]}


@pytest.mark.parametrize("restart", [False, True], ids=["shutdown", "restart"])
@pytest.mark.parametrize("cell", CELLS)
async def test_clients_close_while_a_cell_awaits(
    kernel: Kernel,
    tmp_path: Path,
    cell: str,
    restart: bool,  # noqa: FBT001
) -> None:
    """Each `aclose` runs to its end on its own loop, the last client first, in time."""
    mark = tmp_path / "closed.txt"
    await kernel.run(LOADED.format(path=str(mark)))
    await kernel.run("for name in 'ab':\n    register_closer(Client(name))")
    busy = kernel.execute(
        f"print('on')\n{CELLS[cell]}" if cell != "job" else CELLS[cell]
    )
    await kernel.until(
        lambda: True if "busy" in kernel.states(busy) else None, what="busy"
    )
    if cell != "job":
        await kernel.output("on")
    answer = await kernel.shut_down(restart=restart)
    assert answer.content == {"status": "ok", "restart": restart}
    assert mark.read_text().splitlines() == [*CLOSED[cell], "b True", "a True"]
    assert "not cleaned up" not in kernel.log()


async def test_client_that_hangs_is_named(kernel: Kernel, tmp_path: Path) -> None:
    """One that does not close is given up and named; the others are closed."""
    mark = tmp_path / "closed.txt"
    await kernel.run(LOADED.format(path=str(mark)))
    await kernel.run(
        "register_closer(Client('quick'))\nregister_closer(Client('hanging', 600))"
    )
    await kernel.shut_down()
    assert mark.read_text() == "quick True\n"
    log = kernel.log()
    assert "not cleaned up within 2.0 s before shutdown: closing Client" in log


async def test_job_closes_its_clients_when_it_ends(
    kernel: Kernel, tmp_path: Path
) -> None:
    """The clients of a job are closed with it, and nothing is left for the kernel."""
    mark = tmp_path / "closed.txt"
    await kernel.run(LOADED.format(path=str(mark)))
    await kernel.run("%%arun -w\nregister_closer(Client('job'))\n0")
    assert mark.read_text() == "job True\n"
    await kernel.shut_down()
    assert mark.read_text() == "job True\n"


async def test_failed_background_task_is_reported_by_its_job(kernel: Kernel) -> None:
    """A task that nobody awaits fails in its job's output, not in another cell's."""
    await kernel.run("import asyncio\nfrom notebook_async import jobs")
    await kernel.run("%load_ext notebook_async")
    await kernel.run(
        "%%arun -n index --no-panel\n"
        "async def fetch():\n    raise ValueError('lost')\n"
        "task = asyncio.create_task(fetch())\n"
        "await asyncio.sleep(0.1)"
    )
    await kernel.run("await jobs['index']")
    cell = await kernel.run("print(jobs['index'].output.text)")
    text = COLOURS.sub("", kernel.text(cell))
    assert "of job 1 'index' failed:" in text
    assert text.count("ValueError: lost") == 1
    board = await kernel.run("%jobs -l")
    assert "ValueError: lost" in kernel.text(board)
    del kernel.messages[:]
    after = await kernel.run("import gc\ndel task\ngc.collect()\nNone")
    assert kernel.text(after) == ""
    assert "never retrieved" not in kernel.log()
