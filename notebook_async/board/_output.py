"""What a job printed and displayed: a bounded log, read at each viewer's own pace."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["JobOutput", "LogSlice", "RichOutput"]

_LIMIT = 1_000_000
_MOST_RICH = 50
# Small prints of one stream are joined up to this length: a tuple for each of a million
# characters would cost a hundred times the text, in memory and in messages.
_JOINED = 1_000


@dataclass(frozen=True, slots=True)
class LogSlice:
    """A stretch of a job's log.

    Attributes
    ----------
    start, end
        Offsets in characters since the job began.
    chunks
        `(stream, text)` in order; streams are `stdout`, `stderr`, `result`, `error`.
    dropped
        Characters that the bound has dropped, since the last clear.
    cleared
        Offset at which the log was last cleared.
    """

    start: int
    end: int
    chunks: list[tuple[str, str]]
    dropped: int
    cleared: int = 0

    @property
    def text(self) -> str:
        """The text of all streams."""
        return "".join(text for _, text in self.chunks)


@dataclass(frozen=True, slots=True)
class RichOutput:
    """A display that is more than text, such as a picture or a table."""

    data: dict[str, Any]
    metadata: dict[str, Any]
    display_id: str | None


class JobOutput:
    """The output of one job. Threads may write to it.

    The log keeps the last megabyte of text and says how much it has dropped.

    Parameters
    ----------
    echo
        Whether what is written shall go to the cell or terminal too.
    limit
        Characters to keep.
    """

    def __init__(self, *, echo: bool = False, limit: int = _LIMIT) -> None:
        self._echo = echo
        self._limit = limit
        self._lock = threading.Lock()
        self._chunks: deque[tuple[str, str]] = deque()
        self._start = self._end = self._cleared = 0
        self._rich: dict[str, RichOutput] = {}
        self._numbers = itertools.count(1)
        self._clear_next = False
        self._watchers: list[Callable[[], object]] = []
        self.rich_version = 0

    @property
    def echoes(self) -> bool:
        """Whether the cell shows it too, so that a panel need not."""
        return self._echo

    @property
    def end(self) -> int:
        """Characters written so far."""
        return self._end

    @property
    def rich(self) -> list[RichOutput]:
        """The displays that are more than text, oldest first."""
        with self._lock:
            return list(self._rich.values())

    @property
    def text(self) -> str:
        """The kept text of all streams."""
        return self.read().text

    def write(self, stream: str, text: str) -> bool:
        """Take text of a stream; return whether the cell is to have it too.

        Parameters
        ----------
        stream
            `stdout`, `stderr`, `result` (last value) or `error` (traceback).
        text
            Any text, not necessarily a line.
        """
        _check_text(text)
        with self._lock:
            self._forget_if_asked()
            if text:
                self._end += len(text)
                self._append(stream, text)
                self._drop()
        self._tell()
        return self._echo

    def display(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any],
        *,
        display_id: str | None,
        update: bool,
    ) -> bool:
        """Take a display; text alone goes to the log, the rest beside it."""
        if set(data) <= {"text/plain"} and display_id is None:
            self.write("result", data.get("text/plain", "") + "\n")
            return self._echo
        with self._lock:
            self._forget_if_asked()
            key = display_id or f"unnamed {next(self._numbers)}"
            if not update or key in self._rich:
                self._rich[key] = RichOutput(data, metadata, display_id)
                self.rich_version += 1
            while len(self._rich) > _MOST_RICH:
                del self._rich[next(iter(self._rich))]
        self._tell()
        return self._echo

    def clear(self, *, wait: bool) -> bool:
        """Forget what was written, at once or with the next output."""
        with self._lock:
            self._clear_next = True
            if not wait:
                self._forget_if_asked()
        return self._echo

    def on_write(self, callback: Callable[[], object]) -> None:
        """Call back, in any thread, whenever something is written from now on.

        It is for whoever shows the output of a job that has ended, and whose tasks may
        go on to print. Who looks at a live one reads it at his own pace.
        """
        self._watchers.append(callback)

    def read(self, start: int = 0, *, most: int | None = None) -> LogSlice:
        """Return the log from the offset `start` on, as far as it is kept.

        Parameters
        ----------
        start
            Offset in characters; a negative one counts from the end.
        most
            Characters to return at most.
        """
        with self._lock:
            if start < 0:
                start += self._end
            start = min(max(start, self._start), self._end)
            stop = self._end if most is None else min(self._end, start + most)
            chunks: list[tuple[str, str]] = []
            at = self._end
            for stream, text in reversed(self._chunks):
                if at <= start:
                    break
                at -= len(text)
                piece = text[max(0, start - at) : max(0, stop - at)]
                if piece:
                    chunks.append((stream, piece))
            chunks.reverse()
            dropped = self._start - self._cleared
            return LogSlice(start, stop, chunks, dropped, self._cleared)

    def _tell(self) -> None:
        for callback in self._watchers:
            callback()

    def _append(self, stream: str, text: str) -> None:
        if self._chunks and len(text) < _JOINED:
            last, before = self._chunks[-1]
            if last == stream and len(before) < _JOINED:
                self._chunks[-1] = (stream, before + text)
                return
        self._chunks.append((stream, text))

    def _forget_if_asked(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self._chunks.clear()
            self._start = self._cleared = self._end
            self._rich.clear()
            self.rich_version += 1

    def _drop(self) -> None:
        while self._end - self._start > self._limit:
            stream, text = self._chunks.popleft()
            surplus = self._end - self._start - self._limit
            if len(text) > surplus:
                self._chunks.appendleft((stream, text[surplus:]))
                self._start += surplus
            else:
                self._start += len(text)


def _check_text(text: object) -> None:
    # Code that writes to a stream expects of us what a stream would say.
    if not isinstance(text, str):
        kind = type(text).__name__
        raise TypeError(f"write() argument must be str, not {kind}")
