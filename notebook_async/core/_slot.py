"""The place of one worker in its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.core._source import END

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

__all__ = ["BETWEEN", "Slot"]

BETWEEN = -1
"""The index of a worker that is between two items."""


class Slot:
    """One worker: its task, the item it is at, and what happens to that.

    Attributes
    ----------
    task
        The worker's task; None before it starts and after it has ended.
    index
        The item it is at, or `BETWEEN`.
    cancelling
        Whether its item is being cancelled, so that it must not run another.
    chunk
        The items it is at with their index, where items go by the chunk.
    more
        How many items beside that one it is at, where items go by the chunk.
    waiting
        Whether its item waits, for a retry or for the rate.
    began
        Loop time at which the present attempt began, where a run has policies.
    expired
        Whether that attempt is being cancelled for its timeout.
    """

    __slots__ = (
        "began",
        "cancelling",
        "chunk",
        "expired",
        "held",
        "index",
        "more",
        "task",
        "waiting",
    )

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.index = BETWEEN
        self.cancelling = False
        self.chunk: Sequence[tuple[int, Any]] = ()
        self.more = 0
        self.waiting = False
        self.began: float | None = None
        self.expired = False
        self.held: Any = END

    def cancel(self) -> bool:
        """Cancel the worker; tell whether there was one to cancel."""
        return self.task is not None and self.task.cancel()

    @property
    def condemned(self) -> bool:
        """Whether the worker is done for, and not because its item is being cancelled.

        Somebody cancels every task then, as a loop does that shuts down.
        """
        if self.task is None or self.task.done():
            return True
        return self.task.cancelling() > self.cancelling + self.expired
