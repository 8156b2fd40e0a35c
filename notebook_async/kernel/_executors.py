"""Let code in the threads of a loop's executor know to which job it belongs.

`asyncio.to_thread` takes the context variables along, and with them where prints go.
`loop.run_in_executor` does not, and much that is older than the former calls it.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.kernel._output import current_sink
from notebook_async.kernel._replacement import Replacement

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ExecutorContexts"]


class ExecutorContexts:
    """Makes `run_in_executor` of a loop take the context of a job along."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._replaced: Replacement | None = None

    def install(self) -> None:
        """Begin with the running loop; where none runs, do nothing."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        # A loop written in C has no place for it.
        if loop is not self._loop and hasattr(loop, "__dict__"):
            self.uninstall()
            self._loop = loop
            wrapped = _taking_context(loop.run_in_executor)
            self._replaced = Replacement(vars(loop), "run_in_executor", wrapped)

    def uninstall(self) -> None:
        """Put the loop's own back."""
        if self._replaced is not None:
            self._replaced.undo()
        self._replaced = self._loop = None


def _taking_context(original: Callable[..., Any]) -> Callable[..., Any]:
    def run_in_executor(executor: Any, func: Any, *args: Any) -> Any:
        in_thread = executor is None or isinstance(executor, ThreadPoolExecutor)
        if in_thread and current_sink.get() is not None:
            return original(executor, copy_context().run, func, *args)
        return original(executor, func, *args)

    return run_in_executor
