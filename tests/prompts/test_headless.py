"""Scripts that nobody watches: seeded answers, defaults, or an error, never a hang."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from notebook_async.prompts import ANSWERS_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = "import asyncio\nfrom notebook_async import approve, ask, choose\n"


def run(
    code: str, *, answers: Path | None = None, stdin: int | None = subprocess.DEVNULL
) -> tuple[int, str]:
    """Run a script; return its status and the last line that it wrote."""
    variables = dict(os.environ)
    if answers is not None:
        variables[ANSWERS_VARIABLE] = str(answers)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", BEGIN + code],
        capture_output=True,
        text=True,
        check=False,
        stdin=stdin,
        env=variables,
        timeout=20,
    )
    return done.returncode, (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize("stdin", [subprocess.DEVNULL, subprocess.PIPE])
def test_without_any_answer_it_fails_at_once(stdin: int) -> None:
    """With nobody to ask and no default the script ends, saying all ways out."""
    status, line = run("print(asyncio.run(ask('Your name?')))", stdin=stdin)
    assert status == 1
    assert line.startswith(
        "notebook_async.errors.NoFrontEndError: 'Your name?' cannot be asked:"
    )
    for way in ("prompts.answers({", ANSWERS_VARIABLE, "`default=`"):
        assert way in line


def test_default_is_taken() -> None:
    """With nobody to ask the default is the answer."""
    code = "print(asyncio.run(ask('How many?', int, default=3, timeout=60)))"
    assert run(code) == (0, "3")


def test_answers_from_a_file(tmp_path: Path) -> None:
    """The file that the variable names answers a script as it is."""
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"Your name?": "Ada"}), encoding="utf-8")
    assert run("print(asyncio.run(ask('Your name?')))", answers=path) == (0, "Ada")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")
def test_background_process_does_not_read_the_terminal(tmp_path: Path) -> None:
    """A script in the background of a terminal is not stopped by asking."""
    pexpect = pytest.importorskip("pexpect")
    script = tmp_path / "script.py"
    script.write_text(
        f"{BEGIN}print('it is', asyncio.run(ask('N?', int, default=3)))",
        encoding="utf-8",
    )
    shell = pexpect.spawn("/bin/sh", ["-i"], encoding="utf-8", timeout=20)
    shell.sendline(f"set -m; {sys.executable} {script} & wait")
    shell.expect_exact("it is 3")
    shell.close(force=True)
