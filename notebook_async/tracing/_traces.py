"""Which traces of callback managers are open, and what belongs to which.

A trace has an id in the path of everything that happens inside of it, so a record needs
only its own path to find the traces that it is a part of, however many go on at once.
Runs, items, steps, questions and spans come as records; one hook routes them all.
"""

from __future__ import annotations

from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from notebook_async.core import (
    ItemRecord,
    QuestionRecord,
    RunRecord,
    SpanRecord,
    StepRecord,
    WorkflowRecord,
    add_hook,
)
from notebook_async.core._scope import call_id, item_id
from notebook_async.tracing._open import OpenSpan, nano
from notebook_async.tracing._schema import CBEventType, EventPayload

if TYPE_CHECKING:
    from notebook_async.core import HookHandle, Phase
    from notebook_async.core.recording import Source
    from notebook_async.tracing._manager import CallbackManager

__all__ = [
    "ROOT",
    "OpenTrace",
    "TraceState",
    "latest",
    "nearest",
    "status_of",
    "trace_of",
]

ROOT = "root"
"""The id that stands for a trace as the parent of its outermost events."""

_STATUS: dict[Phase, str] = {"failed": "error", "cancelled": "cancelled"}

_open_here: ContextVar[tuple[TraceState, ...]] = ContextVar(
    "notebook_async_traces", default=()
)
latest: ContextVar[TraceState | None] = ContextVar(
    "notebook_async_latest_trace", default=None
)
"""The trace that ended last around the code that asks."""


class _InTrace(Protocol):
    state: TraceState


_Opened = TypeVar("_Opened", bound=_InTrace)


def trace_of(manager: CallbackManager) -> TraceState | None:
    """Return the innermost open trace of a manager around the code that asks."""
    here = reversed(_open_here.get())
    # What a trace has started may go on after its end, as no part of it any more.
    found = (one for one in here if one.manager is manager and not one.span.ended)
    return next(found, None)


def nearest(opened: list[_Opened], here: TraceState | None) -> _Opened:
    """Return the last of some in this trace, or else the last of all."""
    same = (one for one in reversed(opened) if one.state is here)
    return next(same, opened[-1])


def status_of(phase: Phase) -> str:
    """Return what handlers are told of a phase."""
    return _STATUS.get(phase, "done")


class TraceState:
    """One trace of a callback manager.

    Attributes
    ----------
    manager, trace_id
        Whose it is, and what it is called.
    trace_map
        Ids of events by that of the event around them, or `root`.
    span
        Its place in all paths.
    """

    def __init__(self, manager: CallbackManager, trace_id: str) -> None:
        self.manager = manager
        self.trace_id = trace_id
        self.trace_map: dict[str, list[str]] = {}
        self.span = OpenSpan(trace_id, CBEventType.SPAN, {}, trace=True)
        # Events of the manager itself, which it tells with their payload: not again.
        self._own: set[Source] = set()
        self._spans: set[Source] = set()
        # What has begun, by its path: where it is in the tree.
        self._running: dict[Source, tuple[CBEventType, str]] = {}

    def event_id(self, source: Source) -> str:
        """Return the id of what has this path."""
        if source in self._spans or source[-1].startswith("span-"):
            return source[-1]
        return "/".join(source[len(self.span.source) :]) or ROOT

    def add(self, source: Source, parent: str | None) -> tuple[str, str]:
        """Note what has begun; return its id and that of the event around it.

        Parameters
        ----------
        source
            Its path.
        parent
            Id of the span around it, as spans have it; others have all in their path.
        """
        event_id, parent_id = (
            self.event_id(source),
            parent or self.event_id(source[:-1]),
        )
        self.trace_map.setdefault(parent_id, []).append(event_id)
        return event_id, parent_id

    def add_own(self, source: Source, parent: str | None) -> str:
        """Note an event of the manager itself; return the id of what is around it."""
        self._spans.add(source)
        self._own.add(source)
        return self.add(source, parent)[1]

    # -- records of what the package does by itself

    def take(self, record: Any) -> None:  # noqa: ANN401 - one of `_KINDS`
        """Tell the handlers of a record."""
        if type(record) is SpanRecord:
            # Of its own span a trace tells by `start_trace` and `end_trace`.
            if record.source in self._own or record.source == self.span.source:
                return
            self._spans.add(record.source)
        kind, source, payload = _KINDS[type(record)](record)
        running = self._running
        if source not in running:
            # Of a question it is not told, and of one that nobody can answer no more
            # than how it ended.
            began = getattr(record, "began", None)
            self._begin(kind, source, payload, record, began)
        if record.phase in {"running", "waiting", "retrying"}:
            return
        kind, event_id = running.pop(source)
        # A run has none by itself: its items have.
        error = getattr(record, "error", None)
        if error is not None:
            payload[EventPayload.EXCEPTION] = error
        self.manager.tell_end(
            kind,
            payload,
            event_id,
            status=status_of(record.phase),
            at_ns=nano(record.at),
        )

    def _begin(
        self,
        kind: CBEventType,
        source: Source,
        payload: dict[str, Any],
        record: Any,  # noqa: ANN401 - as above
        began: float | None,
    ) -> None:
        event_id, parent_id = self.add(source, getattr(record, "parent", None))
        self._running[source] = (kind, event_id)
        at = record.at if began is None else began
        self.manager.tell_start(kind, payload, event_id, parent_id, at_ns=nano(at))


