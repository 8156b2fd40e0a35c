"""How long ingesting and asking take, and whether the loop goes on meanwhile.

Each measure runs in processes of its own, in rounds. `--quick` takes one round;
`--write` keeps the tables in RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from results import table, write_section

COMMAND = "python tests/benchmarks/bench_retrieval.py --write"
TITLE = "Retrieval"
ROUNDS = 5
FIGURES = (
    ("10 MB of the standard library ingested", "ingest", "s", None),
    ("chunks of it", "chunks", "", None),
    ("the loop late meanwhile, 99th percentile", "ingest late p99", "ms", 20),
    ("the loop late meanwhile, at worst", "ingest late max", "ms", 20),
    ("the loop late with nothing to do, at worst", "idle late max", "ms", None),
    ("the same documents again, unchanged", "again", "s", 1),
    ("a composed query to slow stores, median", "one", "s", None),
    ("20 of them at once", "together", "s", None),
    ("the same, to the slowest alone", "ratio", "x", 1.3),
)


def measured(measure: str) -> dict[str, float]:
    """Run one measure in a fresh process."""
    script = Path(__file__).with_name("retrieval_measures.py")
    command = [sys.executable, script, measure]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    values: dict[str, float] = json.loads(run.stdout)
    return values


def measure_all(rounds: int) -> dict[str, list[float]]:
    """Measure in rounds, and return all values."""
    taken: dict[str, list[float]] = {}
    for number in range(rounds):
        for measure in ("ingest", "compose"):
            print(f"round {number + 1} of {rounds}: {measure}", file=sys.stderr)
            for key, value in measured(measure).items():
                taken.setdefault(key, []).append(value)
    return taken


def report(taken: dict[str, list[float]]) -> str:
    """Return the table: medians of the rounds, and the best and the worst."""
    rows = []
    for words, key, unit, most in FIGURES:
        found = taken[key]
        shown = [f"{v:.3g} {unit}".strip() for v in (min(found), max(found))]
        middle = statistics.median(found)
        verdict = "" if most is None else f"<= {most} {unit}"
        if most is not None and middle > most:
            verdict += " missed"
        rows.append(
            [words, f"{middle:.3g} {unit}".strip(), " to ".join(shown), verdict]
        )
    return table(["what", "median", "rounds", "wanted"], rows)


def main() -> None:
    """Measure, print, and keep it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="take one round")
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    text = report(measure_all(1 if options.quick else ROUNDS))
    print(text)
    if options.write:
        write_section("retrieval", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
