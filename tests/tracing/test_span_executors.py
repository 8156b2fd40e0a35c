"""Spans of items that run in other processes: they come back, to where they belong."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import Remote, run_jobs
from notebook_async.core import SpanRecord, current_scope, wanted
from notebook_async.tracing import CallbackManager, span, trace
from tests.tracing.told import Boom, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.executors, pytest.mark.realtime]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Give a pool of two processes that know nothing of this one."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        yield pool


@pytest.fixture(params=["one", "chunks", "cpu"])
def executor(request: pytest.FixtureRequest, pool: ProcessPoolExecutor) -> object:
    """Give each way to other processes."""
    if request.param == "cpu":
        pytest.importorskip("loky", reason='pip install "notebook-async[cpu]"')
        return "cpu"
    return pool if request.param == "one" else Remote(pool, chunk=3, inner=2)


def load(page: int) -> int:
    """Be a span with another inside, in a process of its own."""
    with span("load", page=page, pid=os.getpid()), span("parse"):
        return 2 * page


async def aload(page: int) -> int:
    """Be the same, over several passes of a loop."""
    with span("load", page=page, pid=os.getpid()):
        await asyncio.sleep(0.01)
        with span("parse"):
            await asyncio.sleep(0.01)
            return 2 * page


def fail(page: int) -> int:
    """Fail in a span."""
    with span("load", page=page):
        raise Boom(page)


@pytest.mark.parametrize("func", [load, aload])
async def test_spans_come_back(executor: Any, func: Any) -> None:  # noqa: ANN401
    """Each item has its own spans inside, with times within those of the item."""
    with trace("t") as traced:
        with span("outer"):
            found = await run_jobs(
                func, range(6), desc="Load", executor=executor, workers=2
            )
        with span("after"):
            pass
    assert found == [2 * page for page in range(6)]
    (root,) = traced.roots
    outer, after = root.children
    assert (outer.name, after.name, after.children) == ("outer", "after", [])
    (run,) = outer.children
    assert len(run.children) == 6
    for item in run.children:
        (one,) = item.children
        (inside,) = one.children
        assert (one.name, inside.name) == ("load", "parse")
        assert one.attributes["page"] == item.attributes["index"]
        assert one.attributes["pid"] != os.getpid()
        assert (one.phase, inside.phase) == ("done", "done")
        # The clocks of two processes are compared by the wall clock.
        close = 0.05
        assert item.began - close <= one.began <= inside.began
        assert inside.ended is not None
        assert one.ended is not None
        assert item.ended is not None
        assert inside.ended <= one.ended <= item.ended + close
    assert len({node.source for node in traced}) == len(list(traced))


async def test_what_failed_comes_back(executor: Any) -> None:  # noqa: ANN401
    """A span that failed in another process is the cause there, and only there."""
    with trace("t") as traced, pytest.raises(Boom):
        await run_jobs(fail, [7], desc="Load", executor=executor)
    assert [(node.name, node.phase, node.cause) for node in traced] == [
        ("t", "done", False),
        ("Load", "failed", False),
        ("Load item", "failed", False),
        ("load", "failed", True),
    ]


def place(_: int) -> tuple[bool, tuple[str, ...]]:
    """Return whether somebody wants spans here, and the path of this code."""
    return wanted(SpanRecord), current_scope.get().path


async def test_nothing_is_sent_while_nobody_traces(executor: Any) -> None:  # noqa: ANN401
    """Without anybody who wants spans no item takes its place along."""
    assert await run_jobs(place, range(3), executor=executor) == [(False, ())] * 3
    with trace("t"):
        places = await run_jobs(place, range(3), executor=executor)
    assert [(asked, path[2:]) for asked, path in places] == [
        (True, (f"#{index}",)) for index in range(3)
    ]


async def test_handlers_are_told(executor: Any) -> None:  # noqa: ANN401
    """A callback manager is told of the spans of other processes as well."""
    told = Told()
    manager = CallbackManager([told])
    with manager.as_trace("t"):
        await run_jobs(load, [1], desc="Load", executor=executor)
    assert sorted(told.names()) == ["Load", "item 0", "load", "parse"]
    parents = {call[2]: call[3] for call in told.calls if call[0] == "start"}
    names = dict(zip(parents, told.names(), strict=True))
    names["root"] = "root"
    assert {names[one]: names[around] for one, around in parents.items()} == {
        "Load": "root",
        "item 0": "Load",
        "load": "item 0",
        "parse": "load",
    }
    assert manager.failures == 0


async def test_two_traces_at_once(pool: ProcessPoolExecutor) -> None:
    """Spans that come back find the trace that their run is a part of."""

    async def query(n: int) -> list[object]:
        with trace(f"t{n}") as traced:
            await run_jobs(load, range(n, n + 4), executor=pool)
        return sorted(str(one.attributes["page"]) for one in traced.find("load"))

    first, second = await asyncio.gather(query(0), query(4))
    assert (first, second) == (list("0123"), list("4567"))
