"""How long a run may take, not counting the time in which it waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["Clock"]


class Clock:
    """Counts the seconds that a run is at work, and says when they are used up.

    Parameters
    ----------
    loop
        Whose time is counted.
    timeout
        Seconds, or None for no bound.
    """

    __slots__ = ("_handle", "_loop", "_since", "_used", "timeout")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timeout: float | None,
    ) -> None:
        self.timeout = timeout
        self._loop = loop
        self._used = 0.0
        self._since: float | None = None
        self._handle: asyncio.TimerHandle | None = None

    @property
    def runs(self) -> bool:
        """Whether seconds are being counted."""
        return self._since is not None

    def used(self) -> float:
        """Return the seconds counted until now."""
        if self._since is None:
            return self._used
        return self._used + self._loop.time() - self._since

    def add(self, seconds: float) -> None:
        """Count seconds that were used before, in another process."""
        self._used += seconds

    def start(self, expired: Callable[[], object]) -> None:
        """Count from now on, and call `expired` once all are used up."""
        if self._since is not None:
            return
        self._since = self._loop.time()
        if self.timeout is not None:
            left = max(0.0, self.timeout - self._used)
            self._handle = self._loop.call_at(self._since + left, expired)

    def stop(self) -> None:
        """Count no more for now."""
        self._used = self.used()
        self._since = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
