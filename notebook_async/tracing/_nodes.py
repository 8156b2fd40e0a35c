"""The tree of a trace, made of records: what ran within what, and how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notebook_async.core._scope import call_id, item_id
from notebook_async.core.recording._common import ENDED
from notebook_async.tracing._schema import CBEventType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from notebook_async.core import Phase, Record
    from notebook_async.core.recording import Source
    from notebook_async.core.records import (
        BlockRecord,
        ItemRecord,
        JobRecord,
        QuestionRecord,
        RunRecord,
        SpanRecord,
        StepRecord,
        WorkflowRecord,
    )
    from notebook_async.tracing._open import Attribute

__all__ = ["Node", "tree_of"]


@dataclass(slots=True, eq=False)
class Node:
    """Some work of a trace: a span, a job, a run, an item, a call of a step, a prompt.

    Attributes
    ----------
    source
        Its path of ids, its own last.
    name, kind
        What was done, and the sort of that: a value of `CBEventType`.
    began, ended
        When, in seconds of `time.perf_counter`; `ended` is None while it goes on.
    phase
        What it has come to.
    attributes
        What else is known of it, as numbers and short text.
    error
        One line about the exception, of work that failed.
    cause
        Whether the exception came out of this very work, and not of what is inside.
    children
        What ran inside of it, as it began.
    """

    source: Source
    name: str
    kind: str
    began: float
    ended: float | None = None
    phase: Phase = "running"
    attributes: dict[str, Attribute] = field(default_factory=dict)
    error: str | None = None
    cause: bool = False
    children: list[Node] = field(default_factory=list, repr=False)

    def seconds(self, now: float) -> float:
        """Return how long it took, or has taken until now.

        Examples
        --------
        >>> Node(("span-1",), "load", "span", 1.0, 3.5).seconds(9.0)
        2.5
        """
        return (now if self.ended is None else self.ended) - self.began

    def own_seconds(self, now: float) -> float:
        """Return how much of that was not within what ran inside of it.

        Examples
        --------
        >>> load = Node(("span-1",), "load", "span", 0.0, 5.0)
        >>> load.children += [
        ...     Node(("span-2",), "a", "span", 1.0, 3.0),
        ...     Node(("span-3",), "b", "span", 2.0, 4.0),
        ... ]
        >>> load.own_seconds(5.0)
        2.0
        """
        own, until = self.seconds(now), self.began
        for child in sorted(self.children, key=lambda one: one.began):
            start = max(until, child.began)
            end = now if child.ended is None else child.ended
            if self.ended is not None:
                end = min(end, self.ended)
            if end > start:
                own -= end - start
                until = end
        return max(0.0, own)

    def walk(self) -> Iterator[Node]:
        """Return it and all inside of it, each before its children.

        Examples
        --------
        >>> [node.name for node in Node((), "load", "span", 0.0).walk()]
        ['load']
        """
        # By a list, for a recursion may have been traced deeper than Python's own.
        left = [self]
        while left:
            node = left.pop()
            yield node
            left += reversed(node.children)


def tree_of(records: Iterable[Record]) -> tuple[list[Node], list[BlockRecord]]:
    """Return the outermost work of some records, and when the loop was held."""
    growing = _Tree()
    for record in records:
        growing.add(record)
    return growing.roots(), growing.blocks


class _Tree:
    def __init__(self) -> None:
        self.blocks: list[BlockRecord] = []
        self._nodes: dict[Source, Node] = {}
        # Of spans, whose parent is no part of their path.
        self._parents: dict[Source, Source] = {}

    def add(self, record: Record) -> None:
        # By name, as for a state: what comes from a file may be a look-alike.
        take = _KINDS.get(type(record).__name__)
        if take is not None:
            take(self, record)

    def roots(self) -> list[Node]:
        roots: list[Node] = []
        nodes = self._nodes
        for node in sorted(nodes.values(), key=lambda one: one.began):
            parent = nodes.get(self._parents.get(node.source, ()))
            if parent is None:
                parent = self._around(node.source)
            (roots if parent is None else parent.children).append(node)
        _find_causes([node for root in roots for node in root.walk()])
        return roots

    def _around(self, source: Source) -> Node | None:
        depths = range(len(source) - 1, 0, -1)
        found = (self._nodes.get(source[:depth]) for depth in depths)
        return next((node for node in found if node is not None), None)

    def _node(
        self,
        source: Source,
        name: str,
        kind: str,
        record: Any,  # noqa: ANN401 - of any kind that has a phase
        began: float | None,
    ) -> Node:
        node = self._nodes.get(source)
        if node is None:
            start = record.at if began is None else began
            node = self._nodes[source] = Node(source, name, str(kind), start)
        if record.phase in ENDED:
            node.ended = record.at
        elif record.phase == "running":
            node.ended = None
        node.phase = record.phase
        error = getattr(record, "error", None)
        if error is not None:
            node.error = error
        return node

    # -- each kind of records

    def span(self, record: SpanRecord) -> None:
        source = record.source
        node = self._node(source, record.name, record.kind, record, record.began)
        node.attributes.update(record.attributes)
        if record.parent is not None:
            self._parents[source] = (*source[:-1], record.parent)

    def job(self, record: JobRecord) -> None:
        kind = CBEventType.ASYNC_JOB
        self._node(record.source, record.name, kind, record, record.began)

    def run(self, record: RunRecord) -> None:
        name = record.desc or record.source[-1]
        kind = CBEventType.ASYNC_JOB
        node = self._node(record.source, name, kind, record, record.began)
        told = node.attributes
        told["done"] = record.done
        told["workers"] = record.workers
        for key in ("failed", "retried"):
            if getattr(record, key):
                told[key] = getattr(record, key)

    def item(self, record: ItemRecord) -> None:
        run = self._nodes.get(record.source)
        name = f"{record.source[-1] if run is None else run.name} item"
        source = (*record.source, item_id(record.index))
        node = self._node(source, name, CBEventType.ASYNC_JOB, record, record.began)
        node.attributes["index"] = record.index
        if record.item is not None:
            node.attributes["item"] = record.item

    def workflow(self, record: WorkflowRecord) -> None:
        kind = CBEventType.ASYNC_JOB
        self._node(record.source, record.name, kind, record, record.began)

    def step(self, record: StepRecord) -> None:
        source = (*record.source, call_id(record.step, record.call))
        node = self._node(source, record.step, CBEventType.STEP, record, record.began)
        node.attributes["given"] = record.given
        if record.shown is not None:
            node.attributes["given"] = record.shown[0]
        if record.returned is not None:
            shown = record.shown[1] if record.shown else None
            node.attributes["returned"] = shown or record.returned
        if record.attempt > 1:
            node.attributes["attempts"] = record.attempt

    def question(self, record: QuestionRecord) -> None:
        source = (*record.source, record.question)
        node = self._node(source, record.text, CBEventType.PROMPT, record, None)
        if record.step is not None:
            node.attributes["step"] = record.step

    def block(self, record: BlockRecord) -> None:
        if record.phase != "running":
            self.blocks.append(record)


def _find_causes(nodes: list[Node]) -> None:
    """Mark whose exceptions came out of nothing inside of it; parents come first."""
    raised: dict[int, set[str]] = {}
    for node in reversed(nodes):
        inside: set[str] = set()
        for child in node.children:
            inside |= raised.pop(id(child))
        node.cause = node.error is not None and node.error not in inside
        # A run has no error by itself, so what its items raised goes on through it.
        raised[id(node)] = inside if node.error is None else {node.error}


_KINDS: dict[str, Callable[[_Tree, Any], None]] = {
    "SpanRecord": _Tree.span,
    "JobRecord": _Tree.job,
    "RunRecord": _Tree.run,
    "ItemRecord": _Tree.item,
    "WorkflowRecord": _Tree.workflow,
    "StepRecord": _Tree.step,
    "QuestionRecord": _Tree.question,
    "BlockRecord": _Tree.block,
}
