"""Who was busy when: one lane for each worker, for a timeline of so many pixels.

What each chunk of records says about lanes is worked out once. A chunk that is but a
few pixels wide gives what it has merged already, so that the whole of a long recording
costs no more than a part of it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter, itemgetter
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from notebook_async.core.recording._fold import fold_to_ends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.core.recording._parts import Source
    from notebook_async.core.recording._ring import Chunk, View
    from notebook_async.core.recording._state import State
    from notebook_async.core.records import Phase

__all__ = ["Bands", "Lane", "Span", "lanes_of", "prepare"]

_LEVELS = (8, 64)
"""In how many parts a chunk is divided where it has merged what is small."""

_RANK: dict[str, int] = {
    "done": 0,
    "queued": 1,
    "waiting": 2,
    "running": 3,
    "cancelled": 4,
    "retrying": 5,
    "failed": 6,
}


class Span(NamedTuple):
    """A time in which a worker was busy, or several that are too short to tell apart.

    Attributes
    ----------
    start, end
        When, in seconds of `time.perf_counter`.
    phase
        What it came to; of several, what most needs to be seen.
    size
        How many calls or items it stands for.
    call
        The number of the call, or the index of the item; of several, of the last.
    number
        The number of the record that told its end; -1 while it goes on.
    """

    start: float
    end: float
    phase: Phase
    size: int
    call: int
    number: int


class Lane(NamedTuple):
    """A worker, with what it did.

    Attributes
    ----------
    source, name, worker
        Whose worker it is: the run, its step or "" for items, and its number from 0.
        The loop itself is `("loop",)` without a run: when it was held.
    spans
        In the order of time; they do not overlap.
    """

    source: Source
    name: str
    worker: int
    spans: list[Span]


_Key: TypeAlias = tuple[tuple[str, ...], str, int]
_Plain: TypeAlias = tuple[float, float, str, int, int, int]
"""A span before it is shown: there may be a hundred thousand."""
_Spans: TypeAlias = dict[_Key, list[_Plain]]


class Bands:
    """The spans that end in a chunk, by lane: all, and merged more and more.

    Parameters
    ----------
    chunk
        The chunk, with its state.
    width
        How many seconds it covers.
    """

    __slots__ = ("_levels",)

    def __init__(self, chunk: Chunk, width: float) -> None:
        spans = _ended(chunk, _state_of(chunk))
        self._levels: list[tuple[float, _Spans]] = [(0.0, spans)]
        for parts in reversed(_LEVELS):
            size = width / parts
            spans = {key: merged(lane, size) for key, lane in spans.items()}
            self._levels.append((size, spans))

    def at(self, pixel: float) -> _Spans:
        """Return the spans; what is shorter than so many seconds may be merged."""
        for size, spans in reversed(self._levels):
            if size <= pixel:
                return spans
        return self._levels[0][1]


def lanes_of(
    view: View, start: float, end: float, *, pixels: int, source: Source = ()
) -> list[Lane]:
    """Return what was busy between two times.

    Parameters
    ----------
    view
        The records, with their states.
    start, end
        The times, in seconds of `time.perf_counter`.
    pixels
        How wide the timeline is: what is shorter than a pixel is merged with what is
        next to it.
    source
        The run or job whose lanes are wanted, with all inside it.
    """
    pixel = max(0.0, end - start) / pixels
    depth = len(source)
    found: _Spans = {}
    for spans in _parts(view, start, end, pixel):
        for key, lane in spans.items():
            if key[0][:depth] == source or key == _LOOP:
                found.setdefault(key, []).extend(lane)
    lanes = []
    for key, lane in sorted(found.items()):
        seen = [
            Span._make((max(start, begin), min(end, finish), *more))
            for begin, finish, *more in merged(_between(lane, start, end), pixel)
        ]
        if seen:
            lanes.append(Lane(*key, seen))
    return lanes


_LOOP: _Key = ((), "loop", 0)


def _parts(view: View, start: float, end: float, pixel: float) -> Iterator[_Spans]:
    """Return the spans of each chunk that may be seen, then those that go on.

    A call that ends after the last of these goes on as far as can be seen.
    """
    chunks, reach = view.chunks, attrgetter("reach")
    first = bisect_left(chunks, start, key=reach)
    last = bisect_right(chunks, end, lo=first, key=reach)
    for place in range(first, min(last + 1, len(chunks))):
        yield _bands_of(chunks, place).at(pixel)
    if last + 1 < len(chunks):
        yield _open(_state_of(chunks[last + 1]), end)
        return
    state = view.tip
    if last >= len(chunks):
        yield _ended(view.rest, state)
    yield _open(state, end)


def prepare(chunks: list[Chunk], until: float) -> bool:
    """Work out what lanes need until a time, at least a bit; tell whether all is."""
    missing = [place for place, chunk in enumerate(chunks) if chunk.bands is None]
    for done, place in enumerate(missing):
        if done and perf_counter() >= until:
            return False
        _bands_of(chunks, place)
    return True


def _bands_of(chunks: list[Chunk], place: int) -> Bands:
    chunk = chunks[place]
    if chunk.bands is None:
        before = chunks[place - 1].reach if place else chunk.records[0].at
        chunk.bands = Bands(chunk, max(0.0, chunk.reach - before))
    return chunk.bands


def _state_of(chunk: Chunk) -> State:
    """Return the state before a chunk, to be changed."""
    if chunk.before is None:  # pragma: no cover - whoever comes here has made it
        raise RuntimeError("the chunk has no state")
    return chunk.before.fork()


def _ended(chunk: Chunk, state: State) -> _Spans:
    """Return the spans that end in a chunk; move the state to its end."""
    spans: _Spans = {}
    for number, stretch in fold_to_ends(state, chunk.records, chunk.first):
        source, name, lane, start, end, phase, call = stretch
        key = (source, name, lane)
        span = (start, end, phase, 1, call, number)
        if key in spans:
            spans[key].append(span)
        else:
            spans[key] = [span]
    return spans


def _open(state: State, at: float) -> _Spans:
    """Return the spans that go on in a state."""
    spans: _Spans = {}
    for source, flow in state.workflows.items():
        for number, call in flow.calls.items():
            if call.lane >= 0:
                key = (source, call.record.step, call.lane)
                end = max(at, call.since)
                spans[key] = [(call.since, end, "running", 1, number, -1)]
    for opened in state.open_spans.values():
        began, name = opened.record.at, opened.record.name
        end = max(at, began)
        key = (opened.group[:-1], name, opened.lane)
        spans[key] = [(began, end, "running", 1, 0, -1)]
    for source, run in state.runs.items():
        for index, item in run.items.items():
            began = item.record.at
            end = max(at, began)
            spans[source, "", item.lane] = [(began, end, "running", 1, index, -1)]
    return spans


def _between(spans: list[_Plain], start: float, end: float) -> list[_Plain]:
    """Return those spans of one lane that are seen between two times."""
    first = bisect_left(spans, start, key=itemgetter(1))
    last = bisect_right(spans, end, key=itemgetter(0))
    return spans[first:last]


def merged(spans: list[_Plain], pixel: float) -> list[_Plain]:
    """Return spans of one lane, those shorter than a pixel merged with their like.

    Between two that are merged there is less than that, too. One that is longer stays
    by itself, so that it can be told apart and pointed at.

    Examples
    --------
    >>> short = [(i, i + 0.5, "done", 1, i, i) for i in range(4)]
    >>> merged(short, 1.0)
    [(0, 3.5, 'done', 4, 3, 3)]
    >>> len(merged(short, 0.1))
    4
    """
    if pixel <= 0 or len(spans) == 1:
        return spans
    result: list[_Plain] = []
    begin = finish = 0.0
    worst, many, soft = "done", 0, False
    for span in spans:
        start, end, phase, size, call, number = span
        small = size > 1 or end - start < pixel
        if small and soft and start - finish < pixel:
            if _RANK[phase] > _RANK[worst]:
                worst = phase
            finish = max(finish, end)
            many += size
            result[-1] = (begin, finish, worst, many, call, number)
        else:
            result.append(span)
            begin, finish, worst, many, soft = start, end, phase, size, small
    return result
