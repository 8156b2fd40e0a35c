"""Plain code that waits in a step, without any kernel."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import io
import linecache
import subprocess
import sys
import threading
import traceback
import weakref
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import pytest
from greenlet import getcurrent, greenlet

from notebook_async.kernel._portal import (
    Portal,
    can_wait,
    current_task,
    is_between_steps,
    is_portal_factory,
    portal_factory,
    stepping,
    wait,
)
from notebook_async.kernel._runners import _IDLE_AT_MOST, Runner
from notebook_async.testing import VirtualClockLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from types import FrameType

variable: ContextVar[str] = ContextVar("variable", default="default")


class Echo:
    """Yields a value to whoever runs the coroutine, and gives what that sends back."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __await__(self) -> Iterator[Any]:
        return (yield self.value)


class Thing:
    """Something that can be seen to be gone."""


@pytest.fixture
async def loop() -> AsyncIterator[asyncio.AbstractEventLoop]:
    """Give the loop of the test, whose tasks may wait from now on."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(portal_factory())
    yield loop
    loop.set_task_factory(None)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Leave all to the counts of references."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def plain(awaitable: Awaitable[Any]) -> Any:  # noqa: ANN401
    """Wait from a plain function."""
    return wait(awaitable)


async def calling(function: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401
    """Call a plain function in a coroutine."""
    return function(*args)


def runners() -> int:
    """Count the greenlets for steps that there are."""
    gc.collect()
    return sum(type(each) is Runner for each in gc.get_objects())


# --- a portal as a coroutine


async def echoes() -> list[object]:
    """Yield twice, and return what was sent."""
    return [await Echo(1), await Echo(2)]


def plain_echoes() -> list[object]:
    """Do the same from plain code."""
    return [wait(Echo(1)), wait(Echo(2))]


@pytest.mark.parametrize(
    "make", [echoes, lambda: calling(plain_echoes)], ids=["awaiting", "plain"]
)
def test_steps(make: Callable[[], Any]) -> None:
    """It yields what the coroutine or plain code in it does, and returns its value."""
    portal = Portal(make())
    assert portal.send(None) == 1
    assert portal.send("a") == 2
    with pytest.raises(StopIteration) as stop:
        portal.send("b")
    assert stop.value.value == ["a", "b"]
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        portal.send(None)


async def test_portal_can_be_awaited() -> None:
    """Code that awaits one gets its result, its exception and its steps."""

    async def fail() -> None:
        await asyncio.sleep(1)
        raise KeyError("mine")

    assert await Portal(calling(plain, asyncio.sleep(1, "rested"))) == "rested"  # type: ignore[comparison-overlap]
    with pytest.raises(KeyError, match="mine"):
        await Portal(fail())


@pytest.mark.parametrize("thrown", ["class", "object", "three"])
@pytest.mark.parametrize("plainly", [False, True], ids=["awaiting", "plain"])
def test_throw(thrown: str, plainly: bool) -> None:  # noqa: FBT001
    """What is thrown in arrives where the coroutine or its plain code waits."""
    error = ValueError("thrown")
    caught: list[BaseException] = []

    async def awaiting() -> None:
        try:
            plain(Echo(1)) if plainly else await Echo(1)
        except ValueError as arrived:
            caught.append(arrived)
        await Echo(2)

    portal = Portal(awaiting())
    assert portal.send(None) == 1
    match thrown:
        case "class":
            assert portal.throw(ValueError) == 2
            assert [type(each) for each in caught] == [ValueError]
        case "object":
            assert portal.throw(error) == 2
            assert caught == [error]
        case _:
            assert portal.throw(ValueError, error, None) == 2
            assert caught == [error]
    portal.close()


def test_throw_before_the_first_step() -> None:
    """What is thrown into one that has not begun comes out, and ends it."""
    portal = Portal(echoes())
    with pytest.raises(ValueError, match="early"):
        portal.throw(ValueError("early"))
    assert inspect.getcoroutinestate(portal) == inspect.CORO_CLOSED  # type: ignore[arg-type]


@pytest.mark.parametrize("steps", [0, 1])
@pytest.mark.parametrize("plainly", [False, True], ids=["awaiting", "plain"])
def test_close(steps: int, plainly: bool) -> None:  # noqa: FBT001
    """Closing runs the cleanup of what had begun, and a second time does nothing."""
    cleaned = []

    def cleaning() -> None:
        try:
            wait(Echo(1))
        finally:
            cleaned.append(True)

    async def awaiting() -> None:
        try:
            await Echo(1)
        finally:
            cleaned.append(True)

    portal = Portal(calling(cleaning) if plainly else awaiting())
    for _ in range(steps):
        portal.send(None)
    portal.close()
    portal.close()
    assert cleaned == [True] * steps


def test_close_of_what_goes_on() -> None:
    """Plain code that waits on when it is closed is told off, as a coroutine is."""

    def stubborn() -> None:
        for _ in range(2):
            with contextlib.suppress(GeneratorExit):
                wait(Echo(1))

    portal = Portal(calling(stubborn))
    portal.send(None)
    with pytest.raises(RuntimeError, match="coroutine ignored GeneratorExit"):
        portal.close()
    portal.close()


# --- waiting


async def test_plain_code_waits_while_the_loop_goes_on(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Calls from plain code overlap, and end in any order."""
    delays = [3, 1, 2]
    ended = []

    def rest(delay: int) -> None:
        wait(asyncio.sleep(delay))
        ended.append(delay)

    await asyncio.gather(*(calling(rest, each) for each in delays))
    assert ended == [1, 2, 3]
    assert loop.time() == 3.0


