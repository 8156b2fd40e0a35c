"""What all transitions share: lanes, and the bound of what is kept."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from notebook_async.core.recording._state import JobState, RunState, WorkflowState

if TYPE_CHECKING:
    from notebook_async.core.recording._state import Source

__all__ = [
    "ENDED",
    "MOST_ENDED",
    "Stretch",
    "forget_one",
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

_S = TypeVar("_S", JobState, RunState, WorkflowState)


def take_lane(lanes: list[float], start: float, end: float = inf) -> int:
    """Return the first lane that is free from `start` on, and take it until `end`."""
    for lane, free in enumerate(lanes):
        if free <= start:
            lanes[lane] = end
            return lane
    lanes.append(end)
    return len(lanes) - 1


def forget_one(parts: dict[Source, _S]) -> None:
    """Make room for one more: the oldest that has ended is kept no longer."""
    if len(parts) >= MOST_ENDED:
        oldest = next((s for s, part in parts.items() if part.ended is not None), None)
        if oldest is not None:
            del parts[oldest]
