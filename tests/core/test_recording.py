"""Recordings of what goes on: what they take in, what they keep and what they tell."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async import Recording, jobs, record, run_jobs, start_jobs
from notebook_async.core import (
    FlowRecord,
    ItemRecord,
    JobRecord,
    Record,
    RunRecord,
    add_hook,
    publish,
    wanted,
)
from notebook_async.core.recording._plain import PLAIN, plain_record
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from tests.core.probes import double
from tests.core.recorded import (
    FLOW,
    JOB,
    RUN,
    NewRecord,
    any_records,
    block,
    folded,
    item,
    recorded,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nobody_listens_after() -> Iterator[None]:
    yield
    assert not wanted(JobRecord)


def job(at: float, **more: Any) -> JobRecord:  # noqa: ANN401
    """Return the record of a job."""
    values = {"source": JOB, "phase": "running", "name": "index", **more}
    return JobRecord(at=at, **values)


# -- what it takes in


async def test_run_of_jobs() -> None:
    """A run over items is recorded with each of its items."""
    with record() as recording:
        assert recording.listens
        await run_jobs(double, [1, 2, 3], workers=2, desc="doubling")
    assert not recording.listens
    told = [(type(one).__name__, one.phase) for one in recording]
    assert told == [
        ("RunRecord", "running"),
        ("ItemRecord", "running"),
        ("ItemRecord", "done"),
        ("ItemRecord", "running"),
        ("ItemRecord", "done"),
        ("ItemRecord", "running"),
        ("ItemRecord", "done"),
        ("RunRecord", "done"),
    ]
    (state,) = recording.state.runs.values()
    assert (state.desc, state.done, state.running, state.total) == ("doubling", 3, 0, 3)


async def test_state_of_items_follows_the_run() -> None:
    """At each record the counters of the state are those that the run has."""

    async def fail_odd(number: int) -> None:
        await asyncio.sleep(number)
        if number % 2:
            raise ValueError(number)

    with record() as recording:
        going = start_jobs(fail_odd, range(6), workers=2, on_error="return")
        for _ in range(40):
            await asyncio.sleep(0.25)
            (state,) = recording.state.runs.values()
            assert (state.done, state.failed, state.running) == (
                going.done,
                going.failed,
                going.running,
            )
        await going
    assert [one.error for one in recording.state.runs.popitem()[1].failures] == [
        "ValueError(5)",
        "ValueError(3)",
        "ValueError(1)",
    ]


async def test_only_some_kinds() -> None:
    """A recording of one kind lets runs go the way on which nobody is told of items."""
    with record(kinds=[RunRecord]) as recording:
        assert not wanted(ItemRecord)
        await run_jobs(double, range(5))
    assert [one.phase for one in recording] == ["running", "done"]


def test_every_kind_is_wanted_also_one_to_come() -> None:
    """A hook for `Record` wants all kinds, those made up later as well."""
    seen: list[Record] = []
    told = NewRecord(at=1, source=(), phase="done", what=None)
    with add_hook(seen.append, Record):
        assert wanted(NewRecord)
        with add_hook(seen.append, NewRecord):
            publish(told)
        publish(told)
    assert not wanted(NewRecord)
    publish(told)
    assert seen == [told] * 3


def test_hook_for_all_and_one_is_told_once() -> None:
    """Who asks for `Record` and for a kind besides is told of each record once."""
    seen: list[Record] = []
    with add_hook(seen.append, Record, NewRecord):
        publish(NewRecord(at=1, source=(), phase="done", what=None))
    assert len(seen) == 1


async def test_subject_is_recorded_alone() -> None:
    """Of one run only its own records are taken in, up to its end."""
    first, other = start_jobs(asyncio.sleep, [1, 2]), start_jobs(asyncio.sleep, [9])
    recording = record(first)
    await first
    await asyncio.sleep(0)
    assert not recording.listens
    assert set(recording.state.runs) == {(first.name,)}
    assert recording.state.phase == "done"
    await other


async def test_job_is_recorded_with_what_is_inside() -> None:
    """Of a job its own records are taken in, and those of the runs inside it."""
    job = jobs.start(run_jobs(asyncio.sleep, [1, 1], workers=1), name="naps")
    recording = record(job)
    await asyncio.sleep(0.5)
    assert recording.state.phase == "running"
    await job
    await asyncio.sleep(0)
    source = (f"job-{job.id}",)
    state = recording.state
    assert not recording.listens
    assert list(state.jobs) == [source]
    assert (state.jobs[source].name, state.jobs[source].phase) == ("naps", "done")
    ((path, run),) = state.runs.items()
    assert (path[:1], run.done) == (source, 2)


async def test_late_recording_begins_with_how_things_stand() -> None:
    """Of a run that has begun, its counters are known at once and when it began."""
    going = start_jobs(asyncio.sleep, [1] * 4, workers=1)
    await asyncio.sleep(2.5)
    recording = record(going)
    state = recording.state.runs[going.name,]
    assert (state.done, state.running, state.total) == (2, 1, 4)
    assert state.began < recording.anchor.perf
    await asyncio.sleep(0.65)
    assert recording.state.runs[going.name,].done == 3
    await going
    assert recording.state.runs[going.name,].phase == "done"


async def test_ended_subject_is_recorded_as_it_ended() -> None:
    """A recording of what has ended has that, and stops at once."""
    going = start_jobs(double, [1, 2])
    await going
    recording = record(going)
    assert recording.state.runs[going.name,].done == 2
    assert not recording.listens


async def test_nobody_else_is_told_how_a_run_stands() -> None:
    """What a late recording begins with is told to it alone."""
    seen: list[Record] = []
    going = start_jobs(asyncio.sleep, [1])
    with add_hook(seen.append, RunRecord):
        record(going).stop()
        assert seen == []
        await going


@pytest.mark.parametrize("subject", [3, "job-1", double])
def test_other_subjects_are_refused(subject: Any) -> None:  # noqa: ANN401
    """What is neither a job nor a run cannot be recorded."""
    kind = type(subject).__name__
    with pytest.raises(ArgumentTypeError, match=rf"got {kind}; without one"):
        record(subject)


@pytest.mark.parametrize("capacity", [0, -1, 2.5])
def test_capacity_is_a_number(capacity: Any) -> None:  # noqa: ANN401
    """A recording keeps one record at least."""
    with pytest.raises((InvalidArgumentError, ArgumentTypeError), match="capacity"):
        record(capacity=capacity)


def test_recording_that_nobody_has_stops() -> None:
    """A recording is not kept by what it listens to."""
    recording = record()
    held = weakref.ref(recording)
    del recording
    assert held() is None
    assert not wanted(JobRecord)


async def test_subject_does_not_keep_its_recording() -> None:
    """Who drops the recording of a run that goes on has dropped it."""
    going = start_jobs(asyncio.sleep, [1])
    recording = record(going)
    held = weakref.ref(recording)
    del recording
    assert held() is None
    await going


def test_listening_again_goes_on() -> None:
    """A recording that has stopped can listen again; to stop twice does nothing."""
    recording = record()
    publish(job(1))
    recording.stop()
    recording.stop()
    publish(job(2))
    recording.listen(JobRecord)
    publish(job(3))
    recording.stop()
    assert [one.at for one in recording] == [1, 3]


def test_other_threads_may_tell() -> None:
    """Records from several threads at once are all there, each thread's in order."""

    def tell(number: int) -> None:
        for at in range(5000):
            publish(job(at, source=(f"job-{number}",)))

    with record() as recording:
        threads = [threading.Thread(target=tell, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            assert recording.state.count <= 20_000
        for thread in threads:
            thread.join()
    assert len(recording) == 20_000
    for number in range(4):
        found = recording.where(source=[f"job-{number}"])
        assert [one.at for _, one in found] == list(range(5000))


def test_blocks_concern_everybody() -> None:
    """What holds the loop is in every recording, wherever it came from."""
    held = block(1, "done", 2, source=("job-9",))
    recording = Recording()
    recording.listen(source=RUN)
    publish(held)
    publish(job(1))
    publish(item(1, "running"))
    recording.stop()
    assert [type(one).__name__ for one in recording] == ["BlockRecord", "ItemRecord"]


# -- what it keeps


@settings(deadline=None)
@given(any_records, st.integers(1, 60), st.integers(-3, 45), st.integers(0, 45))
def test_window(records: list[Record], capacity: int, first: int, count: int) -> None:
    """A window has the records of these numbers, as far as they are kept."""
    recording = recorded(records, capacity=capacity)
    begin = max(first, recording.first)
    expected = records[begin : max(begin, first + count)]
    assert recording.window(first, count) == expected
    assert list(recording) == records[recording.first :]
    assert len(recording) == len(records) - recording.dropped <= capacity


@pytest.mark.parametrize("capacity", [1, 2, 7, 4000, 4001])
def test_ring_keeps_its_bound(capacity: int) -> None:
    """However many come, no more are kept than fit, and most of these."""
    recording = recorded(map(job, range(3 * capacity)), capacity=capacity)
    assert len(recording) <= capacity
    assert len(recording) > capacity // 2 - 1
    assert recording.end == recording.dropped + len(recording) == 3 * capacity
    assert recording.state.count == 3 * capacity


def test_dropped_records_are_freed() -> None:
    """What was dropped is kept by nothing, and with it what lanes were made of it."""

    class Watched(NewRecord):
        __slots__ = ("__weakref__",)

    recording = Recording(capacity=40)
    seen = []
    for at in range(200):
        told = Watched(at=at, source=(), phase="done", what=None)
        seen.append(weakref.ref(told))
        recording.add(told)
        if at % 7 == 0:
            recording.lanes()
        del told
    gc.collect()
    assert sum(one() is not None for one in seen) == len(recording) <= 40


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRecord(Record):
    """A record with a secret, and with an object that is no data."""

    answer: str | None = field(metadata={"secret": True})
    thing: object = None


def test_secrets_never_enter() -> None:
    """A field that is marked as secret is dots in a recording, and None stays None."""
    recording = recorded(
        SecretRecord(at=1, source=(), phase="done", answer=answer)
        for answer in ("pw-1", None)
    )
    kept = [one.answer for one in recording if isinstance(one, SecretRecord)]
    assert kept == ["•••", None]
    assert SecretRecord not in PLAIN


def test_objects_never_enter() -> None:
    """An object in a record of another room becomes short text at once."""

    class Thing:
        pass

    thing = Thing()
    held = weakref.ref(thing)
    told = SecretRecord(at=1, source=(), phase="done", answer=None, thing=[1, thing])
    recording = recorded([told])
    del thing, told
    assert held() is None
    (kept,) = recording
    assert kept == SecretRecord(
        at=1, source=(), phase="done", answer=None, thing=(1, "<Thing>")
    )


def test_plain_records_stay_the_same_object() -> None:
    """A record that is plain is not copied, whatever room it is from."""
    told = NewRecord(at=1, source=(), phase="done", what=(1, {"a": ("b", None)}))
    assert plain_record(told) is told
    assert {"StepRecord", "ItemRecord", "JobRecord", "QuestionRecord"} <= {
        kind.__name__ for kind in PLAIN
    }


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a" * 10_001, "a" * 10_000 + "…"),
        ({1: 2}, "{1: 2}"),
        ([[], ()], ((), ())),
        ({"a": [1]}, {"a": (1,)}),
        (b"x", "b'x'"),
    ],
)
def test_values_that_are_no_data(value: object, kept: object) -> None:
    """Lists become tuples, long text is cut, all else becomes short text."""
    told = NewRecord(at=1, source=(), phase="done", what=value)
    assert plain_record(told) == NewRecord(at=1, source=(), phase="done", what=kept)


