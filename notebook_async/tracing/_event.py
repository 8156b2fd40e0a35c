"""An event of a callback manager's own: with a payload, and with how it ended."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.tracing._open import OpenSpan, nano, phase_of
from notebook_async.tracing._schema import CBEventType, EventPayload
from notebook_async.tracing._traces import status_of

if TYPE_CHECKING:
    from notebook_async.tracing._manager import CallbackManager
    from notebook_async.tracing._traces import TraceState

__all__ = ["EventContext", "OpenEvent"]


class OpenEvent:
    """An event between its beginning and its end."""

    def __init__(
        self,
        state: TraceState,
        kind: CBEventType,
        payload: dict[str, Any] | None,
        event_id: str | None,
        parent_id: str | None,
    ) -> None:
        self.kind = kind
        self.span = OpenSpan(str(kind), kind, payload or {}, own_id=event_id)
        self.id = self.span.id
        self.state = state
        self._parent = state.add_own(self.span.source, parent_id or self.span.parent)

    def begin(self, payload: dict[str, Any] | None, **more: Any) -> None:  # noqa: ANN401
        """Tell the handlers, and let what follows be inside, unless it is a leaf."""
        span = self.span
        span.begin()
        self.state.manager.tell_start(
            self.kind, payload, self.id, self._parent, at_ns=nano(span.began), **more
        )
        span.enter()

    def end(
        self,
        payload: dict[str, Any] | None,
        error: BaseException | None = None,
        **more: Any,  # noqa: ANN401 - for the handlers
    ) -> None:
        """Tell the handlers that it has ended, and with what."""
        span = self.span
        span.leave()
        span.set(payload or {})
        cause = span.end(error)
        if error is not None:
            payload = {EventPayload.EXCEPTION: error, **(payload or {})}
        if cause and error is not None:
            self._raised(error)
        self.state.manager.tell_end(
            self.kind,
            payload,
            self.id,
            status=status_of(phase_of(error)),
            cause=cause,
            at_ns=nano(perf_counter()),
            **more,
        )

    def _raised(self, error: BaseException) -> None:
        """Tell of the exception as an event by itself, once, where it came from."""
        manager, kind, now = self.state.manager, CBEventType.EXCEPTION, perf_counter()
        payload: dict[str, Any] = {EventPayload.EXCEPTION: error}
        source = (*self.span.source[:-1], f"{self.id}-exception")
        self.state.add_own(source, self.id)
        name, at_ns = source[-1], nano(now)
        manager.tell_start(kind, payload, name, self.id, at_ns=at_ns)
        manager.tell_end(kind, payload, name, status="error", cause=True, at_ns=at_ns)


class EventContext:
    """An event of a `with` block, to tell more about it.

    Attributes
    ----------
    started, finished
        Whether it has begun, and whether it has ended.
    """

    def __init__(
        self, manager: CallbackManager, event_type: CBEventType, event_id: str | None
    ) -> None:
        self.started = False
        self.finished = False
        self._manager = manager
        self._type = event_type
        self._id = event_id

    @property
    def event_id(self) -> str | None:
        """Its id, once it has begun."""
        return self._id

    def on_start(self, payload: dict[str, Any] | None = None, **kwargs: Any) -> None:  # noqa: ANN401
        """Begin it with a payload; later calls do nothing.

        Examples
        --------
        >>> from notebook_async.tracing import CallbackManager
        >>> with CallbackManager().event("llm") as event:
        ...     event.on_start(payload={"prompt": "Hello"})
        """
        if not self.started:
            self.started = True
            self._id = self._manager.on_event_start(
                self._type, payload, self._id, **kwargs
            )

    def on_end(self, payload: dict[str, Any] | None = None, **kwargs: Any) -> None:  # noqa: ANN401
        """End it with a payload; later calls do nothing.

        Examples
        --------
        >>> from notebook_async.tracing import CallbackManager
        >>> with CallbackManager().event("llm") as event:
        ...     event.on_end(payload={"completion": "Hi"})
        """
        self.end(payload, **kwargs)

    def end(
        self,
        payload: dict[str, Any] | None,
        error: BaseException | None = None,
        **kwargs: Any,  # noqa: ANN401 - for the handlers
    ) -> None:
        """End it, if `on_end` has not."""
        if not self.finished:
            self.finished = True
            self._manager.on_event_end(
                self._type, payload, self._id, error=error, **kwargs
            )
