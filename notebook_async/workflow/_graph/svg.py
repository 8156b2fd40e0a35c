"""The graph as SVG text, legible in light and dark, without anything from outside.

What is possible is drawn here, with a box for each event; what a run does, in
`run_svg`. No colour is told by colour alone: each state has a glyph and a dash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from notebook_async.workflow._graph.boxes import box_for
from notebook_async.workflow._graph.labels import label, label_size, spread
from notebook_async.workflow._graph.layout import Layout, lay_out
from notebook_async.workflow._graph.page import LEGIBLE_WIDTH, picture
from notebook_async.workflow._graph.strokes import head, line

if TYPE_CHECKING:
    from notebook_async.workflow._graph.layout import Point
    from notebook_async.workflow._graph.value import WorkflowGraph

__all__ = ["svg"]

_SIDE_KINDS = ("resource", "resource_config")


def svg(graph: WorkflowGraph, *, max_label_length: int | None = None) -> str:
    """Return the picture of a graph."""
    if graph.counts is not None:
        from notebook_async.workflow._graph.run_svg import run_svg  # noqa: PLC0415 - on use

        return run_svg(graph, max_label_length=max_label_length)
    return _Picture(graph, max_label_length).text()


@dataclass(slots=True)
class _Line:
    """An edge as it is drawn: what a step is given points at the step."""

    ends: tuple[int, int]
    is_side: bool
    words: str


class _Picture:
    def __init__(self, graph: WorkflowGraph, longest: int | None) -> None:
        self.graph = graph
        self.boxes = [box_for(node, longest) for node in graph.nodes]
        self.lines = self._lines()
        self.layout = self._best_layout()

    def _lines(self) -> list[_Line]:
        place = {node.id: index for index, node in enumerate(self.graph.nodes)}
        kinds = {node.id: node.node_type for node in self.graph.nodes}
        lines = []
        for edge in self.graph.edges:
            if edge.source not in place or edge.target not in place:
                continue
            source, target = place[edge.source], place[edge.target]
            # What a step is given is drawn on the side that its events come from.
            is_side = kinds[edge.target] in _SIDE_KINDS
            ends = (target, source) if is_side else (source, target)
            lines.append(_Line(ends, is_side, edge.label or ""))
        return lines

    def _best_layout(self) -> Layout:
        """Let the edges run to the right, or down where that is too wide to read."""
        sizes = [(box.width, box.height) for box in self.boxes]
        ends = [one.ends for one in self.lines]
        labels = [label_size(one.words) for one in self.lines]
        wide = lay_out(sizes, ends, labels=labels)
        if wide.width <= LEGIBLE_WIDTH:
            return wide
        tall = lay_out(sizes, ends, labels=labels, downward=True)
        return tall if tall.width < wide.width else wide

    def text(self) -> str:
        """Return the whole picture."""
        both = zip(self.boxes, self.layout.centres, strict=True)
        parts = [
            *(
                self._edge(one, route)
                for one, route in zip(self.lines, self.layout.routes, strict=True)
            ),
            *(box.text(centre) for box, centre in both),
            *self._labels(),
        ]
        return picture(
            self.layout,
            parts,
            title=self.graph.name,
            summary=_summary(self.graph),
            description=_description(self.graph),
        )

    def _edge(self, one: _Line, route: tuple[Point, ...]) -> str:
        style = "edge side" if one.is_side else "edge"
        is_loop = one.ends[0] == one.ends[1]
        downward = self.layout.downward
        way = line(route, is_loop=is_loop, downward=downward)
        drawn = f'<path class="{style}" d="{way}"/>'
        if one.is_side:
            return drawn
        return drawn + head(style, route, is_loop=is_loop, downward=downward)

    def _labels(self) -> list[str]:
        """Return what stands beside the edges."""
        spots = spread(self.layout, [label_size(one.words) for one in self.lines])
        return [
            label(one.words, spot)
            for one, spot in zip(self.lines, spots, strict=True)
            if one.words
        ]


def _summary(graph: WorkflowGraph) -> str:
    """Return the size of the graph in a few words."""
    steps = sum(node.node_type == "step" for node in graph.nodes)
    events = sum(node.node_type == "event" for node in graph.nodes)
    return " · ".join(
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((steps, "step"), (events, "event"))
        if number
    )


def _description(graph: WorkflowGraph) -> str:
    from notebook_async.workflow._graph.pictures import text  # noqa: PLC0415 - it imports us

    return "\n".join(part for part in (graph.description, text(graph)) if part)
