"""A workflow as it is drawn while it runs: steps as boxes, events beside the edges.

The live panel and the still picture of a run both draw this, so they look alike. The
boxes have room for any counts, and the edges for any number, so that nothing moves
while these grow.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from notebook_async.workflow._graph.labels import label_size, spread
from notebook_async.workflow._graph.layout import Layout, lay_out
from notebook_async.workflow._graph.text import TIMES

if TYPE_CHECKING:
    from notebook_async.workflow._graph.counts import EdgeCounts, LiveCounts

__all__ = [
    "DOTS",
    "NodeKind",
    "Scene",
    "SceneEdge",
    "SceneNode",
    "line_room",
]

NodeKind: TypeAlias = Literal[
    "step", "start", "stop", "event", "external", "workflow", "generic"
]
Way: TypeAlias = tuple[str, str]

DOTS = 4
"""Workers up to which each has a dot of its own; of more only the number is told."""

_MARGIN, _CHARACTER = 12.0, 6.2


@dataclass(frozen=True, slots=True)
class SceneNode:
    """A box, or a circle where a run begins and ends.

    Attributes
    ----------
    id
        The node's in the graph.
    kind
        What it stands for.
    label
        What stands in it, cut where it is very long.
    workers
        Of a step, how many of its calls may run at once; 0 where that is not known.
    tooltip
        What a pointer on it shows.
    width, height
        The size.
    """

    id: str
    kind: NodeKind
    label: str
    workers: int
    tooltip: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class SceneEdge:
    """A way that events take.

    Attributes
    ----------
    source, target
        Indexes of nodes.
    label
        The event, or "".
    ways
        The edges of the graph that it stands for and that are counted; an event came
        this way as often as the least used of them. None if nobody counts.
    fails
        The step whose failures it leads on, or None.
    """

    source: int
    target: int
    label: str
    ways: tuple[Way, ...] = ()
    fails: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Boxes and edges, to be laid out and drawn.

    Attributes
    ----------
    title
        The name of the workflow.
    nodes, edges
        What is drawn.
    """

    title: str
    nodes: tuple[SceneNode, ...]
    edges: tuple[SceneEdge, ...]
    _layouts: dict[bool, Layout] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def layout(self, *, downward: bool = False) -> Layout:
        """Return the places of all; worked out once.

        Examples
        --------
        >>> Scene("Empty", (), ()).layout().width
        0.0
        """
        if downward not in self._layouts:
            sizes = [(node.width, node.height) for node in self.nodes]
            ends = [(edge.source, edge.target) for edge in self.edges]
            labels = [self._label_size(edge) for edge in self.edges]
            layout = lay_out(sizes, ends, labels=labels, downward=downward)
            spots = tuple(spread(layout, labels))
            self._layouts[downward] = replace(layout, label_spots=spots)
        return self._layouts[downward]

    def edge_numbers(self, steps: LiveCounts, edges: EdgeCounts) -> list[int]:
        """Return how many events took each edge.

        Examples
        --------
        >>> Scene("Empty", (), ()).edge_numbers({}, {})
        []
        """
        numbers = []
        for edge in self.edges:
            if edge.fails is not None:
                counts = steps.get(edge.fails)
                numbers.append(counts.failed if counts else 0)
            else:
                numbers.append(min((edges.get(way, 0) for way in edge.ways), default=0))
        return numbers

    def _label_size(self, edge: SceneEdge) -> tuple[float, float]:
        counted = bool(edge.ways or edge.fails)
        # What leads from the start or to the end is no event that comes in numbers.
        kinds = (self.nodes[edge.source].kind, self.nodes[edge.target].kind)
        counted = counted and kinds[0] != "start" and kinds[1] != "stop"
        words = " ".join([edge.label] * bool(edge.label) + [f"{TIMES}999"] * counted)
        return label_size(words)


def line_room(node: SceneNode) -> int:
    """Return how many characters fit below the name of a step.

    Examples
    --------
    >>> line_room(SceneNode("read", "step", "read", 4, "read", 150.0, 46.0))
    20
    """
    return int((node.width - 2 * _MARGIN) / _CHARACTER)
