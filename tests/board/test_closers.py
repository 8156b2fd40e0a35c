"""Clients that close by themselves."""

from __future__ import annotations

import asyncio
import logging

import pytest

from notebook_async import JobBoard, job_scope, register_closer
from notebook_async.board import close_all, unclosed
from notebook_async.errors import ArgumentTypeError


class Client:
    """A client that takes its time to close, and tells when it has."""

    def __init__(self, name: str, closed: list[str], seconds: float = 1.0) -> None:
        self.name, self.closed, self.seconds = name, closed, seconds

    async def aclose(self) -> None:
        """Close it."""
        await asyncio.sleep(self.seconds)
        self.closed.append(self.name)


class Plain:
    """A client with a `close` that is not to be awaited."""

    def __init__(self, closed: list[str]) -> None:
        self.closed = closed

    def close(self) -> None:
        """Close it."""
        self.closed.append("plain")


class Broken:
    """A client that cannot be closed."""

    async def aclose(self) -> None:
        """Fail to close it."""
        raise OSError("gone")


@pytest.fixture
def closed() -> list[str]:
    """Give a list for the names of what was closed."""
    return []


@pytest.mark.parametrize("end", ["returns", "raises", "is cancelled"])
async def test_job_closes_its_clients_at_its_end(closed: list[str], end: str) -> None:
    """The last one is closed first, before the job counts as ended."""

    async def work() -> None:
        for name in "ab":
            register_closer(Client(name, closed))
        register_closer(Plain(closed))
        if end == "raises":
            raise ValueError("no")
        if end == "is cancelled":
            await asyncio.sleep(9)

    job = JobBoard().start(work())
    await asyncio.sleep(0)
    if end == "is cancelled":
        await asyncio.sleep(1)
        job.cancel()
    began = asyncio.get_running_loop().time()
    await job.wait()
    assert closed == ["plain", "b", "a"]
    assert asyncio.get_running_loop().time() - began == 2.0
    assert job.state == {"returns": "done", "raises": "failed"}.get(end, "cancelled")
    assert unclosed() == []


async def test_task_of_a_job_registers_with_the_job(closed: list[str]) -> None:
    """What a task or a thread of the job registers is closed with the job."""

    async def work() -> None:
        await asyncio.create_task(asyncio.to_thread(register_closer, Plain(closed)))
        assert closed == []

    await JobBoard().start(work())
    assert closed == ["plain"]


async def test_job_cancelled_before_its_first_step_leaves_nothing() -> None:
    """Its coroutine is closed without a warning."""
    job = JobBoard().start(asyncio.sleep(1))
    job.cancel()
    await job.wait()
    assert job.state == "cancelled"


async def test_scope_closes_at_its_end(closed: list[str]) -> None:
    """A scope within a job closes what was registered in it, and only that."""

    async def work() -> None:
        register_closer(Client("job", closed))
        async with job_scope():
            register_closer(Client("scope", closed))
        assert closed == ["scope"]

    await JobBoard().start(work())
    assert closed == ["scope", "job"]


async def test_failing_to_close_is_logged(
    closed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """One that cannot be closed is named, and the others are closed all the same."""
    async with job_scope():
        register_closer(Plain(closed))
        register_closer(Broken())
    assert closed == ["plain"]
    assert caplog.record_tuples == [
        ("notebook_async", logging.WARNING, "closing Broken failed")
    ]


async def test_slow_one_is_named(
    closed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Half a second is long for closing: the log says who takes it."""
    async with job_scope():
        register_closer(Client("slow", closed, 3))
    assert closed == ["slow"]
    assert caplog.messages == ["closing Client takes longer than 0.5 s"]


async def test_kernel_closes_everything(closed: list[str]) -> None:
    """When the kernel stops, open scopes are closed too, and a slow one waits alone."""

    async def cell() -> None:
        async with job_scope():
            register_closer(Client("scope", closed, 0.25))
            await asyncio.sleep(60)

    register_closer(Client("first", closed, 0))
    register_closer(Client("slow", closed, 2))
    task = asyncio.create_task(cell())
    await asyncio.sleep(1)
    assert unclosed() == ["Client", "Client", "Client"]
    await close_all()
    assert closed == ["scope", "first", "slow"]
    assert asyncio.get_running_loop().time() == 1 + 0.25 + 2
    assert unclosed() == []
    task.cancel()
    await asyncio.wait([task])
    assert closed == ["scope", "first", "slow"]


async def test_client_of_another_loop_is_closed_there(closed: list[str]) -> None:
    """One that was registered on the loop of a thread is closed on that loop."""
    loop = asyncio.new_event_loop()
    used = []

    class Far(Plain):
        async def aclose(self) -> None:
            used.append(asyncio.get_running_loop())

    async def register() -> None:
        register_closer(Far(closed))

    thread = asyncio.create_task(asyncio.to_thread(loop.run_forever))
    try:
        async with job_scope():
            far = asyncio.run_coroutine_threadsafe(register(), loop)
            await asyncio.wrap_future(far)
        await close_all()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        await thread
        loop.close()
    assert used == [loop]


async def test_client_of_an_ended_loop_is_named(
    closed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """One whose loop has ended cannot be closed, and the log says so."""

    async def register() -> None:
        register_closer(Plain(closed))

    await asyncio.to_thread(lambda: asyncio.run(register()))
    await close_all()
    assert closed == []
    assert caplog.messages == ["Plain was not closed: its event loop has ended"]


async def test_what_cannot_be_closed_is_refused() -> None:
    """A client needs a method to close it."""
    with pytest.raises(ArgumentTypeError, match=r"needs a method aclose\(\) or close"):
        register_closer(42)
