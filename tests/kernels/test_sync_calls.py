"""Plain code that runs asynchronous code, in a real kernel."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.kernels.environments import Environment

HERE = str(Path(__file__).parent)

# The library comes first: it keeps the `run` that it has imported.
IMPORTED = f"""\
import asyncio, sys, threading, time, warnings
sys.path.insert(0, {HERE!r})
import calling_library
from contextvars import ContextVar, copy_context
from notebook_async import asyncio_run, jobs, run_async_tasks
from notebook_async.kernel import nesting_state
variable = ContextVar("variable", default="default")
"""
LOADED = f"{IMPORTED}%load_ext notebook_async\n"

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

async def one(number):
    asyncio.run(asyncio.sleep(0.04 if number % 2 else 0.02))
    return number

async def two_hundred():
    return await asyncio.gather(*map(one, range(200)))

async def group():
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        tasks = [group.create_task(main(each)) for each in (40, 2)]
    return sum(task.result() for task in tasks)

def by_running_loop(coro): return asyncio.get_event_loop().run_until_complete(coro)

CALLS = {
    "run": lambda: asyncio.run(main()),
    "running loop": lambda: by_running_loop(main()),
    "new loop": lambda: asyncio.new_event_loop().run_until_complete(main()),
    "asyncio_run": lambda: asyncio_run(main()),
    "timeout": lambda: asyncio_run(main(), timeout=60),
    "tasks": lambda: run_async_tasks([main(40), main(2)]),
    "library": lambda: calling_library.fetch(42),
    "by name": lambda: calling_library.fetch_by_name(42),
    "runner": lambda: calling_library.fetch_by_runner(42),
    "own loop": lambda: calling_library.fetch_by_loop(42),
    "three deep": lambda: asyncio.run(deep(3)),
    "two hundred": lambda: asyncio.run(two_hundred()),
    "group": lambda: asyncio.run(group()),
}
EXPECTED = {name: 42 for name in CALLS} | {
    "tasks": [40, 2], "three deep": [3, 2, 1], "two hundred": [*range(200)]
}

async def change():
    seen = variable.get()
    variable.set("inside")
    return seen

def manners(call):
    "How a call treats exceptions, context variables, timeouts and what is left over."
    error, left = KeyError("mine"), []
    async def fail(): raise error
    async def hang():
        try: await asyncio.sleep(600)
        finally: left.append("cancelled")
    async def leave():
        asyncio.create_task(hang())
        await asyncio.sleep(0)
    try: call(fail())
    except KeyError as caught: same = caught is error
    try: call(asyncio.wait_for(asyncio.sleep(600), 0.01))
    except TimeoutError: late = True
    variable.set("outside")
    seen = call(change())
    after = variable.get()
    call(leave())
    return {"same": same, "late": late, "seen": seen, "after": after, "left": left}

MANNERS = {"run": lambda coro: asyncio.run(coro), "running loop": by_running_loop,
           "asyncio_run": asyncio_run, "library": calling_library.call}
GOOD = {"same": True, "late": True, "seen": "outside", "after": "inside",
        "left": ["cancelled"]}

def all_calls(thread=False):
    "Return what is not as it should be, of every call and its manners."
    wrong, without = {}, set()
    def compare(name, got, expected):
        if got != expected: wrong[name] = got
    if thread:
        without.add("running loop")  # it has none
    for name in CALLS.keys() - without:
        compare(name, CALLS[name](), EXPECTED[name])
    for name in MANNERS.keys() - without:
        good = dict(GOOD)
        if name == "running loop":
            good["left"] = []  # such a call leaves its tasks alone, as ever
        if thread:
            # There these are Python's own: the context is a copy.
            good["after"] = "inside" if name == "asyncio_run" else "outside"
        compare(name + "'s manners", manners(MANNERS[name]), good)
    return wrong

def in_future(function):
    "Return a future for what a function returns, and a function that fills it."
    future = asyncio.get_running_loop().create_future()
    def fill(*_):
        try: future.set_result(function())
        except BaseException as error: future.set_exception(error)
    return future, fill
"""

