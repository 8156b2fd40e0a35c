"""The lanes of a timeline as the front end gets them: few numbers for each span."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from notebook_async.core import Phase
from notebook_async.core.recording import span_part
from notebook_async.widgets._events_words import payload, short_id, source_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core.recording import Lane, Recording, Span, State
    from notebook_async.widgets._events_query import Query

__all__ = ["LANE_PHASES", "Timeline", "lane_labels", "lanes_message"]

LANE_PHASES: tuple[Phase, ...] = get_args(Phase)

_PARTS = 4
"""Units in a pixel: what is drawn may begin in the middle of one."""

_MOST_SPANS = 2_500
_FEWEST_PIXELS = 50
_MOST_BLOCKS = 200
_MOST_NAMED = 20


class Timeline(NamedTuple):
    """What is shown of the lanes.

    Attributes
    ----------
    origin
        The time that times are counted from.
    window
        The times between which to look, counted from there.
    pixels
        How wide that is shown.
    first, room
        The first lane that is seen, and how many are.
    """

    origin: float
    window: tuple[float, float]
    pixels: int
    first: int
    room: int


def lanes_message(
    recording: Recording, query: Query, timeline: Timeline
) -> dict[str, Any]:
    """Return what was busy between two times, as much of it as can be seen.

    Parameters
    ----------
    recording
        The recording.
    query
        Leaves out lanes of other sources and names.
    timeline
        What can be seen.

    Returns
    -------
    dict
        Among others `pixels`: fewer than were asked for, where there is too much.
    """
    origin, (start, end), pixels, first, room = timeline
    state = recording.state
    while True:
        lanes = recording.lanes(
            origin + start, origin + end, pixels=pixels, source=query.source
        )
        loop = [lane for lane in lanes if _is_loop(lane)]
        workers = [lane for lane in lanes if not _is_loop(lane)]
        workers = [lane for lane in workers if _is_wanted(lane, query, state)]
        labelled = lane_labels(workers, state)
        seen = labelled[first : first + room]
        if (
            sum(len(lane.spans) for lane, _, _ in seen) <= _MOST_SPANS
            or pixels < _FEWEST_PIXELS
        ):
            break
        # More than anybody could tell apart: what is small is merged further.
        pixels //= 2
    unit = max(end - start, 1e-9) / (pixels * _PARTS)
    return {
        "pixels": pixels,
        "window": [start, end],
        "unit": unit,
        "first": first,
        "total": len(workers),
        "lanes": [
            [label, tip, _spans(lane, origin + start, unit)]
            for lane, label, tip in seen
        ],
        "loop": [block for lane in loop for block in _blocks(recording, lane, origin)],
    }


def _order(state: State) -> Callable[[Lane], tuple[float, Any, int, str, int]]:
    """Return how lanes are sorted: as their runs began, and their steps stand there."""
    places: dict[Any, dict[str, int]] = {}
    for source, flow in state.workflows.items():
        names = [str(node.get("id")) for node in (flow.graph or {}).get("nodes", ())]
        places[source] = {name: place for place, name in enumerate(names)}

    def key(lane: Lane) -> tuple[float, Any, int, str, int]:
        source, name = lane.source, lane.name
        run: Any = state.runs.get(source) or state.workflows.get(source)
        if run is None:
            run = state.spans.get((*source, span_part(name)))
        began = 0.0 if run is None else run.began
        place = places.get(source, {}).get(name, 0)
        return began, source, place, name, lane.worker

    return key


def _is_loop(lane: Lane) -> bool:
    return not lane.source and lane.name == "loop"


def _is_wanted(lane: Lane, query: Query, state: State) -> bool:
    return query.names is None or bool(query.names & {lane.name, _owner(lane, state)})


def _owner(lane: Lane, state: State) -> str:
    """Return what the run of a lane is called."""
    run = state.runs.get(lane.source)
    if run is not None:
        return run.desc or short_id(lane.source[-1])
    flow = state.workflows.get(lane.source)
    return flow.name if flow is not None else short_id(lane.source[-1])


def lane_labels(lanes: list[Lane], state: State) -> list[tuple[Lane, str, str]]:
    """Return lanes with a short and a long name each, in the order of their work.

    Parameters
    ----------
    lanes
        Some lanes of a recording.
    state
        A state of it, for the names.
    """
    # Not by the lanes that are in sight: a name must not change with these.
    alone = len(state.runs) + len(state.workflows) == 1
    crowds = Counter((lane.source, lane.name) for lane in lanes)
    labels = []
    for lane in sorted(lanes, key=_order(state)):
        name = lane.name or ("worker" if alone else _owner(lane, state))
        several = crowds[lane.source, lane.name] > 1 or not lane.name
        short = f"{name} {lane.worker + 1}" if several else name
        long = f"{short} · {source_words(lane.source, state)}"
        labels.append((lane, short[:40], long[:200]))
    return labels


def _spans(lane: Lane, start: float, unit: float) -> list[int]:
    """Return five whole numbers for each span.

    The units since the end of the one before, its length, its phase, how many calls it
    stands for, and how much larger the number of its record is; 0 while it goes on.
    """
    found: list[int] = []
    place = number = 0
    for span in lane.spans:
        begin = max(place, round((span.start - start) / unit))
        end = max(begin, round((span.end - start) / unit))
        more = 0
        if span.number >= 0:
            more, number = span.number - number, span.number
        found += (
            begin - place,
            end - begin,
            LANE_PHASES.index(span.phase),
            span.size,
            more,
        )
        place = end
    return found


def _blocks(recording: Recording, lane: Lane, origin: float) -> list[list[Any]]:
    """Return when the loop was held, and by what, where that can be told."""
    spans = lane.spans[:_MOST_BLOCKS]
    longest = sorted(spans, key=_length, reverse=True)[:_MOST_NAMED]
    named = {id(span): _block_words(recording, span) for span in longest}
    return [
        [
            round(span.start - origin, 6),
            round(span.end - origin, 6),
            span.size,
            span.number,
            named.get(id(span), ""),
        ]
        for span in spans
    ]


def _length(span: Span) -> float:
    return span.end - span.start


def _block_words(recording: Recording, span: Span) -> str:
    if span.size > 1:
        return f"blocked {span.size:,} times"
    records = recording.window(span.number, 1) if span.number >= 0 else []
    if not records:
        going_on = recording.state.blocks[-1:] if span.number < 0 else ()
        return payload(going_on[0]) if going_on else "blocked"
    return payload(records[0])
