"""The graph as SVG text, legible in light and dark, without anything from outside.

Arrow heads are drawn one by one: markers that take the colour of their line are not
known to every browser. No colour is told by colour alone: each state has a glyph and a
dash.
"""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notebook_async.workflow._graph.boxes import box_for
from notebook_async.workflow._graph.counts import StepCounts
from notebook_async.workflow._graph.layout import Layout, lay_out
from notebook_async.workflow._graph.style import STYLE
from notebook_async.workflow._graph.text import TIMES, compact, text_width

if TYPE_CHECKING:
    from notebook_async.workflow._graph.layout import Point
    from notebook_async.workflow._graph.nodes import WorkflowGraphEdge
    from notebook_async.workflow._graph.value import WorkflowGraph

__all__ = ["svg"]

_MARGIN = 16.0
_HEADER = 34.0
_LEAST_WIDTH = 240.0
# Wider than this a notebook shrinks the picture, and its words with it.
_LEGIBLE_WIDTH = 1200.0
_SIDE_KINDS = ("resource", "resource_config")
_LABEL_SIZE = 11.0
_LABEL_HEIGHT = 14.0
_NEAR = 0.5
_HEAD = "M0 0L-8 4V-4z"


def svg(graph: WorkflowGraph, *, max_label_length: int | None = None) -> str:
    """Return the picture of a graph."""
    return _Picture(graph, max_label_length).text()


@dataclass(slots=True)
class _Line:
    """An edge as it is drawn: what a step is given points at the step."""

    edge: WorkflowGraphEdge
    ends: tuple[int, int]
    is_side: bool
    count: int | None
    words: str


class _Picture:
    def __init__(self, graph: WorkflowGraph, longest: int | None) -> None:
        self.graph = graph
        self.boxes = [box_for(graph, node, longest) for node in graph.nodes]
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
            counts = self.graph.edge_counts
            count = (
                None if counts is None else counts.get((edge.source, edge.target), 0)
            )
            words = [edge.label] if edge.label else []
            words += [f"{TIMES}{compact(count)}"] if count else []
            lines.append(_Line(edge, ends, is_side, count, " ".join(words)))
        return lines

    def _best_layout(self) -> Layout:
        """Let the edges run to the right, or down where that is too wide to read."""
        sizes = [(box.width, box.height) for box in self.boxes]
        ends = [line.ends for line in self.lines]
        labels = [self._label_size(line) for line in self.lines]
        wide = lay_out(sizes, ends, labels=labels)
        if wide.width <= _LEGIBLE_WIDTH:
            return wide
        tall = lay_out(sizes, ends, labels=labels, downward=True)
        return tall if tall.width < wide.width else wide

    def _label_size(self, line: _Line) -> tuple[float, float]:
        # Room for any count, so that nothing moves while they grow.
        counted = line.count is not None and not line.is_side
        words = f"{line.edge.label or ''} {TIMES}9,999" if counted else line.words
        return (text_width(words, _LABEL_SIZE), _LABEL_HEIGHT) if words else (0.0, 0.0)

    def text(self) -> str:
        """Return the whole picture."""
        graph = self.graph
        title, summary = _escaped(graph.name), _escaped(_summary(graph))
        least = text_width(f"{graph.name}  {_summary(graph)}", 13.0)
        width = max(self.layout.width, least, _LEAST_WIDTH) + 2 * _MARGIN
        height = self.layout.height + _HEADER + 1.5 * _MARGIN
        left = (width - self.layout.width) / 2
        size = f"{width:.0f} {height:.0f}"
        opening = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"'
            f' width="{width:.0f}" height="{height:.0f}" role="img" class="nbg"'
            f' aria-label="{title}: {summary}">'
        )
        page = (
            f'<rect class="page" x=".5" y=".5" width="{width - 1:.0f}"'
            f' height="{height - 1:.0f}" rx="6"/>'
        )
        head = (
            f'<text class="head" x="{_MARGIN:.0f}" y="23">{title}'
            f'<tspan class="dim" dx="8">{summary}</tspan></text>'
        )
        parts = [
            opening,
            f"<title>{title}</title><desc>{_escaped(_description(graph))}</desc>",
            f"<style>{STYLE}</style>",
            page,
            head,
            f'<g transform="translate({left:.1f} {_HEADER + _MARGIN / 2:.0f})">',
            *self._edges(),
            *(
                box.text(centre)
                for box, centre in zip(self.boxes, self.layout.centres, strict=True)
            ),
            *self._labels(),
            "</g></svg>",
        ]
        return "".join(parts)

    def _edges(self) -> list[str]:
        """Return the edges, those that were used last so that they lie on top."""
        both = zip(self.lines, self.layout.routes, strict=True)
        return [
            self._edge(line, route)
            for line, route in sorted(both, key=lambda pair: pair[0].count or 0)
        ]

    def _edge(self, line: _Line, route: tuple[Point, ...]) -> str:
        style, width = "edge", ""
        if line.is_side:
            style = "edge side"
        elif line.count:
            style = "edge used"
            width = f' style="stroke-width:{_weight(line.count):.1f}"'
        elif line.count == 0:
            style = "edge unused"
        is_loop = line.ends[0] == line.ends[1]
        downward = self.layout.downward
        path = _loop_path(route) if is_loop else _path(route, downward=downward)
        drawn = f'<path class="{style}"{width} d="{path}"/>'
        if line.is_side:
            return drawn
        return drawn + _head(style, _head_angle(route, downward != is_loop), route[-1])

    def _labels(self) -> list[str]:
        """Return what stands beside the edges, moved down where it would overlap."""
        texts, taken = [], list[tuple[float, float, float]]()
        spots = zip(self.layout.label_spots, self.lines, strict=True)
        for (x, y), line in sorted(spots, key=lambda spot: (spot[0], spot[1].words)):
            if not line.words:
                continue
            half = text_width(line.words, _LABEL_SIZE) / 2
            while any(_near(x, y, half, other) for other in taken):
                y += _LABEL_HEIGHT - 1  # noqa: PLW2901 - looking for room
            taken.append((x, y, half))
            style = "label on" if line.count else "label"
            words = _escaped(line.words)
            texts.append(
                f'<text class="{style}" x="{x:.1f}" y="{y + 4:.1f}">{words}</text>'
            )
        return texts


