"""Workflows in a real kernel: in jobs, interrupted, and defined anew by their cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LOADED = """\
import asyncio
from notebook_async import jobs
from notebook_async.workflow import (
    Context, Event, HumanResponseEvent, InputRequiredEvent, StartEvent, StopEvent,
    Workflow, step,
)
%load_ext notebook_async
"""

TALK = """\
class Talk(Workflow):
    @step
    async def begin(self, ctx: Context, ev: StartEvent) -> StopEvent:
        print("step of", ev.name)
        await asyncio.to_thread(print, "thread of", ev.name)
        await asyncio.sleep(0.05)
        return StopEvent(result=ev.name)
"""

SLOW = """\
cleaned = []
class Slow(Workflow):
    @step
    async def wait(self, ev: StartEvent) -> StopEvent:
        try:
            print("on")
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(True)
        return StopEvent()
handler = Slow(timeout=None).run()
await handler
"""


@pytest.fixture
async def kernel(tmp_path: Path) -> AsyncIterator[Kernel]:
    """Give a kernel with the extension."""
    async with Kernel(tmp_path) as running:
        await running.run(LOADED)
        yield running


async def text_of(kernel: Kernel, code: str) -> str:
    """Run a cell and return what it printed or showed as text."""
    return kernel.text(await kernel.run(code)).strip()


async def test_steps_print_into_their_job(kernel: Kernel) -> None:
    """What a step prints, also from a thread, goes to the job that started the run."""
    await kernel.run(TALK)
    for name in ("ada", "bob"):
        await kernel.run(f"%%arun -n {name}\nawait Talk().run(name='{name}')")
    await kernel.run("%jobs wait ada\n%jobs wait bob")
    for name in ("ada", "bob"):
        shown = await text_of(kernel, f"print(jobs['{name}'].output.text)")
        assert f"step of {name}\nthread of {name}\n" in shown
        assert shown.count(" of ") == 2


async def test_interrupt_cancels_the_run_in_its_cell(kernel: Kernel) -> None:
    """An interrupt of a cell that awaits a run cancels it, with its cleanup."""
    cell = kernel.execute(SLOW, stop_on_error=False)
    await kernel.output("on")
    await kernel.interrupt()
    await kernel.idle(cell)
    shown = await text_of(kernel, "print(cleaned, handler)")
    assert shown.startswith("[True] WorkflowHandler(")
    assert await text_of(kernel, "print(handler.cancelled())") == "True"


async def test_question_is_answered_from_another_cell(kernel: Kernel) -> None:
    """A run of an earlier cell goes on while others run, and takes their answer."""
    await kernel.run(
        "class Ask(Workflow):\n"
        "    @step\n"
        "    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:\n"
        "        question = InputRequiredEvent(prefix='Your name?')\n"
        "        answer = await ctx.wait_for_event(HumanResponseEvent, question)\n"
        "        return StopEvent(result=f'Hello {answer.response}')\n"
        "handler = Ask().run()"
    )
    await kernel.run("handler.ctx.send_event(HumanResponseEvent(response='Ada'))")
    assert await text_of(kernel, "print(await handler)") == "Hello Ada"


async def test_cell_of_a_free_step_replaces_it(kernel: Kernel) -> None:
    """Running the cell of a free step again changes runs to come, not older ones."""
    await kernel.run("gate = asyncio.Event()\nclass Greet(Workflow):\n    pass")
    cell = (
        "@step(workflow=Greet)\n"
        "async def greet(ev: StartEvent) -> StopEvent:\n"
        "    await gate.wait()\n"
        "    return StopEvent(result={!r})"
    )
    await kernel.run(cell.format("one"))
    await kernel.run("greet_once = Greet()\nfirst = greet_once.run()")
    await kernel.run(cell.format("two"))
    await kernel.run("second = greet_once.run()\ngate.set()")
    assert await text_of(kernel, "print(await first, await second)") == "one two"


async def test_class_of_a_cell_is_restored_by_name(kernel: Kernel) -> None:
    """A snapshot finds events of a cell again, in a kernel that has run that cell."""
    cell = (
        "class Page(Event):\n"
        "    words: set\n"
        "class Read(Workflow):\n"
        "    @step\n"
        "    async def begin(self, ev: StartEvent) -> Page:\n"
        "        return Page(words={'a', 'b'})\n"
        "    @step\n"
        "    async def count(self, ev: Page) -> StopEvent:\n"
        "        return StopEvent(result=len(ev.words))"
    )
    await kernel.run(cell)
    await kernel.run(
        "import json\n"
        "handler = Read().run(stepwise=True)\n"
        "await handler.step()\n"
        "data = json.dumps(handler.ctx.to_dict())"
    )
    resume = "print(await Read().run(ctx=Context.from_dict(Read(), json.loads(data))))"
    assert await text_of(kernel, resume) == "2"
    await kernel.run(cell)
    assert await text_of(kernel, resume) == "2"
