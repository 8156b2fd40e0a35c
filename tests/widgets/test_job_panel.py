"""The live panel of a job: what it sends, how often, and what it obeys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from IPython.display import HTML, display

from notebook_async import Job, JobBoard, run_jobs, start_jobs
from notebook_async.kernel import _host
from notebook_async.widgets._subjects import JobSubject, RunSubject
from notebook_async.widgets.job_panel import JobPanel
from tests.widgets.comms import Browser, most_in_a_second

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.notebooks import Notebook


pytestmark = pytest.mark.usefixtures("comms")


def start(work: Coroutine[Any, Any, Any], **options: Any) -> tuple[Job, Browser]:  # noqa: ANN401
    """Start a job with a panel."""
    job = JobBoard().start(work, **options)
    return job, Browser(JobPanel(JobSubject(job)))


async def storm() -> None:
    """Finish many items for three seconds, some of them badly."""

    async def item(number: int) -> None:
        await asyncio.sleep(0.001)
        if number % 3 == 0:
            raise ValueError(number)

    await run_jobs(item, range(30_000), workers=10, on_error="return")


async def printing(job: Job, seconds: float) -> None:
    """Write to the log of a job, every millisecond."""
    end = asyncio.get_running_loop().time() + seconds
    number = 0
    while asyncio.get_running_loop().time() < end:
        job.output.write("stdout", f"line {number}")
        job.output.write("stdout", "\n")
        number += 1
        await asyncio.sleep(0.001)


async def test_storm_of_items_and_prints_is_ten_messages_a_second() -> None:
    """Thousands of items and prints a second are at most ten messages and 150 kB."""
    job, browser = start(storm())
    browser.say({"type": "visible", "visible": True})
    await asyncio.gather(job, printing(job, 2.9))
    end = browser.times[-1]
    before = [at for at in browser.times if at < end]
    assert len(before) > 20
    assert most_in_a_second(before) == 10
    assert len(browser.times) - len(before) <= 3
    assert browser.views[-1]["bar"]["done"] > 0
    assert len(browser.pieces) > 5
    assert browser.size < 150_000 * browser.times[-1]


async def test_unseen_panel_sends_once_a_second() -> None:
    """A panel that nobody looks at sends at most one message a second."""
    job, browser = start(asyncio.sleep(20))
    await printing(job, 5)
    assert browser.times == [1.0, 2.0, 3.0, 4.0, 5.0]
    browser.say({"type": "visible", "visible": True})
    await printing(job, 1)
    browser.say({"type": "visible", "visible": False})
    await asyncio.sleep(0)
    before = len(browser.times)
    await printing(job, 5)
    assert len(browser.times) - before <= 6
    await job


async def test_quiet_job_sends_nothing() -> None:
    """Where nothing changes but the clock, nothing is sent until the end."""
    job, browser = start(asyncio.sleep(10))
    browser.say({"type": "visible", "visible": True})
    await asyncio.sleep(9)
    assert browser.times == []
    await job
    assert [view["phase"] for view in browser.views] == ["done"]


async def test_log_arrives_in_order_without_gaps() -> None:
    """The pieces of a log join to what was printed, also while the header changes."""
    job, browser = start(storm())
    browser.say({"type": "visible", "visible": True})
    await asyncio.gather(job, printing(job, 2))
    assert len(browser.views) > 3
    assert browser.tails == []
    ends = [0, *(piece["end"] for piece in browser.pieces)]
    assert [piece["start"] for piece in browser.pieces] == ends[:-1]
    text = "".join(text for piece in browser.pieces for _, text in piece["chunks"])
    assert text == job.output.text


async def test_far_behind_it_skips_and_ends_at_the_end() -> None:
    """A job that prints more than may be sent is shown by its end."""
    job, browser = start(asyncio.sleep(3))
    browser.say({"type": "visible", "visible": True})
    for _ in range(25):
        job.output.write("stdout", "x" * 99_999 + "\n")
        await asyncio.sleep(0.1)
    job.output.write("stdout", "the very end")
    await job
    last = browser.tails[-1]
    assert last["chunks"][-1][1].endswith("the very end")
    assert last["dropped"] > 0
    assert browser.pieces == [] or browser.pieces[-1]["end"] <= last["end"]
    for tail in browser.tails:
        assert sum(len(text) for _, text in tail["chunks"]) <= 60_000


async def test_end_is_sent_however_late() -> None:
    """What a job prints last is sent with its end, though no tick follows."""
    job, browser = start(asyncio.sleep(1))
    job.output.write("stdout", "x" * 50_000)
    await job
    assert browser.tails[-1]["end"] == 50_000
    before = len(browser.times)
    await asyncio.sleep(10)
    assert len(browser.times) == before


async def test_clear_empties_the_shown_log() -> None:
    """After `clear_output` the front end gets the empty log."""
    job, browser = start(asyncio.sleep(9))
    browser.say({"type": "visible", "visible": True})
    job.output.write("stdout", "old")
    await asyncio.sleep(0.5)
    job.output.clear(wait=False)
    await asyncio.sleep(0.5)
    assert [tail["chunks"] for tail in browser.tails] == [[]]
    await job


async def test_state_holds_the_log_of_the_moment() -> None:
    """A page that loads gets the log so far, and the next piece joins it."""
    job, browser = start(asyncio.sleep(9))
    browser.say({"type": "visible", "visible": True})
    job.output.write("stdout", "before\n")
    state = browser.panel.get_state()
    assert state["log"]["chunks"] == [["stdout", "before\n"]]
    job.output.write("stdout", "after\n")
    await asyncio.sleep(0.5)
    [piece] = browser.pieces
    assert (piece["start"], piece["chunks"]) == (7, [["stdout", "after\n"]])
    assert state["log"]["end"] == 7
    await job


async def test_asking_for_one_trait_leaves_the_log_alone() -> None:
    """Sending the header does not skip what the log has still to send."""
    job, browser = start(asyncio.sleep(9))
    job.output.write("stdout", "text")
    assert list(browser.panel.get_state("view")) == ["view"]
    await asyncio.sleep(1.5)
    assert [piece["end"] for piece in browser.pieces] == [4]
    await job


async def test_resync_is_always_answered() -> None:
    """A view that missed something gets the whole log, also where nothing changed."""
    job, browser = start(asyncio.sleep(9))
    job.output.write("stdout", "text")
    for _ in range(2):
        browser.say({"type": "resync"})
        await asyncio.sleep(0)
    assert [tail["chunks"] for tail in browser.tails] == [[["stdout", "text"]]] * 2
    await job


async def test_hello_is_an_answer() -> None:
    """The first message of a front end says that there is one."""
    job, browser = start(asyncio.sleep(1))
    assert (browser.panel.answered, _host.detect_host().front_end) == (False, False)
    browser.say({"type": "hello"})
    await asyncio.sleep(0)
    assert (browser.panel.answered, _host.detect_host().front_end) == (True, True)
    await job


async def test_cancel_cancels() -> None:
    """The button cancels the job, and the end is shown at once."""
    job, browser = start(asyncio.sleep(3600))
    browser.say({"type": "cancel"})
    await job.wait()
    assert (job.state, asyncio.get_running_loop().time()) == ("cancelled", 0.0)
    assert browser.views[-1]["phase"] == "cancelled"
    assert browser.views[-1]["actions"] == []
    browser.say({"type": "cancel"})
    await asyncio.sleep(0)


async def test_messages_of_other_threads_are_obeyed_on_the_loop() -> None:
    """A message may come in on any thread."""
    job, browser = start(asyncio.sleep(3600))
    await asyncio.to_thread(browser.say, {"type": "cancel"})
    await job.wait()
    assert job.state == "cancelled"


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
    ],
)
async def test_malformed_messages_are_ignored(
    content: object, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody understands changes nothing and breaks nothing."""
    job, browser = start(asyncio.sleep(3))
    browser.say(content)
    await asyncio.sleep(2)
    assert (job.state, browser.times, caplog.records) == ("running", [], [])
    await job
    assert browser.views[-1]["phase"] == "done"


