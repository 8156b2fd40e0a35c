"""Recordings as files: what is written is read again, and what is damaged is told."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async import Recording, load_recording, record, run_jobs
from notebook_async.core import FlowRecord, JobRecord, Record
from notebook_async.core.recording import _file
from notebook_async.core.recording._data import Writer
from notebook_async.errors import RecordingError
from tests.core.probes import double
from tests.core.recorded import (
    FLOW,
    GRAPH,
    JOB,
    NewRecord,
    any_records,
    block,
    flow,
    recorded,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def job(at: float) -> JobRecord:
    """Return the record of a job."""
    return JobRecord(at=at, source=JOB, phase="running", name="index")


def data_of(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return records as data, for those whose classes are not the same."""
    return [Writer().record(one) for one in records]


def again(recording: Recording) -> Recording:
    """Return a recording written and read."""
    with TemporaryDirectory() as folder:
        return load_recording(recording.export(Path(folder) / "r.jsonl.gz"))


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file as data."""
    return [
        json.loads(line)
        for line in gzip.decompress(path.read_bytes()).split(b"\n")
        if line
    ]


def write_lines(path: Path, lines: Iterable[object]) -> Path:
    """Write lines as `export` does."""
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a recording goes."""
    return tmp_path / "run.jsonl.gz"


# -- there and back


@settings(deadline=None)
@given(any_records, st.integers(1, 60))
def test_round_trip(records: list[Record], capacity: int) -> None:
    """What is loaded has the same records, numbers and states at every moment."""
    recording = recorded(records, capacity=capacity)
    loaded = again(recording)
    assert loaded.anchor == recording.anchor
    assert (loaded.first, loaded.end) == (recording.first, recording.end)
    assert data_of(loaded) == data_of(recording)
    assert loaded.incomplete is None
    for number in range(recording.first, recording.end + 1):
        written = [Writer().state(r.seek(number)) for r in (loaded, recording)]
        assert written[0] == written[1]


async def test_recorded_run_comes_back_equal() -> None:
    """A recording of real runs is the same after it was written and read."""
    with record() as recording:
        await run_jobs(double, range(3000), workers=7)
        await run_jobs(double, [], desc="nothing")
    loaded = again(recording)
    assert list(loaded) == list(recording)
    assert loaded.state == recording.state
    assert loaded.lanes(pixels=50) == recording.lanes(pixels=50)
    assert (loaded.began, loaded.ended) == (recording.began, recording.ended)
    assert not loaded.listens


def test_graph_is_written_once() -> None:
    """All runs of a workflow refer to one graph, which comes back as it was."""
    other = {**GRAPH, "name": "Other"}
    records = [
        flow(1, "running", graph=GRAPH),
        flow(2, "running", graph=GRAPH, source=("flow-2",)),
        flow(3, "running", graph=other, source=("flow-3",)),
    ]
    loaded = again(recorded(records))
    assert list(loaded) == records
    assert loaded.graph(FLOW) == GRAPH
    assert loaded.graph(("flow-2",)) is loaded.graph(FLOW)
    assert loaded.graph(("flow-3",)) == other
    assert loaded.graph(("flow-4",)) is None


def test_graph_of_a_dropped_record_is_kept() -> None:
    """The graph stays where the record that brought it was dropped, in files too."""
    records = [flow(0, "running", graph=GRAPH), *map(job, range(1, 50))]
    recording = recorded(records, capacity=8)
    assert recording.dropped
    assert again(recording).graph(FLOW) == GRAPH


def test_unknown_kinds_come_back_as_look_alikes() -> None:
    """A record whose class is not here has its name and its fields."""
    held = block(1, "done", 2)
    fresh = NewRecord(at=2, source=("a",), phase="done", what={"b": (1,)})
    recording = recorded([held, fresh])
    loaded = again(recording)
    first, second = loaded
    assert first == held
    assert (type(second).__name__, second.what, second.size) == (  # type: ignore[attr-defined]
        "NewRecord",
        {"b": (1,)},
        7,
    )
    assert loaded.state.blocked == 2
    assert loaded.state.kinds == {"BlockRecord": 1, "NewRecord": 1}
    assert data_of(again(loaded)) == data_of(recording)
    assert [n for n, _ in loaded.where(kinds=["NewRecord"])] == [1]


def test_look_alike_with_more_fields_lacks_none(path: Path) -> None:
    """Records of an unknown kind may differ in their fields; what one lacks is None."""
    recorded([]).export(path)
    (header,) = lines_of(path)
    base = {"kind": "TouchRecord", "at": 1, "source": [], "phase": "done"}
    lines = [{**header, "records": 3}, {**base, "a": 1}, {**base, "b": [2]}, base]
    loaded = load_recording(write_lines(path, lines))
    found = [(getattr(one, "a", 0), getattr(one, "b", 0)) for one in loaded]
    assert found == [(1, 0), (None, (2,)), (None, None)]


