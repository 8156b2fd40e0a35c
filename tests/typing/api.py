"""Never run: mypy checks here that the public types say what a caller relies on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_type

from notebook_async import (
    Job,
    JobBoard,
    JobRun,
    JobStream,
    RunStatistics,
    iter_jobs,
    jobs,
    run_jobs,
    start_jobs,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def fetch(number: int) -> str:
    """Stand for any coroutine function of one item."""
    return str(number)


async def numbers() -> AsyncIterator[int]:
    """Stand for an asynchronous source of items."""
    yield 1


async def run_gives_results_of_the_items() -> None:
    """`run_jobs` gives what the items return, from any of its sources."""
    assert_type(await run_jobs(fetch, range(3), workers=2), list[str])
    assert_type(await run_jobs(fetch, numbers()), list[str])
    assert_type(await run_jobs([fetch(1), fetch(2)]), list[str])
    assert_type(await run_jobs(partial(fetch, n) for n in range(3)), list[str])


async def run_may_give_exceptions() -> None:
    """With `on_error="return"` an exception may stand in the place of a result."""
    results = await run_jobs(fetch, range(3), on_error="return")
    assert_type(results, list[str | Exception])
    assert_type(await run_jobs(fetch, range(3), on_error="group"), list[str])


async def started_run_is_awaited_and_counted() -> None:
    """`start_jobs` gives a run that knows the type of its results."""
    run = start_jobs(fetch, range(3), workers=2)
    assert_type(run, JobRun[str])
    assert_type(await run, list[str])
    assert_type(run.done, int)
    assert_type(run.total, int | None)
    assert_type(run.statistics(), RunStatistics)


async def stream_gives_index_and_value() -> None:
    """`iter_jobs` gives pairs of an index and a result."""
    stream = iter_jobs(fetch, range(3), ordered=True, window=4)
    assert_type(stream, JobStream[str])
    async for index, value in stream:
        assert_type(index, int)
        assert_type(value, str)


def board_gives_jobs(board: JobBoard) -> None:
    """`jobs` is a board: looking one up, or going through them, gives jobs."""
    assert_type(jobs, JobBoard)
    assert_type(board["index"], Job)
    for job in board:
        assert_type(job, Job)


async def wrong_calls_are_found() -> None:
    """Numbers and flags go by keyword, and a policy is one of three words."""
    await run_jobs(fetch, range(3), 4)  # type: ignore[call-overload]
    await run_jobs(fetch, ["a"])  # type: ignore[arg-type]
    start_jobs(fetch, range(3), on_error="ignore")  # type: ignore[call-overload]
