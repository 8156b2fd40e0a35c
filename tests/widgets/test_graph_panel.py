"""The live panel of a graph: what it sends, how often, and what it obeys."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref

import pytest

from notebook_async.kernel import _host
from notebook_async.widgets._graph_source import OpenQuestion
from notebook_async.widgets._graph_wire import COUNTS, PHASES
from notebook_async.widgets.graph_panel import GraphPanel
from notebook_async.workflow.representation import StepCounts
from tests.widgets.comms import most_in_a_second
from tests.widgets.graph_sources import (
    Browser,
    FakeSource,
    chain,
    small,
)

# Nodes of the small graph, after start, events and end.
A, B, C = 2, 3, 4


pytestmark = pytest.mark.usefixtures("comms")


def most_bytes_in_a_second(browser: Browser) -> int:
    """Return the largest number of bytes within any second."""
    both = list(zip(browser.times, browser.sizes, strict=True))
    return max(
        sum(size for at, size in both if begin <= at < begin + 1) for begin, _ in both
    )


async def storm(source: FakeSource, seconds: float) -> None:
    """Let every step and every edge change each millisecond."""
    names = [node.id for node in source.graph.nodes if node.node_type == "step"]
    ways = [(edge.source, edge.target) for edge in source.graph.edges]
    end = asyncio.get_running_loop().time() + seconds
    number = 0
    while asyncio.get_running_loop().time() < end:
        number += 1
        counts = StepCounts(done=1000 + number, running=4, queued=number)
        source.change(
            steps=dict.fromkeys(names, counts),
            edges=dict.fromkeys(ways, 1000 + number),
            elapsed=number / 1000,
        )
        await asyncio.sleep(0.001)


# -- how much is sent


async def test_storm_is_ten_messages_a_second() -> None:
    """However often things change, ten messages a second are sent, to the last."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    await storm(source, 3)
    source.end()
    await asyncio.sleep(1)
    assert len(browser.times) == 31
    assert most_in_a_second(browser.times) == 10
    assert browser.deltas[-1]["run"]["phase"] == "done"


@pytest.mark.parametrize("length", [100, 1000])
async def test_storm_in_a_large_graph_is_few_bytes(length: int) -> None:
    """A thousand steps that change at once are told in turns, below 150 kB a second."""
    source = FakeSource(chain(length))
    browser = Browser(GraphPanel(source))
    await storm(source, 2)
    assert most_in_a_second(browser.times) == 10
    assert most_bytes_in_a_second(browser) < 150_000
    told = {node[0] for delta in browser.deltas for node in delta.get("nodes", ())}
    assert len(told) == length
    await asyncio.sleep(2)
    assert len(browser.times) < 40
    other = Browser(GraphPanel(source)).opened["snapshot"]
    assert browser.known()["nodes"] == other["nodes"]
    assert browser.known()["edges"] == other["edges"]


async def test_scene_of_a_large_graph_is_sent_within_the_second() -> None:
    """What is sent once, a thousand steps with their places, is below 150 kB too."""
    browser = Browser(GraphPanel(FakeSource(chain(1000))))
    assert len(json.dumps(browser.opened)) < 150_000
    assert len(browser.opened["scene"]["layouts"]) == 1


async def test_unseen_panel_sends_once_a_second() -> None:
    """A panel that nobody looks at sends at most one message a second."""
    source = FakeSource()
    browser = Browser(GraphPanel(source), visible=False)
    await storm(source, 5.5)
    assert most_in_a_second(browser.times) == 1
    assert len(browser.times) == 5
    browser.say({"type": "visible", "visible": True})
    await storm(source, 1)
    assert len(browser.times) >= 14
    browser.say({"type": "visible", "visible": False})
    await asyncio.sleep(0.2)
    before = len(browser.times)
    await storm(source, 5)
    assert len(browser.times) - before <= 5


async def test_quiet_run_sends_nothing() -> None:
    """Where nothing changes but the clock nothing is sent, nor even looked at."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    await asyncio.sleep(1)
    looked = source.looked
    await asyncio.sleep(9)
    assert (browser.times, source.looked) == ([], looked)
    for second in range(10, 20):
        source.change(elapsed=float(second))
        await asyncio.sleep(0.3)
    assert browser.times == []


async def test_end_is_told_and_nothing_after() -> None:
    """The last state is sent, and then the panel rests."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    source.count("a", done=1)
    source.end()
    await asyncio.sleep(30)
    assert [delta["run"]["phase"] for delta in browser.deltas] == ["done"]
    source.count("a", done=2)
    await asyncio.sleep(30)
    assert len(browser.times) == 1


# -- what is sent


