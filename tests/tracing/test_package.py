# ruff: noqa: SIM117 - blocks within blocks are what it is about
"""What the package does by itself, in traces: runs, workflows, questions, their places.

And that nothing of it is there while nobody traces.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notebook_async import Remote, Retry, asyncio_run, iter_jobs, run_jobs
from notebook_async.core import (
    ItemRecord,
    QuestionRecord,
    Record,
    RunRecord,
    SpanRecord,
    StepRecord,
    WorkflowRecord,
    add_hook,
    current_scope,
)
from notebook_async.prompts import answers, ask
from notebook_async.tracing import Node, Trace, span, trace
from notebook_async.workflow import (
    Context,
    Event,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from notebook_async.workflow.retry_policy import ConstantDelayRetryPolicy
from tests.tracing.told import Boom, outcomes, tree


class Page(Event):
    """A page."""

    n: int


class Reader(Workflow):
    """Scatters pages, reads two at a time with a span in each, and gathers."""

    @step
    async def scatter(self, ctx: Context, ev: StartEvent) -> Page | None:
        """Send two pages."""
        with span("prepare"):
            for n in range(2):
                ctx.send_event(Page(n=ev.first + n))

    @step(num_workers=2)
    async def read(self, ev: Page) -> StopEvent | None:
        """Read one, and end with the last."""
        with span(f"parse {ev.n}"):
            await asyncio.sleep(ev.n)
        return StopEvent(result=ev.n) if ev.n % 2 == 0 else None


class Flaky(Workflow):
    """Fails once, then runs another workflow and asks somebody."""

    @step(retry_policy=ConstantDelayRetryPolicy(maximum_attempts=2, delay=1))
    async def begin(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Do it all."""
        attempt = ctx.retry_info().retry_number
        with span(f"attempt {attempt}"):
            if attempt == 0:
                raise Boom
            await Reader().run(first=1)
            return StopEvent(result=await ask(ev.question))


async def traced_load(page: int) -> int:
    """Be a span for a second."""
    with span(f"load {page}"):
        await asyncio.sleep(1)
    return page


def blocking_load(page: int) -> int:
    """Be a span in a thread."""
    with span(f"load {page}"):
        return page


def shape(node: Node) -> dict[str, Any]:
    """Return what is inside of a node by kind and name, run ids left out."""
    return {
        f"{one.kind} {one.name.partition('-')[0]}": shape(one) for one in node.children
    }


def root(traced: Trace) -> Node:
    """Return the only root."""
    (found,) = traced.roots
    return found


# -- runs


@pytest.mark.parametrize("executor", [None, "threads", Remote("threads", chunk=2)])
async def test_spans_of_items_stand_below_them(executor: Any) -> None:  # noqa: ANN401
    """Whatever runs the items, what they do is inside of them, by index."""
    func: Any = traced_load if executor is None else blocking_load
    with trace("t") as traced, span("outer"):
        found = await run_jobs(func, [5, 6, 7], desc="Load", executor=executor)
    assert found == [5, 6, 7]
    (outer,) = root(traced).children
    (run,) = outer.children
    assert (run.name, run.kind, run.phase) == ("Load", "async_job", "done")
    inside = {item.attributes["index"]: item.children[0].name for item in run.children}
    assert inside == {0: "load 5", 1: "load 6", 2: "load 7"}
    assert [len(item.children) for item in run.children] == [1, 1, 1]


async def test_coroutines_of_a_chunk_stand_below_their_items() -> None:
    """Coroutines that run at once in one thread are apart."""
    with trace("t") as traced:
        await run_jobs(
            sleepless,
            range(6),
            desc="Load",
            executor=Remote("threads", chunk=3, inner=3),
        )
    (run,) = root(traced).children
    inside = {item.attributes["index"]: item.children[0].name for item in run.children}
    assert inside == {n: f"load {n}" for n in range(6)}


async def sleepless(page: int) -> int:
    """Be a span over several passes of the loop."""
    with span(f"load {page}"):
        for _ in range(3):
            await asyncio.sleep(0)
    return page


async def test_streamed_items() -> None:
    """Items of a stream have their spans, and its consumer is in none of them."""
    with trace("t") as traced:
        async for _, page in iter_jobs(traced_load, [1, 2], desc="Load"):
            with span(f"use {page}"):
                await asyncio.sleep(0)
    (run, *uses) = root(traced).children
    assert [use.name for use in uses] == ["use 1", "use 2"]
    assert [item.children[0].name for item in run.children] == ["load 1", "load 2"]


async def test_attempts_stand_below_one_item() -> None:
    """An item that is retried is one piece of work, with all its attempts inside."""
    fails = [Boom(), Boom()]

    async def load(page: int) -> int:
        with span("attempt"):
            await asyncio.sleep(page)
            if fails:
                raise fails.pop()
            return page

    with trace("t") as traced:
        await run_jobs(load, [1], desc="Load", retry=Retry(attempts=3))
    assert outcomes(traced) == [
        ("t", "done", False),
        ("Load", "done", False),
        ("Load item", "done", False),
        ("attempt", "failed", True),
        ("attempt", "failed", True),
        ("attempt", "done", False),
    ]
    assert root(traced).children[0].attributes == {
        "done": 1,
        "workers": 4,
        "retried": 2,
    }


