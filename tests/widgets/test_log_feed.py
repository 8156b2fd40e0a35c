"""What of a log a front end is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.board import JobOutput
from notebook_async.widgets._log_feed import LogFeed

if TYPE_CHECKING:
    from notebook_async.board import LogSlice

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(["a", "b\n", "\x1b[31mc\x1b[0m"])),
        st.tuples(st.just("storm"), st.integers(1, 30)),
        st.tuples(st.just("send"), st.integers(1, 3)),
        st.tuples(st.just("clear"), st.booleans()),
        st.tuples(st.just("reload"), st.none()),
    ),
    max_size=30,
)


class Subject:
    """A subject that has nothing but a log."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self.output = JobOutput(limit=limit)

    def log(self, start: int = 0, *, most: int | None = None) -> LogSlice:
        """Return a stretch of the log."""
        return self.output.read(start, most=most)


class FrontEnd:
    """Keeps what a browser would: appends pieces, replaces by tails."""

    def __init__(self, feed: LogFeed) -> None:
        self.feed = feed
        self.shown = ""
        self.end = 0
        self.take("tail", feed.tail())

    def take(self, kind: str, message: dict[str, Any]) -> None:
        """Take one message."""
        text = "".join(text for _, text in message["chunks"])
        assert message["end"] - message["start"] == len(text)
        if kind == "piece":
            assert message["start"] == self.end
            self.shown += text
        elif message["start"] > self.end:
            self.shown = text
        else:
            self.shown += text[len(text) - (message["end"] - self.end) :] * (
                message["end"] > self.end
            )
        self.end = message["end"]

    def poll(self, now: float, *, last: bool = False) -> None:
        """Take what the feed has to say now."""
        news = self.feed.news(now, last=last)
        if news is not None:
            self.take(*news)


def plain(text: str) -> str:
    """Return text as a browser shows it."""
    return text.replace("\x1b[31m", "").replace("\x1b[0m", "")


def test_pieces_follow_each_other() -> None:
    """Each piece starts where the last one ended, and nothing new is no message."""
    subject = Subject()
    feed = LogFeed(subject)
    assert feed.tail() == {"start": 0, "end": 0, "chunks": [], "dropped": 0}
    assert feed.news(0) is None
    subject.output.write("stdout", "ab")
    first = {"start": 0, "end": 2, "chunks": [["stdout", "ab"]], "dropped": 0}
    assert feed.news(0) == ("piece", first)
    subject.output.write("stderr", "c")
    second = {"start": 2, "end": 3, "chunks": [["stderr", "c"]], "dropped": 0}
    assert feed.news(0) == ("piece", second)
    assert feed.news(0) is None


def test_offsets_count_what_is_sent() -> None:
    """Colours are not sent, and do not count."""
    subject = Subject()
    feed = LogFeed(subject)
    subject.output.write("stdout", "\x1b[31mred\x1b[0m")
    _, piece = feed.news(0)
    assert (piece["start"], piece["end"], piece["chunks"]) == (
        0,
        3,
        [["stdout", "red"]],
    )
    subject.output.write("stdout", "x")
    tail = feed.tail()
    assert (tail["start"], tail["end"]) == (0, 4)


def test_long_output_is_sent_in_pieces() -> None:
    """A burst is sent in pieces of 9,000 characters, and catches up."""
    subject = Subject()
    feed = LogFeed(subject)
    subject.output.write("stdout", "x" * 30_000)
    sent = [feed.news(0) for _ in range(5)]
    assert [news and (news[1]["start"], news[1]["end"]) for news in sent] == [
        (0, 9_000),
        (9_000, 18_000),
        (18_000, 27_000),
        (27_000, 30_000),
        None,
    ]


def test_far_behind_it_skips_to_the_end_once_a_second() -> None:
    """Far behind the end is sent instead of pieces, but not each time."""
    subject = Subject()
    feed = LogFeed(subject)
    subject.output.write("stdout", "x" * 140_000)
    kind, tail = feed.news(5.0)
    assert (kind, tail["start"], tail["end"]) == ("tail", 80_000, 140_000)
    assert tail["dropped"] == 80_000
    subject.output.write("stdout", "y" * 140_000)
    assert feed.news(5.9) is None
    kind, tail = feed.news(6.0)
    assert (kind, tail["start"], tail["end"]) == ("tail", 220_000, 280_000)


def test_end_is_reached_however_far_behind() -> None:
    """The last message reaches the end, at once and whatever was sent before."""
    subject = Subject()
    feed = LogFeed(subject)
    subject.output.write("stdout", "x" * 30_000)
    kind, tail = feed.news(0, last=True)
    assert (kind, tail["start"], tail["end"]) == ("tail", 0, 30_000)
    assert feed.news(0, last=True) is None


def test_clear_replaces_what_stands_there() -> None:
    """After a clear the front end starts anew, also where nothing follows."""
    subject = Subject()
    feed = LogFeed(subject)
    subject.output.write("stdout", "old")
    feed.news(0)
    subject.output.clear(wait=False)
    assert feed.news(0) == (
        "tail",
        {"start": 4, "end": 4, "chunks": [], "dropped": 0},
    )
    assert feed.news(0) is None
    subject.output.write("stdout", "new")
    piece = {"start": 4, "end": 7, "chunks": [["stdout", "new"]], "dropped": 0}
    assert feed.news(0) == ("piece", piece)


def test_what_was_dropped_is_told() -> None:
    """What the bound drops before it is sent is left out, and said to be."""
    subject = Subject(limit=10)
    feed = LogFeed(subject)
    subject.output.write("stdout", "0123456789")
    feed.news(0)
    subject.output.write("stdout", "x" * 15)
    kind, tail = feed.news(0)
    assert kind == "tail"
    assert (tail["start"], tail["end"], tail["dropped"]) == (15, 25, 15)


@given(STEPS)
def test_front_end_ends_with_the_end_of_the_log(steps: list[tuple[str, Any]]) -> None:
    """However writes, clears, reloads and polls mix, the end of the log is shown."""
    subject = Subject()
    front_end = FrontEnd(LogFeed(subject))
    now = 0.0
    for step, value in steps:
        now += 0.1
        if step == "write":
            subject.output.write("stdout", value)
        elif step == "storm":
            subject.output.write("stdout", "0123456789" * 1_000 * value)
        elif step == "clear":
            subject.output.clear(wait=value)
        elif step == "reload":
            front_end.end, front_end.shown = 0, ""
            front_end.take("tail", {**front_end.feed.tail()})
        else:
            for _ in range(value):
                front_end.poll(now)
    front_end.poll(now + 0.1, last=True)
    expected = plain(subject.output.text[-60_000:])
    assert front_end.shown[-len(expected) :] == expected or not expected
    if not expected:
        assert front_end.shown == ""


@pytest.mark.parametrize("speed", [10_000, 100_000, 150_000, 240_000, 2_000_000])
def test_rate_is_bounded(speed: int) -> None:
    """Polled ten times a second, a feed sends at most 150,000 characters a second."""
    subject = Subject()
    feed = LogFeed(subject)
    sent: list[tuple[float, int]] = []
    for tick in range(200):
        subject.output.write("stdout", "x" * (speed // 10))
        news = feed.news(tick / 10)
        if news is not None:
            sent.append((tick / 10, news[1]["end"] - news[1]["start"]))
    for begin in range(19):
        assert sum(size for at, size in sent if begin <= at < begin + 1) <= 150_000
