from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return a function that imports a module beside this one, as benchmarks do."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return import_module


@pytest.fixture
def results(
    beside: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> ModuleType:
    """Return the module that keeps results, keeping them elsewhere."""
    module = beside("results")
    monkeypatch.setattr(module, "RESULTS", tmp_path / "RESULTS.md")
    return module


async def test_ours_run_each_item_once(beside: Callable[[str], ModuleType]) -> None:
    """What the benchmark measures as ours, and as the limit, does run the items."""
    measures, peers = beside("jobs_measures"), beside("jobs_peers")
    for name, contender in peers.CONTENDERS.items():
        if contender.missing() is None and name.startswith(("ours", peers.BARE)):
            seen: list[int] = []

            async def item(number: int, seen: list[int] = seen) -> None:
                seen.append(number)

            await measures.finish(contender, item, range(300))
            assert seen == list(range(300)), name


def test_section_replaces_its_last_one(results: ModuleType) -> None:
    """A benchmark that is run again leaves the sections of others as they were."""
    for name, text in (("jobs", "1 x"), ("start", "2 ms"), ("jobs", r"3 \1 x")):
        results.write_section(name, name.title(), f"python {name}.py", text)
    written = results.RESULTS.read_text("utf-8")
    assert "1 x" not in written.replace(r"3 \1 x", "")
    assert written.startswith("# Benchmark results\n")
    parts = ["<!-- jobs -->", r"3 \1 x", "<!-- /jobs -->", "<!-- start -->", "2 ms"]
    positions = [written.index(part) for part in parts]
    assert positions == sorted(positions)
    assert written.count("<!-- jobs -->") == 1


def test_table_lines_up(results: ModuleType) -> None:
    """A table is Markdown whose columns also line up in a terminal."""
    assert results.table(["", "us"], [["ours", "0.2"], ["a", "10"]]).splitlines() == [
        "|      | us  |",
        "| ---- | --- |",
        "| ours | 0.2 |",
        "| a    | 10  |",
    ]
