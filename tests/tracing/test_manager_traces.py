# ruff: noqa: PT012, SIM117 - blocks within blocks are what it is about
"""Traces of callback managers: many at once, one within another, and how they end."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import run_jobs
from notebook_async.core import current_scope
from notebook_async.errors import NoFrontEndError
from notebook_async.prompts import ANSWERS_VARIABLE, answers, ask, set_presenter
from notebook_async.tracing import (
    BaseCallbackHandler,
    CallbackManager,
    DebugHandler,
    span,
    trace,
)
from notebook_async.tracing._traces import _router
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
from tests.tracing.told import Boom, Told, tree, wait

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_is_routed() -> Iterator[None]:
    """Prove that each test ends its traces."""
    yield
    assert _router._states == {}


class Reader(Workflow):
    """Reads in one step."""

    @step
    async def read(self, ev: StartEvent) -> StopEvent:
        """Wait, inside of a span."""
        with span("parse"):
            await asyncio.sleep(1)
        return StopEvent(result=ev.page)


# -- many at once


async def test_traces_at_once_never_mix(told: Told) -> None:
    """A hundred traces of one manager at once have a map each, with what is theirs."""
    manager = CallbackManager([told])

    async def query(n: int) -> dict[str, list[str]]:
        with manager.as_trace(f"t{n}"), manager.event("query", event_id=f"q{n}"):
            await asyncio.sleep(n % 7)
            async with asyncio.TaskGroup() as group:
                group.create_task(retrieve(n))
                group.create_task(retrieve(-n - 1))
            return manager.trace_map

    async def retrieve(n: int) -> None:
        with manager.event("retrieve", event_id=f"r{n}"):
            await asyncio.sleep(abs(n) % 5)
            with manager.event("llm", event_id=f"l{n}"):
                await asyncio.sleep(1)

    maps = await asyncio.gather(*map(query, range(100)))
    for n, found in enumerate(maps):
        r, s = f"r{n}", f"r{-n - 1}"
        assert found == {
            "root": [f"q{n}"],
            f"q{n}": [r, s],
            r: [f"l{n}"],
            s: [f"l{-n - 1}"],
        }
        assert told.maps[f"t{n}"] == found


async def test_traces_of_one_name_at_once_never_mix() -> None:
    """`start_trace` and `end_trace` of one name and events of one id stay apart."""
    told = Told()
    manager = CallbackManager([told])
    maps = []

    async def query(n: int) -> None:
        manager.start_trace("query")
        manager.on_event_start("query", {"query_str": n}, "q")
        with manager.event("retrieve", event_id="r"):
            await asyncio.sleep(n % 3)
        manager.on_event_start("llm", {"n": n})
        await asyncio.sleep(n % 5)
        manager.on_event_end("llm", {"n": n})
        manager.on_event_end("query", {"query_str": n}, "q")
        maps.append(manager.trace_map)
        manager.end_trace("query")

    await asyncio.gather(*map(query, range(100)))
    assert [list(found) for found in maps] == [["root", "q"]] * 100
    assert {tuple(found["root"]) for found in maps} == {("q",)}
    assert len({tuple(found["q"]) for found in maps}) == 100
    assert [call[0] for call in told.calls].count("end trace") == 100
    calls = [call for call in told.calls if len(call) > 2]
    models: dict[str, list[int]] = {}
    for call, payload in zip(calls, told.payloads, strict=True):
        if call[1] == "llm":
            models.setdefault(call[2], []).append((payload or {})["n"])
    # Each call of a model was ended by the very task that began it.
    assert sorted(models.values()) == [[n, n] for n in range(100)]


def test_traces_in_threads_never_mix() -> None:
    """Eight threads that trace at once each find their own events, and all of them."""
    manager, before = CallbackManager([BaseCallbackHandler()]), sys.getswitchinterval()

    def query(n: int) -> None:
        for turn in range(20):
            with manager.as_trace("t"):
                with manager.event("query", event_id=f"q{n}-{turn}"), span("x"):
                    pass
                (inside,) = manager.trace_map.pop(f"q{n}-{turn}")
                assert inside.startswith("span-")
                assert manager.trace_map == {"root": [f"q{n}-{turn}"]}

    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(query, range(8))) == [None] * 8
    finally:
        sys.setswitchinterval(before)
    assert manager.failures == 0


async def test_two_managers_at_once() -> None:
    """Each is told of its own events with payloads, and of the other's as work."""
    outer, inner = Told(), Told()
    first, second = CallbackManager([outer]), CallbackManager([inner])
    with first.as_trace("a"), first.event("query", {"query_str": "x"}, "q"):
        with second.as_trace("b"), second.event("retrieve", {"top_k": 3}, "r"):
            with first.event("llm", {"formatted_prompt": "y"}, "l"):
                await asyncio.sleep(0)
        with second.event("reranking", event_id="alone"):
            pass
    begun = [call[1:] for call in inner.calls if call[0] == "start"]
    assert begun == [
        ("retrieve", "r", "root"),
        ("llm", "l", "r"),
        ("reranking", "alone", "root"),
    ]
    assert inner.maps == {
        "b": {"root": ["r"], "r": ["l"]},
        "trace": {"root": ["alone"]},
    }
    begun = [call[1:3] for call in outer.calls if call[0] == "start"]
    assert {
        "query": "q",
        "retrieve": "r",
        "llm": "l",
        "reranking": "alone",
    }.items() <= (dict(begun).items())
    assert outer.maps["a"]["root"] == ["q"]
    assert outer.maps["a"]["r"] == ["l"]


