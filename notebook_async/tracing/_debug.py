"""A handler that keeps what happens, for looking at it: times, pairs and the tree."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notebook_async.core._short import short
from notebook_async.tracing._handler import BaseCallbackHandler, CBEvent
from notebook_async.tracing._schema import CBEventType
from notebook_async.tracing._text import seconds_text
from notebook_async.tracing._traces import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["DebugHandler", "EventStats"]

_SHOWN = 1000
_MARKS = {"done": "✓", "error": "✗", "cancelled": "⊘", "running": "▸"}


@dataclass(frozen=True, slots=True)
class EventStats:
    """How long events took that have ended.

    Attributes
    ----------
    total_secs, average_secs
        In all, and one on average; 0 where none has ended.
    total_count
        How many have ended.
    running
        How many go on; they are no part of the other numbers.
    """

    total_secs: float
    average_secs: float
    total_count: int
    running: int = 0


class DebugHandler(BaseCallbackHandler):
    """Keeps the last events, as text and numbers, and prints each trace as a tree.

    Parameters
    ----------
    event_starts_to_ignore, event_ends_to_ignore
        As for `BaseCallbackHandler`.
    print_trace_on_end
        Whether to print the tree of each trace as it ends.
    capacity
        How many beginnings and ends to keep, >= 1; the oldest go first.
    most
        Characters of a value of a payload, >= 1. Values are kept as text, so that no
        object of yours lives longer than it would.
    print_function
        Takes the lines to print.

    Examples
    --------
    >>> from notebook_async.tracing import CallbackManager
    >>> debug = DebugHandler(print_trace_on_end=False)
    >>> manager = CallbackManager([debug])
    >>> with manager.as_trace("query"):
    ...     with manager.event("llm", payload={"formatted_prompt": "Hello"}) as event:
    ...         event.on_end(payload={"completion": "Hi"})
    >>> [(start, end)] = debug.get_llm_inputs_outputs()
    >>> start.payload["formatted_prompt"], end.payload["completion"]
    ('Hello', 'Hi')
    """

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        event_starts_to_ignore: Iterable[CBEventType | str] = (),
        event_ends_to_ignore: Iterable[CBEventType | str] = (),
        *,
        print_trace_on_end: bool = True,
        capacity: int = 10_000,
        most: int = _SHOWN,
        print_function: Callable[[str], object] = print,
    ) -> None:
        super().__init__(event_starts_to_ignore, event_ends_to_ignore)
        self.print_trace_on_end = print_trace_on_end
        self._events: deque[CBEvent] = deque(maxlen=capacity)
        self._most = most
        self._print = print_function
        self._trace_map: dict[str, list[str]] = {}

    # -- being told

    def on_event_start(
        self,
        event_type: CBEventType,
        payload: Mapping[str, Any] | None = None,
        event_id: str = "",
        parent_id: str = "",
        **kwargs: Any,  # noqa: ANN401 - as of the base
    ) -> None:
        """Keep the beginning of an event."""
        times = {"at_ns": kwargs["at_ns"]} if "at_ns" in kwargs else {}
        kept = self._kept(payload)
        event = CBEvent(event_type, kept, event_id, parent_id, **times)
        self._events.append(event)

    def on_event_end(
        self,
        event_type: CBEventType,
        payload: Mapping[str, Any] | None = None,
        event_id: str = "",
        **kwargs: Any,  # noqa: ANN401 - as of the base
    ) -> None:
        """Keep the end of an event."""
        times = {"at_ns": kwargs["at_ns"]} if "at_ns" in kwargs else {}
        status = kwargs.get("status", "done")
        event = CBEvent(
            event_type, self._kept(payload), event_id, status=status, **times
        )
        self._events.append(event)

    def end_trace(
        self,
        trace_id: str | None = None,
        trace_map: Mapping[str, list[str]] | None = None,
    ) -> None:
        """Keep the tree of a trace, and print it."""
        tree = {name: list(inside) for name, inside in (trace_map or {}).items()}
        self._trace_map = tree
        if self.print_trace_on_end:
            self._print_tree(tree, trace_id)

    def _kept(self, payload: Mapping[str, Any] | None) -> dict[str, str] | None:
        if payload is None:
            return None
        return {str(key): self._text(value) for key, value in payload.items()}

    def _text(self, value: object) -> str:
        if isinstance(value, str) and len(value) <= self._most:
            return value
        return short(value, most=self._most)

    # -- looking

    def get_events(self, event_type: CBEventType | str | None = None) -> list[CBEvent]:
        """Return beginnings and ends in their order, of one sort or of all.

        Examples
        --------
        >>> DebugHandler().get_events()
        []
        """
        kind = None if event_type is None else CBEventType(event_type)
        return [one for one in tuple(self._events) if kind in {None, one.event_type}]

    def get_event_pairs(
        self, event_type: CBEventType | str | None = None
    ) -> list[tuple[CBEvent, CBEvent]]:
        """Return the beginning and the end of each event that has both.

        Examples
        --------
        >>> DebugHandler().get_event_pairs("llm")
        []
        """
        return list(self._pairs(event_type))

    def get_running(self, event_type: CBEventType | str | None = None) -> list[CBEvent]:
        """Return the beginnings of events that have not ended.

        Examples
        --------
        >>> DebugHandler().get_running()
        []
        """
        running: dict[str, CBEvent] = {}
        for event in self.get_events(event_type):
            if event.status == "running":
                running[event.id_] = event
            else:
                running.pop(event.id_, None)
        return list(running.values())

    def get_event_time_info(
        self, event_type: CBEventType | str | None = None
    ) -> EventStats:
        """Return how long events took, of one sort or of all.

        Examples
        --------
        >>> DebugHandler().get_event_time_info("llm")
        EventStats(total_secs=0.0, average_secs=0.0, total_count=0, running=0)
        """
        took = [end.at_ns - start.at_ns for start, end in self._pairs(event_type)]
        total = sum(took) / 1e9
        running = len(self.get_running(event_type))
        average = total / len(took) if took else 0.0
        return EventStats(total, average, len(took), running)

    def get_llm_inputs_outputs(self) -> list[tuple[CBEvent, CBEvent]]:
        """Return what language models were asked, and what they said, in pairs.

        Examples
        --------
        >>> DebugHandler().get_llm_inputs_outputs()
        []
        """
        return self.get_event_pairs(CBEventType.LLM)

    def flush_event_logs(self) -> None:
        """Forget everything.

        Examples
        --------
        >>> debug = DebugHandler()
        >>> debug.flush_event_logs()
        >>> debug.get_events()
        []
        """
        self._events.clear()
        self._trace_map = {}

    def print_trace_map(self) -> None:
        """Print the tree of the last trace that has ended.

        Examples
        --------
        >>> DebugHandler().print_trace_map()
        Trace: nothing has happened
        """
        self._print_tree(self._trace_map, None)

    def _pairs(
        self, event_type: CBEventType | str | None
    ) -> Iterator[tuple[CBEvent, CBEvent]]:
        began: dict[str, CBEvent] = {}
        for event in self.get_events(event_type):
            if event.status == "running":
                began[event.id_] = event
            elif event.id_ in began:
                yield began.pop(event.id_), event

    def _print_tree(self, tree: dict[str, list[str]], trace_id: str | None) -> None:
        head = "Trace" if trace_id is None else f"Trace {trace_id}"
        if not tree.get(ROOT):
            self._print(f"{head}: nothing has happened")
            return
        events = {one.id_: one for one in self.get_events() if one.status == "running"}
        ends = {one.id_: one for one in self.get_events() if one.status != "running"}
        self._print(f"{head}:")
        left = [(name, 0) for name in reversed(tree[ROOT])]
        while left:
            name, depth = left.pop()
            self._print("  " * depth + _line(name, events.get(name), ends.get(name)))
            left += [(inside, depth + 1) for inside in reversed(tree.get(name, []))]


def _line(name: str, start: CBEvent | None, end: CBEvent | None) -> str:
    if start is None:
        return f"· {name}"
    told = (start.payload or {}).get("name", "")
    what = f"{start.event_type} {told}".rstrip()
    if end is None:
        return f"{_MARKS['running']} {what}  running"
    took = seconds_text((end.at_ns - start.at_ns) / 1e9)
    return f"{_MARKS.get(end.status, '·')} {what}  {took}"
