"""An event loop for tests whose clock jumps to the next timer when nothing is ready.

Idea: `MockClock` with an autojump threshold of zero in `trio`. The loop's selector does
not wait: with nothing ready it moves the clock to the next timer instead. While a
worker thread runs the clock stands still, for the thread lives in real time and a jump
would fire time-outs that nobody has earned. Files and sockets are waited for only where
there is no timer to jump to.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any

from notebook_async.errors import AllTasksBlockedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

# Below this a sum of decimal fractions such as ten times 0.1 is off only by rounding.
_DIGITS = 9

# The pipe by which threads wake the loop.
_OWN_FILES = 1


class _JumpSelector(selectors.DefaultSelector):
    """A selector that moves a clock instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.threads = 0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        files = len(self.get_map()) > _OWN_FILES
        if self.threads or (timeout is None and files):
            return super().select(None)
        if timeout is None:
            raise AllTasksBlockedError(
                "every task is blocked, and no timer, file or thread can wake one"
            )
        self.now = round(self.now + timeout, _DIGITS)
        return []


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """Run coroutines at once that would sleep: time jumps when every task is blocked.

    `time()` starts at 0.0. A deadlock raises `AllTasksBlockedError` instead of hanging.
    Threads of `asyncio.to_thread` and `run_in_executor` run in real time, and the clock
    stands still meanwhile.

    Examples
    --------
    >>> import asyncio
    >>> with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
    ...     runner.run(asyncio.sleep(3600))
    ...     runner.get_loop().time()
    3600.0
    """

    def __init__(self) -> None:
        self._jump = _JumpSelector()
        super().__init__(self._jump)

    def time(self) -> float:
        """Return the virtual seconds since the loop was made.

        Examples
        --------
        >>> loop = VirtualClockLoop()
        >>> loop.time()
        0.0
        >>> loop.close()
        """
        return self._jump.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., Any], *args: object
    ) -> asyncio.Future[Any]:
        """Run `func` in a thread, with the clock standing still until it returns.

        Examples
        --------
        >>> import asyncio
        >>> with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        ...     runner.run(asyncio.to_thread(len, "abc"))
        3
        """
        future = super().run_in_executor(executor, func, *args)
        self._jump.threads += 1
        future.add_done_callback(self._thread_done)
        return future

    async def shutdown_default_executor(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - as in asyncio
    ) -> None:
        """Join the default executor's threads in real time.

        Examples
        --------
        >>> import asyncio
        >>> with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        ...     runner.run(asyncio.sleep(0))
        """
        # asyncio joins its pool in one more thread, which no future stands for.
        self._jump.threads += 1
        try:
            if timeout is None:
                await super().shutdown_default_executor()
            else:
                await super().shutdown_default_executor(timeout)  # type: ignore[call-arg]
        finally:
            self._jump.threads -= 1

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self._jump.threads -= 1
