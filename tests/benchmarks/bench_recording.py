"""What it costs to record, and how long it takes to look at what was recorded.

Each measure runs in processes of its own, in rounds. `--quick` takes one round;
`--write` keeps the tables in RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from recording_measures import CAPACITY, EVENTS, FULL, SEEKS
from results import table, write_section

COMMAND = "python tests/benchmarks/bench_recording.py --write"
TITLE = "Recordings"
ROUNDS = 5
PAIRS = 9
CASES = {
    "chain": "transition of a workflow",
    "stream": "event of its stream",
    "item": "`sleep(0)` item of a run",
}
FIGURES = (
    ("seek to any moment, median", 5, "ms", "seek"),
    ("seek to any moment, the worst", 5, "ms", "seek worst"),
    ("lanes of one run, all of it", 5, "ms", "lanes"),
    ("lanes of one run, its worst part", 5, "ms", "lanes worst"),
    ("a page of a filtered log", 1, "ms", "window"),
    ("transition recorded", 1.6, "x plain", "chain recorded"),
    ("the same, dropping", 1.9, "x plain", "chain dropping"),
    ("stream recorded", 1.6, "x plain", "stream recorded"),
    ("the same, dropping", 1.9, "x plain", "stream dropping"),
)
LOOKS = (
    ("the state now, of records nobody has looked at", "first state"),
    ("a moment, once states are made: median", "seek"),
    ("the same, the worst of all", "seek worst"),
    ("lanes of one run, for the first time", "first lanes"),
    ("lanes of one run, 800 pixels", "lanes"),
    ("lanes of one run, the worst part of it, 1,600 pixels", "lanes worst"),
    ("all lanes, 800 pixels", "all lanes"),
    ("a filter, for the first time", "first filter"),
    ("a text, for the first time", "first text"),
    ("a page of what passes", "window"),
    ("export", "export"),
    ("load", "load"),
)


def measured(measure: str, number: int) -> dict[str, float]:
    """Run one measure in a fresh process."""
    script = Path(__file__).with_name("recording_measures.py")
    run = subprocess.run(
        [sys.executable, script, measure, str(number)],
        capture_output=True,
        text=True,
        check=True,
    )
    values: dict[str, float] = json.loads(run.stdout)
    return values


def measure_all(*, quick: bool) -> dict[str, float]:
    """Measure in rounds, and return medians."""
    taken: dict[str, list[float]] = {}
    rounds = 1 if quick else ROUNDS
    for number in range(rounds):
        for measure in ("overhead", "reading"):
            note(f"round {number + 1} of {rounds}: {measure}")
            for key, value in measured(measure, PAIRS).items():
                taken.setdefault(key, []).append(value)
    note("size")
    values = {key: statistics.median(found) for key, found in taken.items()}
    return values | {f"{k} size": v for k, v in measured("size", 1).items()}


def note(text: str) -> None:
    """Say what is going on, beside the tables."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def figures_table(values: dict[str, float]) -> str:
    """Return what is asked for, what was measured, and whether that is enough."""
    rows = []
    for name, most, unit, key in FIGURES:
        space = "" if unit.startswith("x") else " "
        reached = "yes" if values[key] <= most else "NO"
        rows.append(
            [name, f"{most:g}{space}{unit}", f"{values[key]:.2f}{space}{unit}", reached]
        )
    return table(["", "at most", "measured", "reached"], rows)


def overhead_table(values: dict[str, float]) -> str:
    """Return what it costs to record."""
    rows = [
        [
            name,
            f"{values[f'{key} plain']:.2f} us",
            *(f"{values[f'{key} {kind}']:.2f}x" for kind in KINDS),
            f"{values[f'{key} size']:.0f} B",
        ]
        for key, name in CASES.items()
    ]
    return table(["", "plain", *KINDS.values(), "a record takes"], rows)


KINDS = {"listener": "with a listener", "recorded": "recorded", "dropping": "dropping"}


def looks_table(values: dict[str, float]) -> str:
    """Return how long it takes to look at what was recorded."""
    rows = [[name, f"{values[key]:,.2f} ms"] for name, key in LOOKS]
    return table([f"{values['records']:,.0f} records", ""], rows)


def legend(values: dict[str, float]) -> str:
    """Return what the tables mean."""
    return f"""\
Processor time, medians of {ROUNDS} processes. Costs: {EVENTS:,} of each, the ratio to
the same without anybody who wants records; a listener counts all records, a recording
keeps them, and one of {FULL:,} records drops as many as come, so that it must make the
state of each. A record takes so many bytes with its part of the states.

Looks: a recording of {CAPACITY:,} records at most, of workflows whose steps never wait,
of their streams and of runs over items; {SEEKS:,} moments drawn at random. At first
{values["missing"]:.0f} chunks of a thousand had no state: they are made at the first
look, or by the way while the loop goes on. A file takes {values["file"]:.1f} bytes a
record."""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="seconds, not minutes")
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    began = time.perf_counter()
    values = measure_all(quick=options.quick)
    parts = [
        figures_table(values),
        overhead_table(values),
        looks_table(values),
        legend(values),
    ]
    text = "\n\n".join(parts)
    note("")
    print(text)
    print(f"\n{time.perf_counter() - began:.0f} s")
    if options.write:
        write_section("recording", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
