from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from notebook_async.errors import (
    HostError,
    InvalidArgumentError,
    SafeCodeError,
    SafeMemoryError,
    SafeSyntaxError,
    SafeTimeout,
    SafeValueError,
)
from notebook_async.safe import safe_eval, safe_eval_sync, safe_exec
from notebook_async.safe._child import Child, Ending
from notebook_async.safe._isolation import Bounds
from notebook_async.safe._outcome import heard, settled
from notebook_async.safe._restricted import boot
from notebook_async.safe._threads import waiters

_AT_ONCE = waiters._most

_BOUNDS = Bounds(timeout=0.2, memory_mb=64)

# What is cut short by the clock: loops in Python and in C.
_ENDLESS = [
    "while True: pass",
    "while True:\n    try:\n        while True: pass\n    except:\n        pass",
    "x = 9 ** 9 ** 9",
    "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
    "sum(range(10 ** 18))",
    "import itertools\nlist(zip(itertools.count(), iter(int, 1)))[0]",
    "print('x' * (10 ** 9 > 0), end=str(pow(3, 10 ** 9)))",
]

# What asks for more memory than there is, at once or bit by bit.
_GREEDY = [
    "x = 'a' * 10 ** 12",
    "x = [0] * 10 ** 10",
    "x = bytearray(10 ** 9)",
    "x = [1]\nwhile True: x += x",
    "x = 'ab'\nwhile True: x += x",
    "x = 1 << 10 ** 10",
    "x = f'{1:1000000000}'",
    "x = '{:>1000000000}'.format(1)",
    "x = {i: str(i) for i in range(10 ** 8)}",
    "import itertools\nlist(itertools.permutations(range(12)))",
]

# What goes deeper than the stack.
_DEEP = {
    "def f(): return f()\nf()": RecursionError,
    "f = lambda n: sorted([n], key=f)\nf(1)": RecursionError,
    "class A:\n    def __lt__(s, o): return s < o\nA() < A()": RecursionError,
    "x = []\nfor i in range(100000): x = [x]\nrepr(x)": RecursionError,
    "import json\njson.loads('[' * 100000)": RecursionError,
    "x = []\nfor i in range(10 ** 6): x = map(abs, x)\nlist(x)": SafeCodeError,
    "x = " + "(" * 1000 + ")" * 1000: SafeSyntaxError,
    "x = " + "-" * 50000 + "1": SafeSyntaxError,
    "x = " + "+".join("1" * 20000): SafeSyntaxError,
    "x = 1" + ".real" * 15000: SafeSyntaxError,
    "x = " + "lambda: " * 9000 + "1": SafeSyntaxError,
}


@pytest.mark.realtime
async def test_endless_code_is_ended() -> None:
    """The clock ends loops in Python and in C, also those that catch everything."""
    endings = await asyncio.gather(
        *(safe_exec(code, timeout=0.2) for code in _ENDLESS), return_exceptions=True
    )
    assert [type(ending) for ending in endings] == [SafeTimeout] * len(_ENDLESS)


@pytest.mark.realtime
async def test_memory_is_bounded() -> None:
    """What asks for too much memory gets a clear error, at once or bit by bit."""
    endings = await asyncio.gather(
        *(safe_exec(code, memory_mb=64, timeout=20) for code in _GREEDY),
        return_exceptions=True,
    )
    assert [str(e) for e in endings] == [str(SafeMemoryError(64))] * len(_GREEDY)


@pytest.mark.realtime
async def test_recursion_is_a_clear_error() -> None:
    """Code that recurses too deeply says so, wherever it does."""
    endings = await asyncio.gather(
        *(safe_exec(code) for code in _DEEP), return_exceptions=True
    )
    assert [type(ending) for ending in endings] == [*_DEEP.values()]


@pytest.mark.realtime
async def test_least_memory_is_enough() -> None:
    """In the least memory that may be asked for there is room for every module."""
    code = "import decimal, statistics, json, random, datetime, fractions\nx = 1"
    assert await safe_exec(code, memory_mb=32) == {"x": 1}


@pytest.mark.realtime
async def test_results_are_bounded() -> None:
    """A result that is too large for JSON is an error, and no wait."""
    too_large = [
        "'x' * 10_000_001",
        "(x := ['a' * 10_000]) and [x := [x, x] for _ in range(40)][-1]",
        "10 ** 100_000",
        "['ä' * 9_000_000]",
    ]
    endings = await asyncio.gather(
        *map(safe_eval, too_large),
        safe_exec("print('x' * 1_000_001)"),
        return_exceptions=True,
    )
    wanted = [SafeValueError] * len(too_large) + [ValueError]
    assert [type(ending) for ending in endings] == wanted


