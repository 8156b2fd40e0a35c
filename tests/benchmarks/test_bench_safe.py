from __future__ import annotations

import math
from importlib import import_module
from pathlib import Path

import pytest


@pytest.mark.realtime
async def test_every_way_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the benchmark measures does run, once."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    bench = import_module("bench_safe")
    taken = await bench.measure(1)
    assert bench.WAYS.keys() <= taken.keys()
    assert all(math.isfinite(value) for values in taken.values() for value in values)
