"""What every view of an event panel is told: the head of each message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.widgets._events_export import suggest_name
from notebook_async.widgets._events_marks import Marks

if TYPE_CHECKING:
    from notebook_async.widgets._events_feed import Feed

__all__ = ["Heads"]


class Heads:
    """Makes heads.

    Parameters
    ----------
    feed
        Looks things up.

    Attributes
    ----------
    epoch
        Counts the pages that have loaded, each of which knows nothing of the others.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._marks = Marks(feed.recording)
        self._name = ""
        self.epoch = 0

    def now(self, now: float, moved: list[Any]) -> dict[str, Any]:
        """Return the head of a message.

        Parameters
        ----------
        now
            Seconds of the loop's clock.
        moved
            Who has moved the moment last.
        """
        feed, recording, player = self._feed, self._feed.recording, self._feed.player
        if not self._name and recording.end:
            self._name = suggest_name(recording)
        goes_on = feed.tip.phase in ("running", "waiting")
        return {
            "began": feed.relative(recording.began),
            "ended": feed.relative(recording.ended),
            "moment": feed.relative(player.moment),
            "moved": moved,
            "speed": player.speed,
            "live": recording.listens,
            "ticks": recording.listens and goes_on,
            "records": recording.end,
            "dropped": recording.dropped,
            "missing": recording.incomplete or "",
            "marks": [feed.relative(at) for at in self._marks.times(now)],
            "name": self._name,
            "epoch": self.epoch,
        }
