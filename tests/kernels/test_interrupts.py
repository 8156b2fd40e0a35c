"""What an interrupt ends, and what it leaves alone, in a real kernel."""

from __future__ import annotations

import sys
import time
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.kernels.environments import Environment

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="an interrupt is no signal there"
)

LOADED = """\
import asyncio, threading, time
from notebook_async import jobs
%load_ext notebook_async
"""

# Ticks, so that its end is seen: a job that an interrupt must leave alone.
JOB = """\
%%arun -n ticking
ticks = 0
while True:
    ticks += 1
    await asyncio.sleep(0.01)
"""

ALIVE = """\
seen = ticks
while ticks == seen:
    await asyncio.sleep(0.01)
jobs["ticking"].state
"""

# Printed by a thread, and so not into the panel of a job.
SAY = "threading.Thread(target=print, args=('on',), kwargs={'flush': True}).start()"

BLOCK = f"""\
from notebook_async import run_jobs
async def block():
    {SAY}
    time.sleep(600)
"""

# Plain callbacks stand in no portal: a call from there nests the loop.
NESTED = """\
import warnings
warnings.simplefilter("ignore")
async def main():
    print("on", flush=True)
    await asyncio.sleep(600)
def callback():
    try:
        asyncio.run(main())
    except BaseException as error:
        print("ended by", type(error).__name__)
"""

COMM = """\
import comm
def target(channel, opening):
    channel.on_msg(on_message)
comm.get_comm_manager().register_target("blocking", target)
"""

LAND = 0.5


@pytest.fixture
async def kernel(tmp_path: Path, kernel_env: Environment) -> AsyncIterator[Kernel]:
    """Give a kernel with the extension."""
    async with Kernel(tmp_path, python=kernel_env.python) as running:
        await running.run(LOADED)
        yield running


async def interrupted(kernel: Kernel, code: str) -> tuple[str, float]:
    """Interrupt a cell that has printed "on"; return its error, and when it landed.

    That is seconds until the exception came out of the code. Rendering its traceback
    can take longer than all else.
    """
    magic, body = code.split("\n", 1) if code.startswith("%%") else ("", code)
    cell = kernel.execute(
        f"{magic}{magic and chr(10)}try:\n{indent(body, '    ')}\n"
        "except BaseException:\n    landed = time.time()\n    raise",
        stop_on_error=False,
    )
    await kernel.until(lambda: "on" in kernel.text(cell) or None, what="on")
    sent = time.time()
    await kernel.interrupt()
    reply = await kernel.reply(cell)
    landed = float(await value(kernel, "landed"))
    return str(reply.content.get("ename")), landed - sent


async def value(kernel: Kernel, code: str) -> str:
    """Return the text of the value of a cell's last expression."""
    shown = kernel.outputs(await kernel.run(code))
    return "".join(m.text() for m in shown if m.kind == "execute_result")


AWAITING = {
    "future": "await asyncio.get_running_loop().create_future()",
    "sleep": "await asyncio.sleep(600)",
    "arun": "%%arun -w\nprint('on')\nawait asyncio.sleep(600)",
}


# Said by the loop, and so once the cell awaits.
SAID = "asyncio.get_running_loop().call_later(0.01, print, 'on')"


@pytest.mark.parametrize("kind", AWAITING)
async def test_awaiting_cell_on_a_quiet_loop(kernel: Kernel, kind: str) -> None:
    """An awaiting cell is cancelled within half a second, though nothing else runs."""
    code = AWAITING[kind] if kind == "arun" else f"{SAID}\n{AWAITING[kind]}"
    name, seconds = await interrupted(kernel, code)
    assert name == "CancelledError"
    assert seconds < LAND
    assert await value(kernel, "'alive'") == "'alive'"


CALLING = {
    "run": "asyncio.run(main())",
    "loop": "asyncio.get_event_loop().run_until_complete(main())",
    "ours": "asyncio_run(main())",
    "tasks": "run_async_tasks([main(), main()])",
    "deep": "asyncio.run(deep(3))",
    "new loop": "asyncio.new_event_loop().run_until_complete(main())",
    "in an awaiting cell": "await asyncio.sleep(0); asyncio.run(main())",
}