async def test_wait_inside_a_wait(loop: asyncio.AbstractEventLoop) -> None:
    """A coroutine that plain code waits for may itself call plain code that waits."""

    async def deep(levels: int) -> list[int]:
        await asyncio.sleep(1)
        return [levels, *(plain(deep(levels - 1)) if levels > 1 else [])]

    async def by_task(levels: int) -> list[int]:
        below = loop.create_task(by_task(levels - 1)) if levels > 1 else None
        return [levels, *(plain(below) if below is not None else [])]

    assert await loop.create_task(deep(3)) == [3, 2, 1]
    assert loop.time() == 3.0
    assert await loop.create_task(by_task(3)) == [3, 2, 1]


async def test_cancelling_a_task_that_waits(loop: asyncio.AbstractEventLoop) -> None:
    """Plain code is cancelled where it waits, and may wait in its cleanup."""
    seen = []

    def rest() -> None:
        try:
            wait(asyncio.sleep(60))
        except asyncio.CancelledError:
            seen.append("cancelled")
            wait(asyncio.sleep(1))
            seen.append("cleaned")
            raise

    task = loop.create_task(calling(rest))
    await asyncio.sleep(1)
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task
    assert (seen, loop.time()) == (["cancelled", "cleaned"], 2.0)


async def test_cancelling_before_it_waits(loop: asyncio.AbstractEventLoop) -> None:
    """A task that is cancelled before it waits is so at its first wait."""

    def rest() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        wait(asyncio.sleep(60))

    with pytest.raises(asyncio.CancelledError):
        await loop.create_task(calling(rest))
    assert loop.time() == 0.0


async def test_timeouts_around_plain_code(loop: asyncio.AbstractEventLoop) -> None:
    """`asyncio.timeout` and `wait_for` end a wait, and tell it apart from a cancel."""

    async def bounded() -> None:
        async with asyncio.timeout(1):  # noqa: ASYNC100 (plain code waits in it)
            plain(asyncio.sleep(60))

    task = loop.create_task(bounded())
    with pytest.raises(TimeoutError):
        await task
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(calling(plain, asyncio.sleep(60)), 1)
    assert (task.cancelling(), loop.time()) == (0, 2.0)


async def test_task_group_inside_a_wait(loop: asyncio.AbstractEventLoop) -> None:
    """A group within a wait works: one failure cancels the rest, and all come out."""

    async def fail() -> None:
        await asyncio.sleep(1)
        raise KeyError("mine")

    async def grouped() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(calling(plain, asyncio.sleep(60)))

    with pytest.raises(ExceptionGroup) as caught:
        await loop.create_task(calling(plain, grouped()))
    assert [repr(each) for each in caught.value.exceptions] == ["KeyError('mine')"]
    assert loop.time() == 1.0


