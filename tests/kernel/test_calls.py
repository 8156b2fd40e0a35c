"""One blocking call: its end, what it leaves behind, what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.kernel._calls import (
    BlockingCall,
    as_background,
    end_tasks,
    note_task,
    outlive,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

INTERRUPTS = (KeyboardInterrupt, asyncio.CancelledError)
ERRORS = (KeyError("mine"), TimeoutError(), ExceptionGroup("several", [KeyError()]))
HANGING = 600


@pytest.fixture
async def noting() -> AsyncIterator[None]:
    """Let calls take note of the tasks that are created in them."""
    loop = asyncio.get_running_loop()

    def make(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:  # noqa: ANN401
        task = asyncio.Task(coro, loop=loop, **options)
        note_task(task, options.get("context"))
        return task

    loop.set_task_factory(make)
    yield
    loop.set_task_factory(None)


def begun(coro: Coroutine[Any, Any, Any]) -> BlockingCall:
    """Begin a call."""
    call = BlockingCall()
    context = copy_context()
    call.enter(context)
    call.task = asyncio.get_running_loop().create_task(coro, context=context)
    return call


async def fail(error: BaseException) -> None:
    """Raise an error."""
    raise error


# --- what comes of it


@pytest.mark.parametrize("interrupt", INTERRUPTS)
async def test_value(interrupt: type[BaseException]) -> None:
    """The caller gets the value, also of one that did not heed an interrupt."""

    async def heedless() -> str:
        try:
            await asyncio.sleep(HANGING)
        except asyncio.CancelledError:
            return "whole"
        return "never"

    call = begun(asyncio.sleep(1, "rested"))
    await call.ended(tidy=True)
    assert call.result(interrupt=interrupt) == "rested"
    call = begun(heedless())
    await asyncio.sleep(1)
    call.interrupted = True
    call.cancel()
    await call.ended(tidy=True)
    assert call.result(interrupt=interrupt) == "whole"


@pytest.mark.parametrize("interrupt", INTERRUPTS)
@pytest.mark.parametrize("error", ERRORS, ids=repr)
async def test_error(error: BaseException, interrupt: type[BaseException]) -> None:
    """The caller gets the very exception, also of what did not heed an interrupt."""

    async def heedless() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(HANGING)
        raise error

    for interrupted in (False, True):
        call = begun(heedless() if interrupted else fail(error))
        await asyncio.sleep(0)
        if interrupted:
            call.interrupted = True
            call.cancel()
        await call.ended(tidy=True)
        with pytest.raises(type(error)) as caught:
            call.result(interrupt=interrupt)
        assert caught.value is error


@pytest.mark.parametrize("interrupt", INTERRUPTS)
async def test_interrupt(interrupt: type[BaseException]) -> None:
    """A call that is cancelled says so; by a person, it raises what it is told to."""
    call = begun(asyncio.sleep(HANGING))
    call.cancel()
    await call.ended(tidy=True)
    with pytest.raises(asyncio.CancelledError):
        call.result(interrupt=interrupt)
    call = begun(asyncio.sleep(HANGING))
    call.interrupted = True
    call.cancel()
    await call.ended(tidy=True)
    with pytest.raises(interrupt):
        call.result(interrupt=interrupt)


@pytest.mark.parametrize("interrupt", INTERRUPTS)
async def test_interrupt_that_comes_too_late(interrupt: type[BaseException]) -> None:
    """It is not lost: the caller is interrupted though its call has ended by itself."""
    for work in (asyncio.sleep(1, "rested"), fail(KeyError("mine"))):
        call = begun(work)
        await call.ended(tidy=True)
        call.interrupted = True
        call.cancel()
        with pytest.raises(interrupt):
            call.result(interrupt=interrupt)
        with contextlib.suppress(KeyError):
            call.task.result()


# Whether a person has interrupted it, what ended it, what the caller is to get for an
# interrupt, and what it gets.
FATAL = [
    (False, SystemExit(3), KeyboardInterrupt, SystemExit),
    (False, SystemExit(3), asyncio.CancelledError, SystemExit),
    (True, SystemExit(3), asyncio.CancelledError, SystemExit),
    (False, KeyboardInterrupt(), KeyboardInterrupt, KeyboardInterrupt),
    (True, KeyboardInterrupt(), KeyboardInterrupt, KeyboardInterrupt),
    (True, KeyboardInterrupt(), asyncio.CancelledError, asyncio.CancelledError),
]


@pytest.mark.parametrize(("interrupted", "error", "interrupt", "got"), FATAL)
async def test_what_would_end_the_loop(
    interrupted: bool,  # noqa: FBT001
    error: BaseException,
    interrupt: type[BaseException],
    got: type[BaseException],
) -> None:
    """It goes past the loop to the caller, unless the caller is not prepared for it."""
    call = begun(asyncio.sleep(0))
    call.interrupted = interrupted
    ended = call.fail(error)
    assert isinstance(ended, asyncio.CancelledError)
    await call.ended(tidy=True)
    with pytest.raises(got) as caught:
        call.result(interrupt=interrupt)
    assert caught.value is error or caught.value.__cause__ is error


# --- what it leaves behind


@pytest.mark.usefixtures("noting")
@pytest.mark.parametrize("tidy", [False, True])
async def test_tasks_left_behind(tidy: bool) -> None:  # noqa: FBT001
    """They are cancelled and end within a call that is to be tidy; no others are."""
    left = []
    outside = asyncio.create_task(asyncio.sleep(HANGING))

    async def leave() -> None:
        left.append(asyncio.create_task(asyncio.sleep(HANGING)))
        left.append(asyncio.create_task(asyncio.sleep(0)))
        await asyncio.sleep(1)

    call = begun(leave())
    await call.ended(tidy=tidy)
    assert [task.cancelled() for task in left] == [tidy, False]
    assert not outside.done()
    await end_tasks([outside, *left])


@pytest.mark.usefixtures("noting")
async def test_jobs_outlive_it() -> None:
    """What is started in the background of a call goes on after it."""
    started = []

    async def start() -> None:
        context = copy_context()
        context.run(as_background, lambda: None)
        loop = asyncio.get_running_loop()
        started.append(loop.create_task(asyncio.sleep(1), context=context))

    call = begun(start())
    await call.ended(tidy=True)
    assert not started[0].done()
    await started[0]


@pytest.mark.usefixtures("noting")
async def test_calls_know_what_they_are_inside_of() -> None:
    """Code in a call is inside it, and inside the calls around it."""
    calls: dict[str, BlockingCall] = {}

    async def look() -> list[bool]:
        return [calls[name].is_running_here() for name in ("outer", "inner")]

    async def around() -> list[list[bool]]:
        calls["inner"] = begun(look())
        await calls["inner"].ended(tidy=True)
        return [await look(), calls["inner"].result(interrupt=KeyboardInterrupt)]

    calls["outer"] = begun(around())
    await calls["outer"].ended(tidy=True)
    seen = calls["outer"].result(interrupt=KeyboardInterrupt)
    assert seen == [[True, False], [True, True]]
    assert await look() == [False, False]


async def test_leaving_undoes_entering() -> None:
    """A context is as it was once the call has left it."""
    call = BlockingCall()
    context = copy_context()
    call.enter(context)
    assert context.run(call.is_running_here)
    call.leave(context)
    assert not context.run(call.is_running_here)


async def test_end_tasks() -> None:
    """All are cancelled at once and waited for; what one raises goes to the loop."""
    told: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))

    async def slow(seconds: float) -> None:
        try:
            await asyncio.sleep(HANGING)
        finally:
            await asyncio.sleep(seconds)

    async def failing() -> None:
        try:
            await asyncio.sleep(HANGING)
        finally:
            raise KeyError("mine")

    tasks = [loop.create_task(each) for each in (slow(1), slow(2), failing())]
    await asyncio.sleep(1)
    await end_tasks(tasks)
    assert loop.time() == 3.0
    assert [task.cancelled() for task in tasks] == [True, True, False]
    assert [(repr(each["exception"]), each["task"]) for each in told] == [
        ("KeyError('mine')", tasks[2])
    ]
    await end_tasks(tasks)
    assert len(told) == 1


# --- what would end the loop


def test_outlive() -> None:
    """A KeyboardInterrupt ends its job, not the loop; a SystemExit is meant so."""
    cancelled = []

    def in_job() -> BaseException:
        as_background(lambda: cancelled.append(True))
        return outlive(KeyboardInterrupt())

    assert isinstance(outlive(KeyboardInterrupt()), asyncio.CancelledError)
    assert isinstance(copy_context().run(in_job), asyncio.CancelledError)
    assert cancelled == [True]
    error = SystemExit(3)
    assert outlive(error) is error