# -- one within another


def test_trace_within_a_trace_is_a_part_of_it(told: Told) -> None:
    """A trace inside of one of the same manager is told as no trace of its own."""
    manager = CallbackManager([told])
    with manager.as_trace("outer"), manager.event("query", event_id="q"):
        with manager.as_trace("inner"), manager.event("llm", event_id="l"):
            pass
        assert manager.trace_map == {"root": ["q"], "q": ["l"]}
    assert [call for call in told.calls if len(call) == 2] == [
        ("trace", "outer"),
        ("end trace", "outer"),
    ]


def test_traces_end_by_their_names(told: Told) -> None:
    """What `end_trace` ends is what it names, also within another trace."""
    manager = CallbackManager([told])
    manager.start_trace("outer")
    manager.start_trace("inner")
    manager.end_trace("inner")
    assert told.calls == [("trace", "outer")]
    manager.end_trace("unknown")
    manager.end_trace("outer")
    manager.end_trace()
    assert told.calls == [("trace", "outer"), ("end trace", "outer")]


def test_trace_without_a_name_ends_the_last(told: Told) -> None:
    """Names are no duty: what began last ends first."""
    manager = CallbackManager([told])
    manager.start_trace()
    manager.end_trace()
    assert told.calls == [("trace", "trace"), ("end trace", "trace")]


def test_trace_map_stays_until_the_next(told: Told) -> None:
    """After its end a trace's map can be looked at, by its own manager."""
    manager, other = CallbackManager([told]), CallbackManager()
    assert manager.trace_map == {}
    for name in "ab":
        with manager.as_trace("t"), manager.event("llm", event_id=name):
            pass
        assert (manager.trace_map, other.trace_map) == ({"root": [name]}, {})


def test_event_outside_of_a_trace_is_one(told: Told) -> None:
    """An event without a trace opens one, and closes it whatever else has ended."""
    manager = CallbackManager([told])
    with manager.event("query", event_id="q"), manager.event("llm", event_id="l"):
        pass
    assert told.calls == [
        ("trace", "trace"),
        ("start", "query", "q", "root"),
        ("start", "llm", "l", "q"),
        ("end", "llm", "l", "done"),
        ("end", "query", "q", "done"),
        ("end trace", "trace"),
    ]
    before = current_scope.get()
    manager.on_event_start("query", event_id="a")
    manager.on_event_start("query", event_id="b")
    manager.on_event_end("query", event_id="a")
    manager.on_event_end("query", event_id="b")
    assert current_scope.get() == before
    assert told.maps["trace"] == {"root": ["a"], "a": ["b"]}


async def test_what_outlives_a_trace_is_no_part_of_it(told: Told) -> None:
    """A task that a trace has started traces for itself once the trace has ended."""
    manager = CallbackManager([told])

    async def late() -> None:
        await asyncio.sleep(1)
        with manager.event("query", event_id="late"):
            pass

    with manager.as_trace("t"):
        task = asyncio.create_task(late())
    await task
    assert told.calls == [
        ("trace", "t"),
        ("end trace", "t"),
        ("trace", "trace"),
        ("start", "query", "late", "root"),
        ("end", "query", "late", "done"),
        ("end trace", "trace"),
    ]