WORKFLOW = """\
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
class Calling(Workflow):
    @step
    {kind} call(self, event: StartEvent) -> StopEvent:
        return StopEvent(result=all_calls({thread}))
await Calling().run()
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


PLACES = {
    "cell": "all_calls()",
    "awaiting cell": "await asyncio.sleep(0)\nall_calls()",
    "time magic": "%%time\nall_calls()",
    "waiting job": "%%arun -w\nall_calls()",
    "thread of a job": "await jobs.start(asyncio.to_thread(all_calls, True), name='t')",
    "job": (
        "async def calling(): return all_calls()\nawait jobs.start(calling(), name='j')"
    ),
    "task": "await asyncio.create_task(calling())",
    "task in a task": (
        "async def around(): return await asyncio.create_task(calling())\n"
        "await asyncio.create_task(around())"
    ),
    "step": WORKFLOW.format(kind="async def", thread=False),
    "plain step": WORKFLOW.format(kind="def", thread=True),
    "to_thread": "await asyncio.to_thread(all_calls, True)",
    "executor": (
        "loop = asyncio.get_running_loop()\n"
        "await loop.run_in_executor(None, all_calls, True)"
    ),
    "thread": (
        "wrong = []\n"
        "thread = threading.Thread(target=lambda: wrong.append(all_calls(True)))\n"
        "thread.start()\n"
        "while thread.is_alive(): await asyncio.sleep(0.01)\n"
        "wrong[0]"
    ),
}


async def test_calls(kernel: Kernel) -> None:
    """Every call works everywhere, with good manners, and nothing is nested for it."""
    wrong = {place: await value(kernel, cell) for place, cell in PLACES.items()}
    assert wrong == dict.fromkeys(PLACES, "{}")
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


async def test_exceptions_in_a_loop_of_a_thread(kernel: Kernel) -> None:
    """What ends a program comes out of a thread's own loop as it went in, too."""
    code = (
        "async def fail(error): raise error\n"
        "def caught(error):\n"
        "    try: asyncio.run(fail(error))\n"
        "    except BaseException as got: return got is error\n"
        "[await asyncio.to_thread(caught, kind())"
        " for kind in (KeyboardInterrupt, SystemExit, KeyError)]"
    )
    assert await value(kernel, code) == "[True, True, True]"


async def test_runner(kernel: Kernel) -> None:
    """A runner keeps its tasks until it closes, and a context that is given apart."""
    code = (
        "left = []\n"
        "async def hang():\n"
        "    try: await asyncio.sleep(600)\n"
        "    finally: left.append('cancelled')\n"
        "async def begin(): return asyncio.create_task(hang())\n"
        "variable.set('outside')\n"
        "given = copy_context()\n"
        "with asyncio.Runner() as runner:\n"
        "    task = runner.run(begin())\n"
        "    seen = [runner.run(main()), runner.run(change(), context=given)]\n"
        "    seen += [variable.get(), given[variable], task.done()]\n"
        "try: runner.run(coro := main())\n"
        "except RuntimeError as error: seen.append(str(error))\n"
        "coro.close()\n"
        "[*seen, left]"
    )
    assert await value(kernel, code) == str(
        [42, "outside", "outside", "inside", False, "Runner is closed", ["cancelled"]]
    )


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
    assert await value(kernel, "all_calls()") == "{}"


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


CALLBACKS = {
    "call_soon": "got, fill = in_future(all_calls)\nloop.call_soon(fill)\nawait got",
    "call_later": (
        "got, fill = in_future(all_calls)\nloop.call_later(0.01, fill)\nawait got"
    ),
    "done": (
        "got, fill = in_future(all_calls)\n"
        "asyncio.create_task(main()).add_done_callback(fill)\nawait got"
    ),
    "thread": (
        "got, fill = in_future(all_calls)\n"
        "await asyncio.to_thread(loop.call_soon_threadsafe, fill)\nawait got"
    ),
}
WIDGET = """\
import comm
widget, fill = in_future(all_calls)
def target(channel, opening): channel.on_msg(fill)
comm.get_comm_manager().register_target("calling", target)
"""


async def test_calls_in_callbacks(kernel: Kernel) -> None:
    """They work in plain callbacks too, of the loop and of widgets."""
    await kernel.run("warnings.simplefilter('ignore')")
    await kernel.run("loop = asyncio.get_running_loop()")
    wrong = {place: await value(kernel, cell) for place, cell in CALLBACKS.items()}
    await kernel.run(WIDGET)
    opening = {"comm_id": "c1", "target_name": "calling", "data": {}}
    await kernel.idle(kernel.send("comm_open", opening))
    waiting = kernel.execute("asyncio.run(asyncio.sleep(0.1)); await widget")
    await kernel.idle(kernel.comm_message("c1", {}))
    await kernel.idle(waiting)
    assert wrong | {"widget": kernel.text(waiting)} == dict.fromkeys(
        [*CALLBACKS, "widget"], "{}"
    )
    assert await value(kernel, "ticking.done()") == "False"


async def test_calls_in_the_cell_that_loads(
    tmp_path: Path, kernel_env: Environment
) -> None:
    """They work in the very cell that loads the extension, which says what it costs."""
    async with Kernel(tmp_path, python=kernel_env.python) as kernel:
        await kernel.run(f"{IMPORTED}\n{DEFINED}")
        cell = await kernel.run("%load_ext notebook_async\nall_calls()")
        said = "".join(m.text() for m in kernel.outputs(cell) if m.kind == "stream")
        assert said.count("RuntimeWarning: This call nests the kernel's") == 1
        assert kernel.text(cell).endswith("{}")
        assert await value(kernel, "all_calls()") == "{}"
        assert await value(kernel, "nesting_state().mechanism") == "'portal'"


