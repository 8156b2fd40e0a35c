"""The last calls of each step, from the records that tell of them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from notebook_async.widgets._graph_source import CallNote, StepTiming

if TYPE_CHECKING:
    from notebook_async.core.records import StepRecord

__all__ = ["StepNotes"]

_ENDED, _FAILED, _UNDER_WAY = 6, 3, 6
_MOST = 10
_UNDER_WAY_PHASES = ("running", "waiting")


class StepNotes:
    """Remembers a few calls of each step: the last ones, and the last that failed."""

    def __init__(self) -> None:
        self._steps: dict[str, _Notes] = {}

    def take(self, record: StepRecord) -> None:
        """Take note of a record; there may be a hundred thousand a second."""
        notes = self._steps.get(record.step)
        if notes is None:
            notes = self._steps[record.step] = _Notes()
        notes.take(record)

    def calls(self, step: str, *, began: float, now: float) -> tuple[CallNote, ...]:
        """Return the last calls of a step, the newest first.

        Parameters
        ----------
        step
            The step.
        began, now
            When the run began and what time it is, on the clock of the records.
        """
        notes = self._steps.get(step)
        if notes is None:
            return ()
        records = notes.records()[:_MOST]
        return tuple(_note(record, began, now) for record in records)

    def timing(self, step: str) -> StepTiming | None:
        """Return how long the calls of a step took, if any was seen to end."""
        notes = self._steps.get(step)
        if notes is None or not notes.number:
            return None
        return StepTiming(notes.number, notes.total / notes.number, notes.longest)


class _Notes:
    """The notes of one step."""

    __slots__ = ("failed", "last", "longest", "number", "shown", "total", "under_way")

    def __init__(self) -> None:
        self.under_way: dict[int, StepRecord] = {}
        # Not every record has its values written down: one without must not push out
        # those that have.
        self.shown: deque[StepRecord] = deque(maxlen=_ENDED)
        self.failed: deque[StepRecord] = deque(maxlen=_FAILED)
        self.last: StepRecord | None = None
        self.number = 0
        self.total = self.longest = 0.0

    def take(self, record: StepRecord) -> None:
        phase = record.phase
        if phase in _UNDER_WAY_PHASES:
            self.under_way[record.call] = record
            return
        self.under_way.pop(record.call, None)
        if phase == "queued":
            return
        seconds = record.at - record.began
        self.number += 1
        self.total += seconds
        self.longest = max(self.longest, seconds)
        self.last = record
        if record.error is not None:
            self.failed.append(record)
        elif record.shown is not None:
            self.shown.append(record)

    def records(self) -> list[StepRecord]:
        """Return what is under way, then what has ended, the newest first."""
        under_way = list(self.under_way.values())[-_UNDER_WAY:]
        ended = {id(record): record for record in (*self.shown, *self.failed)}
        if self.last is not None:
            ended[id(self.last)] = self.last
        newest = sorted(ended.values(), key=lambda record: record.at, reverse=True)
        return [*reversed(under_way), *newest]


def _note(record: StepRecord, began: float, now: float) -> CallNote:
    given, returned = record.shown or (record.given, record.returned)
    end = now if record.phase in _UNDER_WAY_PHASES else record.at
    return CallNote(
        phase=record.phase,
        given=given,
        returned=returned,
        error=record.error,
        began=max(0.0, record.began - began),
        seconds=max(0.0, end - record.began),
        attempt=record.attempt,
    )
