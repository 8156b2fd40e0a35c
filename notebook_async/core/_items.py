"""The items of a run one by one, for whoever looks at some of them.

Nothing is kept for each item: what one has come to follows from what the run knows
anyway, that is who is in flight, who has failed, and how many have begun. Beside that
there is a note of items that ran more than once, or for long; only the latest notes are
kept.

How long an item runs is told by those who look, ten times a second where a panel is in
sight: reading the clock for every item would cost more than a small item.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar
from weakref import proxy

from notebook_async.core._slot import BETWEEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.core._engine import Engine
    from notebook_async.core._slot import Slot
    from notebook_async.core.records import Phase

__all__ = ["ItemKind", "ItemPage", "ItemState", "Items"]

ItemKind: TypeAlias = Literal["all", "running", "failed"]

N = TypeVar("N", int, float)

_MOST_NOTES = 5_000
_MOST_WATCHED = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """What one item of a run has come to.

    Attributes
    ----------
    index
        Position of the item in its source, from 0.
    phase
        `queued`, `running`, `waiting` (for the rate), `retrying` (waits for its next
        attempt), `done`, `failed` or `cancelled`.
    attempts
        How often it was started so far.
    seconds
        For how long it has run, or ran, give or take the time between two looks; None
        where nobody saw it.
    error
        What it failed by.
    cancellable, retriable
        Whether `cancel_item` would cancel it, or `retry_item` run it again, now.

    Examples
    --------
    >>> from notebook_async import start_jobs
    >>> run = start_jobs(asyncio.sleep, [0, 0])
    >>> results = await run
    >>> item = run.items().items[1]
    >>> item.index, item.phase, item.attempts, item.seconds
    (1, 'done', 1, None)
    """

    index: int
    phase: Phase
    attempts: int
    seconds: float | None = None
    error: BaseException | None = None
    cancellable: bool = False
    retriable: bool = False


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Some of the items of a run.

    Attributes
    ----------
    items
        The items asked for.
    start
        Position of the first of them among all of that kind.
    total
        How many there are of that kind.

    Examples
    --------
    >>> ItemPage((), start=0, total=0).total
    0
    """

    items: tuple[ItemState, ...]
    start: int
    total: int


class Items:
    """Answers what has become of the items of a run, and keeps a few notes for it."""

    __slots__ = ("_attempts", "_cut", "_engine", "_seen", "_took")

    def __init__(self, engine: Engine) -> None:
        # Not to keep each other alive: workers and runs hold the engine.
        self._engine: Engine = proxy(engine)
        self._attempts: OrderedDict[int, int] = OrderedDict()
        self._took: OrderedDict[int, float] = OrderedDict()
        self._seen: dict[int, tuple[float, float]] = {}
        self._cut: set[int] = set()

    # -- what the run tells

    def again(self, index: int) -> None:
        """Take note that an item is to run once more."""
        self._took.pop(index, None)
        attempts = self._attempts.pop(index, 1) + 1
        _note(self._attempts, index, attempts)

    def cut(self, *indices: int) -> None:
        """Take note of what was in flight when the run ended."""
        self._cut.update(indices)

    # -- what viewers ask

    def look(self) -> None:
        """See who is in flight now, so as to know later for how long."""
        engine = self._engine
        if len(engine.slots) * engine.chunk > _MOST_WATCHED:
            self._seen.clear()
            return
        now = engine.loop.time()
        flying = self._flying()
        for index in self._seen.keys() - flying.keys():
            first, last = self._seen.pop(index)
            if last > first:
                self._took.pop(index, None)
                _note(self._took, index, now - first)
        for index in flying:
            first, _ = self._seen.get(index, (now, now))
            self._seen[index] = first, now

    def page(self, kind: ItemKind, start: int, most: int) -> ItemPage:
        """Return some of the items of a kind; failed ones in the order of failing."""
        self.look()
        engine = self._engine
        flying = self._flying()
        if kind == "running":
            running = sorted(flying)
            total = len(running)
            indices = running[start : start + most]
        elif kind == "failed":
            total = len(engine.errors)
            indices = list(islice(engine.errors, start, start + most))
        else:
            total = max(engine.begun, engine.total or 0)
            indices = list(range(start, min(start + most, total)))
        return ItemPage(tuple(self._states(indices, flying)), start, total)

    def _states(
        self, indices: list[int], flying: dict[int, Slot]
    ) -> Iterator[ItemState]:
        engine = self._engine
        again = engine.again.indices
        failed = engine.again.failed if engine.retriable else {}
        for index in indices:
            slot = flying.get(index)
            waits = slot is not None and slot.waiting
            phase = self._phase(index, slot, again=index in again)
            attempts = self._attempts.get(index, 0 if phase == "queued" else 1)
            # What waits for its next attempt has not begun with it.
            attempts -= index in again or (phase == "retrying" and waits)
            yield ItemState(
                index=index,
                phase=phase,
                attempts=attempts,
                seconds=self._seconds(index, slot),
                error=engine.errors.get(index),
                cancellable=slot is not None and not (slot.more or slot.cancelling),
                retriable=index in failed,
            )

    def _phase(self, index: int, slot: Slot | None, *, again: bool) -> Phase:
        engine = self._engine
        if index in engine.errors:
            return "failed"
        if slot is not None:
            if not slot.waiting:
                return "running"
            return "retrying" if index in self._attempts else "waiting"
        if index in self._cut:
            return "cancelled"
        return "queued" if again or index >= engine.begun else "done"

    def _seconds(self, index: int, slot: Slot | None) -> float | None:
        if slot is None:
            return self._took.get(index)
        seen = self._seen.get(index)
        return None if seen is None else self._engine.loop.time() - seen[0]

    def _flying(self) -> dict[int, Slot]:
        """Return who is in flight, with the worker that is at it."""
        flying: dict[int, Slot] = {}
        for slot in self._engine.slots:
            if slot.chunk:
                flying.update((index, slot) for index, _ in slot.chunk)
            elif slot.index != BETWEEN:
                flying[slot.index] = slot
        return flying


def _note(notes: OrderedDict[int, N], index: int, value: N) -> None:
    notes[index] = value
    if len(notes) > _MOST_NOTES:
        notes.popitem(last=False)
