"""Checkpoints: kept after each step, wherever they are kept, to go on from there."""

# ruff: noqa: ARG002 - the parameters of a step say when it is called

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.testing import VirtualClockLoop
from notebook_async.workflow import (
    Checkpoint,
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowCheckpointer,
    WorkflowFailedEvent,
)
from notebook_async.workflow import step as workflow_step
from notebook_async.workflow.errors import WorkflowStepDoesNotExistError
from tests.workflow.plans import World, doings, plans

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workflow.plans import Plan

step = workflow_step


class Draft(Event):
    """A text."""

    text: str


class Polished(Event):
    """A better text."""

    text: str


class Write(Workflow):
    """Three steps in a row, which note that they begin."""

    def __init__(self) -> None:
        super().__init__()
        self.began: list[str] = []

    @step
    async def draft(self, ctx: Context, ev: StartEvent) -> Draft:
        """Begin."""
        self.began.append("draft")
        await ctx.store.set("topic", ev.topic)
        return Draft(text=f"On {ev.topic}")

    @step
    async def polish(self, ctx: Context, ev: Draft) -> Polished:
        """Go on."""
        self.began.append("polish")
        await ctx.store.set("polished", value=True)
        return Polished(text=f"{ev.text}.")

    @step
    async def print(self, ctx: Context, ev: Polished) -> StopEvent:
        """End."""
        self.began.append("print")
        topic = await ctx.store.get("topic")
        return StopEvent(result=f"{ev.text} ({topic})")


STEPS = ["draft", "polish", "print"]
RESULT = "On rain. (rain)"


