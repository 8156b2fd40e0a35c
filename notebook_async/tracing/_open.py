"""A span that has begun: told to the hooks, and where the code inside of it stands.

That a span has begun is told in the next pass of the loop, if it still goes on, or
before anything else is told of spans. So one that never waits, and has none inside of
it, is told once and not twice; but one that held the loop is told twice, so that each
moment of that time has what was going on.
"""

from __future__ import annotations

import asyncio
from asyncio import _get_running_loop
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from notebook_async.core import current_scope, publish
from notebook_async.core._drafts import draft_of
from notebook_async.core._short import error_line, short
from notebook_async.core._spans import new_id
from notebook_async.core.records import SpanRecord
from notebook_async.tracing._schema import LEAF_EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.core import Phase, Scope

__all__ = ["Attribute", "OpenSpan", "nano", "phase_of"]

Attribute: TypeAlias = str | float | bool | None
_Draft = draft_of(SpanRecord)
_PLAIN = {int, float, bool, type(None)}
_LONGEST = 200
_MOST_EARLY = 1000

# Seconds for which a span may hold the loop until it is told of twice.
_LONG = 0.05

# Those that have begun, and whose beginning nobody was told of yet.
_fresh: dict[OpenSpan, None] = {}
_told_in: asyncio.AbstractEventLoop | None = None

# Where to go back to from inside of what was left before what it contains.
_left_early: dict[tuple[str, ...], Scope] = {}


def nano(at: float) -> int:
    """Return seconds as nanoseconds."""
    return round(1e9 * at)


def phase_of(error: BaseException | None) -> Phase:
    """Return what work has come to that ended with this exception, or with none."""
    if error is None or isinstance(error, GeneratorExit):
        return "done"
    # What is interrupted is cancelled as well, by the person at the keyboard.
    stopped = isinstance(error, (asyncio.CancelledError, KeyboardInterrupt))
    return "cancelled" if stopped else "failed"


class OpenSpan:
    """A span between its beginning and its end; whoever makes it has it ended.

    Parameters
    ----------
    name, kind, attributes
        As in `SpanRecord`; values become short text.
    trace
        Whether it is the root of a trace, whose id stays in all paths below it.
    own_id
        Its id; by default a new one.
    """

    __slots__ = (
        "__weakref__",
        "_inside",
        "_outside",
        "_paused",
        "attributes",
        "began",
        "ended",
        "id",
        "kind",
        "name",
        "parent",
        "source",
    )

    def __init__(
        self,
        name: str,
        kind: str,
        attributes: Mapping[str, object],
        *,
        trace: bool = False,
        own_id: str | None = None,
    ) -> None:
        outside = self._outside = current_scope.get()
        self.name = name
        self.kind = kind
        self.attributes: dict[str, Attribute] | None = None
        if attributes:
            self.set(attributes)
        self.ended = False
        self.began = 0.0
        if trace:
            self.id = new_id("trace")
            inside = outside.within(self.id)
            self.parent = None
        else:
            self.id = own_id or new_id()
            inside = outside.in_span(self.id)
            self.parent = outside.span
        self.source = inside.path
        self._inside = None if kind in LEAF_EVENTS else inside
        self._paused: Scope | None = None

    def begin(self, *, at_once: bool = False) -> None:
        """Begin, and tell that soon, or at once."""
        global _told_in  # noqa: PLW0603 - as `_fresh`, but replaced
        loop = _get_running_loop()
        self.began = perf_counter()
        if loop is None or at_once:
            _tell_fresh()
            self._publish(self.began, "running")
            return
        _fresh[self] = None
        if loop is not _told_in:
            _told_in = loop
            loop.call_soon(_tell_fresh)

    def set(self, attributes: Mapping[str, object]) -> None:
        """Note more about it; values become short text."""
        if self.attributes is None:
            self.attributes = {}
        for name, value in attributes.items():
            plain = type(value) in _PLAIN
            self.attributes[name] = value if plain else _text(value)  # type: ignore[assignment]

    def enter(self) -> None:
        """Let the code that follows, and the tasks that it starts, be inside of it."""
        if self._inside is not None:
            current_scope.set(self._inside)

    def leave(self) -> None:
        """Let the code that follows be outside again."""
        inside, outside = self._inside, self._outside
        if inside is None:
            return
        if current_scope.get() is inside:
            while _left_early and outside.path in _left_early:
                outside = _left_early.pop(outside.path)
            current_scope.set(outside)
        else:
            # What was opened later is still open, or this is another context.
            while len(_left_early) >= _MOST_EARLY:
                del _left_early[next(iter(_left_early))]
            _left_early[inside.path] = outside

    def resume(self) -> None:
        """Let the code of a generator be inside of it, where it stood at its `yield`.

        Whoever asks for the next item may stand elsewhere than who asked before.
        """
        outside = self._outside = current_scope.get()
        current_scope.set(self._paused or self._inside or outside)

    def pause(self) -> None:
        """Let the consumer of a generator be where it was, whatever is open inside."""
        here = current_scope.get()
        self._paused = None if here is self._outside else here
        current_scope.set(self._outside)

    def end(self, error: BaseException | None = None) -> bool:
        """Tell that it is over; return whether the exception came out of it.

        A second call does nothing.
        """
        if self.ended:
            return False
        self.ended = True
        now, cause, phase = perf_counter(), None, phase_of(error)
        if now - self.began < _LONG:
            _fresh.pop(self, None)
        if _fresh:
            _tell_fresh()
        if phase == "failed" and error is not None:
            cause = _cause(error, self.id)
        self._publish(now, phase, error, cause)
        return cause == self.id

    def _publish(
        self,
        at: float,
        phase: Phase,
        error: BaseException | None = None,
        cause: str | None = None,
    ) -> None:
        record = _Draft()
        record.at = at
        record.source = self.source
        record.phase = phase
        record.name = self.name
        record.kind = self.kind
        record.parent = self.parent
        record.attributes = tuple(self.attributes.items()) if self.attributes else ()
        record.error = None if cause is None or error is None else error_line(error)
        record.cause = cause
        record.began = None if phase == "running" else self.began
        record.__class__ = SpanRecord
        publish(record)


def _tell_fresh() -> None:
    """Tell of those that have begun, and that nobody was told of."""
    global _told_in  # noqa: PLW0603 - as `_fresh`, but replaced
    _told_in = None
    for opened in tuple(_fresh):
        # Another thread may be at it as well.
        if _fresh.pop(opened, False) is None:
            opened._publish(opened.began, "running")  # noqa: SLF001 - of this module


def _text(value: object) -> str:
    text = value if isinstance(value, str) else None
    if text is None or len(text) > _LONGEST:
        return short(value, most=_LONGEST)
    return text


def _cause(error: BaseException, span: str) -> str:
    """Return the id of the innermost span that an exception came out of.

    That is the first to ask. It is noted with the exception, as notes are.
    """
    known: str = error.__dict__.setdefault("_notebook_async_span", span)
    return known