MAIN = """\
from notebook_async import asyncio_run, run_async_tasks
cleaned = []
async def main():
    try:
        print("on", flush=True)
        await asyncio.sleep(600)
    finally:
        await asyncio.sleep(0.01)
        cleaned.append(True)
async def deep(levels):
    asyncio.run(deep(levels - 1) if levels else main())
"""


@pytest.mark.parametrize("kind", CALLING)
async def test_waiting_call(kernel: Kernel, kind: str) -> None:
    """A call that waits is cancelled, cleans up and raises KeyboardInterrupt."""
    await kernel.run(JOB)
    await kernel.run(MAIN)
    name, seconds = await interrupted(kernel, CALLING[kind])
    assert name == "KeyboardInterrupt"
    assert seconds < LAND
    assert await value(kernel, "set(cleaned)") == "{True}"
    assert await value(kernel, ALIVE) == "'running'"


PASSED_ON = {
    "task": (
        "async def calling(): return asyncio.run(main())\n"
        "await asyncio.create_task(calling())"
    ),
    "step": (
        "from notebook_async.workflow import StartEvent, StopEvent, Workflow, step\n"
        "class Calling(Workflow):\n"
        "    @step\n"
        "    async def call(self, event: StartEvent) -> StopEvent:\n"
        "        return StopEvent(result=asyncio.run(main()))\n"
        "await Calling().run()"
    ),
    "job": "%%arun -w\nasyncio.run(main())",
}


@pytest.mark.parametrize("kind", PASSED_ON)
async def test_waiting_call_below_an_awaiting_cell(kernel: Kernel, kind: str) -> None:
    """Cancelling what a cell awaits cancels the calls in it, which clean up."""
    await kernel.run(JOB)
    await kernel.run(MAIN)
    name, _ = await interrupted(kernel, PASSED_ON[kind])
    assert name == "CancelledError"
    assert await value(kernel, "set(cleaned)") == "{True}"
    assert await value(kernel, ALIVE) == "'running'"


async def test_call_of_a_job_is_left_alone(kernel: Kernel) -> None:
    """An interrupt of a cell does not reach a job whose plain code waits."""
    await kernel.run(f"%%arun -n call\n{MAIN}\nasyncio.run(main())")
    await kernel.run(JOB)
    name, _ = await interrupted(kernel, AWAITING["arun"])
    assert name == "CancelledError"
    assert await value(kernel, ALIVE) == "'running'"
    assert await value(kernel, "jobs['call'].state") == "'running'"


BLOCKING = {
    "plain cell": "print('on', flush=True)\ntime.sleep(600)",
    "awaiting cell": (
        "await asyncio.sleep(0)\nprint('on', flush=True)\ntime.sleep(600)"
    ),
    "call": (
        "async def main():\n    print('on', flush=True)\n    time.sleep(600)\n"
        "asyncio.run(main())"
    ),
}


@pytest.mark.parametrize("kind", BLOCKING)
async def test_code_that_blocks_the_loop(kernel: Kernel, kind: str) -> None:
    """Code of the cell that blocks gets a KeyboardInterrupt where it is."""
    await kernel.run(JOB)
    name, seconds = await interrupted(kernel, BLOCKING[kind])
    assert name == "KeyboardInterrupt"
    assert seconds < LAND
    assert await value(kernel, ALIVE) == "'running'"


@pytest.mark.parametrize("work", ["block()", "run_jobs([block(), block()])"])
async def test_job_that_blocks_the_idle_loop(kernel: Kernel, work: str) -> None:
    """A job that blocks the idle loop is cancelled; other jobs and the kernel go on."""
    await kernel.run(JOB)
    await kernel.run(BLOCK)
    await kernel.run(f"%%arun -n blocking\nawait asyncio.sleep(0.1)\nawait {work}")
    await kernel.output("on")
    late = kernel.execute("'alive'")
    sent = kernel.now()
    await kernel.interrupt()
    assert (await kernel.reply(late)).at - sent < LAND
    assert await value(kernel, ALIVE) == "'running'"
    assert await value(kernel, "jobs['blocking'].state") == "'cancelled'"


@pytest.mark.parametrize("options", ["", " -w"])
async def test_job_that_blocks_in_its_first_step(kernel: Kernel, options: str) -> None:
    """One interrupt ends a job that never lets its own cell end."""
    await kernel.run(BLOCK)
    cell = kernel.execute(f"%%arun -n blocking{options}\nawait block()")
    await kernel.output("on")
    began = time.monotonic()
    await kernel.interrupt()
    await kernel.idle(cell)
    assert time.monotonic() - began < 2 * LAND
    assert await value(kernel, "jobs['blocking'].state") == "'cancelled'"