class Kept:
    """A store in memory that may be slow, and may fail."""

    def __init__(self, *, seconds: float = 0.0, fails_at: int | None = None) -> None:
        self.seconds, self.fails_at = seconds, fails_at
        self.checkpoints: list[Checkpoint] = []
        self.saving = 0
        self.closed = 0

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep it, after a while."""
        self.saving += 1
        await asyncio.sleep(self.seconds)
        if checkpoint.number == self.fails_at:
            self.saving -= 1
            raise OSError(28, "No space left on device")
        self.checkpoints.append(checkpoint)
        self.saving -= 1

    async def load(self, run_id: str | None = None) -> list[Checkpoint]:
        """Return them."""
        return [one for one in self.checkpoints if run_id in (None, one.run_id)]

    async def aclose(self) -> None:
        """Count."""
        self.closed += 1


@pytest.fixture(
    params=[
        None,
        "runs.jsonl",
        "runs.db",
        "runs.sqlite3",
    ]
)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Path | Kept:
    """Return each place where checkpoints can be kept."""
    return Kept() if request.param is None else tmp_path / request.param


# -- in any place


@pytest.mark.realtime
async def test_each_step_leaves_one(storage: Path | Kept) -> None:
    """There is one before the first step and one after each, in order."""
    async with WorkflowCheckpointer(Write(), storage=storage) as checkpointer:
        handler = checkpointer.run(topic="rain", run_id="one")
        assert await handler == RESULT
        made = checkpointer.checkpoints["one"]
        listed = await checkpointer.list("one")
    assert [one.last_completed_step for one in made] == STEPS
    assert [one.last_completed_step for one in listed] == [None, *STEPS]
    assert [one.number for one in listed] == [0, 1, 2, 3]
    assert [type(one.input_event) for one in made] == [StartEvent, Draft, Polished]
    assert [type(one.output_event) for one in made] == [Draft, Polished, StopEvent]
    assert len({one.id_ for one in listed}) == 4
    assert [one.at for one in listed] == sorted(one.at for one in listed)
    assert {one.run_id for one in listed} == {"one"}
    assert made[-1].output_event.result == listed[-1].output_event.result == RESULT


@pytest.mark.realtime
async def test_run_goes_on_from_each(storage: Path | Kept) -> None:
    """Fresh objects go on from any checkpoint, with the steps that are left."""
    async with WorkflowCheckpointer(Write(), storage=storage) as checkpointer:
        await checkpointer.run(topic="rain", run_id="one")
    workflow = Write()
    async with WorkflowCheckpointer(workflow, storage=storage) as checkpointer:
        for number, checkpoint in enumerate(await checkpointer.list("one")):
            workflow.began.clear()
            assert await checkpointer.run_from(checkpoint) == RESULT
            assert workflow.began == STEPS[number:]


@pytest.mark.realtime
async def test_resume_goes_on_after_the_last(storage: Path | Kept) -> None:
    """A run that was cut short is taken up by its name, and its numbers go on."""
    workflow = Write()
    async with WorkflowCheckpointer(workflow, storage=storage) as checkpointer:
        handler = checkpointer.run(topic="rain", run_id="one", stepwise=True)
        assert await handler.step()
        await handler.cancel_run()
    assert workflow.began == ["draft"]
    workflow = Write()
    async with WorkflowCheckpointer(workflow, storage=storage) as checkpointer:
        handler = await checkpointer.resume("one")
        assert handler.run_id == "one"
        assert await handler == RESULT
        listed = await checkpointer.list("one")
        assert await checkpointer.runs() == {"one": 4}
        # A run that has its result gives it again, and leaves nothing new.
        assert await (await checkpointer.resume("one")) == RESULT
        assert await checkpointer.runs() == {"one": 4}
    assert workflow.began == STEPS[1:]
    assert [one.number for one in listed] == [0, 1, 2, 3]
    assert [one.last_completed_step for one in listed] == [None, *STEPS]


@pytest.mark.realtime
async def test_unknown_run_names_those_there_are(storage: Path | Kept) -> None:
    """Who misspells a run is told which there are."""
    async with WorkflowCheckpointer(Write(), storage=storage) as checkpointer:
        with pytest.raises(InvalidArgumentError, match=r"run 'two' .* there are none"):
            await checkpointer.resume("two")
        await checkpointer.run(topic="rain", run_id="one")
        with pytest.raises(InvalidArgumentError, match=r"run 'two' .* there are one"):
            await checkpointer.resume("two")


@pytest.mark.realtime
async def test_runs_at_once_are_kept_apart(storage: Path | Kept) -> None:
    """Several runs share a storage, and each has its own numbers."""
    async with WorkflowCheckpointer(Write(), storage=storage) as checkpointer:
        handlers = [checkpointer.run(topic=str(n), run_id=str(n)) for n in range(4)]
        results = await asyncio.gather(*handlers)
        assert results == [f"On {n}. ({n})" for n in range(4)]
        assert await checkpointer.runs() == dict.fromkeys("0123", 4)
        for n in "0123":
            listed = await checkpointer.list(n)
            assert [one.number for one in listed] == [0, 1, 2, 3]
            assert await checkpointer.run_from(listed[1]) == f"On {n}. ({n})"


@pytest.mark.realtime
async def test_closed_storage_opens_again(storage: Path | Kept) -> None:
    """After `aclose` everything is there, and the next use opens it."""
    checkpointer = WorkflowCheckpointer(Write(), storage=storage)
    await checkpointer.run(topic="rain", run_id="one")
    await checkpointer.aclose()
    await checkpointer.aclose()
    assert await checkpointer.runs() == {"one": 4}
    await checkpointer.run(topic="snow", run_id="two")
    assert await checkpointer.runs() == {"one": 4, "two": 4}
    await checkpointer.aclose()
    if isinstance(storage, Kept):
        assert storage.closed == 3


@pytest.mark.realtime
async def test_diff_tells_what_a_step_did(storage: Path | Kept) -> None:
    """Two checkpoints are compared by their store and their steps."""
    async with WorkflowCheckpointer(Write(), storage=storage) as checkpointer:
        await checkpointer.run(topic="rain", run_id="one")
        start, first, second, last = await checkpointer.list("one")
    diff = checkpointer.diff(first, second)
    assert diff == first.diff(second)
    assert diff.changed == {"store.polished": (None, "true")}
    assert diff.done == {"polish": (None, 1)}
    assert diff.to_do == {"polish": (1, None), "print": (None, 1)}
    assert str(start.diff(first)).splitlines() == [
        'store.topic: nothing -> "rain"',
        "draft: 0 -> 1 done, 1 -> 0 to do",
        "polish: 0 -> 1 to do",
    ]
    assert str(last.diff(last)) == "nothing is different"


# -- which are kept


async def test_filter() -> None:
    """Each criterion leaves out what does not fit; one at least must be given."""
    checkpointer = WorkflowCheckpointer(Write())
    await checkpointer.run(topic="rain", run_id="one")
    await checkpointer.run(topic="snow", run_id="two")

    def found(**wanted: object) -> list[tuple[str, str | None]]:
        return [
            (one.run_id, one.last_completed_step)
            for one in checkpointer.filter_checkpoints(**wanted)  # type: ignore[arg-type]
        ]

    assert found(run_id="one") == [("one", name) for name in STEPS]
    assert found(last_completed_step="polish") == [("one", "polish"), ("two", "polish")]
    assert found(input_event_type=Draft, run_id="two") == [("two", "polish")]
    assert found(output_event_type=StopEvent) == [("one", "print"), ("two", "print")]
    assert found(input_event_type=Draft, output_event_type=StopEvent) == []
    assert found(run_id="three") == []
    with pytest.raises(InvalidArgumentError, match="needs one of run_id, last"):
        checkpointer.filter_checkpoints()


async def test_steps_can_be_left_out() -> None:
    """A step that is disabled leaves none, until it is enabled again."""
    workflow = Write()
    checkpointer = WorkflowCheckpointer(workflow, disabled_steps=["polish"])
    assert checkpointer.workflow is workflow
    assert checkpointer.enabled_checkpoints == {"draft", "print"}
    await checkpointer.run(topic="rain", run_id="one")
    checkpointer.enable_checkpoint("polish")
    checkpointer.disable_checkpoint("draft")
    await checkpointer.run(topic="rain", run_id="two")
    kept = {
        run_id: [one.last_completed_step for one in made]
        for run_id, made in checkpointer.checkpoints.items()
    }
    assert kept == {"one": ["draft", "print"], "two": ["polish", "print"]}
    workflow.began.clear()
    assert await checkpointer.run_from(checkpointer.checkpoints["one"][0]) == RESULT
    assert workflow.began == ["polish", "print"]


def test_unknown_steps_are_refused() -> None:
    """Who misspells a step is told which there are."""
    words = r"Write has no step 'x'; it has draft, polish, print"
    checkpointer = WorkflowCheckpointer(Write())
    with pytest.raises(WorkflowStepDoesNotExistError, match=words):
        checkpointer.enable_checkpoint("x")
    with pytest.raises(WorkflowStepDoesNotExistError, match=words):
        checkpointer.disable_checkpoint("x")
    with pytest.raises(WorkflowStepDoesNotExistError, match=words):
        WorkflowCheckpointer(Write(), disabled_steps=["x"])


def test_storage_must_be_one() -> None:
    """What can keep nothing is refused at once."""
    with pytest.raises(ArgumentTypeError, match=r"path or have `save`, .*got 3"):
        WorkflowCheckpointer(Write(), storage=3)  # type: ignore[arg-type]


# -- nothing begins before it is kept


class Race(Workflow):
    """Four at once, two workers; each takes a second."""

    def __init__(self, store: Kept) -> None:
        super().__init__()
        self.store = store
        self.times: list[tuple[str, int, float]] = []

    def note(self, what: str, n: int = -1) -> None:
        """Note what happens when; nothing begins while something is being kept."""
        if what != "end":
            assert self.store.saving == 0
        self.times.append((what, n, asyncio.get_running_loop().time()))

    @step
    async def scatter(self, ev: StartEvent) -> list[Draft]:
        """Send four."""
        self.note("scatter")
        return [Draft(text=str(n)) for n in range(4)]

    @step(num_workers=2)
    async def work(self, ev: Draft) -> Polished:
        """Take a second, the later ones a bit more."""
        self.note("work", int(ev.text))
        await asyncio.sleep(1 + int(ev.text) % 2 / 4)
        self.note("end", int(ev.text))
        return Polished(text=ev.text)

    @step
    async def gather(self, evs: list[Polished]) -> StopEvent:
        """Put them together."""
        self.note("gather")
        return StopEvent(result="".join(ev.text for ev in evs))


async def test_nothing_begins_before_it_is_kept() -> None:
    """A slow store holds up whatever would begin, and nothing that is under way."""
    store = Kept(seconds=2)
    workflow = Race(store)
    handler = WorkflowCheckpointer(workflow, storage=store).run(run_id="one")
    assert await handler == "0123"
    # The first is kept at 2, that of `scatter` at 4; 0 ends at 5, is kept at 7; 1 ends
    # meanwhile, at 5.25, and is kept at 7.25: only then may the next begin.
    assert workflow.times == [
        ("scatter", -1, 2.0),
        ("work", 0, 4.0),
        ("work", 1, 4.0),
        ("end", 0, 5.0),
        ("end", 1, 5.25),
        ("work", 2, 7.25),
        ("work", 3, 7.25),
        ("end", 2, 8.25),
        ("end", 3, 8.5),
        ("gather", -1, 10.5),
    ]
    assert asyncio.get_running_loop().time() == 12.5
    numbers = [one.number for one in store.checkpoints]
    assert numbers == list(range(7))
    done = [
        sum(step["done"] for step in one.ctx_state["steps"].values())
        for one in store.checkpoints
    ]
    assert done == numbers


async def test_cancelling_waits_for_what_is_being_kept() -> None:
    """A cancelled run still keeps the step that had ended, and nothing is torn."""
    store = Kept(seconds=2)
    handler = WorkflowCheckpointer(Race(store), storage=store).run(run_id="one")
    await asyncio.sleep(5.125)
    handler.cancel()
    await handler.cancel_run()
    assert asyncio.get_running_loop().time() == 7.0
    assert [one.number for one in store.checkpoints] == [0, 1, 2]
    fresh = Kept()
    fresh.checkpoints = store.checkpoints
    workflow = Race(fresh)
    resumed = await WorkflowCheckpointer(workflow, storage=fresh).resume("one")
    # 1 takes longer than 2, which begins with it now.
    assert await resumed == "0213"
    assert [n for what, n, _ in workflow.times if what == "work"] == [1, 2, 3]


@settings(max_examples=15, deadline=None)
@given(
    plan=plans(doings(plain=True, asks=False), depth=1),
    seconds=st.sampled_from([0.0, 0.25, 2.0]),
)
def test_any_checkpoint_leads_to_the_same_end(plan: Plan, seconds: float) -> None:
    """From whichever checkpoint a random workflow goes on, the result is the same."""
    expected = plan.expected()
    assume(expected)
    plan.stops = True
    store = Kept(seconds=seconds)

    async def main() -> None:
        workflow = plan.build(World(), timeout=5000)
        checkpointer = WorkflowCheckpointer(workflow, storage=store)
        assert await checkpointer.run(run_id="one") == expected
        store.seconds = 0.0
        for checkpoint in await checkpointer.list("one"):
            world = World(1_000_000)
            # Counted on: what failed before is not known to this world.
            world.tolerant = True
            workflow = plan.build(world, timeout=5000)
            again = WorkflowCheckpointer(workflow)
            assert await again.run_from(checkpoint) == expected
            assert world.wrong == []

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        runner.run(main())


# -- questions


class Ask(Workflow):
    """Asks in two steps."""

    @step
    async def first(self, ctx: Context, ev: StartEvent) -> Draft:
        """Ask."""
        reply = await ctx.wait_for_event(HumanResponseEvent, InputRequiredEvent(n=1))
        return Draft(text=reply.response)

    @step
    async def second(self, ctx: Context, ev: Draft) -> StopEvent:
        """Ask again."""
        reply = await ctx.wait_for_event(HumanResponseEvent, InputRequiredEvent(n=2))
        return StopEvent(result=ev.text + reply.response)


async def test_answer_reaches_the_question_of_a_resumed_run() -> None:
    """The second question of a run is not taken for its first, which was answered."""
    checkpointer = WorkflowCheckpointer(Ask())
    handler = checkpointer.run(run_id="one")
    first = await anext(handler.stream_events())
    assert isinstance(first, InputRequiredEvent)
    await handler.send_event(
        HumanResponseEvent(response="a", question_id=first.question_id)
    )
    await asyncio.sleep(1)
    await handler.cancel_run()
    handler = await checkpointer.resume("one")
    second = await anext(handler.stream_events())
    assert isinstance(second, InputRequiredEvent)
    assert (first.n, second.n) == (1, 2)
    await handler.send_event(
        HumanResponseEvent(response="b", question_id=second.question_id)
    )
    assert await handler == "ab"


# -- what can go wrong


@pytest.mark.parametrize("fails_at", [0, 1, 2, 3])
async def test_storage_that_fails_ends_the_run(fails_at: int) -> None:
    """A run does not go on without its checkpoints, and says what happened."""
    store = Kept(fails_at=fails_at)
    workflow = Write()
    checkpointer = WorkflowCheckpointer(workflow, storage=store)
    handler = checkpointer.run(topic="rain", run_id="one")
    with pytest.raises(OSError, match="No space left on device") as caught:
        await handler
    assert "checkpoint" in " ".join(getattr(caught.value, "__notes__", []))
    assert workflow.began == STEPS[:fails_at]
    events = [event async for event in handler.stream_events()]
    assert isinstance(events[-1], WorkflowFailedEvent)
    # What was kept is good to go on from.
    store.fails_at = None
    if fails_at:
        workflow.began.clear()
        assert await (await checkpointer.resume("one")) == RESULT
        assert workflow.began == STEPS[fails_at - 1 :]


async def test_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    """A path that cannot be written to is part of the message."""
    path = tmp_path / "gone" / "runs.jsonl"
    checkpointer = WorkflowCheckpointer(Write(), storage=path)
    with pytest.raises(FileNotFoundError, match=r"gone.runs\.jsonl"):
        await checkpointer.run(topic="rain")


async def test_value_that_is_no_data_is_named() -> None:
    """A step that returns what cannot be kept fails the run, with the path to it."""

    class Bad(Workflow):
        @step
        async def begin(self, ev: StartEvent) -> Draft:
            return Draft(text="x", client=object())

        @step
        async def end(self, ev: Draft) -> StopEvent:
            return StopEvent()

    with pytest.raises(ValueError, match=r"client: .*object cannot be saved"):
        await WorkflowCheckpointer(Bad()).run()


async def test_missing_aiosqlite_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its optional dependency the message names the extra, and another way."""
    monkeypatch.setitem(sys.modules, "aiosqlite", None)
    checkpointer = WorkflowCheckpointer(Write(), storage=tmp_path / "runs.db")
    words = r'pip install "notebook-async\[sqlite\]", or .*\.jsonl'
    with pytest.raises(ImportError, match=words):
        await checkpointer.run(topic="rain")
    with pytest.raises(ImportError, match=words):
        await checkpointer.list()


