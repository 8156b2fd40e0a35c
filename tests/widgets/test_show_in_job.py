"""The graphs of workflows in the output of the job that runs them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import jobs, run_jobs, watch
from notebook_async.core import StepRecord
from notebook_async.widgets import _kept, show_job
from notebook_async.widgets._show_graph import _MOST_PANELS
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step

if TYPE_CHECKING:
    from notebook_async import Job
    from tests.notebooks import Notebook

pytestmark = pytest.mark.usefixtures("comms")

WIDGET = "application/vnd.jupyter.widget-view+json"
CELL = "%%arun -n nap\nawait Nap().run(seconds=5)"


class Nap(Workflow):
    """Sleeps."""

    @step
    async def sleep(self, ev: StartEvent) -> StopEvent:
        """Sleep."""
        await asyncio.sleep(ev.seconds)
        return StopEvent(result=7)


@pytest.fixture(autouse=True)
def names(kernel_notebook: Notebook) -> None:
    """Give the cells what they need."""
    kernel_notebook.shell.push({"Nap": Nap, "run_jobs": run_jobs, "watch": watch})


def graphs() -> list[Any]:
    """Return the graph panels in jobs that are alive, oldest first."""
    return [each._panel for each in _kept._open.get("graph", [])]


def words(job: Job) -> list[str]:
    """Return the first line of each display of a job that is more than text."""
    return [one.data["text/plain"].split("\n")[0] for one in job.output.rich]


async def test_job_has_the_graph_of_its_workflow(kernel_notebook: Notebook) -> None:
    """The graph is one of the job's displays, live, and is not replaced at the end."""
    job = await kernel_notebook.start(CELL)
    await asyncio.sleep(1)
    (shown,) = job.output.rich
    assert sorted(shown.data) == [WIDGET, "text/html", "text/plain"]
    (panel,) = graphs()
    assert shown.data[WIDGET]["model_id"] == panel.model_id
    version = job.output.rich_version
    assert await job == 7
    assert job.output.rich_version == version
    assert panel.comm is not None
    assert [handler.is_done() for handler in job.workflows] == [True]


async def test_picture_of_the_job_has_that_of_the_graph(
    kernel_notebook: Notebook,
) -> None:
    """The job's final picture shows the graph as it is then, not as it began."""
    job = await kernel_notebook.start(CELL)
    await job
    await asyncio.sleep(1)
    html = kernel_notebook.displays[-1]["data"]["text/html"]
    assert "✓" in html
    assert html.count("data:image/svg+xml;base64,") >= 1
    picture = graphs()[0].picture()
    assert picture["text/plain"].startswith("✓ Nap")
    assert picture["text/html"] in html


async def test_of_many_workflows_three_are_shown(kernel_notebook: Notebook) -> None:
    """A job that runs one after the other shows three; the last twenty are known."""
    cell = "%%arun\nfor _ in range(25):\n    await Nap().run(seconds=1)"
    job = await kernel_notebook.start(cell)
    await job
    assert len(graphs()) == 3
    assert len(job.workflows) == 20


async def test_items_of_a_run_show_no_graphs(kernel_notebook: Notebook) -> None:
    """What items run is not shown, but known."""
    cell = "%%arun\nawait run_jobs(lambda _: Nap().run(seconds=1), range(5))"
    job = await kernel_notebook.start(cell)
    await job
    assert graphs() == []
    assert len(job.workflows) == 5


async def test_awaited_job_shows_it_in_the_cell(kernel_notebook: Notebook) -> None:
    """With `-w` the cell has the graph, as if it had been shown there."""
    await kernel_notebook.value("%%arun -w\nawait Nap().run(seconds=1)")
    (panel,) = graphs()
    assert not hasattr(panel, "picture")


@pytest.mark.parametrize("option", ["", "-w"])
async def test_watch_in_a_job_takes_the_graph_that_is_there(
    kernel_notebook: Notebook, option: str
) -> None:
    """Who watches a run in a job gets a slider for the graph that the job shows."""
    await kernel_notebook.value(
        f"%%arun {option}\nwatched = watch(Nap().run(seconds=5))\nawait watched"
    )
    await asyncio.sleep(6)
    (panel,) = graphs()
    (events,) = [each._panel for each in _kept._open["events"]]
    (record,) = [
        one
        for one in events.recording
        if isinstance(one, StepRecord) and one.phase == "running"
    ]
    events.moment = record.at
    assert panel._source.state().phase == "running"


async def test_handler_as_the_value_of_a_job_is_shown_once(
    kernel_notebook: Notebook,
) -> None:
    """The value of a job's cell is shown in its output, unless it is there already."""
    job = await kernel_notebook.start("%%arun\nhandler = Nap().run(seconds=1)\nhandler")
    await job
    assert len(job.output.rich) == 1
    job = await kernel_notebook.start("%%arun\nNap()")
    await job
    (shown,) = job.output.rich
    assert WIDGET in shown.data


@pytest.mark.parametrize("option", ["--quiet", "--no-panel"])
async def test_job_without_panel_has_no_graph(
    kernel_notebook: Notebook, option: str
) -> None:
    """Who wants no panel wants no graph."""
    job = await kernel_notebook.start(f"%%arun {option}\nawait Nap().run(seconds=1)")
    await job
    assert graphs() == []
    assert job.output.rich == []


async def test_headless_job_has_the_picture_of_its_end(
    kernel_notebook: Notebook,
) -> None:
    """Where a program runs the notebook there is the picture, which the end renews."""
    kernel_notebook.shell.kernel._allow_stdin = False
    job = await kernel_notebook.start(CELL)
    await asyncio.sleep(1)
    assert words(job)[0].startswith("▶ Nap")
    await job
    assert words(job)[0].startswith("✓ Nap")
    (shown,) = job.output.rich
    assert WIDGET not in shown.data


async def test_old_graphs_become_pictures(kernel_notebook: Notebook) -> None:
    """Of very many graphs the oldest that have ended are pictures in their jobs."""
    first = await kernel_notebook.start(CELL)
    await first
    for _ in range(_MOST_PANELS):
        job = await kernel_notebook.start(CELL)
        await job
    assert len(graphs()) == _MOST_PANELS
    (shown,) = first.output.rich
    assert sorted(shown.data) == ["text/html", "text/plain"]
    assert shown.data["text/plain"].startswith("✓ Nap")


async def test_job_shown_late_has_its_graphs() -> None:
    """A job that is shown while its workflow runs has the graph from then on."""

    async def work() -> int:
        result: int = await Nap().run(seconds=5)
        return result

    job = jobs.start(work(), name="nap")
    await asyncio.sleep(1)
    show_job(job)
    await asyncio.sleep(1)
    assert len(graphs()) == 1
    await job
