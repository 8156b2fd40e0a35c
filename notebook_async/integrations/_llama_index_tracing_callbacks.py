"""Spans from LlamaIndex's older callback manager, for code that still uses it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from llama_index.core.callbacks.base_handler import BaseCallbackHandler

from notebook_async.integrations._llama_index_spans import LlamaSpans
from notebook_async.integrations._llama_index_spans_facts import facts_of
from notebook_async.integrations._llama_index_tracing import attached
from notebook_async.tracing._schema import LEAF_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llama_index.core.callbacks.schema import CBEventType

__all__ = ["PanelCallbackHandler"]


class PanelCallbackHandler(BaseCallbackHandler):
    """Tells of what goes on in LlamaIndex, through its older callback manager.

    `attach()` tells more. While that is in force this one tells nothing, so that no
    work is shown twice.

    Parameters
    ----------
    event_starts_to_ignore, event_ends_to_ignore
        Sorts of events that are not told. One of which the end alone is ignored is
        shown as running for ever, so give them to both.

    Examples
    --------
    >>> from llama_index.core.callbacks import CallbackManager, CBEventType
    >>> from notebook_async.tracing import trace
    >>> from notebook_async.integrations.llama_index import PanelCallbackHandler
    >>> manager = CallbackManager([PanelCallbackHandler()])
    >>> with trace("demo") as traced:
    ...     with manager.event(CBEventType.QUERY, payload={"query_str": "Rain?"}):
    ...         pass
    >>> print(traced.tree(times=False))
    ✓ demo
    └─ ✓ query  query=Rain?
    """

    def __init__(
        self,
        event_starts_to_ignore: Iterable[CBEventType] = (),
        event_ends_to_ignore: Iterable[CBEventType] = (),
    ) -> None:
        super().__init__(list(event_starts_to_ignore), list(event_ends_to_ignore))
        self._spans = LlamaSpans()

    def on_event_start(
        self,
        event_type: CBEventType,
        payload: dict[str, Any] | None = None,
        event_id: str = "",
        parent_id: str = "",
        **_: Any,
    ) -> str:
        """Tell that an event begins.

        Examples
        --------
        >>> from llama_index.core.callbacks import CBEventType
        >>> from notebook_async.integrations.llama_index import PanelCallbackHandler
        >>> PanelCallbackHandler().on_event_start(CBEventType.LLM, event_id="event-1")
        'event-1'
        """
        event_id = event_id or str(uuid4())
        if not attached():
            try:
                self._begin(str(event_type.value), payload or {}, event_id, parent_id)
            except Exception:  # noqa: BLE001 - else it would stop the user's query
                self._spans.report()
        return event_id

    def on_event_end(
        self,
        event_type: CBEventType,  # noqa: ARG002 - as the manager calls it
        payload: dict[str, Any] | None = None,
        event_id: str = "",
        **_: Any,
    ) -> None:
        """Tell that an event ends.

        Examples
        --------
        >>> from llama_index.core.callbacks import CBEventType
        >>> from notebook_async.integrations.llama_index import PanelCallbackHandler
        >>> PanelCallbackHandler().on_event_end(CBEventType.LLM, event_id="event-1")
        """
        try:
            self._end(payload or {}, event_id)
        except Exception:  # noqa: BLE001 - as above
            self._spans.report()

    def start_trace(self, trace_id: str | None = None) -> None:
        """Do nothing: a trace of LlamaIndex has no work of its own.

        Examples
        --------
        >>> from notebook_async.integrations.llama_index import PanelCallbackHandler
        >>> PanelCallbackHandler().start_trace("query")
        """

    def end_trace(
        self,
        trace_id: str | None = None,
        trace_map: dict[str, list[str]] | None = None,
    ) -> None:
        """Do nothing, as `start_trace`.

        Examples
        --------
        >>> from notebook_async.integrations.llama_index import PanelCallbackHandler
        >>> PanelCallbackHandler().end_trace("query", {})
        """

    def _begin(self, kind: str, payload: dict[str, Any], key: str, parent: str) -> None:
        facts = facts_of(payload)
        leaf = kind in LEAF_EVENTS or kind == "exception"
        self._spans.begin(key, kind, kind, facts, parent=parent, leaf=leaf)
        if kind == "exception":
            # The manager tells of these as they begin, and never that they end.
            self._spans.end(key, error=_error_in(payload))
        elif (span := self._spans.find(key)) is not None:
            span.handled = id(sys.exception())

    def _end(self, payload: dict[str, Any], key: str) -> None:
        span = self._spans.find(key)
        if span is None:
            return
        span.note(facts_of(payload))
        error = _error_in(payload)
        if error is None and id(sys.exception()) != span.handled:
            # The manager tells of an exception to the innermost event only, and of a
            # cancellation to none; but it ends them while the exception is handled.
            error = sys.exception()
        self._spans.end(key, error=error)


def _error_in(payload: dict[str, Any]) -> BaseException | None:
    error = payload.get("exception")
    return error if isinstance(error, BaseException) else None