async def test_scene_has_names_sizes_and_both_layouts() -> None:
    """The front end gets what it draws, and may choose which way the edges run."""
    scene = Browser(GraphPanel(FakeSource())).opened["scene"]
    assert (scene["title"], scene["run"]) == ("Small", "7f3a")
    kinds = [scene["kinds"][int(kind)] for kind in scene["kind"].split()]
    assert kinds == ["start", "stop", "step", "step", "step"]
    assert scene["labels"] == ["start", "end", "a", "b", "c"]
    assert scene["tips"][A] == "a\nDo what the step does."
    assert scene["workers"] == "0 0 4 4 4"
    assert scene["rooms"].split()[A:] == ["20", "20", "20"]
    assert scene["sizes"].split()[2 * A :] == ["150", "46"] * 3
    assert scene["ends"] == "0 2 2 3 2 4 3 1 4 1"
    assert scene["events"] == ["", "A", "B", "", ""]
    assert [layout["down"] for layout in scene["layouts"]] == [False, True]
    for layout in scene["layouts"]:
        assert len(layout["centres"].split()) == 2 * 5
        assert len(layout["routes"].split("|")) == 5
        assert len(layout["spots"].split()) == 2 * 5
    assert scene["counts"] == list(COUNTS)
    assert scene["phases"] == list(PHASES)


async def test_routes_are_steps_from_the_middle_of_the_source() -> None:
    """A way that is told as short steps leads from its source to its target."""
    message = Browser(GraphPanel(FakeSource())).opened["scene"]
    layout = message["layouts"][0]
    centres = [int(number) for number in layout["centres"].split()]
    ends = [int(number) for number in message["ends"].split()]
    sizes = [int(number) for number in message["sizes"].split()]
    for index, route in enumerate(layout["routes"].split("|")):
        source, target = ends[2 * index : 2 * index + 2]
        steps = [int(number) for number in route.split()]
        x = centres[2 * source] + sum(steps[::2])
        y = centres[2 * source + 1] + sum(steps[1::2])
        assert abs(x - centres[2 * target] + sizes[2 * target] / 2) <= 1
        assert abs(y - centres[2 * target + 1]) <= sizes[2 * target + 1] / 2


async def test_numbers_of_a_node_end_with_the_last_that_is_not_zero() -> None:
    """A node is its index, its phase and its counts."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    source.count("a", queued=3, running=2, done=1)
    await asyncio.sleep(0.2)
    [delta] = browser.deltas
    assert delta == {
        "type": "delta",
        "seq": 1,
        "nodes": [[A, PHASES.index("running"), 3, 2, 0, 0, 1]],
    }
    source.count("a")
    await asyncio.sleep(0.2)
    assert browser.deltas[-1]["nodes"] == [[A, 0]]


async def test_head_tells_of_the_run() -> None:
    """Phase, questions, errors and what can be done come with the run."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    source.change(
        phase="waiting",
        elapsed=9.2,
        waiting=2,
        questions=(OpenQuestion("Send?", "b"), OpenQuestion("Sure?")),
        since={"b": 8.0, "gone": 1.0},
    )
    await asyncio.sleep(0.2)
    assert browser.deltas[-1]["run"] == {
        "phase": "waiting",
        "elapsed": 9.2,
        "ticks": True,
        "waiting": 2,
        "asks": "Send?",
        "since": [[B, 8.0]],
        "error": None,
        "actions": ["cancel"],
    }


async def test_messages_join_without_gaps() -> None:
    """A front end that reads every message knows the state."""
    source = FakeSource(chain(30))
    browser = Browser(GraphPanel(source))
    await storm(source, 1.5)
    source.end()
    await asyncio.sleep(1)
    assert browser.known() == Browser(GraphPanel(source)).opened["snapshot"] | {
        "seq": browser.deltas[-1]["seq"]
    }


async def test_page_that_loads_knows_what_the_others_know() -> None:
    """A reload in the middle gets the last state told, and the next message suits."""
    source = FakeSource(chain(1000))
    browser = Browser(GraphPanel(source))
    work = asyncio.create_task(storm(source, 1))
    await asyncio.sleep(0.55)
    state = json.loads(json.dumps(browser.panel.get_state()))
    assert state["snapshot"] == browser.known()
    await work
    await asyncio.sleep(2)
    assert browser.known(state["snapshot"]) == browser.known()


async def test_asking_for_one_trait_gives_that_alone() -> None:
    """Sending the scene does not send the state."""
    panel = GraphPanel(FakeSource())
    assert list(panel.get_state("scene")) == ["scene"]