def _near(x: float, y: float, half: float, other: tuple[float, float, float]) -> bool:
    return abs(x - other[0]) < half + other[2] and abs(y - other[1]) < _LABEL_HEIGHT - 2


def _weight(count: int) -> float:
    """Return how thick an edge is; ten times the events make it a little thicker."""
    return 1.6 + 0.5 * min(math.log10(count), 4)


def _path(route: tuple[Point, ...], *, downward: bool) -> str:
    """Return a line that leaves and enters straight, and bends between layers only."""
    (x, y), *rest = route
    parts = [f"M{x:.1f} {y:.1f}"]
    for u, v in rest:
        if x == u or y == v:
            parts.append(f"L{u:.1f} {v:.1f}")
        elif downward:
            middle = (y + v) / 2
            parts.append(f"C{x:.1f} {middle:.1f} {u:.1f} {middle:.1f} {u:.1f} {v:.1f}")
        else:
            middle = (x + u) / 2
            parts.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {v:.1f} {u:.1f} {v:.1f}")
        x, y = u, v
    return "".join(parts)


def _loop_path(route: tuple[Point, ...]) -> str:
    start, *curve = (f"{x:.1f} {y:.1f}" for x, y in route)
    return f"M{start}C{' '.join(curve)}"


def _head(style: str, angle: int, at: Point) -> str:
    place = f"translate({at[0]:.1f} {at[1]:.1f}) rotate({angle})"
    return f'<path class="{style} tip" transform="{place}" d="{_HEAD}"/>'


def _head_angle(route: tuple[Point, ...], vertical: bool) -> int:  # noqa: FBT001
    """Return which way a line enters: a loop enters across the way of all others."""
    x, y = route[-1]
    # Rounded corners leave points at the end that are all but the same.
    before_x, before_y = next(
        (point for point in reversed(route) if math.dist(point, (x, y)) > _NEAR),
        route[0],
    )
    if vertical:
        return 90 if y > before_y else -90
    return 0 if x > before_x else 180


def _summary(graph: WorkflowGraph) -> str:
    """Return the state of a run, or the size of the graph, in a few words."""
    if graph.counts is None:
        steps = sum(node.node_type == "step" for node in graph.nodes)
        events = sum(node.node_type == "event" for node in graph.nodes)
        return " · ".join(
            f"{number} {word}{'' if number == 1 else 's'}"
            for number, word in ((steps, "step"), (events, "event"))
            if number
        )
    all_counts = graph.counts.values()
    total = StepCounts(
        **{
            name: sum(getattr(counts, name) for counts in all_counts)
            for name in ("queued", "running", "waiting", "retrying", "done", "failed")
        }
    )
    return " · ".join(part for part in (total.now, total.past) if part) or "not started"


def _description(graph: WorkflowGraph) -> str:
    from notebook_async.workflow._graph.pictures import text  # noqa: PLC0415 - it imports us

    return "\n".join(part for part in (graph.description, text(graph)) if part)


def _escaped(text: str) -> str:
    """Escape for XML, without the characters that XML has no place for."""
    return html.escape("".join(c for c in text if c >= " " or c in "\n\t"))
