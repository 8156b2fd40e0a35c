"""Runs of LlamaIndex's own package, as recordings of ours."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import weakref
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("workflows", reason='pip install "notebook-async[llama-index]"')

from workflows import Workflow, step
from workflows.errors import WorkflowCancelledByUser, WorkflowTimeoutError
from workflows.events import HumanResponseEvent, StartEvent, StopEvent

from notebook_async import jobs, load_recording, record
from notebook_async.core import Record, StepRecord, add_hook
from notebook_async.core.hooks import wanted
from notebook_async.errors import ArgumentTypeError, HostError
from notebook_async.integrations.llama_index import (
    is_llama_index_handler,
    record_llama_index,
)
from notebook_async.widgets._graph_recorded import RecordedSource
from notebook_async.widgets._graph_static import graph_html
from notebook_async.workflow.representation import StepCounts, recorded_graph
from tests.integrations import llama_flows as flows

if TYPE_CHECKING:
    from pathlib import Path

    from notebook_async import Recording
    from notebook_async.core.recording import WorkflowState

# The package reads the wall clock for its own timers.
pytestmark = pytest.mark.realtime


@pytest.fixture(autouse=True)
def _nobody_listens() -> Any:  # noqa: ANN401
    """Leave no hook behind."""
    yield
    gc.collect()
    assert not wanted(Record)


def run_of(recording: Recording) -> WorkflowState:
    """Return the only run of a workflow that a recording has."""
    (run,) = recording.state.workflows.values()
    return run


def counts_of(recording: Recording) -> dict[str, StepCounts]:
    """Return what the steps of that run did."""
    return dict(recorded_graph(run_of(recording)).counts or {})


def steps_of(recording: Recording, step: str) -> list[StepRecord]:
    """Return what was told of a step, in order."""
    records = recording.window(recording.first, len(recording))
    return [r for r in records if isinstance(r, StepRecord) and r.step == step]


async def stream_of(handler: Any) -> list[str]:  # noqa: ANN401
    """Return the names of the events that a user gets."""
    return [type(event).__name__ async for event in handler.stream_events()]


async def until(recording: Recording, is_so: Any) -> None:  # noqa: ANN401
    """Wait for something to be true of the state of a recording."""
    while not is_so(recording.state):
        assert recording.listens
        await asyncio.sleep(0)


def printed_by(code: str) -> str:
    """Return what some code prints in a fresh interpreter."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    return done.stdout


# -- the runs


async def test_linear_run_is_told_whole() -> None:
    """A run has its graph, what its steps did with what, and its end."""
    handler = flows.Linear().run(topic="rain")
    recording = record_llama_index(handler)
    assert recording.listens
    assert await handler == "rain and more"
    run = run_of(recording)
    assert (run.name, run.phase, run.error) == ("Linear", "done", None)
    graph = recorded_graph(run)
    assert graph.name == "Linear"
    assert graph.description == "Find pages, and answer from them."
    assert {node.id: node.node_type for node in graph.nodes} == {
        "StartEvent": "event",
        "find": "step",
        "Pages": "event",
        "answer": "step",
        "StopEvent": "event",
    }
    ways = {("StartEvent", "find"), ("find", "Pages"), ("Pages", "answer")}
    ways.add(("answer", "StopEvent"))
    assert {(edge.source, edge.target) for edge in graph.edges} == ways
    assert run.edges == dict.fromkeys(ways, 1)
    assert counts_of(recording) == {
        "find": StepCounts(done=1, workers=4),
        "answer": StepCounts(done=1, workers=4),
    }
    (find,) = run.steps["find"].recent
    assert find.shown == ("StartEvent(topic='rain')", "Pages(pages=['rain', 'more'])")
    assert (find.given, find.returned) == ("StartEvent", "Pages")
    assert run.events == {"Event": 1, "StopEvent": 1}


async def test_run_takes_one_of_two_ways() -> None:
    """Only the branch that was taken has counts."""
    handler = flows.Branching().run(number=12)
    recording = record_llama_index(handler)
    assert await handler == "large 12"
    run = run_of(recording)
    assert run.edges == {
        ("StartEvent", "choose"): 1,
        ("choose", "Large"): 1,
        ("Large", "large"): 1,
        ("large", "StopEvent"): 1,
    }
    used = {node.id for node in recorded_graph(run).used().nodes}
    assert used == {"StartEvent", "choose", "Large", "large", "StopEvent"}