async def test_view_that_missed_something_gets_everything() -> None:
    """A question for all is answered always, and ten times a second at most."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    source.count("a", done=1)
    await asyncio.sleep(0.2)
    for _ in range(2):
        browser.say({"type": "resync"})
        await asyncio.sleep(0.2)
    assert [list(state) for state in browser.states] == [["snapshot"]] * 2
    assert browser.states[-1]["snapshot"]["nodes"] == [[A, 7, 0, 0, 0, 0, 1]]
    for _ in range(200):
        browser.say({"type": "resync"})
        await asyncio.sleep(0.005)
    assert most_in_a_second(browser.times) <= 10


# -- other sources


async def test_another_moment_sends_what_differs() -> None:
    """A slider may move as fast as it likes, forth and back; the last place counts."""
    moments = []
    for done in range(300):
        moment = FakeSource(elapsed=done / 10, ticks=False, actions=())
        moment.count("a", done=done)
        moment.ended = True
        moments.append(moment)
    browser = Browser(GraphPanel(moments[0]))
    for moment in (*moments, *reversed(moments[100:])):
        browser.panel.show(moment)
        await asyncio.sleep(0.005)
    await asyncio.sleep(1)
    assert most_in_a_second(browser.times) == 10
    assert browser.states == []
    assert browser.known()["nodes"] == [[A, 7, 0, 0, 0, 0, 100]]
    assert browser.known()["run"]["elapsed"] == 10.0


async def test_one_move_of_a_slider_is_shown_at_once() -> None:
    """After a rest nothing is waited for."""
    browser = Browser(GraphPanel(FakeSource()))
    await asyncio.sleep(5.05)
    past = FakeSource(ticks=False, elapsed=3.0)
    past.ended = True
    browser.panel.show(past)
    await asyncio.sleep(0.001)
    assert browser.times == [5.05]


async def test_another_graph_is_one_message() -> None:
    """Scene and state come together, so that no view draws one without the other."""
    browser = Browser(GraphPanel(FakeSource()))
    other = FakeSource(chain(3))
    other.count("step_1", done=2)
    browser.panel.show(other)
    await asyncio.sleep(0.5)
    [state] = browser.states
    assert sorted(state) == ["scene", "snapshot"]
    assert state["scene"]["title"] == "Chain"
    assert state["snapshot"]["nodes"] == [[3, 7, 0, 0, 0, 0, 2]]
    other.count("step_1", done=3)
    await asyncio.sleep(0.2)
    assert browser.deltas[-1]["nodes"] == [[3, 7, 0, 0, 0, 0, 3]]


async def test_source_that_is_shown_no_more_changes_nothing() -> None:
    """What the earlier source does is not told, not even its end."""
    before, now = FakeSource(), FakeSource()
    browser = Browser(GraphPanel(before))
    browser.panel.show(now)
    before.count("a", done=9)
    before.end()
    await asyncio.sleep(3)
    assert browser.times == []
    now.count("b", done=1)
    await asyncio.sleep(0.2)
    assert browser.deltas[-1]["nodes"] == [[B, 7, 0, 0, 0, 0, 1]]


async def test_live_again_after_the_past() -> None:
    """From a moment of the past the panel comes back to the run, and follows it."""
    live = FakeSource()
    browser = Browser(GraphPanel(live))
    past = FakeSource(ticks=False)
    past.ended = True
    browser.panel.show(past)
    await asyncio.sleep(0.5)
    live.count("a", done=5)
    browser.panel.show(live)
    await asyncio.sleep(0.5)
    assert browser.known()["nodes"] == [[A, 7, 0, 0, 0, 0, 5]]
    live.count("a", done=6)
    await asyncio.sleep(0.5)
    assert browser.known()["nodes"] == [[A, 7, 0, 0, 0, 0, 6]]


async def test_source_that_is_shown_again_is_heard_once() -> None:
    """However often a slider comes back to a run, the run tells its end once."""
    live = FakeSource()
    browser = Browser(GraphPanel(live))
    past = FakeSource(ticks=False)
    past.ended = True
    for _ in range(50):
        browser.panel.show(past)
        browser.panel.show(live)
    assert len(live._callbacks) == 1


async def test_state_that_has_no_version_is_shown() -> None:
    """The last moment of a recording has no number, and is shown like any other."""
    browser = Browser(GraphPanel(FakeSource()))
    last = FakeSource(ticks=False)
    last.count("a", done=3)
    last.version, last.ended = None, True
    browser.panel.show(last)
    await asyncio.sleep(0.2)
    assert browser.known()["nodes"] == [[A, 7, 0, 0, 0, 0, 3]]


async def test_retired_panel_rests_and_is_forgotten() -> None:
    """A panel that was given up polls nothing, and the run does not keep it alive."""
    source = FakeSource()
    panel = GraphPanel(source)
    sent = panel.comm.sent
    source.count("a", done=1)
    panel.retire()
    before, looked = len(sent), source.looked
    source.count("a", done=2)
    panel.show(source)
    panel._handle_custom_msg({"type": "visible", "visible": True}, [])
    await asyncio.sleep(3)
    assert (len(sent), source.looked, panel.comm) == (before, looked, None)
    gone = weakref.ref(panel)
    del panel
    gc.collect()
    assert gone() is None
    source.end()


# -- what is asked


async def test_details_are_answered_by_number() -> None:
    """Each question gets its own answer."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    browser.say({"type": "details", "id": 7, "step": A})
    browser.say({"type": "details", "id": 8, "step": B})
    await asyncio.sleep(0.5)
    assert source.asked == ["a", "b"]
    assert browser.answers == [
        {
            "type": "details",
            "id": 7,
            "step": A,
            "what": "Do what the step does.",
            "details": {"calls": [], "timing": None, "questions": ["What about a?"]},
        },
        {
            "type": "details",
            "id": 8,
            "step": B,
            "what": "Do what the step does.",
            "details": {"calls": [], "timing": None, "questions": ["What about b?"]},
        },
    ]


