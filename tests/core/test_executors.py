"""Executors that need nothing but the standard library, and how one is found."""

from __future__ import annotations

import asyncio
import multiprocessing
import operator
import os
import pickle
import sys
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.core._chunk import is_async
from notebook_async.core._executors import (
    Outcome,
    Remote,
    as_executor,
)
from notebook_async.core._parcel import open_reply, seal_chunk, seal_function, work
from notebook_async.errors import (
    ArgumentTypeError,
    HostError,
    InvalidArgumentError,
    NotebookAsyncError,
    NotPicklableError,
    WorkerLostError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from notebook_async.core._executors import ChunkExecutor

invert_in_process = partial(operator.truediv, 1.0)

color: ContextVar[str] = ContextVar("color", default="none")


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Give a pool of one process that knows nothing of this one."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        yield pool


@pytest.fixture
async def threads() -> AsyncIterator[ChunkExecutor]:
    """Give chunks of up to four items to threads, two coroutines of a chunk at once."""
    executor = as_executor(Remote("threads", chunk=4, inner=2))
    yield executor
    await executor.aclose()


async def ran(
    executor: object,
    func: Callable[[Any], Any],
    items: list[Any],
    *,
    stop: bool = False,
) -> list[Outcome]:
    """Run one chunk and return its outcomes."""
    adapter = as_executor(executor)
    try:
        return await adapter.run_chunk(func, items, stop_at_error=stop)
    finally:
        await adapter.aclose()


def values(*wanted: object) -> list[Outcome]:
    """Return outcomes without an error."""
    return [Outcome(value) for value in wanted]


# -- what is accepted


@pytest.mark.parametrize("wrong", ["thread", 4, None, object, asyncio.Lock()])
def test_anything_else_is_refused(wrong: object) -> None:
    """What is no executor is refused, with all that would do and what to install."""
    accepted = (
        r'^executor must be "threads", any concurrent\.futures\.Executor, "cpu" \(pip'
        r' install "notebook-async\[cpu\]"\), a Dask Client \(pip install'
        r' "notebook-async\[dask\]"\), an ipyparallel view \(pip install'
        r' "notebook-async\[ipyparallel\]"\) or Remote\(\.\.\.\) around one of these;'
        rf" got .+ \({type(wrong).__name__}\)$"
    )
    with pytest.raises(ArgumentTypeError, match=accepted):
        as_executor(wrong)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where loky is missing, "cpu" says what to install."""
    monkeypatch.setitem(sys.modules, "loky", None)
    message = (
        r"^executor='cpu' needs loky, which is not installed: pip install"
        r' "notebook-async\[cpu\]"$'
    )
    with pytest.raises(HostError, match=message):
        as_executor("cpu")


@pytest.mark.parametrize("name", ["chunk", "inner"])
def test_remote_refuses_numbers_below_one(name: str) -> None:
    """A chunk has at least one item, and at least one runs at once."""
    with pytest.raises(InvalidArgumentError, match=f"^{name} must be >= 1, got 0$"):
        Remote("threads", **{name: 0})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["chunk", "inner"])
def test_remote_refuses_what_is_no_integer(name: str) -> None:
    """Sizes are whole numbers."""
    message = rf"^{name} must be an integer, got 1\.5 \(float\)$"
    with pytest.raises(ArgumentTypeError, match=message):
        Remote("threads", **{name: 1.5})  # type: ignore[arg-type]


def test_remote_refuses_a_remote() -> None:
    """A chunk of chunks would mean nothing."""
    with pytest.raises(ArgumentTypeError, match=r"^executor of a Remote must"):
        Remote(Remote("threads"))


def test_chunk_is_one_unless_asked() -> None:
    """A bare executor gets one item per call, a `Remote` as many as it says."""
    assert as_executor("threads").chunk == 1
    assert as_executor(Remote("threads")).chunk == 50
    assert as_executor(Remote("threads", chunk=7)).chunk == 7


# -- threads


async def test_threads_return_outcomes_in_order(threads: ChunkExecutor) -> None:
    """Each item of a chunk gives one outcome, in the order of the items."""
    outcomes = await threads.run_chunk(operator.neg, [1, 2, 3], stop_at_error=False)
    assert outcomes == values(-1, -2, -3)


async def test_threads_take_lambdas_and_closures(threads: ChunkExecutor) -> None:
    """Nothing is pickled on the way to a thread: the very objects come back."""
    lock = threading.Lock()
    outcomes = await threads.run_chunk(
        lambda item: (item, lock), [lock], stop_at_error=False
    )
    assert outcomes == values((lock, lock))


async def test_threads_return_the_error_itself(threads: ChunkExecutor) -> None:
    """An exception is the object that was raised, its traceback begins at the item."""
    error = KeyError("gone")

    def fail(item: int) -> int:
        if item == 2:
            raise error
        return item

    outcomes = await threads.run_chunk(fail, [1, 2, 3], stop_at_error=False)
    assert outcomes == [Outcome(1), Outcome(error=error), Outcome(3)]
    assert error.__traceback__ is not None
    assert error.__traceback__.tb_frame.f_code.co_name == "fail"
    assert not hasattr(error, "__notes__")


async def test_threads_stop_at_the_first_error(threads: ChunkExecutor) -> None:
    """With `stop_at_error` nothing starts after an error, and it ends the list."""
    started: list[int] = []

    def invert(item: int) -> float:
        started.append(item)
        return 1 / item

    outcomes = await threads.run_chunk(invert, [1, 0, 2], stop_at_error=True)
    assert started == [1, 0]
    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        ZeroDivisionError,
    ]


async def test_exit_ends_a_chunk(threads: ChunkExecutor) -> None:
    """`sys.exit()` in an item is its error, and nothing starts after it."""
    outcomes = await threads.run_chunk(sys.exit, [3, 4], stop_at_error=False)
    assert [repr(outcome.error) for outcome in outcomes] == ["SystemExit(3)"]


async def test_threads_copy_the_context() -> None:
    """An item sees the caller's context variables, and not those of another item."""

    def paint(item: str) -> str:
        before = color.get()
        color.set(item)
        return before

    color.set("red")
    outcomes = await ran(Remote("threads"), paint, ["green", "blue"])
    assert outcomes == values("red", "red")
    assert color.get() == "red"


async def test_threads_are_as_many_as_chunks_in_flight() -> None:
    """Chunks wait for no thread: forty meet at one barrier."""
    barrier = threading.Barrier(40)
    executor = as_executor("threads")
    async with asyncio.TaskGroup() as group:
        chunks = [
            group.create_task(
                executor.run_chunk(
                    lambda _: barrier.wait(), [None], stop_at_error=False
                )
            )
            for _ in range(40)
        ]
    places = {outcome.value for chunk in chunks for outcome in chunk.result()}
    await executor.aclose()
    assert places == set(range(40))


async def test_threads_run_coroutines_on_their_own_loop() -> None:
    """Coroutines of a chunk run `inner` at once, on a loop of the thread."""
    running = peak = 0
    loops = {asyncio.get_running_loop()}

    async def count(item: int) -> int:
        nonlocal running, peak
        loops.add(asyncio.get_running_loop())
        running += 1
        peak = max(peak, running)
        await asyncio.sleep(0.001)
        running -= 1
        return item

    outcomes = await ran(Remote("threads", inner=3), count, list(range(10)))
    assert outcomes == values(*range(10))
    assert peak == 3
    assert len(loops) == 2


async def test_a_plain_function_may_return_a_coroutine() -> None:
    """What a plain function returns is awaited where it can be."""

    async def double(item: int) -> int:
        return 2 * item

    assert await ran(Remote("threads"), lambda n: double(2 * n), [1, 2]) == values(4, 8)


class Doubler:
    """An object whose call is a coroutine."""

    async def __call__(self, item: int) -> int:
        """Return twice the item."""
        return 2 * item


async def test_an_object_with_an_async_call_is_a_coroutine_function() -> None:
    """Such an object runs on the chunk's loop, as a coroutine function does."""
    assert await ran(Remote("threads"), Doubler(), [1, 2]) == values(2, 4)
    assert is_async(Doubler())
    assert not is_async(Doubler)


async def test_coroutines_stop_at_the_first_error() -> None:
    """After an error those behind are cancelled, those before it finish."""
    said: list[str] = []
    all_begun, one_cancelled = asyncio.Event(), asyncio.Event()

    async def step(item: int) -> int:
        said.append(f"{item} begun")
        if item == 0:
            await one_cancelled.wait()
        elif item == 1:
            await all_begun.wait()
            raise ValueError(item)
        else:
            all_begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                said.append(f"{item} cancelled")
                one_cancelled.set()
        said.append(f"{item} done")
        return item

    outcomes = await ran(Remote("threads", inner=3), step, [0, 1, 2, 3], stop=True)
    assert said == ["0 begun", "1 begun", "2 begun", "2 cancelled", "0 done"]
    assert [repr(o.error) for o in outcomes] == ["None", "ValueError(1)"]


async def test_a_coroutine_that_cancels_itself_is_one_outcome() -> None:
    """An item's own `CancelledError` is its outcome, and the others go on."""

    async def cancel(item: int) -> int:
        if item == 1:
            raise asyncio.CancelledError
        return item

    outcomes = await ran(Remote("threads"), cancel, [0, 1, 2])
    assert [type(o.error) for o in outcomes] == [
        type(None),
        asyncio.CancelledError,
        type(None),
    ]


@pytest.mark.realtime
async def test_cancelling_starts_no_further_item_of_a_thread() -> None:
    """A cancelled chunk returns at once; its thread ends after the item it runs."""
    begun, goes_on, over = threading.Event(), threading.Event(), threading.Event()
    started: list[int] = []

    def block(item: int) -> None:
        started.append(item)
        begun.set()
        goes_on.wait()
        over.set()

    executor = as_executor(Remote("threads"))
    chunk = asyncio.create_task(executor.run_chunk(block, [1, 2], stop_at_error=False))
    await asyncio.to_thread(begun.wait)
    chunk.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chunk
    assert not over.is_set()
    await executor.aclose()
    goes_on.set()
    executor._pool.shutdown(wait=True)  # type: ignore[attr-defined]
    assert over.is_set()
    assert started == [1]


@pytest.mark.realtime
async def test_cancelling_reaches_a_coroutine_in_a_thread() -> None:
    """A coroutine on a thread's own loop is cancelled with its chunk."""
    begun, cleaned = threading.Event(), threading.Event()

    async def wait(_: int) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    executor = as_executor(Remote("threads"))
    chunk = asyncio.create_task(executor.run_chunk(wait, [1], stop_at_error=False))
    await asyncio.to_thread(begun.wait)
    chunk.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chunk
    assert await asyncio.to_thread(cleaned.wait, 10)
    await executor.aclose()


# -- a user's own pool


@pytest.mark.realtime
async def test_a_thread_pool_is_used_and_left_open() -> None:
    """Items run in the user's own threads, which `aclose` does not end."""
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        outcomes = await ran(pool, lambda _: threading.current_thread().name, [0])
        assert outcomes == values("mine_0")
        assert pool.submit(int, "4").result() == 4


async def test_a_closed_thread_pool_loses_its_items() -> None:
    """A pool that was shut down fails each item, and says so."""
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    outcomes = await ran(pool, operator.neg, [1, 2])
    assert [str(outcome.error) for outcome in outcomes] == [
        "the executor did not take the item: cannot schedule new futures after shutdown"
    ] * 2
    assert isinstance(outcomes[0].error, WorkerLostError)


@pytest.mark.realtime
async def test_a_process_pool_runs_items(processes: ProcessPoolExecutor) -> None:
    """A process pool returns values in order and the original type of an error."""
    outcomes = await ran(Remote(processes), invert_in_process, [1, 0, 4])
    assert [outcome.value for outcome in outcomes] == [1.0, None, 0.25]
    error = outcomes[1].error
    assert isinstance(error, ZeroDivisionError)
    (note,) = error.__notes__
    assert note.startswith("raised in process ")
    assert str(os.getpid()) not in note.splitlines()[0]
    assert note.endswith("ZeroDivisionError: float division by zero")
    assert "notebook_async" not in note


@pytest.mark.realtime
async def test_a_process_pool_stops_at_the_first_error(
    processes: ProcessPoolExecutor,
) -> None:
    """With `stop_at_error` the list ends with the error there too."""
    outcomes = await ran(Remote(processes), invert_in_process, [1, 0, 4], stop=True)
    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        ZeroDivisionError,
    ]


