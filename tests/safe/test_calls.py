from __future__ import annotations

import asyncio
import math
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from notebook_async import run_jobs
from notebook_async.errors import (
    ArgumentTypeError,
    HostError,
    SafeCodeError,
    SafeNameError,
    SafeSyntaxError,
    SafeValueError,
)
from notebook_async.safe import (
    Isolation,
    SafeNames,
    _child,
    _command,
    safe_eval,
    safe_eval_sync,
    safe_exec,
    safe_exec_sync,
)
from notebook_async.safe._isolation import Bounds

CHILD_OR_HERE = pytest.mark.parametrize("isolation", ["subprocess", "in_process"])

_BWRAP = shutil.which("bwrap")


def _children() -> set[int]:
    """Return the ids of this process's children, dead ones that wait included."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (map(int, line.split()) for line in listed.stdout.splitlines())
    own = {pid for pid, parent in pairs if parent == os.getpid()}
    return {pid for pid in own if Path(f"/proc/{pid}").exists() or not _has_proc()}


def _has_proc() -> bool:
    return Path("/proc/self").exists()


async def _one_runs() -> None:
    """Wait until a child is there."""
    while not _child._living:  # noqa: ASYNC110 - threads start it, and set no event
        await asyncio.sleep(0)


@pytest.mark.realtime
@CHILD_OR_HERE
async def test_error_of_the_code(isolation: Isolation) -> None:
    """An exception of a built-in class comes out as what it is, with its line."""
    with pytest.raises(KeyError) as caught:
        await safe_exec("d = {}\nd['a']", isolation=isolation)
    assert caught.value.args == ("a",)
    assert caught.value.__notes__ == ["in restricted code, line 2: d['a']"]


@pytest.mark.realtime
async def test_error_of_a_class_that_is_not_built_in() -> None:
    """What has no class on this side is told by name, line and message."""
    code = "class TooCold(Exception):\n    pass\nraise TooCold('3 degrees')"
    with pytest.raises(SafeCodeError, match="TooCold") as caught:
        await safe_exec(code)
    assert str(caught.value) == "line 3: TooCold: 3 degrees"
    assert (caught.value.type_name, caught.value.line) == ("TooCold", 3)
    decode = "b'\\xff'.decode()"
    with pytest.raises(SafeCodeError, match="UnicodeDecodeError: 'utf-8' codec"):
        await safe_eval(decode)


def test_refusal_says_where_what_and_why() -> None:
    """A refused statement is told by line, text and reason; the first one counts."""
    code = "x = 1\nif x:\n    import os, sys\ny = x.__class__"
    with pytest.raises(SafeSyntaxError) as caught:
        safe_exec_sync(code, isolation="in_process")
    error = caught.value
    assert (error.line, error.lineno, error.offset) == (3, 3, 5)
    assert (error.what, error.text) == ("import os, sys", "    import os, sys")
    assert error.why.startswith("only these may be imported: collections, datetime,")


@pytest.mark.parametrize(
    ("code", "line", "what", "why"),
    [
        ("x = 1\ny = (", 2, "y = (", "'(' was never closed"),
        ("return 1", 1, "return 1", "'return' outside function"),
        ("x = 1\n  y = 2", 2, "y = 2", "unexpected indent"),
    ],
)
def test_code_that_is_no_python(code: str, line: int, what: str, why: str) -> None:
    """Code that is no Python is told as Python would."""
    with pytest.raises(SafeSyntaxError) as caught:
        safe_exec_sync(code, isolation="in_process")
    error = caught.value
    assert (error.line, error.what, error.why) == (line, what, why)


@pytest.mark.realtime
@CHILD_OR_HERE
async def test_missing_name(isolation: Isolation) -> None:
    """A name that there is not is told by name and line."""
    with pytest.raises(SafeNameError, match=r"^line 2: open is no name") as caught:
        await safe_exec("x = 1\nopen('x')", isolation=isolation)
    assert (caught.value.name, caught.value.line) == ("open", 2)


@pytest.mark.parametrize("isolation", ["subprocess", "in_process"])
@pytest.mark.parametrize("value", [math, [math], {"m": (1, {"x": math})}])
def test_module_is_not_handed_out(value: object, isolation: Isolation) -> None:
    """A module among what is given is refused, however deep."""
    with pytest.raises(SafeNameError, match=r"^m has the module math, and modules are"):
        safe_eval_sync("1", {"m": value}, isolation=isolation)


def test_module_behind_an_attribute_is_refused() -> None:
    """An attribute that yields a module is refused, also of what was given."""

    class Holder:
        held = math

    with pytest.raises(AttributeError, match="held: it is a module, and none is"):
        safe_eval_sync("h.held", {"h": Holder()}, isolation="in_process")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("_x", "is reserved"),
        ("__import__", "is reserved"),
        ("print", "is reserved"),
        ("a b", "is no name in Python"),
        ("if", "is no name in Python"),
    ],
)
def test_name_that_cannot_be_given(name: str, why: str) -> None:
    """No name that is given stands in the way of a guard."""
    with pytest.raises(SafeNameError, match=why):
        safe_eval_sync("1", {name: 1}, isolation="in_process")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1}, "^x is a set, which JSON cannot hold: use sorted"),
        ([b"a"], r"^x\[0\] is a bytes, which JSON cannot hold: use .decode"),
        ({"a": [object()]}, r"^x\['a'\]\[0\] is a object, which JSON cannot hold$"),
        ({1: 2}, "^x has a key that is a int, and in JSON keys are strings"),
    ],
)
def test_value_that_cannot_go_in(value: object, message: str) -> None:
    """What is no plain data cannot go into a child, and the message says where."""
    with pytest.raises(SafeValueError, match=message):
        safe_eval_sync("1", {"x": value})


def test_code_is_a_string_of_some_length() -> None:
    """Code is text, and not a book."""
    with pytest.raises(ArgumentTypeError, match="code must be a string, got b'1'"):
        safe_eval_sync(b"1")  # type: ignore[arg-type]
    with pytest.raises(SafeValueError, match="may have 100,000 characters, and this"):
        safe_eval_sync("1" * 100_001)


@pytest.mark.realtime
@CHILD_OR_HERE
async def test_names_that_were_set(isolation: Isolation) -> None:
    """Names that were set come back as plain data; others say why they do not."""
    code = (
        "import re, datetime\n"
        "print('a', 1, sep='-')\n"
        "def f():\n    print('in f')\n"
        "f()\n"
        "a, b = (1, 2), {'k': (3,)}\n"
        "given = given + 1\n"
        "also.append(2)\n"
        "day = datetime.date(2024, 1, 2)\n"
        "_ = 1"
    )
    also = [1]
    names = await safe_exec(
        code, {"given": 1, "also": also, "more": 0}, isolation=isolation
    )
    assert type(names) is SafeNames
    assert names == {"a": [1, 2], "b": {"k": [3]}, "given": 2}
    assert also == [1]
    assert names.printed == "a-1\nin f\n"
    assert sorted(names.left_out) == ["datetime", "day", "f", "re"]
    with pytest.raises(
        KeyError, match=r"day is a date, which JSON cannot hold: use .iso"
    ):
        names["day"]
    with pytest.raises(KeyError, match=r"^'nothing'$"):
        names["nothing"]


@pytest.mark.realtime
async def test_text_goes_there_and_back() -> None:
    """Any text and any number is the same on both sides."""
    values = ["\x00\ud800😀\r\n\u2028", 2**4000, -0.0, 1e308, math.inf, True, None]
    assert await safe_eval("x", {"x": values}) == values


def test_function_that_was_given_here() -> None:
    """What a function of ours raises comes back unchanged, with a note."""
    error = OSError("ours")

    def fail() -> None:
        raise error

    with pytest.raises(OSError, match="ours") as caught:
        safe_exec_sync("fail()", {"fail": fail}, isolation="in_process")
    assert caught.value is error
    assert error.__notes__ == ["in restricted code, line 1: fail()"]


@pytest.mark.realtime
async def test_no_child_is_left() -> None:
    """After good calls, failed and cancelled ones no process is left, not even dead."""
    before = _children()
    await asyncio.gather(
        safe_eval("1"),
        safe_eval("1 / 0"),
        safe_exec("while True: pass", timeout=0.1),
        safe_eval("'x' * 10 ** 12", memory_mb=64),
        return_exceptions=True,
    )
    assert _children() - before == set()
    assert _child._living == set()


@pytest.mark.realtime
async def test_cancelled_call_is_reaped() -> None:
    """When a cancelled call returns, its child is gone."""
    before = _children()
    call = asyncio.create_task(safe_exec("while True: pass", timeout=60))
    await _one_runs()
    (child,) = _child._living
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert _child._living == set()
    assert child._process is not None
    assert child._process.returncode is not None
    assert _children() - before == set()


@pytest.mark.realtime
async def test_call_that_waits_is_cancelled_at_once() -> None:
    """A call whose turn has not come starts no child after it is cancelled."""
    calls = [
        asyncio.create_task(safe_exec("while True: pass", timeout=60))
        for _ in range(40)
    ]
    await _one_runs()
    for call in calls:
        call.cancel()
    endings = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(ending) for ending in endings} == {asyncio.CancelledError}
    assert _child._living == set()


@pytest.mark.realtime
async def test_loop_goes_on() -> None:
    """The loop has all its time while a child computes."""
    call = asyncio.create_task(safe_eval("sum(range(3_000_000))"))
    turns = 0
    while not call.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100
    assert await call == 4_499_998_500_000


@pytest.mark.realtime
async def test_many_jobs_at_once() -> None:
    """Jobs that evaluate at the same time get each its own value."""
    values = await run_jobs(
        [lambda n=n: safe_eval("n * n", {"n": n}) for n in range(20)]
    )
    assert values == [n * n for n in range(20)]


@pytest.mark.realtime
async def test_from_the_threads_of_jobs() -> None:
    """It works on a loop of another thread, and without one."""
    found: list[Any] = await asyncio.gather(
        asyncio.to_thread(safe_eval_sync, "1 + 1"),
        asyncio.to_thread(lambda: asyncio.run(safe_eval("2 + 1"))),
        asyncio.to_thread(lambda: safe_exec_sync("x = 4")["x"]),
    )
    assert found == [2, 3, 4]
    # And where a loop runs already.
    assert safe_eval_sync("5") == 5


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop")
def test_on_a_loop_of_another_make() -> None:
    """It depends on no loop's way with processes, nor on the main thread."""
    uvloop = pytest.importorskip("uvloop")

    async def both() -> list[Any]:
        return await asyncio.gather(safe_eval("1"), safe_eval("2"))

    found: list[Any] = []

    def work() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found.extend(runner.run(both()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [1, 2]


async def test_virtual_clock_waits() -> None:
    """On the virtual clock of tests no time passes, and no time-out fires."""
    async with asyncio.timeout(0.001):
        assert await safe_eval("sum(range(10 ** 5))") == 4_999_950_000
    assert asyncio.get_running_loop().time() == 0.0


def test_missing_bubblewrap_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for and is not there is an error, never something less."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HostError, match="no bwrap on the PATH: install it"):
        safe_eval_sync("1", isolation="bwrap")


@pytest.mark.skipif(os.name != "posix", reason="scripts are other ones there")
def test_bubblewrap_that_fails_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the system allows no namespaces, the error says what bubblewrap says."""
    script = tmp_path / "bwrap"
    script.write_text("#!/bin/sh\necho 'bwrap: no namespaces here' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match=r"did not start: .* bwrap: no namespaces here"):
        safe_eval_sync("1", isolation="bwrap")


def _bwrap_works() -> bool:
    if _BWRAP is None:
        return False
    command = [_BWRAP, "--ro-bind", "/", "/", "--unshare-all", "true"]
    done = subprocess.run(command, check=False, capture_output=True)  # noqa: S603
    return done.returncode == 0


@pytest.mark.realtime
@pytest.mark.skipif(
    not _bwrap_works(), reason="bubblewrap is not there, or not allowed"
)
async def test_bubblewrap() -> None:
    """In a bubblewrap the same is evaluated, with the same errors."""
    endings = await asyncio.gather(
        safe_eval("a + 1", {"a": 1}, isolation="bwrap"),
        safe_eval("statistics.mean([1, 3])", isolation="bwrap"),
        safe_exec("while True: pass", isolation="bwrap", timeout=0.2),
        safe_eval("'a' * 10 ** 12", isolation="bwrap"),
        return_exceptions=True,
    )
    assert endings[:2] == [2, 2]
    assert [type(ending).__name__ for ending in endings[2:]] == [
        "SafeTimeout",
        "SafeMemoryError",
    ]


@pytest.mark.skipif(
    not _bwrap_works(), reason="bubblewrap is not there, or not allowed"
)
def test_bubblewrap_hides_files_and_network(tmp_path: Path) -> None:
    """Escaped code in a bubblewrap finds no file of the user's and no network."""
    (tmp_path / "secret").write_text("secret")
    command = _command.bwrap_command(Bounds(timeout=5, memory_mb=256))
    python = command.index("-I")
    code = (
        "import json, os, socket\n"
        "def tried(act, *args):\n"
        "    try: act(*args)\n"
        "    except OSError as e: return type(e).__name__\n"
        f"told = [tried(open, {str(tmp_path / 'secret')!r}), tried(open, '/x', 'w'),\n"
        "        tried(os.listdir, '/home'), tried(open, '/etc/passwd'),\n"
        "        len(socket.if_nameindex()), len(os.environ)]\n"
        "os.write(1, b'+' + json.dumps(told).encode())"
    )
    ending = _child.Child([*command[:python], "-I", "-S", "-c", code], b"", 5).run()
    *errors, networks, variables = _json(ending)
    missing = "FileNotFoundError"
    assert errors == [missing, "OSError", missing, missing]
    assert (networks, variables <= 2) == (1, True)  # the loopback; PWD and LC_CTYPE


def _json(ending: _child.Ending) -> list[Any]:
    import json  # noqa: PLC0415

    assert ending.answer, ending
    told: list[Any] = json.loads(ending.answer)
    return told


def test_interpreter_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that cannot be started is told as what this host lacks."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(HostError, match=r"did not start: .*No such file"):
        safe_eval_sync("1")
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(HostError, match="a child needs an interpreter"):
        safe_eval_sync("1")


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without RestrictedPython the error says what to install."""
    monkeypatch.setattr(_command, "find_spec", lambda _: None)
    for isolation in ("subprocess", "in_process", "bwrap"):
        with pytest.raises(ModuleNotFoundError, match=r'"notebook-async\[safe\]"'):
            safe_eval_sync("1", isolation=isolation)


def test_windows_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be bounded, nothing is pretended."""
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(HostError, match="no resource limits, so the memory, processor"):
        _command.command(Bounds(timeout=5, memory_mb=256))


def test_room_is_light() -> None:
    """Importing the room loads nothing of its extra."""
    code = "import notebook_async.safe, sys; print('RestrictedPython' in sys.modules)"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.skipif(os.name != "posix", reason="there is no fork elsewhere")
def test_process_that_ends_waits_for_nothing() -> None:
    """An interpreter that ends kills its children instead of waiting for them."""
    code = (
        "import asyncio, sys\n"
        "from notebook_async.safe import _child, safe_exec\n"
        "async def main():\n"
        "    call = asyncio.ensure_future(safe_exec('while True: pass', timeout=300))\n"
        "    while not _child._living: await asyncio.sleep(0)\n"
        "    (child,) = _child._living\n"
        "    print(child._process.pid, flush=True)\n"
        "    sys.exit(0)\n"
        "loop = asyncio.new_event_loop()\n"
        "task = loop.create_task(main())\n"
        "loop.run_until_complete(task)\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
