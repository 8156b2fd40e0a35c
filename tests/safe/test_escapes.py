from __future__ import annotations

import asyncio
import decimal
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.errors import SafeAccessError, SafeSyntaxError
from notebook_async.safe import safe_eval_sync, safe_exec, safe_exec_sync
from tests.safe.escapes import ESCAPES, Escape, one_per_family

_SAMPLE = list(one_per_family())

_HARMLESS = {
    "hasattr((), '__class__')": False,
    "hasattr(math, '__loader__')": False,
    "getattr((), 'nothing', 1)": 1,
    "repr(math)": "<restricted module 'math'>",
    "''.join(getattr('a', 'upper')())": "A",
    "'{{0.__class__}} {0}'.format(1)": "{0.__class__} 1",
}


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda e: f"{e.family}: {e.code!r}")
def test_no_way_out(escape: Escape) -> None:
    """The language itself is restricted, without any help of a process."""
    with pytest.raises(escape.error) as caught:
        safe_exec_sync(escape.code, isolation="in_process")
    # Not a class that happens to derive from what was expected.
    assert type(caught.value) is escape.error


def test_no_attempt_reaches_out() -> None:
    """While all of them run, no file is opened, nothing imported or started."""
    command = [sys.executable, "-m", "tests.safe.audit"]
    root = Path(__file__).parents[2]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=True, cwd=root
    )
    assert json.loads(done.stdout) == [len(ESCAPES), []]


@pytest.mark.realtime
async def test_no_way_out_of_a_child() -> None:
    """One attempt of each family ends in a child as it does here."""
    endings = await asyncio.gather(
        *(safe_exec(escape.code) for escape in _SAMPLE), return_exceptions=True
    )
    wrong = [
        (escape.code, ending)
        for escape, ending in zip(_SAMPLE, endings, strict=True)
        if type(ending) is not escape.error
    ]
    assert wrong == []


@pytest.mark.parametrize("expr", _HARMLESS)
def test_question_is_answered_without_it(expr: str) -> None:
    """What only asks for something internal learns that there is no such thing."""
    assert safe_eval_sync(expr, isolation="in_process") == _HARMLESS[expr]


@given(st.from_regex(r"_[A-Za-z0-9_]{0,12}", fullmatch=True))
def test_no_underscore_by_any_road(name: str) -> None:
    """No name with a leading underscore is read, however the code asks for it."""
    for code in (f"getattr(1, {name!r})", f"'{{0.{name}}}'.format(1)"):
        with pytest.raises(SafeAccessError):
            safe_exec_sync(code, isolation="in_process")
    with pytest.raises(SafeSyntaxError):
        safe_exec_sync(f"x = 1 .{name}x", isolation="in_process")


def test_bare_except_leaves_interrupts_alone() -> None:
    """A bare `except:` does not swallow what ends the process."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        safe_exec_sync(
            "try:\n    stop()\nexcept:\n    pass",
            {"stop": interrupt},
            isolation="in_process",
        )


def test_settings_of_the_process_stay() -> None:
    """Code here changes neither decimal's precision nor the random numbers of all."""
    before = decimal.getcontext().prec, random.getstate()
    code = "import decimal, random\ndecimal.getcontext().prec = 3\nrandom.seed(1)"
    safe_exec_sync(code, isolation="in_process")
    assert (decimal.getcontext().prec, random.getstate()) == before


def test_own_exception_of_the_code_is_only_reported() -> None:
    """A class made by the code has no say in how its exception is told."""
    code = (
        "class E(Exception):\n"
        "    def add_note(self, note): raise ValueError('fooled')\n"
        "raise E('mine')"
    )
    with pytest.raises(Exception, match="mine") as caught:
        safe_exec_sync(code, isolation="in_process")
    assert caught.value.__notes__ == ["in restricted code, line 3: raise E('mine')"]
