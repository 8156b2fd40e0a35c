"""The rows of a log: the records that pass a filter, each at a place that stays.

A place is counted from the first record that ever passed, so that a row keeps it when
older ones are dropped, and a view of the log need not move.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from notebook_async.core.recording import Numbered

if TYPE_CHECKING:
    from notebook_async.core import Record
    from notebook_async.core.recording import Recording
    from notebook_async.widgets._events_query import Query

__all__ = ["Rows"]

_numbers = itertools.count(1)


class Rows:
    """The records of a recording that pass a filter.

    Parameters
    ----------
    recording
        The recording.
    query
        The filter.

    Attributes
    ----------
    basis
        Tells apart countings of places: two of the same have the same places.
    """

    def __init__(self, recording: Recording, query: Query) -> None:
        self.query = query
        self.basis = 0 if query.everything else next(_numbers)
        self._recording = recording
        self._selection = None if query.everything else query.select(recording)
        self._known = -1
        self._start = self._end = 0
        # The newest row when somebody last looked, and its place.
        self._last: tuple[int, int] | None = None

    def bounds(self) -> tuple[int, int]:
        """Return the place of the first row that is kept, and that of the next."""
        if self._selection is None:
            return self._recording.first, self._recording.end
        self._count()
        return self._start, self._end

    def window(self, first: int, count: int) -> list[Numbered]:
        """Return rows in a row, by place; those not kept are left out.

        Parameters
        ----------
        first
            The place of the first.
        count
            How many at most.
        """
        start, _ = self.bounds()
        count -= max(0, start - first)
        first = max(start, first)
        if count <= 0:
            return []
        if self._selection is not None:
            return self._selection.window(first - start, count)
        return list(map(Numbered, itertools.count(first), self._records(first, count)))

    def place_of(self, number: int) -> int:
        """Return the place of the first row whose record has this number or a later."""
        start, end = self.bounds()
        if self._selection is None:
            return min(max(number, start), end)
        return start + self._selection.place_of(number)

    def _records(self, first: int, count: int) -> list[Record]:
        records = self._recording.window(first, count)
        # Another thread may have had the oldest dropped just now.
        gone = max(0, self._recording.first - first)
        return records if not gone else []

    def _count(self) -> None:
        selection, recording = self._selection, self._recording
        if selection is None or recording.end == self._known:
            return
        self._known = recording.end
        if self._last is not None:
            number, place = self._last
            kept = number >= recording.first
            self._start = place - selection.place_of(number) if kept else place + 1
        # By the newest, for others may come in between.
        newest = selection.window(-1, 1)
        if newest:
            place = self._start + selection.place_of(newest[0].number)
            self._last = (newest[0].number, place)
            self._end = place + 1
        else:
            self._end = self._start
