"""Runs inside steps of other runs: seen, answered and cancelled with them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notebook_async.workflow import (
    Context,
    HumanResponseEvent,
    InputRequiredEvent,
    ServiceManager,
    ServiceNotFoundError,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowCancelledByUser,
    WorkflowTimeoutError,
    WorkflowValidationError,
    step,
)
from tests.core.probes import now, others
from tests.workflow.runs import Go, Progress, kinds, questions_of, read


class Child(Workflow):
    """A workflow that works, asks or fails, as it is told."""

    log: list[str]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.log = []

    @step
    async def work(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Show something, and go on as told."""
        name = ev.get("name", "child")
        ctx.write_event_to_stream(Progress(n=1, by=name))
        try:
            if ev.get("ask"):
                question = InputRequiredEvent(prefix=name)
                answer = await ctx.wait_for_event(HumanResponseEvent, question)
                return StopEvent(result=f"{name} got {answer.response}")
            await asyncio.sleep(ev.get("seconds", 1))
            if ev.get("fail"):
                raise OSError("child")
            return StopEvent(result=f"{name} is done")
        finally:
            self.log.append(f"{name} ended")


class Parent(Workflow):
    """A workflow with a service."""

    @step
    async def call(self, ctx: Context, ev: StartEvent, child: Child) -> Go:
        """Call the service."""
        ctx.write_event_to_stream(Progress(n=0, by="parent"))
        return Go(said=await child.run(**ev.to_dict()))

    @step
    async def end(self, ev: Go) -> StopEvent:
        """End."""
        return StopEvent(result=ev.said)


def make(**options: Any) -> tuple[Parent, Child]:  # noqa: ANN401
    """Return a parent with its child."""
    parent, child = Parent(**options), Child()
    parent.add_workflows(child=child)
    return parent, child


# -- services


async def test_service_is_given_by_the_name_of_the_parameter() -> None:
    """A step parameter annotated with a workflow class gets the one of its name."""
    parent, _ = make()
    assert await parent.run() == "child is done"


async def test_default_of_the_parameter_is_a_service() -> None:
    """Where no workflow was added, the default of the parameter is used."""
    default = Child()

    class Defaults(Workflow):
        @step
        async def only(self, _: StartEvent, child: Child = default) -> StopEvent:
            return StopEvent(result=child is default)

    assert await Defaults().run() is True
    other = Defaults()
    other.add_workflows(child=Child())
    assert await other.run() is False


async def test_missing_service_is_told_before_the_run() -> None:
    """A service that is missing and has no default fails `run`, with what to do."""
    message = r"step 'call' needs the workflow 'child': call `add_workflows\(child="
    with pytest.raises(WorkflowValidationError, match=message):
        Parent().run()
    assert others() == set()


def test_service_manager() -> None:
    """Services are found by name, or by default; else there is an error."""
    manager = ServiceManager()
    child, other = Child(), Child()
    manager.add("child", child)
    assert manager.get("child") is child
    assert manager.get("child", other) is child
    assert manager.get("other", other) is other
    with pytest.raises(ServiceNotFoundError, match="no service 'other'; there are ch"):
        manager.get("other")


async def test_service_manager_may_be_shared() -> None:
    """A `service_manager=` serves any number of workflows."""
    manager = ServiceManager()
    manager.add("child", Child())
    parents = [Parent(service_manager=manager) for _ in range(2)]
    results = await asyncio.gather(*(parent.run() for parent in parents))
    assert results == ["child is done"] * 2


async def test_services_of_instances_are_apart() -> None:
    """A workflow that was added to one instance is unknown to another."""
    make()
    with pytest.raises(WorkflowValidationError, match="needs the workflow 'child'"):
        Parent().run()


# -- the stream


async def test_stream_of_the_child_comes_out_of_the_parent() -> None:
    """What a child shows is in the stream of its parent, in order, without its end."""
    parent, _ = make()
    events: list[Any] = await read(parent.run())
    assert kinds(events) == ["Progress", "Progress", "StopEvent"]
    assert [event.by for event in events[:2]] == ["parent", "child"]
    assert events[2].result == "child is done"


