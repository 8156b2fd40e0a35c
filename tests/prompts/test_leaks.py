"""Nothing is left of questions that are closed."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import AbstractAsyncContextManager, nullcontext

import pytest

from notebook_async import approve, ask, choose
from notebook_async.prompts import (
    Prompt,
    TerminalPresenter,
    answers,
    pending,
    set_presenter,
)


class Value:
    """An option that can be watched."""


@pytest.mark.usefixtures("held")
async def test_nothing_is_left_after_a_thousand() -> None:
    """A thousand questions, in each of their ends, leave a bounded history only."""
    loop = asyncio.get_running_loop()
    prompts: list[weakref.ref[Prompt]] = []

    async def one(number: int) -> None:
        task = asyncio.create_task(ask("How many?", int, timeout=10, default=0))
        await asyncio.sleep(0)
        prompt = next(one for one in pending if one.id not in known)
        known.add(prompt.id)
        prompts.append(weakref.ref(prompt))
        if number % 4 == 0:
            prompt.answer(number)
        elif number % 4 == 1:
            prompt.cancel()
        elif number % 4 == 2:
            task.cancel()
        del prompt
        await asyncio.wait([task])
        task.cancelled() or task.exception()

    known: set[str] = set()
    for start in range(0, 1000, 100):
        await asyncio.gather(*(one(n) for n in range(start, start + 100)))
    assert len(prompts) == 1000
    assert (len(pending), len(pending.history)) == (0, 100)
    assert len(asyncio.all_tasks()) == 1
    gc.collect()
    assert [ref for ref in prompts if ref() is not None] == []
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []  # type: ignore[attr-defined]


@pytest.mark.usefixtures("held")
async def test_answer_is_freed_without_the_cycle_collector() -> None:
    """An answer is freed as soon as whoever asked drops it, without a collection."""
    gc.collect()
    gc.disable()
    try:
        task = asyncio.create_task(choose("?", [Value()]))
        await asyncio.sleep(0)
        pending[0].answer(pending[0].question.form.root.options[0])
        ref = weakref.ref(await task)
        del task
        await asyncio.sleep(0)
        assert ref() is None
    finally:
        gc.enable()


async def test_seeded_and_declined_questions_leave_nothing() -> None:
    """Questions without a person, or on a terminal, leave no task and no entry."""

    class Nobody:
        def dialogue(self, _: object) -> AbstractAsyncContextManager[object]:
            return nullcontext()

        def write(self, text: str) -> None:
            pass

        async def line(self, *, secret: bool = False) -> str | None:  # noqa: ARG002
            return None

        def release(self) -> None:
            pass

    with answers({"?": [True] * 100}):
        for _ in range(100):
            await approve("?")
    set_presenter(TerminalPresenter(Nobody()))
    for _ in range(100):
        with pytest.raises(RuntimeError):
            await ask("Name?")
    await asyncio.sleep(0)
    assert len(pending) == 0
    assert len(asyncio.all_tasks()) == 1
