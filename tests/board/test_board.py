"""The board: start, find, cancel, forget."""

from __future__ import annotations

import asyncio
import re
from typing import NoReturn

import pytest

from notebook_async import Job, JobBoard, errors


async def fail() -> NoReturn:
    """Fail at once."""
    raise ValueError("no")


async def test_ids_count_up_and_names_have_defaults() -> None:
    """Jobs are numbered from 1 and named after their coroutine."""
    board = JobBoard()
    jobs = [board.start(asyncio.sleep(1)), board.start(asyncio.sleep(1), name="nap")]
    assert [(job.id, job.name) for job in jobs] == [(1, "sleep"), (2, "nap")]
    assert (list(board), len(board)) == (jobs, 2)
    assert repr(board) == "<JobBoard: 2 jobs, 2 running>"
    await board.aclose()
    assert repr(board) == "<JobBoard: 2 jobs, 0 running>"


async def test_jobs_are_found_by_id_name_and_reference() -> None:
    """A job is found by number, by text, by `%1` and by name."""
    board = JobBoard()
    job = board.start(asyncio.sleep(0), name="index")
    for reference in (1, "1", " 1 ", "%1", "index"):
        assert board.get(reference) is board[reference] is job
    await job


async def test_latest_of_one_name_is_found() -> None:
    """Of several jobs of one name the latest is meant."""
    board = JobBoard()
    _, second = (board.start(asyncio.sleep(0), name="index") for _ in range(2))
    assert board["index"] is second
    await board.aclose()


async def test_id_comes_before_a_name_that_looks_like_one() -> None:
    """A job named `1` does not hide job 1; where no such id is, the name is found."""
    board = JobBoard()
    first = board.start(asyncio.sleep(0), name="2")
    assert board["2"] is first
    second = board.start(asyncio.sleep(0), name="1")
    assert (board["1"], board["2"]) == (first, second)
    await board.aclose()


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("indx", "no job 'indx'; did you mean 'index'?"),
        ("zzz", "no job 'zzz'; there are 1, 2, index, tidy up"),
        (7, "no job 7; there are 1, 2, index, tidy up"),
        ("%7", "no job '%7'; there are 1, 2, index, tidy up"),
    ],
)
async def test_unknown_job_is_told_with_what_there_is(
    reference: object, message: str
) -> None:
    """An unknown job raises an error that names the nearest, or all."""
    board = JobBoard()
    board.start(asyncio.sleep(0), name="index")
    board.start(asyncio.sleep(0), name="tidy up")
    with pytest.raises(errors.JobNotFoundError, match=f"^{re.escape(message)}$") as no:
        board.get(reference)
    assert no.value.reference == reference
    await board.aclose()


def test_empty_board_says_how_to_start() -> None:
    """Where there is no job at all the error says how to start one."""
    with pytest.raises(
        LookupError, match=r"^no job '3'; there are no jobs yet: start one with %%arun$"
    ):
        JobBoard().get("3")


async def test_coroutine_function_is_refused_with_the_repair() -> None:
    """A coroutine function instead of a coroutine is told to be called."""
    with pytest.raises(
        errors.ArgumentTypeError,
        match=r"^a job needs a coroutine, got the coroutine function fail: call it, as"
        r" in start\(fail\(\.\.\.\)\)$",
    ):
        JobBoard().start(fail)


async def test_anything_else_is_refused() -> None:
    """What is no coroutine is refused, and the board stays empty."""
    board = JobBoard()
    with pytest.raises(TypeError, match=r"^a job needs a coroutine, got 3 \(int\)$"):
        board.start(3)
    assert len(board) == 0


def test_start_needs_a_loop() -> None:
    """Without a running loop the coroutine is closed, so that nothing warns of it."""
    work = asyncio.sleep(0)
    with pytest.raises(
        errors.NoRunningLoopError, match=r"^start needs a running event loop: call it"
    ):
        JobBoard().start(work)
    with pytest.raises(RuntimeError, match="cannot reuse"):
        work.send(None)


async def test_clear_forgets_ended_jobs_only() -> None:
    """Clearing forgets what has ended, says how many, and numbers go on."""
    board = JobBoard()
    await board.start(asyncio.sleep(0))
    await board.start(fail()).wait()
    live = board.start(asyncio.sleep(5))
    assert board.clear() == 2
    assert list(board) == [live]
    assert board.clear() == 0
    assert board.start(asyncio.sleep(0)).id == 4
    await board.aclose()


async def test_cancel_all_returns_what_it_cancelled() -> None:
    """Cancelling everything leaves ended jobs alone."""
    board = JobBoard()
    done = board.start(asyncio.sleep(0))
    await done
    live = [board.start(asyncio.sleep(3600)) for _ in range(2)]
    assert board.cancel_all() == live
    await asyncio.gather(*(job.wait() for job in live))
    assert [job.state for job in board] == ["done", "cancelled", "cancelled"]


async def test_aclose_waits_for_cleanup_side_by_side() -> None:
    """Closing waits until every job has cleaned up, all at the same time."""
    board = JobBoard()
    cleaned = []

    async def work(number: int) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(2)
            cleaned.append(number)

    for number in range(3):
        board.start(work(number))
    await asyncio.sleep(1)
    await board.aclose()
    assert (sorted(cleaned), asyncio.get_running_loop().time()) == ([0, 1, 2], 3.0)
    assert [job.state for job in board] == ["cancelled"] * 3


async def test_last_five_hundred_ended_jobs_are_kept() -> None:
    """The board forgets the oldest ended jobs beyond 500, and no live one."""
    board = JobBoard()
    live = board.start(asyncio.sleep(100))
    for _ in range(505):
        board.start(asyncio.sleep(0))
    await asyncio.sleep(1)
    assert [job.id for job in board] == [live.id, *range(7, 507)]
    await board.aclose()


async def test_on_start_hears_of_jobs_until_it_is_ended() -> None:
    """A callback hears of each job as it starts, until it is taken back."""
    board, heard = JobBoard(), []
    stop = board.on_start(lambda job: heard.append(job.name))
    await board.start(asyncio.sleep(0), name="one")
    stop()
    await board.start(asyncio.sleep(0), name="two")
    assert heard == ["one"]


async def test_failed_job_is_reported_by_the_board_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failed job that nobody awaits does not also come out of asyncio's log."""
    board = JobBoard()
    job: Job | None = board.start(fail())
    await asyncio.sleep(1)
    board.clear()
    del job
    assert caplog.records == []


async def test_changes_are_told() -> None:
    """Who asks is told when a job starts, ends or is forgotten, until he stops."""
    board = JobBoard()
    told: list[tuple[int, list[str]]] = []
    stop = board.on_change(
        lambda: told.append((len(board), [job.state for job in board]))
    )
    await board.start(asyncio.sleep(1))
    board.clear()
    stop()
    await board.start(asyncio.sleep(1))
    assert told == [(1, ["running"]), (1, ["done"]), (0, [])]


async def test_repeatable_is_told() -> None:
    """A job says whether its work can be started again."""
    board = JobBoard()

    async def work() -> None:
        pass

    jobs = [board.start(work()), board.start(work(), again=work)]
    assert [job.repeatable for job in jobs] == [False, True]
    for job in jobs:
        await job
