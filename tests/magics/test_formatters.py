"""Jobs, runs, the board and await trees as values of cells in a terminal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from notebook_async import await_tree, jobs, run_jobs, start_jobs, watch
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step

if TYPE_CHECKING:
    from tests.notebooks import Notebook


class Nap(Workflow):
    """Sleeps."""

    @step
    async def sleep(self, ev: StartEvent) -> StopEvent:
        """Sleep."""
        await asyncio.sleep(ev.seconds)
        return StopEvent(result=7)


@pytest.fixture(autouse=True)
def names(notebook: Notebook) -> None:
    """Give the cells what they need."""
    notebook.shell.push(
        {
            "asyncio": asyncio,
            "await_tree": await_tree,
            "jobs": jobs,
            "run_jobs": run_jobs,
            "start_jobs": start_jobs,
        }
    )


async def shown(
    notebook: Notebook, cell: str, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """Run a cell, and return the lines of its value."""
    capsys.readouterr()
    await notebook.value(cell)
    text = capsys.readouterr().out.partition("]: ")[2]
    return text.strip().splitlines()


async def test_job_is_its_panel_as_text(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that runs, or has ended, tells its state, numbers and output."""
    work = run_jobs(asyncio.sleep, [1] * 4, workers=2, desc="naps")
    jobs.start(work, name="sleepy").output.write("stdout", "good night\n")
    await asyncio.sleep(0.5)
    assert await shown(notebook, "jobs[1]", capsys) == [
        "▶ running  sleepy  #1 · 0:00",
        "  naps: ✓ 0 done  ▶ 2 running  of 4",
        "good night",
    ]
    await jobs[1]
    assert (await shown(notebook, "jobs[1]", capsys))[0].startswith("✓ done  sleepy")


async def test_run_is_its_panel_as_text(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run tells its state and numbers."""
    cell = "run = start_jobs(asyncio.sleep, [1] * 4, desc='naps')\nrun"
    assert await shown(notebook, cell, capsys) == [
        "▶ running  naps  0:00",
        "  ✓ 0 done  of 4",
    ]


async def test_board_is_its_table(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """The board is the table that `%jobs` prints."""
    jobs.start(asyncio.sleep(9), name="nap")
    assert await shown(notebook, "jobs", capsys) == [
        "job  name  state    time  progress",
        "▶  #1   nap   running  0:00",
    ]


async def test_tree_is_its_text(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """An await tree is its own text."""
    jobs.start(asyncio.sleep(9), name="nap")
    await asyncio.sleep(1)
    lines = await shown(notebook, "await_tree(jobs[1])", capsys)
    assert lines == ["job 1 'nap' waits for sleep(9), 8.0 s left"]


async def test_within_others_they_stand_in_one_line(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a list or a dictionary each is what `repr` gives."""
    jobs.start(asyncio.sleep(9), name="nap")
    [line] = await shown(notebook, "[jobs[1], {'board': jobs}]", capsys)
    expected = "[<Job 1 'nap' running 0.0 s>, {'board': <JobBoard: 1 jobs, 1 running>}]"
    assert line == expected


async def test_unload_takes_them_back(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the extension they are what `repr` gives."""
    jobs.start(asyncio.sleep(9), name="nap")
    notebook.shell.extension_manager.unload_extension("notebook_async")
    [line] = await shown(notebook, "jobs", capsys)
    assert line == "<JobBoard: 1 jobs, 1 running>"
    notebook.shell.extension_manager.load_extension("notebook_async")


async def test_watched_run_is_told_at_its_end(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """The graph of a run is printed once it has ended; there is nothing to steer."""
    notebook.shell.push({"Nap": Nap, "watch": watch})
    capsys.readouterr()
    await notebook.value("watched = watch(Nap().run(seconds=5))")
    assert capsys.readouterr().out == ""
    watched = notebook.shell.user_ns["watched"]
    assert await watched == 7
    assert "sleep" in capsys.readouterr().out
    watched.play()
    watched.pause()
    watched.moment = watched.recording.began
    assert watched.moment is None


async def test_handler_says_what_it_is(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """The handler of a run stands in one line."""
    notebook.shell.push({"Nap": Nap})
    cell = "handler = Nap().run(seconds=1)\nhandler"
    assert await shown(notebook, cell, capsys) == ["<WorkflowHandler Nap running>"]
    await notebook.shell.user_ns["handler"]
