"""Measure one engine in this process, and print what came out as JSON.

`python workflow_measures.py speed ours 1000 10000`. What never waits is measured in
processor time, and the best of a few taken: other programs only add. What somebody
waits for is measured by the clock on the wall. `bench_workflow.py` takes medians over
processes.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import statistics
import sys
import tempfile
import tracemalloc
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from workflow_peers import CONTENDERS, Contender, Shared

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CHAIN = 10_000
STREAM = 10_000
STARTS = 500
STEPS = 200
QUEUED = 1000
REPEATS = 5


async def best_us(
    repeats: int, count: int, call: Callable[..., Awaitable[object]], *given: int
) -> float:
    """Return the microseconds per event of processor time."""
    best = math.inf
    for _ in range(repeats):
        gc.collect()
        began = process_time()
        result = await call(*given)
        best = min(best, process_time() - began)
        # Not doing it is no way to be fast.
        if result is not None and result != given[0]:
            raise RuntimeError(f"{call} did {result} of {given[0]}")
    return best / count * 1e6


async def _many(start: Callable[[], Awaitable[object]], count: int) -> None:
    for _ in range(count):
        await start()


async def speed(contender: Contender, few: int, many: int) -> dict[str, float]:
    """Measure every case that the engine can do."""
    engine = contender.make()
    repeats = REPEATS if contender.quick else 1
    values = {}
    await engine.chain(100)
    values["chain"] = await best_us(repeats, CHAIN, engine.chain, CHAIN)
    for name in ("sent", "listed"):
        fan = getattr(engine, name)
        if fan is not None:
            await fan(few)
            small = await best_us(repeats, few, fan, few)
            large = await best_us(repeats, many, fan, many)
            values |= {f"{name} few": small, f"{name} many": large}
            values[f"{name} growth"] = 1 + math.log(large / small, many / few)
    await _many(engine.start, 10)
    values["start"] = await best_us(repeats, STARTS, _many, engine.start, STARTS)
    if engine.stream is not None:
        await engine.stream(100)
        values["stream"] = await best_us(repeats, STREAM, engine.stream, STREAM)
    return values


# -- memory


async def memory(contender: Contender, runs: int) -> dict[str, float]:
    """Measure the bytes of a run that has ended, with its handler kept and dropped."""
    engine = contender.make()
    await _many(engine.start, 20)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    await _many(engine.start, 20)
    kept: list[Any] = [None] * runs
    values = {}
    if isinstance(engine, Shared):
        before = _traced()
        for index in range(runs):
            kept[index] = await engine.start()
        values["kept"] = (_traced() - before) / runs
        kept.clear()
    gc.collect()
    before = _traced()
    await _many(engine.start, runs)
    # What only the collector finds is counted; by the way it empties the free lists of
    # the interpreter, which would look like something left.
    values["garbage"] = gc.collect() / runs
    values["left"] = (_traced() - before) / runs
    return values


def _traced() -> int:
    return tracemalloc.get_traced_memory()[0]


# -- a listener


class _Listener:
    """Counts records, which is the least that somebody does with them."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, _: object) -> None:
        self.seen += 1


async def listened(contender: Contender, pairs: int) -> dict[str, float]:
    """Measure how many times the plain time it takes when somebody listens."""
    from notebook_async import core  # noqa: PLC0415

    engine = contender.make()
    kinds = (core.StepRecord, core.EventRecord, core.WorkflowRecord)
    values = {}
    for name, count in (("chain", CHAIN), ("stream", STREAM)):
        run = getattr(engine, name)
        await run(100)
        ratios = []
        listener = _Listener()
        for _ in range(pairs):
            plain = await best_us(1, count, run, count)
            with core.add_hook(listener, *kinds):
                ratios.append(await best_us(1, count, run, count) / plain)
        values[name] = statistics.median(ratios)
        values[f"{name} records"] = listener.seen / pairs / count
    return values


# -- checkpoints and snapshots


async def checkpoints(contender: Contender, rounds: int) -> dict[str, float]:
    """Measure the microseconds that a checkpoint adds to a step, by storage."""
    from notebook_async.workflow import WorkflowCheckpointer  # noqa: PLC0415

    engine = contender.make()
    workflow = engine.cases.chain(STEPS)
    spent: dict[str, list[float]] = {"plain": [], "memory": [], "file": []}
    if find_spec("aiosqlite") is not None:
        spent["sqlite"] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for name, values in spent.items():
                ending = {"file": "jsonl", "sqlite": "sqlite"}.get(name)
                path = Path(folder, f"{number}.{ending}") if ending else None
                gc.collect()
                if name == "plain":
                    began = perf_counter()
                    await workflow.run()
                else:
                    async with WorkflowCheckpointer(workflow, storage=path) as kept:
                        began = perf_counter()
                        await kept.run()
                if number:  # the first round imports and warms up
                    values.append(perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in spent.items()}
    plain = medians.pop("plain")
    return {name: (value - plain) / STEPS * 1e6 for name, value in medians.items()}


async def snapshot(contender: Contender, rounds: int) -> dict[str, float]:
    """Measure `to_dict` of a run with many events queued, and going on from that."""
    engine = contender.make()
    workflow = engine.cases.queued(QUEUED)
    handler = workflow.run()
    await workflow.begun.wait()
    await asyncio.sleep(0)
    context = engine.names.Context
    values: dict[str, list[float]] = {"write": [], "restore": [], "finish": []}
    for number in range(rounds + 1):
        data, write = _timed(handler.ctx.to_dict)
        again = engine.cases.queued(QUEUED)
        again.go_on.set()
        ctx, read = _timed(lambda: context.from_dict(again, data))  # noqa: B023
        went, start = _timed(lambda: again.run(ctx=ctx))  # noqa: B023
        began = process_time()
        if await went != QUEUED:
            raise RuntimeError(f"a resumed run ended with {went.result()}")
        if number:  # the first round imports and warms up
            values["write"].append(write)
            values["restore"].append(read + start)
            values["finish"].append(process_time() - began)
    await handler.cancel_run()
    return {name: min(taken) / QUEUED * 1e6 for name, taken in values.items()}


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, and how long it takes the processor."""
    gc.collect()
    began = process_time()
    result = call()
    return result, process_time() - began


MEASURES = {
    "speed": speed,
    "memory": memory,
    "listened": listened,
    "checkpoints": checkpoints,
    "snapshot": snapshot,
}


def main(measure: str, name: str, *sizes: str) -> None:
    """Measure and print."""
    work = MEASURES[measure](CONTENDERS[name], *map(int, sizes))
    print(json.dumps(asyncio.run(work)))


if __name__ == "__main__":
    main(*sys.argv[1:])