async def test_job_that_blocks_below_an_awaiting_cell(kernel: Kernel) -> None:
    """The first interrupt is for the cell, a second one for what keeps it waiting."""
    await kernel.run(BLOCK)
    await kernel.run("begun = asyncio.Event()")
    await kernel.run("%%arun -n blocking\nawait begun.wait()\nawait block()\n")
    code = "begun.set()\nawait asyncio.sleep(600)"
    cell = kernel.execute(code, stop_on_error=False)
    await kernel.output("on")
    # Two signals at once are one: a request between them tells that the first is in.
    await kernel.interrupt()
    await kernel.reply(kernel.send("kernel_info_request", {}, channel="control"))
    await kernel.interrupt()
    assert (await kernel.reply(cell)).content["ename"] == "CancelledError"
    assert await value(kernel, "jobs['blocking'].state") == "'cancelled'"


# Nothing but the ends of calls and of steps: most interrupts come between two of them.
BUSY = {
    "calls": "while True: asyncio.run(asyncio.sleep(0))",
    "steps": (
        "async def spin():\n    while True: await asyncio.sleep(0)\n"
        "await asyncio.gather(*[spin() for _ in range(20)])"
    ),
    "calls of tasks": (
        "async def spin():\n    while True: asyncio.run(asyncio.sleep(0))\n"
        "await asyncio.gather(*[spin() for _ in range(5)])"
    ),
}


@pytest.mark.parametrize("kind", BUSY)
async def test_interrupts_at_any_moment(kernel: Kernel, kind: str) -> None:
    """None is lost and none ends the kernel or a job, whatever it comes upon."""
    await kernel.run(JOB.replace("0.01", "0"))
    names = set()
    for _ in range(25):
        code = f"print('on', flush=True)\n{BUSY[kind]}"
        cell = kernel.execute(code, stop_on_error=False)
        await kernel.until(
            lambda cell=cell: "on" in kernel.text(cell) or None, what="on"
        )
        await kernel.interrupt()
        names.add((await kernel.reply(cell)).content["ename"])
        await kernel.idle(cell)
    assert names <= {"KeyboardInterrupt", "CancelledError"}
    assert await value(kernel, ALIVE) == "'running'"
    assert await value(kernel, "asyncio.run(asyncio.sleep(0, 42))") == "42"


async def test_idle_kernel_ignores_it(kernel: Kernel) -> None:
    """Between cells there is nothing to interrupt: jobs and the kernel go on."""
    await kernel.run(JOB)
    await kernel.interrupt()
    assert await value(kernel, ALIVE) == "'running'"


# --- nested runs


@pytest.mark.parametrize("busy", [False, True], ids=["quiet", "busy job"])
async def test_nested_run_in_a_callback(kernel: Kernel, busy: bool) -> None:  # noqa: FBT001
    """An interrupt ends the nested run and kills no job, whoever's turn it is."""
    tick = "time.sleep(0.02)\n    await asyncio.sleep(0)"
    await kernel.run(JOB.replace("await asyncio.sleep(0.01)", tick) if busy else JOB)
    await kernel.run(NESTED)
    await kernel.run("asyncio.get_running_loop().call_soon(callback);")
    await kernel.output("on")
    sent = kernel.now()
    await kernel.interrupt()
    assert (await kernel.output("ended by CancelledError")).at - sent < LAND
    assert await value(kernel, ALIVE) == "'running'"


