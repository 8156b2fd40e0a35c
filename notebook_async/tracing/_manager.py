"""The callback manager: events with payloads, told to handlers, within traces."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from notebook_async.errors import ArgumentTypeError
from notebook_async.tracing._event import EventContext, OpenEvent
from notebook_async.tracing._schema import CBEventType
from notebook_async.tracing._traces import OpenTrace, latest, nearest, trace_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from notebook_async.tracing._handler import BaseCallbackHandler

__all__ = ["CallbackManager"]

_log = logging.getLogger("notebook_async")
_DEFAULT = "trace"


class CallbackManager:
    """Tells handlers of events and traces; the names are those of LlamaIndex.

    Each trace has a map of its own, so that any number may go on at once. Inside of a
    trace the handlers are told of everything: your own events, `span`s, runs and their
    items, workflows and their steps, and questions to people. An event outside of a
    trace is one by itself.

    Parameters
    ----------
    handlers
        Who is told; the list is copied.

    Attributes
    ----------
    handlers
        Who is told. Change it by the methods for that.
    failures
        How often a handler has raised; the first time of each is logged.

    Examples
    --------
    >>> from notebook_async.tracing import CBEventType, DebugHandler
    >>> debug = DebugHandler(print_trace_on_end=False)
    >>> manager = CallbackManager([debug])
    >>> with manager.as_trace("query"):
    ...     with manager.event(CBEventType.QUERY, payload={"query_str": "tea?"}) as ev:
    ...         ev.on_end(payload={"response": "green"})
    >>> [(event.event_type.value, event.status) for event in debug.get_events()]
    [('query', 'running'), ('query', 'done')]
    """

    def __init__(self, handlers: Iterable[BaseCallbackHandler] | None = None) -> None:
        self.failures = 0
        self._warned: set[int] = set()
        # By id, in the order in which they began; traces may have events of one id.
        self._events: dict[str, list[OpenEvent]] = {}
        self._traces: list[OpenTrace] = []
        # Traces that an event outside of any has opened, by that event.
        self._implicit: dict[OpenEvent, OpenTrace] = {}
        self.handlers: list[BaseCallbackHandler] = []
        self.set_handlers(handlers or ())

    # -- handlers

    def add_handler(self, handler: BaseCallbackHandler) -> None:
        """Tell one more handler.

        Examples
        --------
        >>> from notebook_async.tracing import BaseCallbackHandler
        >>> manager = CallbackManager()
        >>> manager.add_handler(BaseCallbackHandler())
        >>> len(manager.handlers)
        1
        """
        self.set_handlers([*self.handlers, handler])

    def remove_handler(self, handler: BaseCallbackHandler) -> None:
        """Tell a handler no more; one that it does not have is no error.

        Examples
        --------
        >>> from notebook_async.tracing import BaseCallbackHandler
        >>> handler = BaseCallbackHandler()
        >>> manager = CallbackManager([handler])
        >>> manager.remove_handler(handler)
        >>> manager.handlers
        []
        """
        self.set_handlers(one for one in self.handlers if one is not handler)

    def set_handlers(self, handlers: Iterable[BaseCallbackHandler]) -> None:
        """Tell these handlers, and no others.

        Raises
        ------
        ArgumentTypeError
            If one of them has no `on_event_start`.

        Examples
        --------
        >>> from notebook_async.tracing import BaseCallbackHandler
        >>> manager = CallbackManager([BaseCallbackHandler()])
        >>> manager.set_handlers([])
        >>> manager.handlers
        []
        """
        handlers = list(handlers)
        for handler in handlers:
            if not hasattr(handler, "on_event_start"):
                raise ArgumentTypeError(
                    "a handler must be a BaseCallbackHandler, got"
                    f" {type(handler).__name__}"
                )
        # Replaced and not changed: one may be removed while it is told.
        self.handlers = handlers

    # -- events

    @contextmanager
    def event(
        self,
        event_type: CBEventType | str,
        payload: dict[str, Any] | None = None,
        event_id: str | None = None,
    ) -> Iterator[EventContext]:
        """Let a `with` block be an event; how the block ends is how the event ends.

        Parameters
        ----------
        event_type
            Its sort.
        payload
            What is known of it at its beginning, with the keys of `EventPayload`.
        event_id
            Its id; by default a new one.

        Yields
        ------
        EventContext
            To tell by `on_start` and `on_end` what becomes known later.

        Examples
        --------
        >>> manager = CallbackManager()
        >>> with manager.event("retrieve", payload={"query_str": "tea"}) as event:
        ...     event.on_end(payload={"nodes": ["a", "b"]})
        >>> event.finished
        True
        """
        context = EventContext(self, CBEventType(event_type), event_id)
        if payload is not None:
            context.on_start(payload)
        try:
            context.on_start()
            yield context
        except BaseException as error:
            context.end(None, error)
            raise
        else:
            context.end(None)

    def on_event_start(
        self,
        event_type: CBEventType | str,
        payload: dict[str, Any] | None = None,
        event_id: str | None = None,
        parent_id: str | None = None,
        **kwargs: Any,  # noqa: ANN401 - for the handlers
    ) -> str:
        """Begin an event, and return its id; `on_event_end` ends it.

        Where it can stand around the code, `event` is the better choice: it ends the
        event whatever happens.

        Parameters
        ----------
        event_type, payload, event_id
            As for `event`.
        parent_id
            Id of the event around it; by default the innermost that is open here.
        kwargs
            Given to the handlers.

        Examples
        --------
        >>> from notebook_async.tracing import DebugHandler
        >>> debug = DebugHandler(print_trace_on_end=False)
        >>> manager = CallbackManager([debug])
        >>> event = manager.on_event_start("llm", {"prompt": "Hello"})
        >>> manager.on_event_end("llm", {"completion": "Hi"}, event)
        >>> debug.get_event_time_info("llm").total_count
        1
        """
        implicit = None
        state = trace_of(self)
        if state is None:
            implicit = OpenTrace(self, _DEFAULT)
            implicit.enter()
            state = implicit.state
        kind = CBEventType(event_type)
        event = OpenEvent(state, kind, payload, event_id, parent_id)
        self._events.setdefault(event.id, []).append(event)
        if implicit is not None:
            self._implicit[event] = implicit
        event.begin(payload, **kwargs)
        return event.id

    def on_event_end(
        self,
        event_type: CBEventType | str,
        payload: dict[str, Any] | None = None,
        event_id: str | None = None,
        *,
        error: BaseException | None = None,
        **kwargs: Any,  # noqa: ANN401 - for the handlers
    ) -> None:
        """End an event that `on_event_start` has begun.

        Parameters
        ----------
        event_type, event_id
            Which one. Without an id it is the last of this sort that is open, of the
            trace around the code if that has one.
        payload
            What is known of it now.
        error
            What it failed with, if it did.
        kwargs
            Given to the handlers.

        Examples
        --------
        >>> manager = CallbackManager()
        >>> event = manager.on_event_start("llm")
        >>> manager.on_event_end("llm", event_id=event)
        >>> manager.on_event_end("llm", event_id=event)  # a second time: nothing
        """
        kind = CBEventType(event_type)
        if event_id is None:
            events = [one for same in self._events.values() for one in same]
            events = [one for one in events if one.kind == kind]
        else:
            events = self._events.get(event_id, [])
        if not events:
            return
        event = nearest(events, trace_of(self))
        self._events[event.id].remove(event)
        if not self._events[event.id]:
            del self._events[event.id]
        event.end(payload, error, **kwargs)
        implicit = self._implicit.pop(event, None)
        if implicit is not None:
            implicit.leave()
            implicit.end(error)

    # -- traces

    @contextmanager
    def as_trace(self, trace_id: str) -> Iterator[OpenTrace]:
        """Let a `with` block be a trace; inside of another of this manager it is that.

        Examples
        --------
        >>> manager = CallbackManager()
        >>> with manager.as_trace("query"):
        ...     with manager.event("retrieve", event_id="found"):
        ...         pass
        >>> manager.trace_map
        {'root': ['found']}
        """
        opened = OpenTrace(self, trace_id)
        opened.enter()
        try:
            yield opened
        except BaseException as error:
            opened.leave()
            opened.end(error)
            raise
        else:
            opened.leave()
            opened.end()

    def start_trace(self, trace_id: str | None = None) -> None:
        """Begin a trace that `end_trace` ends; `as_trace` is the better choice.

        Examples
        --------
        >>> manager = CallbackManager()
        >>> manager.start_trace("query")
        >>> manager.end_trace("query")
        """
        opened = OpenTrace(self, trace_id or _DEFAULT)
        opened.enter()
        self._traces.append(opened)

    def end_trace(
        self,
        trace_id: str | None = None,
        trace_map: Mapping[str, list[str]] | None = None,  # noqa: ARG002 - as elsewhere
    ) -> None:
        """End the last trace of this name, or the last one that has begun.

        One that is open around the code goes before those of other tasks.

        Parameters
        ----------
        trace_id
            Its name.
        trace_map
            Not looked at: a trace knows its own.

        Examples
        --------
        >>> manager = CallbackManager()
        >>> manager.end_trace("query")  # none is open: nothing
        """
        traces = [one for one in self._traces if trace_id in {None, one.trace_id}]
        if traces:
            opened = nearest(traces, trace_of(self))
            self._traces.remove(opened)
            opened.leave()
            opened.end()

    @property
    def trace_map(self) -> dict[str, list[str]]:
        """Ids of events by that of the event around them, outermost below `root`.

        Of the trace around the code that asks, or else of the last that has ended here.
        """
        state = trace_of(self)
        if state is None:
            state = latest.get()
        if state is None or state.manager is not self:
            return {}
        return state.trace_map

    # -- telling the handlers

    def tell_start(
        self,
        kind: CBEventType,
        payload: dict[str, Any] | None,
        event_id: str,
        parent_id: str,
        **more: Any,  # noqa: ANN401 - as told to handlers
    ) -> None:
        """Tell the handlers that an event begins."""
        for handler in self.handlers:
            if kind not in handler.event_starts_to_ignore:
                start = handler.on_event_start
                self._call(handler, start, kind, payload, event_id, parent_id, **more)

    def tell_end(
        self,
        kind: CBEventType,
        payload: dict[str, Any] | None,
        event_id: str,
        **more: Any,  # noqa: ANN401 - as told to handlers
    ) -> None:
        """Tell the handlers that an event has ended."""
        for handler in self.handlers:
            if kind not in handler.event_ends_to_ignore:
                end = handler.on_event_end
                self._call(handler, end, kind, payload, event_id, **more)

    def tell_trace_start(self, trace_id: str) -> None:
        """Tell the handlers that a trace begins."""
        for handler in self.handlers:
            self._call(handler, handler.start_trace, trace_id)

    def tell_trace_end(self, trace_id: str, trace_map: dict[str, list[str]]) -> None:
        """Tell the handlers that a trace has ended."""
        for handler in self.handlers:
            self._call(handler, handler.end_trace, trace_id, trace_map)

    def _call(
        self,
        handler: BaseCallbackHandler,
        call: Callable[..., object],
        *args: object,
        **kwargs: object,
    ) -> None:
        try:
            call(*args, **kwargs)
        except Exception:  # noqa: BLE001 - its fault must not become that of the code
            self.failures += 1
            if id(handler) not in self._warned:
                self._warned.add(id(handler))
                _log.warning(
                    "the callback handler %s failed; what it raises is only counted"
                    " from now on",
                    type(handler).__name__,
                    exc_info=True,
                )
