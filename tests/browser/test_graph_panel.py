"""The live graph of a workflow in real JupyterLab and Notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.graph_panel import GraphPanel
from tests.browser.panel import illegible
from tests.browser.rig import in_all_looks, in_both, thorough

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

TIMES = "\N{MULTIPLICATION SIGN}"

# Ten updates and 150 kB a second are what a panel may send.
RATE = 10
BYTES = 150_000

LOAD = """\
%load_ext notebook_async
import asyncio
from notebook_async import record
from notebook_async.widgets import show_graph
from notebook_async.widgets._graph_recorded import RecordedSource
from notebook_async.workflow import (
    Context, Event, HumanResponseEvent, InputRequiredEvent, StartEvent, StopEvent,
    Workflow, step)
from notebook_async.workflow.retry_policy import ConstantDelayRetryPolicy
gates = {name: asyncio.Event() for name in ("sort", "send")}

class Item(Event):
    n: int
class Label(Event):
    n: int
    text: str
class Plan(Event):
    mails: int

class Triage(Workflow):
    @step
    async def dispatch(self, ctx: Context, ev: StartEvent) -> Item | None:
        '''Send one event for each mail.'''
        for n in range(9):
            ctx.send_event(Item(n=n))
    @step(num_workers=4)
    async def classify(self, ev: Item) -> Label:
        '''Ask the model what a mail is about.'''
        if ev.n >= 3:
            await gates["sort"].wait()
        return Label(n=ev.n, text="about nothing in particular " * 9)
    @step
    async def review(self, ctx: Context, ev: Label) -> Plan | None:
        if ctx.collect_events(ev, [Label] * 9) is None:
            return None
        await ctx.wait_for_event(
            HumanResponseEvent, waiter_event=InputRequiredEvent(prefix="Send mails?"))
        return Plan(mails=9)
    @step
    async def send(self, ev: Plan) -> StopEvent:
        await gates["send"].wait()
        return StopEvent(result=ev.mails)
"""
SHOW = "handler = Triage(timeout=None).run()\npanel = show_graph(handler)"
SORT = "gates['sort'].set()"
ANSWER = "handler.ctx.send_event(HumanResponseEvent(response='yes'))"
SEND = "gates['send'].set()"

FAN = """\
class Number(Event):
    n: int
class Fan(Workflow):
    @step
    async def split(self, ctx: Context, ev: StartEvent) -> Number | None:
        for n in range(10_000):
            ctx.send_event(Number(n=n))
    @step(num_workers=16)
    async def work(self, ev: Number) -> StopEvent | None:
        await asyncio.sleep(0.005)
        return StopEvent() if ev.n == 9_999 else None
fan = Fan(timeout=None).run()
panel = show_graph(fan)
"""

FAILING = """\
class Fetch(Workflow):
    @step(retry_policy=ConstantDelayRetryPolicy(maximum_attempts=2, delay=0.2))
    async def fetch(self, ev: StartEvent) -> StopEvent:
        await gates["sort"].wait()
        raise ValueError("<b class=evil>no</b><img src=x onerror='window.hacked=1'>")
failing = Fetch(timeout=None).run(page="<b class=evil>page</b>")
panel = show_graph(failing)
"""

LARGE = """\
from notebook_async.workflow.representation import (
    StepCounts, WorkflowGraph, WorkflowGraphEdge, WorkflowStepNode)
from notebook_async.widgets._graph_source import GraphState, StepDetails
class Large:
    run, version, ended = "large", 0, False
    nodes = tuple(WorkflowStepNode(f"step_{i}", f"step_{i}", num_workers=4)
                  for i in range(600))
    edges = tuple(WorkflowGraphEdge(f"step_{i}", f"step_{i + 20}") for i in range(580))
    graph = WorkflowGraph("Large", nodes, edges)
    steps = {f"step_{i}": StepCounts(done=i % 2, running=1 - i % 2) for i in range(600)}
    def state(self):
        return GraphState(phase="running", elapsed=1.0, steps=self.steps, edges={})
    def details(self, step):
        return StepDetails(questions=(f"what is {step}?",))
    def on_end(self, callback):
        pass
