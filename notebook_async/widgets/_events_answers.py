"""Answers the views of an event panel: what they look at, where that is new."""

from __future__ import annotations

from time import thread_time
from typing import TYPE_CHECKING, Any

from notebook_async.widgets._events_lanes import LANE_PHASES, Timeline, lanes_message
from notebook_async.widgets._events_tree import tree_of, visible_nodes
from notebook_async.widgets._events_words import kind_word, payload, source_words

if TYPE_CHECKING:
    from notebook_async.core.recording import Numbered
    from notebook_async.widgets._events_feed import Feed
    from notebook_async.widgets._events_looks import Look
    from notebook_async.widgets._events_rows import Rows
    from notebook_async.widgets._events_tree import Line

__all__ = ["Answers"]

_ABOVE = 0.7
"""Where in a view the moment stands, of its height: more is seen of what led to it."""

_AT_ONCE = 0.02
_SHARE = 10
"""A view costs one part in so many of the loop's time, unless a person moves it."""

_LANES_RATE = 40_000
"""Bytes a second for lanes that grow by themselves."""


class Answers:
    """Makes what views are told.

    Parameters
    ----------
    feed
        Looks things up.

    Attributes
    ----------
    behind
        Whether something has still to be worked out before a view can be answered.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.behind = False

    def answer(self, look: Look, now: float) -> dict[str, Any] | None:
        """Return what a view has not been told yet, or None.

        Parameters
        ----------
        look
            What it looks at; remembers what it was told.
        now
            Seconds of the loop's clock.
        """
        if now < look.due:
            self.behind = True
            return None
        begin = thread_time()
        rows, filtered = self._feed.good_rows(look)
        parts = {"log": self._log, "tree": self._tree, "timeline": self._lanes}
        answer = parts[look.tab](look, rows) or {}
        if look.sent.get("filter") != filtered:
            look.sent["filter"] = filtered
            answer["filter"] = filtered
        look.due = now + _SHARE * (thread_time() - begin)
        if "lanes" in answer:
            size = 5 * sum(len(lane[2]) for lane in answer["lanes"]["lanes"])
            look.due = max(look.due, now + size / _LANES_RATE)
        return answer or None

    # -- the log

    def _log(self, look: Look, rows: Rows) -> dict[str, Any] | None:
        feed = self._feed
        start, end = rows.bounds()
        now = end if feed.player.moment is None else rows.place_of(feed.now)
        first = look.first
        if look.follow:
            above = look.count
            if feed.player.moment is not None:
                above = round(look.count * _ABOVE)
            first = min(now - above, end - look.count)
        first = max(start, first)
        last = min(end, first + look.count)
        told: dict[str, Any] = {
            "basis": rows.basis,
            "start": start,
            "end": end,
            "now": now,
        }
        window = (rows.basis, first, last)
        if look.sent.get("window") == window:
            if look.sent.get("log") == told:
                return None
            look.sent["log"] = told
            return {"log": told}
        look.sent["window"], look.sent["log"] = window, told
        return {"log": {**told, "first": first, **self._table(rows, first, last)}}

    def _table(self, rows: Rows, first: int, last: int) -> dict[str, Any]:
        found = rows.window(first, last - first)
        sources = {one.record.source: None for one in found}
        places = {source: place for place, source in enumerate(sources)}
        tip = self._feed.tip
        return {
            "rows": [self._row(one, places[one.record.source]) for one in found],
            "sources": [source_words(source, tip)[:120] for source in sources],
        }

    def _row(self, one: Numbered, source: int) -> list[Any]:
        number, record = one
        return [
            number,
            round(record.at - self._feed.origin, 4),
            kind_word(type(record).__name__),
            LANE_PHASES.index(record.phase),
            source,
            payload(record),
        ]

    # -- the tree

    def _tree(self, look: Look, rows: Rows) -> dict[str, Any] | None:
        feed = self._feed
        asked = (feed.now, rows.query, look.toggled, look.first, look.count)
        if look.sent.get("tree asked") == asked:
            return None
        look.sent["tree asked"] = asked
        roots = tree_of(feed.state, feed.player.moment, rows.query)
        lines = list(visible_nodes(roots, look.toggled, feed.keys))
        first = max(0, min(look.first, len(lines) - look.count))
        seen = lines[first : first + look.count]
        tree = {
            "first": first,
            "total": len(lines),
            "nodes": [_node(line) for line in seen],
        }
        if look.sent.get("tree") == tree:
            return None
        look.sent["tree"] = tree
        return {"tree": tree}

    # -- the lanes

    def _lanes(self, look: Look, rows: Rows) -> dict[str, Any] | None:
        feed, recording, query = self._feed, self._feed.recording, rows.query
        asked = (query, look.window, look.pixels, look.first, look.count, recording.end)
        if look.sent.get("lanes asked") == asked or recording.began is None:
            return None
        # The first look at a long recording is spread over several ticks.
        if not recording.prepare(_AT_ONCE):
            self.behind = True
            return None
        look.sent["lanes asked"] = asked
        window = look.window or feed.span()
        # What was too fine to be sent is too fine again.
        finest = look.sent.get("finest", 0.0)
        coarse = (window[1] - window[0]) / finest if finest else look.pixels
        pixels = max(1, min(look.pixels, int(coarse)))
        timeline = Timeline(feed.origin, window, pixels, look.first, look.count)
        lanes = lanes_message(recording, query, timeline)
        used = lanes.pop("pixels")
        look.sent["finest"] = (window[1] - window[0]) / used if used < pixels else 0.0
        lanes["whole"] = look.window is None
        lanes["fade"] = sorted(query.phases) if query.phases else None
        if look.sent.get("lanes") == lanes:
            return None
        look.sent["lanes"] = lanes
        return {"lanes": lanes}


def _node(line: Line) -> list[Any]:
    node = line.node
    return [
        line.key,
        line.level,
        line.place,
        line.among,
        node.kind,
        node.phase,
        node.name[:80],
        None if not node.children else line.open,
        list(node.counts),
        node.total,
        None if node.seconds is None else round(node.seconds, 4),
        node.note[:200],
    ]
