"""The moment that is looked at, and how it moves by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from notebook_async.core.recording import Recording

__all__ = ["FIT_SECONDS", "Player"]

FIT_SECONDS = 10.0
_SLOWEST, _FASTEST = 0.01, 1e6
_LOOK_BACK = 200


class Player:
    """Holds a moment of a recording, or follows its end; plays it at some speed.

    Parameters
    ----------
    recording
        The recording.
    loop
        Whose clock drives it.

    Attributes
    ----------
    moment
        The time that is looked at, in seconds of `time.perf_counter`; None follows the
        end.
    speed
        Seconds of the recording in a second; 0 while it stands still.
    """

    def __init__(self, recording: Recording, loop: asyncio.AbstractEventLoop) -> None:
        self._recording = recording
        self._loop = loop
        self._since = (0.0, 0.0)
        self._callbacks: list[Callable[[float | None], object]] = []
        self.moment: float | None = None
        self.speed = 0.0

    @property
    def playing(self) -> bool:
        """Whether the moment moves by itself."""
        return self.speed > 0

    def on_moment(self, callback: Callable[[float | None], object]) -> None:
        """Call back with every new moment."""
        self._callbacks.append(callback)

    def off_moment(self, callback: Callable[[float | None], object]) -> None:
        """Call back no more."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)

    def move(self, at: float | None) -> None:
        """Go to a time, or to the end with None; playing goes on from there."""
        self._set(at)
        self._anchor()
        if self.moment is None:
            self.pause()

    def play(self, speed: float | Literal["fit"]) -> None:
        """Let the moment move; from the beginning, if it is at the end.

        Parameters
        ----------
        speed
            Seconds of the recording in a second, or `fit`: all of it in ten.
        """
        began, ended = self._recording.began, self._recording.ended
        if began is None or ended is None:
            return
        if speed == "fit":
            speed = (ended - began) / FIT_SECONDS
        self.speed = min(max(speed, _SLOWEST), _FASTEST)
        if self.moment is None or self.moment >= ended:
            self._set(began)
        self._anchor()

    def pause(self) -> None:
        """Let it stand still."""
        self.speed = 0.0

    def step(self, forward: int, numbers: Callable[[int, int], list[float]]) -> None:
        """Go to the next or the last event.

        Parameters
        ----------
        forward
            1 or -1.
        numbers
            Returns the times of some events: after or before the record of a number.
        """
        self.pause()
        recording = self._recording
        now = recording.ended if self.moment is None else self.moment
        if now is None:
            return
        times = numbers(recording.number_at(now), forward * _LOOK_BACK)
        if forward > 0:
            later = [at for at in times if at > now]
            self.move(min(later) if later else None)
        else:
            earlier = [at for at in times if at < now]
            self.move(max(earlier) if earlier else recording.began)

    def tick(self) -> None:
        """Move on, if it plays."""
        if not self.speed:
            return
        moment, since = self._since
        at = moment + self.speed * (self._loop.time() - since)
        ended = self._recording.ended
        if ended is None or at >= ended:
            self.pause()
            self._set(None)
        else:
            self._set(at)

    def _anchor(self) -> None:
        if self.moment is not None:
            self._since = (self.moment, self._loop.time())

    def _set(self, at: float | None) -> None:
        began, ended = self._recording.began, self._recording.ended
        if at is not None and (began is None or ended is None):
            at = None
        if at is not None and began is not None and ended is not None:
            at = min(max(at, began), ended)
        if at == self.moment:
            return
        self.moment = at
        for callback in list(self._callbacks):
            callback(at)
