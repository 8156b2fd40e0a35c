"""`trace_method`: each call of a method is a trace of its object's manager."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

import pytest

from notebook_async.core import current_scope
from notebook_async.tracing import CallbackManager, trace_method
from tests.tracing.told import Boom, Told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Engine:
    """Answers in every way that Python has."""

    def __init__(self, manager: CallbackManager | None) -> None:
        self.callback_manager = manager
        self.other = manager

    @trace_method("plain")
    def plain(self, text: str) -> str:
        """Answer."""
        return self.answer(text)

    @trace_method("other", callback_manager_attr="other")
    async def coroutine(self, text: str) -> str:
        """Answer later."""
        await asyncio.sleep(1)
        return self.answer(text)

    @trace_method("generator")
    def generator(self, text: str) -> Iterator[str]:
        """Answer letter by letter."""
        for letter in text:
            yield self.answer(letter)

    @trace_method("async generator")
    async def async_generator(self, text: str) -> AsyncIterator[str]:
        """Answer letter by letter, later."""
        for letter in text:
            await asyncio.sleep(1)
            yield self.answer(letter)

    @trace_method("failing")
    def failing(self) -> None:
        """Fail."""
        with self.manager.event("llm", event_id="l"):
            raise Boom

    @property
    def manager(self) -> CallbackManager:
        """The manager, or one that nobody listens to."""
        return self.callback_manager or CallbackManager()

    def answer(self, text: str) -> str:
        """Answer as an event."""
        with self.manager.event("llm", event_id=f"llm {text}"):
            return text.upper()


def events(told: Told) -> list[object]:
    """Return traces and events, as they began and ended."""
    return [call[:2] if len(call) == 2 else call[0::2] for call in told.calls]


async def test_every_sort_of_method(told: Told) -> None:
    """Plain, async and generating methods keep their sort, and are a trace each."""
    engine = Engine(CallbackManager([told]))
    assert engine.plain("a") == "A"
    assert await engine.coroutine("a") == "A"
    assert list(engine.generator("ab")) == ["A", "B"]
    assert [one async for one in engine.async_generator("ab")] == ["A", "B"]
    assert told.maps == {
        "plain": {"root": ["llm a"]},
        "other": {"root": ["llm a"]},
        "generator": {"root": ["llm a", "llm b"]},
        "async generator": {"root": ["llm a", "llm b"]},
    }
    assert inspect.iscoroutinefunction(engine.coroutine)
    assert inspect.isgeneratorfunction(engine.generator)
    assert inspect.isasyncgenfunction(engine.async_generator)


async def test_without_a_manager() -> None:
    """Where the attribute is None, or missing, the method runs as it is."""
    engine = Engine(None)
    assert await engine.coroutine("a") == engine.plain("a") == "A"
    assert list(engine.generator("ab")) == ["A", "B"]
    assert [one async for one in engine.async_generator("a")] == ["A"]
    del engine.other
    assert await engine.coroutine("a") == "A"


def test_call_within_a_call_is_a_part_of_it(told: Told) -> None:
    """A traced method that calls another of the same manager is one trace."""
    manager = CallbackManager([told])
    engine = Engine(manager)
    with manager.as_trace("outer"):
        assert list(engine.generator("a")) == ["A"]
        engine.plain("b")
    assert told.maps == {"outer": {"root": ["llm a", "llm b"]}}


def test_failing_method_ends_its_trace(told: Told) -> None:
    """An error goes through, and the trace is over."""
    before = current_scope.get()
    with pytest.raises(Boom):
        Engine(CallbackManager([told])).failing()
    assert told.calls[-1] == ("end trace", "failing")
    assert current_scope.get() == before


async def test_consumers_of_a_generator_are_no_part_of_its_trace(told: Told) -> None:
    """What happens between two items belongs to who asks for them."""
    manager = CallbackManager([told])
    engine = Engine(manager)
    async for letter in engine.async_generator("ab"):
        with manager.event("query", event_id=f"query {letter}"):
            pass
    letters = engine.generator("c")
    next(letters)
    with manager.event("query", event_id="query C"):
        pass
    letters.close()
    assert told.maps == {
        "trace": {"root": ["query C"]},
        "async generator": {"root": ["llm a", "llm b"]},
        "generator": {"root": ["llm c"]},
    }
    assert [call for call in events(told) if call[0] == "trace"].count(
        ("trace", "trace")
    ) == 3


async def test_calls_at_once(told: Told) -> None:
    """A hundred calls at once are a hundred traces with one event each."""
    engine = Engine(CallbackManager([told]))
    answers = await asyncio.gather(*(engine.coroutine(str(n)) for n in range(100)))
    assert answers == [str(n) for n in range(100)]
    assert [call[0] for call in told.calls].count("trace") == 100
    ends = [call[2] for call in told.calls if call[0] == "end"]
    assert sorted(ends) == sorted(f"llm {n}" for n in range(100))
