"""The tables of `bench_kernel.py`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from kernel_calls import NESTED, PATIENCE
from kernel_measures import AGAIN, ALONE, BARE, OURS, SETUPS
from results import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["calls_table", "ends_table", "figures_table", "idle_table", "load_table"]

# The bridge is to cost nothing that can be told from another ordinary kernel.
COMPARED = (
    ("the bridge, above bare: a cell", "cell over", " ms"),
    ("a click", "click over", " ms"),
    ("work of a cell", "cell cpu over", " ms"),
    ("work of a click", "click cpu over", " ms"),
    ("idle", "idle over", " %"),
)


class Results(Protocol):
    """What the rounds have measured."""

    def all(self, version: str, name: str, key: str) -> list[float]:
        """Return the values of all rounds."""

    def get(self, version: str, name: str, key: str) -> float:
        """Return a median; NaN if there is none."""

    def least(self, version: str, name: str, key: str) -> float:
        """Return the least; NaN if there is none."""


def number(value: float, unit: str = "") -> str:
    """Return a value with two or three figures that count."""
    if math.isnan(value):
        return "-"
    size = abs(value)
    digits = 0 if size >= 20 else 1 if size >= 10 else 2
    return f"{value:.{digits}f}{unit}"


def figures_table(results: Results, versions: Sequence[str]) -> str:
    """Return the table of the figures to be reached, and whether they are."""
    rows = [
        [what, f"{most:g}{unit}", *(number(got, unit) for got in each), verdict]
        for what, most, unit, each in _figures(results, versions)
        for verdict in [_verdict(each, [most] * len(each))]
    ]
    for what, key, unit in COMPARED:
        each = [results.get(version, ALONE, key) for version in versions]
        noises = [_noise(results, version, key) for version in versions]
        cells = [
            f"{number(got, unit)}, noise {number(noise, unit)}"
            for got, noise in zip(each, noises, strict=True)
        ]
        rows.append([what, "noise", *cells, _verdict(each, noises)])
    heads = ["ours", "at most", *_heads(versions), "reached"]
    return table(heads, rows)


def _figures(
    results: Results, versions: Sequence[str]
) -> Iterable[tuple[str, float, str, list[float]]]:
    bounds = (
        ("`1+1`, items asleep: p99 above bare", 50, " ms", "asleep over"),
        ("`1+1`, items awake: p99 above bare", 50, " ms", "awake over"),
        ("click while a cell awaits: p95", 20, " ms", "handled p95"),
        ("the same, items asleep", 20, " ms", "asleep handled p95"),
        ("the same, items awake", 20, " ms", "awake handled p95"),
        ("watch of the idle loop", 0.5, " %", "watch"),
        ("interrupt of an awaiting cell", 500, " ms", "interrupt"),
        ("shutdown that closes a client", 2, " s", "shutdown"),
    )
    for what, most, unit, key in bounds:
        yield what, most, unit, [results.get(each, OURS, key) for each in versions]
    for what, key in (("print in a cell", "print"), ("in a job", "print in a job")):
        over = [
            results.least(each, OURS, key) - results.least(each, BARE, "print")
            for each in versions
        ]
        yield f"{what}, above bare", 0.5, " us", over


def _noise(results: Results, version: str, key: str) -> float:
    return max(map(abs, results.all(version, AGAIN, key)), default=math.nan)


def _verdict(got: Sequence[float], most: Sequence[float]) -> str:
    """Say whether a figure was reached with every ipykernel."""
    if any(math.isnan(value) for value in (*got, *most)):
        return "not measured"
    reached = all(one <= bound for one, bound in zip(got, most, strict=True))
    return "yes" if reached else "NO"


def _heads(versions: Iterable[str]) -> list[str]:
    return [f"ipykernel {version}" for version in versions]


def idle_table(results: Results, version: str) -> str:
    """Return the table of kernels without jobs."""
    rows = []
    for name in SETUPS:

        def get(key: str, name: str = name) -> float:
            return results.get(version, name, key)

        row = [name]
        for kind in ("cell", "click"):
            row += [
                " / ".join(number(get(f"{kind} p{each}")) for each in (50, 95, 99)),
                number(get(f"{kind} over"), " ms"),
                number(get(f"{kind} cpu"), " ms"),
            ]
        rows.append([*row, number(get("idle"), " %")])
    heads = [f"ipykernel {version}"]
    for kind in ("cell", "click"):
        heads += [f"{kind}: p50 / 95 / 99, ms", "above bare", "work"]
    return table([*heads, "idle"], rows)


def load_table(results: Results, versions: Iterable[str]) -> str:
    """Return the table of kernels with many jobs."""
    rows = []
    for version in versions:
        for what, kind in (("no jobs", ""), ("asleep", "asleep "), ("awake", "awake ")):
            bare = _quantiles(results, version, BARE, f"{kind}cell")
            rows.append(
                [
                    f"{version}, {what}",
                    bare,
                    *(
                        _quantiles(results, version, OURS, f"{kind}{key}")
                        for key in ("cell", "handled", "done")
                    ),
                    number(results.get(version, OURS, f"{kind}cpu"), " %")
                    if kind
                    else number(results.get(version, OURS, "idle"), " %"),
                ]
            )
    heads = ["p50 / 95 / 99, ms", "`1+1` bare", "`1+1` ours", "click: handled"]
    return table([*heads, "click: done", "processor"], rows)


def _quantiles(results: Results, version: str, name: str, key: str) -> str:
    cuts = (results.get(version, name, f"{key} p{each}") for each in (50, 95, 99))
    return " / ".join(map(number, cuts))


def calls_table(results: Results, versions: Iterable[str], at_once: int) -> str:
    """Return the table of prints and calls."""
    rows = []
    for version in versions:
        for name in (BARE, NESTED, OURS):
            keys = ("print", "print in a job", "step", "task", "call")
            ended = results.all(version, name, "at once")
            rows.append(
                [
                    f"{version}, {name}",
                    *(number(results.least(version, name, k), " us") for k in keys),
                    "fail"
                    if any(map(math.isnan, ended))
                    else number(results.get(version, name, "at once"), " ms"),
                ]
            )
    heads = ["", "print", "print in a job", "step", "task", "call"]
    return table([*heads, f"{at_once} at once"], rows)


def ends_table(results: Results, versions: Iterable[str]) -> str:
    """Return the table of interrupts and shutdowns."""
    rows = []
    for version in versions:
        for name in (BARE, OURS):
            landed = results.get(version, name, "interrupt")
            late = f"> {PATIENCE:g} s, until something else happens"
            worst = max(results.all(version, name, "interrupt"), default=math.nan)
            rows.append(
                [
                    f"{version}, {name}",
                    late if math.isinf(landed) else number(landed, " ms"),
                    "" if math.isinf(worst) else number(worst, " ms"),
                    number(results.get(version, name, "shutdown"), " s"),
                    number(results.get(version, name, "shutdown that hangs"), " s"),
                ]
            )
    heads = ["", "interrupt landed", "at worst", "shutdown", "with a client that hangs"]
    return table(heads, rows)