async def test_call_in_the_cell_that_loads(kernel: Kernel) -> None:
    """The same in a cell that was there before the extension, with an exception."""
    await kernel.run("%unload_ext notebook_async")
    code = (
        "%load_ext notebook_async\nimport warnings\nwarnings.simplefilter('ignore')\n"
        "async def main():\n    print('on', flush=True)\n    await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    name, seconds = await interrupted(kernel, code)
    assert name == "KeyboardInterrupt"
    assert seconds < LAND
    await kernel.run(JOB)
    assert await value(kernel, ALIVE) == "'running'"


# A loop that nobody can nest: a call in a callback of it is run by another thread.
FOREIGN = """\
class Away:
    def __init__(self, loop): self._loop = loop
    def __getattr__(self, name): return getattr(self._loop, name)
def foreign():
    loop = asyncio.get_running_loop()
    asyncio._set_running_loop(Away(loop))
    try: callback()
    finally: asyncio._set_running_loop(loop)
"""


@pytest.mark.parametrize("call", ["asyncio.run", "asyncio_run", "new_loop"])
async def test_call_in_another_thread(kernel: Kernel, call: str) -> None:
    """An interrupt ends a call that a thread runs and the kernel waits for."""
    await kernel.run(JOB)
    await kernel.run(
        "from notebook_async import asyncio_run\n"
        "def new_loop(coro): asyncio.new_event_loop().run_until_complete(coro)"
    )
    await kernel.run(NESTED.replace("asyncio.run", call))
    await kernel.run(f"{FOREIGN}asyncio.get_running_loop().call_soon(foreign);")
    await kernel.output("on")
    sent = kernel.now()
    await kernel.interrupt()
    assert (await kernel.output("ended by CancelledError")).at - sent < LAND
    assert await value(kernel, ALIVE) == "'running'"


async def test_uvloop(tmp_path: Path) -> None:
    """On uvloop an interrupt ends what it ends elsewhere."""
    pytest.importorskip("uvloop")
    (tmp_path / "sitecustomize.py").write_text(
        "import asyncio, uvloop\n"
        "asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())",
        "utf-8",
    )
    async with Kernel(tmp_path, environment={"PYTHONPATH": str(tmp_path)}) as kernel:
        await kernel.run(LOADED)
        await kernel.run(JOB)
        await kernel.run(MAIN)
        ends = {
            **dict.fromkeys(CALLING, "KeyboardInterrupt"),
            **dict.fromkeys(BLOCKING, "KeyboardInterrupt"),
            **dict.fromkeys(AWAITING, "CancelledError"),
        }
        del ends["arun"]
        codes = {**CALLING, **BLOCKING, **AWAITING}
        for kind, end in ends.items():
            code = codes[kind]
            if kind in AWAITING:
                code = f"{SAID}\n{code}"
            name, seconds = await interrupted(kernel, code)
            assert (kind, name, seconds < LAND) == (kind, end, True)
        await kernel.run(NESTED)
        await kernel.run("asyncio.get_running_loop().call_soon(callback);")
        await kernel.output("on")
        await kernel.interrupt()
        await kernel.output("ended by CancelledError")
        assert await value(kernel, ALIVE) == "'running'"


async def test_loop_nested_by_somebody_else(kernel: Kernel) -> None:
    """The same where the notebook itself nests the loop, in one cell with its call."""
    await kernel.run(JOB)
    code = (
        "import nest_asyncio2\nnest_asyncio2.apply()\n"
        "async def main():\n    print('on', flush=True)\n    await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    name, seconds = await interrupted(kernel, code)
    assert name == "KeyboardInterrupt"
    assert seconds < LAND
    assert await value(kernel, ALIVE) == "'running'"


# --- callbacks of widgets


@pytest.mark.parametrize("awaiting", [False, True], ids=["idle", "awaiting cell"])
async def test_blocking_callback(kernel: Kernel, awaiting: bool) -> None:  # noqa: FBT001
    """An interrupt in a callback that blocks leaves cell, jobs and comm alive."""
    await kernel.run(JOB)
    await kernel.run(
        "calls, go = [], asyncio.Event()\ndef on_message(message):\n"
        "    calls.append(1)\n    if len(calls) == 2:\n        go.set()\n"
        f"    else:\n        {SAY}\n        time.sleep(600)\n"
    )
    await kernel.run(COMM)
    opening = {"comm_id": "c1", "target_name": "blocking", "data": {}}
    await kernel.idle(kernel.send("comm_open", opening))
    cell = ""
    if awaiting:
        cell = kernel.execute("await go.wait()\n'whole'")
    sent = kernel.comm_message("c1", {})
    await kernel.output("on")
    await kernel.interrupt()
    await kernel.idle(sent)
    await kernel.idle(kernel.comm_message("c1", {}))
    if awaiting:
        await kernel.idle(cell)
        assert kernel.text(cell).endswith("'whole'")
    assert await value(kernel, "len(calls)") == "2"
    assert await value(kernel, ALIVE) == "'running'"
