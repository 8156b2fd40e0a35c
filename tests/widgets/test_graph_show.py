"""Showing the graph of a run, and what stays of it in the notebook."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import TYPE_CHECKING

import pytest

from notebook_async import jobs
from notebook_async.kernel import front_end_answered
from notebook_async.widgets._graph_source import (
    CallNote,
    OpenQuestion,
    StepDetails,
    StepTiming,
)
from notebook_async.widgets._graph_static import graph_html, graph_text
from notebook_async.widgets._show_graph import show_graph
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
from notebook_async.workflow.representation import StepCounts
from tests.widgets.comms import look
from tests.widgets.graph_sources import FakeSource

if TYPE_CHECKING:
    from tests.notebooks import Notebook

WIDGET = "application/vnd.jupyter.widget-view+json"
STILL = ["text/html", "text/plain"]
FIRST, LIVE = "notebook-async-1", "notebook-async-1-live"
SHOWN = [(FIRST, False, STILL), (LIVE, False, [WIDGET, "text/html"])]


class Nap(Workflow):
    """Sleeps."""

    @step
    async def sleep(self, ev: StartEvent) -> StopEvent:
        """Sleep."""
        await asyncio.sleep(ev.seconds)
        return StopEvent(result=7)


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


def picture(text: str) -> str:
    """Return the SVG in HTML."""
    found = re.search(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", text)
    assert found is not None
    return base64.b64decode(found[1]).decode()


# -- in a notebook


async def test_panel_with_its_picture(kernel_notebook: Notebook) -> None:
    """A run shows a picture and a panel below it; the end renews the picture."""
    handler = Nap().run(seconds=1, run_id="nap")
    panel = show_graph(handler)
    assert panel is not None
    assert told(kernel_notebook) == SHOWN
    picture_first, live = (each["data"] for each in kernel_notebook.displays)
    assert live[WIDGET]["model_id"] == panel.model_id
    assert 'class="na-still"' in picture_first["text/html"]
    assert picture_first["text/plain"].splitlines()[0] == (
        "▶ Nap  run nap · 0:00 · was running when this picture was saved"
    )
    assert await handler == 7
    await asyncio.sleep(0)
    assert told(kernel_notebook)[2:] == [(FIRST, True, STILL)]
    final = kernel_notebook.displays[2]["data"]
    assert final["text/plain"].splitlines() == [
        "✓ Nap  run nap · 0:01 · done",
        "  ✓ sleep  1 done",
    ]
    assert 'class="step counted done"' in picture(final["text/html"])


async def test_panel_stays_after_the_end(kernel_notebook: Notebook) -> None:
    """Where a front end shows it a panel stays: its steps can still be clicked."""
    handler = Nap().run(seconds=1)
    panel = show_graph(handler)
    assert panel is not None
    await look(panel)
    await handler
    await asyncio.sleep(60)
    assert panel.comm is not None
    assert len(told(kernel_notebook)) == 3


async def test_panel_that_nobody_answers_becomes_its_picture(
    kernel_notebook: Notebook,
) -> None:
    """Ten seconds after the end a panel without a front end is given up."""
    handler = Nap().run(seconds=1)
    panel = show_graph(handler)
    assert panel is not None
    await handler
    kernel_notebook.displays.clear()
    await asyncio.sleep(9)
    assert (told(kernel_notebook), panel.comm is None) == ([], False)
    await asyncio.sleep(2)
    assert told(kernel_notebook) == [(FIRST, True, STILL), (LIVE, True, [])]
    assert panel.comm is None


async def test_front_end_that_shows_both_keeps_the_panel(
    kernel_notebook: Notebook,
) -> None:
    """Where nothing hides a picture, it joins the panel at the end, for the file."""
    handler = Nap().run(seconds=1)
    panel = show_graph(handler)
    assert panel is not None
    await look(panel, beside=False)
    assert told(kernel_notebook)[2:] == [(FIRST, True, [])]
    await handler
    await asyncio.sleep(0)
    assert told(kernel_notebook)[3:] == [(LIVE, True, [WIDGET, *STILL])]


async def test_run_that_has_ended_has_a_panel(kernel_notebook: Notebook) -> None:
    """Details can be asked for after the end, too."""
    handler = Nap().run(seconds=1)
    await handler
    panel = show_graph(handler)
    assert panel is not None
    assert told(kernel_notebook) == SHOWN
    await look(panel)
    await asyncio.sleep(60)
    assert len(told(kernel_notebook)) == 2
    assert panel.comm is not None


async def test_front_end_has_seen_it(kernel_notebook: Notebook) -> None:
    """Where a front end has answered, nothing is told twice."""
    handler = Nap().run(seconds=1)
    show_graph(handler)
    front_end_answered()
    await handler
    await asyncio.sleep(0)
    kernel_notebook.displays.clear()
    await kernel_notebook.value("1")
    assert kernel_notebook.displays == []


async def test_old_panels_become_pictures(
    kernel_notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of panels whose runs have ended so many are kept, and all of those that go on."""
    monkeypatch.setattr("notebook_async.widgets._show_graph._MOST_PANELS", 2)
    sources = [FakeSource() for _ in range(4)]
    shown = [show_graph(source) for source in sources[:3]]
    assert all(panel is not None and panel.comm is not None for panel in shown)
    for source in sources[:2]:
        source.end()
    kernel_notebook.displays.clear()
    shown.append(show_graph(sources[3]))
    alive = [panel is not None and panel.comm is not None for panel in shown]
    assert alive == [False, False, True, True]