async def test_fan_out_of_200() -> None:
    """All calls are counted, as many at once as run at once, the others queued."""
    workflow = flows.Fan(timeout=30)
    workflow.gate = asyncio.Event()
    handler = workflow.run(size=200)
    recording = record_llama_index(handler)
    await until(recording, lambda _: run_queue(recording) == 192)
    counts = counts_of(recording)["work"]
    assert (counts.running, counts.queued, counts.workers) == (8, 192, 8)
    assert workflow.most == 8
    workflow.gate.set()
    assert await handler == sum(n * n for n in range(200))
    assert workflow.most == 8
    run = run_of(recording)
    assert run.edges == {
        ("StartEvent", "split"): 1,
        ("split", "Work"): 200,
        ("Work", "work"): 200,
        ("work", "Result"): 200,
        ("Result", "merge"): 200,
        ("merge", "StopEvent"): 1,
    }
    assert counts_of(recording) == {
        "split": StepCounts(done=1, workers=4),
        "work": StepCounts(done=200, workers=8),
        "merge": StepCounts(done=200, workers=1),
    }
    assert len({one.call for one in steps_of(recording, "work")}) == 200
    lanes = {lane.worker for lane in recording.lanes() if lane.name == "work"}
    assert lanes == set(range(8))


def run_queue(recording: Recording) -> int:
    """Return how many calls of `work` wait for a worker."""
    state = recording.state.workflows
    return sum(
        run.steps["work"].queued for run in state.values() if "work" in run.steps
    )


async def test_returned_question_is_asked_and_answered() -> None:
    """A question that a step returned is open until the person's answer comes in."""
    handler = flows.Greeter(timeout=30).run()
    recording = record_llama_index(handler)
    await until(recording, lambda state: state.questions)
    (question,) = recording.state.questions.values()
    assert question.step == "ask"
    assert question.text == "AskName(prompt='name?', secret=False)"
    assert recording.state.phase != "done"
    handler.ctx.send_event(flows.GiveName(name="Ada"))
    assert await handler == "Hello 3"
    assert recording.state.questions == {}
    kinds = recording.where(kinds=["QuestionRecord"]).window(0, 9)
    assert [one.record.phase for one in kinds] == ["waiting", "done"]
    external = {e.target for e in recorded_graph(run_of(recording)).edges}
    assert "external_step" in external


async def test_answer_to_a_secret_question_is_dots() -> None:
    """What a person answers to a secret question is in no text."""
    handler = flows.Greeter(timeout=30).run(secret=True)
    recording = record_llama_index(handler)
    await until(recording, lambda state: state.questions)
    handler.ctx.send_event(flows.GiveName(name="Lovelace"))
    assert await handler == "Hello 8"
    (greet,) = run_of(recording).steps["greet"].recent
    assert greet.shown == ("GiveName(•••)", "StopEvent(result='Hello 8')")
    assert recording.find("Lovelace") is None


async def test_step_that_waits_for_a_person_is_one_call() -> None:
    """A call that waits is run anew by the package, and is one call all the same."""
    handler = flows.Waiter(timeout=30).run()
    recording = record_llama_index(handler)
    await until(recording, lambda state: state.questions)
    assert counts_of(recording) == {"ask": StepCounts(waiting=1, workers=4)}
    (question,) = recording.state.questions.values()
    assert (question.text, question.step) == ("sure?", "ask")
    handler.ctx.send_event(HumanResponseEvent(response="no", user="bob"))
    handler.ctx.send_event(HumanResponseEvent(response="yes", user="ada"))
    assert await handler == "yes"
    told = steps_of(recording, "ask")
    phases = [one.phase for one in told]
    assert phases == ["running", "waiting", "running", "done"]
    assert {one.call for one in told} == {1}
    assert recording.state.questions == {}