async def test_event_may_end_in_another_task(told: Told) -> None:
    """Where beginning and end are apart, both are told, and the next event is sound."""
    manager = CallbackManager([told])

    async def end() -> None:
        manager.on_event_end("query", event_id="q")

    manager.on_event_start("query", event_id="q")
    await asyncio.create_task(end())
    with manager.event("llm", event_id="l"):
        pass
    assert told.calls == [
        ("trace", "trace"),
        ("start", "query", "q", "root"),
        ("end", "query", "q", "done"),
        ("end trace", "trace"),
        ("trace", "trace"),
        ("start", "llm", "l", "root"),
        ("end", "llm", "l", "done"),
        ("end trace", "trace"),
    ]


async def test_manager_within_a_trace(told: Told) -> None:
    """`trace` shows the traces and events of a manager as parts of the whole."""
    manager = CallbackManager([told])
    with trace("all") as traced, span("outer"):
        with manager.as_trace("query"), manager.event("query", {"query_str": "tea"}):
            with span("inner"):
                await asyncio.sleep(0)
    assert tree(traced) == {"all": {"outer": {"query": {"query": {"inner": None}}}}}
    assert traced.find("query")[1].attributes == {"query_str": "tea"}


# -- how they end


async def test_cancelled_event(told: Told) -> None:
    """What is cancelled is told as that, and is no error of anything."""
    manager = CallbackManager([told])

    async def query() -> None:
        with manager.as_trace("t"), manager.event("query", event_id="q"):
            with manager.event("llm", event_id="l"):
                await asyncio.sleep(9)

    task = asyncio.create_task(query())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told.calls[-3:] == [
        ("end", "llm", "l", "cancelled"),
        ("end", "query", "q", "cancelled"),
        ("end trace", "t"),
    ]


def test_interrupted_event(told: Told) -> None:
    """What a person interrupts is cancelled."""
    manager = CallbackManager([told])
    with pytest.raises(KeyboardInterrupt), manager.event("query", event_id="q"):
        raise KeyboardInterrupt
    assert told.calls[2] == ("end", "query", "q", "cancelled")


def test_error_ends_every_open_event(told: Told) -> None:
    """All three end with `error`, the innermost as the cause, with one EXCEPTION."""
    manager, error = CallbackManager([told]), Boom("x")
    with pytest.raises(Boom, match=r"^x$"), manager.as_trace("t"):
        with manager.event("query", event_id="a"), manager.event("tree", event_id="b"):
            with manager.event("retrieve", event_id="c"):
                raise error
    assert told.calls[4:] == [
        ("start", "exception", "c-exception", "c"),
        ("end", "exception", "c-exception", "error here"),
        ("end", "retrieve", "c", "error here"),
        ("end", "tree", "b", "error"),
        ("end", "query", "a", "error"),
        ("end trace", "t"),
    ]
    assert [(one or {}).get("exception") is error for one in told.payloads[3:]] == (
        [True] * 5
    )
    assert told.maps["t"] == {
        "root": ["a"],
        "a": ["b"],
        "b": ["c"],
        "c": ["c-exception"],
    }


def test_error_that_is_caught_is_of_one_event(told: Told) -> None:
    """An event around one that failed, whose error was caught, is done."""
    manager = CallbackManager([told])
    with manager.as_trace("t"), manager.event("query", event_id="q"):
        with pytest.raises(Boom), manager.event("llm", event_id="l"):
            raise Boom
    ends = [call[1:] for call in told.calls if call[0] == "end"]
    assert ends == [
        ("exception", "l-exception", "error here"),
        ("llm", "l", "error here"),
        ("query", "q", "done"),
    ]


def test_ended_event_is_not_ended_by_an_error(told: Told) -> None:
    """After `on_end` what the block raises is of what is around it."""
    manager = CallbackManager([told])
    with pytest.raises(Boom), manager.event("query", event_id="q"):
        with manager.event("llm", event_id="l") as event:
            event.on_end({"completion": "Hi"})
            raise Boom
    ends = [call[1:] for call in told.calls if call[0] == "end"]
    assert ends == [
        ("llm", "l", "done"),
        ("exception", "q-exception", "error here"),
        ("query", "q", "error here"),
    ]


def test_error_outside_of_any_event_leaves_all_in_balance(told: Told) -> None:
    """After an error between two events the next one stands at the root again."""
    manager, before = CallbackManager([told]), current_scope.get()
    with pytest.raises(Boom), manager.as_trace("a"):
        with manager.event("llm"):
            pass
        raise Boom
    assert current_scope.get() == before
    with manager.as_trace("b"), manager.event("query", event_id="q"):
        pass
    assert told.maps["b"] == {"root": ["q"]}
    assert current_scope.get() == before


