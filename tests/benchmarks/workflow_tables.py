"""The tables of `bench_workflow.py`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from results import table
from workflow_peers import CONTENDERS, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "engines_table",
    "figures_table",
    "imports_table",
    "memory_table",
    "storage_table",
]


class Results(Protocol):
    """What rounds of all engines have measured."""

    def get(self, name: str, key: str) -> float:
        """Return a median; NaN if there is none."""


def number(value: float, unit: str = "") -> str:
    """Return a value with two or three figures that count."""
    if math.isnan(value):
        return "-"
    digits = 0 if abs(value) >= 20 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}{unit}"


def engines_table(results: Results, names: Iterable[str]) -> str:
    """Return the table of what an event costs each engine."""
    heads = ["", "transition", "events", "sent, few", "sent, many", "growth"]
    heads += ["listed, few", "listed, many", "growth", "start of a run", "stream"]
    rows = []
    for name in names:
        few, many = CONTENDERS[name].sizes

        def cost(key: str, case: str, name: str = name) -> str:
            if case in CONTENDERS[name].lacks:
                return "cannot"
            value = results.get(name, key)
            if math.isnan(value):
                return "too long"
            return f"{number(results.get(name, f'{key} ratio'))}x ({number(value)} us)"

        rows.append(
            [
                name,
                cost("chain", "chain"),
                f"{few:,} / {many:,}",
                cost("sent few", "sent"),
                cost("sent many", "sent"),
                number(results.get(name, "sent growth")),
                cost("listed few", "listed"),
                cost("listed many", "listed"),
                number(results.get(name, "listed growth")),
                cost("start", "start"),
                cost("stream", "stream"),
            ]
        )
    notes = [
        f"{name} cannot do what is {case}: {why}."
        for name in names
        for case, why in CONTENDERS[name].lacks.items()
    ]
    return "\n\n".join([table(heads, rows), *(["\n".join(notes)] if notes else [])])


def memory_table(results: Results, names: Iterable[str]) -> str:
    """Return the table of what a run that has ended keeps."""
    rows = [
        [
            name,
            number(results.get(name, "kept"), " B"),
            number(results.get(name, "garbage")),
            f"{results.get(name, 'left'):.1f} B",
        ]
        for name in names
    ]
    heads = ["", "with its handler", "dropped: objects for the collector"]
    return table([*heads, "dropped: left for ever"], rows)


def storage_table(results: Results, names: Iterable[str]) -> str:
    """Return the table of checkpoints and snapshots."""
    keys = ("memory", "file", "sqlite", "write", "restore", "finish")
    rows = [
        [name, *(number(results.get(name, key), " us") for key in keys)]
        for name in names
        if name in ("ours", REFERENCE)
    ]
    heads = ["", "checkpoint in memory", "in a file", "in SQLite"]
    heads += ["snapshot, an event", "resume, an event", "to the end, an event"]
    return table(heads, rows)


def imports_table(
    results: Results, names: Iterable[str], statements: Iterable[str]
) -> str:
    """Return the table of imports in fresh interpreters."""
    rows = [
        [name, number(results.get(name, "import"), " ms")]
        for name in [*names, *statements]
    ]
    rows = [[_statement(name), value] for name, value in rows]
    return table(["import in a fresh interpreter", ""], rows)


def _statement(name: str) -> str:
    known = CONTENDERS.get(name)
    return name if known is None else f"{name}: `{known.statement}`"


def figures_table(results: Results) -> str:
    """Return the table of the figures to be reached, and whether they are."""
    ratios = [
        ("transition", 3, "chain"),
        ("1,000 events sent and collected", 6, "sent few"),
        ("10,000 events sent and collected", 6, "sent many"),
        ("1,000 events as a list", 6, "listed few"),
        ("10,000 events as a list", 6, "listed many"),
        ("start of a run", 6, "start"),
        ("event of a stream", 2, "stream"),
    ]
    figures = [
        (what, most, "x", results.get("ours", f"{key} ratio"))
        for what, most, key in ratios
    ]
    figures += [
        ("growth of time, sent", 1.05, "", results.get("ours", "sent growth")),
        ("growth of time, a list", 1.05, "", results.get("ours", "listed growth")),
        (
            "transition with a listener",
            1.5,
            "x plain",
            results.get("listened", "chain"),
        ),
        ("stream with a listener", 1.5, "x plain", results.get("listened", "stream")),
        ("memory of an ended run", 2048, " B", results.get("ours", "kept")),
        ("dropped: for the collector", 0, " objects", results.get("ours", "garbage")),
        ("dropped: left for ever", 1, " B", results.get("ours", "left")),
        ("import", 100, " ms", results.get("ours", "import")),
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
