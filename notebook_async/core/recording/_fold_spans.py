"""How records of spans change a state: spans of one name in one place are one part."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from notebook_async.core.recording._common import (
    Stretch,
    forget_one,
    leave_lane,
    take_lane,
)
from notebook_async.core.recording._parts import OpenSpan, SpanState
from notebook_async.core.recording._state import owned

if TYPE_CHECKING:
    from notebook_async.core.recording._parts import Source
    from notebook_async.core.recording._state import State
    from notebook_async.core.records import SpanRecord

__all__ = ["group_of", "span_changes", "span_part"]

_MOST_ERRORS = 5
_MOST_GROUPS = 2000
_DEEPEST = 24


def span_changes(state: State, record: SpanRecord, ends: list[Stretch] | None) -> None:
    """Take note that a span began or ended."""
    if record.phase == "running":
        _begin(state, record)
        return
    opened = state.open_spans.pop(record.source, None)
    if opened is None:
        # Its beginning was not told, or came to another recording.
        group = _group(state, record)
        part = _part_of(state, group, record)
        began = record.at if record.began is None else record.began
        lane = take_lane(part, began, record.at)
    else:
        group, lane, began = opened.group, opened.lane, opened.record.at
        part = _part_of(state, group, record)
        part.running -= 1
        leave_lane(part, lane, record.at)
    if ends is not None:
        ends.append((group[:-1], record.name, lane, began, record.at, record.phase, 0))
    seconds = record.at - began
    part.seconds += seconds
    if seconds > part.longest:  # noqa: PLR1730 - as for steps
        part.longest = seconds
    part.at = record.at
    if record.phase == "done":
        part.done += 1
    elif record.phase == "cancelled":
        part.cancelled += 1
    else:
        part.failed += 1
        part.errors = (record, *part.errors[: _MOST_ERRORS - 1])


def _begin(state: State, record: SpanRecord) -> None:
    group = _group(state, record)
    part = _part_of(state, group, record)
    part.running += 1
    part.at = record.at
    lane = take_lane(part, record.at)
    state.open_spans[record.source] = OpenSpan(record, group, lane)
    if len(state.span_groups) >= _MOST_GROUPS:
        _forget_group(state)
    state.span_groups[record.source] = group


def _forget_group(state: State) -> None:
    """Forget the oldest of those that have ended; those that are open count as new."""
    groups = state.span_groups
    for _ in range(len(groups)):
        oldest = next(iter(groups))
        group = groups.pop(oldest)
        if oldest not in state.open_spans:
            return
        groups[oldest] = group


def span_part(name: str) -> str:
    """Return the part of a key that stands for spans of a name."""
    return f"~{name}"


def _group(state: State, record: SpanRecord) -> Source:
    """Return the key of the spans like this one.

    A function that calls itself is one part, and not one for each level.
    """
    base, own = record.source[:-1], f"~{record.name}"
    around = None
    if record.parent is not None:
        around = state.span_groups.get((*base, record.parent))
    if around is None:
        around = group_of(state, base)
    if around[-1:] == (own,):
        return around
    return (*around[:_DEEPEST], own)


def group_of(state: State, path: Source) -> Source:
    """Return a path with the keys of spans in the place of their ids.

    Items are left out, and of a call of a step its step stays.
    """
    group = state.span_groups.get(path)
    if group is not None:
        return group
    for depth in range(len(path) - 1, 0, -1):
        group = state.span_groups.get(path[:depth])
        if group is not None:
            return (*group, *_places(path[depth:]))
    return _places(path)


@lru_cache(1000)
def _places(path: Source) -> Source:
    names = (part.partition("#")[0] for part in path)
    return tuple(name for name in names if name)


def _part_of(state: State, group: Source, record: SpanRecord) -> SpanState:
    """Return a part that may be changed."""
    part = state.spans.get(group)
    if part is not None and part.owner is state.owner:
        return part
    if part is None:
        began = record.at if record.began is None else record.began
        part = SpanState(
            owner=state.owner, name=record.name, kind=record.kind, began=began
        )
        forget_one(state.spans)
    else:
        part = owned(state, part)
    state.spans[group] = part
    return part
