"""Gather events until there is one for each that is expected: `collect_events`."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notebook_async.workflow.events import Event

__all__ = ["Buffer"]


class Buffer:
    """Events of one step that wait for others, by class and in order of arrival.

    A call costs the same however many events there are: as long as there are fewer
    than are expected the batch cannot be full, and nothing is counted.
    """

    __slots__ = ("_expected", "_missing", "_need", "events", "size")

    def __init__(self) -> None:
        self.events: dict[type[Event], deque[Event]] = {}
        self.size = 0
        self._expected: list[type[Event]] | None = None
        self._need: Counter[type[Event]] = Counter()
        self._missing = 0

    def add(self, event: Event) -> None:
        """Put an event into the buffer."""
        kind = type(event)
        waiting = self.events.get(kind)
        if waiting is None:
            waiting = self.events[kind] = deque()
        waiting.append(event)
        self.size += 1
        if self._expected is not None and len(waiting) <= self._need[kind]:
            self._missing -= 1

    def take(self, expected: Sequence[type[Event]]) -> list[Event] | None:
        """Return one event for each expected class and forget them, or None.

        What is more than was expected stays for the next batch.
        """
        if self.size < len(expected) or self._lacks(expected):
            return None
        batch = [self.events[kind].popleft() for kind in expected]
        self.size -= len(batch)
        self._expected = None
        return batch

    def _lacks(self, expected: Sequence[type[Event]]) -> bool:
        """Tell whether an event is missing; equal lists are counted only once."""
        if self._expected is None or self._expected != expected:
            self._expected = list(expected)
            self._need = Counter(expected)
            self._missing = sum(
                max(0, count - len(self.events.get(kind, ())))
                for kind, count in self._need.items()
            )
        return self._missing > 0

    def all_events(self) -> list[Event]:
        """Return what is waiting, class by class."""
        return [event for waiting in self.events.values() for event in waiting]