async def test_question_that_nobody_answers_in_time() -> None:
    """A question whose time is up has failed."""
    handler = flows.Waiter(timeout=30).run(patience=0.01)
    recording = record_llama_index(handler)
    with pytest.raises(asyncio.TimeoutError):
        await handler
    kinds = recording.where(kinds=["QuestionRecord"]).window(0, 9)
    assert [one.record.phase for one in kinds] == ["waiting", "failed"]
    assert run_of(recording).phase == "failed"


async def test_failing_step_is_told_with_its_error() -> None:
    """A step that fails has its error, and the run has it too."""
    handler = flows.Failing().run()
    recording = record_llama_index(handler)
    with pytest.raises(ValueError, match="no pages"):
        await handler
    run = run_of(recording)
    assert (run.phase, run.error) == ("failed", "ValueError('no pages')")
    (failed,) = run.steps["second"].errors
    assert failed.error == "ValueError('no pages')"
    assert failed.shown == ("Pages(pages=[])", None)
    assert run.events == {"WorkflowFailedEvent": 1}


async def test_retries_are_attempts_of_one_call() -> None:
    """What is tried again keeps its number."""
    handler = flows.Flaky(timeout=30).run()
    recording = record_llama_index(handler)
    assert await handler == 3
    told = [(one.phase, one.call, one.attempt) for one in steps_of(recording, "call")]
    assert told == [
        ("running", 1, 1),
        ("retrying", 1, 1),
        ("running", 1, 2),
        ("retrying", 1, 2),
        ("running", 1, 3),
        ("done", 1, 3),
    ]
    assert counts_of(recording) == {"call": StepCounts(done=1, retries=2, workers=4)}


async def test_list_that_is_joined_again() -> None:
    """A step that takes a list is called once, and each of its events counts."""
    handler = flows.Joining().run(size=6)
    recording = record_llama_index(handler)
    assert await handler == 6
    run = run_of(recording)
    assert run.edges == {
        ("StartEvent", "split"): 1,
        ("split", "Work"): 6,
        ("Work", "work"): 6,
        ("work", "Result"): 6,
        ("Result", "merge"): 6,
        ("merge", "StopEvent"): 1,
    }
    done = {name: counts.done for name, counts in counts_of(recording).items()}
    assert done == {"split": 1, "work": 6, "merge": 1}
    (split,) = run.steps["split"].recent
    assert split.returned == "Work"


async def test_failure_that_is_caught() -> None:
    """The step has failed, the one that catches it is done, and so is the run."""
    handler = flows.Caught().run(topic="rain")
    recording = record_llama_index(handler)
    assert await handler == "without fail"
    assert run_of(recording).phase == "done"
    assert counts_of(recording) == {
        "fail": StepCounts(failed=1, workers=4),
        "recover": StepCounts(done=1, workers=1),
    }


async def test_run_that_is_aborted() -> None:
    """A run whose task is cancelled without a word is cancelled."""
    workflow = flows.Slow(timeout=30)
    workflow.started = asyncio.Event()
    handler = workflow.run()
    recording = record_llama_index(handler)
    await workflow.started.wait()
    handler._external_adapter.abort()
    with pytest.raises(asyncio.CancelledError):
        await handler
    assert run_of(recording).phase == "cancelled"
    assert not recording.listens


async def test_time_out_is_a_failure() -> None:
    """A run whose time is up has failed, and its calls were cancelled."""
    handler = flows.Slow(timeout=0.05).run()
    recording = record_llama_index(handler)
    with pytest.raises(WorkflowTimeoutError):
        await handler
    run = run_of(recording)
    assert run.phase == "failed"
    assert "timed out after 0.05 seconds" in str(run.error)
    assert counts_of(recording) == {"sleep": StepCounts(cancelled=1, workers=4)}


async def test_cancelled_run() -> None:
    """A run that is cancelled is told so."""
    workflow = flows.Slow(timeout=30)
    workflow.started = asyncio.Event()
    handler = workflow.run()
    recording = record_llama_index(handler)
    await workflow.started.wait()
    await handler.cancel_run()
    with pytest.raises(WorkflowCancelledByUser):
        await handler
    run = run_of(recording)
    assert (run.phase, run.error) == ("cancelled", None)
    assert counts_of(recording) == {"sleep": StepCounts(cancelled=1, workers=4)}
    assert not recording.listens


