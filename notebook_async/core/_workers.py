"""The two workers of a run: one does nothing but the items, the other all the rest.

Both end by returning; the engine notices. They differ only in what an item costs.
"""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.core._slot import BETWEEN, Slot
from notebook_async.core._source import END

if TYPE_CHECKING:
    from notebook_async.core._engine import Engine
    from notebook_async.core.records import Phase

__all__ = ["work", "work_observed"]


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
        except BaseException as error:  # noqa: BLE001 - the engine decides what it means
            outcome = engine.item_failed(slot, index, item, error)
            if outcome is None:
                return
            results[index] = outcome
        pacer.left -= 1
        try:
            unclean = slot.cancelling or copy_context() != clean
        except Exception:  # noqa: BLE001 - arrays, for one, refuse to be compared
            unclean = True
        if unclean:
            engine.replace(slot)
            return
        if pacer.left <= 0 and await engine.checkpoint(slot):
            return
    slot.index = BETWEEN


async def work_observed(engine: Engine, slot: Slot) -> None:
    """Run items from any kind of source, stream their results, tell the hooks."""
    pacer = engine.pacer
    clean = copy_context()
    if await engine.checkpoint(slot):
        return
    pull = _pull_alone if engine.source.items is None else _pull
    while (item := await pull(engine, slot)) is not END:
        if not await _run_item(engine, slot, item):
            return
        pacer.left -= 1
        try:
            unclean = slot.cancelling or copy_context() != clean
        except Exception:  # noqa: BLE001 - arrays, for one, refuse to be compared
            unclean = True
        if unclean:
            engine.replace(slot)
            return
        if pacer.left <= 0 and await engine.checkpoint(slot):
            return


async def _pull(engine: Engine, slot: Slot) -> Any:  # noqa: ANN401 - items are anything
    """Take the next item once it may start, or `END` where the worker must leave."""
    window, source = engine.window, engine.source
    while engine.paused or (window is not None and window.open >= window.size):
        await engine.wait_for_resume()
        if window is not None:
            await window.wait_for_room()
    if engine.must_leave(slot):
        item = END
    elif source.items is not None:
        item = next(source.items, END)
    else:
        item = await source.pull()
    if item is END:
        if window is not None:
            window.pass_on()
        return END
    if engine.stopping or engine.paused:
        # It came about while the source took its time, or by the source itself.
        try:
            await engine.wait_for_resume()
        except BaseException:
            source.discard(item)
            raise
        if engine.stopping:
            source.discard(item)
            return END
    engine.begin(slot)
    return item


async def _pull_alone(engine: Engine, slot: Slot) -> Any:  # noqa: ANN401 - as `_pull`
    """Take the next item as `_pull` does, one worker at a time.

    An async generator refuses to be advanced twice at once, and whoever looks for room
    next must see what was taken before.
    """
    async with engine.lock:
        return await _pull(engine, slot)


async def _run_item(engine: Engine, slot: Slot, item: object) -> bool:
    """Run one item and say what came of it; tell whether the worker may go on."""
    index = slot.index
    if engine.recorded:
        engine.publish_item(index, "running")
    try:
        value = await engine.source.func(item)
    except BaseException as error:  # noqa: BLE001 - the engine decides what it means
        value = engine.item_failed(slot, index, item, error)
        failure = engine.errors.get(index)
        if engine.recorded:
            phase: Phase = "cancelled" if failure is None else "failed"
            engine.publish_item(index, phase, failure)
        if value is None:
            return False
    else:
        if engine.recorded:
            engine.publish_item(index, "done")
    slot.index = BETWEEN
    engine.keep(index, value)
    return True
