"""The rows of a log: places that stay, while records come and go."""

from __future__ import annotations

import pytest

from notebook_async.core.recording import Recording
from notebook_async.widgets._events_query import Query
from notebook_async.widgets._events_rows import Rows
from tests.widgets.recordings import items, recorded

FAILED = Query(phases=frozenset({"failed"}))


def test_all_records_have_their_numbers_as_places() -> None:
    """Without a filter a place is a number."""
    rows = Rows(recorded(items(30)), Query())
    assert rows.bounds() == (0, 30)
    assert [one.number for one in rows.window(28, 10)] == [28, 29]
    assert [rows.place_of(number) for number in (-3, 0, 12, 99)] == [0, 0, 12, 30]


def test_filtered_records_have_places_in_a_row() -> None:
    """With a filter places count the records that pass."""
    rows = Rows(recorded(items(30)), FAILED)
    assert rows.bounds() == (0, 3)
    assert [one.number for one in rows.window(1, 5)] == [19, 29]
    assert [rows.place_of(number) for number in (0, 9, 10, 29, 30)] == [0, 0, 1, 2, 3]
    assert rows.window(-2, 3)[0].number == 9


@pytest.mark.parametrize("query", [Query(), FAILED])
def test_places_stay_when_old_records_are_dropped(query: Query) -> None:
    """A row keeps its place while the ring drops what is before it."""
    recording = Recording(capacity=40)
    rows = Rows(recording, query)
    places: dict[int, int] = {}
    for record in items(400):
        recording.add(record)
        start, end = rows.bounds()
        for offset, one in enumerate(rows.window(start, end - start)):
            assert places.setdefault(one.number, start + offset) == start + offset
            assert rows.place_of(one.number) == start + offset
    assert rows.bounds()[0] > 0
    # Whoever asks for what was dropped gets what is left of it.
    start, end = rows.bounds()
    assert rows.window(0, end) == rows.window(start, end - start)
    assert rows.window(0, start) == []


def test_places_after_everything_that_was_known_has_gone() -> None:
    """Where nobody looked for long, places go on behind those that were known."""
    recording = Recording(capacity=40)
    rows = Rows(recording, FAILED)
    for record in items(30):
        recording.add(record)
    assert rows.bounds() == (0, 3)
    for record in items(400):
        recording.add(record)
    start, end = rows.bounds()
    assert (start, end - start) == (3, len(FAILED.select(recording)))
    assert [one.record.phase for one in rows.window(start, 9)] == ["failed"] * (
        end - start
    )


def test_nothing_passes() -> None:
    """A filter that nothing passes has no rows, and a place for what may come."""
    rows = Rows(recorded(items(5)), FAILED)
    assert rows.bounds() == (0, 0)
    assert rows.window(0, 10) == []
    assert rows.place_of(3) == 0


def test_basis_tells_countings_apart() -> None:
    """Two filters count differently; all records are always counted the same."""
    recording = recorded(items(5))
    bases = [
        Rows(recording, query).basis for query in (Query(), Query(), FAILED, FAILED)
    ]
    assert bases[0] == bases[1] == 0
    assert len({0, *bases}) == 3
