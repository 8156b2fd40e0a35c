"""The place of one worker in its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

__all__ = ["BETWEEN", "Slot"]

BETWEEN = -1
"""The index of a worker that is between two items."""


class Slot:
    """One worker: its task, the item it is at, and whether that is being cancelled."""

    __slots__ = ("cancelling", "index", "task")

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.index = BETWEEN
        self.cancelling = False
