"""Plain code that runs asynchronous code, in a real kernel."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.kernels.environments import Environment

HERE = str(Path(__file__).parent)

# The library comes first: it keeps the `run` that it has imported.
LOADED = f"""\
import asyncio, sys, threading, time, warnings
sys.path.insert(0, {HERE!r})
import calling_library
from contextvars import ContextVar
from notebook_async import asyncio_run, jobs, run_async_tasks
from notebook_async.kernel import nesting_state
variable = ContextVar("variable", default="default")
%load_ext notebook_async
"""

DEFINED = """\
ticks = 0
async def tick():
    global ticks
    while True:
        ticks += 1
        await asyncio.sleep(0.001)
ticking = asyncio.create_task(tick())

async def main(value=42):
    await asyncio.sleep(0.01)
    return value

async def deep(levels):
    await asyncio.sleep(0)
    return [levels, *(asyncio.run(deep(levels - 1)) if levels > 1 else [])]

CALLS = {
    "run": lambda: asyncio.run(main()),
    "running loop": lambda: asyncio.get_event_loop().run_until_complete(main()),
    "new loop": lambda: asyncio.new_event_loop().run_until_complete(main()),
    "asyncio_run": lambda: asyncio_run(main()),
    "timeout": lambda: asyncio_run(main(), timeout=60),
    "tasks": lambda: run_async_tasks([main(40), main(2)]),
    "library": lambda: calling_library.fetch(42),
    "by name": lambda: calling_library.fetch_by_name(42),
    "runner": lambda: calling_library.fetch_by_runner(42),
    "own loop": lambda: calling_library.fetch_by_loop(42),
    "three deep": lambda: asyncio.run(deep(3)),
}
EXPECTED = {name: 42 for name in CALLS} | {"tasks": [40, 2], "three deep": [3, 2, 1]}

def all_calls(without=()):
    return {name: call() for name, call in CALLS.items() if name not in without}
"""

WORKFLOW = """\
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
class Calling(Workflow):
    @step
    async def call(self, event: StartEvent) -> StopEvent:
        return StopEvent(result=all_calls())
"""


@pytest.fixture
async def kernel(tmp_path: Path, kernel_env: Environment) -> AsyncIterator[Kernel]:
    """Give a kernel with the extension."""
    async with Kernel(tmp_path, python=kernel_env.python) as running:
        await running.run(LOADED)
        await running.run(DEFINED)
        yield running


async def value(kernel: Kernel, code: str) -> str:
    """Return the text of the value of a cell's last expression, or its error."""
    shown = kernel.outputs(await kernel.run(code))
    return "".join(m.text() for m in shown if m.kind in {"execute_result", "error"})


CELLS = {
    "cell": "all_calls() == EXPECTED",
    "awaiting cell": "await asyncio.sleep(0)\nall_calls() == EXPECTED",
    "job": "%%arun -w\nall_calls() == EXPECTED",
    "task": (
        "async def calling(): return all_calls()\n"
        "await asyncio.create_task(calling()) == EXPECTED"
    ),
    "step": f"{WORKFLOW}\nawait Calling().run() == EXPECTED",
    # A thread has no loop of its own.
    "thread": (
        "names = {'running loop'}\n"
        "expected = {k: v for k, v in EXPECTED.items() if k not in names}\n"
        "await asyncio.to_thread(all_calls, names) == expected"
    ),
}


@pytest.mark.parametrize("place", CELLS)
async def test_calls(kernel: Kernel, place: str) -> None:
    """Every call works everywhere, and nothing is nested for it."""
    assert await value(kernel, CELLS[place]) == "True"
    assert await value(kernel, "nesting_state().nested_by is None") == "True"
    assert await value(kernel, "ticking.done()") == "False"


async def test_calls_from_a_thread_on_the_kernels_loop(kernel: Kernel) -> None:
    """A thread can run something to its end on the kernel's loop."""
    code = (
        "loop = asyncio.get_running_loop()\n"
        "async def where(): return threading.current_thread().name\n"
        "await asyncio.to_thread(lambda: loop.run_until_complete(where()))"
    )
    assert await value(kernel, code) == "'MainThread'"


async def test_two_hundred_at_once(kernel: Kernel) -> None:
    """Two hundred calls wait at once, and end in any order."""
    code = (
        "ended = []\n"
        "async def one(number):\n"
        "    asyncio.run(asyncio.sleep(0.4 if number % 2 else 0.2))\n"
        "    ended.append(number % 2)\n"
        "began = time.monotonic()\n"
        "await asyncio.gather(*map(one, range(200)))\n"
        "ended == [0] * 100 + [1] * 100, time.monotonic() - began < 4"
    )
    assert await value(kernel, code) == "(True, True)"


