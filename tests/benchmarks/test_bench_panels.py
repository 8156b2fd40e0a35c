"""The measures of panels judge what they measure by their bounds."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the benchmark, which stands beside this file."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return import_module("bench_panels")


def test_graph_has_the_size_asked_for(bench: ModuleType) -> None:
    """Every step behind the first layer has something before it."""
    ways = bench.layered_graph(200)
    assert {target for _, target in ways} == set(range(25, 200))
    assert all(source < target for source, target in ways)
    assert ways == bench.layered_graph(200)


@pytest.mark.parametrize(
    ("change", "judgement"),
    [
        ({}, "yes"),
        ({"frames": 54.9}, "NO"),
        ({"share": 0.31}, "NO"),
        ({"messages": 11.0}, "NO"),
        ({"bytes": 151_000.0}, "NO"),
    ],
)
def test_figures_are_judged(
    bench: ModuleType, change: dict[str, float], judgement: str
) -> None:
    """One figure out of its bounds is enough."""
    case = {"frames": 58.0, "share": 0.2, "messages": 10.0, "bytes": 90_000.0}
    rows = bench.tables({"a panel": {**case, **change}}, {1000: 31.0}).splitlines()
    assert rows[2].split("|")[-2].strip() == judgement
    assert rows[-3].split("|")[1:-1] == [" 1,000 ", " 31.0 ms ", " NO            "]
