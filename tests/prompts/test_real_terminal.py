"""Questions of a script on a real terminal, with a task that goes on meanwhile."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Self

import pytest

# IPython itself needs it, except on Windows, which has no pseudo-terminals.
pexpect = pytest.importorskip("pexpect")

if TYPE_CHECKING:
    from pathlib import Path

# Each answer is printed with how often the loop has gone round since it was asked for.
BEGIN = """
import asyncio
from notebook_async import approve, ask, choose
from notebook_async.prompts import pending

ticks = 0

async def tick():
    global ticks
    while True:
        ticks += 1
        if ticks == 3:
            print("<three ticks>")
        await asyncio.sleep(0.02)

async def main():
    ticking = asyncio.create_task(tick())
    try:
        await body()
    finally:
        print("open:", len(pending))
"""
END = """
asyncio.run(main())
print("the end")
"""
CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\r")


class Script:
    """A script on the other end of a pseudo-terminal."""

    def __init__(self, folder: Path, body: str) -> None:
        self._path = folder / "script.py"
        lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
        code = f"{BEGIN}\nasync def body():\n{lines}\n{END}"
        self._path.write_text(code, encoding="utf-8")
        self.text = ""

    def __enter__(self) -> Self:
        self._process: Any = pexpect.spawn(
            sys.executable, [str(self._path)], encoding="utf-8", timeout=20
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close(force=True)

    def wait_for(self, text: str) -> None:
        """Wait until this is shown."""
        self._process.expect_exact(text)
        self.text += self._process.before + self._process.after

    def type(self, line: str) -> None:
        """Type a line."""
        self._process.sendline(line)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.sendintr()

    def end_input(self) -> None:
        """Press Ctrl-D."""
        self._process.sendeof()

    def rest(self) -> list[str]:
        """Wait for the end; return all lines that were shown."""
        self._process.expect(pexpect.EOF)
        text = CONTROL.sub("", self.text + self._process.before)
        # These may come anywhere.
        text = text.replace("<three ticks>\n", "")
        return [line for line in text.split("\n") if line]


def test_loop_goes_on_while_a_person_thinks(tmp_path: Path) -> None:
    """The loop turns while a person types; wrong input is asked for again."""
    with Script(tmp_path, 'print(await ask("How many?", int, min=1))') as script:
        script.wait_for("How many?: ")
        script.wait_for("<three ticks>")
        script.type("none")
        script.wait_for("must be a whole number")
        script.wait_for("How many?: ")
        script.type("7")
        assert script.rest()[-4:] == ["How many?: 7", "7", "open: 0", "the end"]


def test_secret_is_not_echoed(tmp_path: Path) -> None:
    """What is typed for a secret is not shown, and the terminal echoes afterwards."""
    body = """
key = await ask("Key?", secret=True)
print(len(key), pending.history[-1])
print(await ask("Name?"))
"""
    with Script(tmp_path, body) as script:
        script.wait_for("Key?: ")
        script._process.waitnoecho(20)
        script.type("hunter2")
        script.wait_for("Name?: ")
        script.type("Ada")
        lines = script.rest()
    assert "hunter2" not in "".join(lines)
    assert lines[-5:] == [
        "7 Key? ••• (in the terminal)",
        "Name?: Ada",
        "Ada",
        "open: 0",
        "the end",
    ]


def test_control_c_cancels(tmp_path: Path) -> None:
    """Ctrl-C cancels the task that asks, closes its question and lets typing show."""
    body = """
import termios
try:
    await ask("Name?", secret=True)
finally:
    print("echo:", termios.tcgetattr(0)[3] & termios.ECHO)
"""
    with Script(tmp_path, body) as script:
        script.wait_for("Name?: ")
        script._process.waitnoecho(20)
        script.interrupt()
        lines = script.rest()
    assert {"echo: 8", "open: 0"} <= set(lines)
    assert lines[-1] == "KeyboardInterrupt"


def test_control_d_declines(tmp_path: Path) -> None:
    """Ctrl-D says that no more will be typed: the question is cancelled."""
    with Script(tmp_path, 'await ask("Name?")') as script:
        script.wait_for("Name?: ")
        script.end_input()
        assert script.rest()[-1] == (
            "notebook_async.errors.PromptCancelledError:"
            " 'Name?' was cancelled: the terminal has no more input"
        )


def test_several_at_once_take_turns(tmp_path: Path) -> None:
    """Questions asked at once come one after the other, each with its answer."""
    body = """
print(await asyncio.gather(
    ask("Name?"), choose("Town?", ["Bern", "Basel"]), approve("Send?")
))
"""
    with Script(tmp_path, body) as script:
        script.wait_for("Name?: ")
        script.type("Ada")
        script.wait_for("number or text: ")
        script.type("2")
        script.wait_for("Send? (y/n): ")
        script.type("y")
        want = "['Ada', 'Basel', Approval(approved=True, reason=None)]"
        assert script.rest()[-3:] == [want, "open: 0", "the end"]


def test_time_is_over(tmp_path: Path) -> None:
    """At the end of its time a question takes its default while nobody types."""
    with Script(tmp_path, 'print(await ask("N?", int, default=3, timeout=0.3))') as it:
        assert it.rest()[-4:] == [
            "(nobody answered within 0.3 s: 3)",
            "3",
            "open: 0",
            "the end",
        ]
