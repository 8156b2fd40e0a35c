"""What running many items costs: ours, the bare limit and others, side by side.

Every contender runs in processes of its own, in rounds; a process of the bare limit
goes before each, so that a ratio compares neighbours in time. `--quick` takes one
round, of ours and the reference; `--write` keeps the tables in RESULTS.md.
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

from jobs_peers import BARE, CONTENDERS, REFERENCE, WORKERS
from results import table, write_section

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMAND = "python tests/benchmarks/bench_jobs.py --write"
TITLE = "Many items, 100 at once"
QUICK = (BARE, "ours", "ours, timeout=60", "ours, streaming", REFERENCE)
RATED = ("ours, rate=Rate(1e9)", "aiometer")
PROGRESS = {
    "panel": "counters polled as a panel does",
    "tqdm": "a tqdm bar",
    "off": "none on either side (the noise of this measure)",
}
LEGEND = f"""\
All run with workers={WORKERS}. No-op and `sleep(0)` items: processor time per item, and
its ratio to the bare limit ({WORKERS} tasks that share an iterator, and nothing else).
Peak: memory above the start for so many lazy `sleep(0)` items whose results are None;
streams keep none. Growth: x in time ~ items^x, from 10,000 items to so many. First
result: until somebody who waits sees the first of 10,000 `sleep(0)` items. Cancel:
10,000 items, {WORKERS} of them in flight, until all have ended; then the same with
items that clean up for 10 ms. Heartbeat: how late a 10 ms timer is at worst beside
items that compute for 5 ms, then await.
"""


def measured(measure: str, name: str, size: int = 0) -> dict[str, float]:
    """Run one measure of one contender in a fresh process."""
    script = Path(__file__).with_name("jobs_measures.py")
    command = [sys.executable, script, measure, name, str(size)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{measure} of {name} failed: {run.stderr[-2000:]}")
    # Some peers complain on stderr when they are cancelled; that is theirs.
    return json.loads(run.stdout)


class Results:
    """What rounds of all contenders have measured."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[float]] = {}

    def add(self, name: str, values: dict[str, float]) -> None:
        """Take in the values of one process."""
        for key, value in values.items():
            self._values.setdefault((name, key), []).append(value)

    def add_ratios(
        self, name: str, values: dict[str, float], bare: dict[str, float]
    ) -> None:
        """Take in the cost per item relative to that of the bare limit just before."""
        ratios = {f"{key} ratio": values[key] / bare[key] for key in values}
        self.add(name, values | ratios)

    def get(self, name: str, key: str) -> float:
        """Return a median; NaN if there is none."""
        values = self._values.get((name, key), [])
        return statistics.median(values) if values else math.nan


def measure_all(names: list[str], rated: list[str], *, quick: bool) -> Results:
    """Measure in rounds, contenders in turns."""
    results = Results()
    rounds = 1 if quick else 3
    for number in range(rounds):
        for name in names:
            note(f"round {number + 1} of {rounds}: {name}")
            bare = measured("speed", BARE)
            values = bare if name == BARE else measured("speed", name)
            results.add_ratios(name, values, bare)
            results.add(name, measured("manners", name))
        for name in rated:
            results.add(name, measured("rates", name))
    for name in names:
        note(f"memory: {name}")
        size = 1_000_000 if CONTENDERS[name].quick else 50_000
        results.add(name, measured("growth", name, size))
    for kind in PROGRESS:
        note(f"progress: {kind}")
        results.add(kind, measured("progress", kind, 2 if quick else 16))
    return results


