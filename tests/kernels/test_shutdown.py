"""Shutdown and restart of a real kernel while jobs run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kernels.rig import Kernel

LOADED = "import asyncio, pathlib, time\n%load_ext notebook_async"

JOB = """\
%%arun
try:
    await asyncio.sleep(600)
finally:
    await asyncio.sleep(0.2)
    pathlib.Path({path!r}).write_text("cleaned")
"""


@pytest.mark.parametrize("restart", [False, True], ids=["shutdown", "restart"])
@pytest.mark.parametrize(
    "cell",
    ["", "await asyncio.sleep(600)", "%%arun -w\nawait asyncio.sleep(600)"],
    ids=["idle", "awaiting", "waiting"],
)
async def test_jobs_clean_up_before_the_kernel_goes(
    kernel: Kernel,
    tmp_path: Path,
    cell: str,
    restart: bool,  # noqa: FBT001
) -> None:
    """A job's `finally` runs to its end, awaits included, within two seconds."""
    mark = tmp_path / "mark.txt"
    await kernel.run(LOADED)
    await kernel.run(JOB.format(path=str(mark)))
    if cell:
        busy = kernel.execute(f"{cell}\n")
        await kernel.until(
            lambda: True if "busy" in kernel.states(busy) else None, what="busy"
        )
    began = kernel.now()
    answer = await kernel.shut_down(restart=restart)
    assert answer.content == {"status": "ok", "restart": restart}
    assert mark.read_text() == "cleaned"
    assert answer.at - began < 2.0


async def test_cleanup_that_takes_too_long_is_given_up(
    kernel: Kernel, tmp_path: Path
) -> None:
    """A job that hangs in its `finally` holds the kernel for two seconds, no longer."""
    await kernel.run(LOADED)
    slow = JOB.format(path=str(tmp_path / "never")).replace("0.2", "600")
    await kernel.run(slow)
    began = kernel.now()
    answer = await kernel.shut_down()
    assert 2.0 <= answer.at - began < 4.0
    assert "jobs were not cleaned up within 2.0 s before shutdown" in kernel.log()


async def test_blocked_loop_does_not_hold_the_kernel(
    kernel: Kernel, tmp_path: Path
) -> None:
    """Where a cell blocks the loop the shutdown is answered within its bound."""
    await kernel.run(LOADED)
    await kernel.run(JOB.format(path=str(tmp_path / "never")))
    kernel.execute("print('on', flush=True)\ntime.sleep(4)")
    await kernel.output("on")
    began = kernel.now()
    answer = await kernel.shut_down()
    assert 2.0 <= answer.at - began < 3.0
