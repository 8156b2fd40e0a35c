"""What the steps of a run are doing, counted for its graph."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notebook_async.workflow._graph.counts import StepCounts

if TYPE_CHECKING:
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow._engine.state import RunState
    from notebook_async.workflow._graph.counts import EdgeCounts, LiveCounts
    from notebook_async.workflow.workflow import Workflow

__all__ = ["counts_of_data", "counts_of_run", "tally"]

Tally = tuple[tuple[Any, ...], ...]


def tally(state: RunState) -> Tally:
    """Return what is worth keeping of a run that has ended, in little space."""
    return tuple(
        (
            station.done,
            station.failed,
            station.retried,
            tuple(station.taken.items()),
            tuple(station.made.items()),
        )
        for station in state.stations.values()
    )


def counts_of_run(run: Run) -> tuple[LiveCounts, EdgeCounts]:
    """Return the counts of each step, and of the events on each edge."""
    edges: Counter[tuple[str, str]] = Counter()
    steps: dict[str, StepCounts] = {}
    ready: Counter[str] = Counter()
    kept = run.tally
    if kept is None:
        kept = tally(run.state)
        ready.update(call.station.name for call in run.state.ready)
    for name, (done, failed, retries, taken, made) in zip(
        run.definition.configs, kept, strict=True
    ):
        for kind, count in taken:
            edges[kind.__name__, name] += count
        for kind, count in made:
            edges[name, kind.__name__] += count
        now = StepCounts(done=done, failed=failed, retries=retries)
        if run.tally is None:
            station = run.state.stations[name]
            now = replace(
                now,
                queued=len(station.queue) + ready[name],
                running=max(0, len(station.running) - station.waiting),
                workers=station.config.num_workers,
                waiting=station.waiting,
                retrying=station.retrying,
            )
        steps[name] = now
    return steps, edges


def counts_of_data(
    workflow: Workflow, data: dict[str, Any]
) -> tuple[LiveCounts, EdgeCounts]:
    """Return the counts of each step in a context that is data."""
    calls = data.get("calls", ())
    begun = Counter(call["step"] for call in calls if call["begun"])
    queued = Counter(call["step"] for call in calls if not call["begun"])
    counts = data.get("steps", {})
    steps = {
        name: StepCounts(
            queued=queued[name],
            running=begun[name],
            workers=config.num_workers,
            done=counts.get(name, {}).get("done", 0),
            failed=counts.get(name, {}).get("failed", 0),
            retries=counts.get(name, {}).get("retried", 0),
        )
        for name, config in workflow._definition().configs.items()
    }
    edges: dict[tuple[str, str], int] = {}
    for name, step in counts.items():
        edges.update(((kind, name), count) for kind, count in step["taken"].items())
        edges.update(((name, kind), count) for kind, count in step["made"].items())
    return steps, edges