async def test_loop_goes_on_while_a_plain_cell_waits(kernel: Kernel) -> None:
    """Tasks run while plain code waits, and it can use what belongs to the loop."""
    code = (
        "before, future = ticks, asyncio.get_running_loop().create_future()\n"
        "async def fill():\n"
        "    await asyncio.sleep(0.1)\n"
        "    future.set_result(ticks > before)\n"
        "filling = asyncio.get_running_loop().create_task(fill())\n"
        "async def wait(): return await future\n"
        "asyncio.run(wait())"
    )
    assert await value(kernel, code) == "True"


async def test_exceptions_come_back_unchanged(kernel: Kernel) -> None:
    """The caller gets the object itself, and the kernel survives even SystemExit."""
    code = (
        "errors = [RuntimeError('r'), ValueError('v'), SystemExit(3),"
        " KeyboardInterrupt(), TimeoutError(), asyncio.CancelledError()]\n"
        "async def fail(error): raise error\n"
        "got = []\n"
        "for call in (asyncio.run, asyncio_run):\n"
        "    for error in errors[:-1]:\n"
        "        try: call(fail(error))\n"
        "        except BaseException as caught: got.append(caught is error)\n"
        "    try: call(fail(errors[-1]))\n"
        "    except asyncio.CancelledError: got.append(True)\n"
        "got == [True] * 12"
    )
    assert await value(kernel, code) == "True"
    text = kernel.text(await kernel.run("asyncio.run(fail(KeyError('mine')))"))
    assert text == "KeyError: 'mine'"


async def test_context_variables_go_both_ways(kernel: Kernel) -> None:
    """A call sees the caller's context variables, and the caller those it sets."""
    code = (
        "async def change():\n"
        "    seen = variable.get(); variable.set('inside'); return seen\n"
        "variable.set('outside')\n"
        "seen = [asyncio.run(change()), variable.get()]\n"
        "variable.set('outside')\n"
        "[*seen, asyncio_run(change()), variable.get()]"
    )
    expected = "['outside', 'inside', 'outside', 'inside']"
    assert await value(kernel, code) == expected


async def test_timeouts_reach_a_waiting_call(kernel: Kernel) -> None:
    """A timeout around or inside a call cancels it, and its cleanup runs."""
    code = (
        "cleaned = []\n"
        "async def slow():\n"
        "    try: await asyncio.sleep(600)\n"
        "    finally:\n"
        "        await asyncio.sleep(0.01)\n"
        "        cleaned.append(True)\n"
        "async def around():\n"
        "    async with asyncio.timeout(0.05): asyncio.run(slow())\n"
        "for call in (lambda: asyncio.run(asyncio.wait_for(slow(), 0.05)),\n"
        "             lambda: asyncio_run(slow(), timeout=0.05),\n"
        "             lambda: asyncio.run(around())):\n"
        "    try: call()\n"
        "    except TimeoutError: cleaned.append('late')\n"
        "cleaned"
    )
    assert await value(kernel, code) == str([True, "late"] * 3)


async def test_what_a_call_leaves_behind(kernel: Kernel) -> None:
    """Its tasks are cancelled as by `asyncio.run` anywhere; jobs and others go on."""
    code = (
        "left = []\n"
        "async def hang():\n"
        "    try: await asyncio.sleep(600)\n"
        "    finally: left.append('cancelled')\n"
        "async def leave():\n"
        "    asyncio.create_task(hang())\n"
        "    jobs.start(asyncio.sleep(600), name='kept')\n"
        "    await asyncio.sleep(0)\n"
        "asyncio.run(leave())\n"
        "left, jobs['kept'].state, ticking.done()"
    )
    assert await value(kernel, code) == "(['cancelled'], 'running', False)"


# --- the other mechanisms

CALLBACK = """\
import __main__
async def at_rest(): await asyncio.sleep(0.5); return "rested"
def callback():
    print("nesting")
    __main__.result = asyncio.run(at_rest()), nesting_state().mechanism
    print("nested")
asyncio.get_running_loop().call_soon(callback);
"""


async def test_cells_queued_during_a_nested_run(kernel: Kernel) -> None:
    """All cells that come during a nested run are run, in order, each to its idle."""
    await kernel.run("order = []; warnings.simplefilter('ignore')")
    await kernel.run(CALLBACK)
    await kernel.output("nesting")
    cells = [
        kernel.execute(
            f"order.append({n}); await asyncio.sleep(0.01)"
            if n % 2
            else f"order.append({n})"
        )
        for n in range(10)
    ]
    for cell in cells:
        await kernel.idle(cell)
        assert kernel.states(cell) == ["busy", "idle"]
    await kernel.output("nested")
    assert await value(kernel, "order") == str(list(range(10)))
    assert await value(kernel, "result") == "('rested', 'nested')"
    assert await value(kernel, "nesting_state().nested_by") == "'nest_asyncio2'"
    # Cells and tasks go on to wait without nesting.
    assert await value(kernel, "nesting_state().mechanism") == "'portal'"
    assert await value(kernel, "all_calls() == EXPECTED") == "True"


