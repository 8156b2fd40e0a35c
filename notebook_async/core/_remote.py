"""Run the items of a run somewhere else: one by one, or in chunks."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Any, cast

from notebook_async.core._scope import item_id
from notebook_async.core._slot import BETWEEN, Slot
from notebook_async.core._source import END
from notebook_async.core._spans import PlacedItem
from notebook_async.core._workers import must_leave, puller

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.core._engine import Engine
    from notebook_async.core._executors import ChunkExecutor
    from notebook_async.core.records import Phase

__all__ = ["one_by_one", "work_chunks"]


def one_by_one(
    executor: ChunkExecutor, func: Callable[[Any], Any]
) -> Callable[[Any], Awaitable[Any]]:
    """Return a function that has one item run by the executor."""

    async def run(item: Any) -> Any:  # noqa: ANN401 - items are anything
        placed = PlacedItem.here(item)
        (outcome,) = await executor.run_chunk(func, [placed], stop_at_error=True)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    return run


async def work_chunks(engine: Engine, slot: Slot) -> None:
    """Take items by the chunk, as many as there is room for, and have them run."""
    clean = copy_context()
    try:
        if await must_leave(engine, slot, clean):
            return
        while chunk := await _pull_chunk(engine, slot):
            if not await _run_chunk(engine, slot, chunk) or slot not in engine.slots:
                return
            if engine.pacer.left <= 0 and await must_leave(engine, slot, clean):
                return
    finally:
        del engine


async def _pull_chunk(engine: Engine, slot: Slot) -> list[tuple[int, Any]]:
    pull, window = puller(engine), engine.window
    chunk: list[tuple[int, Any]] = []
    slot.chunk = chunk
    try:
        while len(chunk) < engine.chunk:
            if chunk and window is not None and window.open >= window.size:
                break
            item = await pull(engine, slot)
            if item is END:
                break
            chunk.append((slot.index, item))
            slot.more = len(chunk) - 1
        return chunk
    finally:
        del engine


async def _run_chunk(engine: Engine, slot: Slot, chunk: list[tuple[int, Any]]) -> bool:
    """Have a chunk run and say what came of it; tell whether the worker may go on."""
    executor = cast("ChunkExecutor", engine.executor)
    teller, value = engine.teller, None
    stop_at_error = engine.options.on_error == "raise"
    try:
        for index, item in chunk:
            teller.item_began(index, item)
        try:
            items = [item for _, item in chunk]
            if teller.tells_spans:
                items = [
                    PlacedItem(item, (*engine.scope.path, item_id(index)))
                    for index, item in chunk
                ]
            outcomes = await executor.run_chunk(
                engine.source.func, items, stop_at_error=stop_at_error
            )
        except BaseException as error:
            if engine.item_failed(slot, *chunk[0], error) is None:
                return False
            raise
        slot.more, slot.chunk = 0, ()
        for at, ((index, item), outcome) in enumerate(
            zip(chunk, outcomes, strict=False)
        ):
            value = outcome.value
            if outcome.error is not None:
                value = engine.item_failed(slot, index, item, outcome.error)
            phase: Phase = "done" if outcome.error is None else "failed"
            teller.item_ended(index, phase, item, outcome.error)
            if outcome.error is not None and value is None:
                slot.chunk = chunk[at + 1 :]
                return False
            engine.keep(index, value)
            engine.pacer.left -= 1
        slot.index = BETWEEN
        return True
    finally:
        del engine, executor, value
