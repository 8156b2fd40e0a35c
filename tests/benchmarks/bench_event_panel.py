"""How smooth the event panel is in real JupyterLab, and how soon it shows a moment.

Ten thousand events come a second, into a recording that already holds a hundred
thousand. Frames and load are measured as for the other panels. Then the recording
stands still and its slider is dragged from one end to the other: what is measured is
how long after the slider the rows of that moment are drawn.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_panels import judged, measure
from results import table, write_section

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.event_panel import EventsView
from tests.browser.rig import Chromium, JupyterServer, make_notebook

if TYPE_CHECKING:
    from tests.browser.rig import Notebook

COMMAND = "python tests/benchmarks/bench_event_panel.py --write"
TITLE = "Event panel"
RATE = 10
SEEKS = 30
DRAG_SECONDS = 4.0

# The bounds: frames a second, bytes a second of the log and of the others, and
# milliseconds from the slider to the rows.
FEWEST_FRAMES = 55
MOST_BYTES = 500_000
LONGEST_SEEK = 250.0

SET_UP = """
import asyncio, time
from notebook_async import record
from notebook_async.core.records import ItemRecord, RunRecord
from notebook_async.widgets._show_events import show_events

recording = record()
WORKERS = 16
def run(at, phase, done):
    return RunRecord(at=at, source=("job-1", "run-1"), phase=phase, desc="read",
        done=done, failed=0, running=WORKERS, waiting=0, retried=0, total=None,
        workers=WORKERS, rate=None, eta=None)
count, began = 0, {}
def tell(at):
    global count
    index, lane = divmod(count, 2)
    if lane == 0:
        began[index] = at
        record = ItemRecord(at=at, source=("job-1", "run-1"), phase="running",
            index=index, item=f"'page {index} of the archive'")
    else:
        phase = "failed" if index % 100 == 7 else "done"
        record = ItemRecord(at=at, source=("job-1", "run-1"), phase=phase,
            index=index, began=began.pop(index),
            error="ValueError('bad page')" if phase == "failed" else None)
    recording.add(record)
    count += 1
start = time.perf_counter() - 10
recording.add(run(start, "running", 0))
for i in range(100_000):
    tell(start + i / 10_000)
async def flood():
    due = time.perf_counter()
    while True:
        due += 0.01
        for _ in range(100):
            tell(time.perf_counter())
        await asyncio.sleep(max(0, due - time.perf_counter()))
