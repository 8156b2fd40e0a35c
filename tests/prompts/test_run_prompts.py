"""The questions of a run: asked by themselves, where somebody waits for the run."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.core import EventRecord, QuestionRecord, StepRecord, add_hook
from notebook_async.errors import (
    NoFrontEndError,
    PromptCancelledError,
    PromptTimeout,
    WorkflowCancelledByUser,
)
from notebook_async.prompts import (
    Approval,
    Prompt,
    answers,
    ask,
    pending,
    set_patience,
    set_presenter,
)
from notebook_async.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    Question,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowCheckpointer,
    WorkflowHandler,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def notebook() -> Iterator[None]:
    """Be as patient as a notebook with the extension."""
    before = set_patience(3.0)
    yield
    set_patience(before)


async def until(number: int) -> list[Prompt]:
    """Return the questions once there are so many of them."""
    changed = asyncio.Event()
    watching = pending.on_change(lambda *_: changed.set())
    while len(pending) != number:
        await changed.wait()
        changed.clear()
    watching.remove()
    return list(pending)


class One(Workflow):
    """Asks one question, which a step waits for."""

    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Ask."""
        words = {"prefix": "Name?", **ev.get("words", {})}
        question = InputRequiredEvent(**words)
        answer = await ctx.wait_for_event(HumanResponseEvent, question)
        return StopEvent(result=answer.response)


class Loose(Workflow):
    """Asks one question that no step waits for."""

    @step
    async def ask(self, ev: StartEvent) -> InputRequiredEvent:  # noqa: ARG002
        """Ask."""
        return InputRequiredEvent(prefix="Name?")

    @step
    async def greet(self, ev: HumanResponseEvent) -> StopEvent:
        """End."""
        return StopEvent(result=ev.response)


class Piece(Event):
    """One of ten."""

    number: int


class Found(Event):
    """What a branch was told."""

    number: int
    answer: int


class Ten(Workflow):
    """Ten branches that each ask."""

    @step
    async def fan(self, ev: StartEvent) -> list[Piece]:  # noqa: ARG002
        """Begin ten branches."""
        return [Piece(number=number) for number in range(10)]

    @step(num_workers=10)
    async def ask(self, ctx: Context, ev: Piece) -> Found:
        """Ask for a number."""
        question = InputRequiredEvent(prefix=f"{ev.number}?", answer_type="integer")
        answer = await ctx.wait_for_event(HumanResponseEvent, question)
        return Found(number=ev.number, answer=answer.response)

    @step
    async def gather(self, found: list[Found]) -> StopEvent:
        """End with all answers."""
        return StopEvent(result={each.number: each.answer for each in found})


async def awaiting(handler: WorkflowHandler) -> Any:  # noqa: ANN401
    """Await a run."""
    return await handler


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("flow", [One, Loose])
async def test_awaited_run_asks(flow: type[Workflow]) -> None:
    """A run that somebody awaits asks by itself, and goes on with the answer."""
    handler = flow().run()
    task = asyncio.create_task(awaiting(handler))
    (prompt,) = await until(1)
    assert (prompt.question.text, prompt.question.source) == (
        "Name?",
        (handler.run_id,),
    )
    prompt.answer("Ada")
    assert await task == "Ada"


@pytest.mark.usefixtures("held")
async def test_run_alone_asks_nobody() -> None:
    """A run that nobody waits for shows nothing; its program answers it."""
    handler = One().run()
    await asyncio.sleep(10)
    assert list(pending) == []
    await handler.send_event(HumanResponseEvent(response="Ada"))
    assert await handler == "Ada"


@pytest.mark.usefixtures("held")
async def test_ten_branches_get_their_own_answers() -> None:
    """Ten branches ask at once, and each gets its answer, in any order."""
    task = asyncio.create_task(awaiting(Ten(timeout=1).run()))
    prompts = await until(10)
    await asyncio.sleep(100)  # the run's time stands still
    for prompt in (*prompts[1::2], *prompts[8::-2]):
        prompt.answer(int(prompt.question.text[:-1]) ** 2)
    assert await task == {number: number**2 for number in range(10)}


