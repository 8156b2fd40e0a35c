"""Watching a run in real JupyterLab and Notebook: graph, events and one slider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.event_panel import EventsView
from tests.browser.graph_panel import GraphPanel
from tests.browser.panel import illegible

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

LOAD = """\
%load_ext notebook_async
import asyncio, time
from notebook_async import load_recording, watch
from notebook_async.workflow import (
    Context, Event, StartEvent, StopEvent, Workflow, step)
gate = asyncio.Event()

class Item(Event):
    n: int
class Label(Event):
    n: int
class Plan(Event):
    pass

class Triage(Workflow):
    @step
    async def dispatch(self, ctx: Context, ev: StartEvent) -> Item | None:
        '''Send one event for each mail.'''
        for n in range(12):
            ctx.send_event(Item(n=n))
    @step(num_workers=4)
    async def classify(self, ev: Item) -> Label:
        '''Ask the model what a mail is about.'''
        await asyncio.sleep(0.2 if ev.n < 8 else 0.1)
        if ev.n == 5:
            time.sleep(0.15)
        return Label(n=ev.n)
    @step
    async def review(self, ctx: Context, ev: Label) -> Plan | None:
        if ctx.collect_events(ev, [Label] * 12) is not None:
            return Plan()
    @step
    async def send(self, ev: Plan) -> StopEvent:
        await gate.wait()
        return StopEvent(result=12)
"""
WATCH = "watched = watch(Triage(timeout=None).run())\nawait watched"
WATCH_BEHIND = "watched = watch(Triage(timeout=None).run())\nwatched"
OPEN = "gate.set()"
ARUN = "%%arun -n triage\nprint('begin')\nprint(await Triage(timeout=None).run())"


def start(notebook: Notebook, cell: int = 1) -> tuple[GraphPanel, EventsView]:
    """Load what the cells need, then watch a run."""
    notebook.run_cell(0)
    notebook.wait_idle()
    notebook.run_cell(cell)
    graph, events = GraphPanel(notebook, cell), EventsView(notebook, cell)
    graph.root.wait_for()
    events.root.wait_for()
    return graph, events


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_slider_leads_graph_and_log_back(
    open_notebook: OpenNotebook, app: App, theme: str
) -> None:
    """A run is watched while its cell awaits, and afterwards at any moment."""
    notebook = open_notebook([LOAD, WATCH_BEHIND, OPEN], app=app)
    notebook.set_theme(f"JupyterLab {theme}")
    graph, events = start(notebook)
    graph.wait_for_state("send", "running")
    notebook.screenshot(f"watch-live-{app}-{theme}", notebook.output(1))
    notebook.run_cell(2)
    graph.root.and_(notebook.page.locator("[data-phase=done]")).wait_for()
    events.drag(0.15)
    graph.wait_for_state("classify", "running")
    assert graph.state("send") == "idle"
    notebook.screenshot(f"watch-past-{app}-{theme}", notebook.output(1))
    events.choose("timeline")
    notebook.screenshot(f"watch-timeline-{app}-{theme}", notebook.output(1))
    events.drag(1.0)
    graph.wait_for_state("send", "done")
    assert illegible(notebook.output(1)) == {}
    assert notebook.errors == []


def test_job_has_its_graph(open_notebook: OpenNotebook, app: App) -> None:
    """A job that runs a workflow shows its graph in its own output, live."""
    notebook = open_notebook([LOAD, ARUN, OPEN], app=app)
    notebook.run_cell(0)
    notebook.wait_idle()
    notebook.run_cell(1)
    graph = GraphPanel(notebook, 1)
    graph.wait_for_state("send", "running")
    notebook.screenshot(f"job-graph-{app}", notebook.output(1))
    notebook.run_cell(2)
    graph.wait_for_state("send", "done")
    graph.step("classify").click()
    graph.details.get_by_text("12 calls").wait_for()
    job = notebook.output(1).locator(".na-panel:not(.na-graph)")
    job.and_(notebook.page.locator("[data-phase=done]")).wait_for()
    assert "⚠ job 1" not in notebook.output_text(1)  # that it held the loop
    notebook.screenshot(f"job-graph-ended-{app}", notebook.output(1))
    assert notebook.errors == []
