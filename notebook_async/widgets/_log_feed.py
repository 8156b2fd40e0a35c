"""The log of a job as a panel sends it: pieces in order, or all of its end anew.

A front end gets text without terminal colours, so it counts characters in another way
than the job's own log does. The offsets here are the front end's: each piece starts
where the one before it ended, and what cannot be appended to that starts beyond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from notebook_async.widgets._text import plain_log

if TYPE_CHECKING:
    from notebook_async.board import LogSlice
    from notebook_async.widgets._view import Subject

__all__ = ["LogFeed"]

# Characters: of a piece ten times a second, of the end of a log sent as a whole, and of
# what a front end may lag behind before the feed skips to the end.
_MOST_AT_ONCE = 9_000
_TAIL = 60_000
_BACKLOG = 120_000
_BETWEEN_TAILS = 1.0


class LogFeed:
    """Tells what of a subject's log a front end must be sent next.

    Parameters
    ----------
    subject
        Whose log it is.
    told
        Offset up to which the front end was told another log before.
    """

    def __init__(self, subject: Subject, *, told: int = 0) -> None:
        self._subject = subject
        self._read = 0
        self._told = told
        self._cleared = 0
        self._last_tail = 0.0

    def successor(self, subject: Subject) -> LogFeed:
        """Return a feed of another subject, for the same front ends."""
        # A gap lets them know that nothing of the old log stays.
        return LogFeed(subject, told=self._told + 1)

    def tail(self) -> dict[str, Any]:
        """Return the end of the log, to stand in the place of what was sent."""
        log = self._subject.log(-_TAIL)
        chunks = _plain(log)
        if log.cleared != self._cleared:
            start = self._told + 1
        elif log.start > self._read:
            start = self._told + log.start - self._read
        else:
            unsent = _plain(self._subject.log(self._read))
            start = self._told + _length(unsent) - _length(chunks)
        self._told = start + _length(chunks)
        self._read = log.end
        self._cleared = log.cleared
        return {
            "start": start,
            "end": self._told,
            "chunks": chunks,
            "dropped": log.start - log.cleared,
        }

    def news(
        self, now: float, *, last: bool = False
    ) -> tuple[Literal["piece", "tail"], dict[str, Any]] | None:
        """Return what to send now, if anything.

        Parameters
        ----------
        now
            Seconds of the loop's clock.
        last
            Whether nothing will follow, so that it must reach the end.
        """
        log = self._subject.log(self._read, most=_MOST_AT_ONCE)
        behind = self._subject.log(-1).end - log.end
        lost = log.cleared != self._cleared or log.start > self._read
        if not lost and behind <= (0 if last else _BACKLOG):
            return ("piece", self._piece(log)) if log.end > log.start else None
        # The whole end is a long message, so not with every tick. But a loop that
        # clears and prints a few lines is to be seen as it goes.
        if last or behind == 0 or now - self._last_tail >= _BETWEEN_TAILS:
            self._last_tail = now
            return "tail", self.tail()
        return None

    def _piece(self, log: LogSlice) -> dict[str, Any]:
        chunks = _plain(log)
        start, self._told = self._told, self._told + _length(chunks)
        self._read = log.end
        return {
            "start": start,
            "end": self._told,
            "chunks": chunks,
            "dropped": log.dropped,
        }


def _plain(log: LogSlice) -> list[list[str]]:
    return [[stream, plain_log(text)] for stream, text in log.chunks]


def _length(chunks: list[list[str]]) -> int:
    return sum(len(text) for _, text in chunks)