# -- what the package tells by itself


async def test_handlers_are_told_of_runs_and_spans(told: Told) -> None:
    """Inside of a trace a run, its items and what is in them are events as well."""
    manager = CallbackManager([told])

    async def load(page: int) -> int:
        with span("load"):
            await asyncio.sleep(page)
        return page

    with manager.as_trace("t"), manager.event("query", event_id="q"):
        await run_jobs(load, [1, 2], desc="Load")
    begun = [call[1:] for call in told.calls if call[0] == "start"]
    run, first, second = begun[1], begun[2], begun[3]
    assert [kind for kind, *_ in begun] == [
        "query",
        "async_job",
        "async_job",
        "async_job",
        "span",
        "span",
    ]
    assert run[2] == "q"
    assert (first[2], second[2]) == (run[1], run[1])
    assert [parent for _, _, parent in begun[4:]] == [first[1], second[1]]
    assert [call[1:4:2] for call in told.calls if call[0] == "end"] == [
        ("span", "done"),
        ("async_job", "done"),
        ("span", "done"),
        ("async_job", "done"),
        ("async_job", "done"),
        ("query", "done"),
    ]
    assert manager.failures == 0


async def test_handlers_are_told_how_a_run_failed(told: Told) -> None:
    """Item and run end with `error`, the item with what it raised."""
    manager = CallbackManager([told])

    async def fail(_: int) -> None:
        await asyncio.sleep(1)
        raise Boom

    with pytest.raises(Boom), manager.as_trace("t"):
        await run_jobs(fail, [1])
    ends = [call[1:4:2] for call in told.calls if call[0] == "end"]
    assert ends == [("async_job", "error"), ("async_job", "error")]
    payloads = [payload for payload in told.payloads if "exception" in (payload or {})]
    assert [(payload or {})["exception"] for payload in payloads] == ["Boom()"]


async def test_handlers_are_told_of_workflows_and_questions(told: Told) -> None:
    """A run of a workflow, calls of its steps and questions are events as well."""
    manager = CallbackManager([told])
    with manager.as_trace("t"), answers({"Name?": "Ada"}):
        assert await Reader().run(page=3) == 3
        assert await ask("Name?") == "Ada"
    begun = [call[1:] for call in told.calls if call[0] == "start"]
    kinds = [kind for kind, *_ in begun]
    assert sorted(kinds) == ["async_job", "prompt", "span", "step"]
    parents = {kind: parent for kind, _, parent in begun}
    names = {kind: name for kind, name, _ in begun}
    assert (parents["async_job"], parents["prompt"]) == ("root", "root")
    assert (parents["step"], parents["span"]) == (names["async_job"], names["step"])
    told_of = dict(zip(kinds, told.names(), strict=True))
    assert (told_of["prompt"], told_of["step"]) == ("Name?", "read")


async def test_handlers_are_told_of_a_question_that_nobody_can_answer(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question that is over as it is asked is an event with an error."""
    manager = CallbackManager([told])
    monkeypatch.delenv(ANSWERS_VARIABLE, raising=False)
    before = set_presenter(None)
    with manager.as_trace("t"), pytest.raises(NoFrontEndError):
        await ask("Name?")
    set_presenter(before)
    assert [call[:2] for call in told.calls[1:-1]] == [
        ("start", "prompt"),
        ("end", "prompt"),
    ]
    assert told.calls[-2][3] == "error"


async def test_debug_handler_sees_at_once_what_runs() -> None:
    """A span that waits is among those that run, in the next pass of the loop."""
    debug = DebugHandler(print_trace_on_end=False)
    manager = CallbackManager([debug])

    async def load() -> None:
        with span("load"):
            await wait()

    with manager.as_trace("t"):
        task = asyncio.create_task(load())
        await asyncio.sleep(0.5)
        (running,) = debug.get_running()
        assert (running.payload or {})["name"] == "load"
        await task
    assert debug.get_running() == []


async def test_router_asks_for_nothing_without_traces(told: Told) -> None:
    """A manager wants no record but inside of its traces."""
    manager: Any = CallbackManager([told])
    with span("before"):
        pass
    with manager.as_trace("t"):
        assert len(_router._states) == 1
    with span("after"):
        pass
    assert told.calls == [("trace", "t"), ("end trace", "t")]
