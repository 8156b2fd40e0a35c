"""Never run: mypy checks here that the public types say what a caller relies on."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, assert_type

from pydantic import BaseModel

from notebook_async import (
    Adaptive,
    Job,
    JobBoard,
    JobRun,
    JobStream,
    Rate,
    Recording,
    Retry,
    RunStatistics,
    approve,
    ask,
    asyncio_run,
    batch_gather,
    choose,
    chunks,
    iter_jobs,
    jobs,
    load_recording,
    record,
    run_async_tasks,
    run_jobs,
    run_sync,
    start_jobs,
)
from notebook_async.core import ItemPage, ItemState, Record, RunRecord
from notebook_async.core.recording import RunState
from notebook_async.prompts import (
    Answered,
    Approval,
    HeldPresenter,
    Presenter,
    Prompt,
    PromptQueue,
    Question,
    Reply,
    TerminalPresenter,
    UploadedFile,
    answers,
    pending,
    set_presenter,
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
    assert_type(run.retry_failed(), int)
    assert_type(run.retry_item(3), bool)
    assert_type(run.items("failed", start=10, most=5), ItemPage)
    assert_type(run.items().items, tuple[ItemState, ...])
    assert_type(run.retriable, int)


async def stream_gives_index_and_value() -> None:
    """`iter_jobs` gives pairs of an index and a result."""
    stream = iter_jobs(fetch, range(3), ordered=True, window=4)
    assert_type(stream, JobStream[str])
    async for index, value in stream:
        assert_type(index, int)
        assert_type(value, str)


async def policies_go_by_keyword() -> None:
    """Each policy may be given as a value or, where that says enough, as a number."""
    retry = Retry(3, on=(OSError, TimeoutError), hint=lambda error: len(error.args))
    policy = Adaptive(1, 4, 16, throttle=lambda error: error.args == (429,))
    run = start_jobs(fetch, range(3), workers=policy, retry=retry, rate=Rate(5, 2))
    assert_type(run, JobRun[str])
    run.workers = 5
    results = await run_jobs(fetch, range(3), timeout=0.5, retry=2, rate=1.5)
    assert_type(results, list[str])
    assert_type(iter_jobs(fetch, range(3), isolation="task"), JobStream[str])
    assert_type(retry.delay(1, OSError()), float | None)
    start_jobs(fetch, range(3), retry=1.5)  # type: ignore[call-overload]
    start_jobs(fetch, range(3), isolation="thread")  # type: ignore[call-overload]


def plain_code_calls_coroutines() -> None:
    """Blocking calls give what the coroutines return."""
    assert_type(asyncio_run(fetch(1), timeout=5), str)
    assert_type(run_sync(fetch(1)), str)
    assert_type(run_async_tasks([fetch(1), fetch(2)]), list[str])
    assert_type(run_async_tasks([fetch(1)], show_progress=True, workers=2), list[str])
    asyncio_run(fetch)  # type: ignore[arg-type]


async def batches_keep_their_types() -> None:
    """Chunks may hold the padding; a batch gives what its awaitables give."""
    assert_type(next(chunks([1, 2, 3], 2)), tuple[int | None, ...])
    assert_type(await batch_gather([fetch(1), fetch(2)], batch_size=2), list[str])


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


def recordings_tell_records(path: str) -> None:
    """Get records by number from a recording, and states by time."""
    with record(kinds=[RunRecord]) as recording:
        assert_type(recording, Recording)
    assert_type(recording.window(0, 9), list[Record])
    assert_type(recording.state_at(1.0).runs, dict[tuple[str, ...], RunState])
    assert_type(load_recording(recording.export(path)), Recording)


async def runs_are_recorded_by_themselves(board: JobBoard) -> None:
    """Record a job, or a run, by itself."""
    record(start_jobs(fetch, range(3)), capacity=10)
    record(board["index"])


class Plan(BaseModel):
    """Stand for any model."""

    days: int


async def questions_give_the_type_they_ask_for() -> None:
    """`ask` gives text, the type that is asked for, or the instance that is edited."""
    assert_type(await ask("Name?"), str)
    assert_type(await ask("Name?", default="Ada", secret=True, max=10), str)
    assert_type(await ask("How many?", int, default=3, min=1, max=10), int)
    assert_type(await ask("When?", date, min=date(2024, 1, 1), timeout=60), date)
    assert_type(await ask("Which?", list[int]), list[int])
    assert_type(await ask("Where?", Path, validate=Path.exists), Path)
    assert_type(await ask("A file", UploadedFile, max=1000), UploadedFile)
    assert_type(await ask("Edit the plan", Plan, default=Plan(days=1)), Plan)
    assert_type(await ask("Edit the plan", Plan(days=1), timeout=5.5), Plan)
    # What is no class has no type that a checker could tell.
    assert_type(await ask("Size?", Literal["s", "m"], name="size"), Any)
    await ask("Name?", default=3)  # type: ignore[call-overload]
    await ask("How many?", int, 3)  # type: ignore[call-overload]


async def choices_give_their_options() -> None:
    """`choose` gives an option, or with `many` a list; `approve` gives a decision."""
    assert_type(await choose("Town?", ["Bern", "Basel"]), str)
    assert_type(await choose("Size?", {"small": 1, "large": 10}, default=1), int)
    assert_type(await choose("Plan?", [Plan(days=1)], many=True), list[Plan])
    assert_type(await choose("Sizes?", {"s": 1}, many=True, default=[1]), list[int])
    decision = await approve("Send?", detail=Plan(days=1), default=False, timeout=60)
    assert_type(decision, Approval)
    assert_type(decision.reason, str | None)
    await choose("Town?", ["Bern"], 5)  # type: ignore[call-overload]


def front_ends_answer_the_queue(queue: PromptQueue) -> None:
    """Find prompts in the queue, answer them, and see what became of them."""
    assert_type(pending, PromptQueue)
    for prompt in queue:
        assert_type(prompt, Prompt)
        assert_type(prompt.question, Question)
        assert_type(queue.answer(prompt.id, {"a": 1}, how="in the form"), Reply)
    assert_type(queue.history, tuple[Answered, ...])
    assert_type(set_presenter(HeldPresenter()), Presenter | None)
    set_presenter(TerminalPresenter())
    set_presenter(Plan(days=1))  # type: ignore[arg-type]


async def answers_are_blocks_of_both_kinds() -> None:
    """`answers` is used by `with` and by `async with`, and tells what is unused."""
    with answers({"a": 1}) as seeded:
        assert_type(seeded, answers)
    async with answers({"a": 1}) as seeded:
        assert_type(seeded.unused, tuple[str, ...])
