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

    A call costs the same however many events there are and are expected: what is
    expected is counted once, and not again while the caller gives the same list, or an
    equal one while the batch cannot be full.
    """

    __slots__ = ("_expected", "_given", "_missing", "_need", "events", "size")

    def __init__(self) -> None:
        self.events: dict[type[Event], deque[Event]] = {}
        self.size = 0
        self._given: Sequence[type[Event]] | None = None
        self._expected: list[type[Event]] = []
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
        if len(waiting) <= self._need[kind]:
            self._missing -= 1

    def expects(self, event: Event, expected: Sequence[type[Event]]) -> bool:
        """Tell whether events of this class are among the expected ones."""
        if not (self._is_known(expected) or self._looks_known(expected)):
            self._count(expected)
        return type(event) in self._need

    def take(self, expected: Sequence[type[Event]]) -> list[Event] | None:
        """Return one event for each expected class and forget them, or None.

        What is more than was expected stays for the next batch.
        """
        if self.size < len(expected):
            return None
        self._count(expected)
        if self._missing:
            return None
        batch = [self.events[kind].popleft() for kind in expected]
        self.size -= len(batch)
        self._miss()
        return batch

    def _is_known(self, expected: Sequence[type[Event]]) -> bool:
        # The same list may have been changed in between.
        return expected is self._given and len(expected) == len(self._expected)

    def _looks_known(self, expected: Sequence[type[Event]]) -> bool:
        """Tell whether this list is most likely the one before, made anew.

        It is looked through once the batch may be full; until then an event too many
        does no harm.
        """
        known = self._expected
        return (
            self.size + 1 < len(expected) == len(known)
            and expected[0] is known[0]
            and expected[-1] is known[-1]
        )

    def _count(self, expected: Sequence[type[Event]]) -> None:
        """Count what is expected, unless that is known."""
        if self._is_known(expected):
            return
        self._given = expected
        if self._expected != expected:
            self._expected = list(expected)
            self._need = Counter(self._expected)
            self._miss()

    def _miss(self) -> None:
        """Count what is missing."""
        self._missing = sum(
            max(0, count - len(self.events.get(kind, ())))
            for kind, count in self._need.items()
        )

    def all_events(self) -> list[Event]:
        """Return what is waiting, class by class."""
        return [event for waiting in self.events.values() for event in waiting]
