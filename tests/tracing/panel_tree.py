"""Work with spans at several places, and the tree that the panel makes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from notebook_async import run_jobs
from notebook_async.tracing import span
from notebook_async.widgets._events_query import Query
from notebook_async.widgets._events_tree import Keys, tree_of, visible_nodes
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step

if TYPE_CHECKING:
    from notebook_async.core.recording import State

__all__ = ["Reader", "lines", "load"]


class Reader(Workflow):
    """Reads in one step that runs items."""

    @step
    async def read(self, ev: StartEvent) -> StopEvent:
        """Be a span around a run."""
        with span("parse"):
            await run_jobs(load, ev.pages, desc="Load")
        return StopEvent()


async def load(page: float) -> None:
    """Be a span for so long."""
    with span("load"):
        await asyncio.sleep(page)


def lines(state: State) -> list[tuple[int, str, str, str]]:
    """Return level, kind, name and phase of each line of the panel's tree."""
    return [
        (line.level, line.node.kind, line.node.name.split(" ")[0], line.node.phase)
        for line in visible_nodes(tree_of(state, None, Query()), (), Keys())
    ]
