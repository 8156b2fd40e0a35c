"""Follow what a suspended task awaits, down to the future that will wake it.

Coroutines, generators and async generators name what they await. What awaits them for
others, such as the value of `anext()`, names nothing, but the garbage collector knows
to what each of these objects refers.
"""

from __future__ import annotations

import asyncio
import gc
import traceback
import types
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notebook_async.kernel._places import is_own, own_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from notebook_async.kernel._places import Place

__all__ = ["Waiting", "waiting_of"]

_DEEPEST = 200
_FRAMED = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)
_WRAPPERS = {"async_generator_asend", "async_generator_athrow", "coroutine_wrapper"}
_AWAITED = ("cr_await", "gi_yieldfrom", "ag_await")
_FRAMES = ("cr_frame", "gi_frame", "ag_frame")

# By module and qualified name of the function that waits.
_WORDS = {
    ("asyncio.locks", "Lock.acquire"): "a lock",
    ("asyncio.locks", "Event.wait"): "an event",
    ("asyncio.locks", "Condition.wait"): "a condition",
    ("asyncio.locks", "Semaphore.acquire"): "a semaphore",
    ("asyncio.locks", "Barrier.wait"): "a barrier",
    ("asyncio.queues", "Queue.get"): "an item of a queue",
    ("asyncio.queues", "Queue.put"): "room in a queue",
    ("asyncio.queues", "Queue.join"): "all items of a queue to be done",
    ("asyncio.subprocess", "Process.wait"): "a process",
    ("asyncio.subprocess", "Process.communicate"): "a process",
    ("asyncio.streams", "StreamReader._wait_for_data"): "data from a stream",
    ("asyncio.streams", "StreamWriter.drain"): "room in a stream",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a task waits for.

    Attributes
    ----------
    words
        In words, as in `a lock`.
    place
        The innermost line of a cell, or of the caller's own code, that waits; None
        where there is no such code.
    tasks
        The tasks that it waits for, if it does for any.
    frames
        All suspended frames, outermost first.
    """

    words: str
    place: Place | None
    tasks: tuple[asyncio.Task[Any], ...]
    frames: tuple[FrameType, ...]


def waiting_of(task: asyncio.Task[Any]) -> Waiting:
    """Return what a task waits for; it must be of the loop of this thread."""
    frames = tuple(_frames(task.get_coro()))
    lines = [(frame, frame.f_lineno) for frame in reversed(frames)]
    place = own_place(lines)
    if place is not None and not (place.cell is not None or is_own(place.file)):
        place = None
    future = getattr(task, "_fut_waiter", None)
    if future is None:
        return Waiting("its turn on the loop", place, (), frames)
    tasks = tuple(_tasks_in(future, frames))
    return Waiting(_words(future, frames, tasks), place, tasks, frames)


def _frames(awaited: Any) -> Iterator[FrameType]:
    for _ in range(_DEEPEST):
        if awaited is None or asyncio.isfuture(awaited):
            return
        stack = getattr(awaited, "stack", None)
        if isinstance(stack, types.FrameType):
            # A portal in which plain code waits: its frames are all on one stack.
            frames = [frame for frame, _ in traceback.walk_stack(stack)]
            yield from reversed(frames)
            return
        for name in _FRAMES:
            frame = getattr(awaited, name, None)
            if frame is not None:
                yield frame
        awaited = _next(awaited)


def _next(awaited: Any) -> Any:
    for name in _AWAITED:
        if hasattr(awaited, name):
            return getattr(awaited, name)
    # A wrapper in C: of an async generator's `asend()`, of `anext()`, of a future.
    for each in gc.get_referents(awaited):
        if isinstance(each, _FRAMED) or type(each).__name__ in _WRAPPERS:
            return each
    return None


def _words(
    future: Any, frames: tuple[FrameType, ...], tasks: tuple[asyncio.Task[Any], ...]
) -> str:
    known = (_word_of(frame) for frame in _library_part(frames))
    words = next((word for word in known if word), None)
    if words is not None:
        return words
    if tasks:
        return "a task" if len(tasks) == 1 else f"{len(tasks)} tasks"
    return "a thread" if _is_of_thread(future) else "a future"


def _library_part(frames: tuple[FrameType, ...]) -> list[FrameType]:
    """Return the frames of libraries within the innermost one that is not."""
    part: list[FrameType] = []
    for frame in reversed(frames):
        if not frame.f_globals.get("__name__", "").startswith("asyncio."):
            break
        part.insert(0, frame)
    return part


def _word_of(frame: FrameType) -> str | None:
    module = frame.f_globals["__name__"]
    if (module, frame.f_code.co_name) == ("asyncio.tasks", "sleep"):
        delay = frame.f_locals.get("delay")
        handle = frame.f_locals.get("h")
        if not isinstance(handle, asyncio.TimerHandle):
            return f"sleep({delay:g})"
        left = max(0.0, handle.when() - asyncio.get_running_loop().time())
        return f"sleep({delay:g}), {left:.1f} s left"
    return _WORDS.get((module, frame.f_code.co_qualname))


def _tasks_in(
    future: Any, frames: tuple[FrameType, ...]
) -> Iterator[asyncio.Task[Any]]:
    """Find the tasks that stand behind what a task waits for."""
    if isinstance(future, asyncio.Task):
        yield future
        return
    gathered = getattr(future, "_children", None)
    if gathered is not None:
        yield from _live(gathered)
        return
    for frame in _library_part(frames):
        match frame.f_code.co_qualname:
            case "_wait":
                yield from _live(frame.f_locals.get("fs", ()))
            case "wait_for":
                yield from _live([frame.f_locals.get("fut")])
            case "TaskGroup.__aexit__":
                group = frame.f_locals.get("self")
                yield from _live(getattr(group, "_tasks", ()))
    if not frames or frames[-1].f_globals.get("__name__") != "asyncio.tasks":
        # `shield` keeps its task in a callback only.
        yield from _live(_held_by_callbacks(future))


def _live(found: object) -> Iterator[asyncio.Task[Any]]:
    for each in found if isinstance(found, Iterable) else ():
        if isinstance(each, asyncio.Task) and not each.done():
            yield each


def _held_by_callbacks(future: Any) -> Iterator[object]:
    for callback, _ in getattr(future, "_callbacks", None) or ():
        for cell in getattr(callback, "__closure__", None) or ():
            if "shield" in getattr(callback, "__qualname__", ""):
                yield cell.cell_contents


def _is_of_thread(future: Any) -> bool:
    callbacks = getattr(future, "_callbacks", None) or ()
    return any(
        getattr(callback, "__qualname__", "").startswith("_chain_future.")
        for callback, _ in callbacks
    )
