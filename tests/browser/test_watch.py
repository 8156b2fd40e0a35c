"""Watching a run in real JupyterLab and Notebook: graph, events and one slider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.event_panel import EventsView
from tests.browser.graph_panel import GraphPanel
from tests.browser.panel import illegible
from tests.browser.rig import in_both_if_thorough, thorough

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

# Ten updates and 500 kB a second are what a log may send. A busy page may take in late
# what came before.
MOST = 12.0
BYTES = 500_000
QUICK = 1.0
SLOW = 6

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
SHARE = """\
recording = watched.recording
begun = [one.at for one in recording
         if type(one).__name__ == "StepRecord" and one.step == "classify"]
print((begun[3] + 0.1 - recording.began) / (recording.ended - recording.began))
"""
FLOOD = """\
class Number(Event):
    n: int
class Flood(Workflow):
    @step
    async def split(self, ctx: Context, ev: StartEvent) -> Number | None:
        for n in range(5000):
            ctx.send_event(Number(n=n))
    @step(num_workers=8)
    async def work(self, ev: Number) -> Label:
        await asyncio.sleep(0.005)
        return Label(n=ev.n)
    @step
    async def join(self, ctx: Context, ev: Label) -> StopEvent | None:
        if ctx.collect_events(ev, [Label] * 5000) is not None:
            return StopEvent()
watched = watch(Flood(timeout=None).run())
"""
LLAMA_INDEX = """\
import asyncio
from workflows import Context, Workflow, step
from workflows.events import Event, StartEvent, StopEvent
from notebook_async import watch
gate = asyncio.Event()

class Mail(Event):
    n: int
class Label(Event):
    n: int
class Plan(Event):
    pass

class Post(Workflow):
    @step
    async def dispatch(self, ctx: Context, ev: StartEvent) -> Mail | None:
        for n in range(8):
            ctx.send_event(Mail(n=n))
    @step(num_workers=4)
    async def classify(self, ev: Mail) -> Label:
        await asyncio.sleep(0.3)
        return Label(n=ev.n)
    @step
    async def review(self, ctx: Context, ev: Label) -> Plan | None:
        if ctx.collect_events(ev, [Label] * 8) is not None:
            return Plan()
    @step
    async def send(self, ev: Plan) -> StopEvent:
        await gate.wait()
        return StopEvent(result=8)

watched = watch(Post(timeout=None).run())
"""
TICK = """\
class Tock(Event):
    pass
class Tick(Workflow):
    @step
    async def tick(self, ev: StartEvent | Tock) -> Tock | StopEvent:
        await asyncio.sleep(0.1)
        return Tock() if ev else StopEvent()