def test_fields_that_are_not_known_are_left_out(path: Path) -> None:
    """A known record with a field more than it has here is read without that."""
    recorded([job(1)]).export(path)
    header, line = lines_of(path)
    loaded = load_recording(write_lines(path, [header, {**line, "colour": "red"}]))
    assert list(loaded) == [job(1)]


@pytest.mark.parametrize("text", ["\ud800", 'Ünï\u2028\n\r\t"\\', "\x00", "😀" * 300])
def test_any_text_comes_back(text: str) -> None:
    """Whatever is in a text, it is read as it was written."""
    told = replace(job(1), name=text)
    assert list(again(recorded([told]))) == [told]


def test_header(path: Path) -> None:
    """The first line says what the file is, and the clock that it goes by."""
    recording = recorded([job(1), job(2)])
    assert recording.export(str(path)) == path
    header = lines_of(path)[0]
    assert header["format"] == "notebook-async-recording"
    assert (header["version"], header["records"]) == (1, 2)
    anchor = recording.anchor
    assert (header["wall"], header["perf"]) == (anchor.wall, anchor.perf)
    assert path.read_bytes()[:2] == b"\x1f\x8b"


def test_same_recording_same_file(tmp_path: Path) -> None:
    """A recording is written byte for byte the same."""
    recording = recorded([job(1)])
    first = recording.export(tmp_path / "a").read_bytes()
    assert recording.export(tmp_path / "b").read_bytes() == first


