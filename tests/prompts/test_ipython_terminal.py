"""Questions in IPython on a real terminal, beside its own prompt."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, Self

import pytest

# IPython itself needs it, except on Windows, which has no pseudo-terminals.
pexpect = pytest.importorskip("pexpect")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-B]|[=>])|[\x07\x0f\r]")


class Terminal:
    """IPython on the other end of a pseudo-terminal."""

    def __init__(self, home: Path) -> None:
        self._variables = {
            **os.environ,
            "IPYTHONDIR": str(home),
            "TERM": "xterm",
            "PROMPT_TOOLKIT_NO_CPR": "1",
        }
        self._cell = 1

    def __enter__(self) -> Self:
        self._process: Any = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", "--colors=nocolor", "--no-banner", "--no-confirm-exit"],
            env=self._variables,
            encoding="utf-8",
            dimensions=(60, 160),
            timeout=20,
        )
        self._process.expect_exact("In [1]:")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close(force=True)

    def enter(self, cell: str) -> None:
        """Paste a cell and enter it."""
        mark = "# the end"
        self._process.send(f"\x1b[200~{cell}\n{mark}\x1b[201~")
        self._process.expect_exact(mark)
        self._process.send("\x1b\r")
        # The prompt turns pasting off once the cell is entered.
        self._process.expect_exact("\x1b[?2004l")

    def wait_for(self, text: str) -> None:
        """Wait until this is shown."""
        self._process.expect_exact(text)

    def type(self, line: str) -> None:
        """Type a line."""
        self._process.sendline(line)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.sendintr()

    def prompt(self) -> list[str]:
        """Wait for the next prompt; return the lines above it that are not blank."""
        self._cell += 1
        self._process.expect_exact(f"In [{self._cell}]:")
        text = CONTROL.sub("", self._process.before)
        return [line.rstrip() for line in text.split("\n") if line.strip()]

    def run(self, cell: str) -> list[str]:
        """Run a cell, and return the lines below it that are not blank."""
        self.enter(cell)
        return self.prompt()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Give a session with the extension, and a job that counts."""
    with Terminal(tmp_path) as terminal:
        begin = (
            "import asyncio\n%load_ext notebook_async\n"
            "from notebook_async import ask, choose\n"
            "from notebook_async.prompts import pending\n"
            "async def tick():\n"
            "    for n in range(10**9):\n"
            "        counted[0] = n\n"
            "        if n == 5:\n"
            "            print('<five>')\n"
            "        await asyncio.sleep(0.02)\n"
            "counted = [0]"
        )
        assert terminal.run(begin) == []
        yield terminal


def test_cell_asks_while_the_loop_goes_on(terminal: Terminal) -> None:
    """A cell asks on the terminal, and tasks beside it go on."""
    terminal.enter("t = asyncio.create_task(tick())\nawait ask('How many?', int)")
    terminal.wait_for("How many?: ")
    terminal.wait_for("<five>")
    terminal.type("x")
    terminal.wait_for("must be a whole number")
    terminal.wait_for("How many?: ")
    terminal.type("3")
    assert terminal.prompt()[-1] == "Out[2]: 3"
    assert terminal.run("t.cancel(), len(pending)") == ["Out[3]: (True, 0)"]


def test_job_asks_while_it_is_awaited(terminal: Terminal) -> None:
    """A job that a cell waits for asks on the terminal; Ctrl-C cancels both."""
    terminal.enter("%%arun -w -n asks\nprint('got', await ask('Name?'))")
    terminal.wait_for("Name?: ")
    terminal.type("Ada")
    assert "got Ada" in terminal.prompt()
    terminal.enter("%%arun -w -n asks\nawait ask('Name?')")
    terminal.wait_for("Name?: ")
    terminal.interrupt()
    assert any("cancelled  asks" in line for line in terminal.prompt())
    assert terminal.run("len(pending), pending.history[-1].end") == [
        "Out[4]: (0, 'cancelled')"
    ]


def test_control_c_cancels_a_cell(terminal: Terminal) -> None:
    """Ctrl-C cancels the question of a cell, and the next cell can ask again."""
    terminal.enter("await ask('Name?', secret=True)")
    terminal.wait_for("Name?: ")
    terminal.interrupt()
    terminal.prompt()
    terminal.enter("await ask('And yours?')")
    terminal.wait_for("And yours?: ")
    terminal.type("Bob")
    assert terminal.prompt()[-1] == "Out[3]: 'Bob'"
    assert terminal.run("len(pending)") == ["Out[4]: 0"]


def test_background_job_asks_above_the_prompt(terminal: Terminal) -> None:
    """With `%gui asyncio` a background job asks in the place of the prompt."""
    terminal.run("%gui asyncio")
    terminal.enter("%%arun -n asks\nprint('got', await ask('Name?'))")
    terminal.wait_for("Name?: ")
    terminal.type("Ada")
    terminal.wait_for("got Ada")
    terminal.wait_for("In [4]:")
    terminal.enter("print('open', len(pending))")
    terminal.wait_for("open 0")


def test_question_outlives_its_cell(terminal: Terminal) -> None:
    """A question that is open when IPython's prompt opens keeps the terminal."""
    terminal.run("%gui asyncio")
    terminal.enter("t = asyncio.create_task(ask('Name?'))\nawait asyncio.sleep(0.5)")
    terminal.wait_for("Name?: ")
    terminal.wait_for("In [4]:")
    terminal.wait_for("Name?: ")
    terminal.type("Ada")
    terminal.wait_for("In [4]:")
    terminal.enter("print('got', await t, len(pending))")
    terminal.wait_for("got Ada 0")


FLOW = """\
from notebook_async.workflow import *
class One(Workflow):
    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
        question = Question(prefix="Number?", answer_type="integer")
        answer = await ctx.wait_for_event(HumanResponseEvent, question)
        return StopEvent(result=answer.response)
"""


def test_workflow_asks_on_the_terminal(terminal: Terminal) -> None:
    """A run that is awaited asks on the terminal; Ctrl-C cancels cell and run."""
    terminal.run(FLOW)
    terminal.enter("await One().run()")
    terminal.wait_for("Number?: ")
    terminal.type("3")
    assert terminal.prompt()[-1] == "Out[3]: 3"
    terminal.enter("h = One().run()\nawait h")
    terminal.wait_for("Number?: ")
    terminal.interrupt()
    terminal.prompt()
    # What Ctrl-C leaves behind ends as soon as the loop runs again.
    after = terminal.run("await asyncio.sleep(0.1)\nh.cancelled(), len(pending)")
    assert after[-1] == "Out[5]: (True, 0)"