async def test_child_keeps_its_own_stream() -> None:
    """The child's own handler still shows all of its events, with its end."""
    seen: list[Any] = []

    class Reads(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            handler = Child().run()
            seen.extend(await read(handler))
            return StopEvent(result=await handler)

    handler = Reads().run()
    assert await handler == "child is done"
    assert kinds(seen) == ["Progress", "StopEvent"]
    assert kinds(await read(handler)) == ["Progress", "StopEvent"]


async def test_grandchild_comes_out_at_the_top() -> None:
    """Streams are forwarded through any number of levels, each event once."""

    class Top(Workflow):
        @step
        async def only(self, _: StartEvent, parent: Parent) -> StopEvent:
            return StopEvent(result=await parent.run(name="grandchild"))

    parent, _ = make()
    top = Top()
    top.add_workflows(parent=parent)
    events: list[Any] = await read(top.run())
    assert [event.by for event in events[:-1]] == ["parent", "grandchild"]
    assert events[-1].result == "grandchild is done"


# -- questions


async def test_question_of_the_child_reaches_the_parents_handler() -> None:
    """A person answers a child through the handler of the parent."""
    parent, _ = make()
    handler = parent.run(ask=True)
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            await handler.send_event(HumanResponseEvent(response=f"to {event.prefix}"))
    assert await handler == "child got to child"


async def test_questions_of_two_children_are_told_apart() -> None:
    """Answers that name a question go to the child that asked it."""

    class Two(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            both = [Child().run(ask=True, name=name) for name in "ab"]
            return StopEvent(result=await asyncio.gather(*both))

    handler = Two().run()
    for question in reversed(await questions_of(handler, 2)):
        handler.ctx.send_event(
            HumanResponseEvent(
                response=f"for {question.prefix}", question_id=question.question_id
            )
        )
    assert await handler == ["a got for a", "b got for b"]


async def test_answer_without_a_name_goes_to_the_first_that_wants_it() -> None:
    """Unnamed answers go to the children in the order in which they were started."""

    class Two(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            both = [Child().run(ask=True, name=name) for name in "ab"]
            return StopEvent(result=await asyncio.gather(*both))

    handler = Two().run()
    await asyncio.sleep(1)
    for response in "12":
        handler.ctx.send_event(HumanResponseEvent(response=response))
    assert await handler == ["a got 1", "b got 2"]


async def test_parents_clock_rests_while_a_child_asks() -> None:
    """While a person thinks about a child's question the parent's time stands still."""
    parent, _ = make(timeout=5)
    handler = parent.run(ask=True)
    await asyncio.sleep(1000)
    await handler.send_event(HumanResponseEvent(response="x"))
    assert await handler == "child got x"


async def test_parents_clock_runs_while_a_child_works() -> None:
    """A child's work counts for its parent, whose timeout ends both."""
    parent, child = make(timeout=5)
    with pytest.raises(WorkflowTimeoutError, match=r"after 5.*active steps: call$"):
        await parent.run(seconds=40)
    assert now() == 5.0
    assert child.log == ["child ended"]
    assert others() == set()


# -- ends


async def test_childs_exception_comes_out_of_the_step() -> None:
    """A child that fails raises in the step that awaits it, with a note of each."""
    parent, _ = make()
    with pytest.raises(OSError, match="child") as caught:
        await parent.run(fail=True)
    assert caught.value.__notes__ == [
        "in step 'work' of Child, given StartEvent, attempt 1",
        "in step 'call' of Parent, given StartEvent, attempt 1",
    ]


async def test_childs_timeout_is_its_own() -> None:
    """A child that takes too long raises in the step; the parent may go on."""

    class Tolerant(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            try:
                await Child(timeout=2).run(seconds=10)
            except WorkflowTimeoutError:
                return StopEvent(result=now())
            return StopEvent()

    assert await Tolerant().run() == 2.0


@pytest.mark.parametrize("ask", [False, True])
async def test_cancelling_the_parent_cancels_the_child(*, ask: bool) -> None:
    """A parent that is cancelled takes its children along, and waits for them."""
    parent, child = make()
    handler = parent.run(ask=ask, seconds=100)
    await asyncio.sleep(1)
    await handler.cancel_run()
    assert child.log == ["child ended"]
    assert others() == set()
    with pytest.raises(WorkflowCancelledByUser, match="Parent was cancelled"):
        await handler


async def test_child_that_nobody_awaits_ends_with_the_parent() -> None:
    """A child that was started and not awaited is cancelled when its parent ends."""
    child = Child()

    class Forgets(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            child.run(seconds=100)
            await asyncio.sleep(1)
            return StopEvent(result="done")

    assert await Forgets().run() == "done"
    assert child.log == ["child ended"]
    assert now() == 1.0
    assert others() == set()


async def test_child_that_fails_unawaited_does_not_touch_the_parent() -> None:
    """A child that was cancelled by its step leaves the parent going."""

    class Cancels(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            handler = Child().run(seconds=100)
            await asyncio.sleep(1)
            await handler.cancel_run()
            return StopEvent(result="went on")

    assert await Cancels().run() == "went on"
    assert now() == 1.0


async def test_retry_of_a_step_cancels_its_child() -> None:
    """A step that fails leaves no child behind when it is tried again."""
    child = Child()

    class Retries(Workflow):
        @step(retry_policy=1)
        async def only(self, ctx: Context, _: StartEvent) -> StopEvent:
            handler = child.run(seconds=20, name=str(ctx.retry_info().retry_number))
            await asyncio.sleep(1)
            if ctx.retry_info().retry_number == 0:
                raise OSError("once")
            return StopEvent(result=await handler)

    assert await Retries(timeout=None).run() == "1 is done"
    assert child.log == ["0 ended", "1 ended"]
