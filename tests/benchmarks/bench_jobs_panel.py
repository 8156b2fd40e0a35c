"""What panels cost the runs that they show, and what they send to a page.

A real kernel of the newest ipykernel runs items that do nothing but `sleep(0)`, in
turns without a panel and with one; then it floods panels with more than a page could
take. `--quick` takes a few; `--write` keeps the tables in RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from typing import TYPE_CHECKING

import panel_measures as measures
from panel_measures import AGAIN, NONE, SCENES, WAYS
from results import table, write_section

from tests.kernels.environments import BASE, NEWEST, Recipe, make

if TYPE_CHECKING:
    from tests.kernels.environments import Environment

COMMAND = "python tests/benchmarks/bench_jobs_panel.py --write"
TITLE = "The panels of jobs"
SIZES = {100_000: 31, 1_000_000: 7}
SECONDS = 10
MOST_PERCENT = 3.0
MOST_MESSAGES, MOST_BYTES = 10, 150_000
LEGEND = """\
Processor time of the kernel's process, all its threads, while 100 workers run items
that do nothing but `sleep(0)`, above that of a run without a panel beside it: medians
of {takes} takes, in random turns. Listed: the page asks for the rows of items each
second. At most: what the project wants. No panel, once more: what chance alone does.
"""
TRAFFIC_LEGEND = f"""\
What one panel sends in {SECONDS} s while a job finishes some thousand items a second,
each with a line of 110 characters, and one in seven of them with an error of 1,000. The
busiest second is one of the client's clock, so what the kernel or the client holds back
comes in a bunch. Bytes: contents as JSON, and 700 for the rest of a frame.
"""


def percent(values: list[float], bare: list[float]) -> float:
    """Return by how much values are above others that were taken beside them."""
    ratios = [value / other for value, other in zip(values, bare, strict=True)]
    return (statistics.median(ratios) - 1) * 100


def slowdown_table(results: dict[int, dict[str, list[float]]]) -> str:
    """Return the table of what panels cost."""
    rows = []
    for way in (NONE, *WAYS):
        row = [way]
        for spent in results.values():
            time_ms = f"{statistics.median(spent[way]) * 1e3:,.0f} ms"
            over = percent(spent[way], spent[NONE])
            row.append(time_ms if way == NONE else f"{over:+.1f} %")
        worst = max(percent(spent[way], spent[NONE]) for spent in results.values())
        judged = way not in (NONE, AGAIN)
        verdict = "yes" if round(worst, 1) <= MOST_PERCENT else "NO"
        row += [f"{MOST_PERCENT:.0f} %", verdict] if judged else ["", ""]
        rows.append(row)
    heads = [f"{items:,} items" for items in results]
    return table(["a run with", *heads, "at most", "reached"], rows)


def traffic_table(results: dict[str, dict[str, float]]) -> str:
    """Return the table of what panels send."""
    rows = []
    for scene, rates in results.items():
        fits = rates["messages"] <= MOST_MESSAGES and rates["bytes"] <= MOST_BYTES
        rows.append(
            [
                scene,
                f"{rates['messages']:.1f}",
                f"{rates['busiest messages']:.0f}",
                f"{rates['bytes'] / 1e3:.1f}",
                f"{rates['busiest bytes'] / 1e3:.0f}",
                "yes" if fits else "NO",
            ]
        )
    heads = ["messages /s", "in the busiest", "kB/s", "in the busiest"]
    return table(["one panel", *heads, "at most 10 and 150 kB"], rows)


async def measure(environment: Environment, *, quick: bool) -> str:
    """Take every measure; return the tables."""
    sizes = {100_000: 3} if quick else SIZES
    slow = {}
    for items, takes in sizes.items():
        note(f"{items:,} items")
        slow[items] = await measures.slowdown(environment, items=items, takes=takes)
    sent = {}
    for scene in SCENES:
        note(scene)
        seconds = 3 if quick else SECONDS
        sent[scene] = await measures.traffic(environment, scene, seconds=seconds)
    takes = " and ".join(str(each) for each in sizes.values())
    legend = LEGEND.format(takes=takes)
    parts = [slowdown_table(slow), legend, traffic_table(sent), TRAFFIC_LEGEND]
    return "\n\n".join(part.strip() for part in parts)


def note(text: str) -> None:
    """Say what is going on, beside the tables."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute, not ten")
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args()
    began = time.perf_counter()
    environment = make(Recipe(BASE.path, BASE.version, NEWEST))
    text = asyncio.run(measure(environment, quick=options.quick))
    note("")
    print(text)
    print(f"\n{time.perf_counter() - began:.0f} s")
    if options.write:
        write_section("jobs_panel", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
