"""`%%arun` and `%jobs` in a real kernel."""

from __future__ import annotations

import ast
import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.kernels.environments import Environment
    from tests.kernels.message import Message

COLOURS = re.compile(r"\x1b\[[\d;]*m")
WIDGET = "application/vnd.jupyter.widget-view+json"
LOADED = "import asyncio\nfrom notebook_async import jobs\n%load_ext notebook_async"

TALK = """\
%%arun -n {name}
import sys
from concurrent.futures import ThreadPoolExecutor
loop, pool = asyncio.get_running_loop(), ThreadPoolExecutor(1)
async def talk(name):
    for number in range(20):
        print(name, number)
        await asyncio.sleep(0.01)
        await asyncio.to_thread(print, f"{{name}} thread", number)
        await loop.run_in_executor(None, print, f"{{name}} executor", number)
        await loop.run_in_executor(pool, print, f"{{name}} pool", number)
        print(f"{{name}} err", number, file=sys.stderr)
await talk("{name}")
"""

INTERRUPTED = """\
%%arun -w -n waiting
try:
    print("on")
    await asyncio.sleep(600)
finally:
    await asyncio.sleep(0.05)
    cleaned = True
"""


@pytest.fixture
async def kernel(tmp_path: Path, kernel_env: Environment) -> AsyncIterator[Kernel]:
    """Give a kernel of each environment, with the extension."""
    async with Kernel(tmp_path, python=kernel_env.python) as running:
        await running.run(LOADED)
        yield running


def pictures(kernel: Kernel, cell: str) -> list[Message]:
    """Return the displays of a cell and their updates, as a front end finds them.

    It goes by the name of the display: on ipykernel 6 what a task publishes has the
    cell that runs by then for its parent.
    """
    own = [m for m in kernel.outputs(cell) if m.kind == "display_data"]
    names = [m.content["transient"].get("display_id") for m in own]
    shown = (m for m in kernel.messages if "display_data" in m.kind)
    return [m for m in shown if m.content["transient"].get("display_id") in names]


def last_picture(kernel: Kernel, cell: str) -> dict[str, Any]:
    """Return the data of the last display or update of a cell."""
    return pictures(kernel, cell)[-1].content["data"]


async def updated(kernel: Kernel, cell: str) -> Message:
    """Wait until the display of a cell is updated."""
    return await kernel.until(
        lambda: next(
            (m for m in pictures(kernel, cell) if m.kind == "update_display_data"), None
        ),
        what="an update of the display",
    )


async def value(kernel: Kernel, expression: str) -> str:
    """Return the text of an expression's value."""
    shown = kernel.outputs(await kernel.run(expression))
    return "".join(m.text() for m in shown if m.kind == "execute_result")


async def test_jobs_print_into_their_panels_only(kernel: Kernel) -> None:
    """Two jobs that print at once appear in their own pictures, and under no cell."""
    cells = [await kernel.run(TALK.format(name=name)) for name in ("anna", "ben")]
    for cell in cells:
        await updated(kernel, cell)
    streams = [m.content["text"] for m in kernel.messages if m.kind == "stream"]
    assert streams == []
    for name, number in (("anna", 1), ("ben", 2)):
        said = {
            f"{name}{kind} {n}"
            for kind in ("", " thread", " executor", " pool", " err")
            for n in range(20)
        }
        log = await value(kernel, f"sorted(jobs[{number}].output.text.splitlines())")
        assert ast.literal_eval(log) == sorted(said)
    for cell, own, other in zip(cells, ("anna", "ben"), ("ben", "anna"), strict=True):
        data = last_picture(kernel, cell)
        assert f"{own} 19" in data["text/plain"]
        for shown in (data["text/plain"], data["text/html"]):
            assert f"{own} thread 19" in shown
            assert other not in shown


async def test_cell_answers_while_a_job_runs(kernel: Kernel) -> None:
    """While a job runs other cells answer, and their prints are theirs."""
    job = await kernel.run("%%arun\nwhile True:\n    await asyncio.sleep(0.001)")
    began = kernel.now()
    cell = await kernel.run("print('mine')\n1 + 1")
    assert kernel.text(cell) == "mine\n2"
    assert (await kernel.idle(cell)).at - began < 2.0
    assert await value(kernel, "jobs[1].state") == "'running'"
    assert [m.kind for m in kernel.outputs(job)] == ["display_data"] * 2