def test_endless_values_end() -> None:
    """A value that contains itself is cut where it is deep."""
    value: list[Any] = []
    value.append(value)
    (kept,) = recorded([NewRecord(at=1, source=(), phase="done", what=value)])
    assert "…" in repr(kept)


# -- what it tells


def test_empty_recording() -> None:
    """Without records there is no time, and nothing else either."""
    recording = Recording()
    assert (len(recording), recording.began, recording.ended) == (0, None, None)
    assert recording.state.at is None
    assert recording.lanes() == []
    assert recording.prepare()
    assert repr(recording) == "<Recording of 0 records, queued>"


def test_times() -> None:
    """A recording goes from its first record to the latest time of any."""
    recording = recorded([job(2), job(7), job(5)])
    assert (recording.began, recording.ended) == (2, 7)
    assert recording.state_at(7) == recording.state
    assert recording.state_at(1.9).count == 0


def test_times_after_dropping() -> None:
    """Once the beginning is dropped, time begins where that has ended."""
    recording = recorded(map(job, range(10)), capacity=4)
    dropped = recording.dropped
    assert recording.began == dropped - 1
    assert recording.state_at(dropped - 1).count == dropped
    assert recording.state_at(-5).count == dropped


def test_wall_time() -> None:
    """Times of records are those of the wall clock, by one anchor."""
    recording = Recording()
    anchor = recording.anchor
    assert recording.wall_time(anchor.perf + 2.5) == anchor.wall + 2.5


