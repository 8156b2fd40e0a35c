"""Calls from plain code where a loop runs, without any kernel.

What nests the loop lasts for the whole process, and so is tried in kernels only.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import threading
import warnings
import weakref
from collections import deque
from contextvars import ContextVar, copy_context
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import asyncio_run, run_async_tasks
from notebook_async.kernel import Interrupts, Nesting, nesting_state
from notebook_async.kernel._nest_state import (
    drawback,
    explain,
    loop_name,
    nest_applied,
)
from notebook_async.kernel._portal import Portal, can_wait, is_portal_factory
from notebook_async.kernel._ready import guard_ready, release_ready

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

variable: ContextVar[str] = ContextVar("variable", default="default")


class Thing:
    """Something that can be seen to be gone."""


class Kernel:
    """Runs cells, as a kernel does."""

    async def do_execute(self, cell: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Run a cell."""
        return cell()


class Away:
    """A loop of another make, which nobody can nest."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._loop, name)


@pytest.fixture
async def kernel() -> AsyncIterator[Kernel]:
    """Give a kernel in which calls work."""
    kernel = Kernel()
    nesting = Nesting(kernel, Interrupts(kernel))
    nesting.install()
    yield kernel
    nesting.uninstall()


async def main(value: object = 42) -> object:
    """Return a value after a second."""
    await asyncio.sleep(1)
    return value


async def fail(error: BaseException) -> None:
    """Raise an error after a second."""
    await asyncio.sleep(1)
    raise error


def by_running_loop(work: Awaitable[Any]) -> Any:  # noqa: ANN401
    """Call the loop that runs here."""
    return asyncio.get_running_loop().run_until_complete(work)


def by_runner(coro: Any) -> Any:  # noqa: ANN401
    """Call a runner."""
    with asyncio.Runner() as runner:
        return runner.run(coro)


def by_own_loop(coro: Any) -> Any:  # noqa: ANN401
    """Call a loop of one's own."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coro)
    finally:
        loop.close()


HERE = {
    "run": asyncio.run,  # replaced below by what stands in its place
    "running loop": by_running_loop,
    "runner": by_runner,
    "asyncio_run": asyncio_run,
}
CALLS = {**HERE, "own loop": by_own_loop}


def run(name: str) -> Callable[[Any], Any]:
    """Return a call as it is now."""
    return asyncio.run if name == "run" else CALLS[name]


# --- calls in a portal


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", HERE)
async def test_values_and_errors(name: str) -> None:
    """Calls give the value, or raise the very exception, and take their time."""
    loop = asyncio.get_running_loop()
    error = KeyError("mine")
    assert run(name)(main()) == 42
    with pytest.raises(KeyError) as caught:
        run(name)(fail(error))
    assert caught.value is error
    assert (error.__context__, error.__cause__) == (None, None)
    assert loop.time() == 2.0


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
async def test_what_would_end_the_loop(name: str, kind: type[BaseException]) -> None:
    """It comes out of the call, and the loop goes on."""
    error = kind()
    with pytest.raises(kind) as caught:
        run(name)(fail(error))
    assert caught.value is error
    assert run(name)(main()) == 42


@pytest.mark.realtime
@pytest.mark.usefixtures("kernel")
async def test_loop_of_ones_own() -> None:
    """A loop that somebody makes gets a thread, with its errors and contexts."""
    variable.set("outside")

    async def look() -> tuple[str, str, bool]:
        await asyncio.sleep(0)
        return variable.get(), threading.current_thread().name, can_wait()

    assert by_own_loop(look()) == ("outside", "run_until_complete", True)
    error = KeyError("mine")

    async def failing() -> None:
        raise error

    with pytest.raises(KeyError) as caught:
        by_own_loop(failing())
    assert caught.value is error


