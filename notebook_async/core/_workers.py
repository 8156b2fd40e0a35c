"""The two workers of a run: one that does nothing but the items, one that does the rest.

Both end by returning; the engine notices. They differ only in what an item costs.
"""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.core._slot import BETWEEN, Slot

if TYPE_CHECKING:
    from notebook_async.core._engine import Engine

__all__ = ["work", "work_observed"]

_END = object()


async def work(engine: Engine, slot: Slot) -> None:
    """Run items as close to `for item in items: await func(item)` as it gets."""
    func, results, pacer = engine.source.func, engine.results, engine.pacer
    clean = copy_context()
    if await engine.checkpoint(slot):
        return
    for item in engine.source.items or ():
        slot.index = index = len(results)
        results.append(None)
        try:
            results[index] = await func(item)
        except BaseException as error:  # noqa: BLE001
            outcome = engine.item_failed(slot, index, item, error)
            if outcome is None:
                return
            results[index] = outcome
        pacer.left -= 1
        if slot.cancelling or copy_context() != clean:
            engine.replace(slot)
            return
        if pacer.left <= 0 and await engine.checkpoint(slot):
            return


async def work_observed(engine: Engine, slot: Slot) -> None:
    """Run items from any kind of source, stream their results, tell the hooks."""
    pacer = engine.pacer
    clean = copy_context()
    if await engine.checkpoint(slot):
        return
    while True:
        await engine.wait_for_room()
        item = await _next_item(engine, slot)
        if item is _END:
            return
        if engine.paused:
            await engine.wait_for_resume()
        index = slot.index
        engine.publish_item(slot, "running")
        try:
            value = await engine.source.func(item)
        except BaseException as error:  # noqa: BLE001
            value = engine.item_failed(slot, index, item, error)
            engine.publish_item(slot, "failed", repr(error))
            if value is None:
                return
        else:
            engine.publish_item(slot, "done")
        slot.index = BETWEEN
        if engine.options.keep_results:
            engine.results[index] = value
        if engine.options.window is not None:
            engine.deliver(index, value)
        pacer.left -= 1
        if slot.cancelling or copy_context() != clean:
            engine.replace(slot)
            return
        if pacer.left <= 0 and await engine.checkpoint(slot):
            return


async def _next_item(engine: Engine, slot: Slot) -> Any:
    """Take the next item of the source and put the worker at it, or return `_END`."""
    source = engine.source
    if source.items is not None:
        item = next(source.items, _END)
    elif source.async_items is not None:
        # Async generators refuse to be advanced twice at a time.
        async with engine.lock:
            item = await anext(source.async_items, _END)
    if item is not _END:
        slot.index = engine.started
        engine.started += 1
        if engine.options.keep_results:
            engine.results.append(None)
    return item
