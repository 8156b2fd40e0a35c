"""The event panel: what it sends, how often, and what it obeys."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.core import ItemRecord
from notebook_async.core.hooks import wanted
from notebook_async.core.recording import Recording, load_recording
from notebook_async.kernel import _host
from notebook_async.widgets.event_panel import EventPanel
from tests.widgets.comms import most_in_a_second
from tests.widgets.recordings import item, items, recorded, story

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("comms")


class Page:
    """The other end of a panel's comm, with one view that looks at the log."""

    def __init__(self, recording: Recording, *, view: str = "a", **look: Any) -> None:  # noqa: ANN401
        self.panel = EventPanel(recording)
        self.view = view
        self.panel.comm.sent.clear()
        if look:
            self.look(**look)

    @property
    def news(self) -> list[tuple[float, dict[str, Any]]]:
        """The messages that came, with their times."""
        sent = [(at, data) for at, _, data in self.panel.comm.sent]
        return [(at, data["content"]) for at, data in sent if "content" in data]

    @property
    def times(self) -> list[float]:
        """When messages came."""
        return [at for at, _ in self.news]

    @property
    def head(self) -> dict[str, Any]:
        """What was said last of the recording."""
        return self.news[-1][1]["head"]

    def answers(self, part: str, view: str | None = None) -> list[Any]:
        """Return what a view was told of one thing, in order."""
        view = self.view if view is None else view
        told = [news["to"].get(view, {}) for _, news in self.news]
        return [answer[part] for answer in told if part in answer]

    def say(self, content: object) -> None:
        """Send a message to the panel."""
        self.panel._handle_custom_msg(content, [])

    def ask(self, kind: str, /, **content: Any) -> None:  # noqa: ANN401
        """Ask for something, as the view."""
        self.say({"type": kind, "view": self.view, **content})

    def look(self, tab: str = "log", **content: Any) -> None:  # noqa: ANN401
        """Say what the view looks at."""
        self.ask("look", tab=tab, **content)


def live(capacity: int = 100_000) -> Recording:
    """Return a recording that listens; nothing comes but what a test adds."""
    recording = Recording(capacity=capacity)
    recording.listen(source=("nowhere",))
    return recording


