"""Looks things up in a recording: its moment, its rows, and the times of messages."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from notebook_async.widgets._events_query import (
    Query,
    QueryError,
    parse_query,
    query_hint,
)
from notebook_async.widgets._events_rows import Rows
from notebook_async.widgets._events_tree import Keys

if TYPE_CHECKING:
    from notebook_async.core.recording import Recording, State
    from notebook_async.widgets._events_looks import Look
    from notebook_async.widgets._events_player import Player

__all__ = ["Feed"]

_MOST_FILTERS = 8


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
    recording, player
        As given.
    keys
        The numbers of the nodes of the tree.
    """

    def __init__(self, recording: Recording, player: Player) -> None:
        self.recording = recording
        self.player = player
        self._rows: OrderedDict[str, Rows] = OrderedDict()
        self._good: OrderedDict[str, str] = OrderedDict()
        self.keys = Keys()
        self._origin: float | None = None
        self._state: tuple[int, State] | None = None
        self._tip: tuple[int, State] | None = None

    @property
    def origin(self) -> float:
        """The time that all others are counted from: when the first thing began."""
        if self._origin is None:
            first = self.recording.began
            if first is None:
                return self.recording.anchor.perf
            before = self.recording.seek(self.recording.first)
            began = [job.began for job in before.jobs.values()]
            began += [run.began for run in before.runs.values()]
            began += [flow.began for flow in before.workflows.values()]
            self._origin = min([first, *began]) if self.recording.dropped else first
        return self._origin

    def relative(self, at: float | None) -> float | None:
        """Return a time as messages have it."""
        return None if at is None else round(at - self.origin, 6)

    def span(self) -> tuple[float, float]:
        """Return from when to when there is something to see."""
        began, ended = self.recording.began, self.recording.ended
        start, end = self.relative(began) or 0.0, self.relative(ended) or 0.0
        return start, max(end, start + 0.001)

    @property
    def now(self) -> int:
        """The number of the first record that is later than the moment."""
        at = self.player.moment
        return self.recording.end if at is None else self.recording.number_at(at)

    @property
    def state(self) -> State:
        """What everything had come to at the moment."""
        now = self.now
        if self._state is None or self._state[0] != now:
            self._state = (now, self.recording.seek(now))
        return self._state[1]

    @property
    def tip(self) -> State:
        """What everything has come to by now."""
        end = self.recording.end
        if self._tip is None or self._tip[0] != end:
            self._tip = (end, self.recording.seek(end))
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
            rows = self._rows[text] = Rows(self.recording, query)
            if len(self._rows) > _MOST_FILTERS:
                self._rows.popitem(last=False)
        self._rows.move_to_end(text)
        return rows

    def good_rows(self, look: Look) -> tuple[Rows, dict[str, Any]]:
        """Return the rows of the last filter of a view that was one.

        Parameters
        ----------
        look
            What the view looks at.

        Returns
        -------
        tuple
            The rows, and what to say of the filter as it stands.
        """
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
