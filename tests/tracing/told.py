"""What the tests of traces use: a clock, a handler, and short words for a tree."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.tracing import BaseCallbackHandler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.tracing import CBEventType, Node, Trace

Tree: TypeAlias = dict[str, "Tree"] | None


class Clock:
    """Seconds that pass only where a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def go_on(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.now += seconds


class Told(BaseCallbackHandler):
    """Writes down what it is told."""

    def __init__(self, *ignored: Any) -> None:  # noqa: ANN401 - as the base has them
        super().__init__(*ignored)
        self.calls: list[tuple[Any, ...]] = []
        self.payloads: list[Mapping[str, Any] | None] = []
        self.more: list[dict[str, Any]] = []
        self.maps: dict[str | None, dict[str, list[str]]] = {}

    def on_event_start(
        self,
        event_type: CBEventType,
        payload: Mapping[str, Any] | None = None,
        event_id: str = "",
        parent_id: str = "",
        **kwargs: Any,  # noqa: ANN401 - as the base has it
    ) -> None:
        """Write down a beginning: its type, id and parent."""
        self.calls.append(("start", event_type.value, event_id, parent_id))
        self.payloads.append(payload)
        self.more.append(kwargs)

    def on_event_end(
        self,
        event_type: CBEventType,
        payload: Mapping[str, Any] | None = None,
        event_id: str = "",
        **kwargs: Any,  # noqa: ANN401 - as the base has it
    ) -> None:
        """Write down an end: its type, id, status, and whether it is the cause."""
        status = kwargs["status"]
        if kwargs.get("cause"):
            status += " here"
        self.calls.append(("end", event_type.value, event_id, status))
        self.payloads.append(payload)
        self.more.append(kwargs)

    def start_trace(self, trace_id: str | None = None) -> None:
        """Write down the beginning of a trace."""
        self.calls.append(("trace", trace_id))

    def end_trace(
        self,
        trace_id: str | None = None,
        trace_map: Mapping[str, list[str]] | None = None,
    ) -> None:
        """Write down the end of a trace, and its map."""
        self.calls.append(("end trace", trace_id))
        self.maps[trace_id] = {key: list(ids) for key, ids in (trace_map or {}).items()}

    def names(self) -> list[str]:
        """Return the payloads' names of what began, in order."""
        calls = zip((c for c in self.calls if len(c) > 2), self.payloads, strict=True)
        return [(told or {})["name"] for call, told in calls if call[0] == "start"]


def tree(traced: Trace) -> Tree:
    """Return the names of a trace as a tree; those of one name in one place are one."""
    return _names(traced.roots)


def _names(nodes: list[Node]) -> Tree:
    if not nodes:
        return None
    return {node.name: _names(node.children) for node in nodes}


def times(traced: Trace) -> list[tuple[str, float, float | None]]:
    """Return the names of a trace with their beginnings and ends."""
    return [(node.name, node.began, node.ended) for node in traced]


def outcomes(traced: Trace) -> list[tuple[str, str, bool]]:
    """Return the names of a trace with how they ended, and whether that came of it."""
    return [(node.name, node.phase, node.cause) for node in traced]


async def wait(seconds: float = 1) -> float:
    """Sleep so long and return it."""
    await asyncio.sleep(seconds)
    return seconds


class Boom(Exception):  # noqa: N818 - short, for it is raised everywhere
    """What the tests raise."""