@pytest.mark.realtime
async def test_a_process_pool_runs_coroutines(processes: ProcessPoolExecutor) -> None:
    """Coroutines get an event loop in the process."""
    outcomes = await ran(Remote(processes), asyncio.sleep, [0, 0.001])
    assert outcomes == values(None, None)


@pytest.mark.realtime
async def test_an_item_that_cannot_travel_fails_alone(
    processes: ProcessPoolExecutor,
) -> None:
    """An item that cannot be pickled is one error among its neighbours' values."""
    outcomes = await ran(Remote(processes), str, [1, threading.Lock(), 3])
    assert [outcome.value for outcome in outcomes] == ["1", None, "3"]
    error = outcomes[1].error
    assert isinstance(error, NotPicklableError)
    assert str(error) == (
        "the item cannot be sent to another process: lock: cannot pickle"
        " '_thread.lock' object"
    )


@pytest.mark.realtime
async def test_a_function_that_cannot_travel_fails_its_items(
    processes: ProcessPoolExecutor,
) -> None:
    """A function that cannot be pickled is every item's error, at once."""
    outcomes = await ran(Remote(processes), threading.Lock().acquire, [1, 2])
    assert [type(outcome.error) for outcome in outcomes] == [NotPicklableError] * 2
    assert str(outcomes[0].error).startswith(
        "the function cannot be sent to another process: lock.acquire: cannot pickle"
    )


