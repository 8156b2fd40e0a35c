"""Attaches to LlamaIndex's dispatcher, and detaches again."""

from __future__ import annotations

from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any, Self

from notebook_async.integrations._llama_index_spans import LlamaSpans

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Attachment", "attach_spans", "attached", "detach_spans"]

_lock = RLock()
_current: _Handlers | None = None


class _Handlers:
    """Our two handlers on the dispatcher at the root, to which all others pass on."""

    def __init__(self) -> None:
        dispatcher = _import("llama_index_instrumentation").get_dispatcher()
        ours = import_module("notebook_async.integrations._llama_index_spans_handlers")
        self.spans = LlamaSpans()
        self._dispatcher: Any = dispatcher
        self._span = ours.SpanHandler(self.spans)
        self._event = ours.EventHandler(self.spans)
        # New lists, for another thread may be walking along the old ones.
        dispatcher.span_handlers = [*dispatcher.span_handlers, self._span]
        dispatcher.event_handlers = [*dispatcher.event_handlers, self._event]

    def remove(self) -> None:
        """Leave the other handlers as they are."""
        root = self._dispatcher
        root.span_handlers = [h for h in root.span_handlers if h is not self._span]
        root.event_handlers = [h for h in root.event_handlers if h is not self._event]
        self.spans.close()


class Attachment:
    """What `attach` returns: leaving its `with` block detaches, if it attached.

    Examples
    --------
    >>> from notebook_async.integrations.llama_index import attach
    >>> with attach() as attachment:
    ...     attachment
    <Attachment to LlamaIndex>
    >>> attachment
    <Attachment to LlamaIndex, detached>
    """

    def __init__(self, handlers: _Handlers, *, first: bool) -> None:
        self._handlers = handlers
        self._first = first

    def detach(self) -> None:
        """Detach, also if something else has attached; a second call does nothing.

        Examples
        --------
        >>> from notebook_async.integrations.llama_index import attach
        >>> attach().detach()
        """
        with _lock:
            if _current is self._handlers:
                detach_spans()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._first:
            self.detach()

    def __repr__(self) -> str:
        gone = "" if _current is self._handlers else ", detached"
        return f"<Attachment to LlamaIndex{gone}>"


def attach_spans() -> Attachment:
    """Attach, unless that has been done."""
    global _current  # noqa: PLW0603 - as there is one dispatcher in a process
    with _lock:
        first = _current is None
        if _current is None:
            _current = _Handlers()
        return Attachment(_current, first=first)


def detach_spans() -> None:
    """Detach, if something is attached."""
    global _current
    with _lock:
        handlers, _current = _current, None
    if handlers is not None:
        handlers.remove()


def attached() -> bool:
    """Tell whether spans come from the dispatcher."""
    return _current is not None


def _import(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"attach() needs {name}, which is not installed:"
            ' pip install "notebook-async[llama-index]"',
            name=name,
        ) from error