@pytest.mark.usefixtures("virtual")
async def test_times_of_a_run() -> None:
    """Items begin as a worker is free, and the run lasts as long as they do."""
    with trace("t") as traced:
        await run_jobs(traced_load, [1, 2, 3], workers=2, desc="Load")
    assert [(n.name, n.began, n.ended) for n in traced] == [
        ("t", 0, 2),
        ("Load", 0, 2),
        ("Load item", 0, 1),
        ("load 1", 0, 1),
        ("Load item", 0, 1),
        ("load 2", 0, 1),
        ("Load item", 1, 2),
        ("load 3", 1, 2),
    ]


async def test_cancelled_run() -> None:
    """What a time-out cancels is cancelled on every level."""
    with trace("t") as traced:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await run_jobs(traced_load, [1], desc="Load")
    assert outcomes(traced) == [
        ("t", "done", False),
        ("Load", "cancelled", False),
        ("Load item", "cancelled", False),
        ("load 1", "cancelled", False),
    ]


def test_asyncio_run() -> None:
    """What `asyncio_run` runs is inside of what it was called in."""
    with trace("t") as traced, span("outer"):
        assert asyncio_run(sleepless(3)) == 3
        with span("after"):
            pass
    assert tree(traced) == {"t": {"outer": {"load 3": None, "after": None}}}


async def test_asyncio_run_within_a_loop() -> None:
    """On a loop that runs it is the same."""
    with trace("t") as traced, span("outer"):
        assert asyncio_run(sleepless(3)) == 3
        with span("after"):
            pass
    assert tree(traced) == {"t": {"outer": {"load 3": None, "after": None}}}


# -- workflows and questions


async def test_spans_of_steps_stand_below_their_calls() -> None:
    """Each call of a step is a piece of work, with what it did inside."""
    with trace("t") as traced, span("outer"):
        assert await Reader().run(first=1) == 2
    (outer,) = root(traced).children
    (flow,) = outer.children
    assert (flow.name, flow.kind) == ("Reader", "async_job")
    assert [(call.name, call.kind, tree_of(call)) for call in flow.children] == [
        ("scatter", "step", ["prepare"]),
        ("read", "step", ["parse 1"]),
        ("read", "step", ["parse 2"]),
    ]
    assert flow.children[1].attributes["given"] == "Page(n=1)"


def tree_of(node: Node) -> list[str]:
    """Return the names of what is right inside."""
    return [child.name for child in node.children]


async def test_all_of_it_together() -> None:
    """A retried step with a nested workflow and a question is one tree."""
    with trace("t") as traced, answers({"Name?": "Ada"}):
        assert await Flaky().run(question="Name?") == "Ada"
    (flow,) = root(traced).children
    (call,) = flow.children
    assert (call.name, call.phase, call.attributes["attempts"]) == ("begin", "done", 2)
    first, second = call.children
    assert (first.name, first.phase) == ("attempt 0", "failed")
    assert shape(second) == {
        "async_job Reader": {
            "step scatter": {"span prepare": {}},
            "step read": {"span parse 2": {}},
        },
        "prompt Name?": {},
    }
    assert second.children[1].phase == "done"


async def test_workflows_at_once() -> None:
    """Twenty runs at once have their own calls inside."""
    with trace("t") as traced:
        results = await asyncio.gather(
            *(Reader().run(first=2 * n + 1) for n in range(20))
        )
    assert results == [2 * n + 2 for n in range(20)]
    inside = [
        [name for call in flow.children for name in tree_of(call)]
        for flow in root(traced).children
    ]
    assert sorted(inside, key=lambda names: int(names[1].split()[1])) == [
        ["prepare", f"parse {2 * n + 1}", f"parse {2 * n + 2}"] for n in range(20)
    ]


# -- nobody traces


async def test_paths_are_as_ever_while_nobody_wants_spans() -> None:
    """Runs within items and steps stand in the path of their runs, and nothing else."""
    records: list[Any] = []
    kinds = (RunRecord, ItemRecord, StepRecord, WorkflowRecord, QuestionRecord)

    async def nest(_: int) -> None:
        with span("nobody asks"):
            await run_jobs(traced_load, [1])

    with add_hook(records.append, *kinds), answers({"Name?": "Ada"}):
        await run_jobs(nest, [1, 2])
        await Flaky().run(question="Name?")
    parts = {part for one in records for part in one.source}
    assert {part.partition("-")[0] for part in parts if "-" in part[:5]} == {"run"}
    assert not any("#" in part or part.startswith("span") for part in parts)
    assert {len(one.source) for one in records} == {1, 2}


async def test_paths_have_places_while_somebody_wants_spans() -> None:
    """With somebody who wants spans runs stand within items, and those in spans."""
    records: list[Record] = []

    async def nest(_: int) -> None:
        with span("outer"), span("inner"):
            await run_jobs(traced_load, [1])

    with add_hook(records.append, RunRecord, SpanRecord):
        await run_jobs(nest, [1])
    (inner,) = {
        one.source for one in records if type(one) is RunRecord and one.source[1:]
    }
    assert [part.partition("-")[0] for part in inner] == ["run", "#0", "span", "run"]


async def test_scope_is_as_before_after_an_item() -> None:
    """Workers and steps leave nothing of their places behind."""
    before = current_scope.get()
    seen = []

    async def look(_: int) -> None:
        seen.append(current_scope.get().path[1:])

    with trace("t"):
        inside = len(current_scope.get().path)
        await run_jobs(look, range(3), workers=1)
        await Reader().run(first=1)
        assert len(current_scope.get().path) == inside
    assert [path[-1] for path in seen] == ["#0", "#1", "#2"]
    assert current_scope.get() == before