# -- other moments


def moment(elapsed: float, **state: object) -> FakeSource:
    """Return a moment of the past."""
    source = FakeSource(elapsed=elapsed, ticks=False, **state)
    source.ended = True
    return source


async def test_picture_is_not_of_the_past(kernel_notebook: Notebook) -> None:
    """Whatever moment the panel shows, the file has what the run came to."""
    source = FakeSource(elapsed=9.0)
    panel = show_graph(source)
    assert panel is not None
    await look(panel)
    panel.show(moment(3.0))
    source.change(elapsed=12.0)
    source.end()
    for at in range(12):
        panel.show(moment(float(at)))
    await asyncio.sleep(30)
    assert [line.split(" · ")[1] for line in texts(kernel_notebook)] == ["0:09", "0:12"]


async def test_later_moments_renew_the_picture_once_a_second(
    kernel_notebook: Notebook,
) -> None:
    """Who moves on through a recording gets a picture of how far it was shown."""
    panel = show_graph(moment(0.0))
    assert panel is not None
    await look(panel)
    for at in range(1, 41):
        panel.show(moment(float(at)))
        await asyncio.sleep(0.1)
    await asyncio.sleep(30)
    times = [line.split(" · ")[1] for line in texts(kernel_notebook)]
    assert (times[0], times[-1], len(times)) == ("0:00", "0:40", 5)


async def test_run_that_goes_on_again(kernel_notebook: Notebook) -> None:
    """Another run in the panel of one that has ended is followed to its own end."""
    first, second = FakeSource(elapsed=1.0), FakeSource(elapsed=2.0)
    panel = show_graph(first)
    assert panel is not None
    await look(panel)
    first.end()
    panel.show(second)
    await asyncio.sleep(1.5)
    second.change(elapsed=5.0)
    second.end()
    assert [line.split("run 7f3a · ")[1] for line in texts(kernel_notebook)] == [
        "0:01 · was running when this picture was saved",
        "0:01 · done",
        "0:02 · was running when this picture was saved",
        "0:05 · done",
    ]


# -- elsewhere


async def test_headless_run_has_a_picture_alone(kernel_notebook: Notebook) -> None:
    """A program gets a picture, another after each cell, and that of the end twice."""
    kernel_notebook.shell.kernel._allow_stdin = False
    source = FakeSource()
    assert show_graph(source) is None
    assert told(kernel_notebook) == [(FIRST, False, STILL)]
    source.count("a", done=1)
    await kernel_notebook.value("1")
    source.end()
    await kernel_notebook.value("2")
    await kernel_notebook.value("3")
    assert told(kernel_notebook)[1:] == [(FIRST, True, STILL)] * 3
    assert [line[0] for line in texts(kernel_notebook)] == ["▶", "▶", "✓", "✓"]
    assert "<style>" not in kernel_notebook.displays[-1]["data"]["text/html"]