def _span(record: SpanRecord) -> tuple[CBEventType, Source, dict[str, Any]]:
    payload: dict[str, Any] = {
        EventPayload.NAME: record.name,
        **dict(record.attributes),
    }
    return CBEventType(record.kind), record.source, payload


def _run(record: RunRecord) -> tuple[CBEventType, Source, dict[str, Any]]:
    payload: dict[str, Any] = {EventPayload.NAME: record.desc or record.source[-1]}
    return CBEventType.ASYNC_JOB, record.source, payload


def _item(record: ItemRecord) -> tuple[CBEventType, Source, dict[str, Any]]:
    source = (*record.source, item_id(record.index))
    payload: dict[str, Any] = {EventPayload.NAME: f"item {record.index}"}
    if record.item is not None:
        payload["item"] = record.item
    return CBEventType.ASYNC_JOB, source, payload


def _workflow(record: WorkflowRecord) -> tuple[CBEventType, Source, dict[str, Any]]:
    payload: dict[str, Any] = {EventPayload.NAME: record.name}
    return CBEventType.ASYNC_JOB, record.source, payload


def _step(record: StepRecord) -> tuple[CBEventType, Source, dict[str, Any]]:
    source = (*record.source, call_id(record.step, record.call))
    payload: dict[str, Any] = {EventPayload.NAME: record.step, "given": record.given}
    if record.returned is not None:
        payload["returned"] = record.returned
    return CBEventType.STEP, source, payload


def _question(record: QuestionRecord) -> tuple[CBEventType, Source, dict[str, Any]]:
    source = (*record.source, record.question)
    return CBEventType.PROMPT, source, {EventPayload.NAME: record.text}


_KINDS: dict[type, Any] = {
    SpanRecord: _span,
    RunRecord: _run,
    ItemRecord: _item,
    WorkflowRecord: _workflow,
    StepRecord: _step,
    QuestionRecord: _question,
}


class _Router:
    """Gives each record to the open traces that have their id in its path."""

    def __init__(self) -> None:
        self._states: dict[str, TraceState] = {}
        self._handle: HookHandle | None = None
        self._lock = Lock()

    def add(self, state: TraceState) -> None:
        with self._lock:
            # Replaced and not changed: records come from any thread.
            self._states = {**self._states, state.span.id: state}
            if self._handle is None:
                self._handle = add_hook(self._take, *_KINDS)

    def remove(self, state: TraceState) -> None:
        with self._lock:
            left = dict(self._states)
            left.pop(state.span.id, None)
            self._states = left
            if not left and self._handle is not None:
                self._handle.remove()
                self._handle = None

    def _take(self, record: Any) -> None:  # noqa: ANN401 - one of `_KINDS`
        states = self._states
        for part in record.source:
            state = states.get(part)
            if state is not None:
                state.take(record)


_router = _Router()


class OpenTrace:
    """A trace between its beginning and its end.

    Inside of an open trace of the same manager it is a part of that.

    Attributes
    ----------
    trace_id
        What it is called, also where it is a part of another.
    state
        What is known of it, or of the one that it is a part of.
    """

    def __init__(self, manager: CallbackManager, trace_id: str) -> None:
        self.trace_id = trace_id
        # Which were open where a generator is asked for an item, and at its `yield`.
        self._outside: tuple[TraceState, ...] = ()
        self._paused: tuple[TraceState, ...] | None = None
        around = trace_of(manager)
        self._nested = around is not None
        self.state = TraceState(manager, trace_id) if around is None else around
        if around is None:
            _router.add(self.state)
            self.state.span.begin()
            manager.tell_trace_start(trace_id)

    def enter(self) -> None:
        """Let the code that follows be inside of it."""
        if not self._nested:
            _open_here.set((*_open_here.get(), self.state))
            self.state.span.enter()

    def leave(self) -> None:
        """Let the code that follows be outside again."""
        if not self._nested:
            here = _open_here.get()
            _open_here.set(tuple(one for one in here if one is not self.state))
            self.state.span.leave()

    def resume(self) -> None:
        """Let the code of a generator be inside of it, where it stood."""
        if not self._nested:
            here = self._outside = _open_here.get()
            _open_here.set(
                (*here, self.state) if self._paused is None else self._paused
            )
            self.state.span.resume()

    def pause(self) -> None:
        """Let the consumer of a generator be where it was."""
        if not self._nested:
            self._paused = _open_here.get()
            _open_here.set(self._outside)
            self.state.span.pause()

    def end(self, error: BaseException | None = None) -> None:
        """Tell the handlers that it has ended."""
        state = self.state
        if self._nested or state.span.ended:
            return
        state.span.end(error)
        _router.remove(state)
        latest.set(state)
        state.manager.tell_trace_end(state.trace_id, state.trace_map)