async def storm(recording: Recording, seconds: float, per_tick: int = 10) -> None:
    """Add ten thousand events a second."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    number = recording.end
    while loop.time() < end:
        for _ in range(per_tick):
            phase = "failed" if number % 10 == 9 else "done"
            recording.add(item(loop.time(), phase, number, item="'some text'"))
            number += 1
        await asyncio.sleep(0.001)


async def until_answered(page: Page, part: str, before: int = 0) -> Any:  # noqa: ANN401
    """Wait for an answer that takes real time, and return it."""
    async with asyncio.timeout(60):
        while len(page.answers(part)) == before:  # noqa: ASYNC110 - a message comes
            await asyncio.sleep(0.05)
    return page.answers(part)[-1]


def size(page: Page) -> int:
    """Return the bytes that came."""
    return sum(len(json.dumps(news)) for _, news in page.news)


# -- how much is sent


@pytest.mark.parametrize("tab", ["log", "tree", "timeline"])
async def test_storm_is_ten_messages_a_second(tab: str) -> None:
    """Ten thousand events a second are ten messages and 150 kB, whatever is seen."""
    recording = live()
    page = Page(recording, tab=tab, count=40)
    await storm(recording, 3)
    assert most_in_a_second(page.times) <= 10
    assert len(page.times) >= 28
    assert size(page) < 3 * 150_000
    await asyncio.sleep(0.3)
    assert page.head["records"] == recording.end > 20_000


async def test_several_views_share_the_messages() -> None:
    """Three views of one panel get no more messages than one."""
    recording = live()
    page = Page(recording, tab="log", count=40)
    page.say({"type": "look", "view": "b", "tab": "timeline", "count": 10})
    page.say({"type": "look", "view": "c", "tab": "log", "filter": "kind:failed"})
    await storm(recording, 3)
    assert most_in_a_second(page.times) <= 10
    assert size(page) < 3 * 150_000
    # A computer with much else to do looks through the last records a little later.
    await asyncio.sleep(2)
    assert page.answers("log")[-1]["end"] == page.head["records"]
    assert page.answers("log", "c")[-1]["end"] == page.head["records"] // 10


async def test_unseen_panel_sends_once_a_second() -> None:
    """A panel that nobody looks at sends at most one message a second."""
    recording = live()
    page = Page(recording, tab="log")
    await storm(recording, 1)
    page.look(shown=False)
    await storm(recording, 0.2)
    before = len(page.times)
    await storm(recording, 5)
    assert 4 <= len(page.times) - before <= 6
    assert all("log" not in news["to"].get("a", {}) for _, news in page.news[before:])
    page.look(shown=True)
    await storm(recording, 1)
    assert len(page.times) - before >= 12


async def test_before_anybody_asks_everybody_is_told() -> None:
    """Where messages of the front end wait, as in a cell that awaits, news go on."""
    recording = live()
    page = Page(recording)
    await storm(recording, 3)
    assert most_in_a_second(page.times) == 1
    rows = page.answers("log", "")[-1]["rows"]
    assert rows[-1][0] > 20_000
    assert page.answers("lanes", "")


async def test_quiet_recording_sends_nothing() -> None:
    """Where nothing changes nothing is sent, and a stopped recording costs no timer."""
    page = Page(recorded(story()), tab="log")
    await asyncio.sleep(1)
    assert len(page.times) == 1
    page.look(shown=False)
    await asyncio.sleep(10)
    assert len(page.times) == 1
    assert page.panel._timer is None


async def test_large_answers_take_their_time() -> None:
    """Lanes that fill a message are followed by silence, so that bytes stay bounded."""
    recording = live()
    now = asyncio.get_running_loop().time()
    for i in range(16_000):
        record = item(
            now + (i // 40) * 0.01, "done", i, began=now + (i // 40) * 0.01 - 0.008
        )
        recording.add(item(record.began or 0.0, "running", i))
        recording.add(record)
    page = Page(recording, tab="timeline", count=40, pixels=4000)
    for i in range(50):
        page.look(tab="timeline", count=40, pixels=3000 + i)
        await asyncio.sleep(0.1)
    assert size(page) < 5.2 * 150_000


# -- the log


async def test_follows_the_end() -> None:
    """A view that follows gets the newest rows, as many as it has room for."""
    page = Page(recorded(items(500)), tab="log", count=12)
    await asyncio.sleep(0.2)
    [log] = page.answers("log")
    assert (log["start"], log["end"], log["now"], log["first"]) == (0, 500, 500, 488)
    assert [row[0] for row in log["rows"]] == list(range(488, 500))
    assert log["rows"][-1] == [499, 4.99, "item", 5, 0, "#499"]
    assert log["sources"] == ["job-1 / run-1"]


async def test_window_by_place() -> None:
    """A view that was scrolled asks for rows by their places, and gets them once."""
    page = Page(recorded(items(500)), tab="log", follow=False, first=100, count=5)
    await asyncio.sleep(0.2)
    assert [row[0] for row in page.answers("log")[0]["rows"]] == [
        100,
        101,
        102,
        103,
        104,
    ]
    page.look(follow=False, first=100, count=5)
    await asyncio.sleep(0.2)
    assert len(page.times) == 1
    page.look(follow=False, first=498, count=5)
    await asyncio.sleep(0.2)
    assert [row[0] for row in page.answers("log")[1]["rows"]] == [498, 499]


async def test_frozen_rows_are_not_sent_again() -> None:
    """While rows that somebody reads stay, only how many there are is told."""
    recording = live()
    for record in items(50):
        recording.add(record)
    page = Page(recording, tab="log", follow=False, first=0, count=5)
    await asyncio.sleep(0.2)
    for record in items(50, start=101):
        recording.add(record)
    await asyncio.sleep(0.2)
    first, second = page.answers("log")
    assert "rows" in first
    assert second == {"basis": 0, "start": 0, "end": 100, "now": 100}


async def test_dropped_rows_move_no_place() -> None:
    """When the ring drops old records, places and the window of a view stay."""
    recording = live(capacity=1000)
    page = Page(
        recording, tab="log", filter="kind:failed", follow=False, first=5, count=5
    )
    for record in items(300):
        recording.add(record)
    await asyncio.sleep(0.2)
    for record in items(5000, start=103):
        recording.add(record)
        if int(record.at * 100) % 50 == 0:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    log = page.answers("log")[-1]
    assert (log["start"], log["end"]) == (recording.first // 10, 530)


async def test_filter() -> None:
    """A filter chooses rows; what is wrong with one is told, and the last one stays."""
    page = Page(recorded(story()), tab="log", filter="kind:failed")
    await asyncio.sleep(0.2)
    assert [row[0] for row in page.answers("log")[0]["rows"]] == [9, 17]
    assert page.answers("filter") == [
        {"filter": "kind:failed", "error": "", "hint": ""}
    ]
    page.look(filter="kind:fail")
    await asyncio.sleep(0.2)
    told = page.answers("filter")[-1]
    assert told["error"] == "no kind fail: did you mean kind:failed?"
    assert len(page.answers("log")) == 1
    page.look(filter="step:revief")
    await asyncio.sleep(0.2)
    told = page.answers("filter")[-1]
    assert (told["error"], told["hint"]) == (
        "",
        "nothing is called revief so far; did you mean step:review?",
    )
    assert page.answers("log")[-1]["end"] == 0


async def test_fields_of_a_row() -> None:
    """An opened row gets all its fields; several at once come together."""
    page = Page(recorded(story()), tab="log")
    page.ask("record", number=9)
    page.ask("record", number=0)
    page.ask("record", number=99)
    await asyncio.sleep(0.2)
    [fields] = page.answers("fields")
    assert dict(fields["9"])["error"] == "ValueError('bad')"
    assert dict(fields["0"])["name"] == "index"
    assert fields["99"] == [
        ["", "dropped: the recording keeps the newest records only"]
    ]
    page.ask("words", number=9)
    await asyncio.sleep(0.2)
    assert page.answers("words") == [{"9": "#3 'd' · ValueError('bad')"}]


@pytest.mark.parametrize(
    ("start", "backwards", "number", "index"),
    [
        (0, False, 9, 1),
        (10, False, 19, 2),
        (29, False, 29, 3),
        (30, False, 9, 1),
        (29, True, 29, 3),
        (28, True, 19, 2),
        (8, True, 29, 3),
    ],
)
async def test_find(start: int, backwards: bool, number: int, index: int) -> None:  # noqa: FBT001
    """The next hit is found, or the one before, round the ends; and which it is."""
    page = Page(recorded(items(30)), tab="log")
    page.ask("find", text="FAILED", filter="", backwards=backwards, **{"from": start})
    await asyncio.sleep(0.2)
    assert page.answers("found") == [
        {
            "text": "FAILED",
            "total": 3,
            "index": index,
            "number": number,
            "place": number,
        }
    ]


async def test_find_within_a_filter() -> None:
    """What the filter leaves out is no hit; a hit's place is that among its rows."""
    page = Page(recorded(story()), tab="log")
    for text, filtered in [("item", "kind:failed"), ("item", "bad"), ("zzz", "")]:
        page.ask("find", text=text, filter=filtered, **{"from": 0})
        await asyncio.sleep(0.2)
    by_kind, by_text, none = page.answers("found")
    assert (by_kind["number"], by_kind["place"], by_kind["total"]) == (9, 0, 2)
    assert (by_text["number"], by_text["place"], by_text["total"]) == (9, 0, 1)
    assert none == {"text": "zzz", "total": 0}


