"""The questions of workflows in a real kernel: interrupted, watched, restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LOADED = """\
%load_ext notebook_async
from notebook_async import jobs, watch
from notebook_async.prompts import HeldPresenter, pending, set_presenter
from notebook_async.workflow import (
    Context, HumanResponseEvent, Question, StartEvent, StopEvent, Workflow,
    WorkflowCheckpointer, step,
)
set_presenter(HeldPresenter())
# Says what is asked, wherever the cell stands.
asked = pending.on_change(
    lambda change, prompt: say(f"<{change} {prompt.question.text}>")
)
from IPython import get_ipython
def say(text):
    get_ipython().kernel.log.warning(text)
    stream.append(text)
stream = []

class Two(Workflow):
    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
        found = []
        for text in ("First?", "Second?"):
            question = Question(prefix=text, answer_type="integer")
            answer = await ctx.wait_for_event(HumanResponseEvent, question)
            found.append(answer.response)
        return StopEvent(result=found)
"""

UNTIL = """\
import asyncio
while not any("<asked {0}>" == text for text in stream):
    await asyncio.sleep(0.01)
"""


@pytest.fixture
async def kernel(tmp_path: Path) -> AsyncIterator[Kernel]:
    """Give a kernel with the extension, in which questions are held open."""
    async with Kernel(tmp_path / "home") as running:
        await running.run(LOADED)
        yield running


@pytest.fixture(autouse=True)
def _home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()


async def text_of(kernel: Kernel, code: str) -> str:
    """Run a cell and return what it printed or showed as text."""
    return kernel.text(await kernel.run(code)).strip()


async def test_interrupt_cancels_the_question_of_its_cell(kernel: Kernel) -> None:
    """An interrupt ends the cell, its run and its question; a job's stays open."""
    await kernel.run("%%arun -n other --quiet\nawait Two().run()")
    await kernel.run(UNTIL.format("First?"))
    cell = kernel.execute(
        "stream.clear()\nhandler = Two().run()\n"
        "pending.on_change(lambda *what: print('<asked>'))\nawait handler",
        stop_on_error=False,
    )
    await kernel.output("<asked>")
    await kernel.interrupt()
    assert (await kernel.reply(cell)).content["status"] == "error"
    shown = await text_of(
        kernel, "len(pending), handler.done(), pending[0].question.job"
    )
    assert shown == "(1, True, 'job-1')"
    await kernel.run("pending[0].answer(1)\n" + UNTIL.format("Second?"))
    await kernel.run("pending[0].answer(2)")
    assert await text_of(kernel, "await jobs['other']") == "[1, 2]"


async def test_watched_run_asks(kernel: Kernel) -> None:
    """A run that is watched asks, though no cell awaits it."""
    await kernel.run("watched = watch(Two().run())")
    await kernel.run(UNTIL.format("First?"))
    await kernel.run("pending[0].answer(1)\n" + UNTIL.format("Second?"))
    await kernel.run("pending[0].answer(2)")
    assert (await text_of(kernel, "await watched")).startswith("[1, 2]")


async def test_restart_of_the_kernel(tmp_path: Path) -> None:
    """After the kernel was killed the open question is asked again, and that alone."""
    store = (
        f"keeper = WorkflowCheckpointer(Two(), storage={str(tmp_path / 'r.sqlite')!r})"
    )
    async with Kernel(tmp_path / "home") as first:
        await first.run(f"{LOADED}\n{store}")
        await first.run("%%arun --quiet\nawait keeper.run(run_id='mine')")
        await first.run(UNTIL.format("First?"))
        await first.run("pending[0].answer(1)\n" + UNTIL.format("Second?"))
        kept = (
            "while len(await keeper.list('mine')) < 2:\n    await asyncio.sleep(0.01)"
        )
        await first.run(kept)
    (tmp_path / "again").mkdir()
    async with Kernel(tmp_path / "again") as second:
        await second.run(f"{LOADED}\n{store}")
        await second.run("handler = await keeper.resume('mine')")
        await second.run("%%arun -n again --quiet\nawait handler")
        await second.run(UNTIL.format("Second?"))
        assert await text_of(second, "stream") == "['<asked Second?>']"
        await second.run("pending[0].answer(2)")
        assert await text_of(second, "await jobs['again']") == "[1, 2]"