@pytest.mark.usefixtures("kernel")
async def test_tasks_and_futures() -> None:
    """`run_until_complete` takes whatever can be awaited."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_later(1, future.set_result, "set")
    assert by_running_loop(future) == "set"
    assert by_running_loop(loop.create_task(main())) == 42

    class Awaited:
        def __await__(self) -> Any:  # noqa: ANN401
            return main().__await__()

    assert by_running_loop(Awaited()) == 42
    assert run_async_tasks([main(1), main(2)]) == [1, 2]


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", HERE)
async def test_context_variables_go_both_ways(name: str) -> None:
    """A call sees the caller's context variables, and the caller those it sets."""

    async def change() -> str:
        seen = variable.get()
        variable.set("inside")
        return seen

    variable.set("outside")
    assert (run(name)(change()), variable.get()) == ("outside", "inside")


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", HERE)
async def test_calls_overlap(name: str) -> None:
    """Calls wait at the same time, end in any order, and call others in turn."""
    ended = []

    async def calling(delay: float) -> None:
        run(name)(asyncio.sleep(delay))
        ended.append(delay)

    async def deep(levels: int) -> list[int]:
        below = run(name)(deep(levels - 1)) if levels > 1 else []
        return [levels, *below]

    await asyncio.gather(*map(calling, (3, 1, 2)))
    assert ended == [1, 2, 3]
    assert asyncio.get_running_loop().time() == 3.0
    assert run(name)(deep(3)) == [3, 2, 1]


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", HERE)
async def test_timeouts_and_cancellation(name: str) -> None:
    """They reach what a call waits for, which cleans up before the caller goes on."""
    cleaned = []

    async def slow() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(1)
            cleaned.append(True)

    async def calling() -> None:
        run(name)(slow())

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(calling(), 1)
    with pytest.raises(TimeoutError):
        run(name)(asyncio.wait_for(slow(), 1))
    assert cleaned == [True, True]
    assert asyncio.get_running_loop().time() == 4.0


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", HERE)
async def test_cancellation_when_a_call_has_just_ended(name: str) -> None:
    """Who is cancelled between the end of a call and its own next step is cancelled."""
    loop = asyncio.get_running_loop()

    async def ending() -> None:
        await asyncio.sleep(1)
        loop.call_soon(calling.cancel)

    async def call() -> None:
        run(name)(ending())

    calling = loop.create_task(call())
    with pytest.raises(asyncio.CancelledError):
        await calling


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", HERE)
async def test_an_error_that_is_handled_is_gone(name: str) -> None:
    """Neither a value nor an error keeps frames alive, without the collector."""
    call = run(name)

    def failing() -> weakref.ref[Thing]:
        thing = Thing()

        async def fail() -> None:
            raise KeyError(thing)

        with contextlib.suppress(KeyError):
            call(fail())
        return weakref.ref(thing)

    gc.collect()
    gc.disable()
    try:
        held = failing()
        await asyncio.sleep(0)
        assert held() is None
    finally:
        gc.enable()


@pytest.mark.usefixtures("kernel")
async def test_what_asyncio_run_does_not_take() -> None:
    """What is no coroutine is refused as ever."""
    with pytest.raises(ValueError, match="a coroutine was expected, got 42"):
        asyncio.run(42)  # type: ignore[arg-type]


@pytest.mark.usefixtures("kernel")
async def test_calls_without_end() -> None:
    """A call that calls itself for ever ends as any recursion does."""
    depth = 0

    async def endless() -> None:
        nonlocal depth
        depth += 1
        asyncio.run(endless())

    with pytest.raises(RecursionError, match="depth of blocking calls exceeded"):
        asyncio.run(endless())
    assert depth == sys.getrecursionlimit()
    assert asyncio.run(main()) == 42


# --- runners


@pytest.mark.usefixtures("kernel")
async def test_runner_keeps_its_tasks() -> None:
    """They go on from one run to the next, and are cancelled when it closes."""
    tasks = []

    async def begin() -> None:
        tasks.append(asyncio.create_task(asyncio.sleep(600)))

    with asyncio.Runner() as runner:
        runner.run(begin())
        runner.run(main())
        assert not tasks[0].done()
    assert tasks[0].cancelled()
    coro = main()
    with pytest.raises(RuntimeError, match="Runner is closed"):
        runner.run(coro)
    coro.close()


@pytest.mark.usefixtures("kernel")
async def test_runner_with_a_context() -> None:
    """A context that is given stays apart from the caller's."""

    async def change() -> str:
        seen = variable.get()
        variable.set("inside")
        return seen

    variable.set("outside")
    given = copy_context()
    with asyncio.Runner() as runner:
        assert runner.run(change(), context=given) == "outside"
    assert (variable.get(), given[variable]) == ("outside", "inside")


# --- a loop of another make


