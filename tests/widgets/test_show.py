"""Showing jobs where there are panels, and keeping the displays up to date."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import await_tree, jobs, run_jobs, start_jobs
from notebook_async.kernel import front_end_answered
from notebook_async.widgets import _kept
from tests.widgets.comms import look

if TYPE_CHECKING:
    from notebook_async.widgets._panel import LivePanel
    from tests.notebooks import Notebook

WIDGET = "application/vnd.jupyter.widget-view+json"
STILL = ["text/html", "text/plain"]
FIRST, LIVE = "notebook-async-1", "notebook-async-1-live"
SHOWN = [(FIRST, False, STILL), (LIVE, False, [WIDGET, "text/html"])]


@pytest.fixture(autouse=True)
def names(kernel_notebook: Notebook) -> None:
    """Give the cells what they need."""
    kernel_notebook.shell.push(
        {
            "asyncio": asyncio,
            "jobs": jobs,
            "run_jobs": run_jobs,
            "start_jobs": start_jobs,
            "await_tree": await_tree,
        }
    )


def told(notebook: Notebook) -> list[tuple[str, bool, list[str]]]:
    """Return the name, the kind and the contents of each display."""
    return [
        (each["transient"]["display_id"], each["update"], sorted(each["data"]))
        for each in notebook.displays
    ]


def texts(notebook: Notebook) -> list[str]:
    """Return the first line of each display that has text."""
    bundles = [each["data"] for each in notebook.displays]
    return [
        data["text/plain"].split("\n")[0] for data in bundles if "text/plain" in data
    ]


def panels(kind: str = "job") -> list[LivePanel]:
    """Return the panels of a kind that are alive, oldest first."""
    return [display._panel for display in _kept._open.get(kind, [])]


# -- a panel and its picture


async def test_picture_stands_before_the_panel(kernel_notebook: Notebook) -> None:
    """A job shows a picture, and a panel below it; the end renews the picture."""
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)\n42")
    assert told(kernel_notebook) == SHOWN
    await look(panels()[0])
    await job
    assert told(kernel_notebook) == [*SHOWN, (FIRST, True, STILL)]
    assert texts(kernel_notebook) == [
        "▶ running  nap  #1 · cell [1] · 0:00",
        "✓ done  nap  #1 · cell [1] · 0:00",
    ]
    assert kernel_notebook.displays[-1]["data"]["text/plain"].endswith("\n42")


async def test_picture_hides_while_its_panel_lives(kernel_notebook: Notebook) -> None:
    """The picture brings a style by which JupyterLab shows one of the two."""
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)")
    html = kernel_notebook.displays[0]["data"]["text/html"]
    assert html.startswith("<style>.jp-OutputArea-child:has(.na-still):has(+ ")
    assert 'class="na-still"' in html
    await job


async def test_picture_is_renewed_ever_more_rarely(kernel_notebook: Notebook) -> None:
    """While a job runs its picture is made anew after 2, 6, 14, 30, then each 30 s."""
    cell = "%%arun\nfor i in range(999):\n    print(i)\n    await asyncio.sleep(0.3)"
    await kernel_notebook.start(cell)
    await look(panels()[0])
    kernel_notebook.displays.clear()
    loop = asyncio.get_running_loop()
    times = []
    while loop.time() < 100:
        await asyncio.sleep(0.25)
        times += [loop.time() for _ in kernel_notebook.displays]
        kernel_notebook.displays.clear()
    assert [round(at) for at in times] == [2, 6, 14, 30, 60, 90]


async def test_panel_that_nobody_answers_becomes_its_picture(
    kernel_notebook: Notebook,
) -> None:
    """Ten seconds after the end of its job a panel without a front end is given up."""
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)")
    await job
    kernel_notebook.displays.clear()
    await asyncio.sleep(9)
    assert told(kernel_notebook) == []
    await asyncio.sleep(2)
    assert told(kernel_notebook) == [(FIRST, True, STILL), (LIVE, True, [])]


async def test_panel_of_a_quick_job_waits_for_its_front_end(
    kernel_notebook: Notebook,
) -> None:
    """A front end that answers only after the end keeps the panel."""
    job = await kernel_notebook.start("%%arun -n nap\n42")
    await job
    kernel_notebook.displays.clear()
    await asyncio.sleep(5)
    await look(panels()[0])
    await asyncio.sleep(20)
    assert told(kernel_notebook) == []
    assert panels()[0].comm is not None


async def test_front_end_that_shows_both_gets_one(kernel_notebook: Notebook) -> None:
    """Where nothing hides the picture it is emptied, and takes the place at the end."""
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)")
    await look(panels()[0], beside=False)
    assert told(kernel_notebook)[2:] == [(FIRST, True, [])]
    await job
    assert told(kernel_notebook)[3:] == [(LIVE, True, STILL)]
    assert "<style>" not in kernel_notebook.displays[-1]["data"]["text/html"]


async def test_old_panels_become_pictures(
    kernel_notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of panels whose jobs have ended, so many are kept, and those in sight."""
    monkeypatch.setattr("notebook_async.widgets._show._MOST_PANELS", 2)
    for number in range(3):
        job = await kernel_notebook.start(f"%%arun -n nap{number}\n{number}")
        await job
        await look(panels()[-1])
    assert len(panels()) == 3
    first = panels()[0]
    first._handle_custom_msg({"type": "visible", "visible": False}, [])
    await asyncio.sleep(0)
    kernel_notebook.displays.clear()
    await kernel_notebook.start("%%arun -n last\nawait asyncio.sleep(5)")
    assert told(kernel_notebook)[2:] == [(FIRST, True, STILL), (LIVE, True, [])]
    assert first.comm is None
    assert len(panels()) == 3