large = Large()
panel = show_graph(large)
"""
FINISH_LARGE = """\
Large.steps = {node.id: StepCounts(failed=1) for node in Large.nodes}
Large.version = 1"""


def start(notebook: Notebook, cell: int = 1) -> GraphPanel:
    """Load what the cells need, then start a run and show it."""
    notebook.run_cell(0)
    notebook.wait_idle()
    notebook.run_cell(cell)
    panel = GraphPanel(notebook, cell)
    panel.root.wait_for()
    return panel


@in_both
def test_steps_light_up_while_the_run_goes_on(
    open_notebook: OpenNotebook, app: App
) -> None:
    """Steps go from not reached to running and done, edges shine and are counted."""
    notebook = open_notebook([LOAD, SHOW, SORT, ANSWER, SEND], app=app)
    panel = start(notebook)
    panel.wait_for_words("classify", "4 of 4 running · 3 done · 2 queued")
    assert panel.state("classify") == "running"
    assert panel.state("dispatch") == "done"
    assert panel.state("send") == "idle"
    assert panel.step("classify").locator("[data-on=on]").count() == 4
    assert panel.edge(f"Item {TIMES}9") in {"used", "lit"}
    assert panel.edge("Plan") == "unused"
    notebook.run_cell(2)
    panel.wait_for_state("review", "waiting")
    panel.waits.get_by_text("1 waits for you").wait_for()
    assert panel.waits.get_attribute("title") == "Send mails?"
    assert panel.edge(f"Label {TIMES}9") == "lit"
    panel.picture.locator(
        ".na-g-beside[data-mode=used]", has_text=f"Label {TIMES}9"
    ).wait_for()
    notebook.run_cell(3)
    panel.wait_for_state("send", "running")
    assert panel.waits.is_hidden()
    notebook.run_cell(4)
    panel.wait_for_end()
    assert panel.state("send") == "done"
    assert panel.still.is_hidden()
    assert notebook.errors == []
    notebook.screenshot(f"graph-ended-{app}", notebook.output(1))


def test_steps_can_be_clicked_after_the_end(
    open_notebook: OpenNotebook, app: App
) -> None:
    """After the end of its run a panel stays and tells of steps; a new one does too."""
    again = "panel = show_graph(handler)"
    notebook = open_notebook([LOAD, SHOW, SORT, ANSWER, SEND, again], app=app)
    panel = start(notebook)
    for cell in (2, 3, 4):
        notebook.run_cell(cell)
        notebook.wait_idle()
    panel.wait_for_end()
    # Longer than one is waited for whom nobody has seen.
    notebook.page.wait_for_timeout(11_000)
    panel.step("classify").click()
    panel.details.get_by_text("9 calls").wait_for()
    panel.details.get_by_text("Item(n=5)").first.wait_for()
    assert notebook.output(1).locator(".na-graph").count() == 1
    notebook.run_cell(5)
    late = GraphPanel(notebook, 5)
    late.wait_for_end()
    late.step("classify").click()
    late.details.get_by_text("Ask the model what a mail is about.").wait_for()
    assert notebook.errors == []


def test_click_shows_details(open_notebook: OpenNotebook, app: App) -> None:
    """A click shows the last calls of a step, long values folded; Escape closes."""
    notebook = open_notebook([LOAD, SHOW, SORT], app=app)
    panel = start(notebook)
    panel.wait_for_state("classify", "running")
    panel.step("classify").click()
    panel.details.wait_for()
    panel.details.get_by_text("Ask the model what a mail is about.").wait_for()
    panel.details.get_by_text("Item(n=5)").wait_for()
    notebook.run_cell(2)
    panel.details.get_by_text("9 calls").wait_for()
    fold = panel.details.locator("details").first
    assert fold.get_attribute("open") is None
    fold.locator("summary").click()
    assert "about nothing in particular about" in fold.locator("pre").inner_text()
    assert panel.root.bounding_box()["height"] <= 421  # type: ignore[index]
    notebook.page.keyboard.press("Escape")
    panel.details.wait_for(state="hidden")
    assert panel.focused == "classify"
    assert notebook.errors == []
    notebook.screenshot(f"graph-details-{app}", notebook.output(1))


def test_keyboard_alone_reaches_everything(open_notebook: OpenNotebook) -> None:
    """Arrows go from step to step, Enter opens, and no letter is a command."""
    notebook = open_notebook([LOAD, SHOW, SORT])
    panel = start(notebook)
    panel.wait_for_state("classify", "running")
    keyboard = notebook.page.keyboard
    panel.button("cancel").focus()
    keyboard.press("Tab")
    assert panel.focused == "dispatch"
    keyboard.press("ArrowRight")
    assert panel.focused == "classify"
    cells = notebook.page.locator(".jp-Notebook .jp-Cell")
    for key in "bad":
        keyboard.press(key)
    assert cells.count() == 3
    keyboard.press("Enter")
    panel.details.wait_for()
    keyboard.press("End")
    assert panel.focused == "send"
    keyboard.press("Enter")
    panel.details.get_by_text("No call of this step").wait_for()
    keyboard.press("Escape")
    panel.details.wait_for(state="hidden")
    assert panel.focused == "send"
    fitted = panel.transform()
    keyboard.press("+")
    assert panel.transform() != fitted
    keyboard.press("0")
    assert panel.transform() == fitted
    panel.button("cancel").focus()
    keyboard.press("Enter")
    panel.wait_for_end()
    assert panel.phase == "cancelled"


@thorough
def test_pointer_moves_the_picture(open_notebook: OpenNotebook) -> None:
    """A drag pans, ctrl and wheel zoom, fit undoes both; a plain wheel scrolls."""
    notebook = open_notebook([LOAD, SHOW])
    panel = start(notebook)
    panel.wait_for_state("classify", "running")
    fitted = panel.transform()
    box = panel.picture.bounding_box()
    assert box is not None
    x, y = box["x"] + 20, box["y"] + 10
    mouse = notebook.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 60, y + 5, steps=4)
    mouse.up()
    panned = panel.transform()
    assert panned != fitted
    assert panel.details.is_hidden()
    mouse.wheel(0, 40)
    notebook.page.wait_for_timeout(300)
    assert panel.transform() == panned
    notebook.page.keyboard.down("Control")
    mouse.wheel(0, -200)
    notebook.page.keyboard.up("Control")
    notebook.page.wait_for_function(
        "([view, before]) => view.getAttribute('transform') !== before",
        arg=[
            panel.picture.locator("svg.na-g-svg > g").element_handle(),
            panned,
        ],
    )
    panel.button("fit").click()
    assert panel.transform() == fitted


def test_fan_out_is_a_count(open_notebook: OpenNotebook, app: App) -> None:
    """Ten thousand events are one number, and ten messages a second at most."""
    notebook = open_notebook([LOAD, FAN, "1 + 1"], app=app)
    notebook.run_cell(0)
    notebook.wait_idle()
    began = notebook.now()
    notebook.run_cell(1)
    panel = GraphPanel(notebook, 1)
    panel.wait_for_words("work", "16 of 16 running")
    assert panel.picture.locator(".na-g-step").count() == 2
    traffic = notebook.watch_traffic(2.0).only(direction="in", kind="comm_msg")
    assert traffic.frames_per_second <= RATE + 1
    assert traffic.bytes_per_second < BYTES
    assert min(notebook.time_cell(2, shows="2") for _ in range(3)) < 1
    panel.wait_for_end()
    traffic = notebook.traffic(since=began).only(direction="in", kind="comm_msg")
    assert traffic.frames_per_second <= RATE + 1
    panel.wait_for_words("work", "10,000 done")
    assert notebook.errors == []


@thorough
def test_panel_is_shown_twice(open_notebook: OpenNotebook) -> None:
    """A second view of the output shows the same state, and follows it by itself."""
    later = "asyncio.get_running_loop().call_later(5, gates['sort'].set)"
    notebook = open_notebook([LOAD, SHOW, later])
    panel = start(notebook)
    panel.wait_for_words("classify", "3 done")
    notebook.run_cell(2)
    notebook.wait_idle()
    notebook.cell(1)
    notebook.command("notebook:create-output-view")
    views = notebook.page.locator(".na-graph")
    views.nth(1).wait_for()
    steps = notebook.page.locator(".na-g-step[aria-label^='classify:']")
    assert steps.count() == 2
    said = "classify: 4 of 4 running · 3 done · 2 queued"
    assert [steps.nth(i).get_attribute("aria-label") for i in (0, 1)] == [said, said]
    notebook.page.wait_for_function(
        "() => document.querySelectorAll('.na-g-step[data-phase=waiting]').length === 2"
    )
    steps.nth(1).click()
    assert notebook.page.locator(".na-g-details:not([hidden])").count() == 1


def test_reload_brings_the_panel_back(open_notebook: OpenNotebook, app: App) -> None:
    """After a reload mid-run the panel has its state, and moves on to the end."""
    notebook = open_notebook([LOAD, SHOW, SORT, ANSWER, SEND], app=app)
    panel = start(notebook)
    panel.wait_for_words("classify", "3 done")
    notebook.save()
    notebook.reload()
    panel = GraphPanel(notebook, 1)
    panel.wait_for_words("classify", "4 of 4 running · 3 done · 2 queued")
    notebook.run_cell(2)
    panel.wait_for_state("review", "waiting")
    panel.step("review").click()
    panel.details.get_by_text("Send mails?").wait_for()
    notebook.run_cell(3)
    notebook.run_cell(4)
    panel.wait_for_state("send", "done")
    assert panel.phase == "done"
    assert panel.button("cancel").is_hidden()
    panel.step("classify").click()
    panel.details.get_by_text("9 calls").wait_for()
    assert notebook.errors == []


@thorough
def test_restart_stops_the_panel(open_notebook: OpenNotebook) -> None:
    """After a restart the panel says so, stands still and offers nothing dead."""
    notebook = open_notebook([LOAD, SHOW, "1 + 1"])
    panel = start(notebook)
    panel.wait_for_words("classify", "3 done")
    notebook.restart_kernel()
    panel.root.get_by_text("kernel gone").wait_for()
    assert panel.button("cancel").is_hidden()
    before = panel.root.locator(".na-header").inner_text()
    panel.step("classify").click()
    panel.details.get_by_text("The kernel does not answer").wait_for()
    notebook.time_cell(2, shows="2")
    notebook.page.wait_for_timeout(1500)
    assert panel.root.locator(".na-header").inner_text() == before
    panel.button("fit").click()
    assert panel.words("classify").startswith("classify: 4 of 4 running")


@thorough
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_reopened_file_shows_the_final_picture(
    open_notebook: OpenNotebook, app: App, *, trusted: bool
) -> None:
    """Saved, closed and reopened without the old kernel, the output tells the end."""
    notebook = open_notebook([LOAD, SHOW, SORT, ANSWER, SEND], app=app)
    panel = start(notebook)
    for cell in (2, 3, 4):
        notebook.run_cell(cell)
        notebook.wait_idle()
    panel.wait_for_end()
    notebook.save()
    notebook.reopen(trusted=trusted)
    assert notebook.is_trusted(1) is trusted
    picture = notebook.output(1).locator(".na-still img").first
    picture.wait_for()
    assert picture.evaluate("(image) => image.naturalWidth") > 300
    text = notebook.output_text(1)
    assert "Triage" in text
    assert "done" in text
    assert "model not found" not in text
    table = notebook.output(1).locator("table")
    assert "✓ classify" in (table.text_content() or "")
    notebook.screenshot(f"graph-reopened-{app}-{'' if trusted else 'un'}trusted")


@thorough
def test_file_saved_mid_run_tells_so(open_notebook: OpenNotebook) -> None:
    """A file that was saved while the run went on shows it, and no broken widget."""
    notebook = open_notebook([LOAD, SHOW])
    panel = start(notebook)
    panel.wait_for_words("classify", "3 done")
    notebook.save()
    notebook.reopen(trusted=False)
    notebook.output(1).locator("img").first.wait_for()
    text = notebook.output_text(1)
    assert "was running when this picture was saved" in text
    assert "model not found" not in text


def test_markup_is_inert(open_notebook: OpenNotebook) -> None:
    """Markup in values and errors is shown as text, live and at the end."""
    notebook = open_notebook([LOAD, FAILING, SORT])
    panel = start(notebook)
    panel.step("fetch").click()
    panel.details.get_by_text("<b class=evil>page</b>").first.wait_for()
    notebook.run_cell(2)
    panel.wait_for_end()
    assert "ValueError" in notebook.output_text(1)
    assert notebook.output(1).locator(".evil").count() == 0
    assert notebook.page.evaluate("() => window.hacked") is None


@thorough
def test_picture_is_copied(open_notebook: OpenNotebook) -> None:
    """The clipboard gets Mermaid text, and SVG that stands by itself."""
    notebook = open_notebook([LOAD, SHOW])
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel = start(notebook)
    panel.wait_for_words("classify", "3 done")

    def clipboard() -> str:
        text: str = notebook.page.evaluate("() => navigator.clipboard.readText()")
        return text

    panel.button("mermaid").click()
    panel.root.locator("[data-told='copied ✓']").wait_for()
    assert clipboard().startswith("flowchart LR\n")
    assert "classify<br/>4 of 4 running" in clipboard()
    panel.button("svg").click()
    notebook.page.wait_for_function(
        "async () => (await navigator.clipboard.readText()).startsWith('<svg')"
    )
    svg = clipboard()
    assert "classify" in svg
    assert "class=" not in svg
    file = notebook.pictures / "graph-copied.svg"
    file.write_text(svg, "utf-8")
    page = notebook.page.context.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("() => document.documentElement.tagName") == "svg"
    page.screenshot(path=notebook.pictures / "graph-copied.png")
    page.close()


@thorough
def test_panel_does_not_jump(open_notebook: OpenNotebook) -> None:
    """While the run goes on the panel keeps its height, even when narrow."""
    notebook = open_notebook([LOAD, SHOW, SORT], app="notebook", size=(600, 800))
    panel = start(notebook)
    panel.wait_for_words("classify", "3 done")
    notebook.run_cell(2)
    assert len(panel.heights(2.0)) == 1
    overflow = panel.root.evaluate("(it) => it.scrollWidth - it.clientWidth")
    assert overflow <= 0
    assert panel.root.evaluate("(it) => it.offsetHeight") <= 420


def test_moment_of_the_past_is_shown(open_notebook: OpenNotebook) -> None:
    """One call shows a recorded moment in the live panel, and another the run again."""
    past = (
        "recorded = RecordedSource(recording)\n"
        "name = 'dispatch'\n"
        "ends = [one.at for one in recording if getattr(one, 'step', '') == name]\n"
        "panel.show(recorded.moment(ends[-1]))"
    )
    live = (
        "from notebook_async.widgets._graph_handler import HandlerSource\n"
        "panel.show(HandlerSource(handler, recording))"
    )
    show = "handler = Triage(timeout=None).run()\nrecording = record(handler)\n"
    cells = [LOAD, f"{show}panel = show_graph(handler)", past, live, SORT]
    notebook = open_notebook(cells)
    panel = start(notebook)
    panel.wait_for_words("classify", "3 done")
    place = panel.step("classify").get_attribute("transform")
    view = panel.transform()
    notebook.run_cell(2)
    panel.wait_for_words("classify", "not reached")
    assert panel.step("classify").get_attribute("transform") == place
    assert panel.transform() == view
    clock = panel.root.locator(".na-header .na-meta").inner_text()
    notebook.page.wait_for_timeout(1200)
    assert panel.root.locator(".na-header .na-meta").inner_text() == clock
    assert panel.button("cancel").is_hidden()
    notebook.run_cell(3)
    panel.wait_for_words("classify", "3 done")
    notebook.run_cell(4)
    panel.wait_for_state("review", "waiting")
    assert notebook.errors == []


def test_large_graph_is_a_canvas(open_notebook: OpenNotebook) -> None:
    """Six hundred steps are drawn on a canvas, where keyboard and pointer work too."""
    notebook = open_notebook([LOAD, LARGE, FINISH_LARGE], size=(1600, 900))
    panel = start(notebook)
    canvas = panel.picture.locator("canvas")
    canvas.wait_for()
    tally = panel.root.locator(".na-g-tally")
    tally.get_by_text("✓ 300").wait_for()
    cursor = panel.picture.locator(".na-g-cursor")
    cursor.focus()
    assert panel.focused == "step_0"
    notebook.page.keyboard.press("ArrowRight")
    assert panel.focused == "step_20"
    notebook.page.keyboard.press("Enter")
    panel.details.get_by_text("what is step_20?").wait_for()
    notebook.page.keyboard.press("Escape")
    notebook.screenshot("graph-canvas-far", notebook.output(1))
    drawn = "(it) => it.toDataURL().length"
    before = canvas.evaluate(drawn)
    notebook.run_cell(2)
    tally.get_by_text("✕ 600").wait_for()
    assert canvas.evaluate(drawn) != before
    cursor.focus()
    for _ in range(14):
        notebook.page.keyboard.press("+")
    for key in ("ArrowRight", "ArrowLeft"):
        notebook.page.keyboard.press(key)
    assert panel.focused == "step_20"
    box = cursor.bounding_box()
    assert box is not None
    assert box["width"] > 100
    notebook.page.wait_for_timeout(300)
    notebook.screenshot("graph-canvas-near", notebook.output(1))
    notebook.page.mouse.click(box["x"] + 20, box["y"] + 10)
    panel.details.get_by_text("what is step_20?").wait_for()
    assert notebook.errors == []


@in_all_looks
def test_every_state_is_legible(
    open_notebook: OpenNotebook, theme: str, width: int
) -> None:
    """Whatever a step does can be read in both themes, narrow and wide."""
    cells = [LOAD, SHOW, FAILING, SORT]
    notebook = open_notebook(cells, app="notebook", size=(width, 1500))
    notebook.set_theme(theme)
    shade = theme.rpartition(" ")[2].lower()
    panel = start(notebook)
    panel.wait_for_words("classify", "3 done")
    panel.step("classify").click()
    panel.details.get_by_text("Item(n=5)").wait_for()
    notebook.screenshot(f"graph-running-{width}-{shade}", notebook.output(1))
    assert illegible(panel.root) == {}
    notebook.run_cell(2)
    failing = GraphPanel(notebook, 2)
    failing.wait_for_state("fetch", "running")
    notebook.run_cell(3)
    failing.wait_for_end()
    panel = GraphPanel(notebook, 1)
    panel.details.get_by_role("button", name="close the details").click()
    panel.wait_for_state("review", "waiting")
    panel.step("review").click()
    panel.details.get_by_text("Send mails?").wait_for()
    notebook.screenshot(f"graph-waiting-{width}-{shade}", notebook.output(1))
    assert illegible(panel.root) == {}
    assert illegible(notebook.output(2)) == {}
    notebook.screenshot(f"graph-failed-{width}-{shade}", notebook.output(2))
    assert notebook.errors == []