async def test_place_of_a_record() -> None:
    """A record that is to be shown is found among the rows of the view's filter."""
    page = Page(recorded(story()), tab="log")
    page.ask("place", number=17, filter="kind:failed")
    await asyncio.sleep(0.2)
    [found] = page.answers("found")
    assert (found["place"], found["number"]) == (1, 17)


# -- the moment


async def test_moment_moves_log_tree_and_callbacks() -> None:
    """A moment is what everybody sees: rows up to it, the tree as it stood."""
    page = Page(recorded(story()), tab="log", count=10)
    page.say({"type": "look", "view": "b", "tab": "tree"})
    moments: list[float | None] = []
    page.panel.on_moment(moments.append)
    page.say({"type": "moment", "at": 2.5, "by": "page", "n": 7})
    await asyncio.sleep(0.2)
    assert (page.head["moment"], page.head["moved"]) == (2.5, ["page", 7])
    assert (page.panel.moment, moments) == (102.5, [102.5])
    log = page.answers("log")[-1]
    # Rows 0 to 7 had happened; the window shows more of what was than of what comes.
    assert (log["now"], log["first"], len(log["rows"])) == (8, 1, 10)
    names = [(node[6], node[5]) for node in page.answers("tree", "b")[-1]["nodes"]]
    assert names == [("index", "running"), ("read", "running")]
    page.say({"type": "moment", "at": None, "by": "page", "n": 8})
    await asyncio.sleep(0.2)
    assert (page.panel.moment, moments, page.head["moment"]) == (
        None,
        [102.5, None],
        None,
    )
    page.panel.off_moment(moments.append)