def test_repr() -> None:
    """The repr tells how much there is, what it came to, and what is missing."""
    recording = recorded(map(job, range(6)), capacity=4)
    size, dropped = len(recording), recording.dropped
    assert repr(recording) == (
        f"<Recording of {size} records, running, {dropped} dropped>"
    )
    assert repr(recorded([job(1, phase="done")])) == "<Recording of 1 record, done>"
    with record() as listening:
        assert repr(listening) == "<Recording of 0 records, queued, listening>"


async def test_states_are_made_by_the_way() -> None:
    """While the loop has time, states are made before anybody asks for them."""
    recording = Recording()
    for at in range(5500):
        recording.add(job(at))
    ring = recording._ring
    assert ring._folded == 0
    await asyncio.sleep(0.15)
    assert ring._folded == 2
    await asyncio.sleep(1)
    assert (ring._folded, ring._loop) == (5, None)
    assert recording.seek(4321).count == 4321


def test_states_are_made_without_a_loop() -> None:
    """Without a loop, and with one that is closed, states are made when asked for."""
    recording = Recording()

    async def add() -> None:
        for at in range(2500):
            recording.add(job(at))

    asyncio.run(add())
    assert recording._ring._folded == 0
    for at in range(2500):
        recording.add(job(at))
    assert recording.seek(4999).count == 4999


