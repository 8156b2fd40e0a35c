from __future__ import annotations

import math
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.kernels.environments import Environment

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


@pytest.mark.parametrize("case", ["chain", "sent", "listed", "stream"])
async def test_engines_pass_on_each_event(
    beside: Callable[[str], ModuleType], case: str
) -> None:
    """Ours and bare asyncio do the whole of each case that is compared."""
    peers = beside("workflow_peers")
    for name in ("ours", peers.BARE):
        engine = peers.CONTENDERS[name].make()
        assert await getattr(engine, case)(20) == 20, name


@pytest.mark.parametrize("name", ["langgraph", "pydantic-graph", "reference"])
@pytest.mark.filterwarnings("default")
async def test_peers_do_what_they_can(
    beside: Callable[[str], ModuleType], name: str
) -> None:
    """A peer that is installed does the whole of each case that it does not lack."""
    peers = beside("workflow_peers")
    contender = peers.CONTENDERS[peers.REFERENCE if name == "reference" else name]
    if why := contender.missing():
        pytest.skip(why)
    engine = contender.make()
    for case in {"chain", "sent", "listed", "stream"} - contender.lacks.keys():
        assert await getattr(engine, case)(20) == 20, case
    assert all(getattr(engine, case) is None for case in contender.lacks)


@pytest.mark.parametrize(
    ("measure", "sizes", "keys"),
    [
        ("speed", (10, 20), {"chain", "sent growth", "listed many", "start", "stream"}),
        ("memory", (10,), {"kept", "garbage", "left"}),
        ("listened", (1,), {"chain", "stream", "chain records", "stream records"}),
        ("checkpoints", (1,), {"memory", "file"}),
        ("snapshot", (1,), {"write", "restore", "finish"}),
    ],
)
def test_measures_of_ours_run(
    beside: Callable[[str], ModuleType],
    measure: str,
    sizes: tuple[int, ...],
    keys: set[str],
) -> None:
    """Each measure of a workflow runs in a process of its own, at a tiny size too."""
    values = beside("bench_workflow").measured(measure, "ours", *sizes)
    assert keys <= values.keys()
    assert all(math.isfinite(value) for value in values.values())


def test_listener_hears_every_transition(
    beside: Callable[[str], ModuleType],
) -> None:
    """What a listener costs is measured while it is told of every step and event."""
    values = beside("bench_workflow").measured("listened", "ours", 1)
    # How many records a call of a step makes is the engine's choice.
    assert values["chain records"] >= 1
    assert values["stream records"] >= 1


