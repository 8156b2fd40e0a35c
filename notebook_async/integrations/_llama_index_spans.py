"""Spans of LlamaIndex as spans of ours, from their beginning to their end.

While code of LlamaIndex runs, `current_scope` says so, exactly as within a span of our
own: that variable goes where LlamaIndex's own goes, across tasks and `to_thread`. So
its spans nest in ours, and ours in its.
"""

from __future__ import annotations

import logging
import os
import weakref
from asyncio import CancelledError
from collections.abc import AsyncGenerator, Generator
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING, Any

from notebook_async.core._scope import Scope
from notebook_async.core.hooks import wanted
from notebook_async.core.records import SpanRecord
from notebook_async.integrations._llama_index_spans_facts import kind_of_event
from notebook_async.tracing._open import OpenSpan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MOST_OPEN", "LlamaSpan", "LlamaSpans"]

_log = logging.getLogger("notebook_async")

MOST_OPEN = 10_000
"""Spans that may be open at once; beyond that the oldest are no longer followed."""

_MOST_ATTRIBUTES = 30


class LlamaSpan(OpenSpan):
    """A span that LlamaIndex has begun.

    Unlike one of ours it is a parent whatever its kind: a prediction of a model has the
    call of the model inside.

    Parameters
    ----------
    name, kind, attributes
        As in `SpanRecord`.
    around
        The span that is the parent where the place of the code was lost on the way.

    Attributes
    ----------
    calls_model
        Whether it is a call of a model, the answer of which may come in pieces.
    handled
        The `id` of the exception that was being handled as it began.
    stopped
        Whether LlamaIndex has said that it was cancelled.
    """

    __slots__ = ("_stream", "calls_model", "handled", "stopped")

    def __init__(
        self,
        name: str,
        kind: str,
        attributes: Mapping[str, object],
        around: LlamaSpan | None = None,
    ) -> None:
        super().__init__(name, kind, attributes)
        outside = self._outside
        if around is not None and not outside.path:
            self.parent = around.id
            self.source = (*around.source[:-1], self.id)
        self._inside = Scope(self.source, outside.owner, outside.depth, self.id)
        self._stream: weakref.ref[Any] | None = None
        self.calls_model = False
        self.handled = id(None)
        self.stopped = False

    def note(self, facts: Mapping[str, object]) -> None:
        """Note more about it, as far as there is room."""
        known = self.attributes or {}
        if len(known) + len(facts) > _MOST_ATTRIBUTES:
            facts = {name: facts[name] for name in facts if name in known}
        self.set(facts)

    def count(self, name: str) -> None:
        """Count something as one of its attributes."""
        number = (self.attributes or {}).get(name, 0)
        self.set({name: number + 1 if isinstance(number, int) else 1})

    def follow(self, result: object, unread: Callable[[], object]) -> bool:
        """Let it go on while a model answers in pieces, if that is the result.

        An answer that nobody reads to its end may say no more than that it is `unread`.
        """
        if not self.calls_model or not isinstance(result, Generator | AsyncGenerator):
            return False
        self._stream = weakref.ref(result, lambda _: unread())
        return True

    def end(self, error: BaseException | None = None) -> bool:
        """Tell that it is over; return whether the exception came out of it."""
        self._stream = None
        return super().end(error)

    @property
    def streams(self) -> bool:
        """Whether its function has returned, and its answer comes in pieces."""
        return self._stream is not None


class LlamaSpans:
    """The open spans of LlamaIndex by their ids there.

    Its methods may be called in any thread. Whoever calls them has what they raise
    reported: LlamaIndex would either say nothing of it or stop with it.
    """

    def __init__(self) -> None:
        self._open: dict[str, LlamaSpan] = {}
        self._lock = RLock()
        self._process = os.getpid()
        self._has_failed = False

    def begin(  # noqa: PLR0913 - facts of a span
        self,
        key: str,
        name: str,
        kind: str,
        facts: Mapping[str, object],
        *,
        parent: str | None,
        leaf: bool = False,
    ) -> None:
        """Tell that a span begins, if anybody wants to know.

        Parameters
        ----------
        key, parent
            Its id and that of its parent, in LlamaIndex.
        name, kind, facts
            As in `SpanRecord`.
        leaf
            Nothing is inside of it.
        """
        # A process that was forked off has copies of hooks that belong elsewhere.
        if not wanted(SpanRecord) or os.getpid() != self._process:
            return
        span = LlamaSpan(name, kind, facts, self._open.get(parent or ""))
        with self._lock:
            self._open[key] = span
            if len(self._open) > MOST_OPEN:
                del self._open[next(iter(self._open))]
        span.begin()
        if not leaf:
            span.enter()

    def end(
        self, key: str, *, error: BaseException | None = None, result: object = None
    ) -> None:
        """Tell that a span ends, unless its result is still to come in pieces."""
        span = self._open.get(key)
        if span is None:
            return
        span.leave()
        if error is not None or not span.follow(
            result, lambda: self._close(key, span, None)
        ):
            self._close(key, span, error)

    def find(self, key: str | None) -> LlamaSpan | None:
        """Return an open span by its id in LlamaIndex."""
        return self._open.get(key or "")

    def learn(self, key: str | None, event: str, facts: Mapping[str, object]) -> None:
        """Note what an event tells about its span.

        Parameters
        ----------
        key
            The span's id in LlamaIndex.
        event
            What LlamaIndex calls the class of the event.
        facts
            What it tells.
        """
        span = self._open.get(key or "")
        if span is None or key is None:
            return
        if span.kind == "span":
            span.kind = kind_of_event(event)
        span.note(_summed(span, facts) if event in _BATCH_ENDS else facts)
        if event in _MODEL_STARTS:
            span.calls_model = True
        elif event == "SpanCancelledEvent":
            span.stopped = True
        elif span.streams and event in _MODEL_ENDS:
            self._close(key, span, None)

    def fail(self, key: str | None, error: BaseException) -> None:
        """Take note of an exception that came while an answer came in pieces."""
        span = self._open.get(key or "")
        if span is not None and key is not None and span.streams:
            self._close(key, span, error)

    def close(self) -> None:
        """Give up all that is open: as nobody follows it, it is told as cancelled."""
        with self._lock:
            spans = list(self._open.values())
            self._open.clear()
        for span in reversed(spans):
            span.leave()
            span.note({"detached": True})
            span.end(CancelledError())

    def report(self) -> None:
        """Log the exception that is being handled; once is enough."""
        if not self._has_failed:
            self._has_failed = True
            _log.exception("a span of LlamaIndex cannot be followed")

    def _close(self, key: str, span: LlamaSpan, error: BaseException | None) -> None:
        with suppress(KeyError), self._lock:
            del self._open[key]
        if error is None and span.stopped:
            error = CancelledError()
        span.end(error)


def _summed(span: LlamaSpan, facts: Mapping[str, object]) -> Mapping[str, object]:
    """Return what is known once one more batch of chunks has been embedded."""
    before, more = (span.attributes or {}).get("chunks"), facts.get("chunks")
    if not isinstance(before, int) or not isinstance(more, int):
        return facts
    return {"chunks": before + more}


_BATCH_ENDS = {"EmbeddingEndEvent", "SparseEmbeddingEndEvent"}
_MODEL_STARTS = {"LLMCompletionStartEvent", "LLMChatStartEvent"}
_MODEL_ENDS = {"LLMCompletionEndEvent", "LLMChatEndEvent"}