panel = show_events(recording)
"""
FLOOD = "flooding = asyncio.ensure_future(flood())"
STOP = "flooding.cancel(); recording.stop()"

# Each frame the slider goes on a little. How far behind are the rows? The time of the
# last row before the moment's line tells which moment is shown.
_DRAG = """([root, seconds]) => new Promise((resolve) => {
    const range = root.querySelector("input[type=range]");
    const [from, to] = [0.9, 0.1];
    const begin = performance.now();
    const lags = [];
    let frames = 0;
    const end = root.querySelector(".na-times .na-dim").textContent.slice(3);
    const all = (text) => text.split(":").reduce((sum, part) => sum * 60 + +part, 0);
    const length = all(end);
    const step = (now) => {
        const share = (now - begin) / (seconds * 1000);
        if (share >= 1) { resolve([frames / seconds, lags]); return; }
        frames += 1;
        range.value = (from + (to - from) * Math.max(0, share)) * range.max;
        range.dispatchEvent(new Event("input"));
        const row = root.querySelector(".na-now");
        if (row && share > 0.2) {
            const shown = all(row.firstElementChild.textContent);
            const first = root.__first ?? 0;
            const at = first + (length - first) * (from + (to - from) * share);
            const speed = (length - first) * (from - to) / (seconds * 1000);
            lags.push((shown - at) / speed);
        }
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""

# One click somewhere: until the row before the line is of that moment.
_SEEK = """([root, share]) => new Promise((resolve) => {
    const range = root.querySelector("input[type=range]");
    const all = (text) => text.split(":").reduce((sum, part) => sum * 60 + +part, 0);
    const begin = performance.now();
    range.value = share * range.max;
    range.dispatchEvent(new Event("input"));
    const look = () => {
        const row = root.querySelector(".na-now");
        const shown = row ? all(row.firstElementChild.textContent) : -1;
        const at = all(root.querySelector(".na-times").firstElementChild.textContent);
        if (Math.abs(shown - at) < 0.02) resolve(performance.now() - begin);
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""

LIVE = {
    "log that follows": ("log", ""),
    "log, filtered": ("log", "kind:failed"),
    "tree": ("tree", ""),
    "timeline": ("timeline", ""),
}


def open_panel(notebook: Notebook) -> EventsView:
    """Run the cells that show a full recording."""
    notebook.open()
    notebook.run_cell(0)
    notebook.wait_idle()
    view = EventsView(notebook, 0)
    view.wait_for_rows(8)
    return view


def measure_live(notebook: Notebook) -> dict[str, dict[str, float]]:
    """Return frames, load and traffic of each tab while events come."""
    view = open_panel(notebook)
    notebook.run_cell(1)
    notebook.wait_idle()
    found = {}
    for name, (tab, text) in LIVE.items():
        view.filter.fill(text)
        view.choose(tab)
        view.in_sight()
        found[name] = measure(notebook)
    return found


def measure_seeks(notebook: Notebook) -> dict[str, float]:
    """Return how long after the slider the rows of its moment are drawn."""
    view = open_panel(notebook)
    notebook.run_cell(1)
    notebook.run_cell(2)
    notebook.wait_idle()
    view.choose("log")
    view.in_sight()
    root = view.root.element_handle()
    page = notebook.page
    page.wait_for_timeout(1500)
    seeks = [
        page.evaluate(_SEEK, [root, 0.05 + 0.9 * (i * 7 % SEEKS) / SEEKS])
        for i in range(SEEKS)
    ]
    view.slider.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(500)
    first = view.clock.split(" / ")[0].split(":")
    seconds = 60 * int(first[0]) + float(first[1])
    view.root.evaluate("(root, first) => { root.__first = first; }", seconds)
    result: tuple[float, list[float]] = page.evaluate(_DRAG, [root, DRAG_SECONDS])
    frames, lags = result
    return {
        "seek": statistics.median(seeks),
        "slow seek": statistics.quantiles(seeks, n=20)[-1],
        "lag": statistics.median(lags),
        "slow lag": statistics.quantiles(lags, n=20)[-1],
        "frames": frames,
    }


def run_cases(folder: Path) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Return what was measured live, and of the slider."""
    cells = [SET_UP, FLOOD, STOP]
    with JupyterServer(folder) as server, Chromium() as chromium:

        def window() -> Notebook:
            make_notebook(folder / "bench.ipynb", cells)
            size = (1600, 1000)
            return chromium.window(
                server, "bench.ipynb", app="lab", pictures=folder, size=size
            )

        notebook = window()
        live = measure_live(notebook)
        notebook.page.context.close()
        server.end_sessions()
        notebook = window()
        seeks = measure_seeks(notebook)
        notebook.page.context.close()
    return live, seeks


def tables(live: dict[str, dict[str, float]], seeks: dict[str, float]) -> str:
    """Return the figures as Markdown."""
    heads = [
        "10,000 events /s",
        "frames /s",
        "main thread",
        "messages /s",
        "kB /s",
        "within bounds",
    ]
    rows: list[list[Any]] = []
    for name, case in live.items():
        within = {
            judged(case["frames"], FEWEST_FRAMES, least=True),
            judged(case["messages"], RATE + 0.5),
            judged(case["bytes"], MOST_BYTES),
        }
        rows.append(
            [
                name,
                f"{case['frames']:.0f}",
                f"{case['share']:.0%}",
                f"{case['messages']:.1f}",
                f"{case['bytes'] / 1000:.0f}",
                "yes" if within == {"yes"} else "NO",
            ]
        )
    moments = [
        [
            "one click on the slider",
            f"{seeks['seek']:.0f} ms",
            f"{seeks['slow seek']:.0f} ms",
            judged(seeks["seek"], LONGEST_SEEK),
        ],
        [
            "while dragging",
            f"{seeks['lag']:.0f} ms",
            f"{seeks['slow lag']:.0f} ms",
            judged(seeks["lag"], LONGEST_SEEK),
        ],
    ]
    return (
        f"{table(heads, rows)}\n\nBounds: at least {FEWEST_FRAMES} frames a second, at"
        f" most {RATE} messages and {MOST_BYTES // 1000} kB a second, with 100,000 rows"
        " and a browser without a graphics card.\n\n"
        + table(["from the slider to the rows", "median", "19 in 20", "kept"], moments)
        + f"\n\nBound: {LONGEST_SEEK:.0f} ms in the median; the line of the moment"
        f" moves with each frame ({seeks['frames']:.0f} a second while dragging)."
    )


def main() -> None:
    """Measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = tables(*run_cases(Path(folder)))
    print(text)
    if options.write:
        write_section("event_panel", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