async def test_panel_is_a_widget_with_a_picture(kernel: Kernel) -> None:
    """A running job is displayed as HTML and text, and as a widget below that."""
    cell = await kernel.run("%%arun -n nap\nawait asyncio.sleep(600)")
    picture, live = kernel.outputs(cell)
    assert sorted(picture.content["data"]) == ["text/html", "text/plain"]
    assert picture.content["data"]["text/plain"].startswith("▶ running  nap  #1 · cell")
    assert sorted(live.content["data"]) == [WIDGET, "text/html"]
    name = picture.content["transient"]["display_id"]
    assert name.startswith("notebook-async-")
    assert live.content["transient"]["display_id"] == f"{name}-live"


async def test_final_update_has_the_traceback(kernel: Kernel) -> None:
    """The final picture of a failed job has its traceback, from the user's frame on."""
    cell = await kernel.run("%%arun -n bad\n\nawait asyncio.sleep(0.2)\n1 / 0")
    update = await updated(kernel, cell)
    data = update.content["data"]
    assert sorted(data) == ["text/html", "text/plain"]
    lines = data["text/plain"].splitlines()
    assert lines[0].startswith("✕ failed  bad  #1 · cell [2] · 0:00")
    assert any(line.startswith("Cell In[2], line 4") for line in lines)
    assert "----> 4 1 / 0" in lines
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert "notebook_async" not in data["text/plain"]
    assert "\x1b" not in data["text/plain"]
    assert update.content["transient"] == {
        "display_id": kernel.outputs(cell)[0].content["transient"]["display_id"]
    }


async def test_interrupt_cancels_the_waiting_job_only(kernel: Kernel) -> None:
    """The stop button cancels the job that its cell awaits, which cleans up."""
    await kernel.run("%%arun -n other\nawait asyncio.sleep(600)")
    # Else the kernel may still be refusing cells when the next one comes.
    cell = kernel.execute(INTERRUPTED, stop_on_error=False)
    await kernel.output("on")
    await kernel.interrupt()
    answer = await kernel.reply(cell, limit=5)
    assert answer.content["status"] == "error"
    assert answer.content["ename"] in {"CancelledError", "KeyboardInterrupt"}
    shown = "\n".join(answer.content["traceback"])
    assert "await asyncio.sleep(600)" in COLOURS.sub("", shown)
    assert "notebook_async" not in shown
    states = "[(job.name, job.state) for job in jobs], cleaned"
    assert await value(kernel, states) == (
        "([('other', 'running'), ('waiting', 'cancelled')], True)"
    )


async def test_wait_prints_and_answers_in_its_cell(kernel: Kernel) -> None:
    """What a job prints whose cell waits stands under that cell, with its value."""
    cell = await kernel.run("%%arun -w\nprint('hi')\nawait asyncio.sleep(0.01)\n42")
    kinds = [(m.kind, m.text()) for m in kernel.outputs(cell)]
    assert ("stream", "hi\n") in kinds
    assert ("execute_result", "42") in kinds


async def test_failing_cell_that_waits_stops_the_queue(kernel: Kernel) -> None:
    """A failing `--wait` stops Run All as any failing cell does."""
    first = kernel.execute("%%arun -w\nawait asyncio.sleep(0.05)\n1 / 0")
    second = kernel.execute("'never'")
    assert (await kernel.reply(first)).content["ename"] == "ZeroDivisionError"
    assert (await kernel.reply(second)).content["status"] in {"aborted", "error"}
    assert kernel.text(second) == ""


async def test_keep_going_lets_the_queue_go_on(kernel: Kernel) -> None:
    """A failing `--wait --keep-going` lets the cells below run."""
    first = kernel.execute("%%arun -w --keep-going\nawait asyncio.sleep(0.05)\n1 / 0")
    second = kernel.execute("'goes on'")
    assert (await kernel.reply(first)).content["status"] == "ok"
    await kernel.idle(second)
    assert kernel.text(second) == "'goes on'"
    streams = [m.content["text"] for m in kernel.outputs(first) if m.kind == "stream"]
    assert "".join(streams).count("division by zero") == 1


