"""Questions where there are panels: in a cell, in a job, and in what is saved."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import approve, ask, jobs
from notebook_async.errors import NoFrontEndError
from notebook_async.prompts import answers, pending
from notebook_async.widgets import NotebookPresenter, _kept
from tests.widgets.comms import look

if TYPE_CHECKING:
    from notebook_async.widgets.prompt_panel import PromptPanel
    from tests.notebooks import Notebook

pytestmark = pytest.mark.usefixtures("comms")

WIDGET = "application/vnd.jupyter.widget-view+json"
STILL = ["text/html", "text/plain"]
FIRST, LIVE = "notebook-async-1", "notebook-async-1-live"
SHOWN = [(FIRST, False, STILL), (LIVE, False, [WIDGET, "text/html"])]
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def names(kernel_notebook: Notebook) -> None:
    """Give the cells what they need."""
    kernel_notebook.shell.push({"approve": approve, "ask": ask, "asyncio": asyncio})


def told(notebook: Notebook) -> list[tuple[str, bool, list[str]]]:
    """Return the name, the kind and the contents of each display."""
    return [
        (each["transient"].get("display_id"), each["update"], sorted(each["data"]))
        for each in notebook.displays
    ]


def words(bundle: dict[str, Any]) -> str:
    """Return the text of a bundle, without the times of day."""
    text: str = bundle["text/plain"]
    return " ".join("<time>" if word.count(":") == 2 else word for word in text.split())


def panels() -> list[PromptPanel]:
    """Return the panels of questions that are alive, oldest first."""
    return [each._panel for each in _kept._open.get("prompt", [])]


async def begin(notebook: Notebook, cell: str) -> asyncio.Task[Any]:
    """Start a cell that asks, and let a front end show the question."""
    task = asyncio.create_task(notebook.value(cell))
    await asyncio.sleep(0.1)
    await look(panels()[-1])
    return task


async def test_record_replaces_the_open_question(kernel_notebook: Notebook) -> None:
    """A question has a picture beside its panel; its answer renews that for good."""
    task = await begin(kernel_notebook, "await ask('Name?')")
    assert told(kernel_notebook) == SHOWN
    picture = kernel_notebook.displays[0]["data"]
    assert words(picture) == "? Name? asked at <time> · open when this was saved"
    panels()[0]._handle_custom_msg({"type": "answer", "value": "Ada"}, [])
    assert await task == "Ada"
    assert told(kernel_notebook) == [*SHOWN, (FIRST, True, STILL)]
    record = kernel_notebook.displays[-1]["data"]
    assert words(record) == "✓ Name? Ada typed · <time> · after 0:00"


async def test_interrupted_cell_leaves_a_record(kernel_notebook: Notebook) -> None:
    """A cell that is cancelled while it asks says so in its output."""
    task = await begin(kernel_notebook, "await ask('Name?')")
    task.cancel()
    await asyncio.wait([task])
    record = words(kernel_notebook.displays[-1]["data"])
    assert record.startswith("■ Name? cancelled: whoever asked was cancelled · <time>")


async def test_question_of_a_job_is_in_its_output(kernel_notebook: Notebook) -> None:
    """A job asks in its own output, where the answer stays."""
    job = await kernel_notebook.start(
        "%%arun -n name\nawait ask('Name?', default='Bo')"
    )
    await asyncio.sleep(0.1)
    (shown,) = job.output.rich
    assert sorted(shown.data) == [WIDGET, "text/html", "text/plain"]
    (panel,) = panels()
    assert panel.question["asker"] == f"asked by job {job.id}"
    assert pending[-1].question.job == f"job-{job.id}"
    panel._handle_custom_msg({"type": "default"}, [])
    assert await job == "Bo"
    assert (
        words(panel.picture())
        == "✓ Name? Bo its default, by hand · <time> · after 0:00"
    )
    final = kernel_notebook.displays[-1]["data"]["text/html"]
    assert "its default, by hand" in final


async def test_cancelled_job_closes_its_question(kernel_notebook: Notebook) -> None:
    """The end of a job is the end of what it asks."""
    job = await kernel_notebook.start("%%arun -n name\nawait ask('Name?')")
    await asyncio.sleep(0.1)
    job.cancel()
    await asyncio.sleep(0.1)
    assert panels()[0].record["end"] == "cancelled"
    assert list(pending) == []


async def test_pictures_are_inert(kernel_notebook: Notebook) -> None:
    """Markup in a question and in an answer is text in what is saved."""
    task = await begin(kernel_notebook, f"await ask('{EVIL}')")
    panels()[0]._handle_custom_msg({"type": "answer", "value": EVIL}, [])
    await task
    htmls = [each["data"].get("text/html", "") for each in kernel_notebook.displays]
    assert all("<img" not in html for html in htmls)
    assert "&lt;img" in htmls[-1]


async def test_secret_is_in_no_output(kernel_notebook: Notebook) -> None:
    """What is displayed of a secret is dots."""
    task = await begin(kernel_notebook, "len(await ask('Key?', secret=True))")
    panels()[0]._handle_custom_msg({"type": "answer", "value": "hunter2"}, [])
    assert await task == 7
    assert "hunter2" not in str(kernel_notebook.displays)
    assert "•••" in kernel_notebook.displays[-1]["data"]["text/plain"]


async def test_detail_is_shown_as_a_cell_shows_it(kernel_notebook: Notebook) -> None:
    """What a decision is about stands before it, unless it is text."""
    task = await begin(kernel_notebook, "await approve('Send?', detail=[1, 2])")
    first, *rest = kernel_notebook.displays
    assert first["data"] == {"text/plain": "[1, 2]"}
    assert len(rest) == 2
    panels()[0]._handle_custom_msg(
        {"type": "answer", "value": {"approved": True, "reason": None}}, []
    )
    assert await task


async def test_old_records_become_pictures(kernel_notebook: Notebook) -> None:
    """Of the questions that were answered thirty keep a panel."""
    for _ in range(32):
        task = await begin(kernel_notebook, "await ask('Name?')")
        panels()[-1]._handle_custom_msg({"type": "answer", "value": "Ada"}, [])
        panels()[-1]._handle_custom_msg({"type": "visible", "visible": False}, [])
        await task
    assert len(panels()) == 30
    gone = [name for name, update, data in told(kernel_notebook) if update and not data]
    assert gone == ["notebook-async-1-live", "notebook-async-2-live"]


async def test_a_queue_and_no_pile(kernel_notebook: Notebook) -> None:
    """Of one asker twenty are shown at once, and the next as these are answered."""
    cell = "await asyncio.gather(*(ask(f'Name {n}?') for n in range(25)))"
    job = await kernel_notebook.start(f"%%arun -n names\n{cell}")
    await asyncio.sleep(0.1)
    assert (len(panels()), len(pending)) == (20, 25)
    # One that was answered elsewhere before its turn is recorded all the same.
    pending[24].answer("z")
    await asyncio.sleep(0.1)
    assert words(job.output.rich[-1].data).startswith("✓ Name 24? z by code")
    for n in (7, 3):
        panels()[n]._handle_custom_msg({"type": "answer", "value": "x"}, [])
    await asyncio.sleep(0.1)
    shown = [panel.question["text"] for panel in panels()[20:]]
    assert shown == ["Name 20?", "Name 21?"]
    while list(pending):
        for panel in panels():
            panel._handle_custom_msg({"type": "answer", "value": "y"}, [])
        await asyncio.sleep(0.1)
    answers = await job
    assert [answers[n] for n in (0, 3, 7, 24)] == ["y", "x", "x", "z"]


async def test_question_with_a_deadline_is_shown_at_once(
    kernel_notebook: Notebook,
) -> None:
    """Whoever has no time to lose need not wait for its turn."""
    await kernel_notebook.start(
        "%%arun\nawait asyncio.gather(*(ask('?', timeout=9, default='')"
        " for n in range(25)))"
    )
    await asyncio.sleep(0.1)
    assert len(panels()) == 25


async def test_no_form_where_a_program_runs_the_cells(
    kernel_notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody may be asked, nothing is shown and nothing waits."""
    presenter = NotebookPresenter()
    assert presenter.can_present()
    monkeypatch.setattr(
        kernel_notebook.shell.kernel, "_allow_stdin", False, raising=False
    )
    assert not presenter.can_present()
    with pytest.raises(NoFrontEndError):
        await kernel_notebook.value("await ask('Name?')")
    assert kernel_notebook.displays == []


