"""A trace in Chrome's trace event format, which Perfetto opens too.

Source: "Trace Event Format", the document of the Chromium project: complete events
(`X`) with times in microseconds, which nest on a track (`tid`) by their times alone. So
work that runs at the same time needs tracks of its own: each piece goes to the first
track on which it lies wholly within its parent, or beside all others.
"""

from __future__ import annotations

import json
from heapq import heappop, heappush
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from notebook_async.tracing._nodes import Node
    from notebook_async.tracing._trace import Trace

__all__ = ["chrome_data", "write"]

_PID = 1
_LOOP = 0


def chrome_data(traced: Trace) -> dict[str, Any]:
    """Return a trace as data for JSON."""
    now = traced.now
    origin = traced.began
    events: list[dict[str, Any]] = [
        _name_of("process_name", 0, traced.name),
        _name_of("thread_name", _LOOP, "event loop held"),
    ]
    tracks = 0
    for node, track in _tracks(traced.roots, now):
        tracks = max(tracks, track)
        events.append(_event(node, track, origin, now))
    events += [_name_of("thread_name", n, f"work {n}") for n in range(1, tracks + 1)]
    events += [
        {
            "ph": "X",
            "name": f"held: {block.code.strip() or block.file}",
            "cat": "block",
            "pid": _PID,
            "tid": _LOOP,
            "ts": _micro(block.at - origin),
            "dur": _micro(block.seconds),
            "args": {"file": block.file, "line": block.line},
        }
        for block in traced.blocks
    ]
    return {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {"began": traced.recording.wall_time(origin)},
    }


def write(data: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write it to a file as JSON."""
    Path(path).write_text(json.dumps(data), encoding="utf-8")


def _name_of(what: str, tid: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": _PID, "tid": tid, "args": {"name": name}}


def _event(node: Node, track: int, origin: float, now: float) -> dict[str, Any]:
    args: dict[str, Any] = {
        key: value if _is_json(value) else str(value)
        for key, value in node.attributes.items()
    }
    start = _micro(node.began - origin)
    end = _micro(node.began + node.seconds(now) - origin)
    if node.error is not None:
        args["error"] = node.error
    if node.phase != "done":
        args["phase"] = node.phase
    return {
        "ph": "X",
        "name": node.name,
        "cat": node.kind,
        "pid": _PID,
        "tid": track,
        "ts": start,
        # Of both ends as they are rounded, or neighbours might overlap by a bit.
        "dur": round(end - start, 3),
        "args": args,
    }


def _micro(seconds: float) -> float:
    return round(1e6 * seconds, 3)


def _is_json(value: object) -> bool:
    """Tell whether JSON has a word for it, which it has not for infinity."""
    return not isinstance(value, float) or isfinite(value)


def _tracks(roots: list[Node], now: float) -> Iterator[tuple[Node, int]]:
    """Return all work with the number of its track, from 1.

    A child follows its parent's track unless another child is still on it, or it
    outlives the parent; then it gets a track that is free by then.
    """
    free: list[tuple[float, int]] = []
    count = 0

    def new_track(start: float, end: float) -> int:
        nonlocal count
        if free and free[0][0] <= start:
            track = heappop(free)[1]
        else:
            count += 1
            track = count
        heappush(free, (end, track))
        return track

    # In the order of time, for a track is free from some time on.
    order = sorted(_with_parents(roots), key=lambda pair: pair[0].began)
    tracks: dict[int, int] = {}
    busy: dict[int, float] = {}
    for node, parent in order:
        end = node.began + node.seconds(now)
        track = 0
        if parent is not None:
            # It may seem to begin before: another process has a clock of its own.
            free_from = busy.get(id(parent), parent.began)
            inside = end <= parent.began + parent.seconds(now)
            if inside and free_from <= node.began:
                track = tracks[id(parent)]
                busy[id(parent)] = end
        tracks[id(node)] = track or new_track(node.began, end)
        yield node, tracks[id(node)]


def _with_parents(roots: list[Node]) -> Iterator[tuple[Node, Node | None]]:
    for root in roots:
        yield root, None
        for node in root.walk():
            for child in node.children:
                yield child, node
