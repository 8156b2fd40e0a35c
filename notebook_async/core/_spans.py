"""Spans: where they stand, and how those of items cross to threads and processes.

A span's place is its path of ids, as that of any record: whatever runs inside of it has
its id there, across tasks and threads, for `current_scope` goes with them. Items and
calls of steps have an id in the path as well, but only while somebody wants spans.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from notebook_async.core._scope import Scope, current_scope
from notebook_async.core.hooks import add_hook, publish, wanted
from notebook_async.core.records import Anchor, Record, SpanRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["PlacedItem", "collecting", "new_id", "tell_collected"]

_MOST_COLLECTED = 10_000

_number = count(1).__next__
_prefix = ""


def new_id(kind: str = "span") -> str:
    """Return an id for a span, or for another part of a path of that kind."""
    return f"{kind}-{_prefix}{_number()}"


@dataclass(frozen=True, slots=True, repr=False)
class PlacedItem:
    """An item that takes its place along to where it runs."""

    item: Any
    path: tuple[str, ...]

    @classmethod
    def here(cls, item: object) -> Any:  # noqa: ANN401 - an item, placed or not
        """Return an item with the place of the code that calls this, if it matters."""
        return cls(item, current_scope.get().path) if wanted(SpanRecord) else item

    def enter(self) -> Any:  # noqa: ANN401 - items are anything
        """Let the code that calls this be at its place; return the item."""
        outside = current_scope.get()
        current_scope.set(Scope(self.path, outside.owner, outside.depth))
        return self.item

    def __repr__(self) -> str:
        return repr(self.item)


@contextmanager
def collecting(items: Iterable[object]) -> Iterator[list[Any]]:
    """Collect what is told of placed items in this process, to be sent back.

    Yields
    ------
    list
        Once it is left: how this process counts time, and the records; of too many the
        first. Empty where the items have no place.
    """
    places = {item.path for item in items if isinstance(item, PlacedItem)}
    collected: list[Any] = []
    if not places:
        yield collected
        return
    global _prefix  # noqa: PLW0603 - ids of this process are not to meet others
    _prefix = f"{os.getpid():x}."
    depth = len(next(iter(places)))
    records: list[Record] = []

    def take(record: Record) -> None:
        if record.source[:depth] in places and len(records) < _MOST_COLLECTED:
            records.append(record)

    with add_hook(take, Record):
        yield collected
    collected += (Anchor(), records)


def tell_collected(collected: list[Any]) -> None:
    """Tell the hooks here what was collected in another process, by the clock here."""
    if not collected:
        return
    there, records = collected
    here = Anchor()
    shift = (here.perf - here.wall) - (there.perf - there.wall)
    for record in records:
        times: dict[str, float] = {"at": record.at + shift}
        if getattr(record, "began", None) is not None:
            times["began"] = record.began + shift
        publish(replace(record, **times))