@pytest.mark.usefixtures("loop")
async def test_generators_that_wait() -> None:
    """Generators and async generators may wait between two values."""

    def counting() -> Iterator[int]:
        for each in range(3):
            wait(asyncio.sleep(1))
            yield each

    async def async_counting() -> AsyncIterator[int]:
        try:
            for each in counting():
                yield each
                await asyncio.sleep(1)
        finally:
            plain(asyncio.sleep(1))

    async def consume() -> list[int]:
        return [*counting(), *[each async for each in async_counting()]]

    async def stop_early() -> int:
        async with contextlib.aclosing(async_counting()) as numbers:
            return await anext(numbers)

    loop = asyncio.get_running_loop()
    assert await loop.create_task(consume()) == [0, 1, 2] * 2
    assert loop.time() == 10.0
    assert await loop.create_task(stop_early()) == 0
    assert loop.time() == 12.0


async def test_where_plain_code_may_wait(loop: asyncio.AbstractEventLoop) -> None:
    """It may in the step of a portal, but not in a callback or in any other task."""
    seen = {}

    def look(name: str) -> None:
        seen[name] = can_wait(), len(stepping()), is_between_steps(sys._getframe())

    async def looking() -> None:
        look("task")
        loop.call_soon(look, "callback")
        await asyncio.sleep(0)
        await asyncio.to_thread(look, "thread")

    task: asyncio.Task[None] = asyncio.Task(calling(look, "plain task"), loop=loop)
    await task
    await loop.create_task(looking())
    nowhere = False, 0, False
    others = ("callback", "thread", "plain task")
    assert seen == {"task": (True, 1, False)} | dict.fromkeys(others, nowhere)


# --- contexts


async def test_contexts_of_tasks_stay_apart(loop: asyncio.AbstractEventLoop) -> None:
    """Steps run in the context of their task, whichever greenlet performs them."""
    seen = []

    def change(name: str, delay: float) -> None:
        seen.append(variable.get())
        variable.set(name)
        wait(asyncio.sleep(delay))
        seen.append(variable.get())
        wait(calling(variable.set, f"{name} again"))
        seen.append(variable.get())

    variable.set("outside")
    await asyncio.gather(calling(change, "a", 2), calling(change, "b", 1))
    assert seen == ["outside", "outside", "b", "b again", "a", "a again"]
    assert variable.get() == "outside"
    context = copy_context()
    await loop.create_task(calling(change, "given", 1), context=context)
    assert context[variable] == "given again"


@pytest.mark.usefixtures("loop")
async def test_context_entered_around_a_wait() -> None:
    """Plain code may wait within `Context.run`, and comes back to it."""
    context = copy_context()

    def within() -> str:
        variable.set("within")
        wait(asyncio.sleep(1))
        return variable.get()

    async def around() -> tuple[str, str]:
        return context.run(within), variable.get()

    assert await asyncio.create_task(around()) == ("within", "default")


# --- what comes out


def frames(error: BaseException) -> list[str]:
    """Return the functions of a traceback, outermost first."""
    return [each.name for each in traceback.extract_tb(error.__traceback__)]


