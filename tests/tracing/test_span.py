# ruff: noqa: SIM117 - blocks within blocks are what it is about
"""Spans: of blocks, functions and generators, and where each stands."""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
import weakref
from contextlib import aclosing
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.core import Record, SpanRecord, add_hook, current_scope
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.tracing import span, trace
from notebook_async.tracing._open import _MOST_EARLY, _left_early
from tests.tracing.told import Boom, Clock, outcomes, times, tree, wait

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator


@span
def letters(text: str) -> Iterator[str]:
    """Give letter by letter, each out of a span that is open meanwhile."""
    for letter in text:
        with span(f"letter {letter}"):
            yield letter


@span("later", pages=3)
async def later(count: int) -> AsyncIterator[int]:
    """Give number by number, each after a second."""
    for number in range(count):
        with span(f"number {number}"):
            await asyncio.sleep(1)
            yield number


# -- blocks


def test_block(clock: Clock) -> None:
    """A block has its name, its attributes and its times, within what is around it."""
    with trace("t") as traced:
        clock.go_on(1)
        with span("load", page=3) as load:
            clock.go_on(2)
            load.set(rows=10, page=4)
        clock.go_on(1)
    assert times(traced) == [("t", 0, 4), ("load", 1, 3)]
    assert traced.find("load")[0].attributes == {"page": 4, "rows": 10}
    assert repr(load) == "<Span 'load'>"


def test_siblings_and_depth() -> None:
    """What is opened inside stands inside, and after its end beside."""
    with trace("t") as traced:
        with span("a"):
            with span("b"):
                with span("c"):
                    pass
            with span("d"):
                pass
        with span("e"):
            pass
    assert tree(traced) == {"t": {"a": {"b": {"c": None}, "d": None}, "e": None}}


@pytest.mark.parametrize("kind", ["llm", "embedding", "chunking"])
def test_leaf_kinds_are_parents_of_nothing(kind: str) -> None:
    """What happens inside of a leaf belongs to what is around it."""
    with trace("t") as traced:
        with span("leaf", kind=kind), span("inner"):
            pass
    assert tree(traced) == {"t": {"leaf": None, "inner": None}}


def test_names_and_kinds_are_checked() -> None:
    """A name that is no text and a kind that is none are errors at once."""
    message = r"^the name of a span must be text, got int$"
    with pytest.raises(ArgumentTypeError, match=message):
        span(3)  # type: ignore[call-overload]
    message = r"^kind must be one of chunking, node_parsing, .*, span, got 'tea'$"
    with pytest.raises(InvalidArgumentError, match=message):
        span("a", kind="tea")


def test_span_is_entered_once_at_a_time() -> None:
    """One that is open cannot be entered again; one that has ended can."""
    with trace("t") as traced:
        load = span("load")
        for _ in range(2):
            with load:
                message = r"^the span 'load' is open: make another by `span\(\.\.\.\)`$"
                with pytest.raises(InvalidArgumentError, match=message):
                    load.__enter__()
    assert [node.name for node in traced] == ["t", "load", "load"]