@pytest.mark.parametrize(
    "when", ["before", pytest.param("after", marks=pytest.mark.thorough)]
)
@pytest.mark.parametrize("library", ["nest_asyncio2", "nest_asyncio"])
async def test_nesting_by_the_notebook_is_accepted(
    tmp_path: Path, kernel_env: Environment, library: str, when: str
) -> None:
    """A notebook that nests the loop itself goes on to work, with jobs beside it."""
    if library == "nest_asyncio" and kernel_env.ipykernel >= (7, 3):
        pytest.skip("this ipykernel comes without nest_asyncio")
    apply = f"import {library}; {library}.apply()\n"
    async with Kernel(tmp_path, python=kernel_env.python) as kernel:
        await kernel.run(apply if when == "before" else "pass")
        await kernel.run(LOADED)
        await kernel.run(DEFINED)
        # In the cell that applies it the calls are its own.
        calls = "asyncio.run(main()), asyncio_run(main())"
        first = f"{apply if when == 'after' else ''}{calls}"
        assert await value(kernel, first) == "(42, 42)"
        wrong = {place: await value(kernel, cell) for place, cell in PLACES.items()}
        assert wrong == dict.fromkeys(PLACES, "{}")
        assert await value(kernel, "await main(); ticking.done()") == "False"
        assert await value(kernel, "nesting_state().nested_by") == f"'{library}'"
        await kernel.run("%unload_ext notebook_async")
        again = "%load_ext notebook_async\nall_calls()"
        assert await value(kernel, again) == "{}"


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


UVLOOP = (
    "import asyncio, uvloop; asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())"
)


async def test_uvloop(tmp_path: Path) -> None:
    """A kernel on uvloop works as any, but for its callbacks, which get a thread."""
    pytest.importorskip("uvloop")
    (tmp_path / "sitecustomize.py").write_text(UVLOOP, "utf-8")
    async with Kernel(tmp_path, environment={"PYTHONPATH": str(tmp_path)}) as kernel:
        await kernel.run(LOADED)
        await kernel.run(DEFINED)
        wrong = {place: await value(kernel, cell) for place, cell in PLACES.items()}
        assert wrong == dict.fromkeys(PLACES, "{}")
        assert await value(kernel, "nesting_state().loop") == "'uvloop.Loop'"
        code = (
            "got, fill = in_future(lambda: (\n"
            "    asyncio.run(main()), by_running_loop(main()),"
            " calling_library.fetch_by_loop(42), nesting_state().mechanism))\n"
            "warnings.simplefilter('ignore')\n"
            "asyncio.get_running_loop().call_soon(fill)\nawait got"
        )
        assert await value(kernel, code) == "(42, 42, 42, 'thread')"


STEPPED = """\
async def inner(value):
    await asyncio.sleep(0.01)
    return value
def plain(value):
    got = asyncio.run(inner(value))
    return got
async def outer():
    await asyncio.sleep(0)
    return plain(42)
await asyncio.create_task(outer())
"""


async def test_breakpoints(kernel: Kernel) -> None:
    """The debugger stops in code that waits, and in what it waits for."""
    await kernel.run("all_calls()")  # the greenlets are older than the debugger
    numbers = itertools.count(1)

    async def ask(command: str, **arguments: object) -> dict[str, Any]:
        content = {"type": "request", "seq": next(numbers), "command": command}
        request = {**content, "arguments": arguments}
        sent = kernel.send("debug_request", request, channel="control")
        return (await kernel.reply(sent)).content

    def stops() -> list[dict[str, Any]]:
        events = [m.content for m in kernel.messages if m.kind == "debug_event"]
        return [each["body"] for each in events if each["event"] == "stopped"]

    await ask("initialize", clientID="test", adapterID="", pathFormat="path")
    await ask("attach")
    path = (await ask("dumpCell", code=STEPPED))["body"]["sourcePath"]
    lines = [{"line": number} for number in (3, 6)]
    await ask("setBreakpoints", source={"path": path}, breakpoints=lines)
    await ask("configurationDone")
    cell = kernel.execute(STEPPED)
    stacks = []
    for number in range(2):
        stop = await kernel.until(
            lambda number=number: (stops()[number:] or [None])[0], what="a stop"
        )
        frames = (await ask("stackTrace", threadId=stop["threadId"]))["body"]
        stacks.append(
            [
                (each["name"], each["line"])
                for each in frames["stackFrames"]
                if each["source"]["path"] == path
            ]
        )
        await ask("continue", threadId=stop["threadId"])
    await kernel.idle(cell)
    assert stacks == [[("inner", 3)], [("plain", 6), ("outer", 9)]]
    assert kernel.text(cell) == "42"
    await ask("disconnect", restart=False, terminateDebuggee=False)


async def test_unloading_puts_everything_back(kernel: Kernel) -> None:
    """After unloading asyncio is what it was, and a new load works again."""
    watched = (
        "[asyncio.run, asyncio.Runner.run, asyncio.Runner.close,"
        " asyncio.BaseEventLoop.run_until_complete,"
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
    assert await value(kernel, "all_calls()") == "{}"
    await kernel.run("%unload_ext notebook_async")
    assert await value(kernel, f"before == {watched}") == "True"
