"""Measure recordings in this process, and print what came out as JSON.

`python recording_measures.py overhead 9`. Processor time throughout, since other
programs only add to the clock on the wall. `bench_recording.py` takes medians over
processes.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import statistics
import sys
import tempfile
import tracemalloc
from functools import partial
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

from workflow_measures import _Listener, best_us
from workflow_peers import CONTENDERS

from notebook_async import Recording, load_recording, record, run_jobs
from notebook_async.core import Record, add_hook

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

EVENTS = 10_000
CAPACITY = 100_000
FULL = 4000
SEEKS = 1000


async def _item(_: int) -> None:
    await asyncio.sleep(0)


async def _run_items(count: int) -> int:
    await run_jobs(_item, range(count), workers=100)
    return count


def _cases() -> dict[str, Callable[[int], Awaitable[object]]]:
    engine = CONTENDERS["ours"].make()
    return {"chain": engine.chain, "stream": engine.stream, "item": _run_items}


async def overhead(pairs: int) -> dict[str, float]:
    """Measure how many times the plain time it takes with somebody who listens."""
    values: dict[str, float] = {}
    for name, run in _cases().items():
        await run(100)
        full = Recording(capacity=FULL)
        ratios: dict[str, list[float]] = {}
        for _ in range(pairs):
            plain = await best_us(1, EVENTS, run, EVENTS)
            ratios.setdefault("plain", []).append(plain)
            with add_hook(_Listener(), Record):
                took = await best_us(1, EVENTS, run, EVENTS)
            ratios.setdefault("listener", []).append(took / plain)
            with record():
                took = await best_us(1, EVENTS, run, EVENTS)
            ratios.setdefault("recorded", []).append(took / plain)
            full.listen()
            took = await best_us(1, EVENTS, run, EVENTS)
            ratios.setdefault("dropping", []).append(took / plain)
            full.stop()
        for kind, taken in ratios.items():
            values[f"{name} {kind}"] = statistics.median(taken)
    return values


async def _filled() -> Recording:
    """Return a recording of several kinds of runs that nobody has looked at."""
    engine = CONTENDERS["ours"].make()
    recording = record(capacity=CAPACITY)
    while len(recording) < CAPACITY - 2000:
        await engine.chain(3000)
        await engine.sent(2000)
        await engine.stream(1000)
        await _run_items(3000)
    recording.stop()
    return recording


def _ms(call: Callable[[], Any], times: int = 1) -> float:
    best = float("inf")
    for _ in range(times):
        began = process_time()
        call()
        best = min(best, process_time() - began)
    return best * 1e3


async def reading(_: int) -> dict[str, float]:
    """Measure how long a look takes: at a moment, at lanes, at a part of the log."""
    recording = await _filled()
    chunks = recording._ring.view(states=False).chunks
    missing = sum(chunk.before is None for chunk in chunks)
    values: dict[str, float] = {"records": len(recording), "missing": missing}
    values["first state"] = _ms(lambda: recording.state)
    began, ended = recording.began or 0.0, recording.ended or 0.0
    draw = random.Random(1)  # noqa: S311 - any moments will do
    moments = [draw.uniform(began, ended) for _ in range(SEEKS)]
    seeks = sorted(_ms(partial(recording.state_at, at)) for at in moments)
    values |= {"seek": statistics.median(seeks), "seek worst": seeks[-1]}
    values |= _lanes(recording)
    values["first filter"] = _ms(lambda: len(recording.where(phases=["failed"])))
    values["first text"] = _ms(lambda: len(recording.where(text="nowhere")))
    selection = recording.where(kinds=["StepRecord"])
    len(selection)
    values["window"] = _ms(lambda: selection.window(20_000, 50), 5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.jsonl.gz"
        values["export"] = _ms(lambda: recording.export(path))
        values["file"] = path.stat().st_size / len(recording)
        values["load"] = _ms(lambda: load_recording(path))
    return values


def _lanes(recording: Recording) -> dict[str, float]:
    """Measure the lanes of the workflow that has most records, and of everything."""
    runs = recording.state.workflows.items()
    source, run = max(
        runs, key=lambda pair: sum(s.done for s in pair[1].steps.values())
    )
    look = partial(recording.lanes, source=source)
    values = {"first lanes": _ms(look), "lanes": _ms(look, 5)}
    began, length = run.began, (run.ended or 0.0) - run.began
    values["lanes worst"] = max(
        _ms(partial(look, began, began + length / part, pixels=1600), 3)
        for part in (1, 2, 3, 5, 8, 12, 20, 40, 100)
    )
    return values | {"all lanes": _ms(recording.lanes, 5)}


async def size(_: int) -> dict[str, float]:
    """Measure the bytes that a record takes, with its part of the states."""
    values: dict[str, float] = {}
    for name, run in _cases().items():
        await run(100)
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        with record() as recording:
            await run(EVENTS * 3)
        recording.prepare(60)
        gc.collect()
        used = tracemalloc.get_traced_memory()[0] - before
        values[name] = used / len(recording)
        tracemalloc.stop()
        del recording
    return values


MEASURES = {"overhead": overhead, "reading": reading, "size": size}


def main(measure: str, number: str) -> None:
    """Measure and print."""
    print(json.dumps(asyncio.run(MEASURES[measure](int(number)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
