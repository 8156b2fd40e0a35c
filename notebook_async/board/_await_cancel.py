"""What cancels the line of an await tree, named so that a panel can ask for it.

It refers weakly to what it cancels: a tree that is kept is to keep nothing alive.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary, ref

from notebook_async.kernel import step_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from notebook_async.kernel import Waiting

    Canceller: TypeAlias = tuple[str | None, Callable[[], bool]]

__all__ = ["canceller", "task_canceller"]

_WORKERS = "notebook_async.core._workers"

_numbers: WeakKeyDictionary[asyncio.Task[Any], int] = WeakKeyDictionary()
"""Names for tasks that hold for as long as they live."""
_counter = count(1)


def canceller(task: asyncio.Task[Any], waiting: Waiting) -> Canceller:
    """Return the key of a task, and what cancels it.

    Of a worker that is the item which it is at. Between two items it is nothing, and so
    for the worker of a workflow's step: with it the run would lose a worker.
    """
    for frame in waiting.frames:
        if frame.f_globals.get("__name__") == _WORKERS:
            slot, engine = (frame.f_locals.get(name) for name in ("slot", "engine"))
            if slot is not None and engine is not None:
                at_item = slot.index >= 0
                return _of_item(task, engine, slot.index) if at_item else (None, bool)
        if step_of(frame) is not None:
            return None, bool
    return task_canceller(task)


def task_canceller(task: asyncio.Task[Any]) -> Canceller:
    """Return the key of a task, and what cancels just that."""
    known = ref(task)

    def cancel() -> bool:
        task = known()
        return task is not None and task.cancel()

    return str(_number(task)), cancel


def _of_item(task: asyncio.Task[Any], engine: Any, index: int) -> Canceller:  # noqa: ANN401
    known = ref(engine)

    def cancel() -> bool:
        engine = known()
        return engine is not None and bool(engine.cancel_item(index))

    return f"{_number(task)}.{index}", cancel


def _number(task: asyncio.Task[Any]) -> int:
    if task not in _numbers:
        _numbers[task] = next(_counter)
    return _numbers[task]
