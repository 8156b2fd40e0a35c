"""Tell what holds the event loop, while it does: the job, the cell and the line.

A thread looks twenty times a second at what the loop's thread is doing. One that waits
in its selector is free, and that is all an idle kernel pays for. Otherwise the loop
runs some handle, which is one step of a task or one callback; the same handle seen
again and again is a block. Many short steps in a row are none, however long they take
together: no single line is to blame for them.

Loops that are not written in Python, such as uvloop, show no handles. So a busy loop
gets a ping as well, and what was before it is over once it has answered.

Asyncio's own debug mode would tell of slow steps too, but costs ten times as much for
every step, and tells no line.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from asyncio.events import Handle
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from notebook_async.core import publish, wanted
from notebook_async.core.records import BlockRecord
from notebook_async.kernel._blocks import Stretch
from notebook_async.kernel._places import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["LIMIT", "LoopWatch", "watch_loop"]

LIMIT = 0.1
"""Seconds above which a block is told, unless said otherwise."""
_STILL = 5.0
"""Seconds after which a block is told before it is over, for it may never be."""
_IDLE, _BUSY = 2, 4
"""Looks within the limit while the loop is free, and while it is not."""
_SLOWEST = 0.5
"""Seconds between two looks at a block that goes on and on."""

_log = logging.getLogger("notebook_async")


class LoopWatch:
    """Watches one event loop from a thread of its own, once.

    Parameters
    ----------
    loop
        The loop.
    limit
        Seconds above which a block is told.
    report
        Called on the loop with each block once it is over, within the context
        variables of the code that held it. One that lasts five seconds is reported
        before from the thread, and then no more.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        limit: float = LIMIT,
        report: Callable[[BlockRecord], object],
    ) -> None:
        self._loop = loop
        self._limit = limit
        self._report = report
        self._pace = limit / _IDLE
        self._stretch: Stretch | None = None
        # Held while it watches: to wait for a bare lock takes half as long as an event.
        self._stopped = threading.Lock()
        self._thread: threading.Thread | None = None
        self._watched = 0
        self._last = 0.0
        self._cpu = 0.0

    def start(self) -> None:
        """Start to watch the loop of this thread; it must be called there."""
        self._watched = threading.get_ident()
        self._stopped.acquire()
        self._last, self._cpu = time.perf_counter(), time.process_time()
        self._thread = threading.Thread(
            target=self._run, name="notebook-async-watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; a second call does nothing."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopped.release()
            thread.join()

    def _run(self) -> None:
        while not self._stopped.acquire(timeout=self._pace):
            if self._loop.is_closed():
                return
            frame = sys._current_frames().get(self._watched)  # noqa: SLF001
            self.look(frame, time.perf_counter(), time.process_time())
            # Else everything in it would live until the next look.
            del frame

    def look(self, frame: FrameType | None, now: float, cpu: float) -> None:
        """Take note of what the loop's thread is at.

        Parameters
        ----------
        frame
            Its innermost frame.
        now
            Seconds of `time.perf_counter`.
        cpu
            Seconds that this process has computed so far.
        """
        late = now - self._last - self._pace
        if late > self._pace and cpu - self._cpu < late / 4:
            # The whole process stood still, as on a machine that slept or has too much
            # to do. (Code in C that holds Python for long computes meanwhile.)
            self._last += late
            if self._stretch is not None:
                self._stretch.began += late
        if frame is None or not self._loop.is_running() or _waits(frame):
            self._end(now)
            self._pace = self._limit / _IDLE
        else:
            handle = _handle_of(frame)
            if self._stretch is not None and not self._stretch.goes_on(handle):
                self._end(now)
            if self._stretch is None:
                self._begin(handle)
            self._go_on(frame, now)
        self._last, self._cpu = now, cpu

    def _begin(self, handle: Handle | None) -> None:
        # Since the look before, and the thread could not be late but for this block.
        stretch = self._stretch = Stretch(
            self._last + self._pace / 2, handle, self._loop
        )
        with suppress(RuntimeError):  # closed a moment ago
            self._loop.call_soon_threadsafe(stretch.answer)

    def _go_on(self, frame: FrameType, now: float) -> None:
        stretch = self._stretch
        if stretch is None:
            return
        lasts = now - stretch.began
        if lasts >= self._limit / 2:
            stretch.sample(frame)
        # Nobody needs forty samples a second of what takes minutes.
        self._pace = min(max(self._limit, lasts / 10) / _BUSY, _SLOWEST)
        if lasts >= max(_STILL, self._limit) and not stretch.told:
            record = stretch.record(lasts, "running")
            if record is not None:
                stretch.told = True
                stretch.context.copy().run(self._tell, record)

    def _end(self, now: float) -> None:
        stretch, self._stretch = self._stretch, None
        if stretch is None:
            return
        ended = now - self._pace / 2
        seconds = min(ended, stretch.answered or ended) - stretch.began
        record = None
        if seconds >= self._limit:
            record = stretch.record(seconds, "done")
        if record is not None:
            with suppress(RuntimeError):  # closed a moment ago
                self._loop.call_soon_threadsafe(
                    publish if stretch.told else self._tell,
                    record,
                    context=stretch.context.copy(),
                )

    def _tell(self, record: BlockRecord) -> None:
        if wanted(BlockRecord):
            publish(record)
        self._report(record)


@contextmanager
def watch_loop(
    *,
    limit: float = LIMIT,
    report: Callable[[BlockRecord], object] | None = None,
) -> Iterator[LoopWatch]:
    """Watch the running loop for code that holds it, such as a forgotten `time.sleep`.

    `%load_ext notebook_async` does so in a notebook; this is for scripts and services.
    Every block is a `BlockRecord` for hooks too. It costs an idle loop next to nothing.

    Parameters
    ----------
    limit
        Seconds above which a block is told, > 0.
    report
        Called on the loop with a `BlockRecord` for each; by default each line is named
        in the log of `notebook_async`, once. A block that lasts five seconds is
        reported from another thread, for it may never end.

    Examples
    --------
    >>> async def main():
    ...     with watch_loop(limit=0.05):
    ...         await asyncio.sleep(1)
    >>> await main()
    """
    watch = LoopWatch(
        asyncio.get_running_loop(), limit=limit, report=report or _LogOnce()
    )
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


class _LogOnce:
    """Names each line that holds the loop in the log, the first time."""

    def __init__(self) -> None:
        self._told: set[tuple[str, int]] = set()

    def __call__(self, record: BlockRecord) -> None:
        key = record.file, record.line
        if key not in self._told:
            self._told.add(key)
            _log.warning(
                "the event loop was held for %.2f s at %s:%d: %s",
                record.seconds,
                record.file,
                record.line,
                record.code,
            )


def _waits(frame: FrameType) -> bool:
    """Tell whether a loop waits in its selector, or is at its own housekeeping."""
    inner: FrameType | None = frame
    while inner is not None and inner.f_code.co_name in {"select", "_poll"}:
        inner = inner.f_back
    return (
        inner is not None and inner is not frame and inner.f_code.co_name == "_run_once"
    )


def _handle_of(frame: FrameType) -> Handle | None:
    """Return the handle that the loop runs: of loops within each other the innermost.

    From another thread this is a risk only for a frame that is being debugged.
    """
    for each, _ in walk(frame):
        if each.f_code is Handle._run.__code__:  # noqa: SLF001
            handle = each.f_locals.get("self")
            return handle if isinstance(handle, Handle) else None
    return None