async def test_panels_have_names_among_those_of_jobs(kernel_notebook: Notebook) -> None:
    """Whatever is displayed has a name of its own."""
    jobs.start(asyncio.sleep(9), name="nap")
    await kernel_notebook.value("from notebook_async import jobs\njobs[1]")
    show_graph(FakeSource())
    assert [name for name, _, _ in told(kernel_notebook)] == [
        "notebook-async-1",
        "notebook-async-1-live",
        "notebook-async-2",
        "notebook-async-2-live",
    ]


async def test_terminal_prints_text(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there are no panels it is the text."""
    del notebook
    assert show_graph(FakeSource()) is None
    assert capsys.readouterr().out.startswith("▶ Small  run 7f3a · 0:00")


# -- what stays


def failed() -> FakeSource:
    """Return a run that has failed."""
    source = FakeSource()
    source.count("a", done=1)
    source.count("b", done=198, failed=2, retries=3)
    source.change(
        edges={("StartEvent", "a"): 1, ("a", "A"): 200, ("A", "b"): 200},
        elapsed=72.0,
    )
    source.end()
    source.change(phase="failed", error="ValueError('<no>')")
    return source


def test_text_is_a_line_for_the_run_and_one_for_each_step() -> None:
    """Glyph, name and counts; an error and questions between."""
    assert graph_text(failed()).splitlines() == [
        "✕ Small  run 7f3a · 1:12 · failed",
        "  ✕ ValueError('<no>')",
        "  ✓ a  1 done",
        "  ✕ b  198 done · 2 failed · 3 retried",
        "  ○ c  not reached",
    ]


def test_text_has_open_questions() -> None:
    """Who reads the saved notebook sees what was waited for."""
    source = FakeSource(
        phase="waiting",
        waiting=2,
        questions=(OpenQuestion("Send?", "a"), OpenQuestion("Sure?")),
        steps={"a": StepCounts(waiting=1)},
    )
    first, *rest = graph_text(source).splitlines()
    assert first.startswith("? Small  run 7f3a · 0:00 · 2 wait for you · was running")
    assert rest == [
        "  ? Send?",
        "  ? Sure?",
        "  ? a  waits for you",
        "  ○ b  not reached",
        "  ○ c  not reached",
    ]


def test_html_is_picture_and_table() -> None:
    """No script, no style sheet, no inline SVG: what untrusted notebooks keep."""
    text = graph_html(failed())
    assert re.findall(r"<(?:svg|script|style|link|iframe)\b", text) == []
    assert "<strong>Small</strong>" in text
    assert "run 7f3a · 1:12 · failed" in text
    assert "ValueError(&#x27;&lt;no&gt;&#x27;)" in text
    assert "<summary>3 steps as a table</summary>" in text
    assert "<th>done</th><th>failed</th><th>retried</th><th>each took</th>" in text
    assert "✕ b</td><td>198</td><td>2</td><td>3</td>" in text
    svg = picture(text)
    assert 'class="head"' not in svg
    assert "A \N{MULTIPLICATION SIGN}200" in svg


def test_table_has_the_last_call_of_each_step() -> None:
    """What the panel showed on a click is there for those who come later."""

    class Told(FakeSource):
        def details(self, step: str) -> StepDetails:
            if step == "c":
                raise ValueError("no repr")
            well = CallNote(call=2, phase="done", given="A(n=2)", returned="<B>")
            badly = CallNote(
                call=1,
                phase="failed",
                given="A(n=1)",
                error="Traceback\n  File\nTimeoutError: no\n",
            )
            calls = (well, badly) if step == "b" else (well,)
            return StepDetails(calls=calls, timing=StepTiming(3, 0.0214, 1.0))

    text = graph_html(Told())
    assert "<td>21.4 ms</td>" in text
    assert "✓ A(n=2) → &lt;B&gt;" in text
    assert "✕ A(n=1) → TimeoutError: no</td>" in text


@pytest.mark.parametrize("phase", ["queued", "running", "waiting", "cancelled", "done"])
def test_every_phase_has_a_picture(phase: str) -> None:
    """Whatever a run has come to can be shown and saved."""
    source = FakeSource(phase=phase, ticks=phase in {"running", "waiting"})
    assert graph_html(source).count("<img") == 1
    assert graph_text(source).splitlines()[0].split()[1] == "Small"