@pytest.mark.realtime
async def test_other_loops_get_a_thread(kernel: Kernel) -> None:  # noqa: ARG001
    """A call there is run by another thread, and what that cannot do is said once."""
    loop = asyncio.get_running_loop()
    said: list[Any] = []

    async def where() -> str:
        variable.set("inside")
        return threading.current_thread().name

    async def await_future() -> None:
        await loop.create_future()

    def callback() -> list[object]:
        asyncio._set_running_loop(Away(loop))  # type: ignore[arg-type]
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                seen: list[object] = [nesting_state().mechanism]
                seen += [asyncio.run(where()), variable.get(), asyncio_run(where())]
                with pytest.raises(RuntimeError, match="different loop") as wrong:
                    asyncio.run(await_future())
                seen.append(by_own_loop(where()))
            said.extend(caught)
            return [*seen, *wrong.value.__notes__]
        finally:
            asyncio._set_running_loop(loop)

    done = loop.create_future()
    loop.call_soon(lambda: done.set_result(callback()))
    note = (
        "the coroutine awaits something of the loop that runs here: write `await`"
        " instead of a blocking call"
    )
    threads = "asyncio_run", "inside", "asyncio_run", "run_until_complete"
    assert await done == ["thread", *threads, note]
    (one,) = said
    assert str(one.message) == drawback("thread", Away(loop))
    assert one.filename == __file__  # where the call stands


# --- words


def test_words() -> None:
    """Each mechanism has a reason, and a drawback where there is one."""
    loop = asyncio.new_event_loop()
    loop.close()
    mechanisms = ("own loop", "portal", "nested", "thread")
    reasons = [explain(each, loop) for each in mechanisms]  # type: ignore[arg-type]
    assert len({*reasons}) == 4
    name = f"asyncio.{type(loop).__module__.split('.')[1]}.{type(loop).__name__}"
    assert loop_name(loop) == name
    assert reasons[3] == f"{name} is not Python's own loop and cannot be nested"
    assert explain("thread", loop, installed=False) == (
        "the extension is not loaded, so only our own functions work"
    )
    drawbacks = [drawback(each, loop) for each in mechanisms]  # type: ignore[arg-type]
    assert drawbacks[:2] == ["", ""]
    assert [each.count(".") for each in drawbacks[2:]] == [1, 3]  # the class has two
    assert [each.split(" ")[2] for each in drawbacks[2:]] == ["nests", "runs"]


def test_who_has_nested_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that is nestable says by which library."""
    loop = SimpleNamespace()
    assert nest_applied(loop) is None
    loop._nest_patched = True
    assert nest_applied(loop) == "nest_asyncio"
    monkeypatch.setattr(asyncio, "_nest_asyncio2", object(), raising=False)
    assert nest_applied(loop) == "nest_asyncio2"


async def test_state(kernel: Kernel) -> None:
    """It tells the mechanism, the loop and whether the extension is there."""
    seen = []

    async def look() -> None:
        seen.append(nesting_state())

    loop = asyncio.get_running_loop()
    await loop.create_task(look())
    await asyncio.to_thread(lambda: seen.append(nesting_state()))
    loop.call_soon(lambda: seen.append(nesting_state()))
    await asyncio.sleep(0)
    assert [each.mechanism for each in seen] == ["portal", "own loop", "nested"]
    assert [each.loop for each in seen] == [loop_name(loop), None, loop_name(loop)]
    assert {(each.nested_by, each.installed) for each in seen} == {(None, True)}
    assert await kernel.do_execute(lambda: nesting_state().mechanism) == "portal"


async def test_state_without_the_extension() -> None:
    """Only our own functions work then."""
    state = nesting_state()
    assert (state.mechanism, state.installed) == ("thread", False)


# --- coming and going


def now() -> list[object]:
    """Return all that is replaced while calls work."""
    base = asyncio.BaseEventLoop
    runner = asyncio.Runner
    names = [asyncio.run, asyncio.runners.run, runner.run, runner.close]
    return [*names, base.run_until_complete, HERE["run"]]


async def test_install_and_uninstall() -> None:
    """All is as it was afterwards, and a kernel's cells are no portals any more."""
    loop = asyncio.get_running_loop()
    before, ready = now(), loop._ready  # type: ignore[attr-defined]
    kernel = Kernel()
    for _ in range(2):
        nesting = Nesting(kernel, Interrupts(kernel))
        nesting.install()
        assert asyncio.run is not before[0]
        assert asyncio.runners.run is asyncio.run
        assert is_portal_factory(loop.get_task_factory())
        assert await kernel.do_execute(can_wait) is True
        nesting.uninstall()
        assert now() == before
        assert loop.get_task_factory() is None
        assert type(loop._ready) is type(ready)  # type: ignore[attr-defined]
        assert vars(kernel) == {}
        assert await kernel.do_execute(can_wait) is False


