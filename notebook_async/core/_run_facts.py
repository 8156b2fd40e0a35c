"""What a run is and what it has come to, for whoever only looks at it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from notebook_async.core._items import ItemKind
from notebook_async.core._options import choice, integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.core._engine import Engine
    from notebook_async.core._items import ItemPage
    from notebook_async.core._statistics import RunStatistics
    from notebook_async.core.records import Phase

__all__ = ["RunFacts"]


class RunFacts:
    """The part of a run that changes nothing."""

    __slots__ = ("__weakref__", "_engine", "_name")

    _engine: Engine
    _name: str

    @property
    def name(self) -> str:
        """The run's id in this process, such as `run-3`."""
        return self._name

    @property
    def desc(self) -> str | None:
        """What the run does, for people."""
        return self._engine.options.desc

    @property
    def phase(self) -> Phase:
        """`running`, `waiting` while paused, then `done`, `failed` or `cancelled`."""
        return self._engine.phase

    @property
    def done(self) -> int:
        """Items that ended well."""
        return self._engine.pacer.finished - len(self._engine.errors)

    @property
    def failed(self) -> int:
        """Items that ended by an exception."""
        return len(self._engine.errors)

    @property
    def retriable(self) -> int:
        """Failed items that `retry_failed` would run again now."""
        return self._engine.retriable

    @property
    def running(self) -> int:
        """Items in flight, without those that wait."""
        waiting = sum(slot.waiting for slot in self._engine.slots)
        return self._engine.in_flight - waiting

    @property
    def total(self) -> int | None:
        """Items in all, or None where the source does not say."""
        return self._engine.total

    @property
    def errors(self) -> Mapping[int, BaseException]:
        """The exceptions of failed items by their index, as a live view."""
        return MappingProxyType(self._engine.errors)

    def statistics(self) -> RunStatistics:
        """Return the counters, the rate and the time left, as a frozen record.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import start_jobs
        >>> run = start_jobs(asyncio.sleep, [1] * 4, workers=2)
        >>> await asyncio.sleep(0.5)
        >>> run.statistics().running
        2
        >>> results = await run
        """
        return self._engine.teller.statistics()

    def items(
        self, kind: ItemKind = "all", *, start: int = 0, most: int = 100
    ) -> ItemPage:
        """Return what has become of some of the items.

        Parameters
        ----------
        kind
            `all` in the order of the source, those `running`, or those `failed` in the
            order of failing.
        start
            Position of the first one among those of that kind, from 0.
        most
            How many to return at most, >= 1.

        Raises
        ------
        InvalidArgumentError
            If an argument is out of its range.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import start_jobs
        >>> run = start_jobs(asyncio.sleep, [1, 5, 5, 5], workers=2)
        >>> await asyncio.sleep(2)
        >>> [item.phase for item in run.items().items]
        ['done', 'running', 'running', 'queued']
        >>> run.items("running", start=1).items[0].index
        2
        >>> results = await run
        """
        choice("kind", kind, get_args(ItemKind))
        start = integer("start", start, least=0)
        return self._engine.items.page(kind, start, integer("most", most, least=1))

    def __repr__(self) -> str:
        desc = f" {self.desc!r}" if self.desc else ""
        total = "" if self.total is None else f" of {self.total}"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"<JobRun {self._name}{desc} {self.phase}: {self.done}{total}{failed}>"
