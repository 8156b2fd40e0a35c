"""The two workers of a run: one does nothing but the items, the other all the rest.

Both end by returning; the engine notices. They differ only in what an item costs.

From Python 3.12 on a traceback leads, by `f_back`, to the frames that called its own.
So each function here drops what refers to errors at its end, or they would keep it all.
"""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.core._scope import ItemScope, current_scope
from notebook_async.core._slot import BETWEEN, Slot
from notebook_async.core._source import END, WAIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextvars import Context

    from notebook_async.core._engine import Engine
    from notebook_async.core.records import Phase

__all__ = ["must_leave", "puller", "work", "work_observed"]


async def work(  # noqa: C901 - a call would cost as much as a small item
    engine: Engine, slot: Slot
) -> None:
    """Run items as close to `for item in items: await func(item)` as it gets."""
    func, results, pacer = engine.func, engine.results, engine.pacer
    attempts, clean = engine.attempts, copy_context()
    try:
        if not engine.may_go_on() and await must_leave(engine, slot, clean):
            return
        for item in engine.source.items or ():
            slot.index = index = len(results)
            results.append(None)
            if attempts is not None:
                attempts.begin(slot)
            try:
                results[index] = await func(item)
            except BaseException as error:  # noqa: BLE001 - the engine decides
                if attempts is not None:
                    error = attempts.judge(slot, error)
                results[index] = engine.item_failed(slot, index, item, error)
                if results[index] is None:
                    return
            pacer.left -= 1
            try:
                unclean = slot.cancelling or slot.expired or copy_context() != clean
            except Exception:  # noqa: BLE001 - arrays, for one, refuse to be compared
                unclean = True
            if unclean:
                if attempts is not None:
                    attempts.end(slot)
                engine.replace(slot)
                return
            if (
                pacer.left <= 0
                and not engine.may_go_on()
                and await must_leave(engine, slot, clean)
            ):
                return
        slot.index = BETWEEN
        await _run_again(engine, slot, clean)
    finally:
        del engine, results, attempts


async def work_observed(engine: Engine, slot: Slot) -> None:
    """Run items from any kind of source, with policies, streamed, told to hooks."""
    pacer = engine.pacer
    clean = copy_context()
    try:
        if not engine.may_go_on() and await must_leave(engine, slot, clean):
            return
        pull = puller(engine)
        while True:
            item = engine.take(slot)
            if item is WAIT:
                item = await pull(engine, slot)
            if item is END:
                break
            if not await _run_item(engine, slot, item, clean):
                return
            if (
                pacer.left <= 0
                and not engine.may_go_on()
                and await must_leave(engine, slot, clean)
            ):
                return
        await _run_again(engine, slot, clean)
    finally:
        del engine


async def must_leave(engine: Engine, slot: Slot, clean: Context) -> bool:
    """Take the slow path between two items; tell whether this worker must stop.

    Failed items that are to run again run here.
    """
    try:
        while not await engine.checkpoint(slot):
            again = engine.again.next(slot)
            if again is None:
                return False
            if not await _run_item(engine, slot, again[0], clean):
                return True
        return True
    finally:
        del engine


async def _run_again(engine: Engine, slot: Slot, clean: Context) -> None:
    """Run failed items again before leaving, where the source has no more."""
    try:
        if engine.again.due and slot in engine.slots:
            await must_leave(engine, slot, clean)
    finally:
        del engine


def puller(engine: Engine) -> Callable[[Engine, Slot], Awaitable[Any]]:
    """Return how workers of this run take their next item."""
    return _pull_alone if engine.source.items is None else _pull


async def _pull(engine: Engine, slot: Slot) -> Any:  # noqa: ANN401 - items are anything
    """Take the next item once it may start, or `END` where the worker must leave."""
    window, source = engine.window, engine.source
    try:
        item, slot.held = slot.held, END
        if item is END:
            await _wait_for_leave(engine)
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
    finally:
        del engine


async def _wait_for_leave(engine: Engine) -> None:
    """Wait until an item may start: the run is not paused, and its window has room."""
    window = engine.window
    try:
        while engine.paused or (window is not None and window.open >= window.size):
            await engine.wait_for_resume()
            if window is not None:
                await window.wait_for_room()
    finally:
        del engine


async def _pull_alone(engine: Engine, slot: Slot) -> Any:  # noqa: ANN401 - as `_pull`
    """Take the next item as `_pull` does, one worker at a time.

    An async generator refuses to be advanced twice at once, and whoever looks for room
    next must see what was taken before.
    """
    try:
        async with engine.lock:
            return await _pull(engine, slot)
    finally:
        del engine


async def _run_item(  # noqa: C901 - as `work`
    engine: Engine, slot: Slot, item: object, clean: Context
) -> bool:
    """Run one item and say what came of it; tell whether the worker may go on."""
    index, value, failure, token = slot.index, None, None, None
    attempts, teller = engine.attempts, engine.teller
    try:
        if teller.tells_items:
            teller.item_began(index, item)
        if teller.tells_spans:
            token = current_scope.set(ItemScope(engine.scope, index))
        try:
            if attempts is None:
                value = await engine.func(item)
            else:
                value = await attempts.run(slot, engine.func, item)
        except BaseException as error:  # noqa: BLE001 - the engine decides
            value = engine.item_failed(slot, index, item, error)
            failure = engine.errors.get(index)
            phase: Phase = "cancelled" if failure is None else "failed"
            teller.item_ended(index, phase, item, failure)
            if value is None:
                return False
        else:
            if teller.tells_items:
                teller.item_ended(index, "done", item)
        if token is not None:
            current_scope.reset(token)
        slot.index = BETWEEN
        engine.keep(index, value)
        engine.pacer.left -= 1
        try:
            unclean = slot.cancelling or copy_context() != clean
        except Exception:  # noqa: BLE001 - arrays, for one, refuse to be compared
            unclean = True
        if unclean:
            engine.replace(slot)
        return not unclean
    finally:
        del engine, attempts, value, failure