@pytest.mark.realtime
async def test_a_broken_process_pool_loses_its_items() -> None:
    """A process that dies breaks a user's pool, and each item of the chunk says so."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        first = await ran(Remote(pool), os._exit, [1, 2])
        then = await ran(pool, str, [1])
    assert [type(outcome.error) for outcome in first] == [WorkerLostError] * 2
    assert str(first[0].error).startswith(
        "the executor did not run the item: BrokenProcessPool: "
    )
    assert [type(outcome.error) for outcome in then] == [WorkerLostError]


class Held(Executor):
    """An executor that runs nothing, so that a test can say what becomes of a call."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []
        self.submitted = threading.Event()

    def submit(self, *_: object, **__: object) -> Future[Any]:
        """Keep a call."""
        self.futures.append(future := Future())
        self.submitted.set()
        return future


@pytest.mark.realtime
async def test_cancelling_withdraws_what_has_not_started() -> None:
    """A call that waits in a user's executor is cancelled there."""
    held = Held()
    adapter = as_executor(held)
    chunk = asyncio.create_task(adapter.run_chunk(str, [1], stop_at_error=False))
    await asyncio.to_thread(held.submitted.wait)
    chunk.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chunk
    await adapter.aclose()
    adapter._threads.shutdown(wait=True)  # type: ignore[attr-defined]
    assert [future.cancelled() for future in held.futures] == [True]


