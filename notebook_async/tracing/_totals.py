"""How much time went where: the work of a trace summed up by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.tracing._nodes import Node

__all__ = ["Total", "totals_of"]


@dataclass(slots=True)
class Total:
    """What all work of one name comes to.

    Attributes
    ----------
    name, kind
        As in `Node`.
    count
        How often it ended; what goes on is no part of any number but `running`.
    running, failed, cancelled
        How many go on, and how many ended so.
    seconds
        How long it took in all. Work that ran at the same time is added up, so that
        this may be more than the trace itself took.
    own_seconds
        How much of that was not within work inside of it.
    longest
        How long the longest took.
    """

    name: str
    kind: str
    count: int = 0
    running: int = 0
    failed: int = 0
    cancelled: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0
    longest: float = 0.0

    @property
    def average(self) -> float:
        """Seconds that one took, on average; 0 where none has ended.

        Examples
        --------
        >>> Total("load", "span", count=4, seconds=2.0).average
        0.5
        """
        return self.seconds / self.count if self.count else 0.0

    @property
    def notes(self) -> str:
        """How many go on and how many ended otherwise than done, in words.

        Examples
        --------
        >>> Total("load", "span", count=4, running=1, failed=2).notes
        '1 running, 2 failed'
        """
        numbers = {
            "running": self.running,
            "failed": self.failed,
            "cancelled": self.cancelled,
        }
        told = (f"{number:,} {word}" for word, number in numbers.items() if number)
        return ", ".join(told)


def totals_of(nodes: Iterable[Node], now: float) -> list[Total]:
    """Return the totals by name, those first that took the most time by themselves."""
    totals: dict[tuple[str, str], Total] = {}
    for node in nodes:
        key = (node.name, node.kind)
        total = totals.get(key)
        if total is None:
            total = totals[key] = Total(*key)
        if node.ended is None:
            total.running += 1
            continue
        seconds = node.seconds(now)
        total.count += 1
        total.failed += node.phase == "failed"
        total.cancelled += node.phase == "cancelled"
        total.seconds += seconds
        total.own_seconds += node.own_seconds(now)
        total.longest = max(total.longest, seconds)
    return sorted(totals.values(), key=lambda one: one.own_seconds, reverse=True)