def note(text: str) -> None:
    """Say what is going on, beside the tables."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


# -- tables


def number(value: float, unit: str = "") -> str:
    """Return a value with two or three figures that count."""
    if math.isnan(value):
        return "-"
    digits = 0 if abs(value) >= 20 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{unit}"


def contenders_table(results: Results, names: Iterable[str]) -> str:
    """Return the table of all contenders."""
    heads = [
        "",
        "no-op item",
        "`sleep(0)` item",
        "peak / items",
        "growth",
        "first result",
    ]
    heads += ["cancel", "with cleanup", "heartbeat late by"]
    rows = []
    for name in names:
        items = results.get(name, "items")
        cleanup = results.get(name, "cleanup")
        cancel = results.get(name, "cancel")
        rows.append(
            [
                name,
                *(
                    f"{number(results.get(name, f'{key} ratio'))}x"
                    f" ({results.get(name, key):.2f} us)"
                    for key in ("no_op", "sleep_0")
                ),
                f"{number(results.get(name, 'peak'), ' MB')} / {items:,.0f}",
                number(results.get(name, "exponent")),
                number(results.get(name, "first"), " ms"),
                "items left behind" if math.isnan(cancel) else number(cancel, " ms"),
                "cut short" if math.isnan(cleanup) else number(cleanup, " ms"),
                number(results.get(name, "lag"), " ms"),
            ]
        )
    return table(heads, rows)


def rates_table(results: Results, names: Iterable[str]) -> str:
    """Return the table of rates asked for and got."""
    rows = []
    for name in names:
        row = [name.split(",")[0]]
        for asked in (1000, 5000):
            got = results.get(name, str(asked))
            row.append(f"{got:,.0f}/s ({100 * (got / asked - 1):+.1f} %)")
        rows.append(row)
    return table(["asked for", "1,000/s", "5,000/s"], rows)


def progress_table(results: Results) -> str:
    """Return the table of what progress costs."""
    keys = ("upkeep", "low", "median", "high")
    rows = [
        [text, *(f"{results.get(kind, key):+.2f} %" for key in keys)]
        for kind, text in PROGRESS.items()
    ]
    heads = ["processor time that progress adds", "beside items that sleep"]
    heads += ["beside busy ones: 1st quarter", "median", "3rd quarter"]
    return table(heads, rows)


def figures_table(results: Results) -> str:
    """Return the table of the figures to be reached, and whether they are."""
    timed, stream = "ours, timeout=60", "ours, streaming"
    paced = RATED[0]
    figures = [
        ("no-op item", 2.5, "x", results.get("ours", "no_op ratio")),
        ("`sleep(0)` item", 1.4, "x", results.get("ours", "sleep_0 ratio")),
        ("the same with timeout", 2, "x", results.get(timed, "sleep_0 ratio")),
        ("the same streaming", 2.4, "x", results.get(stream, "sleep_0 ratio")),
        ("peak of memory", 10, " MB", results.get("ours", "peak")),
        ("first result", 1, " ms", results.get("ours", "first")),
        ("first result streaming", 1, " ms", results.get(stream, "first")),
        ("cancel of 10,000", 1, " ms", results.get("ours", "cancel")),
        ("heartbeat late by", 20, " ms", results.get("ours", "lag")),
        ("1,000/s off by", 2, " %", abs(results.get(paced, "1000") / 10 - 100)),
        ("5,000/s off by", 15, " %", abs(results.get(paced, "5000") / 50 - 100)),
        ("progress, polled", 1, " %", results.get("panel", "upkeep")),
        ("progress, tqdm", 1, " %", results.get("tqdm", "upkeep")),
    ]
    rows = [
        [what, f"{most}{unit}", number(got, unit), verdict(got, most)]
        for what, most, unit, got in figures
    ]
    return table(["ours", "at most", "measured", "reached"], rows)


def verdict(got: float, most: float) -> str:
    """Say whether a figure was reached."""
    if math.isnan(got):
        return "not measured"
    return "yes" if got <= most else "NO"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute, not five")
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    began = time.perf_counter()
    missing = {name: c.missing() for name, c in CONTENDERS.items()}
    names = [name for name, why in missing.items() if why is None]
    if options.quick:
        names = [name for name in names if name in QUICK]
    rated = [name for name in RATED if missing[name] is None]
    results = measure_all(names, rated, quick=options.quick)
    parts = [
        figures_table(results),
        contenders_table(results, names),
        LEGEND,
        rates_table(results, rated) if rated else "",
        progress_table(results),
        "\n".join(f"Left out: {name}: {why}." for name, why in missing.items() if why),
    ]
    text = "\n\n".join(part.strip() for part in parts if part)
    note("")
    print(text)
    print(f"\n{time.perf_counter() - began:.0f} s")
    if options.write:
        write_section("jobs", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
