"""The graph as what a notebook shows and keeps.

The picture is an `<img>` with the SVG in a data URI. JupyterLab, Notebook 7, VS Code,
nbviewer and GitHub all show that, trusted or not, where inline SVG is cleaned away or
shown as an empty box. A bundle has no `image/svg+xml` beside it: every one of these
takes HTML first, so it would only double the size of the notebook; `to_svg()` is there
for other uses. Within an `<img>` the page's theme is unknown, only what the system
prefers, so the picture brings its own background with it and is legible on any page.
"""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from notebook_async.workflow._graph.svg import svg

if TYPE_CHECKING:
    from notebook_async.workflow._graph.value import WorkflowGraph

__all__ = ["bundle", "image", "text"]


def bundle(graph: WorkflowGraph) -> dict[str, str]:
    """Return what `_repr_mimebundle_` gives."""
    return {"text/html": image(graph), "text/plain": text(graph)}


def image(graph: WorkflowGraph) -> str:
    """Return the graph as an `<img>`, with its text as alternative."""
    data = base64.b64encode(svg(graph).encode()).decode()
    return (
        f'<img alt="{html.escape(text(graph))}" style="max-width:100%;height:auto"'
        f' src="data:image/svg+xml;base64,{data}">'
    )


def text(graph: WorkflowGraph) -> str:
    """Return the graph in a line per step: what it takes and gives, or what it did."""
    steps = [node for node in graph.nodes if node.node_type == "step"]
    if graph.counts is not None:
        lines = [f"  {node.label}: {_did(graph, node.id)}" for node in steps]
        return "\n".join([graph.name, *lines])
    labels = {n.id: n.label for n in graph.nodes if n.node_type in ("event", "step")}
    takes: dict[str, list[str]] = {}
    gives: dict[str, list[str]] = {}
    for edge in (edge for edge in graph.edges if edge.label is None):
        takes.setdefault(edge.target, []).append(labels.get(edge.source, ""))
        gives.setdefault(edge.source, []).append(labels.get(edge.target, ""))
    lines = [
        f"  {node.label}: {_union(takes, node.id)} -> {_union(gives, node.id)}"
        for node in steps
    ]
    return "\n".join([graph.name, *lines])


def _did(graph: WorkflowGraph, name: str) -> str:
    counts = (graph.counts or {}).get(name)
    words = [part for part in (counts.now, counts.past) if part] if counts else []
    return " · ".join(words) or "not reached"


def _union(names: dict[str, list[str]], node: str) -> str:
    return " | ".join(name for name in names.get(node, []) if name) or "None"