class Outer(Workflow):
    """Run another workflow in a step, and record it there."""

    @step
    async def call(self, ev: StartEvent) -> StopEvent:
        """Run the other one."""
        handler = flows.Linear().run(topic=ev.topic)
        inner = record_llama_index(handler)
        result = await handler
        return StopEvent(result=(result, inner))


async def test_nested_run_is_inside_of_its_outer_one() -> None:
    """A run that is recorded in a step of another has that one's path before its id."""
    handler = Outer().run(topic="wind")
    recording = record_llama_index(handler)
    result, inner = await handler
    assert result == "wind and more"
    (source,) = inner.state.workflows
    assert source[:-1] == (handler.run_id,)
    assert set(recording.state.workflows) == {(handler.run_id,), source}
    assert recording.state.workflows[source].phase == "done"


async def test_fifty_runs_at_once_are_kept_apart() -> None:
    """Each recording has its own run, and one of everything has all."""
    everything = record()
    handlers = [flows.Linear().run(topic=str(n)) for n in range(50)]
    recordings = [record_llama_index(handler) for handler in handlers]
    await asyncio.gather(*handlers)
    for number, (handler, recording) in enumerate(
        zip(handlers, recordings, strict=True)
    ):
        assert list(recording.state.workflows) == [(handler.run_id,)]
        (find,) = run_of(recording).steps["find"].recent
        assert find.shown is not None
        assert find.shown[0] == f"StartEvent(topic='{number}')"
    assert len(everything.state.workflows) == 50
    graphs = {id(run.graph) for run in everything.state.workflows.values()}
    assert len(graphs) == 1
    everything.stop()


async def test_event_without_a_repr_is_no_harm() -> None:
    """The `repr` of a user's event may raise."""
    handler = flows.Rude().run()
    recording = record_llama_index(handler)
    assert await handler == 1
    (take,) = run_of(recording).steps["take"].recent
    assert take.shown == ("<Unshowable without a repr>", "StopEvent(result=1)")
    assert run_of(recording).phase == "done"


# -- the user's own run is as it was


async def test_stream_is_complete_for_the_user() -> None:
    """Recording takes no event out of the stream, also of those that are internal."""
    alone, watched = flows.Fan(timeout=30), flows.Fan(timeout=30)
    before = await stream_of(alone.run(size=20))
    handler = watched.run(size=20)
    recording = record_llama_index(handler)
    assert await stream_of(handler) == before
    assert before == ["Work"] * 20 + ["StopEvent"]
    await handler
    assert run_of(recording).events == {"Work": 20, "StopEvent": 1}


async def test_internal_events_are_complete_for_the_user() -> None:
    """Who asks for internal events gets as many as without a recording."""

    async def internal(*, recorded: bool) -> list[str]:
        handler = flows.Linear().run(topic="rain")
        recording = record_llama_index(handler) if recorded else None
        events = handler.stream_events(expose_internal=True)
        names = [type(event).__name__ async for event in events]
        await handler
        assert recording is None or not recording.listens
        return names

    assert await internal(recorded=True) == await internal(recorded=False)


async def test_nothing_is_left_at_the_run() -> None:
    """After its end a run has neither a listener nor a task of ours."""
    handler = flows.Linear().run(topic="rain")
    log = handler._external_adapter._queues
    recording = record_llama_index(handler)
    assert "put_nowait" in vars(log.publish_queue)
    await handler
    assert not recording.listens
    assert "put_nowait" not in vars(log.publish_queue)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert others == set()


# -- from when on, and until when


async def test_recording_stops_though_nobody_awaits_the_handler() -> None:
    """The end of the run is the end of the recording."""
    recording = record_llama_index(flows.Linear().run(topic="rain"))
    stopped = asyncio.Event()
    recording.on_stop(stopped.set)
    await stopped.wait()
    assert run_of(recording).phase == "done"


