"""Questions that events of a workflow carry, known by their words."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.core import QuestionRecord, add_hook
from notebook_async.errors import (
    InvalidArgumentError,
    NoFrontEndError,
    WorkflowCancelledByUser,
)
from notebook_async.prompts import (
    Approval,
    EventPrompts,
    answers,
    ask_event,
    pending,
)
from notebook_async.workflow import (
    Context,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowHandler,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Asked

CASES: list[tuple[dict[str, Any], object, object]] = [
    ({"prefix": "Name? "}, "Ada", "Ada"),
    ({"question": "Age?", "answer_type": int}, "36", 36),
    ({"prefix": "Town?", "options": ["Bern", "Basel"]}, "Basel", "Basel"),
    ({"prefix": "?", "options": {"a": 1, "b": 2}, "many": True}, ["b"], [2]),
    ({"message": "Send?", "approve": True}, False, Approval(approved=False)),
]


@pytest.mark.parametrize(("words", "raw", "value"), CASES)
@pytest.mark.parametrize("kind", [SimpleNamespace, InputRequiredEvent])
async def test_event_says_what_to_ask(
    asked: Asked,
    kind: Callable[..., object],
    words: dict[str, Any],
    raw: object,
    value: object,
) -> None:
    """What an event has tells what is asked for, whatever its class."""
    task, prompt = await asked(ask_event(kind(**words), source=("job-1", "run-2")))
    text = next(each for each in words.values() if isinstance(each, str))
    assert prompt.question.text == text.strip()
    assert (prompt.question.source, prompt.question.job) == (
        ("job-1", "run-2"),
        "job-1",
    )
    prompt.answer(raw)
    assert await task == value


async def test_event_without_words_shows_itself(asked: Asked) -> None:
    """An event that has no text is shown as it is."""
    task, prompt = await asked(ask_event(InputRequiredEvent(pages=3)))
    assert prompt.question.text == "InputRequiredEvent(pages=3)"
    prompt.answer("a")
    await task


async def test_rest_of_the_words() -> None:
    """Time, default, secret and name are as in `ask`."""
    event = InputRequiredEvent(prefix="Key?", secret=True, timeout=5, name="key")
    with answers({"key": "hunter2"}):
        assert await ask_event(event) == "hunter2"
    assert pending.history[-1].shown == "•••"
    with pytest.raises(NoFrontEndError):
        await ask_event(event)
    assert await ask_event(InputRequiredEvent(prefix="Key?", default="d")) == "d"


async def test_event_is_told_by_its_run_only(asked: Asked) -> None:
    """The run tells of its questions itself, so that none is counted twice."""
    told: list[QuestionRecord] = []
    with add_hook(told.append, QuestionRecord):
        task, prompt = await asked(ask_event(InputRequiredEvent(prefix="Name?")))
        prompt.answer("Ada")
        await task
    assert told == []


class Asking(Workflow):
    """Ten branches that each ask a person."""

    @step
    async def fan(
        self,
        ctx: Context,
        ev: StartEvent,  # noqa: ARG002
    ) -> InputRequiredEvent | None:
        """Ask ten questions."""
        for number in range(10):
            ctx.write_event_to_stream(InputRequiredEvent(prefix=f"Number {number}?"))

    @step
    async def gather(self, ctx: Context, ev: HumanResponseEvent) -> StopEvent | None:
        """End with all ten answers."""
        found = ctx.collect_events(ev, [HumanResponseEvent] * 10)
        if found is None:
            return None
        return StopEvent(result={each.question_id: each.response for each in found})


class Glue:
    """What follows a run: its questions become prompts, their answers go back by id."""

    def __init__(self, handler: WorkflowHandler) -> None:
        self._handler = handler
        self._prompts = EventPrompts(answer=self._send, fail=self._fail)
        self._hook = add_hook(self._told, QuestionRecord)
        # It tells from now on, also if nobody wanted to know as it began.
        handler.records_from_now()

    def _told(self, record: QuestionRecord) -> None:
        if record.phase == "waiting":
            event = self._handler._run.state.waits.questions[record.question]
            self._prompts.open(record.question, event, source=record.source)
        else:
            self._prompts.close(record.question)

    def _send(self, key: str, value: object) -> None:
        response = HumanResponseEvent(response=value, question_id=key)
        self._handler.ctx.send_event(response)

    def _fail(self, _: str, error: Exception) -> None:
        self.error = error
        self._handler.cancel()

    def close(self) -> None:
        """Stop following."""
        self._hook.remove()
        self._prompts.close_all()


@pytest.mark.usefixtures("held")
async def test_branches_of_a_run_get_their_own_answers() -> None:
    """Ten questions of a run become prompts, and each gets its own answer by its id."""
    handler = Asking().run()
    glue = Glue(handler)
    await asyncio.sleep(0.1)
    prompts = list(pending)
    assert [one.question.text for one in prompts] == [f"Number {n}?" for n in range(10)]
    for prompt in reversed(prompts):
        prompt.answer(prompt.question.text.upper())
    assert list((await handler).values()) == [f"NUMBER {n}?" for n in range(9, -1, -1)]
    glue.close()


@pytest.mark.usefixtures("held")
async def test_other_answer_closes_the_prompt() -> None:
    """A question of a run that is answered in another way is asked no more."""
    handler = Asking().run()
    glue = Glue(handler)
    await asyncio.sleep(0.1)
    handler.ctx.send_event(HumanResponseEvent(response="first"))
    await asyncio.sleep(0.1)
    assert [one.question.text for one in pending] == [
        f"Number {n}?" for n in range(1, 10)
    ]
    await handler.cancel_run()
    glue.close()
    await asyncio.sleep(0.1)
    assert len(pending) == 0


async def test_nobody_to_ask_ends_the_run() -> None:
    """A run whose question cannot be asked does not wait for ever."""
    handler = Asking().run()
    glue = Glue(handler)
    with pytest.raises(WorkflowCancelledByUser):
        await handler
    assert isinstance(glue.error, NoFrontEndError)
    glue.close()


async def test_type_may_be_named() -> None:
    """A question that is kept as data names its type; a wrong name is an error."""
    with answers({"?": "3", "!": "x"}):
        assert (
            await ask_event(InputRequiredEvent(prefix="?", answer_type="integer")) == 3
        )
        with pytest.raises(
            InvalidArgumentError, match=r"^answer_type must be .*'int'$"
        ):
            await ask_event(InputRequiredEvent(prefix="!", answer_type="int"))