@pytest.mark.usefixtures("held")
async def test_program_answers_itself() -> None:
    """An answer that the program sends counts, and closes the prompt."""
    handler = One().run()
    task = asyncio.create_task(awaiting(handler))
    await until(1)
    handler.ctx.send_event(HumanResponseEvent(response="by code"))
    assert await task == "by code"
    await until(0)


@pytest.mark.usefixtures("held", "notebook")
@pytest.mark.parametrize("slow", [0.0, 0.3, 20.0])
async def test_program_that_reads_is_left_alone(slow: float) -> None:
    """While a program is busy with an event that it has read, nobody else is asked."""
    handler = One().run()
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            await asyncio.sleep(slow)
            assert list(pending) == []
            await handler.send_event(HumanResponseEvent(response="read"))
    assert await handler == "read"
    assert pending.history == ()


@pytest.mark.usefixtures("held", "notebook")
async def test_program_that_reads_all_first() -> None:
    """A program may read several questions before it answers any."""
    handler = Ten().run()
    asked: list[InputRequiredEvent] = []
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            asked.append(event)
        if len(asked) == 10:
            break
    for number, question in enumerate(asked):
        reply = HumanResponseEvent(response=number, question_id=question.question_id)
        await handler.send_event(reply)
    assert await handler == dict(enumerate(range(10)))
    assert pending.history == ()


@pytest.mark.usefixtures("held", "notebook")
async def test_loop_that_only_looks() -> None:
    """A loop that goes on past a question does not answer it, so a person is asked."""

    async def look(handler: WorkflowHandler) -> list[str]:
        return [type(event).__name__ async for event in handler.stream_events()]

    task = asyncio.create_task(look(One().run()))
    (prompt,) = await until(1)
    prompt.answer("Ada")
    assert await task == ["InputRequiredEvent", "StopEvent"]


@pytest.mark.usefixtures("held")
async def test_loop_of_a_script_is_left_alone() -> None:
    """In a script a loop over the events may be a server's, which asks in its way."""
    handler = One().run()
    stream = handler.stream_events()
    await anext(stream)
    task = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(60)
    assert list(pending) == []
    await handler.send_event(HumanResponseEvent(response="served"))
    await task
    assert await handler == "served"


@pytest.mark.usefixtures("held", "notebook")
async def test_stream_that_was_left_open() -> None:
    """A reader that somebody keeps but reads no more holds up no question."""
    handler = One().run()
    stream = handler.stream_events()
    await anext(stream)
    task = asyncio.create_task(awaiting(handler))
    (prompt,) = await until(1)
    prompt.answer("Ada")
    assert await task == "Ada"
    del stream


@pytest.mark.usefixtures("held", "notebook")
async def test_interrupt_of_the_waiting_cell() -> None:
    """Who awaits the run is cancelled: so are the run and its question, no other."""
    tasks = [asyncio.create_task(awaiting(One().run())) for _ in range(2)]
    first, second = await until(2)
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert await until(1) == [second]
    assert first.ended is not None
    second.answer("Ada")
    assert await tasks[1] == "Ada"


@pytest.mark.usefixtures("held")
async def test_interrupt_of_the_question() -> None:
    """Ctrl-C at a question on a terminal cancels whoever waits for the run."""
    handler = One().run()
    task = asyncio.create_task(awaiting(handler))
    (prompt,) = await until(1)
    prompt.interrupt()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert handler.cancelled()


@pytest.mark.usefixtures("held")
async def test_wait_that_is_given_up() -> None:
    """A question closes as nobody waits for it any more, and is asked again later."""
    handler = One().run()
    waiting = asyncio.create_task(awaiting(handler))
    other = asyncio.create_task(awaiting(handler))
    (before,) = await until(1)
    waiting.cancel()
    await asyncio.sleep(1)
    assert list(pending) == [before]
    before.answer("Ada")
    assert await other == "Ada"


@pytest.mark.usefixtures("held")
async def test_cancelled_run_closes_its_prompts() -> None:
    """All questions of a run close with it."""
    handler = Ten().run()
    task = asyncio.create_task(awaiting(handler))
    await until(10)
    await handler.cancel_run()
    with pytest.raises(WorkflowCancelledByUser):
        await task
    await until(0)