async def test_headless_run_ends_with_the_final_picture(
    kernel: Kernel, kernel_env: Environment
) -> None:
    """Under the cell that waits for a job its final picture is published once more."""
    cell = await kernel.run(
        "%%arun -n nap\nprint('said')\nawait asyncio.sleep(0.2)\n42"
    )
    wait = await kernel.run("%jobs wait")
    own = kernel.outputs(cell)[0].content["transient"]["display_id"]
    updates = [m for m in kernel.outputs(wait) if m.kind == "update_display_data"]
    *live, data = [
        m.content["data"]
        for m in updates
        if m.content["transient"]["display_id"] == own
    ]
    # On ipykernel 6 the update at the job's end has the waiting cell for its parent.
    assert len(live) == (1 if kernel_env.ipykernel < (7,) else 0)
    assert data["text/plain"].startswith("✓ done  nap  #1 · cell [2] · 0:00")
    assert data["text/plain"].splitlines()[1:] == ["said", "42"]
    assert WIDGET not in data


async def test_displays_of_a_job_stay_out_of_other_cells(kernel: Kernel) -> None:
    """What a background job displays is in its picture, not under the running cell."""
    code = (
        "%%arun\nfrom IPython.display import HTML, display\n"
        "await asyncio.sleep(0.1)\ndisplay(HTML('<b>rich</b>'))"
    )
    cell = await kernel.run(code)
    other = await kernel.run("await jobs[1]")
    await updated(kernel, cell)
    assert "<b>rich</b>" in last_picture(kernel, cell)["text/html"]
    own = [m for m in kernel.outputs(other) if m.kind == "display_data"]
    assert own == []


async def test_cancel_by_magic_and_by_the_panel(kernel: Kernel) -> None:
    """A job is cancelled by `%jobs cancel` and by the button's message."""
    cells = [
        await kernel.run(f"%%arun -n nap{n}\nawait asyncio.sleep(600)") for n in (1, 2)
    ]
    await kernel.run("%jobs cancel nap1")
    await updated(kernel, cells[0])
    opened = [m for m in kernel.comm_messages() if m.parent == cells[1]]
    [panel] = [
        m.content["comm_id"]
        for m in opened
        if m.kind == "comm_open" and "_esm" in m.content["data"]["state"]
    ]
    content = {"type": "cancel"}
    kernel.comm_message(panel, {"method": "custom", "content": content})
    await updated(kernel, cells[1])
    states = await value(kernel, "[job.state for job in jobs]")
    assert states == "['cancelled', 'cancelled']"


async def test_unload_and_load_again(kernel: Kernel) -> None:
    """Unloading in a cell leaves prints and streams intact, and loading works again."""
    await kernel.run("%unload_ext notebook_async")
    await asyncio.sleep(0.1)
    written = await value(kernel, "import sys; 'router' in dir(sys.stdout.write)")
    assert written == "False"
    await kernel.run("%load_ext notebook_async")
    cell = await kernel.run("%%arun\nprint('again')")
    await kernel.run("%jobs wait")
    assert await value(kernel, "jobs[1].output.text") == r"'again\n'"
    assert [m for m in kernel.outputs(cell) if m.kind == "stream"] == []
    assert "Traceback" not in kernel.log()
    assert "Exception in callback" not in kernel.log()


@pytest.mark.parametrize("module", ["tqdm", "tqdm.auto"])
async def test_a_users_own_bar_is_in_the_panel(kernel: Kernel, module: str) -> None:
    """A `tqdm` bar that a job opens shows in that job's panel, with its end."""
    code = (
        "%%arun -n bars\n"
        f"from {module} import tqdm\n"
        "for n in tqdm(range(30), desc='mine'):\n"
        "    await asyncio.sleep(0.001)\n"
    )
    cell = await kernel.run(code)
    await updated(kernel, cell)
    shown = last_picture(kernel, cell)["text/html"]
    assert "mine: 100%" in shown
    assert "mine:   0%" not in shown
    streams = [m for m in kernel.messages if m.kind == "stream"]
    assert streams == []


async def test_panels_are_loaded_before_they_are_needed(kernel: Kernel) -> None:
    """Soon after the extension its panels are loaded, and no cell waits for that."""
    await kernel.run(
        "import sys\nwhile 'notebook_async.widgets.job_panel' not in sys.modules:\n"
        "    await asyncio.sleep(0.05)"
    )
    assert await value(kernel, "'notebook_async.workflow' in sys.modules") == "False"
