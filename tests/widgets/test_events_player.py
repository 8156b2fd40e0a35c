"""The moment that is looked at: where it may be, and how it moves by itself."""

from __future__ import annotations

import asyncio

import pytest

from notebook_async.core.recording import Recording
from notebook_async.widgets._events_player import Player
from tests.widgets.recordings import item, items, recorded, story


def player(recording: Recording | None = None) -> Player:
    """Return a player of the story, or of another recording."""
    recording = recorded(story()) if recording is None else recording
    return Player(recording, asyncio.get_running_loop())


async def test_moves_within_the_recording() -> None:
    """A moment before the beginning is the beginning, one after the end is the end."""
    one = player()
    told: list[float | None] = []
    one.on_moment(told.append)
    for at in (104.5, 104.5, 0.0, 1e9, None, None):
        one.move(at)
    assert told == [104.5, 100.0, 110.0, None]


@pytest.mark.parametrize("speed", [0.25, 1.0, 2.0])
async def test_plays_at_a_speed(speed: float) -> None:
    """So many seconds of the recording pass in one."""
    one = player()
    one.play(speed)
    assert (one.playing, one.moment) == (True, 100.0)
    await asyncio.sleep(3)
    one.tick()
    assert one.moment == 100.0 + 3 * speed
    one.pause()
    await asyncio.sleep(3)
    one.tick()
    assert (one.playing, one.moment) == (False, 100.0 + 3 * speed)


async def test_a_change_of_speed_goes_on_from_there() -> None:
    """Another speed while it plays moves nothing at once."""
    one = player()
    one.play(1.0)
    await asyncio.sleep(2)
    one.tick()
    one.play(2.0)
    await asyncio.sleep(1)
    one.tick()
    assert one.moment == 104.0


async def test_at_the_end_it_stops_and_begins_anew() -> None:
    """The end ends it; played again, it begins at the beginning."""
    one = player()
    one.move(109.0)
    one.play(1.0)
    await asyncio.sleep(1)
    one.tick()
    assert (one.moment, one.playing) == (None, False)
    one.play(1.0)
    assert one.moment == 100.0


async def test_the_end_ends_playing() -> None:
    """Whoever goes to the end while it plays is there."""
    one = player()
    one.play(1.0)
    one.move(None)
    assert one.playing is False


async def test_fit_plays_ten_seconds() -> None:
    """A recording of any length is over after ten."""
    one = player(recorded(items(100, every=60)))
    one.play("fit")
    await asyncio.sleep(5)
    one.tick()
    assert one.moment == 100.0 + 99 * 30


async def test_steps_between_events_out_of_order() -> None:
    """Times that are told late are stepped through in the order of time."""
    records = [item(at, "done", i) for i, at in enumerate((1.0, 3.0, 2.0, 3.0, 4.0))]
    recording = recorded(records)
    one = player(recording)

    def times(number: int, count: int) -> list[float]:
        first = number if count > 0 else max(0, number + count)
        return [r.at for r in recording.window(first, abs(number - first) or count)]

    seen = []
    for step in (-1, -1, -1, 1, 1, 1, 1):
        one.step(step, times)
        seen.append(one.moment)
    assert seen[:2] == [3.0, 2.0]
    assert seen[-2:] == [4.0, None]


async def test_empty_recording() -> None:
    """Without records there is no moment to be at."""
    one = player(Recording())
    one.play(1.0)
    one.move(3.0)
    one.step(1, lambda _number, _count: [])
    one.tick()
    assert (one.moment, one.playing) == (None, False)
