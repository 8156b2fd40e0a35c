"""What all transitions share: lanes, and the bound of what is kept."""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from notebook_async.core.recording._parts import (
    JobState,
    RunState,
    SpanState,
    WorkflowState,
)

if TYPE_CHECKING:
    from notebook_async.core.recording._parts import Source, StepState

    Lanes: TypeAlias = RunState | SpanState | StepState

__all__ = [
    "ENDED",
    "MOST_ENDED",
    "Stretch",
    "forget_one",
    "leave_lane",
    "take_lane",
]

ENDED = {"done", "failed", "cancelled"}
"""The phases that nothing comes after."""

MOST_ENDED = 500
"""How many jobs, runs and workflows are kept of each, unless more are going on."""

Stretch: TypeAlias = tuple[tuple[str, ...], str, int, float, float, str, int]
"""A time in which a worker was busy: the run, its step or "" for items, the worker's
number; when that began and ended, what it came to, and the call or the item. It is a
plain tuple because there is one for every call."""

_S = TypeVar("_S", JobState, RunState, SpanState, WorkflowState)


def take_lane(part: Lanes, start: float, end: float = inf) -> int:
    """Return the first lane that is free from `start` on, and take it until `end`."""
    lanes, free = part.lanes, part.free
    if free and lanes[free[0]] <= start:
        lane = free[0] if end < inf else heappop(free)
    else:
        lane = _free_before(part, start)
        if end < inf:
            heappush(free, lane)
    lanes[lane] = end
    return lane


def leave_lane(part: Lanes, lane: int, at: float) -> None:
    """Let a lane be free from a time on."""
    part.lanes[lane] = at
    heappush(part.free, lane)


def _free_before(part: Lanes, start: float) -> int:
    """Return the first lane that was free at `start`, or a new one, taken."""
    later = []
    lane = len(part.lanes)
    while part.free:
        # It is free now, but not as long as that: what is told late began before.
        first = heappop(part.free)
        if part.lanes[first] <= start:
            lane = first
            break
        later.append(first)
    for one in later:
        heappush(part.free, one)
    if lane == len(part.lanes):
        part.lanes.append(start)
    return lane


def forget_one(parts: dict[Source, _S]) -> None:
    """Make room for one more: the oldest that has ended is kept no longer."""
    if len(parts) >= MOST_ENDED:
        oldest = next((s for s, part in parts.items() if part.ended is not None), None)
        if oldest is not None:
            del parts[oldest]