@pytest.mark.parametrize(
    ("error", "phase"),
    [
        (Boom("x"), "failed"),
        (SystemExit(3), "failed"),
        (KeyboardInterrupt(), "cancelled"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
def test_ends_of_a_block(error: BaseException, phase: str) -> None:
    """An error fails a span; cancellation and interrupts by a person cancel it."""
    with trace("t") as traced:
        with pytest.raises(type(error)):
            with span("outer"), span("inner"):
                raise error
    failed = phase == "failed"
    assert outcomes(traced) == [
        ("t", "done", False),
        ("outer", phase, False),
        ("inner", phase, failed),
    ]
    line = repr(error) if failed else None
    assert [node.error for node in traced] == [None, line, line]


def test_records_name_the_cause() -> None:
    """Each record of a failure says which span the exception came out of."""
    records: list[SpanRecord] = []
    with add_hook(records.append, SpanRecord):
        with pytest.raises(Boom):
            with span("outer"), span("inner"):
                raise Boom
        with pytest.raises(Boom), span("other"):
            raise Boom
    ends = [record for record in records if record.phase == "failed"]
    inner, outer, other = ends
    assert inner.cause == outer.cause == inner.source[-1]
    assert other.cause == other.source[-1]
    assert outer.parent is None
    assert inner.parent == outer.source[-1]


def test_attributes_are_numbers_and_short_text() -> None:
    """Numbers and flags stay, text is cut at 200 characters, all else becomes text."""
    with trace("t") as traced:
        with span("a", n=1, x=0.5, flag=True, none=None, text="é" * 300, many=[1] * 99):
            pass
    (node,) = traced.find("a")
    assert node.attributes == {
        "n": 1,
        "x": 0.5,
        "flag": True,
        "none": None,
        "text": f"'{'é' * 198}…",
        "many": "[1, 1, 1, 1, 1, 1, … 93 more]",
    }


def test_no_object_is_kept() -> None:
    """Neither an attribute nor an exception is held by what was recorded of it."""

    class Page:
        """Something large."""

    page, error = Page(), Boom("x")
    held = [weakref.ref(page), weakref.ref(error)]
    with trace("t") as traced:
        with span("a", page=page) as a:
            a.set(again=page)
        with pytest.raises(Boom), span("b"):
            raise error
    del page, error, a
    gc.collect()
    assert [one() for one in held] == [None, None]
    assert len(traced.find("a")) == 1


# -- nobody listens


def test_nobody_listens() -> None:
    """Nothing is published and no path changes while nobody wants spans."""
    before, records = current_scope.get(), []
    with span("a") as a:
        a.set(rows=1)
        assert current_scope.get() is before
    assert list(letters("ab")) == ["a", "b"]
    with add_hook(records.append, SpanRecord):
        pass
    assert records == []


async def test_listening_from_within() -> None:
    """A span that began before anybody listened is no part of what is told."""
    records: list[Record] = []
    with span("unseen"):
        with add_hook(records.append, Record):
            with span("seen"):
                await asyncio.sleep(0)
    assert [(one.source[:-1], one.phase) for one in records] == [
        ((), "running"),
        ((), "done"),
    ]


# -- functions


def test_plain_function(clock: Clock) -> None:
    """Each call is a span of the function's qualified name, or of the name given."""

    class Reader:
        @span
        def read(self) -> int:
            clock.go_on(1)
            return 3

        @span("shared")
        @staticmethod
        def double(x: int) -> int:
            return 2 * x

        @span
        @classmethod
        def name(cls) -> str:
            return cls.__name__

    with trace("t") as traced:
        assert (Reader().read(), Reader.double(2), Reader.name()) == (3, 4, "Reader")
    assert tree(traced) == {
        "t": {"Reader.read": None, "shared": None, "Reader.name": None}
    }
    assert traced.find("Reader.read")[0].seconds(9) == 1


@pytest.mark.usefixtures("virtual")
async def test_coroutine_function() -> None:
    """A call of an async function is a span from its first step to its end."""

    @span("load", kind="retrieve", pages=2)
    async def load(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    with trace("t") as traced:
        call = load(2)
        await asyncio.sleep(1)
        assert await call == 2
    assert times(traced) == [("t", 0, 3), ("load", 1, 3)]
    (node,) = traced.find("load")
    assert (node.kind, node.attributes) == ("retrieve", {"pages": 2})
    assert inspect.iscoroutinefunction(load)


def test_functions_that_fail() -> None:
    """Functions of every sort end as failed, and raise what they raised."""

    @span
    def plain() -> None:
        raise Boom

    @span
    async def coroutine() -> None:
        raise Boom

    @span
    def generator() -> Iterator[int]:
        yield 1
        raise Boom

    @span
    async def async_generator() -> AsyncIterator[int]:
        yield 1
        raise Boom

    async def consume() -> None:
        async for _ in async_generator():
            pass

    with trace("t") as traced:
        with pytest.raises(Boom):
            plain()
        with pytest.raises(Boom):
            asyncio.run(coroutine())
        with pytest.raises(Boom):
            list(generator())
        with pytest.raises(Boom):
            asyncio.run(consume())
    assert outcomes(traced)[1:] == [
        ("plain", "failed", True),
        ("coroutine", "failed", True),
        ("generator", "failed", True),
        ("async_generator", "failed", True),
    ]


@pytest.mark.parametrize("wrong", [int, 3, None])
def test_what_is_no_function_is_refused(wrong: Any) -> None:  # noqa: ANN401
    """A class cannot be decorated, and a number even less."""
    message = re.escape(
        f"span decorates functions, got {wrong!r}; of a class decorate methods"
    )
    with pytest.raises(ArgumentTypeError, match=f"^{message}$"):
        span("x")(wrong)


def test_objects_with_a_call() -> None:
    """What can be called can be decorated, and is called by the name of its class."""

    class Twice:
        def __call__(self, x: int) -> int:
            return 2 * x

    with trace("t") as traced:
        assert span("named")(Twice())(2) == 4
    assert tree(traced) == {"t": {"named": None}}


def test_recursion() -> None:
    """Each level of a recursion is inside of the one before, however deep."""

    @span
    def down(n: int) -> int:
        return n if n == 0 else down(n - 1)

    with trace("t") as traced:
        down(200)
    nodes = traced.find("down")
    assert len(nodes) == 201
    assert [len(node.children) for node in nodes] == [1] * 200 + [0]
    assert {len(node.source) for node in nodes} == {2}


# -- generators


def test_generator_ends_when_it_is_exhausted(clock: Clock) -> None:
    """Its span lasts from its first item to its end, and holds what it did."""
    with trace("t") as traced:
        clock.go_on(1)
        found = letters("ab")
        clock.go_on(1)
        for _ in found:
            clock.go_on(1)
        clock.go_on(1)
    assert times(traced) == [
        ("t", 0, 5),
        ("letters", 2, 4),
        ("letter a", 2, 3),
        ("letter b", 3, 4),
    ]
    assert tree(traced) == {"t": {"letters": {"letter a": None, "letter b": None}}}


def test_generator_ends_when_it_is_closed(clock: Clock) -> None:
    """Closed before its end it is done, and so is what was open in it."""
    with trace("t") as traced:
        found: Any = letters("abc")
        next(found)
        clock.go_on(1)
        found.close()
        clock.go_on(1)
    assert times(traced)[1:] == [("letters", 0, 1), ("letter a", 0, 1)]
    assert {phase for _, phase, _ in outcomes(traced)} == {"done"}


def test_generator_that_is_given_up() -> None:
    """One that nobody has any more ends as it is collected."""
    with trace("t") as traced:
        next(iter(letters("abc")))
        gc.collect()
    assert {phase for _, phase, _ in outcomes(traced)} == {"done"}


def test_consumer_is_no_part_of_a_generator() -> None:
    """What happens between two items is inside of what the consumer is inside of."""
    with trace("t") as traced:
        with span("before"):
            found = letters("ab")
            next(iter(found))
            with span("first"):
                pass
        with span("after"):
            next(iter(found))
            with span("second"):
                pass
        assert list(found) == []
        with span("end"):
            pass
    assert tree(traced) == {
        "t": {
            "before": {
                "letters": {"letter a": None, "letter b": None},
                "first": None,
            },
            "after": {"second": None},
            "end": None,
        }
    }


def test_what_is_sent_and_thrown_into_a_generator() -> None:
    """A generator that is traced gets, gives and returns what it would without."""

    @span
    def talk() -> Generator[object, object, str]:
        heard = []
        try:
            while len(heard) < 2:
                heard.append((yield len(heard)))
        except Boom as error:
            heard.append(error)
            yield "caught"
        return f"heard {heard}"

    def all_of_it() -> list[object]:
        said: list[object] = []
        first = talk()
        said += [next(first), first.send("a")]
        with pytest.raises(StopIteration) as stop:
            first.send("b")
        second = talk()
        said += [stop.value.value, next(second), second.throw(Boom("x"))]
        with pytest.raises(StopIteration) as stop:
            next(second)
        return [*said, stop.value.value]

    untraced = all_of_it()
    with trace("t") as traced:
        assert all_of_it() == untraced
    assert untraced == [
        0,
        1,
        "heard ['a', 'b']",
        0,
        "caught",
        "heard [Boom('x')]",
    ]
    assert outcomes(traced)[1:] == [("talk", "done", False)] * 2


@pytest.mark.usefixtures("virtual")
async def test_async_generator() -> None:
    """Its span lasts to its end, and what its consumer does is no part of it."""
    with trace("t") as traced:
        async for number in later(2):
            with span(f"use {number}"):
                await asyncio.sleep(1)
    assert times(traced) == [
        ("t", 0, 4),
        ("later", 0, 4),
        ("number 0", 0, 2),
        ("number 1", 2, 4),
        ("use 0", 1, 2),
        ("use 1", 3, 4),
    ]
    assert tree(traced) == {
        "t": {
            "later": {"number 0": None, "number 1": None},
            "use 0": None,
            "use 1": None,
        }
    }
    assert traced.find("later")[0].attributes == {"pages": 3}


@pytest.mark.usefixtures("virtual")
async def test_async_generator_that_is_closed() -> None:
    """Closed before its end it is done; cancelled within it is cancelled."""
    with trace("t") as traced:
        async with aclosing(later(9)) as numbers:  # type: ignore[type-var]
            await anext(numbers)
            await asyncio.sleep(1)
        task = asyncio.ensure_future(anext(later(9)))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert times(traced)[1:] == [
        ("later", 0, 2),
        ("number 0", 0, 2),
        ("later", 2, 2.5),
        ("number 0", 2, 2.5),
    ]
    phases = [phase for _, phase, _ in outcomes(traced)]
    assert phases == ["done"] * 3 + ["cancelled"] * 2


async def test_async_generator_in_several_tasks() -> None:
    """Each task that asks for an item goes on where it stood."""
    with trace("t") as traced:
        numbers = later(3)

        async def ask(name: str) -> None:
            with span(name):
                await anext(numbers)
                with span(f"after {name}"):
                    await asyncio.sleep(0)

        await asyncio.create_task(ask("a"))
        await asyncio.create_task(ask("b"))
        await numbers.aclose()  # type: ignore[attr-defined]
    assert tree(traced) == {
        "t": {
            "a": {"later": {"number 0": None, "number 1": None}, "after a": None},
            "b": {"after b": None},
        }
    }


async def test_what_is_sent_and_thrown_into_an_async_generator() -> None:
    """An async generator that is traced gets and gives what it would without."""

    @span
    async def talk() -> AsyncIterator[object]:
        heard: list[object] = []
        try:
            while True:
                heard.append((yield heard[-1:]))
        except Boom as error:
            yield error.args

    with trace("t") as traced:
        talking: Any = talk()
        assert await anext(talking) == []
        assert await talking.asend("a") == ["a"]
        assert await talking.athrow(Boom("x")) == ("x",)
        with pytest.raises(StopAsyncIteration):
            await anext(talking)
    assert outcomes(traced)[1:] == [("talk", "done", False)]


def test_generator_closed_in_another_context() -> None:
    """A block that is left in another context ends, and leaves that one as it was."""

    def plain() -> Iterator[int]:
        with span("inside"):
            yield 1

    with trace("t") as traced:
        first: Any = plain()
        copy_context().run(next, first)
        with span("here"):
            first.close()
            with span("below"):
                pass
        second: Any = letters("a")
        copy_context().run(next, second)
        copy_context().run(second.close)
        with span("after"):
            pass
    assert tree(traced) == {
        "t": {
            "inside": None,
            "here": {"below": None},
            "letters": {"letter a": None},
            "after": None,
        }
    }
    assert {phase for _, phase, _ in outcomes(traced)} == {"done"}


def test_blocks_left_in_other_contexts_are_bounded() -> None:
    """What is noted of blocks that were left elsewhere does not grow for ever."""

    def plain() -> Iterator[int]:
        with span("inside"):
            yield 1

    with trace("t", capacity=100):
        for _ in range(_MOST_EARLY + 100):
            one: Any = plain()
            copy_context().run(next, one)
            one.close()
        assert len(_left_early) <= _MOST_EARLY
    _left_early.clear()


def test_blocks_left_in_any_order() -> None:
    """Blocks that end before what they contain leave the code where it was."""
    with trace("t") as traced:
        a, b, c = span("a"), span("b"), span("c")
        for one in (a, b, c):
            one.__enter__()
        for one in (a, b, c):
            one.__exit__(None, None, None)
        with span("after"):
            pass
    assert tree(traced) == {"t": {"a": {"b": {"c": None}}, "after": None}}


# -- tasks and threads


@pytest.mark.usefixtures("virtual")
async def test_tasks_stand_where_they_were_started() -> None:
    """What a task does is inside of what was open as it was started."""

    async def work(name: str) -> None:
        with span(name):
            await wait()
            with span(f"{name} inner"):
                await wait()

    with trace("t") as traced:
        with span("a"):
            first = asyncio.create_task(work("first"))
            async with asyncio.TaskGroup() as group:
                group.create_task(work("second"))
                group.create_task(work("third"))
        with span("b"):
            await asyncio.gather(first, work("fourth"))
    assert tree(traced) == {
        "t": {
            "a": {
                "first": {"first inner": None},
                "second": {"second inner": None},
                "third": {"third inner": None},
            },
            "b": {"fourth": {"fourth inner": None}},
        }
    }
    assert traced.find("a")[0].ended == 2
    assert traced.find("first inner")[0].began == 1


async def test_a_hundred_spans_at_once() -> None:
    """Of a hundred tasks at once each has its own spans inside."""

    async def work(n: int) -> None:
        with span(f"outer {n}"):
            await asyncio.sleep(n % 7)
            with span(f"inner {n}"):
                await asyncio.sleep(n % 5)

    with trace("t") as traced:
        await asyncio.gather(*map(work, range(100)))
    expected = {f"outer {n}": {f"inner {n}": None} for n in range(100)}
    assert tree(traced) == {"t": expected}


async def test_threads_stand_where_they_were_started() -> None:
    """What `to_thread` runs is inside of what was open as it was called."""

    def work() -> None:
        with span("in a thread"):
            pass

    with trace("t") as traced:
        with span("a"):
            await asyncio.to_thread(work)
    assert tree(traced) == {"t": {"a": {"in a thread": None}}}
