"""What a run tells about itself: counters, records, scopes and progress."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import JobRun, iter_jobs, run_jobs, start_jobs
from notebook_async.core import (
    ItemRecord,
    JobRecord,
    Phase,
    Record,
    RunRecord,
    Scope,
    add_hook,
    current_scope,
    publish,
    set_presenter,
    wanted,
)
from notebook_async.core._statistics import RateMeter
from tests.core.probes import Feed, Gauge, double, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.core.hooks import HookHandle


async def fail_odd(number: int) -> int:
    """Raise for odd numbers after a second."""
    await asyncio.sleep(1)
    if number % 2:
        raise ValueError(number)
    return number


# -- counters


async def test_counters() -> None:
    """`done`, `failed`, `running` and `total` add up at every moment."""
    run = start_jobs(fail_odd, range(6), workers=4, on_error="return")
    assert (run.done, run.failed, run.running, run.total) == (0, 0, 0, 6)
    await asyncio.sleep(0.5)
    assert (run.done, run.failed, run.running) == (0, 0, 4)
    await asyncio.sleep(1)
    assert (run.done, run.failed, run.running) == (2, 2, 2)
    await run
    assert (run.done, run.failed, run.running) == (3, 3, 0)


@pytest.mark.parametrize("kind", ["list", "plain", "slow"])
async def test_counters_at_the_last_item(kind: str) -> None:
    """An item that is done is at no moment also counted as running."""
    items = [1, 2, 3]
    source = items if kind == "list" else getattr(Feed(items), kind)()
    run = start_jobs(double, source, workers=2)
    while run.done < 3:
        assert run.done + run.running <= 3
        await asyncio.sleep(0)
    assert (run.phase, run.done, run.running) == ("running", 3, 0)
    await run


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 1000])
async def test_done_counts_over_strides(count: int) -> None:
    """`done` is exact however many items share one look at the clock."""
    run = start_jobs(double, range(count), workers=3)
    await run
    assert run.done == count


async def test_failing_run_counts() -> None:
    """A run that ends by an error counts it, and not the items it cancelled."""
    run = start_jobs(fail_odd, [0, 1, 2, 4, 6], workers=2)
    with pytest.raises(ValueError, match=r"^1\n"):
        await run
    assert (run.done, run.failed, run.running) == (1, 1, 0)
    assert [repr(error) for error in run.errors.values()] == ["ValueError(1)"]


@pytest.mark.parametrize(
    ("source", "total"),
    [
        ([1, 2], 2),
        (iter([1, 2]), 2),
        (range(7), 7),
        ((n for n in (1, 2)), None),
        (Feed([1]).slow(), None),
        (map(int, "12"), None),
    ],
)
async def test_total_of_the_source(source: object, total: int | None) -> None:
    """The total is what the source says, or None where it says nothing."""
    run = start_jobs(double, source)
    assert run.total == total
    await run


async def test_total_of_the_caller() -> None:
    """A `total` given by the caller is shown instead."""
    run = start_jobs(double, (n for n in range(3)), total=3)
    assert run.total == 3
    assert await run == [0, 2, 4]


async def test_errors_is_a_live_read_only_view() -> None:
    """`errors` follows the run and cannot be changed."""
    run = start_jobs(fail_odd, range(4), on_error="return")
    errors = run.errors
    assert dict(errors) == {}
    results = await run
    assert dict(errors) == {1: results[1], 3: results[3]}
    with pytest.raises(TypeError, match="does not support item assignment"):
        errors[0] = ValueError()  # type: ignore[index]


async def test_phases() -> None:
    """The phase is running, waiting while paused, then how it ended."""
    done, failed = start_jobs(double, [1]), start_jobs(fail_odd, [1])
    cancelled = start_jobs(Gauge(), [1])
    assert done.phase == "running"
    done.pause()
    assert done.phase == "waiting"
    done.resume()
    cancelled.cancel()
    await asyncio.sleep(2)
    assert [r.phase for r in (done, failed, cancelled)] == [
        "done",
        "failed",
        "cancelled",
    ]
    with pytest.raises(ValueError, match=r"^1\n"):
        await failed


async def test_repr() -> None:
    """The repr names run, description, phase and counters."""
    run = start_jobs(fail_odd, range(4), on_error="return", desc="odd ones")
    assert repr(run) == f"<JobRun {run.name} 'odd ones' running: 0 of 4>"
    await run
    assert repr(run) == f"<JobRun {run.name} 'odd ones' done: 2 of 4, 2 failed>"
    other = start_jobs(double, (n for n in range(2)))
    await other
    assert repr(other) == f"<JobRun {other.name} done: 2>"


async def test_names_are_different() -> None:
    """Each run has a name of its own."""
    runs = [start_jobs(double, [1]) for _ in range(3)]
    assert len({run.name for run in runs}) == 3
    assert [await run for run in runs] == [[2]] * 3


# -- statistics


async def test_statistics() -> None:
    """The statistics tell the counters in one frozen record."""
    run = start_jobs(fail_odd, range(6), workers=4, on_error="return", desc="odd")
    await asyncio.sleep(1.5)
    seen = run.statistics()
    told = dataclasses.asdict(seen)
    assert {key: told[key] for key in ("elapsed", "rate", "eta")} == {
        "elapsed": pytest.approx(0, abs=5),
        "rate": seen.rate,
        "eta": seen.eta,
    }
    assert told | {"elapsed": 0, "rate": 0, "eta": 0} == {
        "name": run.name,
        "desc": "odd",
        "phase": "running",
        "done": 2,
        "failed": 2,
        "running": 2,
        "waiting": 0,
        "retried": 0,
        "total": 6,
        "workers": 4,
        "elapsed": 0,
        "rate": 0,
        "eta": 0,
    }
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign"):
        seen.done = 9  # type: ignore[misc]
    await run


async def test_statistics_stand_still_after_the_end() -> None:
    """After the end, the elapsed time no longer grows."""
    run = start_jobs(double, [1, 2])
    await run
    first, second = run.statistics(), run.statistics()
    assert first == second
    assert first.elapsed > 0
    assert first.eta == 0


@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        ([(0.0, 0)], None),
        ([(1.0, 0)], None),
        ([(1.0, 5)], 5.0),
        ([(0.125, 1)], 8.0),
        ([(1.0, 10), (2.0, 20), (4.0, 80)], 20.0),
        # Only the last ten seconds count, from the oldest sample still in them.
        ([(5.0, 100), (10.0, 200), (20.0, 210)], 1.0),
        ([(5.0, 100), (14.0, 100), (15.0, 100)], None),
        ([(n / 2, n) for n in range(100)], 2.0),
    ],
)
def test_rate(samples: list[tuple[float, int]], rate: float | None) -> None:
    """The rate is that of the last ten seconds, and None where nothing was counted."""
    meter = RateMeter(at=0.0)
    measured = [meter.rate(at, count) for at, count in samples]
    assert measured[-1] == rate


def test_rate_keeps_few_samples() -> None:
    """However often it is asked, the meter keeps the samples of ten seconds."""
    meter = RateMeter(at=0.0)
    for n in range(10_000):
        meter.rate(n / 100, n)
    assert len(meter._samples) == 41


# -- on_end


async def test_on_end() -> None:
    """Callbacks are called in order with the ended run, at once if it has ended."""
    seen: list[tuple[str, Phase]] = []
    run = start_jobs(double, [1])
    run.on_end(lambda run: seen.append(("first", run.phase)))
    run.on_end(lambda run: seen.append(("second", run.phase)))
    await run
    await asyncio.sleep(0)
    run.on_end(lambda run: seen.append(("third", run.phase)))
    assert seen == [("first", "done"), ("second", "done"), ("third", "done")]


# -- hooks


@pytest.fixture
def records() -> Iterator[list[Any]]:
    """Collect the records of runs and items."""
    seen: list[Any] = []
    with add_hook(seen.append, RunRecord, ItemRecord):
        yield seen


async def test_run_records(records: list[Any]) -> None:
    """A run publishes its start and its end with its counters."""
    run = start_jobs(double, [1, 2], desc="doubling")
    await run
    first, last = (r for r in records if isinstance(r, RunRecord))
    assert first == RunRecord(
        at=first.at,
        source=(run.name,),
        phase="running",
        desc="doubling",
        done=0,
        failed=0,
        running=0,
        waiting=0,
        retried=0,
        total=2,
        workers=4,
        rate=None,
        eta=None,
    )
    ended = dataclasses.replace(first, at=last.at, phase="done", done=2)
    assert dataclasses.replace(last, rate=None, eta=None) == ended
    assert (last.rate or 0.0) > 0.0
    assert last.eta == 0.0
    assert first.at <= last.at


async def test_run_records_while_it_goes_on(records: list[Any]) -> None:
    """A run that somebody watches tells its counters ten times a second."""
    await run_jobs(asyncio.sleep, [0.26] * 6, workers=2, desc="napping")
    told = [r for r in records if isinstance(r, RunRecord)]
    assert [(r.phase, r.done, r.running) for r in told] == [
        ("running", 0, 0),
        ("running", 0, 2),
        ("running", 0, 2),
        ("running", 2, 2),
        ("running", 2, 2),
        ("running", 2, 2),
        ("running", 4, 2),
        ("running", 4, 2),
        ("done", 6, 0),
    ]


@pytest.mark.parametrize("kind", ["list", "plain", "slow", "stream"])
async def test_item_records(records: list[Any], kind: str) -> None:
    """Each item publishes its start, then how it ended."""
    if kind == "stream":
        async for _ in iter_jobs(fail_odd, [0, 1], on_error="return"):
            pass
    else:
        items = [0, 1]
        source = items if kind == "list" else getattr(Feed(items), kind)()
        await run_jobs(fail_odd, source, on_error="return")
    told = [(r.index, r.phase, r.error) for r in records if isinstance(r, ItemRecord)]
    assert told == [
        (0, "running", None),
        (1, "running", None),
        (0, "done", None),
        (1, "failed", "ValueError(1)"),
    ]


async def test_item_records_of_a_failing_run(records: list[Any]) -> None:
    """Items that the run cancels are told as cancelled, the failed one as failed."""

    async def item(number: int) -> int:
        await asyncio.sleep(number)
        if number == 2:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match=r"^2\n"):
        await run_jobs(item, [2, 9])
    told = [(r.index, r.phase, r.error) for r in records if isinstance(r, ItemRecord)]
    assert told[2:] == [(0, "failed", "ValueError(2)"), (1, "cancelled", None)]
    assert records[-1].phase == "failed"


async def test_item_records_of_a_cancelled_item(records: list[Any]) -> None:
    """An item cancelled by `cancel_item` is told as failed, which is how it counts."""
    run = start_jobs(Gauge(), range(2), on_error="return")
    await asyncio.sleep(0.5)
    run.cancel_item(1)
    await run
    (told,) = [r.error for r in records if r.phase == "failed"]
    assert told == "ItemCancelledError('item 1 was cancelled')"


async def test_observed_run_keeps_bound_and_order(records: list[Any]) -> None:
    """A run that is watched obeys the same rules."""
    gauge = Gauge()
    assert await run_jobs(gauge, range(10), workers=3) == list(range(10))
    told = [r for r in records if isinstance(r, ItemRecord)]
    assert (gauge.peak, now(), len(told)) == (3, 4.0, 20)


async def test_removed_hook_is_not_told() -> None:
    """After `remove`, twice as well, a hook is told nothing, and nothing is wanted."""
    seen: list[Record] = []
    handle = add_hook(seen.append, RunRecord, JobRecord)
    assert wanted(RunRecord)
    assert not wanted(ItemRecord)
    handle.remove()
    handle.remove()
    assert not wanted(RunRecord)
    assert not wanted(JobRecord)
    await run_jobs(double, [1])
    assert seen == []


def test_hook_may_remove_itself() -> None:
    """A hook that removes itself while it is told disturbs no other."""
    seen: list[str] = []
    handles: list[HookHandle] = []

    def once(_: Record) -> None:
        seen.append("once")
        handles[0].remove()

    handles.append(add_hook(once, JobRecord))
    record = JobRecord(at=0.0, source=("job-1",), phase="done", name="index")
    with add_hook(lambda _: seen.append("always"), JobRecord):
        publish(record)
        publish(record)
    assert seen == ["once", "always", "always"]


async def test_failing_hook_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """What a hook raises is logged once, with its traceback, and harms nobody."""

    def broken(_: Record) -> None:
        raise ValueError("hook")

    seen: list[Record] = []
    with add_hook(broken, RunRecord, ItemRecord), add_hook(seen.append, RunRecord):
        assert await run_jobs(double, [1, 2]) == [2, 4]
    assert len(seen) == 2
    (logged,) = caplog.records
    assert (logged.name, logged.levelno) == ("notebook_async", logging.ERROR)
    assert logged.exc_info is not None
    assert repr(logged.exc_info[1]) == "ValueError('hook')"


# -- scope


class Owner:
    """Takes note of the runs that are started inside it."""

    def __init__(self) -> None:
        self.runs: list[JobRun[Any]] = []

    def adopt(self, run: JobRun[Any]) -> None:
        """Take note of a run."""
        self.runs.append(run)

    def adopt_workflow(self, handler: object) -> None:
        """Take no note of a workflow."""


async def test_owner_adopts_runs_inside() -> None:
    """A run started in an owner's scope, or in one of its items, is adopted."""
    owner = Owner()
    current_scope.set(Scope(("job-3",), owner))
    paths: list[tuple[str, ...]] = []

    async def inner(_: int) -> None:
        paths.append(current_scope.get().path)

    async def outer(number: int) -> None:
        await run_jobs(inner, [number])

    await run_jobs(outer, [1])
    first, second = owner.runs
    assert paths == [("job-3", first.name, second.name)]
    assert current_scope.get().path == ("job-3",)


