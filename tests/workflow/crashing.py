"""A program that runs a workflow in processes which its caller kills.

It forks one process for each line that it reads, `<storage> <log> <result>`, and so
spares each of them the imports. It prints the id of the process, and how it ended.
"""

# ruff: noqa: ARG002 - the parameters of a step say when it is called

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from notebook_async.workflow import (
    Context,
    Event,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowCheckpointer,
    step,
)

RUN = "crashing"
RESULT = [0, 1, 2, 3, 4, 5, "a", "b", "c", 7]


class Part(Event):
    """One of several that are worked on side by side."""

    n: int


class Done(Event):
    """A part that is done."""

    n: int


class First(Event):
    """All parts."""

    found: list[Any]


class Second(First):
    """One more."""


class Third(First):
    """And one more."""


class Crashing(Workflow):
    """Writes down when each call of a step begins, and that it ends."""

    def __init__(self, log: Path | None = None) -> None:
        super().__init__(timeout=None)
        self._file: int | None = None
        if log is not None:
            self._file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def _note(self, what: str, name: str) -> None:
        assert self._file is not None
        os.write(self._file, f"{what} {name}\n".encode())

    @step
    async def scatter(self, ctx: Context, ev: StartEvent) -> list[Part]:
        """Send six."""
        self._note("begin", "scatter")
        await ctx.store.set("seven", 7)
        await asyncio.sleep(0.002)
        self._note("finish", "scatter")
        return [Part(n=n) for n in range(6)]

    @step(num_workers=2)
    async def work(self, ev: Part) -> Done:
        """Take a few milliseconds, two at once."""
        self._note("begin", f"work:{ev.n}")
        await asyncio.sleep(0.004 * (1 + ev.n % 3))
        self._note("finish", f"work:{ev.n}")
        return Done(n=ev.n)

    @step
    async def gather(self, evs: list[Done]) -> First:
        """Put them together."""
        self._note("begin", "gather")
        self._note("finish", "gather")
        return First(found=sorted(ev.n for ev in evs))

    @step
    async def one(self, ev: First) -> Second:
        """Go on."""
        self._note("begin", "one")
        await asyncio.sleep(0.005)
        self._note("finish", "one")
        return Second(found=[*ev.found, "a"])

    @step
    def two(self, ev: Second) -> Third:
        """Go on in a thread."""
        self._note("begin", "two")
        self._note("finish", "two")
        return Third(found=[*ev.found, "b"])

    @step
    async def three(self, ctx: Context, ev: Third) -> StopEvent:
        """End."""
        self._note("begin", "three")
        await asyncio.sleep(0.005)
        seven = await ctx.store.get("seven")
        self._note("finish", "three")
        return StopEvent(result=[*ev.found, "c", seven])


def name_of(step_name: str | None, given: Event | None) -> str | None:
    """Return what a call is named in the log."""
    return f"work:{given.n}" if isinstance(given, Part) else step_name


async def live(storage: Path, log: Path, result: Path) -> None:
    """Begin the run, or take it up, and write down its result."""
    async with WorkflowCheckpointer(Crashing(log), storage=storage) as checkpointer:
        if RUN in await checkpointer.runs():
            handler = await checkpointer.resume(RUN)
        else:
            handler = checkpointer.run(run_id=RUN)
        found = await handler
    draft = result.with_suffix(".draft")
    draft.write_text(repr(found), encoding="utf-8")
    draft.replace(result)


def serve() -> None:
    """Fork a process for each line."""
    for line in sys.stdin:
        storage, log, result = map(Path, line.split())
        process = os.fork()
        if not process:
            status = 1
            try:
                asyncio.run(live(storage, log, result))
                status = 0
            finally:
                os._exit(status)
        sys.stdout.write(f"{process}\n")
        sys.stdout.flush()
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