def test_prepare_makes_all_a_bit_at_a_time() -> None:
    """`prepare` goes on until its time is up, and says when nothing is left to do."""
    recording = recorded(map(job, range(9000)))
    assert not recording.prepare(0)
    calls = 0
    while not recording.prepare(0):
        calls += 1
    assert calls >= 9
    assert all(chunk.bands is not None for chunk in recording._ring.view().chunks)


def test_finaliser_that_tells_disturbs_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A record that comes while states are being made, in the same thread, is kept."""
    recording = Recording(capacity=8)

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Telling(Record):
        """Tells something whenever it is looked at."""

        def __getattribute__(self, name: str) -> Any:  # noqa: ANN401
            if name == "phase" and not told:
                told.append(recording)
                recording.add(job(1))
                recording.add(job(2))
            return object.__getattribute__(self, name)

    told: list[Any] = []
    for at in range(20):
        recording.add(item(at, "running", at))
    assert recording.end == 20
    recording.add(Telling(at=1, source=(), phase="done"))
    assert caplog.records == []
    assert recording.state.count == recording.end


def test_hook_of_a_recording_never_fails(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a record holds, taking it in raises nothing."""

    class Broken:
        def __repr__(self) -> str:
            raise ValueError("no repr")

    with caplog.at_level(logging.ERROR), record() as recording:
        publish(NewRecord(at=1, source=(), phase="done", what=Broken()))
    kept = next(one for one in recording if isinstance(one, NewRecord))
    assert kept.what == "<Broken without a repr>"
    assert caplog.records == []


def test_record_that_makes_no_sense_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A record that leads to no state is kept and told once; the others count."""
    wrong: Any = FlowRecord(at=1, source=FLOW, phase="running", edges=((1,),))  # type: ignore[arg-type]
    records = [job(0), wrong, job(2, phase="done"), wrong]
    recording = recorded(records, capacity=4)
    assert len(recording) >= 3
    assert recording.state.jobs[JOB].phase == "done"
    assert recording.seek(2) == folded(records[:2])
    assert recording.lanes() == []
    recording.add(job(3))
    recording.add(job(4))
    assert [one.getMessage() for one in caplog.records] == [
        "a recording has a record that makes no sense"
    ]


def test_record_without_a_time_is_not_taken(caplog: pytest.LogCaptureFixture) -> None:
    """A record of another room that has no time is refused, and said so."""
    at: Any = None
    with record() as recording:
        publish(NewRecord(at=at, source=(), phase="done", what=1))
        publish(job(1))
    assert list(recording) == [job(1)]
    assert len(caplog.records) == 1


def test_run_record_of_a_run_is_what_statistics_say() -> None:
    """The stand-in for a run's record has what a real one has."""
    assert run(1, "running").total == 10


# -- its end


async def test_end_of_a_recording_is_told_once() -> None:
    """Whoever wants to know is told when it stops, or at once where it has."""
    told: list[str] = []
    recording = record()
    recording.on_stop(lambda: told.append("first"))
    assert told == []
    recording.stop()
    recording.stop()
    assert told == ["first"]
    recording.on_stop(lambda: told.append("late"))
    assert told == ["first", "late"]


async def test_end_of_a_recording_comes_with_that_of_its_job() -> None:
    """A recording of a job stops with it."""
    job = jobs.start(asyncio.sleep(5), name="nap")
    ended: list[bool] = []
    recording = record(job)
    recording.on_stop(lambda: ended.append(job.ended))
    await job
    assert ended == [True]
