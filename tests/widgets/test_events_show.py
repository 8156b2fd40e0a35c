"""Showing a recording: a panel while somebody may see it, a picture always."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING, Any

from notebook_async.core.recording import Recording
from notebook_async.widgets._live import WIDGET_VIEW
from notebook_async.widgets._show_events import events_bundle, show_events
from tests.widgets.comms import look
from tests.widgets.recordings import items, recorded, story

if TYPE_CHECKING:
    import pytest

    from tests.notebooks import Notebook


def live() -> Recording:
    """Return a recording that listens."""
    recording = Recording()
    recording.listen(source=("nowhere",))
    return recording


def kinds(notebook: Notebook) -> list[list[str]]:
    """Return the kinds of contents of each display."""
    return [sorted(each["data"]) for each in notebook.displays]


STILL = ["text/html", "text/plain"]
SHOWN = [STILL, [WIDGET_VIEW, "text/html"]]


def numbers(notebook: Notebook) -> list[str]:
    """Return the sign and the number of events of each picture."""
    bundles = [each["data"] for each in notebook.displays]
    texts = [data["text/plain"] for data in bundles if "text/plain" in data]
    return [text.split(" in ")[0] for text in texts]


async def test_a_panel_with_its_picture(kernel_notebook: Notebook) -> None:
    """A kernel shows the panel and, before it, what a saved notebook keeps."""
    panel = show_events(recorded(story()))
    assert panel is not None
    assert kinds(kernel_notebook) == SHOWN
    picture, live = (each["data"] for each in kernel_notebook.displays)
    assert live[WIDGET_VIEW]["model_id"] == panel.model_id
    assert "20 events" in picture["text/plain"]
    assert 'class="na-still"' in picture["text/html"]


async def test_the_end_keeps_a_panel_that_is_seen(kernel_notebook: Notebook) -> None:
    """When a recording ends its panel stays, for now one drags back."""
    recording = live()
    panel = show_events(recording)
    assert panel is not None
    await look(panel)
    for record in story():
        recording.add(record)
    recording.stop()
    await asyncio.sleep(60)
    assert kinds(kernel_notebook) == [*SHOWN, STILL]
    assert numbers(kernel_notebook) == ["◔ no events", "✓ 20 events"]
    assert panel.comm is not None


async def test_picture_is_renewed_while_it_goes_on(kernel_notebook: Notebook) -> None:
    """A file that is saved in the middle has a picture that is not old."""
    recording = live()
    panel = show_events(recording)
    assert panel is not None
    await look(panel)
    for record in items(3):
        recording.add(record)
    await asyncio.sleep(2.5)
    assert numbers(kernel_notebook) == ["◔ no events", "▶ 3 events"]


async def test_a_panel_that_nobody_answers_becomes_its_picture(
    kernel_notebook: Notebook,
) -> None:
    """Ten seconds after the end the picture is left, and the panel keeps nothing."""
    recording = live()
    panel = show_events(recording)
    assert panel is not None
    recording.add(items(1)[0])
    recording.stop()
    await asyncio.sleep(9)
    assert kinds(kernel_notebook) == [*SHOWN, STILL]
    await asyncio.sleep(4)
    assert kinds(kernel_notebook) == [*SHOWN, STILL, STILL, []]
    assert panel.comm is None


async def test_a_front_end_that_answers_late_has_its_panel(
    kernel_notebook: Notebook,
) -> None:
    """Where all cells run at once a front end answers after them, and has its panel."""
    panel = show_events(recorded(story()))
    assert panel is not None
    await kernel_notebook.value("1")
    await asyncio.sleep(5)
    await look(panel)
    await asyncio.sleep(60)
    assert panel.comm is not None
    assert all(each in SHOWN for each in kinds(kernel_notebook))


async def test_a_front_end_that_shows_both_keeps_the_panel(
    kernel_notebook: Notebook,
) -> None:
    """Where nothing hides a picture, it joins the panel at the end, for the file."""
    recording = live()
    panel = show_events(recording)
    assert panel is not None
    await look(panel, beside=False)
    recording.stop()
    await asyncio.sleep(1.5)
    assert kinds(kernel_notebook)[2:] == [[], [WIDGET_VIEW, *STILL]]


async def test_old_panels_let_their_recordings_go(
    kernel_notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recording that only a panel out of sight has is given up with that panel."""
    del kernel_notebook
    monkeypatch.setattr("notebook_async.widgets._show_events._MOST_PANELS", 2)
    first = live()
    gone = weakref.ref(first)
    show_events(first)
    del first
    for _ in range(2):
        assert gone() is not None
        show_events(live())
    gc.collect()
    assert gone() is None


# -- programs that run notebooks


async def test_headless_run_has_a_picture_alone(kernel_notebook: Notebook) -> None:
    """A program gets a picture, another after each cell, and twice that of the end."""
    kernel_notebook.shell.kernel._allow_stdin = False
    recording = live()
    assert show_events(recording) is None
    for record in items(3):
        recording.add(record)
    await kernel_notebook.value("1")
    for record in items(4, start=101):
        recording.add(record)
    recording.stop()
    await kernel_notebook.value("2")
    await kernel_notebook.value("3")
    assert kinds(kernel_notebook) == [STILL] * 4
    assert numbers(kernel_notebook) == [
        "◔ no events",
        "▶ 3 events",
        *["▶ 7 events"] * 2,
    ]


async def test_headless_file_is_shown_once(kernel_notebook: Notebook) -> None:
    """What does not change is not published again."""
    kernel_notebook.shell.kernel._allow_stdin = False
    show_events(recorded(story()))
    await kernel_notebook.value("1")
    assert kinds(kernel_notebook) == [STILL]


# -- elsewhere


async def test_a_terminal_prints(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no panel can be shown, text is printed."""
    del notebook
    assert show_events(recorded(story())) is None
    assert capsys.readouterr().out.startswith("✓ 20 events in 10.00 s")


def test_bundle() -> None:
    """A recording is text and HTML for whoever wants to show it."""
    bundle: dict[str, Any] = events_bundle(recorded(story()))
    assert sorted(bundle) == STILL