@pytest.mark.usefixtures("held")
async def test_declined_question_raises_in_its_step() -> None:
    """A person who declines, or takes too long, is an exception in the step."""

    class Lenient(Workflow):
        @step
        async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
            question = InputRequiredEvent(prefix="Name?", timeout=ev.seconds)
            try:
                await ctx.wait_for_event(HumanResponseEvent, question)
            except (PromptCancelledError, PromptTimeout) as error:
                return StopEvent(result=type(error))
            return StopEvent()

    task = asyncio.create_task(awaiting(Lenient().run(seconds=None)))
    (prompt,) = await until(1)
    prompt.cancel("not now")
    assert await task is PromptCancelledError
    assert await Lenient().run(seconds=3) is PromptTimeout


@pytest.mark.usefixtures("held")
async def test_declined_question_of_no_step_fails_the_run() -> None:
    """Where no step waits for the answer the run fails with what came instead."""
    task = asyncio.create_task(awaiting(Loose().run()))
    (prompt,) = await until(1)
    prompt.cancel("not now")
    with pytest.raises(PromptCancelledError, match="not now"):
        await task


class Outer(Workflow):
    """Runs another workflow, which asks."""

    @step
    async def run_inner(self, ev: StartEvent) -> StopEvent:  # noqa: ARG002
        """Run the inner one."""
        return StopEvent(result=f"inner: {await One().run()}")


@pytest.mark.usefixtures("held")
async def test_run_inside_a_step_asks() -> None:
    """A run inside of a step asks, if somebody waits for the outermost one."""
    handler = Outer(timeout=1).run()
    await asyncio.sleep(100)
    assert list(pending) == []
    task = asyncio.create_task(awaiting(handler))
    (prompt,) = await until(1)
    assert prompt.question.source[0] == handler.run_id
    assert len(prompt.question.source) == 2
    prompt.answer("Ada")
    assert await task == "inner: Ada"


@pytest.mark.usefixtures("held")
async def test_answers_of_other_classes() -> None:
    """A step gets the class of event that it waits for, and its requirements."""

    class Size(HumanResponseEvent):
        unit: str

    class Colour(Event):
        response: str

    class Asks(Workflow):
        @step
        async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:  # noqa: ARG002
            async def colour(of: str) -> Colour:
                return await ctx.wait_for_event(
                    Colour, InputRequiredEvent(prefix=of), waiter_id=of
                )

            size = ctx.wait_for_event(
                Size, InputRequiredEvent(prefix="Size?"), requirements={"unit": "cm"}
            )
            found = await asyncio.gather(size, colour("Left?"), colour("Right?"))
            return StopEvent(result=found)

    task = asyncio.create_task(awaiting(Asks().run()))
    for prompt in reversed(await until(3)):
        prompt.answer(prompt.question.text.lower())
    size, left, right = await task
    assert (size.response, size.unit) == ("size?", "cm")
    assert (left, right) == (Colour(response="left?"), Colour(response="right?"))


# -- nobody to ask