async def test_handler_that_is_watched_late() -> None:
    """What happened before is there: calls under way, those queued, and counts."""
    workflow = flows.Fan(timeout=30)
    workflow.gate = asyncio.Event()
    handler = workflow.run(size=20)
    early = record_llama_index(handler)
    await until(early, lambda _: run_queue(early) == 12)
    late = record_llama_index(handler)
    counts = counts_of(late)["work"]
    assert (counts.running, counts.queued) == (8, 12)
    workflow.gate.set()
    await handler
    assert counts_of(late) == counts_of(early)
    assert run_of(late).edges == run_of(early).edges
    assert run_of(late).events == run_of(early).events
    assert run_of(late).phase == "done"


async def test_handler_that_is_watched_first_in_its_midst() -> None:
    """One that nobody watched before is followed on as if somebody had."""
    workflow = flows.Fan(timeout=30)
    workflow.gate = asyncio.Event()
    handler = workflow.run(size=20)
    workflow.full = asyncio.Event()
    await workflow.full.wait()
    late = record_llama_index(handler)
    workflow.gate.set()
    assert await handler == 2470
    assert counts_of(late) == {
        "split": StepCounts(done=1, workers=4),
        "work": StepCounts(done=20, workers=8),
        "merge": StepCounts(done=20, workers=1),
    }
    assert run_of(late).events == {"Work": 20, "StopEvent": 1}
    began = [one.began for one in steps_of(late, "split")]
    assert began[0] < late.anchor.perf


async def test_question_is_known_to_who_comes_late() -> None:
    """A question that was asked before is open in a recording that begins then."""
    handler = flows.Waiter(timeout=30).run()
    early = record_llama_index(handler)
    await until(early, lambda state: state.questions)
    late = record_llama_index(handler)
    assert list(late.state.questions) == list(early.state.questions)
    handler.ctx.send_event(HumanResponseEvent(response="yes", user="ada"))
    await handler
    assert late.state.questions == {}
    assert counts_of(late) == counts_of(early)


async def test_handler_that_has_ended() -> None:
    """What a run did can be seen after its end, and nothing is listened to any more."""
    handler = flows.Linear().run(topic="rain")
    await handler
    recording = record_llama_index(handler)
    assert not recording.listens
    run = run_of(recording)
    assert run.phase == "done"
    assert counts_of(recording) == {
        "find": StepCounts(done=1, workers=4),
        "answer": StepCounts(done=1, workers=4),
    }
    assert run.events == {"StopEvent": 1, "Event": 1}
    failed = flows.Failing().run()
    with pytest.raises(ValueError, match="no pages"):
        await failed
    recording = record_llama_index(failed)
    assert run_of(recording).error == "ValueError('no pages')"
    assert run_of(recording).events == {"WorkflowFailedEvent": 1}


