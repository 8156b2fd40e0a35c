"""`asyncio_run`, `run_sync`, `run_async_tasks`: asynchronous code from plain code."""

from __future__ import annotations

import asyncio
import gc
import re
import signal
import subprocess
import sys
import threading
import traceback
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import asyncio_run, run_async_tasks, run_jobs, run_sync
from notebook_async.core import _blocking
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from tests.core.probes import Gauge

if TYPE_CHECKING:
    from collections.abc import Callable

variable: ContextVar[Any] = ContextVar("variable", default="default")
added: ContextVar[Any] = ContextVar("added")


async def answer(value: object = 42) -> object:
    """Return the value after a pass of the loop."""
    await asyncio.sleep(0)
    return value


async def hang() -> None:
    """Wait to be cancelled."""
    await asyncio.get_running_loop().create_future()


def plainly(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the call returns
    """Call it where no loop runs, in a context of its own, as a task has it."""
    return copy_context().run(call)


def in_a_loop(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as above
    """Call it where a loop runs."""

    async def main() -> Any:  # noqa: ANN401 - as above
        return call()

    return asyncio.run(main())


places = pytest.mark.parametrize("place", [plainly, in_a_loop])
Place = Any


# -- results


@places
@pytest.mark.parametrize("value", [42, None, ValueError("a value")])
def test_result(place: Place, value: object) -> None:
    """What the coroutine returns is returned, None and exceptions too."""
    assert place(lambda: asyncio_run(answer(value))) is value


def test_two_names() -> None:
    """`run_sync` is another name of `asyncio_run`."""
    assert run_sync is asyncio_run


@places
def test_no_loop_is_left(place: Place) -> None:
    """Afterwards no thread is left, and the loop here is the one that it was."""
    before = threading.enumerate()

    def call() -> None:
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        inner = asyncio_run(loop_of())
        assert inner is not here
        assert inner.is_closed()
        assert asyncio._get_running_loop() is here

    async def loop_of() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    place(call)
    assert threading.enumerate() == before


@places
def test_tasks_left_behind_are_cancelled(place: Place) -> None:
    """Tasks that the coroutine leaves are cancelled and awaited."""
    ended: list[str] = []

    async def background() -> None:
        try:
            await hang()
        finally:
            await asyncio.sleep(0)
            ended.append("background")

    async def main() -> str:
        ended.clear()
        task = asyncio.create_task(background())
        await asyncio.sleep(0)
        return task.get_name()

    place(lambda: asyncio_run(main()))
    assert ended == ["background"]


@places
def test_three_deep(place: Place) -> None:
    """It can be called from inside a call from inside a call."""

    async def deep(levels: int) -> list[int]:
        await asyncio.sleep(0)
        variable.set(levels)
        inner = asyncio_run(deep(levels - 1)) if levels > 1 else []
        return [levels, *inner]

    assert place(lambda: asyncio_run(deep(3))) == [3, 2, 1]


def test_from_another_thread() -> None:
    """A thread without a loop runs it on its own."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(asyncio_run(answer())))
    thread.start()
    thread.join()
    assert results == [42]


# -- exceptions


@places
@pytest.mark.parametrize(
    "error",
    [
        ValueError("v"),
        RuntimeError("asyncio.run() cannot be called from a running event loop"),
        TimeoutError("t"),
        StopAsyncIteration("s"),
        KeyError("k"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_exception_is_the_original_object(place: Place, error: Exception) -> None:
    """Whatever the coroutine raises comes out unchanged, with no note added."""

    async def fail() -> None:
        await asyncio.sleep(0)
        raise error

    def caller() -> None:
        asyncio_run(fail())

    with pytest.raises(type(error)) as caught:
        place(caller)
    assert caught.value is error
    assert not hasattr(error, "__notes__")
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-1] == "fail"
    assert frames.index("caller") < frames.index("asyncio_run") < frames.index("fail")


@places
def test_cancelled_from_inside(place: Place) -> None:
    """A coroutine that is cancelled from inside raises just that."""

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        place(lambda: asyncio_run(main()))


@places
def test_system_exit(place: Place) -> None:
    """What is no `Exception` comes out as well."""

    async def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit, match=r"^3$"):
        place(lambda: asyncio_run(leave()))


# -- timeouts


@places
def test_timeout(place: Place) -> None:
    """Over its time the coroutine is cancelled, cleans up, and `TimeoutError` comes."""
    ended: list[str] = []

    async def slow() -> None:
        try:
            await hang()
        finally:
            await asyncio.sleep(0)
            ended.append("cleaned up")

    with pytest.raises(TimeoutError, match=r"^$"):
        place(lambda: asyncio_run(slow(), timeout=0.01))
    assert ended == ["cleaned up"]


@places
def test_in_time(place: Place) -> None:
    """A bound that is not reached changes nothing."""
    assert place(lambda: asyncio_run(answer(), timeout=30)) == 42


# -- context variables


@places
def test_context_goes_both_ways(place: Place) -> None:
    """The coroutine sees what the caller has set, and the caller what it sets."""

    async def inner() -> list[Any]:
        seen = [variable.get(), added.get(None)]
        variable.set("inside")
        added.set("new")
        await asyncio.sleep(0)
        return seen

    def call() -> None:
        variable.set("outside")
        assert asyncio_run(inner()) == ["outside", None]
        assert (variable.get(), added.get()) == ("inside", "new")

    place(call)


@places
def test_context_of_a_failure(place: Place) -> None:
    """What a coroutine has set before it fails is set for the caller too."""

    async def inner() -> None:
        variable.set("before the failure")
        raise ValueError("bad")

    def call() -> None:
        with pytest.raises(ValueError, match=r"^bad$"):
            asyncio_run(inner())
        assert variable.get() == "before the failure"

    place(call)


def test_context_of_a_task_stays_there() -> None:
    """What a task of the coroutine sets is its own, as everywhere in asyncio."""

    async def setter() -> None:
        variable.set("task")

    async def inner() -> None:
        await asyncio.create_task(setter())

    before = variable.get()
    asyncio_run(inner())
    assert variable.get() is before


# -- the other loop


@pytest.mark.parametrize("kind", ["future", "task", "lock", "queue"])
def test_something_of_the_outer_loop(kind: str) -> None:
    """Awaiting what belongs to the loop here gives the original error and a note."""

    async def main() -> BaseException:
        future: Any = asyncio.get_running_loop().create_future()
        lock, queue = asyncio.Lock(), asyncio.Queue[int]()
        await lock.acquire()
        waiting = [
            asyncio.create_task(hang()),
            asyncio.create_task(lock.acquire()),
            asyncio.create_task(queue.get()),
        ]
        await asyncio.sleep(0)

        async def inner() -> None:
            await {
                "future": lambda: future,
                "task": lambda: waiting[0],
                "lock": lock.acquire,
                "queue": queue.get,
            }[kind]()

        try:
            with pytest.raises(RuntimeError, match=r"different (event )?loop") as got:
                asyncio_run(inner())
        finally:
            for task in waiting:
                task.cancel()
        return got.value

    error = asyncio.run(main())
    assert type(error) is RuntimeError
    assert error.__notes__ == [
        (
            "the coroutine awaits something of the loop that runs here: write `await`"
            " instead of a blocking call"
        )
    ]


# -- wrong arguments

WRONG: list[tuple[Any, str]] = [
    (
        answer,
        (
            "asyncio_run needs a coroutine, got the coroutine function answer: call it,"
            " as in asyncio_run(answer(...))"
        ),
    ),
    (5, "asyncio_run needs a coroutine, got 5 (int)"),
    (None, "asyncio_run needs a coroutine, got None (NoneType)"),
    (len, "asyncio_run needs a coroutine, got <built-in function len>"),
]


@places
@pytest.mark.parametrize(
    ("argument", "message"), WRONG, ids=[message for _, message in WRONG]
)
def test_what_is_no_coroutine(
    place: Place,
    argument: Any,  # noqa: ANN401
    message: str,
) -> None:
    """What is no coroutine raises at once, and says what to write."""
    with pytest.raises(ArgumentTypeError, match=f"^{re.escape(message)}"):
        place(lambda: asyncio_run(argument))


@pytest.mark.parametrize(
    ("timeout", "kind", "message"),
    [
        (0, InvalidArgumentError, "must be > 0 seconds, got 0"),
        (-1, InvalidArgumentError, "must be > 0 seconds, got -1"),
        ("1", ArgumentTypeError, "must be a number of seconds, got '1' (str)"),
    ],
)
def test_wrong_timeout(timeout: Any, kind: type[Exception], message: str) -> None:  # noqa: ANN401
    """A wrong timeout raises at once and closes the coroutine."""
    job = answer()
    with pytest.raises(kind, match=f"^timeout {re.escape(message)}$"):
        asyncio_run(job, timeout=timeout)
    assert job.cr_frame is None
    gc.collect()  # pytest makes an error of a coroutine that was never awaited


# -- run_async_tasks


@places
def test_run_async_tasks(place: Place) -> None:
    """Results come in the order of the tasks, None included."""
    jobs = [answer(n) for n in (1, None, 3)]
    assert place(lambda: run_async_tasks(jobs)) == [1, None, 3]
    assert place(lambda: run_async_tasks([])) == []
    functions = (lambda n=n: answer(n) for n in range(3))
    assert place(lambda: run_async_tasks(functions)) == [0, 1, 2]


@pytest.mark.parametrize(("workers", "peak"), [(None, 30), (1, 1), (4, 4), (99, 30)])
def test_run_async_tasks_at_once(workers: int | None, peak: int) -> None:
    """All tasks run at once by default, else as many as asked."""
    gauge = Gauge(seconds=0)
    jobs = [gauge(n) for n in range(30)]
    assert run_async_tasks(jobs, workers=workers) == list(range(30))
    assert gauge.peak == peak


@places
def test_run_async_tasks_raises_the_first_error(place: Place) -> None:
    """The first error comes out as the original object; the rest is cancelled."""
    error = ValueError("bad")
    ended: list[str] = []

    async def fail() -> None:
        await asyncio.sleep(0)
        raise error

    async def slow() -> None:
        try:
            await hang()
        finally:
            ended.append("slow")

    with pytest.raises(ValueError, match=r"^bad\n") as caught:
        place(lambda: run_async_tasks([slow(), fail(), slow()]))
    assert caught.value is error
    assert ended == ["slow", "slow"]


def test_run_async_tasks_shows_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """A bar with the words of the sources is shown on request, and only then."""
    run_async_tasks([answer(n) for n in range(3)])
    assert capsys.readouterr().err == ""
    run_async_tasks([answer(n) for n in range(3)], show_progress=True)
    assert "Running async tasks: 100%" in capsys.readouterr().err
    run_async_tasks([answer()], True, "Reading", 1)  # noqa: FBT003 - their places are given
    assert "Reading: 100%" in capsys.readouterr().err


def test_run_in_a_run() -> None:
    """An item that is plain code inside may start a blocking run of its own."""

    async def item(number: int) -> list[Any]:
        return run_async_tasks([answer(number), answer(number + 1)])

    assert asyncio_run(run_jobs(item, [1, 5])) == [[1, 2], [5, 6]]


# -- interrupts

PROGRAM = """
import asyncio, signal, sys
from notebook_async import asyncio_run

# In the background of a shell it is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

async def inner():
    print("begun", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        print("cleaned up", flush=True)

async def main():
    try:
        asyncio_run(inner())
    except KeyboardInterrupt:
        print("interrupted", flush=True)

def plain():
    try:
        asyncio_run(inner())
    except KeyboardInterrupt:
        print("interrupted", flush=True)

if sys.argv[1] == "loop":
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
else:
    plain()
"""


async def test_interrupt_while_the_thread_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An interrupt that comes before the caller waits cancels the coroutine too."""
    begun, told = threading.Event(), []
    start = threading.Thread.start

    def start_late(thread: threading.Thread) -> None:
        start(thread)
        if thread.name == "asyncio_run":
            begun.wait()
            raise KeyboardInterrupt

    async def inner() -> None:
        try:
            begun.set()
            await asyncio.sleep(60)
        finally:
            told.append("cleaned up")

    monkeypatch.setattr(threading.Thread, "start", start_late)
    with pytest.raises(KeyboardInterrupt):
        asyncio_run(inner())
    assert told == ["cleaned up"]


async def test_interrupt_before_the_thread_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the thread was not started nothing is waited for."""

    def interrupt(_: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_blocking, "_PATIENCE", 0.01)
    monkeypatch.setattr(threading.Thread, "start", interrupt)
    with pytest.raises(KeyboardInterrupt):
        asyncio_run(asyncio.sleep(60))


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent otherwise there")
@pytest.mark.parametrize("where", ["loop", "plain"])
def test_interrupt_cancels_the_coroutine(where: str) -> None:
    """Ctrl-C cancels the coroutine, waits for its cleanup, interrupts the caller."""
    with subprocess.Popen(  # noqa: S603 - a program of our own
        [sys.executable, "-W", "error", "-c", PROGRAM, where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (out, err, process.returncode) == ("cleaned up\ninterrupted\n", "", 0)