@pytest.mark.usefixtures("notebook")
@pytest.mark.parametrize("flow", [One, Loose, Outer, Ten])
async def test_nobody_to_ask(flow: type[Workflow]) -> None:
    """In a notebook a run fails within five seconds if nobody can be asked."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(NoFrontEndError, match=r"answers\("):
        await flow().run()
    assert loop.time() - began == pytest.approx(3.0, abs=0.01)


@pytest.mark.usefixtures("notebook")
async def test_nobody_to_ask_and_a_loop() -> None:
    """So does one whose events are only looked at."""
    handler = One().run()
    async for _ in handler.stream_events():
        pass
    assert isinstance(handler.exception(), NoFrontEndError)


@pytest.mark.usefixtures("notebook")
async def test_program_answers_where_nobody_is() -> None:
    """A program that answers within some seconds needs no person."""
    handler = One().run()
    loop = asyncio.get_running_loop()
    answer = HumanResponseEvent(response="late")
    loop.call_later(2.5, handler.ctx.send_event, answer)
    assert await handler == "late"


async def test_script_waits_for_its_program() -> None:
    """In a script a program may take its time to answer."""
    handler = One().run()
    loop = asyncio.get_running_loop()
    answer = HumanResponseEvent(response="late")
    loop.call_later(1000, handler.ctx.send_event, answer)
    assert await handler == "late"


@pytest.mark.parametrize("around", ["start", "await"])
async def test_seeded_answers(around: str) -> None:
    """Answers given beforehand count around the start of a run, and its await."""
    seeds = {"Name?": "Ada"}
    if around == "start":
        with answers(seeds):
            handler = One().run()
        assert await handler == "Ada"
        return
    handler = One().run()
    await asyncio.sleep(1)
    with answers(seeds):
        assert await handler == "Ada"


async def test_default_where_nobody_is() -> None:
    """A question that has a default takes it."""
    assert await One().run(words={"default": "nobody"}) == "nobody"


@pytest.mark.usefixtures("notebook")
async def test_wrong_question_fails_the_run() -> None:
    """A question that cannot be asked at all is the program's fault."""
    with pytest.raises(ValueError, match="answer_type must be"):
        await One().run(words={"answer_type": "colour"})


# -- after a restart


class Two(Workflow):
    """Asks two questions in one step, and a third in the next."""

    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> Found:  # noqa: ARG002
        """Ask for two numbers."""
        total = 0
        for text in ("first?", "second?"):
            question = InputRequiredEvent(prefix=text, answer_type="integer")
            answer = await ctx.wait_for_event(HumanResponseEvent, question)
            total += answer.response
        return Found(number=2, answer=total)

    @step
    async def loose(self, ctx: Context, ev: Found) -> InputRequiredEvent:
        """Ask for a third."""
        await ctx.store.set("total", ev.answer)
        return InputRequiredEvent(prefix="third?", answer_type="integer")

    @step
    async def end(self, ctx: Context, ev: HumanResponseEvent) -> StopEvent:
        """Add up."""
        return StopEvent(result=await ctx.store.get("total") + ev.response)


@pytest.mark.usefixtures("held")
@pytest.mark.realtime
@pytest.mark.parametrize("answered", [0, 1, 2])
async def test_restart_asks_what_is_open_and_nothing_else(
    answered: int, tmp_path: Path
) -> None:
    """After a restart the open question is asked again, and none that was answered."""
    store = tmp_path / "runs.sqlite"
    async with WorkflowCheckpointer(Two(), storage=store) as first:
        handler = first.run(run_id="mine")
        task = asyncio.create_task(awaiting(handler))
        for number in range(answered):
            (prompt,) = await until(1)
            prompt.answer(number)
        await until(1)
        async with WorkflowCheckpointer(Two(), storage=store) as second:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            again = await second.resume("mine")
            waiting = asyncio.create_task(awaiting(again))
            texts = []
            for number in range(answered, 3):
                (prompt,) = await until(1)
                texts.append(prompt.question.text)
                prompt.answer(number)
            assert texts == ["first?", "second?", "third?"][answered:]
            assert await waiting == 3


async def test_presenter_is_the_one_of_who_waits() -> None:
    """A question is shown in the context of who waits for the run."""
    seen: list[object] = []

    class Shows:
        def can_present(self) -> bool:
            return True

        def present(self, prompt: Prompt) -> Shows:
            seen.append(place.get())
            prompt.answer("Ada")
            return self

        def close(self, ended: object) -> None:
            pass

    place: ContextVar[str] = ContextVar("place", default="")
    set_presenter(Shows())
    place.set("started")
    handler = One().run()
    place.set("awaited")
    assert await handler == "Ada"
    assert seen == ["awaited"]


# -- questions as events


def test_question_says_what_was_given() -> None:
    """A question shows what it was made of, and no default of a secret one."""
    question = Question(prefix="Key?", secret=True, default="hunter2")
    assert repr(question) == "Question(prefix='Key?', default='•••', secret=True)"
    plain = InputRequiredEvent(prefix="Key?", secret=True, default="hunter2")
    assert "hunter2" not in repr(plain)


