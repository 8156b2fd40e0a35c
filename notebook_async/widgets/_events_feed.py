"""Answers the views of an event panel: what they look at, where that is new."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from notebook_async.widgets._events_lanes import LANE_PHASES, Timeline, lanes_message
from notebook_async.widgets._events_query import (
    Query,
    QueryError,
    parse_query,
    query_hint,
)
from notebook_async.widgets._events_rows import Rows
from notebook_async.widgets._events_tree import Keys, tree_of, visible_nodes
from notebook_async.widgets._events_words import kind_word, payload, source_words

if TYPE_CHECKING:
    from notebook_async.core.recording import Numbered, Recording, State
    from notebook_async.widgets._events_looks import Look
    from notebook_async.widgets._events_player import Player

__all__ = ["Feed"]

_MOST_FILTERS = 8
_ABOVE = 0.7
"""Where in a view the moment stands, of its height: more is seen of what led to it."""

_AT_ONCE = 0.02
_LANES_RATE = 40_000
"""Bytes a second for lanes that grow by themselves."""


class Feed:
    """Looks things up in a recording, for views.

    Parameters
    ----------
    recording
        The recording.
    player
        Which moment is looked at.

    Attributes
    ----------
    origin
        The time that all times in messages are counted from.
    behind
        Whether something has still to be worked out before a view can be answered.
    """

    def __init__(self, recording: Recording, player: Player) -> None:
        self._recording = recording
        self._player = player
        self._rows: OrderedDict[str, Rows] = OrderedDict()
        self._good: OrderedDict[str, str] = OrderedDict()
        self._keys = Keys()
        self._origin: float | None = None
        self._state: tuple[int, State] | None = None
        self._tip: tuple[int, State] | None = None
        self.behind = False

    @property
    def origin(self) -> float:
        """The time that all others are counted from: when the first thing began."""
        if self._origin is None:
            first = self._recording.began
            if first is None:
                return self._recording.anchor.perf
            before = self._recording.seek(self._recording.first)
            began = [job.began for job in before.jobs.values()]
            began += [run.began for run in before.runs.values()]
            began += [flow.began for flow in before.workflows.values()]
            self._origin = min([first, *began]) if self._recording.dropped else first
        return self._origin

    def relative(self, at: float | None) -> float | None:
        """Return a time as messages have it."""
        return None if at is None else round(at - self.origin, 6)

    @property
    def now(self) -> int:
        """The number of the first record that is later than the moment."""
        at = self._player.moment
        return self._recording.end if at is None else self._recording.number_at(at)

    @property
    def state(self) -> State:
        """What everything had come to at the moment."""
        now = self.now
        if self._state is None or self._state[0] != now:
            self._state = (now, self._recording.seek(now))
        return self._state[1]

    @property
    def tip(self) -> State:
        """What everything has come to by now."""
        end = self._recording.end
        if self._tip is None or self._tip[0] != end:
            self._tip = (end, self._recording.seek(end))
        return self._tip[1]

    # -- filters

    def rows(self, text: str) -> Rows:
        """Return the rows that pass a filter.

        Raises
        ------
        QueryError
            If the filter cannot be understood.
        """
        rows = self._rows.get(text)
        if rows is None:
            query = parse_query(text, self.tip) if text else Query()
            rows = self._rows[text] = Rows(self._recording, query)
            if len(self._rows) > _MOST_FILTERS:
                self._rows.popitem(last=False)
        self._rows.move_to_end(text)
        return rows

    def _good_rows(self, look: Look) -> tuple[Rows, dict[str, Any]]:
        """Return the rows of the last filter of a view that was one."""
        answer: dict[str, Any] = {"filter": look.filter, "error": "", "hint": ""}
        try:
            rows = self.rows(look.filter)
        except QueryError as error:
            answer["error"] = str(error)
            try:
                rows = self.rows(self._good.get(look.view, ""))
            except QueryError:
                rows = self.rows("")
        else:
            answer["hint"] = query_hint(rows.query, self.tip)
            self._good[look.view] = look.filter
            self._good.move_to_end(look.view)
            if len(self._good) > _MOST_FILTERS:
                self._good.popitem(last=False)
        return rows, answer

    # -- answers

    def answer(self, look: Look, now: float) -> dict[str, Any] | None:
        """Return what a view has not been told yet, or None.

        Parameters
        ----------
        look
            What it looks at; remembers what it was told.
        now
            Seconds of the loop's clock.
        """
        rows, filtered = self._good_rows(look)
        parts = {"log": self._log, "tree": self._tree, "timeline": self._lanes}
        answer = parts[look.tab](look, rows, now) or {}
        if look.sent.get("filter") != filtered:
            look.sent["filter"] = filtered
            answer["filter"] = filtered
        return answer or None

    def _log(self, look: Look, rows: Rows, _now: float) -> dict[str, Any] | None:
        start, end = rows.bounds()
        now = end if self._player.moment is None else rows.place_of(self.now)
        first = look.first
        if look.follow:
            above = look.count
            if self._player.moment is not None:
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
        return {
            "rows": [self._row(one, places[one.record.source]) for one in found],
            "sources": [source_words(source, self.tip)[:120] for source in sources],
        }

    def _row(self, one: Numbered, source: int) -> list[Any]:
        number, record = one
        return [
            number,
            round(record.at - self.origin, 4),
            kind_word(type(record).__name__),
            LANE_PHASES.index(record.phase),
            source,
            payload(record),
        ]

    def _tree(self, look: Look, rows: Rows, _now: float) -> dict[str, Any] | None:
        query = rows.query
        asked = (self.now, query, look.toggled, look.first, look.count)
        if look.sent.get("tree asked") == asked:
            return None
        look.sent["tree asked"] = asked
        roots = tree_of(self.state, self._player.moment, query)
        lines = list(visible_nodes(roots, look.toggled, self._keys))
        first = max(0, min(look.first, len(lines) - look.count))
        tree = {
            "first": first,
            "total": len(lines),
            "nodes": [
                [
                    line.key,
                    line.level,
                    line.place,
                    line.among,
                    line.node.kind,
                    line.node.phase,
                    line.node.name[:80],
                    None if not line.node.children else line.open,
                    list(line.node.counts),
                    line.node.total,
                    None if line.node.seconds is None else round(line.node.seconds, 4),
                    line.node.note[:200],
                ]
                for line in lines[first : first + look.count]
            ],
        }
        if look.sent.get("tree") == tree:
            return None
        look.sent["tree"] = tree
        return {"tree": tree}

    def _lanes(self, look: Look, rows: Rows, now: float) -> dict[str, Any] | None:
        recording, query = self._recording, rows.query
        asked = (query, look.window, look.pixels, look.first, look.count)
        same = look.sent.get("lanes asked") == asked
        if same and look.sent.get("lanes end") == recording.end:
            return None
        if same and now < look.sent.get("lanes due", 0.0):
            return None
        # The first look at a long recording is spread over several ticks.
        self.behind = recording.began is not None and not recording.prepare(_AT_ONCE)
        if recording.began is None or self.behind:
            return None
        look.sent["lanes asked"] = asked
        look.sent["lanes end"] = recording.end
        window = look.window or self._all()
        message = lanes_message(
            recording,
            query,
            Timeline(self.origin, window, look.pixels, look.first, look.count),
        )
        message["whole"] = look.window is None
        message["fade"] = sorted(query.phases) if query.phases else None
        size = 5 * sum(len(lane[2]) for lane in message["lanes"])
        look.sent["lanes due"] = now + size / _LANES_RATE
        return {"lanes": message}

    def _all(self) -> tuple[float, float]:
        began, ended = self._recording.began, self._recording.ended
        start, end = self.relative(began) or 0.0, self.relative(ended) or 0.0
        return start, max(end, start + 0.001)