def test_slow_engine_is_ended(
    beside: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that takes too long is ended, and the table says so."""
    bench, tables = beside("bench_workflow"), beside("workflow_tables")
    monkeypatch.setattr(bench, "SECONDS", 0.01)
    results = bench.Results()
    results.add_ratios("langgraph", bench.measured("speed", "langgraph", 1, 2), {})
    text = tables.engines_table(results, ["langgraph"])
    assert text.count("too long") == 5
    assert text.count("cannot") == 3  # two cells and the reason
    assert "langgraph cannot do what is sent: a node returns" in text


def test_figures_are_judged(beside: Callable[[str], ModuleType]) -> None:
    """A figure is reached up to its limit, and one that is missing is not judged."""
    bench, tables = beside("bench_workflow"), beside("workflow_tables")
    results = bench.Results()
    results.add_ratios("ours", {"chain": 6.0}, {"chain": 2.0})
    results.add_ratios("ours", {"start": 6.2}, {"start": 1.0})
    for value in (150.0, 90.0, 110.0):
        results.add("ours", {"import": value})
    rows = [line.split("|")[1:-1] for line in tables.figures_table(results).split("\n")]
    judged = {row[0].strip(): [cell.strip() for cell in row[2:]] for row in rows}
    assert judged["transition"] == ["3.00x", "yes"]
    assert judged["start of a run"] == ["6.20x", "NO"]
    assert judged["import"] == ["110 ms", "NO"]
    assert judged["event of a stream"] == ["-", "not measured"]


# The smallest of each measure, and the figures that are judged.
KERNEL_MEASURES = {
    "idle": (
        {"names": ["ours"], "trips": 2, "seconds": 0.1},
        {"cell over", "click cpu over", "idle over", "handled p95"},
    ),
    "loaded": (
        {"kind": "awake", "jobs": 2, "items": 3, "trips": 2},
        {"over", "handled p95", "done p99", "cpu"},
    ),
    "calls": (
        {"count": 2, "at_once": 2, "takes": 1},
        {"print", "print in a job", "step", "task", "call", "at once"},
    ),
}


@pytest.mark.kernels
@pytest.mark.realtime
@pytest.mark.parametrize("measure", KERNEL_MEASURES)
async def test_kernels_are_measured(
    beside: Callable[[str], ModuleType], measure: str
) -> None:
    """Each measure of real kernels runs at a tiny size too."""
    options, keys = KERNEL_MEASURES[measure]
    here = Environment(Path(sys.executable), ())
    module = beside("kernel_calls" if measure == "calls" else "kernel_measures")
    found = await getattr(module, measure)(here, **options)
    assert keys <= found["ours"].keys()
    assert all(math.isfinite(found["ours"][key]) for key in keys)


@pytest.mark.kernels
@pytest.mark.realtime
@pytest.mark.skipif(sys.platform == "win32", reason="an interrupt is no signal there")
async def test_end_of_a_cell_and_of_a_kernel_are_measured(
    beside: Callable[[str], ModuleType],
) -> None:
    """An interrupt lands, and a client is closed, while they are timed."""
    measures = beside("kernel_calls")
    here = Environment(Path(sys.executable), ())
    (landed,) = await measures.interrupts(here, "ours", times=1)
    assert 0 < landed < 500
    assert 0 < await measures.shutdown(here, "ours", cleanup=0) < 10


def test_bridge_is_judged_by_the_noise(beside: Callable[[str], ModuleType]) -> None:
    """The bridge may differ from an ordinary kernel as far as a second one does."""
    bench, tables = beside("bench_kernel"), beside("kernel_tables")
    results = bench.Results()
    for again, alone in ((-0.3, 0.1), (0.1, 0.2), (0.2, 0.5)):
        figures = {"bare again": {"cell over": again, "idle over": again / 10}}
        figures["the bridge alone"] = {"cell over": alone, "idle over": alone}
        results.add("7.4.0", figures)
    results.add("7.4.0", {"ours": {"over": 51.0, "handled p95": 20.0}}, "asleep ")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in tables.figures_table(results, ["7.4.0"]).split("\n")
    ]
    judged = {row[0]: row[1:] for row in rows}
    assert judged["the bridge, above bare: a cell"] == [
        "noise",
        "0.20 ms, noise 0.30 ms",
        "yes",
    ]
    assert judged["idle"] == ["noise", "0.20 %, noise 0.03 %", "NO"]
    assert judged["`1+1`, items asleep: p99 above bare"] == ["50 ms", "51 ms", "NO"]
    assert judged["the same, items asleep"] == ["20 ms", "20 ms", "yes"]
    assert judged["watch of the idle loop"] == ["0.5 %", "-", "not measured"]


@pytest.mark.parametrize(
    ("arguments", "passed_on"),
    [(["workflow", "--write"], ["--write"]), (["workflow"], [])],
)
def test_write_is_passed_on(
    beside: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    passed_on: list[str],
) -> None:
    """`run.py --write` lets each benchmark keep its tables, and only then."""
    run, commands = beside("run"), []

    def note(command: list[object], *, check: bool) -> SimpleNamespace:
        assert not check
        commands.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(run.subprocess, "run", note)
    assert run.main(arguments) == 0
    assert [Path(str(command[1])).name for command in commands] == ["bench_workflow.py"]
    assert commands[0][2:] == passed_on


@pytest.mark.parametrize("case", ["chain", "stream", "item"])
async def test_recorded_cases_do_all_of_it(
    beside: Callable[[str], ModuleType], case: str
) -> None:
    """What is recorded in the benchmark of recordings does happen, as often as said."""
    measures = beside("recording_measures")
    with measures.record() as recording:
        assert await measures._cases()[case](20) == 20
    kinds = {"chain": "StepRecord", "stream": "EventRecord", "item": "ItemRecord"}
    assert recording.state.kinds[kinds[case]] >= 20


def test_tables_of_recordings_have_all_that_is_measured(
    beside: Callable[[str], ModuleType],
) -> None:
    """A quick look at each measure fills every place of the tables."""
    bench = beside("bench_recording")
    names = ("overhead", "size")
    values = {k: v for name in names for k, v in bench.measured(name, 1).items()}
    values |= {f"{key} size": values.pop(key) for key in bench.CASES}
    assert bench.overhead_table(values).count("x") >= 9
    values |= {key: 1.0 for _, key in bench.LOOKS} | {"records": 1.0, "missing": 0.0}
    assert bench.looks_table(values).count(" ms") == len(bench.LOOKS)
    row = bench.figures_table({**values, "seek": 9.0}).splitlines()[2]
    assert row.rstrip(" |").endswith("NO")
    assert "0 chunks" in bench.legend({**values, "file": 12.0})


@pytest.mark.kernels
@pytest.mark.realtime
async def test_panels_are_measured(beside: Callable[[str], ModuleType]) -> None:
    """What a panel costs, and what it sends, is measured at a tiny size too."""
    measures = beside("panel_measures")
    here = Environment(Path(sys.executable), ())
    spent = await measures.slowdown(here, items=1000, takes=1)
    assert list(spent) == [measures.NONE, *measures.WAYS]
    assert all(len(takes) == 1 and takes[0] > 0 for takes in spent.values())


@pytest.mark.kernels
@pytest.mark.realtime
@pytest.mark.parametrize(
    "number", [0, *(pytest.param(n, marks=pytest.mark.thorough) for n in range(1, 6))]
)
async def test_traffic_of_panels_is_measured(
    beside: Callable[[str], ModuleType], number: int
) -> None:
    """Each scene sends something, and no more than a panel may."""
    measures = beside("panel_measures")
    here = Environment(Path(sys.executable), ())
    assert len(measures.SCENES) == 6
    scene = list(measures.SCENES)[number]
    rates = await measures.traffic(here, scene, seconds=2.0)
    assert 0 < rates["messages"] <= 10.5
    assert 0 < rates["bytes"] <= 150_000


def test_panels_are_judged(beside: Callable[[str], ModuleType]) -> None:
    """A panel may cost three percent in the median, whatever a single take says."""
    bench, measures = beside("bench_jobs_panel"), beside("panel_measures")
    spent = {way: [1.0, 2.0, 4.0] for way in (measures.NONE, *measures.WAYS)}
    spent[measures.SEEN] = [1.02, 2.06, 8.0]
    spent[measures.BOARD] = [1.04, 2.08, 4.0]
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in bench.slowdown_table({1000: spent}).split("\n")
    ]
    judged = {row[0]: row[1:] for row in rows}
    assert judged[measures.NONE] == ["2,000 ms", "", ""]
    assert judged[measures.SEEN] == ["+3.0 %", "3 %", "yes"]
    assert judged[measures.BOARD] == ["+4.0 %", "3 %", "NO"]
    rates = {"messages": 9.9, "bytes": 150_001.0}
    rates |= {"busiest messages": 11.0, "busiest bytes": 170_000.0}
    assert bench.traffic_table({"job": rates}).split("|")[-2].strip() == "NO"
