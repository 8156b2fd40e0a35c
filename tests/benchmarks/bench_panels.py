"""How smoothly panels move in real JupyterLab, and what they take of its main thread.

A browser without a graphics card draws everything by the processor, so a reader's own
draws faster. Each case runs in a page of its own; frames are counted by the page, the
work of the main thread by the browser.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from results import table, write_section

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.rig import Chromium, JupyterServer, make_notebook

if TYPE_CHECKING:
    from tests.browser.rig import Notebook

COMMAND = "python tests/benchmarks/bench_panels.py --write"
TITLE = "Panels"
SECONDS = 8.0
LAYOUTS = 15
RATE = 10
MORE = 0.4

# The bounds: frames a second, share of the main thread, milliseconds of a layout.
FEWEST_FRAMES = 55
LARGEST_SHARE = 0.30
LONGEST_LAYOUT = 30.0

# A source whose steps change ten times a second, a third of them each time, with no
# workflow behind it that would take time of its own.
SOURCE = """
import asyncio, random
from notebook_async.widgets._show_graph import show_graph
from notebook_async.widgets._graph_source import GraphState, StepDetails
from notebook_async.workflow.representation import (
    StepCounts, WorkflowGraph, WorkflowGraphEdge, WorkflowStepNode)

class Source:
    run, ended = "bench", False

    def __init__(self, ways):
        self.names = [f"step_{i}" for i in range(1 + max(map(max, ways)))]
        ends = [(self.names[a], self.names[b]) for a, b in ways]
        nodes = [WorkflowStepNode(name, name, num_workers=4) for name in self.names]
        edges = [WorkflowGraphEdge(*way) for way in ends]
        self.graph = WorkflowGraph("Bench", tuple(nodes), tuple(edges))
        self.version = 0
        self.steps = {name: StepCounts(workers=4) for name in self.names}
        self.edges = dict.fromkeys(ends, 0)

    def state(self):
        return GraphState(phase="running", elapsed=self.version / 10, ticks=True,
                          steps=self.steps, edges=self.edges, actions=("cancel",))

    def details(self, step):
        return StepDetails()

    def on_end(self, callback):
        pass

    async def move(self):
        numbers = random.Random(1)
        while True:
            for name in numbers.sample(self.names, len(self.names) // 3):
                done, running = self.steps[name].done + 1, numbers.randrange(5)
                self.steps[name] = StepCounts(workers=4, done=done, running=running)
            for way in numbers.sample(list(self.edges), len(self.edges) // 3):
                self.edges[way] += 1
            self.version += 1
            await asyncio.sleep(0.1)
"""
SHOW = """
source = Source(ways)
moving = asyncio.ensure_future(source.move())
panel = show_graph(source)
"""

_COUNT_FRAMES = """(seconds) => new Promise((resolve) => {
    const start = performance.now();
    let frames = 0;
    const count = (now) => {
        if (now - start >= seconds * 1000) resolve(frames / ((now - start) / 1000));
        else { frames += 1; requestAnimationFrame(count); }
    };
    requestAnimationFrame(count);
})"""


def layered_graph(nodes: int) -> list[tuple[int, int]]:
    """Return the edges of a graph in layers, between each and the next."""
    numbers = random.Random(2)  # noqa: S311 - the same graph each time
    count = max(3, nodes // 25)
    bounds = [nodes * layer // count for layer in range(count + 1)]
    layers = [range(*ends) for ends in pairwise(bounds)]
    ways = set()
    for one, other in pairwise(layers):
        ways |= {(numbers.choice(one), v) for v in other}
        ways |= {(v, numbers.choice(other)) for v in one if numbers.random() < MORE}
    return sorted(ways)


def layout_ms(nodes: int) -> float:
    """Return the milliseconds of the best of several layouts."""
    from notebook_async.workflow._graph.layout import lay_out  # noqa: PLC0415

    ways = layered_graph(nodes)
    sizes, labels = [(150.0, 46.0)] * nodes, [(30.0, 14.0)] * len(ways)
    best = float("inf")
    for _ in range(LAYOUTS):
        # What others do on this machine meanwhile is not counted.
        began = time.process_time()
        lay_out(sizes, ways, labels=labels)
        best = min(best, time.process_time() - began)
    return best * 1e3


def measure(notebook: Notebook) -> dict[str, float]:
    """Return frames, load and traffic of what is in sight."""
    page = notebook.page
    page.wait_for_timeout(1500)
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")

    def spent() -> float:
        metrics = tools.send("Performance.getMetrics")["metrics"]
        values = {each["name"]: each["value"] for each in metrics}
        return float(values["TaskDuration"])

    start, before = notebook.now(), spent()
    frames = page.evaluate(_COUNT_FRAMES, SECONDS)
    share = (spent() - before) / (notebook.now() - start)
    traffic = notebook.traffic(since=start).only(direction="in", kind="comm_msg")
    return {
        "frames": frames,
        "share": share,
        "messages": traffic.frames_per_second,
        "bytes": traffic.bytes_per_second,
    }


CASES = {
    "nothing": (".jp-OutputArea-output", 0),
    "graph, 12 steps, SVG": ("svg.na-g-svg", 12),
    "graph, 200 steps, SVG": ("svg.na-g-svg", 200),
    "graph, 1,000 steps, canvas": (".na-g-canvas > canvas", 1000),
}


def run_cases(folder: Path) -> dict[str, dict[str, float]]:
    """Return what each case took."""
    found = {}
    with JupyterServer(folder) as server, Chromium() as chromium:
        for name, (selector, nodes) in CASES.items():
            cells = ["1 + 1"]
            if nodes:
                cells = [f"{SOURCE}\nways = {layered_graph(nodes)}", SHOW]
            make_notebook(folder / "bench.ipynb", cells)
            notebook = chromium.window(
                server, "bench.ipynb", app="lab", pictures=folder, size=(1600, 900)
            )
            notebook.open()
            for cell in range(len(cells)):
                notebook.run_cell(cell)
                notebook.wait_idle()
            notebook.output(len(cells) - 1).locator(selector).first.wait_for()
            found[name] = measure(notebook)
            notebook.page.context.close()
            server.end_sessions()
    return found


def judged(value: float, limit: float, *, least: bool = False) -> str:
    """Return whether a figure keeps its bound."""
    return "yes" if (value >= limit if least else value <= limit) else "NO"


def tables(found: dict[str, dict[str, float]], layouts: dict[int, float]) -> str:
    """Return the figures as Markdown."""
    heads = [
        "panel",
        "frames /s",
        "main thread",
        "messages /s",
        "kB /s",
        "within bounds",
    ]
    rows = []
    for name, case in found.items():
        within = [
            judged(case["frames"], FEWEST_FRAMES, least=True),
            judged(case["share"], LARGEST_SHARE),
            judged(case["messages"], RATE + 0.5),
            judged(case["bytes"], 150_000),
        ]
        rows.append(
            [
                name,
                f"{case['frames']:.0f}",
                f"{case['share']:.0%}",
                f"{case['messages']:.1f}",
                f"{case['bytes'] / 1000:.0f}",
                "yes" if set(within) == {"yes"} else "NO",
            ]
        )
    places = [
        [f"{nodes:,}", f"{ms:.1f} ms", judged(ms, LONGEST_LAYOUT)]
        for nodes, ms in layouts.items()
    ]
    return (
        f"{table(heads, rows)}\n\nBounds: at least {FEWEST_FRAMES} frames a second and"
        f" at most {LARGEST_SHARE:.0%} of the main thread, at ten updates a second that"
        " change a third of all steps and edges each; at most 10 messages and 150 kB a"
        " second. The browser has no graphics card.\n\n"
        f"{table(['steps', 'layout', 'within bounds'], places)}\n\nBound:"
        f" {LONGEST_LAYOUT:.0f} ms of the processor, the best of {LAYOUTS} times."
    )


def main() -> None:
    """Measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    layouts = {nodes: layout_ms(nodes) for nodes in (50, 200, 1000)}
    with tempfile.TemporaryDirectory() as folder:
        found = run_cases(Path(folder))
    text = tables(found, layouts)
    print(text)
    if options.write:
        write_section("panels", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