def test_old_file_stays_until_the_new_one_is_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export that fails leaves the old file, and nothing else."""
    recorded([job(1)]).export(path)
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(_file.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        recorded([job(2)]).export(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_export_while_it_goes_on(path: Path) -> None:
    """A recording that still listens is written as it is now, and goes on."""
    recording = recorded(map(job, range(1500)))
    recording.export(path)
    recording.add(job(1500))
    assert len(load_recording(path)) == 1500
    assert len(recording) == 1501


# -- what cannot be loaded


def test_missing_file(path: Path) -> None:
    """A file that is not there is the usual error."""
    with pytest.raises(FileNotFoundError):
        load_recording(path)


@pytest.mark.parametrize("content", [b"", b"\x1f", b"hello", b'{"format": 1}\n'])
def test_not_compressed(path: Path, content: bytes) -> None:
    """A file that is not compressed is refused with its name."""
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"run\.jsonl\.gz as a .* gzip") as caught:
        load_recording(path)
    assert (caught.value.path, caught.value.line) == (path, None)


@pytest.mark.parametrize(
    "content", [b"", b"hello\n", b"{}\n", b"[1]\n", b'{"format": "other"}\n', b"\xff\n"]
)
def test_other_files(path: Path, content: bytes) -> None:
    """A compressed file of something else is refused."""
    path.write_bytes(gzip.compress(content))
    with pytest.raises(RecordingError, match="line 1: its first line does not say"):
        load_recording(path)


def test_newer_version(path: Path) -> None:
    """A recording of a newer version is refused, with what to do."""
    recorded([]).export(path)
    (header,) = lines_of(path)
    write_lines(path, [{**header, "version": 2}])
    with pytest.raises(RecordingError, match=r"version 2, .* `pip install --upgrade"):
        load_recording(path)


@pytest.mark.parametrize("version", [None, "1", 0, 1.5])
def test_version_is_a_number(path: Path, version: object) -> None:
    """A version that is no number is refused."""
    recorded([]).export(path)
    (header,) = lines_of(path)
    write_lines(path, [{**header, "version": version}])
    with pytest.raises(RecordingError, match="its version is no number"):
        load_recording(path)


@pytest.mark.parametrize("name", ["wall", "perf", "graphs", "before", "records"])
def test_header_that_lacks_something(path: Path, name: str) -> None:
    """A first line without all that the records stand on is refused."""
    recorded([]).export(path)
    (header,) = lines_of(path)
    del header[name]
    with pytest.raises(RecordingError, match=f"its first line lacks '{name}'"):
        load_recording(write_lines(path, [header]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("before", {"JobState": {}}),
        ("before", {"State": {"colour": 1}}),
        ("before", {"State": {}, "more": 1}),
        ("before", {"os.system": {}}),
        ("before", [1]),
        ("graphs", 3),
        ("wall", "now"),
    ],
)
def test_header_that_is_wrong(path: Path, name: str, value: object) -> None:
    """A first line with something else than it should have is refused."""
    recorded([flow(1, "running", graph=GRAPH)]).export(path)
    header, *lines = lines_of(path)
    with pytest.raises(RecordingError, match="as a recording, line"):
        load_recording(write_lines(path, [{**header, name: value}, *lines]))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": None},
        {"kind": "no name"},
        {"kind": "NewRecord", "_x": 1},
        {"kind": "NewRecord", "a b": 1},
        {"at": "now"},
        {"at": None},
        {"source": "job-1"},
        {"source": [1]},
        {"phase": "sleeping"},
        {"kind": "WorkflowRecord", "graph": 5},
        {"kind": "StepRecord"},
    ],
)
def test_line_that_is_no_record(path: Path, changes: dict[str, Any]) -> None:
    """A line that is no record is named."""
    recorded([job(1), job(2), job(3)]).export(path)
    header, first, second, third = lines_of(path)
    write_lines(path, [header, first, {**second, **changes}, third])
    with pytest.raises(RecordingError, match="line 3: no record is there") as caught:
        load_recording(path)
    assert caught.value.line == 3


def test_line_far_down_is_named(path: Path) -> None:
    """The number of a line is right behind the first thousands, too."""
    recorded(map(job, range(2500))).export(path)
    lines: list[Any] = list(lines_of(path))
    lines[2345] = 7
    with pytest.raises(RecordingError, match="line 2,346: no record is there"):
        load_recording(write_lines(path, lines))


@pytest.mark.parametrize(
    "changes",
    [
        {"began": "x"},
        {"call": 1.5},
        {"call": {}},
        {"step": None},
        {"shown": 3},
        {"returned": 3},
    ],
)
def test_value_of_another_type(path: Path, changes: dict[str, Any]) -> None:
    """A value of another type than a field has is refused where it stands."""
    recorded([step(1, "done")]).export(path)
    header, line = lines_of(path)
    ((name, _),) = changes.items()
    with pytest.raises(RecordingError, match=f"line 2: .* `{name}` cannot be"):
        load_recording(write_lines(path, [header, {**line, **changes}]))


@pytest.mark.parametrize("edges", [[1], [["a", "b"]], [[["a"], "b", 1], ["c"]]])
def test_records_that_make_no_sense(path: Path, edges: object) -> None:
    """Records that lead to no state are refused, and not taken in half."""
    told = FlowRecord(at=1, source=FLOW, phase="running")
    recorded([told]).export(path)
    header, line = lines_of(path)
    with pytest.raises(RecordingError, match="a record makes no sense"):
        load_recording(write_lines(path, [header, {**line, "edges": edges}]))


# -- what was cut off


def test_cut_off_file_loads_what_is_whole(path: Path) -> None:
    """Of a file that was cut off all whole records are read, and a warning says so."""
    recorded(map(job, range(5000))).export(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match="the file was cut off: .* of 5,000 records"):
        loaded = load_recording(path)
    assert 0 < len(loaded) < 5000
    assert list(loaded) == list(map(job, range(len(loaded))))
    assert loaded.incomplete == (
        f"the file was cut off: {len(loaded):,} of 5,000 records are there"
    )
    assert repr(loaded).endswith("incomplete>")


def test_damaged_file_loads_what_comes_before(path: Path) -> None:
    """Of a file that is damaged the records before the damage are read."""
    recorded(map(job, range(5000))).export(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="the file is damaged: .* of 5,000"):
        loaded = load_recording(path)
    assert len(loaded) < 5000
    assert list(loaded) == list(map(job, range(len(loaded))))


def test_last_line_that_is_not_whole(path: Path) -> None:
    """A last line without its end is left out."""
    recorded([job(1), job(2)]).export(path)
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text[:-5]))
    with pytest.warns(UserWarning, match="the last line is not whole: 1 of 2 records"):
        assert list(load_recording(path)) == [job(1)]


def test_lines_that_are_missing(path: Path) -> None:
    """A file with fewer records than its first line says is incomplete."""
    recorded([job(1), job(2)]).export(path)
    header, line, _ = lines_of(path)
    write_lines(path, [header, line])
    with pytest.warns(UserWarning, match="the rest is missing: 1 of 2 records"):
        assert list(load_recording(path)) == [job(1)]


def test_cut_off_before_the_first_line(path: Path) -> None:
    """A file that was cut off in its first line is refused."""
    recorded([flow(1, "running", graph=GRAPH)]).export(path)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(RecordingError, match="its first line does not say"):
        load_recording(path)
