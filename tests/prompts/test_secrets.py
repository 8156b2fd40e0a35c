"""A secret answer leaves no trace: in no repr, record, log, error, draft or history."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, SecretStr, model_validator

from notebook_async import ask
from notebook_async.core import Record, add_hook, record
from notebook_async.errors import SeededAnswerError
from notebook_async.prompts import answers, pending, set_presenter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from conftest import Asked

    from notebook_async.prompts import Answered, Prompt

SECRET = "hunter2-and-more"  # noqa: S105 - it is none


class Login(BaseModel):
    """A name and a key."""

    user: str
    key: SecretStr

    @model_validator(mode="after")
    def _differ(self) -> Login:
        if self.key.get_secret_value() == self.user:
            raise ValueError(f"{self.user!r} and the key are the same")
        return self


class Trace:
    """All that is told about questions while it is open."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.parts: list[str] = []
        self._caplog = caplog

    def add(self, *things: object) -> None:
        """Take note of how things show."""
        for thing in things:
            self.parts += [repr(thing), str(thing)]
            if isinstance(thing, BaseException):
                self.parts += traceback.format_exception(thing)

    def text(self) -> str:
        """Return all of it."""
        self.add(pending, pending.history, *(prompt for prompt in pending))
        return "\n".join([*self.parts, self._caplog.text])


@pytest.fixture
def trace(caplog: pytest.LogCaptureFixture) -> Iterator[Trace]:
    """Take note of records, recordings, changes and the log."""
    caplog.set_level(logging.DEBUG)
    trace = Trace(caplog)

    def changed(change: str, prompt: Prompt) -> None:
        trace.add(change, prompt, prompt.draft, prompt.errors, prompt.question)
        trace.add(prompt.ended, vars(prompt), prompt._asking)

    watching = pending.on_change(changed)
    with add_hook(trace.add, Record), record() as recording:
        yield trace
    trace.add(recording.window(0, 1000))
    watching.remove()
    assert SECRET not in trace.text()


CASES: list[tuple[Callable[[], Awaitable[Any]], object, object]] = [
    (lambda: ask("Key?", secret=True), SECRET, [SECRET]),
    (lambda: ask("Key?", secret=True, max=3, default="d"), "abc", [SECRET]),
    (
        lambda: ask("Key?", secret=True, validate=_refuses_with_value),
        "good",
        SECRET,
    ),
    (lambda: ask("Key?", secret=True, validate=_breaks), "good", SECRET),
    (lambda: ask("Key?", SecretStr), SECRET, {"a": SECRET}),
    (lambda: ask("Key?", SecretStr, min=20, default=None), SECRET * 2, SECRET),
    (lambda: ask("Key?", int, secret=True), 3, SECRET),
    (
        lambda: ask("Login", Login),
        {"user": "Ada", "key": SECRET},
        {"key": SECRET},
    ),
    (
        lambda: ask("Keys?", list[SecretStr]),
        [SECRET],
        [SECRET, {"a": SECRET}],
    ),
]


def _refuses_with_value(value: str) -> str | None:
    return None if value == "good" else f"{value} is not good"


def _breaks(value: str) -> None:
    if value != "good":
        raise KeyError(value)


@pytest.mark.parametrize(("asking", "good", "bad"), CASES)
async def test_no_trace_of_an_answer(
    asked: Asked,
    trace: Trace,
    asking: Callable[[], Awaitable[Any]],
    good: object,
    bad: object,
) -> None:
    """Neither a refused nor an accepted secret shows anywhere afterwards."""
    task, prompt = await asked(asking())
    trace.add(prompt.answer(bad), prompt.draft, prompt.errors, prompt, vars(prompt))
    trace.add(json.dumps(prompt.question.to_dict()), json.dumps(prompt.draft))
    assert prompt.ended is None
    trace.add(prompt.answer(good), prompt.answer(SECRET), prompt, vars(prompt))
    value = await task
    trace.add(vars(prompt))
    assert value is not None
    assert "•••" in pending.history[-1].shown


async def test_seeded_secret(trace: Trace) -> None:
    """A seeded secret shows neither where it fits nor where it does not."""
    with answers({"Key?": SECRET, "short": SECRET, "list": [SECRET]}) as seeded:
        trace.add(seeded)
        assert await ask("Key?", secret=True) == SECRET
        assert await ask("list", secret=True) == SECRET
        for arguments in ({"max": 3}, {"validate": _breaks}):
            with pytest.raises(SeededAnswerError) as caught:
                await ask("short", secret=True, **arguments)  # type: ignore[call-overload]
            trace.add(caught.value, caught.value.errors)
            assert caught.value.__context__ is None


async def test_default_of_a_secret(asked: Asked, trace: Trace) -> None:
    """The default of a secret question is a secret too."""
    task, prompt = await asked(ask("Key?", secret=True, default=SECRET, timeout=1))
    trace.add(prompt.question.to_dict(), prompt.question.form)
    assert await task == SECRET
    task, prompt = await asked(ask("Key?", SecretStr, default=SecretStr(SECRET)))
    trace.add(prompt.question.to_dict(), prompt.take_default())
    await task


async def test_held_record_of_a_front_end_has_no_answer(trace: Trace) -> None:
    """What a front end goes on to hold has forgotten the answer."""

    class Front:
        prompt: Prompt
        ended: Answered

        def can_present(self) -> bool:
            return True

        def present(self, prompt: Prompt) -> Front:
            self.prompt = prompt
            return self

        def close(self, ended: Answered) -> None:
            self.ended = ended

    front = Front()
    set_presenter(front)
    for cancel in (False, True):
        task = asyncio.create_task(ask("Key?", secret=True))
        await asyncio.sleep(0)
        front.prompt.answer(SECRET)
        if cancel:
            task.cancel()
        await asyncio.wait([task])
        trace.add(vars(front), vars(front.prompt), front.ended)
