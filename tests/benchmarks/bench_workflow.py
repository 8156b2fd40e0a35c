"""What an event of a workflow costs: ours, bare asyncio and others, side by side.

Every engine runs in processes of its own, in rounds; a process of bare asyncio goes
before each, so that a ratio compares neighbours in time. `--quick` takes one round, of
ours and bare asyncio; `--write` keeps the tables in RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from results import write_section
from workflow_cases import WORKERS
from workflow_measures import CHAIN, QUEUED, REPEATS, STARTS, STEPS, STREAM
from workflow_peers import BARE, CONTENDERS, REFERENCE
from workflow_tables import (
    engines_table,
    figures_table,
    imports_table,
    memory_table,
    storage_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = "python tests/benchmarks/bench_workflow.py --write"
TITLE = "Events of a workflow"
QUICK = (BARE, "ours")
ROUNDS = 5
RUNS = 500
SECONDS = 180
STATEMENTS = {
    "`import asyncio`, and a first model of pydantic": (
        "import asyncio, pydantic; pydantic.create_model('Model', x=int)"
    ),
    "ours, with what a first workflow takes": (
        "from notebook_async.workflow import Event, StartEvent, StopEvent, Workflow,"
        " step"
    ),
}
TIMED = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
LEGEND = f"""\
Processor time, and its ratio to bare asyncio: queues and workers by hand, with our
event objects, and nothing else. Medians of {ROUNDS} processes; in each the best of
{REPEATS} takes, of the three peers one. Chain: {CHAIN:,} transitions in a loop.
Fan-out to {WORKERS} workers and fan-in of so many events: sent with `ctx.send_event`
and gathered with `ctx.collect_events`, or returned and taken as a list ("growth": x in
time ~ events^x). llama-index-workflows and langgraph fan out to 1,000 events at most:
10,000 once took the first 636 s and the second 35 s. langgraph fans out by a list of
`Send`, pydantic-graph by `map` and without a bound of workers. Start: {STARTS} runs of
a step that does nothing. Stream: {STREAM:,} events written and consumed. A process that
takes {SECONDS} s is ended.
"""
MEMORY_LEGEND = f"""\
{RUNS} runs of a step that does nothing, the cyclic collector off: bytes of a run that
has ended while its handler is kept, and, of runs whose handlers were dropped, objects
that only the collector would find and bytes that even it leaves. langgraph,
pydantic-graph and bare asyncio have no handler to keep.
"""
STORAGE_LEGEND = f"""\
Checkpoints: time on the wall that `WorkflowCheckpointer` adds to each of {STEPS} steps
of a chain. Snapshot of a run with {QUEUED:,} events queued, processor time per event:
`ctx.to_dict()`, then `Context.from_dict` and `run`, then until the resumed run has
ended.
"""


def child(command: Sequence[object]) -> str:
    """Return what a fresh process prints; nothing if it takes too long."""
    try:
        run = subprocess.run(
            [sys.executable, *map(str, command)],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return ""
    if run.returncode:
        raise RuntimeError(f"{command} failed: {run.stderr[-2000:]}")
    return run.stdout


def measured(measure: str, name: str, *sizes: int) -> dict[str, float]:
    """Run one measure of one engine in a fresh process; empty if it takes too long."""
    script = Path(__file__).with_name("workflow_measures.py")
    return json.loads(child([script, measure, name, *sizes]) or "{}")


class Results:
    """What rounds of all engines have measured."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[float]] = {}

    def add(self, name: str, values: dict[str, float]) -> None:
        """Take in the values of one process."""
        for key, value in values.items():
            self._values.setdefault((name, key), []).append(value)

    def add_ratios(
        self, name: str, values: dict[str, float], bare: dict[str, float]
    ) -> None:
        """Take in the cost per event relative to that of bare asyncio just before."""
        ratios = {f"{key} ratio": values[key] / bare[key] for key in values}
        self.add(name, values | ratios)

    def get(self, name: str, key: str) -> float:
        """Return a median; NaN if there is none."""
        values = self._values.get((name, key), [])
        return statistics.median(values) if values else math.nan


def measure_all(names: Sequence[str], *, quick: bool) -> Results:
    """Measure in rounds, engines in turns."""
    results = Results()
    rounds = 1 if quick else ROUNDS
    statements = {name: CONTENDERS[name].statement for name in names} | STATEMENTS
    for number in range(rounds):
        for name in names:
            note(f"round {number + 1} of {rounds}: {name}")
            sizes = CONTENDERS[name].sizes
            bare = measured("speed", BARE, *sizes)
            values = bare if name == BARE else measured("speed", name, *sizes)
            results.add_ratios(name, values, bare)
        note(f"round {number + 1} of {rounds}: what only some can do")
        results.add("listened", measured("listened", "ours", 5))
        results.add("ours", measured("checkpoints", "ours", 3))
        results.add("ours", measured("snapshot", "ours", 5))
        # An import takes milliseconds, so that other programs disturb it more.
        for _ in range(3):
            for name, statement in statements.items():
                spent = float(child(["-c", TIMED.format(statement)]))
                results.add(name, {"import": spent * 1e3})
    for name in names:
        note(f"memory: {name}")
        results.add(name, measured("memory", name, RUNS))
    if REFERENCE in names:
        note(f"snapshot: {REFERENCE}")
        results.add(REFERENCE, measured("snapshot", REFERENCE, 3))
    return results


def note(text: str) -> None:
    """Say what is going on, beside the tables."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="seconds, not minutes")
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    began = time.perf_counter()
    missing = {name: c.missing() for name, c in CONTENDERS.items()}
    names = [name for name, why in missing.items() if why is None]
    if options.quick:
        names = [name for name in names if name in QUICK]
    results = measure_all(names, quick=options.quick)
    parts = [
        figures_table(results),
        engines_table(results, names),
        LEGEND,
        memory_table(results, names),
        MEMORY_LEGEND,
        storage_table(results, names),
        STORAGE_LEGEND,
        imports_table(results, names, STATEMENTS),
        "\n".join(f"Left out: {name}: {why}." for name, why in missing.items() if why),
    ]
    text = "\n\n".join(part.strip() for part in parts if part)
    note("")
    print(text)
    print(f"\n{time.perf_counter() - began:.0f} s")
    if options.write:
        write_section("workflow", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
