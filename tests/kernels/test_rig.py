"""The rig itself, on kernels without the package."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from notebook_async.testing import VirtualClockLoop

if TYPE_CHECKING:
    from tests.kernels.rig import Kernel

LATER = """\
import asyncio
async def later():
    await asyncio.sleep(0.1)
    print("from the task")
task = asyncio.create_task(later())
"""

ECHO = """\
import comm
def echo(channel, opening):
    channel.on_msg(lambda message: channel.send(message["content"]["data"]))
comm.get_comm_manager().register_target("echo", echo)
"""


async def test_clock_is_real() -> None:
    """These tests run on a loop whose clock does not jump."""
    assert not isinstance(asyncio.get_running_loop(), VirtualClockLoop)


async def test_run_collects_outputs_in_order(kernel: Kernel) -> None:
    """A cell's prints, result and states are found under its id."""
    cell = await kernel.run("print('hello'); 1 + 1")
    assert kernel.text(cell) == "hello\n2"
    assert [each.kind for each in kernel.outputs(cell)] == ["stream", "execute_result"]
    assert kernel.states(cell) == ["busy", "idle"]
    times = [each.at for each in kernel.outputs(cell)]
    assert times == sorted(times)


async def test_failing_cell_answers_with_its_error(kernel: Kernel) -> None:
    """The reply and the output of a failing cell name the exception."""
    cell = await kernel.run("1 / 0")
    assert (await kernel.reply(cell)).content["status"] == "error"
    assert kernel.text(cell) == "ZeroDivisionError: division by zero"


async def test_cells_queue_without_waiting(kernel: Kernel) -> None:
    """Cells sent together run in order, each with its own outputs."""
    first = kernel.execute("import time; time.sleep(0.2); print('first')")
    second = kernel.execute("print('second')")
    early, late = await asyncio.gather(kernel.idle(first), kernel.idle(second))
    assert (kernel.text(first), kernel.text(second)) == ("first\n", "second\n")
    assert 0.2 <= early.at <= late.at


async def test_output_of_a_task_comes_after_its_cell(kernel: Kernel) -> None:
    """What a task prints later is heard, after the idle of the cell that started it."""
    cell = await kernel.run(LATER)
    printed = await kernel.output("from the task")
    assert printed.at > (await kernel.idle(cell)).at


async def test_interrupt_ends_a_cell(kernel: Kernel) -> None:
    """An interrupt reaches a running cell, and the kernel lives on."""
    # An error makes a kernel refuse what it takes for the rest of Run All, and under
    # load the next cell gets there before that is over.
    code = "import time; print('on'); time.sleep(600)"
    cell = kernel.execute(code, stop_on_error=False)
    await kernel.output("on")
    await kernel.interrupt()
    assert (await kernel.reply(cell)).content["ename"] == "KeyboardInterrupt"
    assert kernel.text(await kernel.run("'alive'")) == "'alive'"


async def test_comm_messages_are_answered(kernel: Kernel) -> None:
    """A comm opened from here gets its data back, as a widget would."""
    await kernel.run(ECHO)
    opening = {"comm_id": "c1", "target_name": "echo", "data": {}}
    kernel.send("comm_open", opening)
    sent = kernel.comm_message("c1", {"value": 3})
    await kernel.idle(sent)
    (answer,) = kernel.comm_messages("c1")
    assert answer.content["data"] == {"value": 3}
    assert answer.parent == sent


async def test_shutdown_is_answered_on_control(kernel: Kernel) -> None:
    """A shutdown is answered even while a cell awaits, and the process ends."""
    kernel.execute("import asyncio; await asyncio.sleep(600)")
    answer = await kernel.shut_down()
    assert answer.kind == "shutdown_reply"
    assert answer.channel == "control"


async def test_waiting_has_a_limit(kernel: Kernel) -> None:
    """What never comes ends the wait with a note saying what it was."""
    with pytest.raises(TimeoutError) as caught:
        await kernel.output("never", limit=0.1)
    assert "an output with 'never'" in caught.value.__notes__[0]