async def test_cells_queued_while_a_plain_cell_waits(kernel: Kernel) -> None:
    """The same while a plain cell stands still in a call."""
    first = kernel.execute(
        "order = []; asyncio.run(asyncio.sleep(0.3)); order.append(0)"
    )
    cells = [kernel.execute(f"order.append({n})") for n in range(1, 10)]
    for cell in (first, *cells):
        await kernel.idle(cell)
        assert kernel.states(cell) == ["busy", "idle"]
    assert await value(kernel, "order") == str(list(range(10)))


async def test_nesting_is_said_once(kernel: Kernel) -> None:
    """What nesting costs is told in a sentence, at the first call that needs it."""
    code = (
        "def again(): asyncio.run(asyncio.sleep(0)); done.set()\n"
        "done = asyncio.Event()\n"
        "with warnings.catch_warnings(record=True) as said:\n"
        "    warnings.simplefilter('always')\n"
        "    for _ in range(2):\n"
        "        done.clear(); asyncio.get_running_loop().call_soon(again)\n"
        "        await done.wait()\n"
        "[str(each.message)[:16] for each in said]"
    )
    assert await value(kernel, code) == "['This call nests ']"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_nesting_by_the_notebook_is_accepted(
    tmp_path: Path, kernel_env: Environment, when: str
) -> None:
    """A notebook that nests the loop itself goes on to work, with jobs beside it."""
    apply = "import nest_asyncio2; nest_asyncio2.apply()\n"
    async with Kernel(tmp_path, python=kernel_env.python) as kernel:
        await kernel.run(apply if when == "before" else "pass")
        await kernel.run(LOADED)
        await kernel.run(DEFINED)
        cell = f"{apply if when == 'after' else ''}all_calls() == EXPECTED"
        assert await value(kernel, cell) == "True"
        assert await value(kernel, "all_calls() == EXPECTED") == "True"
        assert (
            await value(kernel, "await asyncio.sleep(0.01); ticking.done()") == "False"
        )


FOREIGN = """\
class Away:
    def __init__(self, loop): self._loop = loop
    def __getattr__(self, name): return getattr(self._loop, name)
async def where(): return threading.current_thread() is threading.main_thread()
async def wait(future): return await future
def callback():
    loop = asyncio.get_running_loop()
    try:
        asyncio._set_running_loop(Away(loop))
        results.append(nesting_state().mechanism)
        results.append((asyncio.run(where()), asyncio_run(main())))
        asyncio.run(wait(loop.create_future()))
    except RuntimeError as error:
        results.append(error.__notes__[0][-40:])
    finally:
        asyncio._set_running_loop(loop)
        done.set()
results, done = [], asyncio.Event()
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    asyncio.get_running_loop().call_soon(callback)
    await done.wait()
results, [str(each.message)[:33] for each in said]
"""


async def test_loop_that_cannot_be_nested(kernel: Kernel) -> None:
    """A loop of another make gets a thread, the reason once, and a note what to do."""
    note = "write `await` instead of a blocking call"
    said = "This call runs on another thread,"
    shown = ast.literal_eval(await value(kernel, FOREIGN))
    assert shown == (["thread", (False, 42), note], [said])


async def test_unloading_puts_everything_back(kernel: Kernel) -> None:
    """After unloading asyncio is what it was, and a new load works again."""
    watched = (
        "[asyncio.run, asyncio.Runner.run, asyncio.BaseEventLoop.run_until_complete,"
        " calling_library.run, asyncio.get_running_loop().get_task_factory(),"
        " get_ipython().kernel.do_execute.__func__]"
    )
    await kernel.run("%unload_ext notebook_async")
    await kernel.run(f"before = {watched}")
    assert await value(kernel, "asyncio.run.__module__") == "'asyncio.runners'"
    assert await value(kernel, "nesting_state().installed") == "False"
    refused = await value(kernel, "asyncio.run(main())")
    assert refused.startswith("RuntimeError: asyncio.run() cannot be called")
    await kernel.run("%load_ext notebook_async")
    assert await value(kernel, "all_calls() == EXPECTED") == "True"
    await kernel.run("%unload_ext notebook_async")
    assert await value(kernel, f"before == {watched}") == "True"