@pytest.mark.realtime
async def test_timeout_counts_the_code_only() -> None:
    """A call that waits for its turn loses no time by it."""
    before = [safe_exec("while True: pass", timeout=0.6) for _ in range(_AT_ONCE)]
    *others, value = await asyncio.gather(
        *before, safe_eval("1 + 1", timeout=0.5), return_exceptions=True
    )
    assert {type(other) for other in others} == {SafeTimeout}
    assert value == 2


@pytest.mark.parametrize("option", [{"timeout": 5}, {"memory_mb": 512}, {"timeout": 1}])
def test_in_process_promises_nothing(option: dict[str, int]) -> None:
    """A bound that nothing keeps is refused, also one equal to the default."""
    with pytest.raises(InvalidArgumentError, match=r"in_process.* cannot keep"):
        safe_eval_sync("1", isolation="in_process", **option)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"timeout": 0}, "timeout must be > 0 seconds, got 0"),
        ({"timeout": float("nan")}, "timeout must be > 0 seconds, got nan"),
        ({"timeout": float("inf")}, "timeout must be finite, got inf"),
        ({"memory_mb": 31}, "memory_mb must be >= 32, got 31"),
        ({"isolation": "docker"}, "isolation must be one of 'subprocess', "),
    ],
)
def test_options_are_checked(option: dict[str, object], message: str) -> None:
    """An option out of its range is told with the range."""
    with pytest.raises(InvalidArgumentError, match=message):
        safe_eval_sync("1", **option)


def _bounded(payload: str, *, cpu: int = 5) -> subprocess.CompletedProcess[str]:
    """Run code with the limits of a child and nothing else: as after an escape."""
    path = str(Path(boot.__file__))
    code = (
        # A user who is nobody may not be able to read the interpreter's own files.
        "import _thread, os, resource, runpy\n"
        f"bound = runpy.run_path({path!r})['bound']\n"
        # Root may start as many processes as it likes.
        "if os.getuid() == 0: os.setuid(65534)\n"
        f"bound({cpu}, 64 << 20)\n{payload}"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, timeout=20
    )


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ("os.fork()", "BlockingIOError: [Errno 11]"),
        (
            "_thread.start_new_thread(print, ())",
            "can't start new thread",
        ),
        ("[os.open('/', 0) for _ in range(9)]", "OSError: [Errno 24]"),
        ("os.write(os.open('x', os.O_CREAT | os.O_WRONLY), b'x')", "[Errno 27]"),
        (
            "try: bytearray(1 << 30)\nexcept MemoryError: raise SystemExit('full')",
            "full",
        ),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="other systems number otherwise")
