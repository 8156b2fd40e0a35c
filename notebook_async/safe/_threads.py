"""Threads that wait for children: a few at once, kept by nobody."""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["waiters"]


class Waiters(Executor):
    """Runs calls in order in threads that end with the last call.

    They are daemons, for an interpreter that ends kills the children instead of waiting
    for them, as a `ThreadPoolExecutor` would.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._calls: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._lock = threading.Lock()
        self._threads = 0

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        """Run a call as soon as fewer than `most` are under way."""
        future: Future[Any] = Future()
        with self._lock:
            self._calls.append((future, lambda: fn(*args, **kwargs)))
            if self._threads < self._most:
                self._threads += 1
                name = "notebook-async-safe"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._calls:
                    self._threads -= 1
                    return
                future, call = self._calls.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001 - the caller gets it
                    future.set_exception(error)
            del future, call

    def forget(self) -> None:
        """Begin anew: a forked process has none of the threads, and maybe the lock."""
        self._calls.clear()
        self._lock = threading.Lock()
        self._threads = 0


waiters = Waiters(max(4, 2 * (os.cpu_count() or 1)))
"""More children than this at once would only slow each other down."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=waiters.forget)