async def test_details_of_an_ended_run_are_answered() -> None:
    """A panel that rests still answers."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    source.end()
    await asyncio.sleep(5)
    browser.say({"type": "details", "id": 1, "step": A})
    await asyncio.sleep(0.01)
    assert [answer["id"] for answer in browser.answers] == [1]


async def test_error_in_details_is_an_answer() -> None:
    """What goes wrong for one step is told there, and the panel goes on."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    browser.say({"type": "details", "id": 1, "step": C})
    source.count("a", done=1)
    await asyncio.sleep(0.5)
    [answer] = browser.answers
    assert answer["error"] == "ValueError: no repr"
    assert len(browser.deltas) == 1


async def test_flood_of_questions_is_answered_in_bounds() -> None:
    """A front end that asks for ever gets ten answers a second, those it asked last."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    for number in range(500):
        browser.say({"type": "details", "id": number, "step": A})
    await asyncio.sleep(3)
    assert [answer["id"] for answer in browser.answers] == list(range(492, 500))
    assert most_in_a_second(browser.times) <= 10


async def test_question_about_a_scene_that_is_gone() -> None:
    """A step that the new graph does not have is no reason to fail."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    browser.say({"type": "details", "id": 1, "step": C})
    await asyncio.sleep(0)
    browser.panel.show(FakeSource(chain(1)))
    await asyncio.sleep(0.5)
    assert [answer["id"] for answer in browser.answers] == [1]


@pytest.mark.parametrize(
    "content",
    [
        None,
        3,
        "cancel",
        ["cancel"],
        {},
        {"type": None},
        {"type": ["cancel"]},
        {"type": "visible"},
        {"type": "visible", "visible": "yes"},
        {"type": "explode"},
        {"action": "cancel"},
        {"type": "details"},
        {"type": "details", "id": 1},
        {"type": "details", "id": "1", "step": A},
        {"type": "details", "id": 1, "step": "a"},
        {"type": "details", "id": 1, "step": None},
        {"type": "details", "id": 1, "step": -1},
        {"type": "details", "id": 1, "step": 10**30},
        {"type": "details", "id": 1, "step": 0},
        {"type": "details", "id": -1, "step": A},
        {"type": "details", "id": 10**30, "step": A},
        {"type": "details", "id": True, "step": A},
        {"type": "details", "id": 1, "step": True},
        {"type": "details", "id": 1.5, "step": A},
    ],
)
async def test_malformed_messages_are_ignored(
    content: object, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody understands changes nothing and breaks nothing."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    browser.say(content)
    await asyncio.sleep(2)
    assert (browser.times, source.asked, source.cancelled) == ([], [], 0)
    assert caplog.records == []
    source.count("a", done=1)
    await asyncio.sleep(0.2)
    assert len(browser.deltas) == 1


async def test_cancel_cancels() -> None:
    """The button asks the source."""
    source = FakeSource()
    browser = Browser(GraphPanel(source))
    await asyncio.to_thread(browser.say, {"type": "cancel"})
    await asyncio.sleep(0)
    assert source.cancelled == 1


async def test_hello_is_an_answer() -> None:
    """The first message of a front end says that there is one."""
    browser = Browser(GraphPanel(FakeSource()), visible=False)
    assert (browser.panel.answered, _host.detect_host().front_end) == (False, False)
    browser.say({"type": "hello"})
    await asyncio.sleep(0)
    assert (browser.panel.answered, _host.detect_host().front_end) == (True, True)


async def test_scripts_and_styles_are_built() -> None:
    """The panel's module and style sheet are the built ones, and small."""
    panel = GraphPanel(FakeSource(small()))
    assert "export" in panel._esm
    assert ".na-graph" in panel._css
    assert len(str(panel._esm).encode()) <= 40_000
