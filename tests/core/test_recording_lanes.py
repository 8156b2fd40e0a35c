"""Who was busy when, at any width."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async import record, run_jobs
from notebook_async.core.recording import Recording, Span
from notebook_async.core.recording._lanes import merged
from notebook_async.errors import InvalidArgumentError
from tests.core.recorded import (
    FLOW,
    RUN,
    any_records,
    block,
    flow,
    item,
    recorded,
    run,
    step,
)

if TYPE_CHECKING:
    from notebook_async.core import Record

FINE = 10**9
"""More pixels than there is anything to tell apart."""


def shown(recording: Recording, *times: float, **more: Any) -> dict[Any, Any]:  # noqa: ANN401
    """Return lanes by name and worker: start, end and phase of each span."""
    return {
        (lane.name, lane.worker): [(s.start, s.end, s.phase) for s in lane.spans]
        for lane in recording.lanes(*times, **{"pixels": FINE, **more})
    }


# -- what is busy


def test_calls_of_a_step() -> None:
    """A call is a span in the lane of its worker, from when it got one to its end."""
    recording = recorded(
        [
            step(1, "running", 1),
            step(2, "running", 2),
            step(3, "done", 1, began=1),
            step(4, "failed", 3, began=3.5),
            step(6, "done", 2, began=2),
        ]
    )
    assert shown(recording) == {
        ("read", 0): [(1, 3, "done"), (3.5, 4, "failed")],
        ("read", 1): [(2, 6, "done")],
    }


def test_waiting_and_delays_occupy_no_worker() -> None:
    """A call that waits, or that is to be tried again, leaves its lane meanwhile."""
    recording = recorded(
        [
            step(1, "running"),
            step(2, "waiting", began=1),
            step(5, "running", began=1),
            step(6, "retrying", began=1),
            step(9, "done", began=8),
        ]
    )
    assert shown(recording) == {
        ("read", 0): [
            (1, 2, "waiting"),
            (5, 6, "retrying"),
            (8, 9, "done"),
        ]
    }


def test_calls_that_a_run_has_cancelled_end_with_it() -> None:
    """The end of a run ends what it does not tell one by one."""
    recording = recorded([step(1, "running"), flow(4, "cancelled")])
    assert shown(recording) == {("read", 0): [(1, 4, "cancelled")]}


def test_items_of_a_run() -> None:
    """Items have the lanes of their run, without a name."""
    recording = recorded(
        [
            run(0, "running"),
            item(1, "running", 0),
            item(1, "running", 1),
            item(2, "done", 1),
            item(2, "running", 2),
            run(5, "cancelled"),
        ]
    )
    assert shown(recording) == {
        ("", 0): [(1, 5, "cancelled")],
        ("", 1): [(1, 2, "done"), (2, 5, "cancelled")],
    }


def test_what_goes_on_is_seen_up_to_the_end() -> None:
    """What has not ended goes on up to the last moment, or to the end of the view."""
    recording = recorded([step(1, "running"), item(2, "running"), step(6, "done", 2)])
    assert shown(recording)["read", 0] == [(1, 6, "running")]
    assert shown(recording)["", 0] == [(2, 6, "running")]
    assert shown(recording, 0, 4)["", 0] == [(2, 4, "running")]
    assert recording.lanes(pixels=FINE)[0].spans[0].number == -1


def test_spans_point_at_their_records() -> None:
    """A span tells its call and the record that told its end."""
    recording = recorded([step(1, "running", 7), step(3, "done", 7, began=1)])
    (lane,) = recording.lanes()
    assert lane.spans == [Span(1, 3, "done", 1, 7, 1)]
    assert recording.window(lane.spans[0].number, 1)[0].phase == "done"


def test_blocked_loop_has_a_lane() -> None:
    """Times in which the loop was held are a lane by themselves, wherever one looks."""
    recording = recorded(
        [
            step(1, "running"),
            block(2, "running", 3, source=FLOW),
            block(2, "done", 4, source=FLOW),
            step(8, "done", began=1),
        ]
    )
    assert shown(recording) == {
        ("loop", 0): [(2, 6, "failed")],
        ("read", 0): [(1, 8, "done")],
    }
    assert list(shown(recording, source=("other",))) == [("loop", 0)]


def test_lanes_of_one_source() -> None:
    """Only what is inside the source asked for is seen."""
    recording = recorded(
        [step(1, "done", began=0), item(1, "running"), item(2, "done")]
    )
    assert list(shown(recording, source=FLOW)) == [("read", 0)]
    assert list(shown(recording, source=RUN)) == [("", 0)]
    assert len(shown(recording, source=FLOW[:1])) == 2


def test_part_of_the_time() -> None:
    """Spans that stand out are cut at the edges, and those outside are left out."""
    recording = recorded(
        step(end, "done", number, began=end - 2)
        for number, end in enumerate([3, 6, 9, 12])
    )
    assert shown(recording, 5, 8) == {("read", 0): [(5, 6, "done"), (7, 8, "done")]}
    assert shown(recording, 6.5, 6.6) == {}
    assert shown(recording, 20, 30) == {}


async def test_real_run_uses_as_many_lanes_as_workers() -> None:
    """A run on three workers has three lanes, each with its share of the items."""
    with record() as recording:
        await run_jobs(asyncio.sleep, [1] * 10, workers=3)
    lanes = recording.lanes(pixels=FINE)
    assert [(lane.worker, len(lane.spans)) for lane in lanes] == [
        (0, 4),
        (1, 3),
        (2, 3),
    ]
    assert sorted(span.call for lane in lanes for span in lane.spans) == list(range(10))


@pytest.mark.parametrize("pixels", [0, -1])
def test_pixels_are_some(pixels: int) -> None:
    """A timeline has a width."""
    recording = recorded([step(1, "done", began=0)])
    with pytest.raises(InvalidArgumentError, match="pixels"):
        recording.lanes(pixels=pixels)


# -- merging


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([(0, 0.4, "done")], [(0, 0.4, "done", 1)]),
        ([(0, 0.4, "done"), (0.5, 0.6, "done")], [(0, 0.6, "done", 2)]),
        ([(0, 0.4, "failed"), (0.5, 0.6, "done")], [(0, 0.6, "failed", 2)]),
        ([(0, 0.4, "done"), (0.5, 0.6, "retrying")], [(0, 0.6, "retrying", 2)]),
        # Further away than a pixel, or one of them seen by itself.
        (
            [(0, 0.4, "done"), (1.5, 1.6, "done")],
            [(0, 0.4, "done", 1), (1.5, 1.6, "done", 1)],
        ),
        (
            [(0, 2, "done"), (2, 2.1, "done"), (2.2, 2.3, "done"), (2.4, 4, "done")],
            [(0, 2, "done", 1), (2, 2.3, "done", 2), (2.4, 4, "done", 1)],
        ),
    ],
)
def test_merging(spans: list[Any], expected: list[Any]) -> None:
    """What is shorter than a pixel is merged with its like, the worst phase stays."""
    given_spans = [(*span, 1, 0, 0) for span in spans]
    assert [span[:4] for span in merged(given_spans, 1)] == expected


def test_many_short_calls_become_few_spans() -> None:
    """However many calls there are, a lane has no more spans than can be seen."""
    calls = 10_000
    recording = recorded(
        step(n + 0.5, "failed" if n == 4321 else "done", n, began=n)
        for n in range(calls)
    )
    for pixels in (1, 10, 100, 1000, 3000):
        (lane,) = recording.lanes(pixels=pixels)
        assert len(lane.spans) <= 2 * pixels
        assert sum(span.size for span in lane.spans) == calls
        worst = [span for span in lane.spans if span.phase == "failed"]
        assert len(worst) == 1
        assert worst[0].start <= 4321 <= worst[0].end


def test_long_pause_does_not_blur_what_is_beside_it() -> None:
    """Calls a pixel apart are told apart, also beside hours in which nothing was."""
    early = [step(n + 0.5, "done", n, began=n) for n in range(900)]
    late = [step(n + 0.5, "done", n, began=n) for n in range(10**6, 10**6 + 2000)]
    recording = recorded([*early, *late])
    (lane,) = recording.lanes(0, 900, pixels=1800)
    assert len(lane.spans) == 900
    (lane,) = recording.lanes(pixels=1000)
    assert [span.size for span in lane.spans] == [900, 2000]


@settings(deadline=None)
@given(any_records, st.integers(1, 60), st.integers(1, 50))
def test_lanes_of_anything(records: list[Record], capacity: int, pixels: int) -> None:
    """Whatever was recorded: spans are in order, inside the view, and few enough."""
    recording = recorded(records, capacity=capacity)
    start, end = recording.began, recording.ended
    for lane in recording.lanes(pixels=pixels):
        assert start is not None
        assert end is not None
        assert len(lane.spans) <= 2 * pixels + 2
        assert all(span.end <= end for span in lane.spans)


@st.composite
def calls(draw: st.DrawFn) -> list[Record]:
    """Return the records of calls as they really come: told at their end, in order."""
    told: list[tuple[float, Record]] = []
    for number in range(draw(st.integers(0, 30))):
        began = draw(st.integers(0, 100))
        ended = began + draw(st.integers(1, 30))
        if draw(st.booleans()):
            told.append((began, step(began, "running", number)))
        told.append((ended, step(ended, "done", number, began=began)))
    return [one for _, one in sorted(told, key=lambda pair: pair[0])]


@settings(deadline=None)
@given(calls(), st.integers(1, 60), st.integers(1, 200))
def test_no_worker_does_two_things_at_once(
    records: list[Record], capacity: int, pixels: int
) -> None:
    """Spans of a lane do not overlap, and none is lost, at any width."""
    recording = recorded(records, capacity=capacity)
    ended = [one for one in recording if one.phase == "done"]
    for width in (pixels, FINE):
        lanes = recording.lanes(0, 200, pixels=width)
        for lane in lanes:
            assert all(a.end <= b.start for a, b in pairwise(lane.spans))
        sizes = [s.size for lane in lanes for s in lane.spans if s.phase == "done"]
        assert sum(sizes) == len(ended)
