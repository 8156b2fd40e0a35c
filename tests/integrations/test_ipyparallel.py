"""`executor=view`: a real ipyparallel cluster of two engines."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("ipyparallel", reason='pip install "notebook-async[ipyparallel]"')

import ipyparallel

from notebook_async.core._executors import as_executor
from notebook_async.errors import ArgumentTypeError
from tests.integrations.cells import Cells, adapting, files, ran, until, values
from tests.integrations.shipping import ShippingRules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.executors, pytest.mark.realtime]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ipyparallel.Client]:
    """Give a client of a cluster of two engines."""
    folder = str(tmp_path_factory.mktemp("profile"))
    with ipyparallel.Cluster(
        n=2, profile_dir=folder, log_level=logging.CRITICAL
    ) as client:
        yield client


class TestLoadBalancedView(ShippingRules):
    """The rules of shipping, for whichever engine is free."""

    @pytest.fixture
    def executor(self, client: ipyparallel.Client) -> object:
        """Give a load-balanced view."""
        return client.load_balanced_view()


class TestDirectView(ShippingRules):
    """The rules of shipping, for the engines in turn."""

    @pytest.fixture
    def executor(self, client: ipyparallel.Client) -> object:
        """Give a view of all engines."""
        return client[:]


async def test_a_direct_view_uses_its_engines_in_turn(
    client: ipyparallel.Client,
) -> None:
    """Each chunk runs once, on the next engine of the view."""
    pids = client[:].apply_sync(os.getpid)
    cells = Cells()
    cells.run("def pid(_): return os.getpid()")
    async with adapting(client[:]) as adapter:
        found = [
            await adapter.run_chunk(cells.pid, [0], stop_at_error=False)
            for _ in range(4)
        ]
    assert found == [values(pid) for pid in pids * 2]


async def test_cancelling_withdraws_what_has_not_begun(
    client: ipyparallel.Client, tmp_path: Path
) -> None:
    """Cancelled chunks return at once; those that no engine has begun never start."""
    announce = partial(Cells().announce, str(tmp_path))
    async with adapting(client[:]) as adapter:
        chunks = [
            asyncio.create_task(adapter.run_chunk(announce, [n], stop_at_error=False))
            for n in range(6)
        ]
        await until(lambda: len(files(tmp_path, "*.pid")) == 2)
        for chunk in chunks:
            chunk.cancel()
        done = await asyncio.gather(*chunks, return_exceptions=True)
    # Engines answer in the order in which they were told: this is behind the rest.
    await asyncio.to_thread(client.abort, "no-such-call", block=True)
    (tmp_path / "go").touch()
    assert [type(error) for error in done] == [asyncio.CancelledError] * 6
    assert await ran(client[0], Cells().shift, [1]) == values(101)
    assert await ran(client[1], Cells().shift, [1]) == values(101)
    assert len(files(tmp_path, "*.pid")) == 2


async def test_a_client_is_no_view(client: ipyparallel.Client) -> None:
    """Whoever gives the client is told which call makes a view."""
    message = (
        r"^executor must be a view that runs a call once, as"
        r" client\.load_balanced_view\(\) makes; got a Client$"
    )
    with pytest.raises(ArgumentTypeError, match=message):
        as_executor(client)