async def test_python_may_set_the_moment() -> None:
    """The moment may be set in the notebook; it stays within the recording."""
    page = Page(recorded(story()), tab="log")
    page.panel.moment = 105.0
    await asyncio.sleep(0.2)
    assert page.head["moment"] == 5.0
    page.panel.moment = 999.0
    assert page.panel.moment == 110.0
    page.panel.moment = -1.0
    assert page.panel.moment == 100.0


async def test_moment_of_a_record() -> None:
    """Going to a record makes it the last that has happened."""
    page = Page(recorded(story()), tab="log", count=10)
    page.ask("moment", number=9)
    await asyncio.sleep(0.2)
    assert page.panel.moment == 104.0
    assert page.answers("log")[-1]["now"] == 11


async def test_steps_go_from_event_to_event() -> None:
    """One step is one event; with a filter, one of those that pass."""
    page = Page(recorded(story()), tab="log")
    seen = []
    for step, filtered in [
        (-1, ""),
        (-1, ""),
        (-1, "kind:failed"),
        (-1, "kind:failed"),
        (1, "kind:failed"),
        (1, "kind:failed"),
        (1, ""),
        (1, ""),
        (1, ""),
    ]:
        page.ask("moment", step=step, filter=filtered)
        await asyncio.sleep(0)
        seen.append(page.panel.moment)
    assert seen == [109, 108, 104, 100, 104, 108, 109, 110, None]


async def test_live_moment_stays_while_more_comes() -> None:
    """Looking at the past of a recording that goes on stands still."""
    recording = live()
    for record in items(100):
        recording.add(record)
    page = Page(recording, tab="log", count=10)
    page.say({"type": "moment", "at": 0.5})
    await asyncio.sleep(0.2)
    before = page.answers("log")[-1]
    for record in items(100, start=102):
        recording.add(record)
    await asyncio.sleep(0.2)
    after = page.answers("log")[-1]
    assert (after["now"], after["end"]) == (before["now"], 200)
    assert "rows" not in after


# -- playing


async def test_play_moves_with_the_clock() -> None:
    """At twice the speed five seconds play ten, and the end ends it."""
    page = Page(recorded(story()), tab="log")
    moments: list[float | None] = []
    page.panel.on_moment(moments.append)
    page.say({"type": "play", "speed": 2})
    await asyncio.sleep(2.05)
    assert page.panel.moment == pytest.approx(104.0, abs=0.21)
    assert (page.head["speed"], len(moments)) == (2.0, 21)
    await asyncio.sleep(4)
    assert (page.panel.moment, moments[-1], page.head["speed"]) == (None, None, 0)
    assert most_in_a_second(page.times) <= 10


async def test_play_fits_in_ten_seconds() -> None:
    """Whatever its length, a recording that fits is over after ten seconds."""
    page = Page(recorded(items(1000, every=3)), tab="log")
    page.say({"type": "play", "speed": "fit"})
    await asyncio.sleep(9.8)
    assert page.panel.moment is not None
    await asyncio.sleep(0.4)
    assert page.panel.moment is None