def test_escaped_code_is_bounded(
    payload: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that got out of the language starts no process and fills no file."""
    tmp_path.chmod(0o777)
    monkeypatch.chdir(tmp_path)
    done = _bounded(payload)
    assert done.returncode == 1
    assert error in done.stderr.splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_processor_time_is_bounded() -> None:
    """A child whose parent has died ends by itself, and writes no core."""
    done = _bounded(
        "print(resource.getrlimit(resource.RLIMIT_CORE), flush=True)\nwhile True: pass",
        cpu=1,
    )
    assert done.stdout == "(0, 0)\n"
    assert done.returncode in {-signal.SIGXCPU, -signal.SIGKILL}


def _child(code: str, *, timeout: float = 5) -> Ending:
    """Drive a child that is not ours, as one is that code has got hold of."""
    return Child([sys.executable, "-I", "-S", "-c", code], b"{}", timeout).run()


def _gone(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in {"Z", "X"}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it looks into /proc")
def test_what_a_child_started_ends_with_it() -> None:
    """Processes that escaped code has started are killed with the child."""
    bomb = (
        "import os, time\n"
        "os.write(1, b'+')\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0: time.sleep(60)\n"
        "pids = open('/proc/self/task/%d/children' % os.getpid()).read()\n"
        "os.write(1, pids.encode())\n"
        "time.sleep(60)\n"
    )
    ending = _child(bomb, timeout=0.5)
    pids = [int(pid) for pid in ending.answer.split()]
    assert (ending.late, ending.status, len(pids)) == (True, -signal.SIGKILL, 4)
    while not all(map(_gone, pids)):  # they are killed, and end on their own time
        os.sched_yield()


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        ("os.write(1, b'+nonsense')", SafeCodeError, "it ended with status 0"),
        ("os.write(1, b'+' + b'[' * 10**5)", SafeCodeError, "status 0"),
        ("os.write(1, b'+[]')", SafeCodeError, "status 0"),
        ("os.write(1, b'+' + b'9' * 5000)", SafeCodeError, "status 0"),
        ("os.write(1, b'+'); os.abort()", SafeCodeError, "SIGABRT ended it"),
        ("os.write(1, b'+'); os.kill(os.getpid(), 11)", SafeCodeError, "SIGSEGV"),
        ("os.write(1, b'+'); os.kill(os.getpid(), 24)", SafeTimeout, "more than 0.2"),
        ("os.write(1, b'+'); time.sleep(60)", SafeTimeout, "more than 0.2 s"),
        ("os.write(1, b'+'); os.close(1); time.sleep(60)", SafeCodeError, "SIGKILL"),
        ("sys.exit('no such thing')", HostError, "status 1; it said: no such thing"),
        ("while True: os.write(1, b'+' * 10**6)", SafeValueError, "more than it may"),
        (
            "while True: os.write(1, b'+'); os.write(2, b'x' * 10**6)",
            SafeTimeout,
            "0.2",
        ),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals are other ones there")
def test_child_that_misbehaves(code: str, error: type[Exception], message: str) -> None:
    """However a child ends, and whatever it says, there is a clear error."""
    timeout = 0.2 if error is SafeTimeout else 20
    ending = _child(f"import os, sys, time\n{code}", timeout=timeout)
    with pytest.raises(error, match=message):
        heard(ending, _BOUNDS)


@pytest.mark.parametrize(
    "outcome",
    [
        {"kind": "done"},
        {"kind": "done", "names": {}, "printed": 1, "left_out": {}},
        {"kind": "nothing"},
        {"kind": "syntax", "line": "one"},
        {"kind": "raised", "line": 1},
        {"kind": "raised", "line": [], "type": "E", "builtin": True, "args": []},
    ],
)
def test_answer_that_makes_no_sense(outcome: dict[str, object]) -> None:
    """An answer that ours never gives is told as what it is."""
    with pytest.raises(SafeCodeError, match="makes no sense"):
        settled(outcome, "x", mode="exec", bounds=_BOUNDS)


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "eval", "object"])
def test_answer_raises_errors_only(name: str) -> None:
    """No answer makes this process exit, or call what it names."""
    outcome = json.loads(
        f'{{"kind": "raised", "line": 1, "type": "{name}", "builtin": true,'
        ' "args": ["1"], "message": "told"}'
    )
    with pytest.raises(SafeCodeError, match=f"line 1: {name}: told"):
        settled(outcome, "x", mode="eval", bounds=_BOUNDS)


def test_memory_limit_is_tried() -> None:
    """A system that takes a limit and does not keep it is told apart."""
    assert boot._is_bounded(1 << 60)
    assert not boot._is_bounded(1 << 20)
    unbounded = Ending(boot.UNBOUNDED, "", 0, ready=False, late=False, large=False)
    with pytest.raises(HostError, match="pass memory_mb=None to run"):
        settled(heard(unbounded, _BOUNDS), "1", mode="eval", bounds=_BOUNDS)


@pytest.mark.realtime
async def test_memory_may_be_unbounded() -> None:
    """Where a system cannot bound memory, everything else still is."""
    assert await safe_eval("len('x' * 10 ** 6)", memory_mb=None) == 1_000_000


@pytest.mark.realtime
async def test_bounds_may_be_huge() -> None:
    """Bounds that no machine reaches are no error."""
    assert await safe_eval("1", timeout=1e300, memory_mb=10**30) == 1


@pytest.mark.skipif(os.name != "posix", reason="it has an environment elsewhere")
def test_child_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child has no variables of this process, and its working folder is no help."""
    monkeypatch.setenv("NOTEBOOK_ASYNC_SECRET", "secret")
    code = (
        "import json, os, sys\n"
        "told = [sorted(os.environ), os.getcwd(), os.getsid(0) == os.getpid()]\n"
        "os.write(1, b'+' + json.dumps(told).encode())"
    )
    names, folder, leads = json.loads(_child(code).answer)
    # The interpreter may set this one for itself.
    assert [name for name in names if name != "LC_CTYPE"] == []
    assert (folder, leads) == ("/", True)