"""
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


def drag_to_the_midst(notebook: Notebook, events: EventsView, cell: int) -> None:
    """Drag the slider to where four calls are under way, as a cell tells."""
    notebook.run_cell(cell)
    notebook.wait_idle()
    events.drag(float(notebook.output_text(cell).strip()))


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_slider_leads_graph_and_log_back(
    open_notebook: OpenNotebook, app: App, theme: str
) -> None:
    """A run is watched while its cell awaits, and afterwards at any moment."""
    notebook = open_notebook([LOAD, WATCH_BEHIND, OPEN, SHARE], app=app)
    notebook.set_theme(f"JupyterLab {theme}")
    graph, events = start(notebook)
    graph.wait_for_state("send", "running")
    notebook.screenshot(f"watch-live-{app}-{theme}", notebook.output(1))
    notebook.run_cell(2)
    graph.root.and_(notebook.page.locator("[data-phase=done]")).wait_for()
    drag_to_the_midst(notebook, events, 3)
    graph.wait_for_state("classify", "running")
    assert graph.state("send") == "idle"
    notebook.screenshot(f"watch-past-{app}-{theme}", notebook.output(1))
    events.choose("timeline")
    notebook.screenshot(f"watch-timeline-{app}-{theme}", notebook.output(1))
    events.drag(1.0)
    graph.wait_for_state("send", "done")
    assert illegible(notebook.output(1)) == {}
    assert notebook.errors == []


@in_both_if_thorough
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
    notebook.screenshot(f"job-graph-ended-{app}", notebook.output(1))
    assert notebook.errors == []


@in_both_if_thorough
def test_reload_brings_both_panels_back(open_notebook: OpenNotebook, app: App) -> None:
    """A page that loads while the run goes on, or is looked back at, has both again."""
    notebook = open_notebook([LOAD, WATCH_BEHIND, OPEN], app=app)
    graph, events = start(notebook)
    graph.wait_for_state("send", "running")
    notebook.save()
    notebook.reload()
    graph.wait_for_state("send", "running")
    events.drag(0.1)
    graph.wait_for_state("send", "idle")
    notebook.reload()
    graph.wait_for_state("send", "idle")
    events.button("follow the end").click()
    graph.wait_for_state("send", "running")
    notebook.run_cell(2)
    graph.wait_for_state("send", "done")
    assert notebook.errors == []


@thorough
def test_restart_takes_both_panels_down(open_notebook: OpenNotebook) -> None:
    """When the kernel is gone both say so, and neither offers what would do nothing."""
    notebook = open_notebook([LOAD, WATCH_BEHIND])
    graph, events = start(notebook)
    graph.wait_for_state("send", "running")
    notebook.restart_kernel()
    for panel in (graph.root, events.root):
        panel.get_by_text("kernel").first.wait_for()
    assert graph.button("cancel").is_hidden()
    assert events.button("write this recording to a file").is_disabled()


def test_slow_page_shows_the_end(open_notebook: OpenNotebook) -> None:
    """A page on a slow computer gets no more than it can draw, and the true end."""
    notebook = open_notebook([LOAD, FLOOD, "1 + 1"])
    slow = notebook.page.context.new_cdp_session(notebook.page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    graph, _ = start(notebook)
    traffic = notebook.watch_traffic(6).only(direction="in", kind="comm_msg")
    for comm in {frame.comm for frame in traffic.frames}:
        assert traffic.only(comm=comm).frames_per_second <= MOST
    assert notebook.time_cell(2, shows="2") < QUICK
    graph.wait_for_words("work", "5,000 done")
    graph.root.and_(notebook.page.locator("[data-phase=done]")).wait_for()
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    assert notebook.errors == []


@thorough
def test_twenty_watched_runs_in_one_notebook(open_notebook: OpenNotebook) -> None:
    """Twenty graphs with their events, all live, leave cells and panels quick."""
    notebook = open_notebook(
        [LOAD, TICK, *["watch(Tick(timeout=None).run())"] * 20, "1+1"]
    )
    notebook.run_all()
    graph = GraphPanel(notebook, 21)
    graph.wait_for_state("tick", "running")
    # Only then the page is done with what came while it made the panels.
    assert min(notebook.time_cell(22, shows="2") for _ in range(5)) < QUICK
    traffic = notebook.watch_traffic(6).only(direction="in", kind="comm_msg")
    comms = {frame.comm for frame in traffic.frames}
    assert len(comms) > 20
    assert max(traffic.only(comm=comm).frames_per_second for comm in comms) <= MOST
    assert max(traffic.only(comm=comm).bytes_per_second for comm in comms) < BYTES
    graph.button("cancel").click()
    graph.root.and_(notebook.page.locator("[data-phase=cancelled]")).wait_for()
    assert notebook.errors == []


def test_run_of_llama_index_is_watched(open_notebook: OpenNotebook) -> None:
    """An unmodified workflow of LlamaIndex lights up, and has every moment too."""
    pytest.importorskip("workflows")
    notebook = open_notebook(["%load_ext notebook_async", LLAMA_INDEX, OPEN, SHARE])
    graph, events = start(notebook)
    graph.wait_for_state("send", "running")
    assert graph.state("classify") == "done"
    notebook.run_cell(2)
    graph.wait_for_state("send", "done")
    drag_to_the_midst(notebook, events, 3)
    graph.wait_for_words("classify", "4 of 4 running")
    assert graph.state("send") == "idle"
    notebook.screenshot("watch-llama-index", notebook.output(1))
    assert notebook.errors == []
