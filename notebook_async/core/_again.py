"""Failed items that may run again, and those that are about to."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.core._slot import Slot

__all__ = ["Again"]


class Again:
    """What has failed and may run once more while its run goes on.

    Attributes
    ----------
    failed
        The failed items by index.
    due
        Those that are to run again, with their index, in the order of running.
    """

    __slots__ = ("due", "failed")

    def __init__(self) -> None:
        self.failed: dict[int, Any] = {}
        self.due: deque[tuple[int, Any]] = deque()

    @property
    def indices(self) -> set[int]:
        """The items that are to run again."""
        return {index for index, _ in self.due}

    def next(self, slot: Slot) -> tuple[Any] | None:
        """Put a worker at an item that is to run again, if there is one."""
        if not self.due:
            return None
        slot.index, item = self.due.popleft()
        return (item,)

    def plan(self, indices: Iterable[int] | None) -> list[int]:
        """Let failed items run again, all or those given; return which do."""
        asked = self.failed if indices is None else indices
        planned = sorted(self.failed.keys() & set(asked))
        self.due.extend((index, self.failed.pop(index)) for index in planned)
        return planned
