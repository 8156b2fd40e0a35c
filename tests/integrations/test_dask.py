"""`executor=client`: a real cluster of two processes on this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("distributed", reason='pip install "notebook-async[dask]"')

from distributed import Client, KilledWorker, LocalCluster, Worker

from notebook_async.core._executors import Remote
from notebook_async.errors import WorkerLostError
from tests.integrations.cells import Cells, adapting, errors, files, ran, until, values
from tests.integrations.shipping import ShippingRules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from concurrent.futures import Executor
    from pathlib import Path

pytestmark = [pytest.mark.executors, pytest.mark.realtime]

SMALL: dict[str, Any] = {
    "n_workers": 2,
    "threads_per_worker": 1,
    "processes": True,
    "host": "127.0.0.1",
    "dashboard_address": None,
    "silence_logs": logging.CRITICAL,
}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Give a client of a cluster of two processes."""
    with LocalCluster(**SMALL) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture
async def client_on_this_loop(client: Client) -> AsyncIterator[Client]:
    """Give an asynchronous client that lives on the test's own loop."""
    async with Client(client.scheduler.address, asynchronous=True) as asynchronous:
        yield asynchronous


class TestDask(ShippingRules):
    """The rules of shipping."""

    @pytest.fixture
    def executor(self, client: Client) -> Client:
        """Give the cluster."""
        return client


class TestDaskAsExecutor(ShippingRules):
    """The rules of shipping, for the `concurrent.futures` face of a cluster."""

    @pytest.fixture
    def executor(self, client: Client) -> Executor:
        """Give the cluster's own executor."""
        return client.get_executor()


def tasks_of(dask_worker: Worker) -> int:
    """Count the tasks that a worker knows."""
    return len(dask_worker.state.tasks)


async def test_an_asynchronous_client_serves(client_on_this_loop: Client) -> None:
    """A client that lives on the run's own loop works as the other kind does."""
    cells = Cells()
    executor = Remote(client_on_this_loop)
    assert await ran(executor, cells.shift, [1, 2]) == values(101, 102)
    assert await ran(executor, cells.shift_async, [1]) == values(101)
    outcomes = await ran(executor, cells.fail_at_two, [1, 2])
    assert isinstance(outcomes[1].error, cells.CellError)


async def test_coroutines_run_on_the_loop_of_the_worker(client: Client) -> None:
    """Coroutine functions use the loop that a worker has, not one of their own."""
    cells = Cells()
    cells.run("""
async def loop_of_worker(_):
    from distributed import get_worker
    same = asyncio.get_running_loop() is get_worker().loop.asyncio_loop
    return "same" if same else "another"
""")
    assert await ran(client, cells.loop_of_worker, [0]) == values("same")


async def test_items_of_a_killed_worker_run_elsewhere(
    client: Client, tmp_path: Path
) -> None:
    """A worker killed midway costs nothing but time: its items run again."""
    announce = partial(Cells().announce, str(tmp_path))
    async with adapting(client) as adapter:
        chunks = [
            asyncio.create_task(adapter.run_chunk(announce, [n], stop_at_error=False))
            for n in range(6)
        ]
        await until(lambda: len(files(tmp_path, "*.pid")) == 2)
        victim = tmp_path / files(tmp_path, "*.pid")[0]
        first = victim.read_text()
        os.kill(int(first), signal.SIGKILL)
        (tmp_path / "go").touch()
        assert await asyncio.gather(*chunks) == [values(n) for n in range(6)]
    assert victim.read_text() != first


async def test_a_poison_item_fails_alone(client: Client) -> None:
    """An item that kills each worker becomes `KilledWorker`; its chunk succeeds."""
    outcomes = await ran(Remote(client), Cells().die_at_two, [1, 2, 3])
    assert [outcome.value for outcome in outcomes] == [1, None, 3]
    assert isinstance(outcomes[1].error, KilledWorker)


async def test_cancelling_withdraws_what_has_not_begun(
    client: Client, tmp_path: Path
) -> None:
    """Cancelled chunks return at once; those that no worker has begun never start."""
    announce = partial(Cells().announce, str(tmp_path))
    async with adapting(client) as adapter:
        chunks = [
            asyncio.create_task(adapter.run_chunk(announce, [n], stop_at_error=False))
            for n in range(12)
        ]
        await until(lambda: len(files(tmp_path, "*.pid")) == 2)
        for chunk in chunks:
            chunk.cancel()
        done = await asyncio.gather(*chunks, return_exceptions=True)
    assert [type(error) for error in done] == [asyncio.CancelledError] * 12
    # The workers learn from the scheduler; each keeps what it runs.
    while max((await asyncio.to_thread(client.run, tasks_of)).values()) > 1:
        pass
    (tmp_path / "go").touch()
    assert await ran(client, Cells().shift, [1]) == values(101)
    assert await ran(Remote(client), Cells().shift, [1, 2]) == values(101, 102)
    assert len(files(tmp_path, "*.pid")) == 2


async def test_a_restart_loses_its_items(client: Client, tmp_path: Path) -> None:
    """A restart of the cluster is an error of the items, not a cancelled run."""
    async with adapting(client) as adapter:
        chunk = asyncio.create_task(
            adapter.run_chunk(
                partial(Cells().announce, str(tmp_path)), [1], stop_at_error=False
            )
        )
        await until((tmp_path / "1.pid").exists)
        restart = asyncio.create_task(asyncio.to_thread(client.restart))
        (outcome,) = await chunk
        (tmp_path / "go").touch()
        await restart
    assert isinstance(outcome.error, WorkerLostError)


async def test_a_closed_client_loses_its_items(client: Client) -> None:
    """A client that was closed fails each item with a clear error."""
    other = await asyncio.to_thread(Client, client.scheduler.address)
    await asyncio.to_thread(other.close)
    outcomes = await ran(Remote(other), Cells().shift, [1, 2])
    assert errors(outcomes) == ["WorkerLostError"] * 2


async def test_a_client_closed_midway_loses_its_items(
    client: Client, tmp_path: Path
) -> None:
    """Closing the client of a run fails its items instead of hanging it."""
    other = await asyncio.to_thread(Client, client.scheduler.address)
    announce = partial(Cells().announce, str(tmp_path))
    async with adapting(other) as adapter:
        chunk = asyncio.create_task(
            adapter.run_chunk(announce, [1], stop_at_error=False)
        )
        await until((tmp_path / "1.pid").exists)
        await asyncio.to_thread(other.close)
        assert errors(await chunk) == ["WorkerLostError"]
    (tmp_path / "go").touch()