async def test_pause_seek_and_play_on() -> None:
    """Pausing stands still, moving while it plays goes on from there."""
    page = Page(recorded(story()), tab="log")
    page.panel.moment = 102.0
    page.panel.play(1.0)
    await asyncio.sleep(1.05)
    page.say({"type": "pause"})
    await asyncio.sleep(1)
    assert page.panel.moment == pytest.approx(103.0, abs=0.11)
    page.panel.play(0.25)
    page.say({"type": "moment", "at": 6.0})
    await asyncio.sleep(2.05)
    assert page.panel.moment == pytest.approx(106.5, abs=0.03)
    page.panel.pause()


async def test_playing_into_the_present_follows_it() -> None:
    """A live recording that is played to its end is live again."""
    recording = live()
    for record in items(100):
        recording.add(record)
    page = Page(recording, tab="log")
    page.say({"type": "play", "speed": 100})
    await asyncio.sleep(0.5)
    assert (page.head["moment"], page.head["speed"], page.head["live"]) == (
        None,
        0,
        True,
    )


async def test_nothing_to_play() -> None:
    """Without events there is nothing to play, to step to, or to look back at."""
    page = Page(Recording(), tab="log")
    page.say({"type": "play", "speed": 1})
    page.say({"type": "moment", "step": 1})
    page.panel.moment = 5.0
    await asyncio.sleep(0.3)
    assert (page.panel.moment, page.head["began"], page.head["speed"]) == (
        None,
        None,
        0,
    )


# -- lanes


async def test_lanes_are_few_numbers() -> None:
    """Each span is five whole numbers, the loop's blocks tell where."""
    page = Page(recorded(story()), tab="timeline", pixels=100, count=10)
    await asyncio.sleep(0.2)
    [lanes] = page.answers("lanes")
    assert lanes["window"] == [0.0, 10.0]
    assert lanes["unit"] == pytest.approx(0.025)
    assert [lane[0] for lane in lanes["lanes"]] == [
        "read 1",
        "read 2",
        "classify",
    ]
    # From 0 to 1 and from 1 to 3 seconds; each 40 units, done, one item, its record.
    assert lanes["lanes"][0][2] == [0, 40, 4, 1, 4, 0, 80, 4, 1, 4]
    assert lanes["lanes"][1][2] == [0, 80, 4, 1, 6, 0, 80, 5, 1, 3]
    assert (lanes["total"], lanes["whole"], lanes["fade"]) == (3, True, None)


async def test_lanes_of_a_window_and_a_filter() -> None:
    """A part of the time and of the lanes is what was asked for, phases fade."""
    look = {"tab": "timeline", "pixels": 100, "window": [0.5, 1.5]}
    page = Page(recorded(story()), **look, filter="source:run-1 kind:failed")
    await asyncio.sleep(0.2)
    [lanes] = page.answers("lanes")
    assert (lanes["window"], lanes["whole"], lanes["total"]) == ([0.5, 1.5], False, 2)
    assert lanes["fade"] == ["failed"]
    page.look(**look, first=1, count=1)
    await asyncio.sleep(0.5)
    again = page.answers("lanes")[-1]
    assert (again["first"], [lane[0] for lane in again["lanes"]]) == (1, ["read 2"])


# -- pages that come and go


async def test_state_is_that_of_the_moment() -> None:
    """A page that loads gets head, rows, tree and lanes as they are now."""
    recording = live()
    page = Page(recording)
    for record in story():
        recording.add(record)
    page.panel.moment = 102.5
    state = page.panel.get_state()["snapshot"]
    assert (state["head"]["moment"], state["head"]["records"]) == (2.5, 20)
    assert set(state["answer"]) == {"log", "filter", "tree", "lanes"}
    assert state["answer"]["log"]["now"] == 8


async def test_a_new_page_asks_the_others_to_ask_again() -> None:
    """Views that are gone with their page are forgotten; those that live ask anew."""
    page = Page(recorded(story()), tab="log")
    await asyncio.sleep(0.2)
    epoch = page.head["epoch"]
    page.panel.get_state()
    page.panel.moment = 103.0
    await asyncio.sleep(1.2)
    assert page.head["epoch"] == epoch + 1
    assert page.answers("log")[1:] == []
    page.look()
    await asyncio.sleep(0.2)
    assert "rows" in page.answers("log")[-1]


