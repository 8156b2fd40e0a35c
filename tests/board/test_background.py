"""Tasks that fail unseen are reported by their job."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import Job, JobBoard
from notebook_async.board import ForgottenTasks
from notebook_async.widgets._subjects import JobSubject

if TYPE_CHECKING:
    from collections.abc import Iterator

kept: list[asyncio.Task[Any]] = []


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    yield
    kept.clear()


async def fail(after: float = 0.0) -> None:
    """Fail after some seconds."""
    await asyncio.sleep(after)
    raise ValueError("no")


def errors(job: Job) -> list[str]:
    """Return what the job tells of its background tasks."""
    return [repr(error) for error in job.background_errors]


@pytest.mark.parametrize("after", [1, 3, 5])
async def test_failed_task_that_is_kept_is_reported(after: float) -> None:
    """A task that a variable still names is reported, be the job over or not."""

    async def work() -> None:
        kept.append(asyncio.create_task(fail(after), name="fetch"))
        await asyncio.sleep(3.5)

    job = JobBoard().start(work(), name="index")
    await job
    await asyncio.sleep(3)
    assert (job.state, errors(job)) == ("done", ["ValueError('no')"])
    head, *lines = job.output.text.splitlines()
    assert head == "background task 'fetch' of job 1 'index' failed:"
    assert lines[-1] == "ValueError: no"
    assert JobSubject(job).view()["error"] == "background task: ValueError: no"


async def test_failed_task_that_is_forgotten_is_reported() -> None:
    """One that nobody refers to is reported when asyncio would log it."""
    watch = ForgottenTasks()
    watch.install()

    async def work() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(1)
        del task
        gc.collect()
        assert len(job.background_errors) == 1

    job = JobBoard().start(work())
    await job
    watch.uninstall()
    assert errors(job) == ["ValueError('no')"]


async def test_seen_failures_are_not_reported() -> None:
    """A task that was awaited, gathered or asked for its exception is no secret."""

    async def work() -> None:
        kept.extend(asyncio.create_task(fail(1)) for _ in range(3))
        with pytest.raises(ValueError, match="no"):
            await kept[0]
        assert kept[1].exception() is not None
        await asyncio.gather(kept[2], return_exceptions=True)

    job = JobBoard().start(work())
    await job
    await asyncio.sleep(1)
    assert (errors(job), job.output.text) == ([], "")


async def test_task_that_another_one_awaits_is_left_to_that() -> None:
    """After the end of the job tasks may still look after each other."""

    async def supervise(task: asyncio.Task[None]) -> None:
        done, _ = await asyncio.wait([task])
        assert [each.exception() is None for each in done] == [False]

    async def work() -> None:
        kept.append(asyncio.create_task(fail(2)))
        kept.append(asyncio.create_task(supervise(kept[0])))

    job = JobBoard().start(work())
    await job
    await asyncio.sleep(3)
    assert errors(job) == []


async def test_cancelled_tasks_are_not_reported() -> None:
    """To cancel a task is no failure."""

    async def work() -> None:
        kept.extend(asyncio.create_task(fail(n)) for n in (5, 5))
        await asyncio.sleep(1)
        kept[0].cancel()
        await asyncio.sleep(1)

    job = JobBoard().start(work())
    await job
    kept[1].cancel()
    await asyncio.sleep(1)
    assert errors(job) == []


async def test_each_job_gets_its_own() -> None:
    """A failure goes to the job that started the task, however deep."""
    board = JobBoard()

    async def inner() -> None:
        kept.append(asyncio.create_task(fail(1)))
        await asyncio.sleep(3)

    first = board.start(inner())
    other = board.start(asyncio.sleep(3))
    await first
    await other
    assert (len(first.background_errors), len(other.background_errors)) == (1, 0)


async def test_other_trouble_goes_where_it_went() -> None:
    """What is no task of a job goes to the handler that was there before."""
    loop = asyncio.get_running_loop()
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    before = loop.get_exception_handler()
    watch = ForgottenTasks()
    watch.install()
    watch.install()
    loop.call_exception_handler({"message": "hello"})
    task = asyncio.create_task(fail())
    await asyncio.sleep(1)
    del task
    gc.collect()
    watch.uninstall()
    assert [each["message"] for each in told] == [
        "hello",
        "Task exception was never retrieved",
    ]
    assert loop.get_exception_handler() is before


async def test_handler_of_somebody_else_is_left_alone() -> None:
    """Who takes over later keeps the place when this one goes."""
    loop = asyncio.get_running_loop()
    watch = ForgottenTasks()
    watch.install()

    def later(_loop: object, _context: object) -> None:
        return

    loop.set_exception_handler(later)
    watch.uninstall()
    assert loop.get_exception_handler() is later
    loop.set_exception_handler(None)