async def test_exception_is_the_object_with_its_traceback(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """An exception comes out as it is; of ours its traceback has one frame a portal."""
    error = KeyError("mine")

    async def fail() -> None:
        await asyncio.sleep(1)
        raise error

    async def main() -> None:
        plain(fail())

    task = loop.create_task(main())
    await asyncio.wait([task])
    assert task.exception() is error
    assert frames(error) == ["send", "main", "plain", "wait", "fail"]
    assert (error.__context__, error.__cause__) == (None, None)


async def test_exception_in_cleanup_keeps_its_context(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """An exception while another is handled names it, across waits."""

    def fail() -> None:
        try:
            wait(asyncio.sleep(60))
        except asyncio.CancelledError:
            wait(asyncio.sleep(1))
            raise KeyError("mine")  # noqa: B904

    task = loop.create_task(calling(fail))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(KeyError, match="mine") as caught:
        await task
    assert type(caught.value.__context__) is asyncio.CancelledError


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_fatal_exceptions(kind: type[BaseException]) -> None:
    """They come out, or become what is to be raised in a loop that must go on."""
    given = []

    def fail() -> None:
        raise kind

    def survive(error: BaseException) -> BaseException:
        given.append(type(error))
        return asyncio.CancelledError("survived")

    with pytest.raises(kind):
        Portal(calling(fail)).send(None)
    with pytest.raises(asyncio.CancelledError, match="survived"):
        Portal(calling(fail), on_fatal=survive).send(None)
    assert given == [kind]


# --- loops and greenlets within a step


async def test_loop_that_runs_within_a_step(loop: asyncio.AbstractEventLoop) -> None:
    """Tasks of a loop within a step may wait too, and each finds its way back."""
    seen = []

    async def inner(number: int) -> int:
        plain(asyncio.sleep(0))
        seen.append(len(stepping()))
        asyncio.get_running_loop().call_soon(lambda: seen.append(can_wait()))
        await asyncio.sleep(0)
        return plain(asyncio.sleep(0, number))

    async def gather() -> list[int]:
        return await asyncio.gather(*map(inner, range(3)))

    def nest() -> list[int]:
        below = asyncio.new_event_loop()
        below.set_task_factory(portal_factory())
        asyncio._set_running_loop(None)
        try:
            return below.run_until_complete(gather())
        finally:
            asyncio._set_running_loop(loop)
            below.close()

    async def outer() -> list[list[int]]:
        plain(asyncio.sleep(1))
        first = nest()
        plain(asyncio.sleep(1))
        return [first, nest()]

    results = await asyncio.gather(outer(), outer())
    assert results == [[[0, 1, 2]] * 2] * 2
    assert seen == [2, 2, 2, False, False, False] * 4


async def by_greenlet(function: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Run plain code that awaits by `ask`, as SQLAlchemy's `greenlet_spawn` does."""
    own = greenlet(function, getcurrent())
    result = own.switch()
    while not own.dead:
        try:
            value = await result
        except BaseException:  # noqa: BLE001
            result = own.throw(*sys.exc_info())
        else:
            result = own.switch(value)
    return result


def ask(awaitable: Awaitable[Any]) -> Any:  # noqa: ANN401
    """Let `by_greenlet` await something."""
    parent = getcurrent().parent
    assert parent is not None
    return parent.switch(awaitable)


async def test_greenlets_of_a_library(loop: asyncio.AbstractEventLoop) -> None:
    """A library's greenlet comes back to its own step, whatever else waits."""

    def asking() -> list[int]:
        return [ask(asyncio.sleep(1, each)) for each in range(3)]

    tasks = [
        loop.create_task(work)
        for _ in range(3)
        for work in (by_greenlet(asking), calling(plain, asyncio.sleep(1.5, "plain")))
    ]
    assert await asyncio.gather(*tasks) == [[0, 1, 2], "plain"] * 3
    assert loop.time() == 3.0


async def test_waiting_in_greenlets_of_a_library(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Code in a library's greenlet may wait as well, and is cancelled there."""
    cleaned = []

    def waiting() -> list[object]:
        return [can_wait(), wait(asyncio.sleep(1, 1)), ask(asyncio.sleep(1, 2))]

    def hanging() -> None:
        try:
            wait(asyncio.sleep(60))
        finally:
            cleaned.append(ask(asyncio.sleep(1, "cleaned")))

    works = (by_greenlet(waiting), by_greenlet(waiting))
    assert await asyncio.gather(*works) == [[True, 1, 2]] * 2
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(by_greenlet(hanging), 1)
    assert (cleaned, loop.time()) == (["cleaned"], 4.0)


# --- what is left


@pytest.mark.usefixtures("loop", "no_collector")
@pytest.mark.parametrize("ending", ["value", "error", "cancel"])
@pytest.mark.parametrize("plainly", [False, True], ids=["awaiting", "plain"])
async def test_nothing_is_kept(ending: str, plainly: bool) -> None:  # noqa: FBT001
    """A task that has ended is gone with all that it held, without the collector."""

    async def work(thing: Thing) -> Thing:
        variable.set("kept")
        if plainly:
            plain(asyncio.sleep(1))
        await asyncio.sleep(1)
        if ending == "error":
            raise KeyError(thing)
        return thing

    async def start() -> list[weakref.ref[Any]]:
        thing = Thing()
        context = copy_context()
        task = asyncio.get_running_loop().create_task(work(thing), context=context)
        await asyncio.sleep(1.5)
        if ending == "cancel":
            task.cancel()
        await asyncio.wait([task])
        if ending == "error":
            assert str(task.exception()) == str(thing)
        return [*map(weakref.ref, (task, task.get_coro(), thing))]

    held = await start()
    await asyncio.sleep(0)  # what has woken us up refers to it
    assert [each() for each in held] == [None] * 3


@pytest.mark.usefixtures("no_collector")
def test_context_is_not_kept() -> None:
    """A greenlet that waits for its next step has let go of the context."""
    keeping: ContextVar[Thing] = ContextVar("keeping")

    def main() -> weakref.ref[Thing]:
        thing = Thing()
        keeping.set(thing)
        portal = Portal(calling(plain, Echo(1)))
        portal.send(None)
        portal.close()
        return weakref.ref(thing)

    held = copy_context().run(main)
    assert held() is None


async def test_sleeping_tasks_need_no_greenlets(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Ten thousand tasks that await need few greenlets; only plain code keeps one."""
    before = runners()
    tasks = [loop.create_task(asyncio.sleep(2)) for _ in range(10_000)]
    await asyncio.sleep(1)
    assert runners() - before <= 1
    await asyncio.gather(*tasks)
    waits = [loop.create_task(calling(plain, asyncio.sleep(2))) for _ in range(200)]
    await asyncio.sleep(1)
    assert 200 - _IDLE_AT_MOST <= runners() - before <= 201
    await asyncio.gather(*waits)
    assert runners() - before <= _IDLE_AT_MOST, (before, runners())


@pytest.mark.usefixtures("loop")
async def test_many_waits_in_turn_need_one_greenlet() -> None:
    """A greenlet that has stood still serves the next step."""
    await asyncio.create_task(calling(plain, asyncio.sleep(1)))
    before = runners()
    for _ in range(20):
        await asyncio.create_task(calling(plain, asyncio.sleep(1)))
        await asyncio.create_task(by_greenlet(lambda: ask(asyncio.sleep(1))))
    assert runners() == before


def test_greenlets_of_a_thread_end_with_it() -> None:
    """A thread that ran a loop leaves no greenlet behind."""
    before = runners()

    def run() -> None:
        with asyncio.Runner() as runner:
            runner.get_loop().set_task_factory(portal_factory())
            runner.run(calling(plain, asyncio.sleep(0)))

    for _ in range(5):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert runners() == before


# --- factories of tasks


async def test_factory_hands_on(loop: asyncio.AbstractEventLoop) -> None:
    """The factory before makes the task, and whoever asked is told of it."""
    seen = []

    def before(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:  # noqa: ANN401
        seen.append(sorted(options))
        return asyncio.Task(coro, loop=loop, **options)

    told = []
    factory = portal_factory(before, lambda task, context: told.append((task, context)))
    loop.set_task_factory(factory)
    context = copy_context()
    task = loop.create_task(calling(can_wait), context=context)
    assert await task is True
    assert told == [(task, context)]
    assert [[name for name in each if name == "context"] for each in seen] == [
        ["context"]
    ]
    assert (is_portal_factory(factory), is_portal_factory(before)) == (True, False)


async def test_portal_is_no_portal_of_a_portal(loop: asyncio.AbstractEventLoop) -> None:
    """A coroutine that is a portal already is left as it is."""
    portal = Portal(calling(can_wait))
    task = loop.create_task(portal)
    assert task.get_coro() is portal  # type: ignore[comparison-overlap]
    assert await task is True


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks")
@pytest.mark.usefixtures("no_collector")
async def test_eager_tasks() -> None:
    """Tasks that begin when they are made may wait, also in one another."""
    loop = asyncio.get_running_loop()
    eager = getattr(asyncio, "eager_task_factory")  # noqa: B009
    loop.set_task_factory(portal_factory(eager))
    order = []

    async def inner() -> str:
        order.append("inner")
        return plain(asyncio.sleep(1, "rested"))

    async def outer() -> str:
        task = loop.create_task(inner())
        order.append("outer")
        return plain(task)

    async def at_once() -> bool:
        return can_wait()

    try:
        task = loop.create_task(outer())
        assert order == ["inner", "outer"]
        assert await task == "rested"
        done = loop.create_task(at_once())
        assert (done.done(), done.result()) == (True, True)
        gone = weakref.ref(done)
        del done
        assert gone() is None
        before = runners()
        await asyncio.gather(*(loop.create_task(outer()) for _ in range(20)))
        assert runners() - before <= _IDLE_AT_MOST
    finally:
        loop.set_task_factory(None)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks")
async def test_eager_tasks_that_wait_for_others() -> None:
    """Any number of eager tasks may wait at once: their depths do not add up."""
    loop = asyncio.get_running_loop()
    eager = getattr(asyncio, "eager_task_factory")  # noqa: B009
    loop.set_task_factory(portal_factory(eager))

    async def one(number: int) -> int:
        return plain(loop.create_task(asyncio.sleep(1, number)))

    async def many() -> list[int]:
        return await asyncio.gather(*map(one, range(400)))

    try:
        assert await loop.create_task(many()) == [*range(400)]
    finally:
        loop.set_task_factory(None)


def test_steps_within_steps() -> None:
    """They have an end, and no greenlet keeps the depth that it was made at."""

    def nest(levels: int) -> object:
        if not levels:
            return "bottom"
        portal = Portal(calling(nest, levels - 1))
        with pytest.raises(StopIteration) as stop:
            portal.send(None)
        return stop.value.value

    def endless() -> None:
        Portal(calling(endless)).send(None)

    def deep(frames: int) -> int:
        return deep(frames - 1) + 1 if frames else 0

    assert nest(100) == "bottom"
    with pytest.raises(RecursionError, match="steps within steps exceeded"):
        endless()
    portals = [Portal(calling(lambda: wait(Echo(1)) or deep(800))) for _ in range(40)]
    for portal in portals:
        portal.send(None)
    for portal in portals:
        with pytest.raises(StopIteration) as stop:
            portal.send(None)
        assert stop.value.value == 800


# --- those who look into a task


async def resting() -> None:
    """Rest, in a coroutine that has a name and a line."""
    plain(asyncio.sleep(1))
    await asyncio.sleep(1)


def line_of(task: asyncio.Task[Any]) -> list[str]:
    """Return the lines of this file at which a task's stack says that it stands."""
    stack = [each for each in task.get_stack() if each.f_code.co_filename == __file__]
    return [linecache.getline(__file__, each.f_lineno).strip() for each in stack]


async def test_task_tells_where_it_stands(loop: asyncio.AbstractEventLoop) -> None:
    """`repr`, `get_stack` and `print_stack` tell the line, waiting or awaiting."""
    task = loop.create_task(resting(), name="it")
    await asyncio.sleep(0.5)
    assert line_of(task) == ["plain(asyncio.sleep(1))"]
    await asyncio.sleep(1)
    assert line_of(task) == ["await asyncio.sleep(1)"]
    printed = io.StringIO()
    task.print_stack(file=printed)
    assert printed.getvalue().splitlines()[-1].strip() == "await asyncio.sleep(1)"
    (shown,) = [repr(each) for each in asyncio.all_tasks() if each is task]
    line = task.get_stack()[-1].f_lineno
    assert f"coro=<resting() running at {__file__}:{line}>" in shown
    await task
    assert "coro=<resting() done, defined at" in repr(task)
    assert line_of(task) == []


def test_inspect_takes_it_for_a_coroutine() -> None:
    """It has the class, the name, the attributes and the states of its coroutine."""
    portal: Any = Portal(resting())
    states = [inspect.getcoroutinestate(portal)]
    assert inspect.iscoroutine(portal)
    assert inspect.isawaitable(portal)
    assert asyncio.iscoroutine(portal)
    assert isinstance(portal, Portal)
    assert (portal.__name__, portal.__qualname__) == ("resting", "resting")
    assert portal.cr_code is resting.__code__
    assert portal.cr_frame is portal.coroutine.cr_frame
    assert repr(portal) == f"<portal of {portal.coroutine!r}>"
    with pytest.raises(AttributeError, match="'coroutine' object has no attribute 'x'"):
        portal.x  # noqa: B018
    assert portal.stack is None
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        loop = runner.get_loop()

        async def look() -> None:
            task = loop.create_task(portal)
            await asyncio.sleep(0)
            states.append(inspect.getcoroutinestate(portal))  # it waits
            assert portal.stack.f_code.co_name == "plain"
            await asyncio.sleep(1.5)
            states.append(inspect.getcoroutinestate(portal))
            assert portal.stack is None
            assert inspect.getcoroutinelocals(portal) == {}
            assert portal.cr_await.__name__ == "sleep"
            await task
            states.append(inspect.getcoroutinestate(portal))

        runner.run(look())
    assert states == [
        inspect.CORO_CREATED,
        inspect.CORO_RUNNING,
        inspect.CORO_SUSPENDED,
        inspect.CORO_CLOSED,
    ]


def test_frames_between_steps() -> None:
    """What performs steps, and all that it calls, is told from the code in a step."""
    told: dict[str, set[bool]] = {}

    def trace(frame: FrameType, event: str, arg: object) -> None:  # noqa: ARG001
        told.setdefault(frame.f_code.co_name, set()).add(is_between_steps(frame))

    def within() -> None:
        inner = Portal(calling(plain, Echo(2)))  # as by a loop within a step
        inner.send(None)
        inner.close()

    portal = Portal(calling(plain, Echo(1)))
    other = Portal(calling(within))
    sys.settrace(trace)
    try:
        portal.send(None)
        with contextlib.suppress(StopIteration):
            other.send(None)
        portal.close()
    finally:
        sys.settrace(None)
    steps = ("calling", "plain", "wait", "pause", "within")
    between = ("send", "throw", "take", "give_back", "current_task", "_perform")
    assert {name: told[name] for name in steps} == {name: {False} for name in steps}
    assert {name: told[name] for name in between} == {name: {True} for name in between}


async def test_task_of_a_step(loop: asyncio.AbstractEventLoop) -> None:
    """The code of a step runs in the task that asyncio names, and so does a trace."""
    seen = []

    def look() -> None:
        seen.append((current_task(), stepping()))

    task = loop.create_task(calling(look))
    await task
    assert seen == [(task, [task])]
    assert current_task() is asyncio.current_task()


@pytest.mark.usefixtures("loop")
async def test_tracing_follows_into_steps() -> None:
    """Who traces from now on sees steps in greenlets that were there before."""
    await asyncio.create_task(calling(plain, asyncio.sleep(1)))
    called = []

    def traced() -> None:
        called.append("ran")

    def trace(frame: Any, event: str, arg: object) -> Any:  # noqa: ANN401, ARG001
        if frame.f_code is traced.__code__:
            called.append(event)

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        await asyncio.create_task(calling(traced))
    finally:
        sys.settrace(before)
    assert called == ["call", "ran"]


def test_program_ends_while_plain_code_waits() -> None:
    """A process whose plain code still waits at its end says and does nothing more."""
    code = """if True:
        import asyncio
        from notebook_async.kernel._portal import Portal, wait
        loop = asyncio.new_event_loop()
        async def main(): wait(asyncio.sleep(60))
        task = loop.create_task(Portal(main()))
        loop.call_soon(loop.stop)
        loop.run_forever()
        task._log_destroy_pending = False
        print("end")
    """
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")