async def test_asking_for_one_trait_forgets_no_view() -> None:
    """Sending one trait is no new page."""
    page = Page(recorded(story()), tab="log")
    await asyncio.sleep(0.2)
    assert list(page.panel.get_state("snapshot")) == ["snapshot"]
    assert list(page.panel._looks) == ["a"]


async def test_a_view_that_missed_something_gets_all_again() -> None:
    """Messages count up by one; who misses one asks, and is told everything."""
    page = Page(recorded(story()), tab="log")
    await asyncio.sleep(0.2)
    page.look(again=True)
    await asyncio.sleep(0.2)
    first, second = page.answers("log")
    assert first == second
    assert [news["seq"] for _, news in page.news] == [1, 2]


async def test_views_leave_and_are_bounded() -> None:
    """A view that is closed gets nothing more; no page can ask for hundreds."""
    page = Page(recorded(story()), tab="log")
    page.say({"type": "leave", "view": "a"})
    await asyncio.sleep(0)
    assert list(page.panel._looks) == []
    for i in range(100):
        page.say({"type": "look", "view": f"v{i}", "tab": "log"})
    await asyncio.sleep(0)
    assert list(page.panel._looks) == [f"v{i}" for i in range(92, 100)]


async def test_front_end_says_hello_and_where_the_panel_is() -> None:
    """The first messages of a front end say that there is one, and what it hides."""
    page = Page(recorded(story()))
    told: list[bool | None] = []
    page.panel.on_beside = lambda: told.append(page.panel.beside)
    assert (page.panel.answered, _host.detect_host().front_end) == (False, False)
    page.say({"type": "hello"})
    page.say({"type": "visible", "visible": True, "beside": True})
    page.say({"type": "visible", "visible": False, "beside": False})
    await asyncio.sleep(0)
    assert (page.panel.answered, _host.detect_host().front_end) == (True, True)
    assert (page.panel.visible, told) == (False, [True])


async def test_messages_of_other_threads_are_obeyed_on_the_loop() -> None:
    """A message may come in on any thread."""
    page = Page(recorded(story()))
    message = {"type": "moment", "at": 1.0}
    await asyncio.to_thread(page.say, message)
    await asyncio.sleep(0)
    assert page.panel.moment == 101.0


async def test_end_is_told_once() -> None:
    """Whoever waits for the end of a recording is called when it stops listening."""
    recording = live()
    page = Page(recording, tab="log")
    told: list[int] = []
    page.panel.on_end(lambda: told.append(1))
    await asyncio.sleep(0.5)
    assert (told, page.head["live"]) == ([], True)
    recording.stop()
    await asyncio.sleep(3)
    assert (told, page.head["live"]) == ([1], False)


async def test_retired_panel_lets_its_recording_go() -> None:
    """A panel that was given up sends nothing, and keeps no recording that listens."""
    recording = live()
    page = Page(recording, tab="log")
    await storm(recording, 0.5)
    gone, sent = weakref.ref(recording), page.panel.comm.sent
    page.panel.play()
    page.panel.retire()
    before = len(sent)
    page.look()
    await asyncio.sleep(3)
    assert (len(sent), page.panel.comm, page.panel._timer) == (before, None, None)
    assert wanted(ItemRecord)
    del page, recording
    gc.collect()
    assert gone() is None
    assert not wanted(ItemRecord)


