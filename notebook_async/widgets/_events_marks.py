"""The places of a slider that are worth a look: where something failed or blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notebook_async.core.recording import Recording

__all__ = ["Marks"]

_MOST = 60
_MOST_FAILURES = 5_000
_DELAY = 1.0


class Marks:
    """Finds failures and times in which the loop was held; looks once a second.

    Parameters
    ----------
    recording
        The recording.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._failed = recording.where(phases=["failed"])
        self._known = -1
        self._due = 0.0
        self._times: list[float] = []

    def times(self, now: float) -> list[float]:
        """Return some times, in order; of several close to each other one.

        Parameters
        ----------
        now
            Seconds of the loop's clock.
        """
        recording = self._recording
        if recording.end != self._known and now >= self._due:
            self._known, self._due = recording.end, now + _DELAY
            self._times = self._find()
        return self._times

    def _find(self) -> list[float]:
        recording = self._recording
        began, ended = recording.began, recording.ended
        if began is None or ended is None or ended <= began:
            return []
        failed = self._failed.window(-_MOST_FAILURES, _MOST_FAILURES)
        times = [one.record.at for one in failed]
        times += [block.at for block in recording.state.blocks]
        scale = _MOST / (ended - began)
        found = {int((at - began) * scale): at for at in sorted(times) if at >= began}
        return list(found.values())
