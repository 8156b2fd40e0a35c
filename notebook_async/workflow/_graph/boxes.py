"""What stands in a node of the picture, and how large that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from notebook_async.workflow._graph.nodes import WorkflowEventNode
from notebook_async.workflow._graph.page import escaped
from notebook_async.workflow._graph.text import text_width

if TYPE_CHECKING:
    from notebook_async.workflow._graph.layout import Point
    from notebook_async.workflow._graph.nodes import WorkflowGraphNode

__all__ = ["MARKS", "Box", "box_for", "tooltip"]

# Longer names are cut in the picture; the whole name is the tooltip.
_LONGEST = 48
_PADDING = 12.0
_LABEL, _PILL = 13.0, 12.0
_HEIGHT, _PILL_HEIGHT = 34.0, 24.0
_MARK = 18.0
# Small drawings beside the words of a node, in a square of 10 by 10.
MARKS = {
    "start": '<circle class="mark" cx="5" cy="5" r="4"/>',
    "stop": '<circle class="mark" cx="5" cy="5" r="4.5"/>'
    '<circle class="dot" cx="5" cy="5" r="2"/>',
    "external": '<circle class="mark" cx="5" cy="2.2" r="2.4"/>'
    '<path class="mark" d="M.5 10.5C.5 5.5 9.5 5.5 9.5 10.5"/>',
    "resource": '<path class="mark" d="M0 1.5h10v2.2h-10zM0 4.9h10v2.2h-10z'
    'M0 8.3h10v2.2h-10z"/>',
    "workflow": '<path class="mark" d="M.5 .5h9v4h-9zM.5 7.5h9v4h-9zM5 4.5v3"/>',
}


@dataclass(frozen=True, slots=True)
class Box:
    """A node as it is drawn.

    Attributes
    ----------
    style
        Its classes in the style sheet.
    label
        The name.
    mark
        Which of the small drawings stands before the name, or "".
    tooltip
        What a pointer on it shows.
    width, height, radius
        The size, and that of its corners.
    """

    style: str
    label: str
    mark: str
    tooltip: str
    width: float
    height: float
    radius: float

    def text(self, centre: Point) -> str:
        """Return the SVG of the box."""
        left, top = centre[0] - self.width / 2, centre[1] - self.height / 2
        place = f"translate({left:.1f} {top:.1f})"
        size = f'width="{self.width:.1f}" height="{self.height:.1f}"'
        return (
            f'<g class="{self.style}" transform="{place}">'
            f"<title>{escaped(self.tooltip)}</title>"
            f'<rect class="box" {size} rx="{self.radius:.0f}"/>'
            f"{''.join(self._words())}</g>"
        )

    def _words(self) -> list[str]:
        size = _PILL if self.height == _PILL_HEIGHT else _LABEL
        style = ' class="pill"' if size == _PILL else ""
        middle = self.height / 2
        shift = _MARK if self.mark else 0.0
        parts = []
        if self.mark:
            drawing = MARKS[self.mark]
            place = f"translate({_PADDING - 1:.1f} {middle - 5:.1f})"
            parts.append(f'<g transform="{place}">{drawing}</g>')
        x = (self.width + shift) / 2
        y = middle + size * 0.36
        parts.append(
            f'<text{style} x="{x:.1f}" y="{y:.1f}" text-anchor="middle">'
            f"{escaped(self.label)}</text>"
        )
        return parts


def box_for(node: WorkflowGraphNode, longest: int | None) -> Box:
    """Return how a node is drawn."""
    label = " ".join(node.truncated_label(longest or _LONGEST).split())
    style = _style(node)
    mark = style.split()[-1] if style.split()[-1] in MARKS else ""
    if node.node_type == "resource_config":
        style = "resource config"
    is_step = node.node_type in ("step", "workflow")
    height = _HEIGHT if is_step else _PILL_HEIGHT
    size = _LABEL if is_step else _PILL
    width = text_width(label, size) + 2 * _PADDING + (_MARK if mark else 0.0)
    radius = 6.0 if is_step else 3.0 if "resource" in style else height / 2
    return Box(style, label, mark, tooltip(node), max(width, 48.0), height, radius)


def _style(node: WorkflowGraphNode) -> str:
    if isinstance(node, WorkflowEventNode):
        if node.is_subclass_of("StartEvent"):
            return "event start"
        return "event stop" if node.is_subclass_of("StopEvent") else "event"
    if node.node_type == "resource_config":
        return "resource"
    known = ("step", "external", "resource", "workflow")
    return node.node_type if node.node_type in known else "generic"


def tooltip(node: WorkflowGraphNode) -> str:
    """Return what a pointer on a node shows: its whole name, and what it is for."""
    first = (node.description or "").partition("\n")[0]
    declared = ""
    if isinstance(node, WorkflowEventNode) and node.event_fields:
        declared = f"({', '.join(node.event_fields)})"
    return f"{node.label}{declared}" + (f"\n{first}" if first else "")