@pytest.mark.realtime
async def test_cancelling_leaves_what_runs_alone() -> None:
    """A call that runs already keeps its future, which gets its result in peace."""
    held = Held()
    adapter = as_executor(held)
    chunk = asyncio.create_task(adapter.run_chunk(str, [1], stop_at_error=False))
    await asyncio.to_thread(held.submitted.wait)
    held.futures[0].set_running_or_notify_cancel()
    chunk.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chunk
    await adapter.aclose()
    held.futures[0].set_result(b"")
    assert held.futures[0].result() == b""


@pytest.mark.realtime
async def test_an_executor_that_cancels_is_an_error_of_the_item() -> None:
    """An executor that drops a call does not look as if the run were cancelled."""
    held = Held()
    chunk = asyncio.create_task(ran(held, str, [1]))
    await asyncio.to_thread(held.submitted.wait)
    held.futures[0].cancel()
    (outcome,) = await chunk
    assert isinstance(outcome.error, WorkerLostError)
    assert str(outcome.error) == ("the executor cancelled the item: was it shut down?")


# -- parcels


class Sealed:
    """A value that pickles but does not load."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Load by a call that fails."""
        return int, ("no number",)


def round_trip(func: Callable[[Any], Any], items: list[Any]) -> list[Outcome]:
    """Seal, run and open a chunk as if another process had run it."""
    parcel = seal_chunk(seal_function(func), items, inner=1, stop_at_error=False)
    return open_reply(work(parcel))


