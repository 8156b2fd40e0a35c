"""`executor="cpu"`: processes of our own."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("loky", reason='pip install "notebook-async[cpu]"')

import loky

from notebook_async.core._executors import Remote
from notebook_async.errors import WorkerLostError
from notebook_async.integrations import loky as cpu
from tests.integrations.cells import (
    Cells,
    adapting,
    errors,
    files,
    ran,
    until,
    values,
)
from tests.integrations.shipping import ShippingRules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor
    from pathlib import Path

pytestmark = [pytest.mark.executors, pytest.mark.realtime]


@pytest.fixture(scope="module", autouse=True)
def _no_process_left() -> Iterator[None]:
    """End the idle processes after this module."""
    yield
    while cpu._idle:
        cpu._idle.pop().shutdown(kill_workers=True)


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    """Give a loky executor as a user makes one."""
    pool = loky.ProcessPoolExecutor(1)
    yield pool
    pool.shutdown(kill_workers=True)


def gone(pid: int) -> bool:
    """Tell whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


class TestCpu(ShippingRules):
    """The rules of shipping."""

    @pytest.fixture
    def executor(self) -> str:
        """Give our processes."""
        return "cpu"


class TestLokyOfTheUser(ShippingRules):
    """The rules of shipping, for a loky executor that the user made."""

    @pytest.fixture
    def executor(self, pool: Executor) -> Executor:
        """Give the user's executor."""
        return pool


async def test_only_the_item_that_kills_its_process_fails() -> None:
    """An item that ends its process fails, the others of its chunk run again."""
    outcomes = await ran(Remote("cpu"), Cells().die_at_two, [1, 2, 3, 4])
    assert [outcome.value for outcome in outcomes] == [1, None, 3, 4]
    assert errors(outcomes) == ["-", "WorkerLostError", "-", "-"]
    error = outcomes[1].error
    assert isinstance(error, WorkerLostError)
    assert "EXIT(3)" in str(error.__cause__)


async def test_a_lost_item_ends_a_chunk_that_stops() -> None:
    """With `stop_at_error` the item that killed its process is the last."""
    outcomes = await ran(Remote("cpu"), Cells().die_at_two, [1, 2, 3], stop=True)
    assert errors(outcomes) == ["-", "WorkerLostError"]


async def test_a_killed_chunk_is_run_again(tmp_path: Path) -> None:
    """Items of a process that the system killed once all have their values."""
    die_once = partial(Cells().die_once, str(tmp_path))
    assert await ran(Remote("cpu"), die_once, [1, 2, 3]) == values(1, 2, 3)


async def test_a_single_item_is_not_run_again(tmp_path: Path) -> None:
    """An item alone in its process fails with it; whether to retry is the run's."""
    die_once = partial(Cells().die_once, str(tmp_path))
    async with adapting("cpu") as adapter:
        first = await adapter.run_chunk(die_once, [2], stop_at_error=False)
        again = await adapter.run_chunk(die_once, [2], stop_at_error=False)
    assert errors(first) == ["WorkerLostError"]
    assert again == values(2)


async def test_a_death_takes_no_neighbour_with_it(tmp_path: Path) -> None:
    """A chunk in another process does not notice, and runs once."""
    if loky.cpu_count() < 2:
        pytest.skip("needs two processors")
    announce = partial(Cells().announce, str(tmp_path))
    async with adapting("cpu") as adapter:
        stays, dies = (
            asyncio.create_task(adapter.run_chunk(announce, [n], stop_at_error=False))
            for n in ("stays", "dies")
        )
        await until(lambda: len(files(tmp_path, "*.pid")) == 2)
        os.kill(int((tmp_path / "dies.pid").read_text()), signal.SIGKILL)
        assert errors(await dies) == ["WorkerLostError"]
        pid = (tmp_path / "stays.pid").read_text()
        (tmp_path / "go").touch()
        assert await stays == values("stays")
    assert (tmp_path / "stays.pid").read_text() == pid


async def test_cancelling_kills_the_process(tmp_path: Path) -> None:
    """A cancelled chunk returns at once and its process is gone at the end."""
    announce = partial(Cells().announce, str(tmp_path))
    async with adapting("cpu") as adapter:
        chunk = asyncio.create_task(
            adapter.run_chunk(announce, [1], stop_at_error=False)
        )
        await until((tmp_path / "1.pid").exists)
        chunk.cancel()
        with pytest.raises(asyncio.CancelledError):
            await chunk
    pid = int((tmp_path / "1.pid").read_text())
    await until(lambda: gone(pid))
    assert await ran("cpu", Cells().shift, [1]) == values(101)


async def test_cancelling_leaves_other_chunks_alone(tmp_path: Path) -> None:
    """One cancelled chunk of several kills its own process only."""
    if loky.cpu_count() < 2:
        pytest.skip("needs two processors")
    announce = partial(Cells().announce, str(tmp_path))
    async with adapting("cpu") as adapter:
        stays, goes = (
            asyncio.create_task(adapter.run_chunk(announce, [n], stop_at_error=False))
            for n in ("stays", "goes")
        )
        await until(lambda: len(files(tmp_path, "*.pid")) == 2)
        goes.cancel()
        with pytest.raises(asyncio.CancelledError):
            await goes
        (tmp_path / "go").touch()
        assert await stays == values("stays")


async def test_chunks_wait_for_a_processor(tmp_path: Path) -> None:
    """As many chunks run at once as there are processors, and one that waits is free.

    Cancelling one that waits starts no process and ends none.
    """
    many = loky.cpu_count()
    announce = partial(Cells().announce, str(tmp_path))
    async with adapting("cpu") as adapter:
        chunks = [
            asyncio.create_task(adapter.run_chunk(announce, [n], stop_at_error=False))
            for n in range(many + 2)
        ]
        await until(lambda: len(files(tmp_path, "*.pid")) == many)
        chunks[-1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await chunks[-1]
        assert len(files(tmp_path, "*.pid")) == many
        (tmp_path / "go").touch()
        assert await asyncio.gather(*chunks[:-1]) == [
            values(n) for n in range(many + 1)
        ]
    assert not (tmp_path / f"{many + 1}.pid").exists()


async def test_idle_processes_serve_the_next_run() -> None:
    """A second run finds the process of the first."""
    first = await ran("cpu", lambda _: os.getpid(), [0])
    assert await ran("cpu", lambda _: os.getpid(), [0]) == first


async def test_a_process_that_died_idle_is_replaced() -> None:
    """A run does not fail for a process that was killed between runs."""
    (outcome,) = await ran("cpu", lambda _: os.getpid(), [0])
    idle = cpu._idle[-1]
    os.kill(outcome.value, signal.SIGKILL)
    await until(lambda: idle._flags.broken is not None)
    (again,) = await ran("cpu", lambda _: os.getpid(), [0])
    assert again.error is None
    assert again.value != outcome.value


async def test_the_loop_turns_while_a_process_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Starting waits for something that only a turn of the loop brings about."""
    start = loky.ProcessPoolExecutor
    asked, answered = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def start_slowly(**options: int) -> Executor:
        loop.call_soon_threadsafe(asked.set)
        assert answered.wait(10)
        return start(**options)

    while cpu._idle:
        await asyncio.to_thread(cpu._idle.pop().shutdown, kill_workers=True)
    monkeypatch.setattr(loky, "ProcessPoolExecutor", start_slowly)
    chunk = asyncio.create_task(ran("cpu", Cells().shift, [1]))
    await asked.wait()
    answered.set()
    assert await chunk == values(101)
