"""The graph as text that other tools draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._graph.nodes import WorkflowEventNode
from notebook_async.workflow._graph.text import TIMES

if TYPE_CHECKING:
    from notebook_async.workflow._graph.nodes import WorkflowGraphNode
    from notebook_async.workflow._graph.value import WorkflowGraph

__all__ = ["mermaid"]

_SHAPES = {
    "step": ('["', '"]'),
    "event": ('(["', '"])'),
    "external": ('[/"', '"/]'),
    "resource": ('[("', '")]'),
    "resource_config": ('[("', '")]'),
    "workflow": ('[["', '"]]'),
}
# Borders only: the fill is that of the page, be it light or dark.
_CLASSES = {
    "step": "stroke:#0072B2,stroke-width:2px",
    "event": "stroke:#768390",
    "start": "stroke:#009E73,stroke-width:2px",
    "stop": "stroke:#D55E00,stroke-width:2px",
    "external": "stroke:#E69F00,stroke-width:2px,stroke-dasharray:4 3",
    "resource": "stroke:#CC79A7",
    "workflow": "stroke:#0072B2",
}
# What Mermaid would take for its own syntax within quotes, as its entity codes.
_ESCAPES = str.maketrans({"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;"})


def mermaid(graph: WorkflowGraph, *, max_label_length: int | None = None) -> str:
    """Return the graph as the text of a Mermaid flow chart."""
    names = {node.id: f"n{index}" for index, node in enumerate(graph.nodes)}
    lines, used = ["flowchart LR"], dict[str, None]()
    for node in graph.nodes:
        opening, closing = _SHAPES.get(node.node_type, ('["', '"]'))
        style = _style(node)
        known = f":::{style}" if style in _CLASSES else ""
        label = _escaped(_label(graph, node, max_label_length))
        lines.append(f"    {names[node.id]}{opening}{label}{closing}{known}")
        if known:
            used[style] = None
    kinds = {node.id: node.node_type for node in graph.nodes}
    for edge in graph.edges:
        number = (graph.edge_counts or {}).get((edge.source, edge.target))
        words = [edge.label] if edge.label else []
        words += [f"{TIMES}{number:,}"] if number else []
        beside = f'|"{_escaped(" ".join(words))}"|' if words else ""
        side = kinds.get(edge.target) in ("resource", "resource_config", "workflow")
        arrow = "-.->" if side else "==>" if number else "-->"
        lines.append(f"    {names[edge.source]} {arrow}{beside} {names[edge.target]}")
    lines += [f"    classDef {style} {_CLASSES[style]}" for style in used]
    return "\n".join(lines)


def _style(node: WorkflowGraphNode) -> str:
    if isinstance(node, WorkflowEventNode):
        if node.is_subclass_of("StartEvent"):
            return "start"
        return "stop" if node.is_subclass_of("StopEvent") else "event"
    return "resource" if node.node_type == "resource_config" else node.node_type


def _label(graph: WorkflowGraph, node: WorkflowGraphNode, longest: int | None) -> str:
    label = node.label if longest is None else node.truncated_label(longest)
    counts = (graph.counts or {}).get(node.id) if node.node_type == "step" else None
    words = [part for part in (counts.now, counts.past) if part] if counts else []
    return "\n".join([label, *words])


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES).replace("\n", "<br/>")
