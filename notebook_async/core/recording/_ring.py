"""The last records, in chunks of a thousand, each with the state before it.

Taking a record costs as much as appending it. States are made later: a few chunks at a
time by a timer of the loop, all that is missing when somebody looks, and of a chunk
that is about to be dropped, so that what follows it still stands on something.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections import deque
from itertools import islice
from math import inf
from operator import attrgetter
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from notebook_async.core.recording._fold import fold
from notebook_async.core.recording._plain import PLAIN, plain_record
from notebook_async.core.recording._state import State
from notebook_async.core.records import BlockRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from notebook_async.core.recording._lanes import Bands
    from notebook_async.core.recording._parts import Source
    from notebook_async.core.records import Record

__all__ = ["Chunk", "Ring", "View"]

_CHUNK = 1000
_FEWEST_CHUNKS = 4
# So many chunks are folded at once, after so many seconds: a hundredth of the time of a
# loop that is busy with more.
_AT_ONCE, _REST = 2, 0.1

_time_of = attrgetter("at")
_log = logging.getLogger("notebook_async")


class Chunk:
    """Some records in a row that have left the inbox; it does not change any more.

    Attributes
    ----------
    first
        The number of the first record, counted since the recording began.
    records
        The records.
    before
        The state before the first, once it is known.
    reach
        The latest time of these records and all before them; known with `before`.
    bands
        What `lanes` has worked out about it.
    """

    __slots__ = ("bands", "before", "first", "reach", "records")

    def __init__(self, first: int, records: tuple[Record, ...]) -> None:
        self.first = first
        self.records = records
        self.before: State | None = None
        self.reach = 0.0
        self.bands: Bands | None = None


class View(NamedTuple):
    """All that a ring holds at one moment.

    Attributes
    ----------
    chunks
        Those that are full, the oldest first.
    rest
        The records after them.
    tip
        The state after the last full chunk.
    """

    chunks: list[Chunk]
    rest: Chunk
    tip: State


class Ring:
    """Keeps the last records, and can tell the state before any of them.

    Parameters
    ----------
    capacity
        How many records to keep at most.
    base
        The state before the first of them.

    Attributes
    ----------
    problem
        What is wrong with a record that makes no sense, once one has come.
    """

    def __init__(self, capacity: int, base: State | None = None) -> None:
        self.capacity = capacity
        self.size = max(1, min(_CHUNK, capacity // _FEWEST_CHUNKS))
        self._most_chunks = max(1, capacity // self.size - 1)
        self._tip = base or State()
        self._reach = -inf if self._tip.at is None else self._tip.at
        # The latest time of all that was dropped.
        self._floor = self._reach
        # Others only append to it, each of which is one move, as are these that take
        # from its beginning: no lock is needed for a record.
        self._inbox: list[Record] = []
        self._chunks: deque[Chunk] = deque()
        # How many chunks at the beginning have their state.
        self._folded = 0
        self._end = self._tip.count
        self._lock = RLock()
        self._busy = False
        self.problem: Exception | None = None
        # Where states are about to be made.
        self._loop: asyncio.AbstractEventLoop | None = None

    # -- taking records

    def feeder(self, source: Source = ()) -> Callable[[Record], None]:
        """Return what takes a record; any thread may call it.

        Parameters
        ----------
        source
            The path that a record's own must begin with, to be taken.
        """
        # A closure, and as little in it as there can be: it runs for every record.
        inbox, append, seal = self._inbox, self._inbox.append, self._seal
        size, plain = self.size, PLAIN

        def take(record: Record) -> None:
            append(record if type(record) in plain else plain_record(record))
            if len(inbox) >= size:
                seal()

        if not source:
            return take
        depth = len(source)

        def take_from(record: Record) -> None:
            # What holds the loop concerns everybody on it.
            if record.source[:depth] == source or type(record) is BlockRecord:
                take(record)

        return take_from

    def extend(self, records: Iterable[Record]) -> None:
        """Take several records, and make their states at once."""
        take = self.feeder()
        for record in records:
            take(record)
        with self._lock:
            self._catch_up(len(self._chunks))
            self._note(fold(self._tip.fork(), self._inbox))

    def _note(self, problem: Exception | None) -> None:
        """Say once that there are records that make no sense."""
        if problem is not None and self.problem is None:
            self.problem = problem
            _log.error("a recording has a record that makes no sense", exc_info=problem)

    def _seal(self) -> None:
        """Move full chunks out of the inbox, and drop the oldest ones beyond the bound.

        One who comes while another is at it, in another thread or from a finaliser in
        this one, leaves it to the next.
        """
        if self._busy or not self._lock.acquire(blocking=False):
            return
        self._busy = True
        try:
            while len(self._inbox) >= self.size:
                records = tuple(self._inbox[: self.size])
                del self._inbox[: self.size]
                self._chunks.append(Chunk(self._end, records))
                self._end += len(records)
            while len(self._chunks) > self._most_chunks:
                # The next one stands on what this one made.
                self._catch_up(2)
                self._floor = self._chunks.popleft().reach
                self._folded -= 1
            self._schedule()
        finally:
            self._busy = False
            self._lock.release()

    # -- states

    def _catch_up(self, count: int) -> None:
        """Make the states of the first chunks, so many in all."""
        for chunk in islice(self._chunks, self._folded, count):
            chunk.before = self._tip.fork()
            self._note(fold(self._tip, chunk.records))
            self._reach = max(self._reach, *map(_time_of, chunk.records))
            chunk.reach = self._reach
            self._folded += 1

    def _schedule(self) -> None:
        """Make the missing states later, where a loop runs."""
        if self._loop is not None and not self._loop.is_closed():
            return
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        else:
            self._loop.call_later(_REST, self._fold_some)

    def _fold_some(self) -> None:
        with self._lock:
            self._loop = None
            self._catch_up(self._folded + _AT_ONCE)
            if self._folded < len(self._chunks):
                self._schedule()

    def catch_up(self, until: float) -> bool:
        """Make missing states until a time, at least one; tell whether none is left."""
        with self._lock:
            while self._folded < len(self._chunks):
                self._catch_up(self._folded + 1)
                if perf_counter() >= until:
                    break
            return self._folded == len(self._chunks)

    # -- reading

    @property
    def first(self) -> int:
        """The number of the first record that is kept."""
        return self._chunks[0].first if self._chunks else self._end

    @property
    def end(self) -> int:
        """The number of the next record."""
        with self._lock:
            return self._end + len(self._inbox)

    def times(self) -> tuple[float, float] | None:
        """Return the times between which moments can be told apart, if there are any.

        Before the first of them it is as the dropped records left it, after the last
        as it is now.
        """
        chunks, rest, _ = self.view()
        kept = [*chunks, rest][0].records
        if not kept:
            return None if self._floor == -inf else (self._floor, self._floor)
        begin = self._floor if self._floor > -inf else kept[0].at
        return begin, max(self._reach, *map(_time_of, (*rest.records, kept[0])))

    def view(self, *, states: bool = True) -> View:
        """Return all that there is, with the states of all chunks unless not wanted."""
        with self._lock:
            if states:
                self._catch_up(len(self._chunks))
            rest = Chunk(self._end, tuple(self._inbox))
            return View(list(self._chunks), rest, self._tip.fork())

    def state_before(self, number: int) -> State:
        """Return the state before the record of this number.

        Numbers out of what is kept are taken as its beginning or its end.
        """
        chunks, rest, tip = self.view()
        place = bisect_right(chunks, number, key=attrgetter("first")) - 1
        if chunks and number < rest.first:
            chunk = chunks[max(0, place)]
            state = _before(chunk).fork()
        else:
            chunk, state = rest, tip
        fold(state, chunk.records[: max(0, number - chunk.first)])
        return state

    def number_at(self, at: float) -> int:
        """Return the number of the first record that is later than a time."""
        chunks, rest, _ = self.view()
        if self._floor > at:
            return self.first
        place = bisect_right(chunks, at, key=attrgetter("reach"))
        chunk = chunks[place] if place < len(chunks) else rest
        for offset, record in enumerate(chunk.records):
            if record.at > at:
                return chunk.first + offset
        return chunk.first + len(chunk.records)


def _before(chunk: Chunk) -> State:
    if chunk.before is None:  # pragma: no cover - `view` has made them all
        raise RuntimeError("the chunk has no state")
    return chunk.before
