"""The benchmark of the store measures what it says."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_store_is_measured_and_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small measure fills every row, and a figure is judged by its median."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    bench = import_module("bench_retrieval_store")
    monkeypatch.setattr(bench, "SEARCHES", 8)
    figures = bench.measure(30)
    assert set(figures) == {key for *_, key in bench.FIGURES}
    rounds = [{**figures, "add": value} for value in (190.0, 201.0, 900.0)]
    rows = bench.figures_table(rounds).splitlines()
    assert [cell.strip() for cell in rows[2].split("|")[1:-1]] == [
        "5,000 documents added",
        "201.0 ms",
        "190.0 to 900.0",
        "200 ms",
        "NO",
    ]
