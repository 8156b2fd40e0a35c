"""Watching a run: the panels that `watch` shows, and the slider that moves them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from notebook_async import jobs, load_recording, record, run_jobs, start_jobs, watch
from notebook_async.core.records import StepRecord
from notebook_async.errors import ArgumentTypeError
from notebook_async.widgets import _kept
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
from tests.widgets.recordings import recorded, story

if TYPE_CHECKING:
    from pathlib import Path

    from notebook_async import Recording
    from notebook_async.widgets._panel import LivePanel
    from tests.notebooks import Notebook

pytestmark = pytest.mark.usefixtures("comms")


class Nap(Workflow):
    """Sleeps."""

    @step
    async def sleep(self, ev: StartEvent) -> StopEvent:
        """Sleep."""
        await asyncio.sleep(ev.seconds)
        return StopEvent(result=7)


class Outer(Workflow):
    """Runs another workflow."""

    @step
    async def delegate(self, ev: StartEvent) -> StopEvent:
        """Run it."""
        return StopEvent(result=await Nap().run(seconds=ev.seconds))


@pytest.fixture(autouse=True)
def names(kernel_notebook: Notebook) -> None:
    """Give the cells what they need."""
    kernel_notebook.shell.push(
        {
            "Nap": Nap,
            "asyncio": asyncio,
            "jobs": jobs,
            "run_jobs": run_jobs,
            "watch": watch,
        }
    )


def panels(kind: str) -> list[LivePanel]:
    """Return the panels of a kind that are alive, oldest first."""
    return [display._panel for display in _kept._open.get(kind, [])]


def texts(notebook: Notebook, *, updates: bool = False) -> list[str]:
    """Return the first line of each new display, or update, that has text."""
    return [
        each["data"]["text/plain"].split("\n")[0]
        for each in notebook.displays
        if "text/plain" in each["data"] and each["update"] is updates
    ]


def phases() -> list[str]:
    """Return what each graph panel shows now, as its source tells."""
    return [panel._source.state().phase for panel in panels("graph")]


def amid(recording: Recording) -> float:
    """Return a time at which the first step of a run was called and had not ended.

    These are times of this computer, and not of the virtual clock.
    """
    for one in recording:
        if isinstance(one, StepRecord) and one.phase == "running":
            return one.at
    raise AssertionError("no step was called")


# -- what is shown


async def test_handler_has_graph_and_events(kernel_notebook: Notebook) -> None:
    """A handler shows its graph, and what happens below it; it can be awaited."""
    await kernel_notebook.value("watched = watch(Nap().run(seconds=5))")
    assert len(panels("graph")) == len(panels("events")) == 1
    assert phases() == ["running"]
    watched = kernel_notebook.shell.user_ns["watched"]
    assert await watched == 7
    assert phases() == ["done"]
    assert watched.recording.state.phase == "done"
    assert not watched.recording.listens
    assert repr(watched).startswith("<Watch of <Recording of ")


async def test_value_of_the_cell_is_not_shown_twice(kernel_notebook: Notebook) -> None:
    """A cell that ends with `watch(...)` shows the panels once, and no text."""
    await kernel_notebook.value("watch(Nap().run(seconds=1))")
    assert len(texts(kernel_notebook)) == 2
    assert len(panels("graph")) == 1


async def test_parts_may_be_left_out() -> None:
    """Either the graph or the events may be left out."""
    handler = Nap().run(seconds=1)
    watch(handler, events=False)
    assert (len(panels("graph")), len(panels("events"))) == (1, 0)
    await watch(handler, graph=False)
    assert (len(panels("graph")), len(panels("events"))) == (1, 1)


async def test_job_shows_its_workflows() -> None:
    """A job that runs workflows shows their graphs; of many, those of three."""

    async def work() -> list[int]:
        return await run_jobs(lambda _: Nap().run(seconds=5), range(5))

    job = jobs.start(work(), name="naps")
    await asyncio.sleep(1)
    watched = watch(job)
    assert phases() == ["running"] * 3
    assert await watched == [7] * 5
    assert phases() == ["done"] * 3
    assert len(watched.recording.state.workflows) == 5


async def test_run_shows_events_alone() -> None:
    """A run of items has no graph."""
    watched = watch(start_jobs(asyncio.sleep, [1, 2]))
    assert (len(panels("graph")), len(panels("events"))) == (0, 1)
    await watched
    (run,) = watched.recording.state.runs.values()
    assert run.done == 2


async def test_everything_is_watched_without_a_subject() -> None:
    """Without a subject all that happens from now on is recorded."""
    watched = watch()
    await Nap().run(seconds=1)
    await run_jobs(asyncio.sleep, [1])
    state = watched.recording.state
    assert (len(state.workflows), len(state.runs)) == (1, 1)
    with pytest.raises(ArgumentTypeError, match="watch was given nothing"):
        await watched
    watched.recording.stop()


async def test_recording_shows_what_is_outermost() -> None:
    """Of a recording the workflows that run in no other have their graphs."""
    with record() as recording:
        await Outer().run(seconds=2)
        await Nap().run(seconds=1)
    watch(recording)
    assert [panel._source.graph.name for panel in panels("graph")] == ["Outer", "Nap"]
    assert phases() == ["done", "done"]


async def test_file_is_watched_like_a_run(tmp_path: Path) -> None:
    """A recording from a file has its graph and every moment."""
    handler = Nap().run(seconds=5, run_id="first")
    watched = watch(handler)
    await watched
    path = watched.export(tmp_path / "run.jsonl.gz")
    again = watch(load_recording(path))
    again.moment = amid(again.recording)
    assert phases() == ["done", "running"]
    again.moment = None
    assert phases() == ["done", "done"]


async def test_what_cannot_be_watched_is_named() -> None:
    """Anything else is refused, with what may be given."""
    with pytest.raises(ArgumentTypeError, match="a job, a run or the handler"):
        watch(42)


# -- the slider


async def test_slider_moves_the_graph() -> None:
    """At each moment the graph shows what was then; at the end what is now."""
    watched = watch(Nap().run(seconds=10))
    await watched
    at = watched.moment = amid(watched.recording)
    (panel,) = panels("graph")
    state = panel._source.state()
    assert (state.phase, state.steps["sleep"].running) == ("running", 1)
    assert watched.moment == at
    watched.moment = None
    assert phases() == ["done"]


async def test_front_end_moves_the_graph_too() -> None:
    """What a person does with the slider moves the graph."""
    watched = watch(Nap().run(seconds=10))
    await watched
    (events,) = panels("events")
    events._handle_custom_msg({"type": "look", "view": "a", "tab": "log"}, [])
    at = amid(watched.recording) - watched.recording.began
    events._handle_custom_msg({"type": "moment", "view": "a", "at": at}, [])
    await asyncio.sleep(0.3)
    assert phases() == ["running"]


async def test_run_can_be_played_again() -> None:
    """Played at twice the speed, ten seconds are over after five."""
    watched = watch(recorded(story()))
    loop = asyncio.get_running_loop()
    begin, seen = loop.time(), []
    watched.play(2)
    while watched.moment is not None:
        await asyncio.sleep(0.1)
        seen += phases()
    assert "running" in seen
    assert seen[-1] == "done"
    assert loop.time() - begin == pytest.approx(5, abs=0.5)
    watched.play()
    watched.pause()
    await asyncio.sleep(1)
    assert watched.moment == watched.recording.began


async def test_graph_that_is_gone_is_left_alone() -> None:
    """A graph that has become its picture is moved no more."""
    watched = watch(Nap().run(seconds=1))
    await watched
    (panel,) = panels("graph")
    panel.retire()
    watched.moment = amid(watched.recording)
    assert panel._source.state().phase == "done"


# -- elsewhere


async def test_headless_run_has_pictures(kernel_notebook: Notebook) -> None:
    """Where a program runs the notebook the cell that awaits has final pictures."""
    kernel_notebook.shell.kernel._allow_stdin = False
    await kernel_notebook.value("await watch(Nap().run(seconds=5))")
    events, graph = texts(kernel_notebook, updates=True)
    assert graph.startswith("✓ Nap  run ")
    assert events.startswith("✓ 7 events")
