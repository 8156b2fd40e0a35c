"""Showing a recording: a panel while somebody may see it, a picture always."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from notebook_async.core.recording import Recording
from notebook_async.widgets import _live_display
from notebook_async.widgets._events_show import events_bundle, show_events
from notebook_async.widgets._live import WIDGET_VIEW
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


ALL = sorted([WIDGET_VIEW, "text/html", "text/plain"])
STILL = ["text/html", "text/plain"]


async def test_a_panel_with_its_picture(kernel_notebook: Notebook) -> None:
    """A kernel shows the panel and, beside it, what a saved notebook keeps."""
    panel = show_events(recorded(story()))
    assert panel is not None
    [display] = kernel_notebook.displays
    assert sorted(display["data"]) == ALL
    assert display["data"][WIDGET_VIEW]["model_id"] == panel.model_id
    assert "20 events" in display["data"]["text/plain"]


async def test_without_a_front_end_the_picture_is_left(
    kernel_notebook: Notebook,
) -> None:
    """After a cell that nobody answered a still picture takes the panel's place."""
    recording = live()
    show_events(recording)
    for record in items(3):
        recording.add(record)
    _live_display.refresh_stills()
    assert kinds(kernel_notebook) == [ALL, STILL]
    # It goes on: after the next cell the picture is that of then.
    await asyncio.sleep(0)
    for record in items(4, start=101):
        recording.add(record)
    recording.stop()
    _live_display.refresh_stills()
    texts = [each["data"]["text/plain"] for each in kernel_notebook.displays]
    assert [text.split(" in ")[0] for text in texts[1:]] == [
        "▶ 3 events",
        "▶ 7 events",
    ]
    await asyncio.sleep(0)
    _live_display.refresh_stills()
    assert len(kernel_notebook.displays) == 3


async def test_a_front_end_that_answers_late_gets_its_panel_back(
    kernel_notebook: Notebook,
) -> None:
    """Where all cells run at once a front end answers after them: its panel is back."""
    panel = show_events(recorded(story()))
    assert panel is not None
    _live_display.refresh_stills()
    assert kinds(kernel_notebook) == [ALL, STILL]
    panel._handle_custom_msg({"type": "hello"}, [])
    await asyncio.sleep(0)
    assert kinds(kernel_notebook) == [ALL, STILL, ALL]
    _live_display.refresh_stills()
    assert len(kernel_notebook.displays) == 3


async def test_the_end_keeps_a_panel_that_is_seen(kernel_notebook: Notebook) -> None:
    """When a recording ends its panel stays, for now one drags back."""
    recording = live()
    panel = show_events(recording)
    assert panel is not None
    panel._handle_custom_msg({"type": "hello"}, [])
    for record in story():
        recording.add(record)
    recording.stop()
    await asyncio.sleep(1.5)
    assert kinds(kernel_notebook) == [ALL, ALL]
    assert "20 events" in kernel_notebook.displays[-1]["data"]["text/plain"]


async def test_the_end_of_one_that_nobody_sees(kernel_notebook: Notebook) -> None:
    """When a recording ends that no front end has shown, the picture is left."""
    recording = live()
    show_events(recording)
    recording.add(items(1)[0])
    recording.stop()
    await asyncio.sleep(1.5)
    assert kinds(kernel_notebook) == [ALL, STILL]


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
