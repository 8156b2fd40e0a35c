"""Measure spans in this process, and print what came out as JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import math
import sys
import tracemalloc
from time import process_time
from types import SimpleNamespace
from typing import TYPE_CHECKING

from workflow_measures import best_us
from workflow_peers import CONTENDERS

from notebook_async.core import SpanRecord, add_hook
from notebook_async.tracing import CallbackManager, DebugHandler, span, trace

if TYPE_CHECKING:
    from collections.abc import Callable

SPANS = 50_000
MILLION = 1_000_000
EVENTS = 10_000
_LARGE = 10 * MILLION


def _each(call: Callable[[int], object], count: int = SPANS) -> float:
    """Return the seconds of processor time for one of what `call` does so often."""
    best = math.inf
    for _ in range(5):
        gc.collect()
        began = process_time()
        call(count)
        best = min(best, process_time() - began)
    return best / count


def _nothing(count: int) -> None:
    for _ in range(count):
        pass


def _spans(count: int) -> None:
    for _ in range(count):
        with span("load"):
            pass


def _plain() -> None:
    pass


_decorated = span(_plain)


def _plain_calls(count: int) -> None:
    for _ in range(count):
        _plain()


def _decorated_calls(count: int) -> None:
    for _ in range(count):
        _decorated()


def _item_guards(count: int) -> None:
    """Do what an item pays: see `work_observed`; the plain way pays nothing."""
    teller = SimpleNamespace(tells_spans=False)
    for _ in range(count):
        token = None
        if teller.tells_spans:
            token = 1
        if token is not None:
            del token


def _step_guards(count: int) -> None:
    """Do what a call of a step pays: see `work` of a workflow."""
    run = SimpleNamespace(teller=None)
    for _ in range(count):
        token = None
        if run.teller is not None:
            token = 1
        if token is not None:
            del token


def _events(manager: CallbackManager) -> Callable[[int], None]:
    def run(count: int) -> None:
        with manager.as_trace("query"):
            for _ in range(count):
                with manager.event("llm"):
                    pass

    return run


async def measures() -> dict[str, float]:
    """Measure everything, on a loop, as most spans are."""
    empty = _each(_nothing)
    values: dict[str, float] = {
        "item": 1e9 * (_each(_item_guards) - empty),
        "span unheard": 1e9 * (_each(_spans) - empty),
        "call unheard": 1e9 * (_each(_decorated_calls) - _each(_plain_calls)),
    }
    engine = CONTENDERS["ours"].make()
    await engine.chain(100)
    values["plain"] = await best_us(3, EVENTS, engine.chain, EVENTS)
    guards = 1e6 * (_each(_step_guards) - empty)
    values["transition"] = 100 * guards / values["plain"]
    with add_hook(lambda _: None, SpanRecord):
        values["span heard"] = 1e6 * (_each(_spans) - empty)
    with trace("all", capacity=_LARGE):
        values["span traced"] = 1e6 * (_each(_spans) - empty)
        values["call traced"] = 1e6 * (_each(_decorated_calls) - empty)
    with trace("few"):
        _spans(2 * SPANS)
        values["span dropping"] = 1e6 * (_each(_spans) - empty)
    debug = DebugHandler(print_trace_on_end=False)
    values["event"] = 1e6 * _each(_events(CallbackManager([debug])), 5000)
    with trace("read") as traced:
        _spans(SPANS)
    for name, look in (
        ("tree", lambda: traced.roots),
        ("totals", traced.totals),
        ("chrome", traced.to_chrome),
    ):
        began = process_time()
        look()
        values[name] = 1e3 * (process_time() - began)
    return values | _million()


def _million() -> dict[str, float]:
    tracemalloc.start()
    with trace("million") as traced:
        _spans(4 * SPANS)
        before, _ = tracemalloc.get_traced_memory()
        _spans(MILLION - 4 * SPANS)
        after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"kept": len(traced.recording), "memory": (after - before) / 1e6}


if __name__ == "__main__":
    json.dump(asyncio.run(measures()), sys.stdout)