class Typed(Workflow):
    """Asks by a typed question."""

    @step
    async def ask(self, ev: StartEvent) -> Question:
        """Ask."""
        return Question(**ev.words)

    @step
    async def end(self, ev: HumanResponseEvent) -> StopEvent:
        """End."""
        return StopEvent(result=ev.response)


@pytest.mark.parametrize(
    ("words", "seed", "value"),
    [
        ({"prefix": "?", "answer_type": "integer"}, "3", 3),
        ({"prefix": "?", "options": ["a", "b"], "many": True}, [["b"]], ["b"]),
        ({"prefix": "?", "options": {"one": 1}}, "one", 1),
        ({"prefix": "?", "approve": True, "name": "?"}, True, Approval(approved=True)),
        ({"prefix": "?", "help": "words", "secret": True}, "s", "s"),
    ],
)
async def test_typed_question(
    words: dict[str, Any], seed: object, value: object
) -> None:
    """A typed question says what it wants by its fields."""
    with answers({"?": seed}):
        assert await Typed().run(words=words) == value


@pytest.mark.usefixtures("held")
async def test_typed_question_survives_a_checkpoint() -> None:
    """A typed question is data, and is asked again as it was."""
    words = {"prefix": "?", "options": {"one": 1}, "timeout": 60.0, "name": "n"}
    handler = Typed().run(words=words)
    await asyncio.sleep(1)
    context = Context.from_dict(Typed(), handler.ctx.to_dict())
    await handler.cancel_run()
    task = asyncio.create_task(awaiting(Typed().run(ctx=context)))
    (prompt,) = await until(1)
    question = prompt.question
    assert (question.text, question.name, question.timeout) == ("?", "n", 60.0)
    prompt.answer("one")
    assert await task == 1


async def test_record_tells_the_question_only(held: None) -> None:  # noqa: ARG001
    """Records say what is asked, in whichever words, and never the answer."""
    told: list[Any] = []
    with add_hook(told.append, QuestionRecord, StepRecord, EventRecord):
        task = asyncio.create_task(
            awaiting(Typed().run(words={"prefix": "Key?", "secret": True}))
        )
        (prompt,) = await until(1)
        prompt.answer("hunter2")
        assert await task == "hunter2"
    questions = [each for each in told if isinstance(each, QuestionRecord)]
    assert [(each.text, each.phase) for each in questions] == [
        ("Key?", "waiting"),
        ("Key?", "done"),
    ]
    # What a step returns is its own doing.
    given = [each.shown[0] for each in told if isinstance(each, StepRecord)]
    assert "hunter2" not in repr(given)


class Direct(Workflow):
    """Asks by code of its own, beside a step that works."""

    @step
    async def begin(self, ctx: Context, ev: StartEvent) -> Piece | Found:
        """Begin two branches."""
        if ev.work:
            ctx.send_event(Piece(number=1))
        first, second = await asyncio.gather(ask("Number?", int), ask("Again?", int))
        return Found(number=0, answer=first + second)

    @step
    async def work(self, ev: Piece) -> None:  # noqa: ARG002
        """Take long."""
        await asyncio.sleep(10)

    @step
    async def end(self, ev: Found) -> StopEvent:
        """End."""
        return StopEvent(result=ev.answer)


@pytest.mark.usefixtures("held")
async def test_time_stands_still_while_a_step_asks_by_itself() -> None:
    """A step may use `ask`, too, and the time of its run stands still meanwhile."""
    task = asyncio.create_task(awaiting(Direct(timeout=1).run(work=False)))
    first, second = await until(2)
    await asyncio.sleep(100)
    first.answer(1)
    await asyncio.sleep(100)
    second.answer(2)
    assert await task == 3
    # Not where others work.
    with pytest.raises(TimeoutError):
        await Direct(timeout=1).run(work=True)
    await until(0)


@pytest.mark.usefixtures("held")
async def test_step_that_asks_may_be_cancelled() -> None:
    """A run that is cancelled while a step asks closes the question."""
    handler = Direct().run(work=False)
    prompt, _ = await until(2)
    await handler.cancel_run()
    assert prompt.ended is not None
    assert handler.cancelled()