@pytest.mark.parametrize("headless", [False, True])
async def test_question_that_needs_no_person_leaves_its_record(
    kernel_notebook: Notebook,
    headless: bool,  # noqa: FBT001
) -> None:
    """Seeded answers, and defaults of headless runs, stand in the notebook too."""
    if headless:
        kernel_notebook.shell.kernel._allow_stdin = False
    with answers({"Name?": "Ada", "Key?": "hunter2"}):
        assert await kernel_notebook.value("await ask('Name?')") == "Ada"
        await kernel_notebook.value("_ = await ask('Key?', secret=True)")
    name, key = (words(each["data"]) for each in kernel_notebook.displays)
    assert "Name?" in name
    assert "Ada" in name
    assert "seeded" in name
    assert "hunter2" not in str(kernel_notebook.displays)
    assert "Key?" in key
    assert [kinds for _, _, kinds in told(kernel_notebook)] == [STILL] * 2


async def test_default_of_a_headless_run_leaves_its_record(
    kernel_notebook: Notebook,
) -> None:
    """Where nobody can be asked, the notebook says which default was taken."""
    kernel_notebook.shell.kernel._allow_stdin = False
    assert await kernel_notebook.value("await ask('How many?', int, default=3)") == 3
    (record,) = kernel_notebook.displays
    assert "How many? 3" in words(record["data"]).replace("· ", "")


async def test_no_form_in_a_terminal(
    kernel_notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are no panels, another presenter is asked."""
    monkeypatch.delattr(kernel_notebook.shell, "kernel")
    assert not NotebookPresenter().can_present()


def test_no_form_without_a_loop() -> None:
    """Code that no loop runs cannot wait for a panel."""
    assert not NotebookPresenter().can_present()
    assert list(jobs) == []