class Lost(Exception):  # noqa: N818 - the message is looked at
    """An exception that pickles but does not load."""

    code: Sealed


def raise_lost(_: object) -> None:
    """Raise what cannot come back."""
    error = Lost("lost")
    error.code = Sealed()
    raise error


def test_an_exception_that_cannot_travel_is_told() -> None:
    """An exception that would not load is replaced by one that says all about it."""
    (outcome,) = round_trip(raise_lost, [1])
    error = outcome.error
    assert isinstance(error, NotPicklableError)
    assert str(error).startswith(
        "the item raised Lost: lost, an exception that cannot travel between"
        " processes: ValueError("
    )
    assert error.__notes__[0].endswith("Lost: lost")


def test_a_result_that_cannot_travel_is_told() -> None:
    """A result that cannot be pickled fails its own item."""
    bad, good = round_trip(operator.methodcaller("__call__"), [threading.Lock, int])
    assert isinstance(bad.error, NotPicklableError)
    assert str(bad.error) == (
        "the result cannot be sent to another process: lock: cannot pickle"
        " '_thread.lock' object"
    )
    assert good == Outcome(0)


def test_a_result_that_does_not_load_is_told() -> None:
    """A result that cannot be loaded fails its own item only."""
    bad, good = round_trip(operator.methodcaller("__call__"), [Sealed, int])
    assert isinstance(bad.error, NotPicklableError)
    assert str(bad.error).startswith(
        "the item ran, but what it came to cannot be loaded here: ValueError("
    )
    assert good == Outcome(0)


def test_an_item_that_does_not_load_is_told() -> None:
    """An item that cannot be loaded where it was to run fails alone."""
    bad, good = round_trip(str, [Sealed(), 2])
    assert isinstance(bad.error, NotPicklableError)
    assert str(bad.error).startswith("the item cannot be loaded where it was to run: ")
    assert good == Outcome("2")


def test_a_function_that_does_not_load_is_told() -> None:
    """A function whose module is missing over there fails every item, and says so."""
    function = pickle.dumps(operator.neg).replace(b"_operator", b"_nowhere_")
    parcel = seal_chunk(function, [1, 2], inner=1, stop_at_error=False)
    outcomes = open_reply(work(parcel))
    message = (
        'the function cannot be loaded where it was to run: ModuleNotFoundError("No'
        " module named '_nowhere_'\"); is the module that it comes from installed"
        " there?"
    )
    assert [str(outcome.error) for outcome in outcomes] == [message] * 2


def test_a_cell_needs_cloudpickle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without cloudpickle a cell's function is refused: an old body might run."""
    main = type(sys)("__main__")
    exec("def cell(n): return n", main.__dict__)  # noqa: S102 - as a cell does
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    message = (
        "^cell is defined in the notebook, and plain pickle cannot send that: pip"
        r' install "notebook-async\[cpu\]" brings cloudpickle, which can$'
    )
    with pytest.raises(NotPicklableError, match=message):
        seal_function(main.cell)


def test_errors_belong_to_the_tree() -> None:
    """Both errors can be caught by their base and by the built-in one expects."""
    assert NotPicklableError.__mro__[1:3] == (NotebookAsyncError, TypeError)
    assert WorkerLostError.__mro__[1:3] == (NotebookAsyncError, RuntimeError)
