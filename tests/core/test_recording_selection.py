"""The part of a recording that passes a filter, and what is found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async.core import EventRecord, StepRecord
from notebook_async.core.recording._selection import matcher, search
from tests.core.recorded import (
    FLOW,
    JOB,
    RUN,
    NewRecord,
    any_records,
    flow,
    item,
    recorded,
    run,
    step,
)

if TYPE_CHECKING:
    from notebook_async.core import Record

RECORDS = [
    flow(0, "running"),
    step(1, "running", shown=("Page(url='A.html')", None)),
    step(2, "failed", error="TimeoutError('slow')"),
    step(3, "done", step="write", returned="Stop"),
    item(4, "running", 3, item="Straße"),
    EventRecord(at=5, source=FLOW, phase="done", name="Progress"),
    run(6, "done", desc="Indexing"),
    NewRecord(at=7, source=(), phase="done", what=({"a": 1}, "needle")),
]


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, range(8)),
        ({"kinds": ["StepRecord"]}, [1, 2, 3]),
        ({"kinds": [StepRecord, "NewRecord"]}, [1, 2, 3, 7]),
        ({"kinds": []}, []),
        ({"source": FLOW}, [0, 1, 2, 3, 5]),
        ({"source": list(RUN)}, [4, 6]),
        ({"source": JOB}, range(7)),
        ({"source": ("job",)}, []),
        ({"phases": ["done"]}, [3, 5, 6, 7]),
        ({"phases": ["done", "failed"]}, [2, 3, 5, 6, 7]),
        ({"names": ["write"]}, [3]),
        ({"names": ["Reader", "Progress", "Indexing"]}, [0, 5, 6]),
        ({"text": "a.HTML"}, [1]),
        ({"text": "timeout"}, [2]),
        ({"text": "STRASSE"}, [4]),
        ({"text": "needle"}, [7]),
        ({"text": "newrec"}, [7]),
        ({"text": "flow-1"}, [0, 1, 2, 3, 5]),
        ({"text": "running"}, [0, 1, 4]),
        ({"text": "nowhere"}, []),
        ({"source": FLOW, "phases": ["done"], "names": ["write"]}, [3]),
    ],
)
def test_filters(filters: dict[str, Any], numbers: list[int]) -> None:
    """What passes all filters is selected, with its number."""
    selection = recorded(RECORDS).where(**filters)
    assert [found.number for found in selection] == list(numbers)
    assert [found.record for found in selection] == [RECORDS[n] for n in numbers]
    assert len(selection) == len(numbers)


def test_window_from_the_end() -> None:
    """A negative place counts from the end, to follow what comes."""
    recording = recorded(item(n, "running", n) for n in range(10))
    selection = recording.where()
    assert [n for n, _ in selection.window(-3, 3)] == [7, 8, 9]
    assert [n for n, _ in selection.window(-99, 2)] == [0, 1]
    recording.add(item(10, "running", 10))
    assert [n for n, _ in selection.window(-3, 3)] == [8, 9, 10]


def test_selection_follows_what_comes_and_goes() -> None:
    """What comes later is found as well, and what was dropped is no longer there."""
    recording = recorded(RECORDS, capacity=8)
    selection = recording.where(phases=["done"])
    for at in range(8, 40):
        recording.add(step(at, "done" if at % 2 else "failed", at))
        kept = [n for n, one in enumerate(recording, recording.first)]
        done = [n for n in kept if recording.window(n, 1)[0].phase == "done"]
        assert [n for n, _ in selection] == done


def test_full_chunks_are_looked_through_once() -> None:
    """A selection looks at a record again only as long as its chunk is not full."""
    looked: list[float] = []

    def matches(one: Record) -> bool:
        looked.append(one.at)
        return True

    recording = recorded(item(n, "running", n) for n in range(2500))
    selection = recording.where()
    selection._matches = matches
    assert len(selection) == 2500
    assert len(selection) == 2500
    assert len(looked) == 2500 + 500


@settings(deadline=None)
@given(any_records, st.integers(1, 60), st.integers(-45, 45), st.integers(0, 45))
def test_windows_of_a_selection(
    records: list[Record], capacity: int, first: int, count: int
) -> None:
    """A window is a part of all that pass, wherever the chunks end."""
    recording = recorded(records, capacity=capacity)
    selection = recording.where(phases=["done", "running"])
    expected = [
        (number, one)
        for number, one in enumerate(recording, recording.first)
        if one.phase in {"done", "running"}
    ]
    begin = first if first >= 0 else max(0, len(expected) + first)
    assert list(selection) == expected
    assert selection.window(first, count) == expected[begin : begin + count]
    for number in range(recording.first, recording.end + 1):
        before = [n for n, _ in expected if n < number]
        assert selection.place_of(number) == len(before)


@settings(deadline=None)
@given(any_records, st.sampled_from(["read", "RUN", "flow-2", "ü", "", "x", "7"]))
def test_search_is_to_look_at_every_text(records: list[Record], text: str) -> None:
    """A text is found wherever there is text, and nowhere else."""

    def texts(value: object) -> list[str]:
        if isinstance(value, tuple):
            return [found for part in value for found in texts(part)]
        return [value] if isinstance(value, str) else []

    matches = search(text)
    for one in records:
        values = [getattr(one, name) for name in one.__dataclass_fields__]
        every = [type(one).__name__, *texts(tuple(values))]
        assert matches(one) == any(
            text.casefold() in found.casefold() for found in every
        )


def test_find_goes_on_from_a_record() -> None:
    """`find` gives the next record, in either direction, or None."""
    recording = recorded(RECORDS * 3, capacity=20)
    first = recording.first
    number = 0
    found = []
    while (hit := recording.find("timeout", start=number)) is not None:
        found.append(hit.number)
        number = hit.number + 1
    assert found == [n for n in (2, 10, 18) if n >= first]
    back = recording.find("timeout", backwards=True)
    assert back is not None
    assert (back.number, back.record) == (18, RECORDS[2])
    again = recording.find("timeout", start=17, backwards=True)
    assert again is not None
    assert again.number == 10
    assert recording.find("nowhere") is None
    assert recording.find("timeout", start=99) is None
    assert recording.find("timeout", start=-1, backwards=True) is None


def test_matcher_without_filters_lets_everything_pass() -> None:
    """Nothing asked for is everything."""
    assert all(map(matcher(), RECORDS))
