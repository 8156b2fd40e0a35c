"""The picture of a run: what each step does and did, and how often each way was taken.

It is what the live panel shows, without what moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._graph.boxes import MARKS
from notebook_async.workflow._graph.compose import scene_of
from notebook_async.workflow._graph.counts import StepCounts
from notebook_async.workflow._graph.labels import label
from notebook_async.workflow._graph.page import escaped, picture
from notebook_async.workflow._graph.scene import DOTS, line_room
from notebook_async.workflow._graph.strokes import head, line, thickness
from notebook_async.workflow._graph.text import TIMES, compact
from notebook_async.workflow._graph.words import GLYPHS, step_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.workflow._graph.layout import Layout, Point
    from notebook_async.workflow._graph.scene import Scene, SceneNode
    from notebook_async.workflow._graph.value import WorkflowGraph

__all__ = ["run_summary", "run_svg"]

# The room that a panel has in most notebooks.
_WIDTH, _HEIGHT = 1000.0, 340.0
_PREFER_RIGHT = 0.75

_NONE = StepCounts()


def run_svg(
    graph: WorkflowGraph,
    *,
    max_label_length: int | None = None,
    headed: bool = True,
) -> str:
    """Return the picture of a graph with counts.

    Parameters
    ----------
    graph
        What a run does, or did.
    max_label_length
        Cuts names to so many characters.
    headed
        Whether the name of the workflow and its state stand above.

    Examples
    --------
    >>> from notebook_async.workflow.representation import WorkflowGraph
    >>> run_svg(WorkflowGraph("Empty", (), ()).with_counts({})).startswith("<svg ")
    True
    """
    from notebook_async.workflow._graph.pictures import text  # noqa: PLC0415 - it imports us

    scene = scene_of(graph, max_label_length=max_label_length)
    layout = _best_layout(scene)
    numbers = scene.edge_numbers(graph.counts or {}, graph.edge_counts or {})
    parts = [
        *_edges(scene, layout, numbers),
        *(
            _node(node, centre, graph, reached=_is_reached(scene, index, numbers))
            for index, (node, centre) in enumerate(
                zip(scene.nodes, layout.centres, strict=True)
            )
        ),
        *_captions(scene, layout),
        *_labels(scene, layout, numbers),
    ]
    description = [part for part in (graph.description, text(graph)) if part]
    return picture(
        layout,
        parts,
        title=graph.name,
        summary=run_summary(graph),
        description="\n".join(description),
        headed=headed,
    )


def run_summary(graph: WorkflowGraph) -> str:
    """Return what the steps of a run do and did all together, in a few words.

    Examples
    --------
    >>> from notebook_async.workflow.representation import WorkflowGraph
    >>> run_summary(WorkflowGraph("Empty", (), ()).with_counts({}))
    'not started'
    """
    steps = (graph.counts or {}).values()
    names = set(StepCounts.__dataclass_fields__) - {"workers", "retries"}
    total = StepCounts(**{name: sum(getattr(c, name) for c in steps) for name in names})
    return " · ".join(part for part in (total.now, total.past) if part) or "not started"


def _best_layout(scene: Scene) -> Layout:
    """Let the edges run as in a live panel: to the right, unless down is far larger."""
    right = scene.layout()
    if right.width <= _WIDTH:
        return right
    down = scene.layout(downward=True)
    return right if _scale(right) >= _PREFER_RIGHT * _scale(down) else down


def _scale(layout: Layout) -> float:
    wide, high = _WIDTH / max(layout.width, 1.0), _HEIGHT / max(layout.height, 1.0)
    return min(1.0, wide, high)


def _is_reached(scene: Scene, index: int, numbers: list[int]) -> bool:
    """Tell whether anything came to a node, or from it."""
    return any(
        number and index in {edge.source, edge.target}
        for edge, number in zip(scene.edges, numbers, strict=True)
    )


def _edges(scene: Scene, layout: Layout, numbers: list[int]) -> Iterator[str]:
    """Yield the edges, those that were used last so that they lie on top."""
    for index in sorted(range(len(numbers)), key=numbers.__getitem__):
        edge, route, number = scene.edges[index], layout.routes[index], numbers[index]
        style, width = "edge unused", ""
        if number:
            style = "edge used"
            width = f' style="stroke-width:{thickness(number):.1f}"'
        is_loop = edge.source == edge.target
        way = line(route, is_loop=is_loop, downward=layout.downward)
        yield f'<path class="{style}"{width} d="{way}"/>'
        yield head(style, route, is_loop=is_loop, downward=layout.downward)


def _labels(scene: Scene, layout: Layout, numbers: list[int]) -> Iterator[str]:
    for edge, spot, number in zip(
        scene.edges, layout.label_spots, numbers, strict=True
    ):
        ends = (scene.nodes[edge.source].kind, scene.nodes[edge.target].kind)
        counted = number and ends[0] != "start" and ends[1] != "stop"
        words = [edge.label] if edge.label else []
        words += [f"{TIMES}{compact(number)}"] if counted else []
        if words:
            yield label(" ".join(words), spot, "label on" if number else "label")


def _node(
    node: SceneNode, centre: Point, graph: WorkflowGraph, *, reached: bool
) -> str:
    left, top = centre[0] - node.width / 2, centre[1] - node.height / 2
    counts = (graph.counts or {}).get(node.id, _NONE)
    style, inside = _pill(node, counts)
    if node.kind == "step":
        style, inside = f"step counted {counts.phase}", _step(node, counts)
    elif node.kind in {"start", "stop"}:
        style = f"{node.kind} reached" if reached else node.kind
        inside = _circle(node.kind)
    return (
        f'<g class="{style}" transform="translate({left:.1f} {top:.1f})">'
        f"<title>{escaped(node.tooltip)}</title>{inside}</g>"
    )


def _step(node: SceneNode, counts: StepCounts) -> str:
    words = escaped(step_line(counts, line_room(node)))
    size = f'width="{node.width:.0f}" height="{node.height:.0f}"'
    return (
        f'<rect class="box" {size} rx="6"/>'
        f'<text class="glyph" x="12" y="19">{GLYPHS[counts.phase]}</text>'
        f'<text x="30" y="19">{escaped(node.label)}</text>'
        f'<text class="sub" x="12" y="36">{words}</text>{_running(node, counts)}'
    )


def _running(node: SceneNode, counts: StepCounts) -> str:
    """Return how many calls run: a dot for each worker, or a number for many."""
    if not counts.running or node.workers == 1:
        return ""
    right = node.width - 12
    if 1 < node.workers <= DOTS:
        return "".join(
            f'<circle class="dot{" on" if index < counts.running else ""}"'
            f' cx="{right - 4 - 9 * (node.workers - 1 - index):.0f}" cy="15" r="3"/>'
            for index in range(node.workers)
        )
    of = f"/{node.workers:,}" if node.workers else ""
    return (
        f'<text class="sub many" x="{right:.0f}" y="19" text-anchor="end">'
        f"{counts.running:,}{of}</text>"
    )


def _circle(kind: str) -> str:
    dot = '<circle class="dot" cx="9" cy="9" r="4"/>' if kind == "stop" else ""
    return f'<circle class="mark" cx="9" cy="9" r="8"/>{dot}'


def _pill(node: SceneNode, counts: StepCounts) -> tuple[str, str]:
    """Return the style and the inside of a node that is no step."""
    radius = 6 if node.kind == "workflow" else node.height / 2
    middle = node.height / 2
    mark, shift = "", 0.0
    if node.kind in MARKS:
        place = f"translate(11 {middle - 5:.0f})"
        mark, shift = f'<g transform="{place}">{MARKS[node.kind]}</g>', 18.0
    style = f"{node.kind} asked" if counts.waiting else node.kind
    return style, (
        f'<rect class="box" width="{node.width:.0f}" height="{node.height:.0f}"'
        f' rx="{radius:.0f}"/>{mark}'
        f'<text class="pill" x="{(node.width + shift) / 2:.1f}" y="{middle + 4:.0f}"'
        f' text-anchor="middle">{escaped(node.label)}</text>'
    )


def _captions(scene: Scene, layout: Layout) -> Iterator[str]:
    """Yield the words at the circles, off the way of the edges."""
    for node, (x, y) in zip(scene.nodes, layout.centres, strict=True):
        if node.kind not in {"start", "stop"}:
            continue
        place = f'x="{x:.1f}" y="{y + 22:.1f}" text-anchor="middle"'
        if layout.downward:
            place = f'x="{x + 14:.1f}" y="{y + 4:.1f}"'
        yield f'<text class="sub" {place}>{node.label}</text>'