# -- programs that run notebooks


async def test_headless_run_has_a_picture_alone(kernel_notebook: Notebook) -> None:
    """A program that may not be asked anything gets the picture, and its end."""
    kernel_notebook.shell.kernel._allow_stdin = False
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)")
    await job
    assert told(kernel_notebook) == [(FIRST, False, STILL), (FIRST, True, STILL)]
    assert "<style>" not in kernel_notebook.displays[-1]["data"]["text/html"]
    kernel_notebook.displays.clear()
    await kernel_notebook.value("1")
    assert told(kernel_notebook) == [(FIRST, True, STILL)]
    await kernel_notebook.value("2")
    assert len(told(kernel_notebook)) == 1


async def test_voila_has_panels(
    kernel_notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Voilà may not be asked either, and yet shows widgets."""
    monkeypatch.setenv("VOILA_BASE_URL", "/")
    kernel_notebook.shell.kernel._allow_stdin = False
    await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(9)")
    assert told(kernel_notebook) == SHOWN


@pytest.mark.parametrize("cell", ["%jobs", "jobs", "%jobs tree", "await_tree()"])
async def test_headless_table_and_tree_are_still(
    kernel_notebook: Notebook, cell: str
) -> None:
    """The board and the tree are shown as they stand, where nobody could press."""
    kernel_notebook.shell.kernel._allow_stdin = False
    jobs.start(asyncio.sleep(9), name="nap")
    await asyncio.sleep(0)
    await kernel_notebook.value(cell)
    [shown] = kernel_notebook.displays
    assert sorted(shown["data"]) == STILL
    assert "nap" in shown["data"]["text/plain"]


# -- late output


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
    if not option:
        await look(panels()[0])
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


# -- other ways to show a job


async def test_no_panel_is_text_twice_a_second(kernel_notebook: Notebook) -> None:
    """With `--no-panel` a display of text is replaced as the job goes on."""
    job = await kernel_notebook.start("%%arun --no-panel\nawait asyncio.sleep(1.2)\n7")
    await job
    assert told(kernel_notebook) == [
        (FIRST, update, ["text/plain"]) for update in (False, True, True, True)
    ]
    assert kernel_notebook.displays[-1]["data"]["text/plain"].endswith("\n7")
    kernel_notebook.displays.clear()
    await kernel_notebook.value("1")
    assert told(kernel_notebook) == [(FIRST, True, ["text/plain"])]


async def test_quiet_shows_nothing(kernel_notebook: Notebook) -> None:
    """With `--quiet` a job that ends well shows nothing."""
    job = await kernel_notebook.start("%%arun --quiet\nawait asyncio.sleep(1)\n42")
    await job
    assert kernel_notebook.displays == []


async def test_quiet_shows_a_failure(kernel_notebook: Notebook) -> None:
    """With `--quiet` a failure shows its picture, with the traceback."""
    job = await kernel_notebook.start("%%arun --quiet\nawait asyncio.sleep(1)\n1/0")
    await job.wait()
    assert told(kernel_notebook)[0] == (FIRST, False, STILL)
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
    *_, rich, final = kernel_notebook.displays[:4]
    assert (rich["data"]["text/html"], rich["update"]) == ("<b>x</b>", False)
    assert final["update"] is True
    assert final["data"]["text/plain"].split("\n")[1:] == []


async def test_show_gives_another_panel(kernel_notebook: Notebook) -> None:
    """`%jobs ID` shows a panel of its own, of a job that has ended too."""
    job = await kernel_notebook.start("%%arun -n nap\nawait asyncio.sleep(1)")
    await kernel_notebook.value("%jobs nap")
    await job
    await kernel_notebook.value("%jobs show nap")
    live = [each for each in told(kernel_notebook) if not each[1]]
    assert live == [
        (f"notebook-async-{number}{suffix}", False, contents)
        for number in (1, 2, 3)
        for suffix, contents in (("", STILL), ("-live", [WIDGET, "text/html"]))
    ]


# -- values of cells


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("jobs[1]", "job"),
        ("start_jobs(asyncio.sleep, [9])", "job"),
        ("jobs", "board"),
        ("%jobs", "board"),
        ("%jobs list nap", "board"),
        ("await_tree()", "tree"),
        ("await_tree(jobs[1])", "tree"),
        ("%jobs tree", "tree"),
        ("%jobs tree nap", "tree"),
    ],
)
async def test_value_of_a_cell_is_its_panel(
    kernel_notebook: Notebook, cell: str, kind: str
) -> None:
    """A job, a run, the board and an await tree are shown by their panels."""
    jobs.start(asyncio.sleep(9), name="nap")
    await asyncio.sleep(0)
    await kernel_notebook.value(cell)
    assert told(kernel_notebook) == SHOWN
    assert len(panels(kind)) == 1


async def test_progress_of_a_run_is_a_panel(kernel_notebook: Notebook) -> None:
    """`show_progress` outside of a job shows a panel; inside it is the job's."""
    code = "run_jobs(asyncio.sleep, [0.1] * 3, show_progress=True, desc='naps')"
    await kernel_notebook.value(f"_ = await {code}")
    assert told(kernel_notebook)[:2] == SHOWN
    await asyncio.sleep(0)
    kernel_notebook.displays.clear()
    await kernel_notebook.value("1")
    kernel_notebook.displays.clear()
    job: Any = await kernel_notebook.start(f"%%arun\nawait {code}\nNone")
    await job
    names = {name for name, _, _ in told(kernel_notebook)}
    assert names == {"notebook-async-2", "notebook-async-2-live"}


async def test_unload_takes_the_values_back(kernel_notebook: Notebook) -> None:
    """Without the extension a board is shown as Python shows it."""
    formatter = kernel_notebook.shell.display_formatter.ipython_display_formatter
    assert formatter.lookup_by_type(type(jobs)) is not None
    kernel_notebook.shell.extension_manager.unload_extension("notebook_async")
    with pytest.raises(KeyError):
        formatter.lookup_by_type(type(jobs))