async def _written(path: Path) -> list[bytes]:
    await WorkflowCheckpointer(Write(), storage=path).run(topic="rain", run_id="one")
    content = await asyncio.to_thread(path.read_bytes)
    return content.splitlines(keepends=True)


async def test_torn_line_is_left_out(tmp_path: Path) -> None:
    """Wherever the last line was torn, those before it count, and others can follow."""
    lines = await _written(tmp_path / "whole.jsonl")
    assert len(lines) == 4
    last = lines[2]
    cuts = [*range(1, 40), len(last) // 2, len(last) - 2]
    for cut in cuts:
        path = tmp_path / f"torn{cut}.jsonl"
        path.write_bytes(b"".join(lines[:2]) + last[:cut])
        workflow = Write()
        checkpointer = WorkflowCheckpointer(workflow, storage=path)
        assert [one.number for one in await checkpointer.list("one")] == [0, 1]
        assert await (await checkpointer.resume("one")) == RESULT
        assert workflow.began == STEPS[1:]
        assert [one.number for one in await checkpointer.list("one")] == [0, 1, 2, 3]


@pytest.mark.parametrize("cut", [1, 2, 3, 10])
async def test_torn_first_line_is_left_out(tmp_path: Path, cut: int) -> None:
    """A file of which nothing but the beginning of a line was written is empty."""
    lines = await _written(tmp_path / "whole.jsonl")
    path = tmp_path / "torn.jsonl"
    path.write_bytes(lines[0][:cut])
    checkpointer = WorkflowCheckpointer(Write(), storage=path)
    assert await checkpointer.list() == []
    await checkpointer.run(topic="rain", run_id="one")
    assert [one.number for one in await checkpointer.list()] == [0, 1, 2, 3]


async def test_line_without_its_end_counts(tmp_path: Path) -> None:
    """A whole line of which but the line break is missing is no torn one."""
    path = tmp_path / "runs.jsonl"
    lines = await _written(path)
    path.write_bytes(b"".join(lines[:2]).removesuffix(b"\n"))
    checkpointer = WorkflowCheckpointer(Write(), storage=path)
    assert [one.number for one in await checkpointer.list("one")] == [0, 1]
    assert await (await checkpointer.resume("one")) == RESULT
    assert [one.number for one in await checkpointer.list("one")] == [0, 1, 2, 3]


async def test_file_is_lines_of_json(tmp_path: Path) -> None:
    """Others can read the file, too."""
    rows = [json.loads(line) for line in await _written(tmp_path / "runs.jsonl")]
    assert [row["step"] for row in rows] == [None, *STEPS]
    assert {row["run_id"] for row in rows} == {"one"}


@pytest.mark.realtime
async def test_two_may_use_one_database(tmp_path: Path) -> None:
    """One reads while another writes, as a notebook beside a server."""
    path = tmp_path / "runs.db"
    async with (
        WorkflowCheckpointer(Write(), storage=path) as writer,
        WorkflowCheckpointer(Write(), storage=path) as reader,
    ):
        assert await reader.runs() == {}
        handlers = [writer.run(topic="rain", run_id=str(n)) for n in range(3)]
        handlers += [reader.run(topic="snow", run_id=f"r{n}") for n in range(3)]
        await asyncio.gather(*handlers)
        assert await reader.runs() == await writer.runs()
        assert sum((await reader.runs()).values()) == 24
