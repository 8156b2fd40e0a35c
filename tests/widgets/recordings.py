"""Recordings for the tests of the event panel, with times that are easy to read."""

from __future__ import annotations

from typing import Any

from notebook_async.core import (
    EventRecord,
    FlowRecord,
    ItemRecord,
    JobRecord,
    Record,
    RunRecord,
    StepRecord,
    WorkflowRecord,
)
from notebook_async.core.recording import Recording
from tests.core.recorded import block

JOB = ("job-1",)
RUN = ("job-1", "run-1")
FLOW = ("job-1", "1b4e16c8-bbe7-437a-85eb-91e6f38c078a")
GRAPH = {
    "name": "Triage",
    "description": None,
    "nodes": [
        {"id": name, "label": name, "node_type": "step"}
        for name in ("dispatch", "classify", "review")
    ],
    "edges": [],
}


def run(at: float, phase: str, **more: Any) -> RunRecord:  # noqa: ANN401
    """Return the record of a run of four items on two workers."""
    counts = dict.fromkeys(("done", "failed", "running", "waiting", "retried"), 0)
    values = {"source": RUN, "desc": "read", "total": 4, "workers": 2, **counts}
    return RunRecord(
        at=at, phase=phase, **{**values, "rate": None, "eta": None, **more}
    )


def item(at: float, phase: str, index: int, **more: Any) -> ItemRecord:  # noqa: ANN401
    """Return the record of an item of the run."""
    return ItemRecord(at=at, source=RUN, phase=phase, index=index, **more)


def step(at: float, phase: str, name: str, call: int, **more: Any) -> StepRecord:  # noqa: ANN401
    """Return the record of a call of a step."""
    values = {"source": FLOW, "began": at, "given": "Item", **more}
    return StepRecord(at=at, phase=phase, step=name, call=call, **values)


def story(start: float = 100.0) -> list[Record]:
    """Return what happened in ten seconds: a job with a run, a workflow and a block.

    0 to 4: four items on two workers, the last of which fails. 5 to 9: a workflow. At 7
    the loop is held for half a second.
    """
    at = start
    return [
        JobRecord(at=at, source=JOB, phase="running", name="index"),
        run(at, "running"),
        item(at, "running", 0, item="'a'"),
        item(at, "running", 1),
        item(at + 1, "done", 0, began=at),
        item(at + 1, "running", 2),
        item(at + 2, "done", 1, began=at),
        item(at + 2, "running", 3, item="'d'"),
        item(at + 3, "done", 2, began=at + 1),
        item(at + 4, "failed", 3, began=at + 2, error="ValueError('bad')", item="'d'"),
        run(at + 4, "done", done=3, failed=1),
        WorkflowRecord(
            at=at + 5, source=FLOW, phase="running", name="Triage", graph=GRAPH
        ),
        FlowRecord(
            at=at + 5,
            source=FLOW,
            phase="running",
            queued=(("classify", 2),),
            edges=(("Item", "classify", 2),),
        ),
        step(at + 5, "running", "classify", 1, shown=("Item(n=1)", None)),
        step(at + 6, "done", "classify", 1, began=at + 5, returned="Label"),
        EventRecord(at=at + 6, source=FLOW, phase="done", name="Label"),
        block(at + 7, "done", 0.5, source=JOB),
        step(at + 8, "failed", "classify", 2, began=at + 6, error="KeyError('x')"),
        WorkflowRecord(at=at + 9, source=FLOW, phase="done", name="Triage"),
        JobRecord(at=at + 10, source=JOB, phase="done", name="index"),
    ]


def recorded(records: list[Record], *, capacity: int = 100_000) -> Recording:
    """Return a recording of these."""
    recording = Recording(capacity=capacity)
    for record in records:
        recording.add(record)
    return recording


def items(count: int, *, start: float = 100.0, every: float = 0.01) -> list[Record]:
    """Return the ends of many items, one after the other; each tenth fails."""
    return [
        item(start + i * every, "failed" if i % 10 == 9 else "done", i)
        for i in range(count)
    ]
