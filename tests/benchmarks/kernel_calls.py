"""Measure calls, prints, interrupts and shutdowns in kernels.

What never waits is measured in processor time, and the best of a few taken: other
programs only add.
"""

from __future__ import annotations

import math
import os
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from kernel_cells import AWAIT, CLOSER, INTERRUPTED, NEST, TIMED
from kernel_measures import BARE, OURS, SETUPS, open_all
from kernel_probe import opened

if TYPE_CHECKING:
    from kernel_measures import Values
    from kernel_probe import Probe

    from tests.kernels.environments import Environment

__all__ = ["CLEANUP", "NESTED", "PATIENCE", "calls", "interrupts", "shutdown"]

NESTED = "nest_asyncio2"
CLEANUP = 0.2
# An ordinary kernel lands an interrupt when something else wakes its loop.
PATIENCE = 3.0
# What the loop does for everybody, and so more slowly where it is changed.
BY_LOOP = ("task", "step")


async def calls(
    environment: Environment, *, count: int, at_once: int, takes: int
) -> Values:
    """Measure what code that runs in a cell or a job pays for each of many calls."""
    async with AsyncExitStack() as stack:
        probes = await open_all(stack, environment, (BARE, OURS))
        bare, ours = probes.values()
        for probe in probes.values():
            probe.run(TIMED)
        ours.run("from notebook_async import jobs")
        values: Values = {name: {} for name in (BARE, OURS, NESTED)}
        for _ in range(takes):
            for key in ("print", *BY_LOOP):
                for name, probe in probes.items():
                    _keep(values[name], key, _awaited(probe, f"{key}s_us({count})"))
            _keep(values[OURS], "print in a job", _in_job(ours, f"prints_us({count})"))
        sleep = f"at_once_ms(lambda: asyncio.sleep(0.2), {at_once})"
        values[BARE]["at once"] = _awaited(bare, sleep)
        bare.run(NEST)
        nesting = {OURS: ours, NESTED: bare}
        for _ in range(takes):
            for name, probe in nesting.items():
                _keep(values[name], "call", _awaited(probe, f"calls_us({count})"))
            for key in BY_LOOP:
                _keep(values[NESTED], key, _awaited(bare, f"{key}s_us({count})"))
        for name, probe in nesting.items():
            call = f"at_once_ms(waiting_call, {at_once})"
            values[name]["at once"] = _awaited(probe, call)
    return values


def _keep(values: dict[str, float], key: str, value: float) -> None:
    """Keep the least of what was measured: other programs only add."""
    values[key] = min(value, values.get(key, math.inf))


def _awaited(probe: Probe, expression: str) -> float:
    """Return what an expression awaits; NaN if nothing comes of it."""
    cell = probe.execute(f"found = await {expression}")
    if not probe.until(lambda: probe.is_idle(cell), PATIENCE):
        return math.nan
    found = probe.value("found")
    return math.nan if found is None else found


def _in_job(probe: Probe, expression: str) -> float:
    probe.run(f"%%arun -n timed\nin_job = await {expression}")
    probe.run("await jobs['timed']")
    return probe.value("globals().pop('in_job')")


async def interrupts(environment: Environment, name: str, *, times: int) -> list[float]:
    """Measure how many milliseconds an awaiting cell takes to hear of an interrupt."""
    landed = []
    async with opened(environment, *SETUPS[name]) as (_, probe):
        for _ in range(times):
            cell = probe.execute(INTERRUPTED)
            probe.until(lambda cell=cell: probe.has_printed(cell))
            probe.pause(0.3)
            sent = perf_counter()
            os.kill(probe.pid, signal.SIGINT)
            in_time = probe.until(lambda cell=cell: probe.has_reply(cell), PATIENCE)
            if not in_time:
                probe.send("kernel_info_request", {})
            probe.until(lambda cell=cell: probe.is_idle(cell))
            at = probe.value("landed")
            landed.append((at - sent) * 1e3 if in_time else math.inf)
    return landed


async def shutdown(environment: Environment, name: str, *, cleanup: float) -> float:
    """Measure the seconds until a kernel is gone whose cell awaits.

    Ours closes a client that takes `cleanup` seconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        mark = Path(folder) / "closed"
        async with opened(environment, *SETUPS[name]) as (kernel, probe):
            if name == OURS:
                probe.run(CLOSER.format(seconds=cleanup, mark=str(mark)))
            cell = probe.execute(AWAIT)
            probe.until(lambda: probe.has_printed(cell))
            began = perf_counter()
            await kernel.shut_down()
            elapsed = perf_counter() - began
        if name == OURS and not mark.exists() and cleanup <= CLEANUP:
            raise RuntimeError("the client was not closed")
    return elapsed
