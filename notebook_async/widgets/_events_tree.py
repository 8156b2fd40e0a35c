"""The tree of what was recorded: jobs, runs and workflows with their steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from notebook_async.core.recording import StepState, group_of
from notebook_async.widgets._events_words import short_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from notebook_async.core.recording import (
        JobState,
        RunState,
        Source,
        SpanState,
        State,
        WorkflowState,
    )
    from notebook_async.widgets._events_query import Query

__all__ = ["COUNTS", "Keys", "Node", "tree_of", "visible_nodes"]

COUNTS = (
    "done",
    "failed",
    "running",
    "waiting",
    "retrying",
    "queued",
    "cancelled",
    "retried",
)
_OPEN_AT_FIRST = 3
_MOST_KEYS = 20_000


class Keys:
    """A number for each node, by which a front end names it; it stays."""

    def __init__(self) -> None:
        self._keys: dict[tuple[Source, str], int] = {}

    def __getitem__(self, node: tuple[Source, str]) -> int:
        if len(self._keys) > _MOST_KEYS:
            # A number too many costs no more than a fold that opens again.
            self._keys.clear()
        return self._keys.setdefault(node, len(self._keys))


@dataclass(slots=True, eq=False)
class Node:
    """One line of the tree.

    Attributes
    ----------
    source, step
        What it is: the path of a job or run, and a step of it or "".
    kind, phase, name, note
        As it is shown; the note is an error.
    counts
        Numbers in the order of `COUNTS`.
    total
        How many items there are in all, if that is known.
    seconds
        How long it has taken, if it began.
    children
        What is inside.
    opens
        Whether it is open unless somebody has folded it.
    """

    source: Source
    step: str
    kind: str
    phase: str
    name: str
    note: str = ""
    counts: tuple[int, ...] = (0,) * len(COUNTS)
    total: int | None = None
    seconds: float | None = None
    children: list[Node] | None = None
    opens: bool = True


class Line(NamedTuple):
    """A node that can be seen, with its place among its like."""

    node: Node
    key: int
    level: int
    place: int
    among: int
    open: bool


def tree_of(state: State, at: float | None, query: Query) -> list[Node]:
    """Return the outermost nodes, with all inside them.

    Parameters
    ----------
    state
        What everything had come to at some moment.
    at
        That moment, for the time that things had taken.
    query
        Leaves out what is outside of its source, and not called as it says.
    """
    now = state.at if at is None else at
    nodes: dict[Source, Node] = {
        group: _span_node(group, part, now) for group, part in state.spans.items()
    }
    for job_source, job in state.jobs.items():
        nodes[job_source] = _job_node(job_source, job, now)
    for source, run in state.runs.items():
        nodes[source] = _run_node(source, run, now)
    for place, (source, flow) in enumerate(state.workflows.items()):
        nodes[source] = _flow_node(source, flow, now)
        nodes[source].opens = place < _OPEN_AT_FIRST
    began: dict[Source, float] = {
        source: part.began
        for parts in (state.jobs, state.runs, state.workflows, state.spans)
        for source, part in parts.items()
    }
    parents = dict(nodes)
    for node in list(nodes.values()):
        # By its place as spans have it as well, which names the spans around it.
        group = group_of(state, node.source)
        parents.setdefault(group, node)
        for step in node.children or ():
            parents[*step.source, step.step] = step
            parents.setdefault((*group, step.step), step)
    roots: list[Node] = []
    for source in sorted(nodes, key=lambda one: (began[one], len(one))):
        parent = _parent(source, parents, state)
        siblings = roots if parent is None else _children(parent)
        siblings.append(nodes[source])
    return _filtered(roots, query)


def visible_nodes(
    roots: list[Node], toggled: Collection[int], keys: Keys
) -> Iterator[Line]:
    """Return the lines that can be seen, from the top.

    Parameters
    ----------
    roots
        The outermost nodes.
    toggled
        The keys of those that somebody has folded, or opened.
    keys
        The numbers of the nodes.
    """

    def walk(nodes: list[Node], level: int) -> Iterator[Line]:
        for place, node in enumerate(nodes, 1):
            key = keys[node.source, node.step]
            is_open = node.opens != (key in toggled)
            yield Line(node, key, level, place, len(nodes), is_open)
            if node.children and is_open:
                yield from walk(node.children, level + 1)

    return walk(roots, 1)


def _parent(source: Source, nodes: dict[Source, Node], state: State) -> Node | None:
    """Return the innermost node around one: a span, a step, a run or a job."""
    for depth in range(len(source) - 1, 0, -1):
        path = source[:depth]
        for place in (path, state.span_groups.get(path), group_of(state, path)):
            if place is not None and place in nodes:
                return nodes[place]
    return None


def _children(node: Node) -> list[Node]:
    if node.children is None:
        node.children = []
    return node.children


def _took(part: Any, now: float | None) -> float | None:
    end = now if part.ended is None else part.ended
    return None if end is None else max(0.0, end - part.began)


def _job_node(source: Source, job: JobState, now: float | None) -> Node:
    return Node(
        source=source,
        step="",
        kind="job",
        phase=job.phase,
        name=job.name or short_id(source[-1]),
        note=job.error or "",
        seconds=_took(job, now),
    )


def _run_node(source: Source, run: RunState, now: float | None) -> Node:
    running = max(run.running, len(run.items)) if run.ended is None else 0
    return Node(
        source=source,
        step="",
        kind="run",
        phase=run.phase,
        name=run.desc or short_id(source[-1]),
        counts=(run.done, run.failed, running, run.waiting, 0, 0, 0, run.retried),
        total=run.total,
        seconds=_took(run, now),
    )


def _span_node(group: Source, part: SpanState, now: float | None) -> Node:
    counts = (part.done, part.failed, part.running, 0, 0, 0, part.cancelled, 0)
    alone = part.running + part.done + part.failed + part.cancelled == 1
    return Node(
        source=group,
        step="",
        kind="span",
        phase=part.phase,
        name=part.name,
        note=(part.errors[0].error or "") if part.errors else "",
        counts=counts,
        seconds=_took(part, now) if alone else part.seconds,
    )


def _flow_node(source: Source, flow: WorkflowState, now: float | None) -> Node:
    # All steps from the beginning, so that no line moves when one is reached.
    graph = flow.graph or {}
    names = [node["id"] for node in graph.get("nodes", ()) if _is_step(node)]
    names += [name for name in flow.steps if name not in names]
    steps = [_step_node(source, name, flow) for name in names]
    sums = tuple(map(sum, zip(*(step.counts for step in steps), strict=True)))
    waits = sums and sums[COUNTS.index("waiting")] and flow.ended is None
    return Node(
        source=source,
        step="",
        kind="workflow",
        phase="waiting" if waits else flow.phase,
        name=f"{flow.name or 'workflow'} {short_id(source[-1])[:8] if source else ''}",
        note=flow.error or "",
        counts=sums or (0,) * len(COUNTS),
        seconds=_took(flow, now),
        children=steps,
    )


def _is_step(node: Any) -> bool:
    return node.get("node_type") == "step" and isinstance(node.get("id"), str)


def _step_node(source: Source, name: str, flow: WorkflowState) -> Node:
    step = flow.steps.get(name) or StepState()
    error = step.errors[0].error if step.errors and step.failed else None
    return Node(
        source=source,
        step=name,
        kind="step",
        phase=_step_phase(step, ended=flow.ended is not None),
        name=name,
        note=error or "",
        counts=tuple(getattr(step, part) for part in COUNTS),
        seconds=step.seconds or None,
    )


def _step_phase(step: StepState, *, ended: bool) -> str:
    now = () if ended else ("waiting", "running", "retrying", "queued")
    phases = (*now, "failed", "cancelled", "done")
    return next((phase for phase in phases if getattr(step, phase)), "idle")


def _filtered(roots: list[Node], query: Query) -> list[Node]:
    if not query.source and query.names is None:
        return roots
    depth = len(query.source)

    def inside(node: Node) -> bool:
        return node.source[:depth] == query.source

    def named(node: Node) -> bool:
        names = query.names
        return names is None or node.name in names or _title(node) in names

    def keep(nodes: list[Node]) -> list[Node]:
        kept = []
        for node in nodes:
            if inside(node) and named(node):
                kept.append(node)
                continue
            node.children = keep(node.children or [])
            if node.children:
                kept.append(node)
        return kept

    return keep(roots)


def _title(node: Node) -> str:
    """Return the name of a workflow without its id."""
    return node.name.rpartition(" ")[0] if node.kind == "workflow" else node.name
