"""What a callback manager tells: the base of all handlers, and an event as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from notebook_async.core import Anchor
from notebook_async.tracing._schema import CBEventType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["BaseCallbackHandler", "CBEvent"]

_ANCHOR = Anchor()
"""One for the process: an event has one clock, and the wall clock is read once."""


class BaseCallbackHandler:
    """Base of what is told of events: override what you want to know.

    What a handler raises is logged once and counted by its manager; the code that is
    traced never sees it. Handlers are called where things happen, in any thread, so
    they must be quick.

    Parameters
    ----------
    event_starts_to_ignore, event_ends_to_ignore
        Sorts of events whose beginnings and ends it is not told.

    Examples
    --------
    >>> from notebook_async.tracing import CallbackManager
    >>> class Names(BaseCallbackHandler):
    ...     def on_event_start(self, event_type, payload=None, *ids, **rest):
    ...         print(event_type, payload)
    >>> manager = CallbackManager([Names()])
    >>> with manager.event("llm", payload={"prompt": "Hello"}):
    ...     pass
    llm {'prompt': 'Hello'}
    """

    def __init__(
        self,
        event_starts_to_ignore: Iterable[CBEventType | str] = (),
        event_ends_to_ignore: Iterable[CBEventType | str] = (),
    ) -> None:
        self.event_starts_to_ignore = tuple(map(CBEventType, event_starts_to_ignore))
        self.event_ends_to_ignore = tuple(map(CBEventType, event_ends_to_ignore))

    def on_event_start(
        self,
        event_type: CBEventType,
        payload: Mapping[str, Any] | None = None,
        event_id: str = "",
        parent_id: str = "",
        **kwargs: Any,  # noqa: ANN401 - `at_ns`, and what may come
    ) -> Any:  # noqa: ANN401 - nobody looks at it
        """Be told that an event begins.

        Parameters
        ----------
        event_type
            Its sort.
        payload
            What is known of it, with the keys of `EventPayload`; the objects of an
            event of your own, short text of what the package tells by itself.
        event_id, parent_id
            Its id, and that of the event around it or `root`.
        kwargs
            `at_ns`, when it began by `time.perf_counter_ns`.
        """

    def on_event_end(
        self,
        event_type: CBEventType,
        payload: Mapping[str, Any] | None = None,
        event_id: str = "",
        **kwargs: Any,  # noqa: ANN401 - `status` and the like
    ) -> None:
        """Be told that an event has ended.

        Parameters
        ----------
        event_type, payload, event_id
            As at its beginning.
        kwargs
            `at_ns`; `status`, which is `done`, `error` or `cancelled`; and `cause`,
            whether the exception came out of this very event, of all that it ended.
        """

    def start_trace(self, trace_id: str | None = None) -> None:
        """Be told that a trace begins."""

    def end_trace(
        self,
        trace_id: str | None = None,
        trace_map: Mapping[str, list[str]] | None = None,
    ) -> None:
        """Be told that a trace has ended, and which events were in which."""


@dataclass(frozen=True, slots=True)
class CBEvent:
    """The beginning or the end of an event, as `DebugHandler` keeps it.

    Attributes
    ----------
    event_type
        Its sort.
    payload
        What was known of it, as short text.
    id_, parent_id
        Its id, and that of the event around it or `root`.
    status
        `running` at its beginning, then `done`, `error` or `cancelled`.
    at_ns
        When, by `time.perf_counter_ns`.

    Examples
    --------
    >>> CBEvent(CBEventType.LLM).status
    'running'
    """

    event_type: CBEventType
    payload: Mapping[str, str] | None = None
    id_: str = ""
    parent_id: str = ""
    status: str = "running"
    at_ns: int = field(default_factory=perf_counter_ns)

    @property
    def time(self) -> datetime:
        """When that was by the wall clock, in UTC."""
        return datetime.fromtimestamp(_ANCHOR.wall_time(self.at_ns / 1e9), UTC)