async def test_functions_that_somebody_has_kept() -> None:
    """One of ours that is kept does what the stock one does, or what a new load can."""
    kernel = Kernel()
    first = Nesting(kernel, Interrupts(kernel))
    first.install()
    kept, kept_run = asyncio.run, asyncio.Runner.run
    first.uninstall()
    coro = main()
    with pytest.raises(RuntimeError, match="cannot be called from a running event"):
        kept(coro)
    coro.close()
    assert await asyncio.to_thread(kept, asyncio.sleep(0, 42)) == 42
    second = Nesting(kernel, Interrupts(kernel))
    second.install()
    try:
        assert await kernel.do_execute(lambda: kept(main())) == 42
        with asyncio.Runner() as runner:
            assert await kernel.do_execute(lambda: kept_run(runner, main())) == 42
    finally:
        second.uninstall()


async def test_factory_of_the_user(kernel: Kernel) -> None:
    """Tasks of a factory that the user sets may wait from the next cell on."""
    loop = asyncio.get_running_loop()
    made = []

    def own(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:  # noqa: ANN401
        made.append(coro)
        return asyncio.Task(coro, loop=loop, **options)

    async def waiting() -> bool:
        return can_wait()

    loop.set_task_factory(own)
    assert await loop.create_task(waiting()) is False
    await kernel.do_execute(lambda: None)
    assert await loop.create_task(waiting()) is True
    assert [isinstance(each, Portal) for each in made] == [False, True]
    loop.set_task_factory(own)


async def test_factory_of_the_user_stays() -> None:
    """One that was there before is there again, and one set since is left alone."""
    loop = asyncio.get_running_loop()
    kernel = Kernel()

    def own(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:  # noqa: ANN401
        return asyncio.Task(coro, loop=loop, **options)

    loop.set_task_factory(own)
    nesting = Nesting(kernel, Interrupts(kernel))
    nesting.install()
    nesting.uninstall()
    assert loop.get_task_factory() is own
    loop.set_task_factory(None)
    nesting.install()
    loop.set_task_factory(own)
    nesting.uninstall()
    assert loop.get_task_factory() is own
    loop.set_task_factory(None)


@pytest.mark.realtime
async def test_calls_in_threads(kernel: Kernel) -> None:  # noqa: ARG001
    """A loop of a thread works as ever, and calls in it overlap too."""

    async def one(number: int) -> int:
        return asyncio.run(asyncio.sleep(0, number))

    async def gather() -> list[int]:
        return await asyncio.gather(*map(one, range(20)))

    def caught(kind: type[BaseException]) -> bool:
        error = kind()

        async def fail() -> None:
            raise error

        try:
            asyncio.run(fail())
        except BaseException as got:  # noqa: BLE001
            return got is error
        return False

    assert await asyncio.to_thread(lambda: asyncio.run(gather())) == [*range(20)]
    kinds = (KeyboardInterrupt, SystemExit, KeyError)
    assert [await asyncio.to_thread(caught, kind) for kind in kinds] == [True] * 3


@pytest.mark.realtime
async def test_calls_of_a_thread_on_this_loop(kernel: Kernel) -> None:  # noqa: ARG001
    """A thread can run something to its end on a loop that runs in another."""
    loop = asyncio.get_running_loop()

    async def where() -> bool:
        return threading.current_thread() is threading.main_thread()

    task = loop.create_task(where())
    run = loop.run_until_complete
    assert await asyncio.to_thread(lambda: run(where())) is True
    assert await asyncio.to_thread(run, task) is True


# --- what is ready


def test_ready_callbacks_of_a_pass() -> None:
    """Whoever takes more than there is gets a callback that does nothing."""
    loop = asyncio.new_event_loop()
    try:
        handles = [loop.call_soon(each) for each in (list, dict)]
        queue: Any = loop
        guard_ready(loop)
        guard_ready(loop)
        ready = queue._ready
        assert [ready.popleft(), ready.popleft()] == handles
        nothing = ready.popleft()
        nothing._run()
        assert nothing is ready.popleft()
        loop.call_soon(list)
        assert len(ready) == 1
        release_ready(loop)
        release_ready(loop)
        assert type(queue._ready) is deque
        assert len(queue._ready) == 1
    finally:
        loop.close()


def test_ready_of_another_make() -> None:
    """A loop that has no such queue is left alone."""
    loop = SimpleNamespace()
    guard_ready(loop)
    release_ready(loop)
    assert vars(loop) == {}
