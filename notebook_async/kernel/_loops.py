"""Loops whose tasks may wait: the kernel's, and those of somebody's own."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from notebook_async.kernel._calls import note_task, outlive
from notebook_async.kernel._portal import is_portal_factory, portal_factory
from notebook_async.kernel._ready import guard_ready, release_ready

if TYPE_CHECKING:
    from notebook_async.kernel._sigint import Interrupts

__all__ = ["KernelLoop", "prepare"]


class KernelLoop:
    """The loop of the kernel's main thread, once it runs.

    Parameters
    ----------
    interrupts
        The kernel's handler of interrupts.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from notebook_async.kernel import Interrupts
    >>> from notebook_async.kernel._portal import can_wait
    >>> async def main():
    ...     return can_wait()
    >>> kernel_loop = KernelLoop(Interrupts(SimpleNamespace()))
    >>> kernel_loop.attach() is asyncio.get_running_loop()
    True
    >>> await asyncio.create_task(main())
    True
    >>> kernel_loop.release()
    >>> await asyncio.create_task(main())
    False
    """

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._loop: asyncio.AbstractEventLoop | None = None
        self._factory: Any = None
        self._factory_before: Any = None

    def attach(self) -> asyncio.AbstractEventLoop | None:
        """Make its tasks such that may wait, and return it if it runs by now."""
        loop = self._loop
        if loop is None:
            loop = asyncio._get_running_loop()  # noqa: SLF001
            on_main = threading.current_thread() is threading.main_thread()
            if loop is None or not on_main:
                return None
            self._loop = loop
            guard_ready(loop)
            self._interrupts.attach(loop)
        factory = loop.get_task_factory()
        if factory is None or factory is not self._factory:
            # Nobody's, or the user's: one that makes eager tasks, say.
            self._factory_before = factory
            self._factory = portal_factory(factory, note_task, on_fatal=outlive)
            loop.set_task_factory(self._factory)
        return loop

    def release(self) -> None:
        """Let it be as it was, but for a task factory that somebody has set since."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        release_ready(loop)
        if loop.get_task_factory() is self._factory:
            loop.set_task_factory(self._factory_before)


def prepare(loop: asyncio.AbstractEventLoop) -> None:
    """Let the tasks of a loop of somebody's own, in a thread, be such that may wait.

    Examples
    --------
    >>> loop = asyncio.new_event_loop()
    >>> prepare(loop)
    >>> is_portal_factory(loop.get_task_factory())
    True
    >>> loop.close()
    """
    factory = loop.get_task_factory()
    if not is_portal_factory(factory):
        loop.set_task_factory(portal_factory(factory, note_task))
