"""The runner for tests of workflows."""

from __future__ import annotations

import pytest

from notebook_async.testing import WorkflowTestRunner
from notebook_async.workflow import (
    Context,
    Event,
    StartEvent,
    StepState,
    StepStateChanged,
    StopEvent,
    Workflow,
    step,
)


class Progress(Event):
    """Something to show."""

    percent: int


class Work(Workflow):
    """Shows something, and fails if told to."""

    @step
    async def work(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Show two events."""
        ctx.write_event_to_stream(Progress(percent=50))
        if ev.get("fail"):
            raise OSError("no")
        await ctx.store.set("seen", value=True)
        return StopEvent(result="done")


async def test_all_events_are_collected_in_order() -> None:
    """A run's own events and the engine's come in the order they happened."""
    tested = await WorkflowTestRunner(Work()).run()
    assert [type(event) for event in tested.collected] == [
        StepStateChanged,
        Progress,
        StepStateChanged,
        StopEvent,
    ]
    states = [
        event.step_state
        for event in tested.collected
        if isinstance(event, StepStateChanged)
    ]
    assert states == [StepState.RUNNING, StepState.NOT_RUNNING]
    assert tested.event_types == {StepStateChanged: 2, Progress: 1, StopEvent: 1}
    assert tested.result == "done"
    assert await tested.ctx.store.get("seen") is True


async def test_classes_can_be_left_out() -> None:
    """What is excluded is neither collected nor counted."""
    tested = await WorkflowTestRunner(Work()).run(exclude_events=[StepStateChanged])
    assert [type(event) for event in tested.collected] == [Progress, StopEvent]
    assert tested.event_types[StepStateChanged] == 0


async def test_internal_events_can_be_hidden() -> None:
    """Without `expose_internal` only the run's own events are collected."""
    tested = await WorkflowTestRunner(Work()).run(expose_internal=False)
    assert tested.collected[0] == Progress(percent=50)
    assert len(tested.collected) == 2


async def test_a_failure_is_raised() -> None:
    """What a step raises comes out of the runner."""
    with pytest.raises(OSError, match=r"^no"):
        await WorkflowTestRunner(Work()).run(StartEvent(fail=True))
