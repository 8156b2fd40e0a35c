"""What spans, traces and callbacks cost, with nobody who listens and with somebody.

Each round runs in a process of its own. `--quick` takes one round; `--write` keeps the
table in RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from results import table, write_section

COMMAND = "python tests/benchmarks/bench_tracing.py --write"
TITLE = "Tracing"
ROUNDS = 5
FIGURES = (
    ("an item of a run, nobody listens", 60, "ns", "item"),
    ("a transition of a workflow, nobody listens", 3, "%", "transition"),
    ("a span with a listener", 5, "us", "span heard"),
    ("a span in a trace", 5, "us", "span traced"),
    ("a span in a trace that drops the oldest", 5, "us", "span dropping"),
    ("records kept of 1,000,000 spans", 100_000, "", "kept"),
)
MORE = (
    ("a `with span(...)` that nobody listens to", "ns", "span unheard"),
    ("a call of a decorated function that nobody listens to", "ns", "call unheard"),
    ("a call of a decorated function in a trace", "us", "call traced"),
    ("an event of a callback manager, in a trace with a `DebugHandler`", "us", "event"),
    ("the tree of 50,000 spans, for the first time", "ms", "tree"),
    ("the totals of these", "ms", "totals"),
    ("their Chrome trace", "ms", "chrome"),
    ("memory that 800,000 more spans add to a trace that is full", "MB", "memory"),
)
LEGEND = """\
Processor time, medians of {rounds} processes. While nobody listens an item and a
transition pay for a look at whether somebody does, which is what is measured here; a
transition takes {plain:.2f} us in all. Spans follow one another without any wait: one
that waits, or has another inside, is told twice, as it begins and as it ends.
"""


def measured() -> dict[str, float]:
    """Run one round in a fresh process."""
    script = Path(__file__).with_name("tracing_measures.py")
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True
    )
    values: dict[str, float] = json.loads(run.stdout)
    return values


def figures_table(values: dict[str, float]) -> str:
    """Return what is asked for, what was measured, and whether that is enough."""
    rows = []
    for name, most, unit, key in FIGURES:
        digits = 0 if values[key] >= 1000 else 2
        reached = "yes" if values[key] <= most else "NO"
        got = f"{values[key]:,.{digits}f} {unit}".strip()
        rows.append([name, f"{most:,} {unit}".strip(), got, reached])
    return table(["", "at most", "measured", "reached"], rows)


def more_table(values: dict[str, float]) -> str:
    """Return what else there is to know."""
    rows = [[name, f"{values[key]:,.2f} {unit}"] for name, unit, key in MORE]
    return table(["", ""], rows)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round only")
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    rounds = [measured() for _ in range(1 if options.quick else ROUNDS)]
    values = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    legend = LEGEND.format(rounds=len(rounds), plain=values["plain"])
    text = "\n\n".join([figures_table(values), more_table(values), legend])
    print(text)
    if options.write:
        write_section("tracing", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
