"""What went over a page's websockets: single frames and their rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Frame:
    """One websocket frame: `at` seconds on the page's clock, `size` in bytes."""

    at: float
    direction: Literal["in", "out"]
    channel: str
    kind: str
    comm: str
    size: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """The frames of a stretch of `seconds`, and what they come to."""

    frames: tuple[Frame, ...]
    seconds: float

    def only(
        self,
        *,
        direction: str | None = None,
        channel: str | None = None,
        kind: str | None = None,
        comm: str | None = None,
    ) -> Traffic:
        """Return the part of the traffic that has every given property."""
        wanted = {
            "direction": direction,
            "channel": channel,
            "kind": kind,
            "comm": comm,
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        kept = tuple(
            frame
            for frame in self.frames
            if all(getattr(frame, name) == value for name, value in given.items())
        )
        return Traffic(kept, self.seconds)

    @property
    def size(self) -> int:
        """Return the bytes of all frames together."""
        return sum(frame.size for frame in self.frames)

    @property
    def frames_per_second(self) -> float:
        """Return the mean rate of frames."""
        return len(self.frames) / self.seconds

    @property
    def bytes_per_second(self) -> float:
        """Return the mean rate of bytes."""
        return self.size / self.seconds

    def counts(self) -> dict[str, int]:
        """Return the number of frames by `direction channel kind`."""
        result: dict[str, int] = {}
        for frame in self.frames:
            key = f"{frame.direction} {frame.channel} {frame.kind}"
            result[key] = result.get(key, 0) + 1
        return result
