"""Questions that events of a workflow carry, known by their words."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.core import QuestionRecord, add_hook
from notebook_async.errors import NoFrontEndError
from notebook_async.prompts import Approval, answers, ask_event, pending
from notebook_async.workflow import (
    Context,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
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


@pytest.mark.usefixtures("held")
async def test_branches_of_a_run_get_their_own_answers() -> None:
    """Ten questions of a run become prompts, and each gets its own answer by its id."""
    handler = Asking().run()
    texts: dict[str, str] = {}

    async def one(event: InputRequiredEvent) -> None:
        texts[str(event.question_id)] = event.prefix
        answer = await ask_event(event)
        response = HumanResponseEvent(response=answer, question_id=event.question_id)
        await handler.send_event(response)

    tasks = []
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            tasks.append(asyncio.create_task(one(event)))
        if len(tasks) == 10:
            break
    await asyncio.sleep(0)
    for prompt in reversed(list(pending)):
        prompt.answer(prompt.question.text.upper())
    assert await handler == {name: text.upper() for name, text in texts.items()}
    await asyncio.gather(*tasks)
