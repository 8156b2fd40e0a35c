"""Showing jobs where there are panels, and keeping the displays up to date."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import jobs, run_jobs
from notebook_async.kernel import front_end_answered

if TYPE_CHECKING:
    from tests.notebooks import Notebook

WIDGET = "application/vnd.jupyter.widget-view+json"
STILL = ["text/html", "text/plain"]


@pytest.fixture(autouse=True)
def names(kernel_notebook: Notebook) -> None:
    """Give the cells what they need."""
    kernel_notebook.shell.push({"asyncio": asyncio, "jobs": jobs, "run_jobs": run_jobs})


def told(notebook: Notebook) -> list[tuple[str, bool, list[str]]]:
    """Return the name, the kind and the contents of each display."""
    return [
        (each["transient"]["display_id"], each["update"], sorted(each["data"]))
        for each in notebook.displays
    ]


def texts(notebook: Notebook) -> list[str]:
    """Return the first line of each display's text."""
    return [each["data"]["text/plain"].split("\n")[0] for each in notebook.displays]


async def test_panel_then_the_final_picture(kernel_notebook: Notebook) -> None:
    """A job shows a panel with a picture, which the final picture replaces."""
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)\n42")
    await job
    assert told(kernel_notebook) == [
        ("notebook-async-1", False, [WIDGET, *STILL]),
        ("notebook-async-1", True, STILL),
    ]
    assert texts(kernel_notebook) == [
        "▶ running  nap  #1 · cell [1] · 0:00",
        "✓ done  nap  #1 · cell [1] · 0:00",
    ]
    assert kernel_notebook.displays[1]["data"]["text/plain"].endswith("\n42")


async def test_final_picture_is_told_again_in_a_later_cell(
    kernel_notebook: Notebook,
) -> None:
    """Where no front end has answered, the next cell publishes the end once more."""
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)")
    await job
    kernel_notebook.displays.clear()
    await kernel_notebook.value("1")
    assert told(kernel_notebook) == [("notebook-async-1", True, STILL)]
    await kernel_notebook.value("2")
    assert len(told(kernel_notebook)) == 1


@pytest.mark.parametrize("option", ["", " --no-panel"])
async def test_late_output_is_shown(kernel_notebook: Notebook, option: str) -> None:
    """What a task prints that the job has left gets into the final picture, too."""
    cell = f"""\
%%arun -n nap{option}
async def later():
    await asyncio.sleep(3)
    print("still here")
    print("twice")
left = asyncio.create_task(later())
"""
    job = await kernel_notebook.start(cell)
    await job
    kernel_notebook.displays.clear()
    await asyncio.sleep(9)
    assert [text["data"]["text/plain"] for text in kernel_notebook.displays] == [
        "✓ done  nap  #1 · cell [1] · 0:00\nstill here\ntwice"
    ]


async def test_front_end_has_seen_it(kernel_notebook: Notebook) -> None:
    """Where a front end has answered, nothing is told twice."""
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)")
    front_end_answered()
    await job
    kernel_notebook.displays.clear()
    await kernel_notebook.value("1")
    assert kernel_notebook.displays == []


async def test_no_panel_is_text_twice_a_second(kernel_notebook: Notebook) -> None:
    """With `--no-panel` a display of text is replaced as the job goes on."""
    job = await kernel_notebook.start("%%arun --no-panel\nawait asyncio.sleep(1.2)\n7")
    await job
    assert told(kernel_notebook) == [
        ("notebook-async-1", update, ["text/plain"])
        for update in (False, True, True, True)
    ]
    assert kernel_notebook.displays[-1]["data"]["text/plain"].endswith("\n7")
    kernel_notebook.displays.clear()
    await kernel_notebook.value("1")
    assert told(kernel_notebook) == [("notebook-async-1", True, ["text/plain"])]


async def test_quiet_shows_nothing(kernel_notebook: Notebook) -> None:
    """With `--quiet` a job that ends well shows nothing."""
    job = await kernel_notebook.start("%%arun --quiet\nawait asyncio.sleep(1)\n42")
    await job
    assert kernel_notebook.displays == []


async def test_quiet_shows_a_failure(kernel_notebook: Notebook) -> None:
    """With `--quiet` a failure shows its picture, with the traceback."""
    job = await kernel_notebook.start("%%arun --quiet\nawait asyncio.sleep(1)\n1/0")
    await job.wait()
    assert told(kernel_notebook)[0] == ("notebook-async-1", False, STILL)
    assert "----> 3 1/0" in kernel_notebook.displays[0]["data"]["text/plain"]


async def test_wait_leaves_the_output_to_the_cell(
    kernel_notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--wait` prints and displays are the cell's, and the panel has no log."""
    cell = (
        "%%arun -w\nfrom IPython.display import HTML, display\nprint('said')\n"
        "display(HTML('<b>x</b>'))\nawait asyncio.sleep(1)\n42"
    )
    assert await kernel_notebook.value(cell) == 42
    assert "said\n" in capsys.readouterr().out
    *_, rich, final = kernel_notebook.displays[:3]
    assert (rich["data"]["text/html"], rich["update"]) == ("<b>x</b>", False)
    assert final["update"] is True
    assert final["data"]["text/plain"].split("\n")[1:] == []


async def test_list_is_a_table(kernel_notebook: Notebook) -> None:
    """`%jobs` shows the board as HTML and text."""
    jobs.start(asyncio.sleep(9), name="nap")
    await kernel_notebook.value("%jobs")
    [shown] = kernel_notebook.displays
    assert sorted(shown["data"]) == STILL
    assert "▶  #1   nap   running  0:00" in shown["data"]["text/plain"]


async def test_show_gives_another_panel(kernel_notebook: Notebook) -> None:
    """`%jobs ID` shows a live panel, and a picture of a job that has ended."""
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)")
    await kernel_notebook.value("%jobs nap")
    await job
    await kernel_notebook.value("%jobs show nap")
    live = [each for each in told(kernel_notebook) if not each[1]]
    assert live == [
        ("notebook-async-1", False, [WIDGET, *STILL]),
        ("notebook-async-2", False, [WIDGET, *STILL]),
        ("notebook-async-3", False, STILL),
    ]


async def test_job_as_a_value_is_its_panel(kernel_notebook: Notebook) -> None:
    """A job that is the value of a cell is shown by its panel."""
    jobs.start(asyncio.sleep(9), name="nap")
    await kernel_notebook.value("jobs[1]")
    assert told(kernel_notebook)[0] == ("notebook-async-1", False, [WIDGET, *STILL])


async def test_progress_of_a_run_is_a_panel(kernel_notebook: Notebook) -> None:
    """`show_progress` outside of a job shows a panel; inside it is the job's."""
    code = "run_jobs(asyncio.sleep, [0.1] * 3, show_progress=True, desc='naps')"
    await kernel_notebook.value(f"_ = await {code}")
    assert told(kernel_notebook)[0] == ("notebook-async-1", False, [WIDGET, *STILL])
    await asyncio.sleep(0)
    kernel_notebook.displays.clear()
    await kernel_notebook.value("1")
    kernel_notebook.displays.clear()
    job: Any = await kernel_notebook.start(f"%%arun\nawait {code}\nNone")
    await job
    assert {name for name, _, _ in told(kernel_notebook)} == {"notebook-async-2"}
