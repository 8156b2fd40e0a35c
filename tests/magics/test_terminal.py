"""IPython in a real terminal: `%%arun` and `%jobs` with text."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Self

import pytest

# IPython itself needs it, except on Windows, which has no pseudo-terminals.
pexpect = pytest.importorskip("pexpect")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-B]|[=>])|[\x07\x0f\r]")


ADVICE = (
    "background jobs stand still at the prompt: `%gui asyncio` lets them go on,"
    " `%%arun --wait` awaits one"
)


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
        self._process = pexpect.spawn(
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

    def wait_for(self, text: str) -> None:
        """Wait until this is shown."""
        self._process.expect_exact(text)

    def run(self, cell: str, *, interrupt_at: str = "") -> list[str]:
        """Run a cell, and return the lines below it that are not blank."""
        self.enter(cell)
        text = ""
        if interrupt_at:
            self._process.expect_exact(interrupt_at)
            text += self._process.before + self._process.after
            self._process.sendintr()
        self._cell += 1
        self._process.expect_exact(f"In [{self._cell}]:")
        text += self._process.before
        lines = [line.rstrip() for line in CONTROL.sub("", text).split("\n")]
        return [line for line in lines if line]

    def enter(self, cell: str) -> None:
        """Paste a cell and enter it."""
        mark = "# the end"
        self._process.send(f"\x1b[200~{cell}\n{mark}\x1b[201~")
        self._process.expect_exact(mark)
        self._process.send("\x1b\r")
        # The prompt turns pasting off once the cell is entered.
        self._process.expect_exact("\x1b[?2004l")

    def leave(self) -> tuple[str, int]:
        """Leave IPython; return what it says last, and its status."""
        self.enter("exit()")
        self._process.expect(pexpect.EOF)
        text = CONTROL.sub("", self._process.before)
        self._process.close()
        return text, self._process.exitstatus


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Give a session with the extension."""
    with Terminal(tmp_path) as terminal:
        assert terminal.run("import asyncio") == []
        assert terminal.run("%load_ext notebook_async") == []
        yield terminal


def test_wait_prints_and_answers(terminal: Terminal) -> None:
    """`%%arun -w` prints as it goes, tells its end and gives its value."""
    cell = "%%arun -w -n six\nprint('said')\nawait asyncio.sleep(0.1, 6)"
    assert terminal.run(cell) == [
        "said",
        "✓ done  six  #1 · cell [3] · 0:00",
        "Out[3]: 6",
    ]
    assert terminal.run("_ + 1") == ["Out[4]: 7"]
    assert terminal.run("%jobs") == [
        "   job  name  state  time  progress",
        "✓  #1   six   done   0:00",
    ]


def test_failure_shows_the_users_frames(terminal: Terminal) -> None:
    """A failing job shows the traceback of its cell once, with the right line."""
    lines = terminal.run("%%arun -w -n bad\n\nx = 0\n1 / x")
    text = "\n".join(lines)
    assert lines[:2] == [
        "✕ failed  bad  #1 · cell [3] · 0:00",
        "  ✕ ZeroDivisionError: division by zero",
    ]
    assert "Cell In[3], line 4" in text
    assert text.count("----> 4 1 / x") == 1
    assert "notebook_async" not in text
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_control_c_cancels_the_job(terminal: Terminal) -> None:
    """Ctrl-C cancels the job that the cell waits for, whose cleanup is awaited."""
    cell = (
        "%%arun -w -n long\ntry:\n    print('on')\n    await asyncio.sleep(600)\n"
        "finally:\n    await asyncio.sleep(0.1)\n    print('clean')"
    )
    lines = terminal.run(cell, interrupt_at="on\r\n")
    assert lines[-2:] == ["^Cclean", "■ cancelled  long  #1 · cell [3] · 0:00"]
    assert terminal.run("%jobs -l")[1:] == ["■  #1   long  cancelled  0:00"]
    assert terminal.run("1 + 1") == ["Out[5]: 2"]


def test_background_job_goes_on_while_others_wait(terminal: Terminal) -> None:
    """A background job stands still at the prompt, and runs while a cell waits."""
    assert terminal.run("%%arun -n nap\nawait asyncio.sleep(0.2)\n7") == [ADVICE]
    assert terminal.run("%jobs")[1] == "▶  #1   nap   running  0:00"
    lines = terminal.run("%jobs wait")
    assert lines[:-1] == ["7", "✓ done  nap  #1 · cell [3] · 0:00"]
    assert lines[-1].split() == ["✓", "#1", "nap", "done", "0:00"]


def test_background_job_goes_on_at_the_prompt(terminal: Terminal) -> None:
    """With `%gui asyncio` a background job runs at the prompt, and no advice comes."""
    terminal.run("%gui asyncio")
    terminal.enter("%%arun -n nap\nawait asyncio.sleep(0.2)\n7")
    terminal.wait_for("✓ done  nap  #1 · cell [4] · 0:00")


def test_advice_is_given_once(terminal: Terminal) -> None:
    """That jobs stand still is said of the first, and of none that is awaited."""
    assert terminal.run("%%arun -w\n7")[-1] == "Out[3]: 7"
    assert terminal.run("%%arun\nawait asyncio.sleep(600)") == [ADVICE]
    assert terminal.run("%%arun\nawait asyncio.sleep(600)") == []


def test_leaving_cleans_up(terminal: Terminal) -> None:
    """At the end of the session jobs are cancelled and clean up."""
    cell = (
        "%%arun\ntry:\n    await asyncio.sleep(600)\n"
        "finally:\n    await asyncio.sleep(0.1)\n    print('clean')"
    )
    assert terminal.run(cell) == [ADVICE]
    text, status = terminal.leave()
    assert "clean\n" in text
    assert status == 0