async def test_long_log_is_read_without_working_it_off_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a long run that is watched late the calls are counted all the same."""
    inside = "notebook_async.integrations._llama_index_inside._MOST_REPLAYED"
    handler = flows.Fan(timeout=30).run(size=30)
    early = record_llama_index(handler)
    await handler
    monkeypatch.setattr(inside, 10)
    late = record_llama_index(handler)
    assert counts_of(late) == counts_of(early)
    assert run_of(late).edges == run_of(early).edges
    assert run_of(late).events == run_of(early).events
    for one in steps_of(late, "work"):
        assert run_of(late).began <= one.began <= one.at


async def test_stopped_recording_ends_the_listening() -> None:
    """Once nobody wants to know the run is left alone, and goes on."""
    workflow = flows.Fan(timeout=30)
    workflow.gate = asyncio.Event()
    handler = workflow.run(size=9)
    log = handler._external_adapter._queues
    recording = record_llama_index(handler)
    await until(recording, lambda _: run_queue(recording) == 1)
    recording.stop()
    workflow.gate.set()
    assert await handler == 204
    assert "put_nowait" not in vars(log.publish_queue)
    assert run_of(recording).phase == "running"


async def test_nothing_is_kept_alive() -> None:
    """What was recorded can go: the handler, its run and the recording."""
    handler = flows.Linear().run(topic="rain")
    recording = record_llama_index(handler)
    await handler
    gone = [
        weakref.ref(one)
        for one in (handler, handler._external_adapter._queues, recording)
    ]
    del handler, recording
    await asyncio.sleep(0)
    gc.collect()
    assert [one() for one in gone] == [None, None, None]


async def test_recording_that_is_dropped_stops() -> None:
    """A recording that nobody has any more takes in nothing, while the run goes on."""
    handler = flows.Linear().run(topic="rain")
    record_llama_index(handler)
    gc.collect()
    assert not wanted(Record)
    assert await handler == "rain and more"


# -- around it


async def test_path_begins_with_that_of_the_job() -> None:
    """In a job a run stands below that job."""

    async def work() -> Recording:
        handler = flows.Linear().run(topic="rain")
        recording = record_llama_index(handler)
        await handler
        return recording

    job = jobs.start(work(), name="rain")
    everything = record(job)
    recording = await job
    (source,) = recording.state.workflows
    assert source[:-1] == next(iter(everything.state.jobs))
    assert source in everything.state.workflows


async def test_hooks_are_told_too() -> None:
    """A hook gets the records of a run that is recorded, as those of our own runs."""
    told: list[str] = []
    with add_hook(lambda one: told.append(one.phase), StepRecord):
        handler = flows.Failing().run()
        recording = record_llama_index(handler)
        with pytest.raises(ValueError, match="no pages"):
            await handler
    assert told == ["running", "done", "running", "failed"]
    assert not recording.listens


async def test_record_takes_such_a_handler() -> None:
    """`record(handler)` finds this module by its entry point."""
    handler = flows.Linear().run(topic="rain")
    recording = record(handler)
    assert await handler == "rain and more"
    assert run_of(recording).phase == "done"


async def test_what_is_no_such_handler_is_refused() -> None:
    """The error says what was wanted, and what came."""
    with pytest.raises(ArgumentTypeError, match=r"workflow\.run\(\).*got int"):
        record_llama_index(3)
    assert not is_llama_index_handler(3)
    handler = flows.Linear().run(topic="rain")
    assert is_llama_index_handler(handler)
    await handler


async def test_run_that_is_kept_otherwise_is_refused() -> None:
    """Where private parts are missing the error names the versions known to work."""
    handler = flows.Linear().run(topic="rain")
    adapter, handler._external_adapter = handler._external_adapter, object()
    with pytest.raises(HostError, match=r"known to work are the versions 2\."):
        record_llama_index(handler)
    handler._external_adapter = adapter
    assert await handler == "rain and more"


def test_asking_imports_nothing() -> None:
    """Where the package is not loaded, nothing is loaded to find that out."""
    code = (
        "import sys\n"
        "from notebook_async.integrations.llama_index import is_llama_index_handler\n"
        "assert not is_llama_index_handler(object())\n"
        "assert 'workflows' not in sys.modules\n"
    )
    assert printed_by(code) == ""


# -- pictures and files


async def test_picture_names_the_steps() -> None:
    """A recording alone is enough to draw the run."""
    handler = flows.Fan(timeout=30).run(size=5)
    recording = record_llama_index(handler)
    await handler
    html = graph_html(RecordedSource(recording))
    for word in ("split", "work", "merge", "Fan"):
        assert word in html


async def test_file_is_read_without_the_package(tmp_path: Path) -> None:
    """A recording that was exported needs nothing of the package where it is loaded."""
    handler = flows.Fan(timeout=30).run(size=5)
    recording = record_llama_index(handler)
    await handler
    path = recording.export(tmp_path / "fan.jsonl.gz")
    assert load_recording(path).state == recording.state
    code = (
        "import sys\n"
        "from notebook_async import load_recording\n"
        "from notebook_async.workflow.representation import recorded_graph\n"
        f"recording = load_recording({str(path)!r})\n"
        "(run,) = recording.state.workflows.values()\n"
        "print(recorded_graph(run))\n"
        "assert 'workflows' not in sys.modules\n"
    )
    assert printed_by(code) == f"{recorded_graph(run_of(recording))}\n"


async def test_files_and_places_of_the_disk_are_no_part_of_it() -> None:
    """The graph says nothing of values in files, nor where code lies."""
    handler = flows.Linear().run(topic="rain")
    recording = record_llama_index(handler)
    await handler
    graph = run_of(recording).graph
    assert graph is not None
    kept = {key for node in graph["nodes"] for key in node}
    assert not kept & {"source_file", "source_line", "config_value", "event_schema"}
