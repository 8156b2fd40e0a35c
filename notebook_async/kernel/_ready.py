"""Keep a loop alive that is made nestable in the midst of one of its passes.

Such a pass is Python's own. It has counted the callbacks that are ready, and takes that
many from the queue; those that a nested loop has run are no longer there, and the
IndexError ends the kernel. The same happens to any notebook that applies nest_asyncio
in the cell which uses it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

__all__ = ["guard_ready", "release_ready"]


class _Ready(deque[Any]):
    """What is ready, with something harmless to take when there is nothing."""

    def __init__(self, handles: deque[Any], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(handles)
        self._nothing = asyncio.Handle(_do_nothing, (), loop)

    def popleft(self) -> Any:
        """Return the next callback, or one that does nothing."""
        return super().popleft() if self else self._nothing


def guard_ready(loop: Any) -> None:
    """Let the passes of a loop end well, whatever is nested in them.

    Examples
    --------
    >>> loop = asyncio.get_running_loop()
    >>> guard_ready(loop)
    >>> await asyncio.sleep(1)
    >>> release_ready(loop)
    """
    ready = getattr(loop, "_ready", None)
    if type(ready) is deque:
        loop._ready = _Ready(ready, loop)  # noqa: SLF001
        ready.clear()  # an outer pass of a nested loop may hold it


def release_ready(loop: Any) -> None:
    """Undo `guard_ready`."""
    ready = getattr(loop, "_ready", None)
    if isinstance(ready, _Ready):
        loop._ready = deque(ready)  # noqa: SLF001
        ready.clear()


def _do_nothing() -> None:
    return