async def test_records_tell_the_path(records: list[Any]) -> None:
    """Records of nested runs carry the path of ids from the outermost."""
    current_scope.set(Scope(("job-3",)))

    async def outer(number: int) -> list[int]:
        return await run_jobs(double, [number])

    await run_jobs(outer, [1])
    lengths = [len(r.source) for r in records if isinstance(r, RunRecord)]
    assert lengths == [2, 3, 3, 2]
    assert {r.source[0] for r in records} == {"job-3"}


# -- progress


@pytest.fixture
def presented() -> Iterator[list[JobRun[Any]]]:
    """Collect the runs that ask to be shown."""
    runs: list[JobRun[Any]] = []
    before = set_presenter(runs.append)
    yield runs
    assert set_presenter(before) == runs.append


async def test_presenter_is_asked(presented: list[JobRun[Any]]) -> None:
    """With `show_progress`, the presenter gets the run, and only then."""
    run = start_jobs(double, [1], show_progress=True)
    await run
    await run_jobs(double, [1])
    assert presented == [run]


async def test_presenter_is_not_asked_inside_a_job(
    presented: list[JobRun[Any]],
) -> None:
    """Inside an owner, which shows its runs itself, the presenter is not asked."""
    current_scope.set(Scope(("job-1",), Owner()))
    await run_jobs(double, [1], show_progress=True)
    assert presented == []


async def test_progress_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a presenter, a tqdm bar on stderr follows the run to its end."""
    before = set_presenter(None)
    run = start_jobs(
        fail_odd,
        range(4),
        workers=1,
        show_progress=True,
        on_error="return",
        desc="odd ones",
    )
    await asyncio.sleep(2.5)
    out, err = capsys.readouterr()
    assert out == ""
    assert "odd ones:  50%" in err
    assert "2/4" in err
    await run
    await asyncio.sleep(0)
    last = capsys.readouterr().err.rstrip("\n").rpartition("\r")[2]
    assert last.startswith("odd ones: 100%")
    assert "4/4" in last
    assert "failed=2" in last
    set_presenter(before)


async def test_progress_of_a_cancelled_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The bar of a cancelled run says so and is closed, with no timer left."""
    before = set_presenter(None)
    run = start_jobs(Gauge(), range(4), workers=2, show_progress=True)
    await asyncio.sleep(1.5)
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    await asyncio.sleep(0)
    last = capsys.readouterr().err.rstrip("\n").rpartition("\r")[2]
    assert "2/4" in last
    assert "cancelled" in last
    await asyncio.sleep(10)
    assert capsys.readouterr().err == ""
    set_presenter(before)
