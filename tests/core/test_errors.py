"""What becomes of the exceptions of items and sources."""

from __future__ import annotations

import asyncio
import gc
import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import iter_jobs, run_jobs, start_jobs
from notebook_async.errors import NotAwaitableError
from tests.core.probes import Feed, Gauge, double, now, others, wait

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from notebook_async.core import OnError


class Abort(BaseException):
    """An exception like KeyboardInterrupt, which no `except Exception` catches."""


def fail_at(bad: int, error: BaseException) -> Callable[[int], Any]:
    """Return a function whose item `bad` raises `error` after a second."""

    async def item(number: int) -> int:
        await asyncio.sleep(1)
        if number == bad:
            raise error
        return number

    return item


ERRORS = [
    ValueError("v"),
    RuntimeError("r"),
    TimeoutError("t"),
    TypeError("y"),
    StopAsyncIteration("s"),
    KeyError("k"),
    ExceptionGroup("g", [ValueError()]),
    Abort("a"),
    KeyboardInterrupt("i"),
    SystemExit(3),
    GeneratorExit("x"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_first_error_is_the_original_object(error: BaseException) -> None:
    """Whatever an item raises comes out of the run as the very same object."""
    with pytest.raises(type(error)) as caught:
        await run_jobs(fail_at(2, error), range(9), workers=3)
    assert caught.value is error
    assert now() == 1.0


@pytest.mark.parametrize("error", ERRORS[:7], ids=lambda error: type(error).__name__)
async def test_returned_error_is_the_original_object(error: Exception) -> None:
    """With `on_error="return"` the very same object stands in the results."""
    results = await run_jobs(fail_at(1, error), range(3), on_error="return")
    assert results == [0, error, 2]


@pytest.mark.parametrize("policy", ["return", "group"])
async def test_base_exception_ends_any_run(policy: OnError) -> None:
    """What is no `Exception` ends the run whatever `on_error` says."""
    gauge = Gauge()
    error = Abort("stop")

    async def item(number: int) -> int:
        if number == 1:
            raise error
        return await gauge(number)

    with pytest.raises(Abort, match=r"^stop\n") as caught:
        await run_jobs(item, range(9), workers=2, on_error=policy)
    assert caught.value is error
    assert gauge.started == gauge.ended == [0]


async def test_stop_iteration_of_a_coroutine_is_a_runtime_error() -> None:
    """Python itself turns a coroutine's StopIteration into a RuntimeError."""
    with pytest.raises(RuntimeError, match=r"^coroutine raised StopIteration\n"):
        await run_jobs(fail_at(0, StopIteration()), range(2))


async def test_stop_iteration_of_a_function_is_a_runtime_error() -> None:
    """A plain function's StopIteration is raised as a RuntimeError that names it."""
    with pytest.raises(RuntimeError, match=r"^an item raised StopIteration$") as caught:
        await run_jobs([lambda: next(iter(()))])
    cause = caught.value.__cause__
    assert isinstance(cause, StopIteration)
    assert len(cause.__notes__) == 1


async def test_stop_iteration_can_be_returned() -> None:
    """A StopIteration stands in the results like any other exception."""
    (error,) = await run_jobs([lambda: next(iter(()))], on_error="return")
    assert type(error) is StopIteration


async def test_note_names_the_item() -> None:
    """The error carries one note: which item of which run."""
    run = start_jobs(fail_at(2, ValueError("bad")), range(4))
    with pytest.raises(ValueError, match=r"^bad\n") as caught:
        await run
    assert caught.value.__notes__ == [f"in item 2 of {run.name}"]


async def test_note_names_the_description() -> None:
    """A described run is called by its description."""
    with pytest.raises(ValueError, match=r"^bad\n") as caught:
        await run_jobs(fail_at(0, ValueError("bad")), [0], desc="fetching pages")
    assert caught.value.__notes__ == ["in item 0 of fetching pages"]


async def test_notes_of_nested_runs_lead_to_the_item() -> None:
    """Each run around an error adds its note, from the innermost."""

    async def outer(number: int) -> list[int]:
        return await run_jobs(
            fail_at(1, ValueError("bad")), range(number), desc="inner"
        )

    with pytest.raises(ValueError, match=r"^bad\n") as caught:
        await run_jobs(outer, [1, 2], desc="outer", workers=1)
    assert caught.value.__notes__ == ["in item 1 of inner", "in item 1 of outer"]


async def test_one_error_of_many_items_collects_few_notes() -> None:
    """An exception object that fails many items collects no more than eight notes."""
    error = ValueError("shared")

    async def item(_: int) -> None:
        raise error

    assert await run_jobs(item, range(20), on_error="return") == [error] * 20
    assert len(error.__notes__) == 8


async def test_traceback_shows_no_worker() -> None:
    """A traceback goes from the caller to the item, without our workers between."""
    with pytest.raises(ValueError, match=r"^bad\n") as caught:
        await run_jobs([lambda: fail_at(0, ValueError("bad"))(0)])
    names = [f.name for f in traceback.extract_tb(caught.value.__traceback__)]
    assert names == [
        "test_traceback_shows_no_worker",
        "run_jobs",
        "join",
        "item",
    ]


# -- "raise"


async def test_nothing_starts_after_the_first_error() -> None:
    """No item starts after one has failed; those in flight are cancelled."""
    gauge = Gauge(seconds=5)

    async def item(number: int) -> int:
        if number == 3:
            await asyncio.sleep(1)
            raise ValueError(number)
        return await gauge(number)

    feed = Feed(range(100))
    with pytest.raises(ValueError, match=r"^3\n"):
        await run_jobs(item, feed.plain(), workers=4)
    assert gauge.started == [0, 1, 2]
    assert sorted(gauge.ended) == [0, 1, 2]
    assert feed.pulled == 4
    assert feed.closed_at == 1.0
    assert now() == 1.0
    assert others() == set()


async def test_rest_is_awaited() -> None:
    """The error is raised only when the cancelled items have cleaned up."""
    cleaned: list[int] = []

    async def item(number: int) -> None:
        if number == 0:
            await asyncio.sleep(1)
            raise ValueError(number)
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(number)
            cleaned.append(number)

    with pytest.raises(ValueError, match=r"^0\n"):
        await run_jobs(item, range(4), workers=4)
    assert cleaned == [1, 2, 3]
    assert now() == 4.0


async def test_error_in_cleanup_does_not_replace_the_first() -> None:
    """The first error is raised, also if cleaning up raises another."""

    async def item(number: int) -> None:
        try:
            await asyncio.sleep(1 + number)
        finally:
            raise ValueError(number)

    run = start_jobs(item, range(3))
    with pytest.raises(ValueError, match=r"^0\n"):
        await run
    assert sorted(run.errors) == [0, 1, 2]


async def test_coroutines_that_never_start_are_closed() -> None:
    """Coroutines of a list that the run does not reach give no warning."""
    jobs = [fail_at(0, ValueError("bad"))(n) for n in range(20)]
    with pytest.raises(ValueError, match=r"^bad\n"):
        await run_jobs(jobs, workers=2)
    assert [job.cr_frame for job in jobs] == [None] * 20
    gc.collect()  # pytest makes an error of a coroutine that was never awaited


async def test_failure_that_nobody_awaits_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The loop logs the error of a run that nobody awaits, as it does for a task."""
    run = start_jobs(fail_at(0, ValueError("lost")), [0])
    await asyncio.sleep(2)
    assert run.phase == "failed"
    del run
    gc.collect()
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "exception was never retrieved" in record.message


# -- the other policies


async def test_return_runs_everything() -> None:
    """With "return", exceptions stand in the place of results and all items run."""

    async def item(number: int) -> int:
        await asyncio.sleep(1)
        if number % 2:
            raise ValueError(number)
        return number

    results = await run_jobs(item, range(4), workers=2, on_error="return")
    assert [repr(result) for result in results] == [
        "0",
        "ValueError(1)",
        "2",
        "ValueError(3)",
    ]
    assert now() == 2.0


async def test_group_runs_everything() -> None:
    """With "group", all items run, then one group raises the errors in item order."""
    gauge = Gauge()
    errors = {1: ValueError(1), 3: KeyError(3)}

    async def item(number: int) -> int:
        await gauge(number)
        await asyncio.sleep(5 - number)
        if number in errors:
            raise errors[number]
        return number

    message = "^2 of 5 items of counting failed"
    with pytest.raises(ExceptionGroup, match=message) as caught:
        await run_jobs(item, range(5), workers=5, on_error="group", desc="counting")
    assert type(caught.value) is ExceptionGroup
    assert caught.value.exceptions == (errors[1], errors[3])
    assert sorted(gauge.ended) == list(range(5))


async def test_group_without_errors_is_a_list() -> None:
    """With "group" and no error, the results are returned."""
    assert await run_jobs(double, [1, 2], on_error="group") == [2, 4]


# -- what is no awaitable


async def add(left: int, right: int) -> int:
    """Return the sum: a function that one item cannot call."""
    return left + right


def measure(text: str) -> int:
    """Return a number, which nobody can await."""
    return len(text)


UNFIT = [
    (
        ([5],),
        (
            r"^item 0 is 5 \(int\), which is neither an awaitable nor a"
            r" function without arguments\n"
        ),
    ),
    (
        ([None],),
        (
            r"^item 0 is None \(NoneType\), which is neither an awaitable nor a"
            r" function without arguments\n"
        ),
    ),
    (
        ([double],),
        (
            r"^item 0: double\(number: 'int'\) -> 'int' is called with no argument;"
            r" pass double\(\.\.\.\) itself, or run_jobs\(double, items\)\n"
        ),
    ),
    (
        (add, [1]),
        (
            r"^item 0: add\(left: 'int', right: 'int'\) -> 'int' is called with one"
            r" argument, the item; wrap it, as in run_jobs\(lambda item: add\(\.\.\.\),"
            r" items\)\n"
        ),
    ),
    (
        (measure, ["a"]),
        (
            r"^item 0: measure returned something that cannot be awaited"
            r" \(.*'?int'?.*\); make it `async def`, or run it in a thread with"
            r" asyncio\.to_thread\n"
        ),
    ),
    (
        ([lambda: "text"],),
        (
            r"^item 0: .*<lambda> returned something that cannot be awaited"
            r" \(.*str.*\); make it `async def`, or run it in a thread with"
            r" asyncio\.to_thread\n"
        ),
    ),
]


@pytest.mark.parametrize(("arguments", "message"), UNFIT)
async def test_unfit_item_says_what_to_write(
    arguments: tuple[Any, ...], message: str
) -> None:
    """An item that cannot be awaited fails with the repair in its message."""
    with pytest.raises(NotAwaitableError, match=message):
        await run_jobs(*arguments)
    with pytest.raises(NotAwaitableError, match=message):
        async for _ in iter_jobs(*arguments):
            pass
    results = await run_jobs(*arguments, on_error="return")
    assert [type(result) for result in results] == [NotAwaitableError]


async def test_type_error_of_an_item_is_its_own() -> None:
    """A TypeError that an item's code raises is not taken for a wrong call."""

    async def item(number: int) -> int:
        return len(number)  # type: ignore[arg-type]

    with pytest.raises(
        TypeError, match=r"^object of type 'int' has no len\(\)\n"
    ) as at:
        await run_jobs(item, [1])
    assert type(at.value) is TypeError


async def test_type_error_of_a_future_is_its_own() -> None:
    """A TypeError that a future holds is not taken for a wrong item."""
    error = TypeError("mine")
    future = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    with pytest.raises(TypeError, match=r"^mine\n") as caught:
        await run_jobs([future])
    assert caught.value is error


async def test_type_error_of_a_nested_run_is_its_own() -> None:
    """What an inner run says of its items is not said of the outer run's item."""
    with pytest.raises(NotAwaitableError, match=r"^item 0 is 5 \(int\)"):
        await run_jobs([lambda: run_jobs([5])])  # type: ignore[list-item]


async def test_same_coroutine_twice_is_an_error() -> None:
    """A coroutine that stands in the list twice fails as Python says."""
    job = wait(1)
    with pytest.raises(RuntimeError, match=r"^coroutine is being awaited already\n"):
        await run_jobs([job, job])


# -- the source raises


@pytest.mark.parametrize("policy", ["raise", "return", "group"])
async def test_source_raises_midway(policy: OnError) -> None:
    """An error of the source ends the run under any policy; its items are awaited."""
    gauge = Gauge()
    error = OSError("disk")

    def source() -> Iterator[int]:
        yield 0
        yield 1
        raise error

    run = start_jobs(gauge, source(), workers=3, on_error=policy)
    with pytest.raises(OSError, match=r"^disk\n") as caught:
        await run
    assert caught.value is error
    assert error.__notes__ == [f"raised by the source of items of {run.name}"]
    assert gauge.started == sorted(gauge.ended) == [0, 1]
    assert now() == 0.0
    assert others() == set()


async def test_async_source_raises_midway() -> None:
    """An error of an async source ends the run; its items are cancelled."""
    gauge = Gauge(seconds=10)

    async def source() -> AsyncIterator[int]:
        yield 0
        await asyncio.sleep(1)
        raise OSError("disk")

    with pytest.raises(OSError, match=r"^disk\n"):
        await run_jobs(gauge, source(), workers=3)
    assert gauge.started == gauge.ended == [0]
    assert now() == 1.0
    assert others() == set()


async def test_source_raises_at_once() -> None:
    """An error of the source before the first item is raised as it is."""

    def source() -> Iterator[int]:
        raise OSError("disk")
        yield 0

    with pytest.raises(OSError, match=r"^disk\n"):
        await run_jobs(double, source())


async def test_error_in_closing_the_source_is_a_note() -> None:
    """If closing the source fails too, the first error says so in a note."""

    def source() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            raise OSError("disk")

    with pytest.raises(ValueError, match=r"^bad\n") as caught:
        await run_jobs(fail_at(0, ValueError("bad")), source())
    assert caught.value.__notes__[1:] == [
        "closing the source of items failed: OSError('disk')"
    ]


async def test_async_source_is_closed_after_an_error() -> None:
    """An async generator is closed, and its cleanup awaited, when an item fails."""
    feed = Feed(range(100))
    with pytest.raises(ValueError, match=r"^bad\n"):
        await run_jobs(fail_at(0, ValueError("bad")), feed.slow(), workers=2)
    assert feed.pulled == 2
    assert feed.closed_at == now() == 2.0