async def test_sequence_counts_up() -> None:
    """Each header has a higher number than the one before."""
    job, browser = start(run_jobs(asyncio.sleep, [0.3] * 9, workers=1))
    browser.say({"type": "visible", "visible": True})
    await job
    numbers = [view["seq"] for view in browser.views]
    assert len(numbers) > 5
    assert numbers == sorted(set(numbers))


async def test_rich_displays_stand_below_the_panel(notebook: Notebook) -> None:
    """A picture or table is put into an output area beside the panel, as it changes."""
    del notebook

    async def work() -> None:
        handle = display(HTML("<b>1</b>"), display_id="x")
        await asyncio.sleep(2)
        handle.update(HTML("<b>2</b>"))

    job, browser = start(work())
    await asyncio.sleep(1.5)
    panel = browser.panel
    [shown, outputs] = panel.box.children
    assert shown is panel
    assert [each["data"]["text/html"] for each in outputs.outputs] == ["<b>1</b>"]
    await job
    assert [each["data"]["text/html"] for each in outputs.outputs] == ["<b>2</b>"]


async def test_panel_of_a_run() -> None:
    """A run outside of any job has a panel too, with a button that cancels it."""
    run = start_jobs(asyncio.sleep, [3600] * 3, desc="naps")
    browser = Browser(JobPanel(RunSubject(run)))
    assert browser.panel.view["title"] == "naps"
    browser.say({"type": "cancel"})
    await asyncio.sleep(1)
    assert browser.views[-1]["phase"] == "cancelled"


async def test_scripts_and_styles_are_built() -> None:
    """The panel's module and style sheet are the built ones."""
    job, browser = start(asyncio.sleep(0))
    assert "export" in browser.panel._esm
    assert ".na-panel" in browser.panel._css
    await job