MALFORMED: list[Any] = [
    None,
    3,
    "pause",
    ["pause"],
    {},
    {"type": None},
    {"type": ["pause"]},
    {"type": "explode"},
    {"type": "look"},
    {"type": "look", "view": "", "tab": "log"},
    {"type": "look", "view": "x" * 100, "tab": "log"},
    {"type": "look", "view": "x", "tab": "nothing"},
    {"type": "look", "view": "x", "tab": "log", "shown": "yes"},
    {"type": "look", "view": "x", "tab": "log", "filter": 3},
    {"type": "look", "view": "x", "tab": "log", "filter": "x" * 1000},
    {"type": "look", "view": "x", "tab": "log", "first": 1.5},
    {"type": "look", "view": "x", "tab": "log", "count": True},
    {"type": "look", "view": "x", "tab": "tree", "toggled": [None]},
    {"type": "look", "view": "x", "tab": "tree", "toggled": {}},
    {"type": "look", "view": "x", "tab": "timeline", "window": [2, 1]},
    {"type": "look", "view": "x", "tab": "timeline", "window": [1]},
    {"type": "look", "view": "x", "tab": "timeline", "window": [0, float("nan")]},
    {"type": "leave"},
    {"type": "visible"},
    {"type": "visible", "visible": "yes"},
    {"type": "moment"},
    {"type": "moment", "at": "now"},
    {"type": "moment", "at": float("inf")},
    {"type": "moment", "at": True},
    {"type": "moment", "number": -1},
    {"type": "moment", "number": "3"},
    {"type": "moment", "number": 99},
    {"type": "moment", "step": 2},
    {"type": "play"},
    {"type": "play", "speed": 0},
    {"type": "play", "speed": -1},
    {"type": "play", "speed": "fast"},
    {"type": "record", "view": "x"},
    {"type": "record", "view": "x", "number": "1"},
    {"type": "record", "number": 1},
    {"type": "words", "view": "x", "number": None},
    {"type": "place", "view": "x", "number": 1, "filter": 3},
    {"type": "find", "view": "x", "text": "a"},
    {"type": "find", "view": "x", "text": " ", "from": 0},
    {"type": "find", "view": "x", "text": "a", "from": 0, "filter": "kind:x"},
    {"type": "export", "view": "x"},
    {"type": "export", "view": "x", "name": 3},
]


@pytest.mark.parametrize("content", MALFORMED, ids=repr)
async def test_malformed_messages_are_ignored(
    content: object, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody understands changes nothing and breaks nothing."""
    page = Page(recorded(story()))
    await asyncio.sleep(1.5)
    before = len(page.times)
    page.say(content)
    await asyncio.sleep(2)
    assert (page.panel.moment, len(page.times), caplog.records) == (None, before, [])
    assert list(page.panel._looks) == []


async def test_absurd_numbers_are_bounded() -> None:
    """A front end cannot ask for more than a screen can show."""
    page = Page(recorded(items(2000)))
    page.look(count=10**9, first=-5, follow=False, toggled=list(range(10_000)))
    page.ask("moment", at=1e12)
    page.ask("play", speed=1e12)
    page.ask("moment", at=3.0, by="page", n=-(10**30))
    await asyncio.sleep(0.2)
    assert len(page.answers("log")[-1]["rows"]) == 300
    assert page.head["moved"][1] <= 2**53


# -- files


async def test_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is written beside the notebook; one that is there is replaced if asked."""
    monkeypatch.chdir(tmp_path)
    recording = recorded(story())
    page = Page(recording, tab="log")
    assert page.panel.get_state()["snapshot"]["head"]["name"].startswith("index-")

    async def export(**content: Any) -> dict[str, Any]:  # noqa: ANN401
        before = len(page.answers("export"))
        page.ask("export", **content)
        answer: dict[str, Any] = await until_answered(page, "export", before)
        return answer

    done = await export(name="first run")
    path = tmp_path / "first run.jsonl.gz"
    assert done == {
        "state": "done",
        "name": path.name,
        "path": str(path),
        "size": path.stat().st_size,
    }
    assert load_recording(path).state == recording.state
    path.write_bytes(b"mine")
    assert await export(name=path.name) == {"state": "exists", "name": path.name}
    assert path.read_bytes() == b"mine"
    assert (await export(name=path.name, replace=True))["state"] == "done"
    assert len(load_recording(path)) == len(story())


async def test_two_exports_at_once_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a file is written no second one is begun."""
    monkeypatch.chdir(tmp_path)
    page = Page(recorded(story()), tab="log")
    page.ask("export", name="a")
    page.ask("export", name="b")
    await until_answered(page, "export")
    assert set(os.listdir(tmp_path)) == {"a.jsonl.gz"}  # noqa: PTH208 - names alone


async def test_scripts_and_styles_are_built() -> None:
    """The panel's module and style sheet are the built ones, and small."""
    page = Page(recorded(story()))
    assert "export" in page.panel._esm
    assert ".na-events" in page.panel._css
    assert len(page.panel._esm.encode()) <= 40_000
