"""The part of a recording that somebody wants to see, for a log with a filter."""

from __future__ import annotations

from array import array
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from notebook_async.core.recording._parts import Source
    from notebook_async.core.recording._ring import Chunk, Ring
    from notebook_async.core.records import Phase, Record

__all__ = ["Numbered", "Selection", "matcher", "search"]

_NAMES = ("name", "step", "desc", "question")
"""Fields that hold what a thing is called."""


class Numbered(NamedTuple):
    """A record with its number, counted since the recording began."""

    number: int
    record: Record


class Selection:
    """The records that pass a filter, looked up by their place among these.

    It follows the recording: what comes later is found too, and what is dropped is
    gone. What has been looked through once is not looked through again.

    Examples
    --------
    >>> from notebook_async import record, run_jobs
    >>> async def double(x):
    ...     return 2 * x
    >>> with record() as recording:
    ...     await run_jobs(double, range(3))
    [0, 2, 4]
    >>> done = recording.where(kinds=["ItemRecord"], phases=["done"])
    >>> len(done), [found.record.index for found in done.window(1, 2)]
    (3, [1, 2])
    """

    def __init__(self, ring: Ring, matches: Callable[[Record], bool]) -> None:
        self._ring = ring
        self._matches = matches
        # By the number of the first record of a chunk.
        self._found: dict[int, array[int]] = {}

    def __len__(self) -> int:
        return sum(len(offsets) for _, offsets in self._parts())

    def __iter__(self) -> Iterator[Numbered]:
        return iter(self.window(0, len(self)))

    def window(self, first: int, count: int) -> list[Numbered]:
        """Return some of these in a row.

        Parameters
        ----------
        first
            The place of the first among those that pass, from 0; counted from the end
            if it is negative.
        count
            How many at most.

        Examples
        --------
        >>> from notebook_async.core.recording import Recording
        >>> Recording().where().window(-10, 10)
        []
        """
        parts = self._parts()
        if first < 0:
            first = max(0, first + sum(len(offsets) for _, offsets in parts))
        found: list[Numbered] = []
        for chunk, offsets in parts:
            if len(found) >= count:
                break
            if first >= len(offsets):
                first -= len(offsets)
                continue
            found += [
                Numbered(chunk.first + offset, chunk.records[offset])
                for offset in offsets[first : first + count - len(found)]
            ]
            first = 0
        return found

    def place_of(self, number: int) -> int:
        """Return how many of these come before the record of this number.

        Examples
        --------
        >>> from notebook_async.core.recording import Recording
        >>> Recording().where().place_of(7)
        0
        """
        place = 0
        for chunk, offsets in self._parts():
            if chunk.first + len(chunk.records) <= number:
                place += len(offsets)
            else:
                place += sum(chunk.first + offset < number for offset in offsets)
        return place

    def _parts(self) -> list[tuple[Chunk, array[int]]]:
        view = self._ring.view(states=False)
        known, self._found = self._found, {}
        for chunk in view.chunks:
            offsets = known.get(chunk.first)
            self._found[chunk.first] = self._find(chunk) if offsets is None else offsets
        parts = [(chunk, self._found[chunk.first]) for chunk in view.chunks]
        return [*parts, (view.rest, self._find(view.rest))]

    def _find(self, chunk: Chunk) -> array[int]:
        matches = self._matches
        return array(
            "H", [i for i, record in enumerate(chunk.records) if matches(record)]
        )


def matcher(
    *,
    kinds: Collection[str] | None = None,
    source: Source = (),
    phases: Collection[Phase] | None = None,
    names: Collection[str] | None = None,
    text: str = "",
) -> Callable[[Record], bool]:
    """Return what tells whether a record passes all these filters."""
    tests: list[Callable[[Record], bool]] = []
    if kinds is not None:
        wanted = frozenset(kinds)
        tests.append(lambda record: type(record).__name__ in wanted)
    if source:
        depth, path = len(source), tuple(source)
        tests.append(lambda record: record.source[:depth] == path)
    if phases is not None:
        among = frozenset(phases)
        tests.append(lambda record: record.phase in among)
    if names is not None:
        called = frozenset(names)
        tests.append(
            lambda record: any(getattr(record, name, None) in called for name in _NAMES)
        )
    if text:
        tests.append(search(text))
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def search(text: str) -> Callable[[Record], bool]:
    """Return what tells whether a text is anywhere in a record; case does not matter.

    Examples
    --------
    >>> from notebook_async.core.records import JobRecord
    >>> record = JobRecord(at=0.0, source=("job-1",), phase="done", name="Index")
    >>> search("index")(record), search("other")(record)
    (True, False)
    """
    wanted = text.casefold()
    # Most records say the same as many others: each such text is looked at once.
    known: dict[tuple[object, ...], bool] = {}

    def contains(value: object) -> bool:
        if type(value) is str:
            return wanted in value.casefold()
        return type(value) is tuple and any(map(contains, value))

    def matches(record: Record) -> bool:
        texts = _texts_of[type(record)](record)
        try:
            found = known.get(texts)
        except TypeError:  # something in it has no hash
            return contains(texts)
        if found is None:
            found = contains(texts)
            if len(known) < _MOST_KNOWN:
                known[texts] = found
        return found

    return matches


_MOST_KNOWN = 10_000
_NUMBERS = {"float", "int", "bool", "float | None", "int | None"}


class _Texts(dict[type, "Callable[[Record], tuple[object, ...]]"]):
    """What reads the texts of a record, by its class: all fields but numbers."""

    def __missing__(self, kind: type[Record]) -> Callable[[Record], tuple[object, ...]]:
        own = [item.name for item in fields(kind) if str(item.type) not in _NUMBERS]
        self[kind] = read = attrgetter("__class__.__name__", *own)
        return read


_texts_of = _Texts()
