"""A trace as text: a tree with times, and a table of totals."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.core import Phase
    from notebook_async.tracing._nodes import Node
    from notebook_async.tracing._totals import Total

__all__ = ["MARKS", "folded", "seconds_text", "totals_text", "tree_text"]

MARKS: dict[Phase, str] = {
    "queued": "·",
    "running": "▸",
    "waiting": "◌",
    "retrying": "↻",
    "done": "✓",
    "failed": "✗",
    "cancelled": "⊘",
}
_SHOWN_ALIKE = 8
_LONGEST_VALUE = 60
_LONGEST_LINE = 160
_DEEPEST = 60
_SECOND, _MILLISECOND, _TEN = 1.0, 1e-3, 10.0


def seconds_text(seconds: float) -> str:
    """Return a duration in the unit that suits it.

    Examples
    --------
    >>> [seconds_text(one) for one in (83.2, 2.5, 0.31, 0.0042, 0.000_012)]
    ['1 m 23 s', '2.50 s', '310 ms', '4.20 ms', '12 µs']
    """
    if seconds >= 60 * _SECOND:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} m {rest} s"
    if seconds >= _SECOND:
        return f"{seconds:.2f} s"
    if seconds >= _MILLISECOND:
        value = 1e3 * seconds
        return f"{value:.0f} ms" if value >= _TEN else f"{value:.2f} ms"
    return f"{1e6 * seconds:.0f} µs"


def folded(children: list[Node]) -> Iterator[Node | list[Node]]:
    """Return children as they are to be shown: of many alike in a row only some.

    A list stands for those that are not shown: the rest of a row of the same name that
    are done. What failed, waits or goes on is shown always.
    """
    for _, row in groupby(children, key=lambda node: (node.name, node.kind)):
        alike = list(row)
        hidden = [node for node in alike[_SHOWN_ALIKE:] if node.phase == "done"]
        if len(hidden) <= 1:  # a line of its own is no longer than one about it
            yield from alike
            continue
        yield from alike[:_SHOWN_ALIKE]
        yield from (node for node in alike[_SHOWN_ALIKE:] if node.phase != "done")
        yield hidden


def tree_text(roots: list[Node], now: float, *, times: bool = True) -> str:
    """Return the tree, one line for each node."""
    lines: list[str] = []
    left: list[tuple[Node | list[Node], str, str]] = [
        (root, "", "") for root in reversed(list(folded(roots)))
    ]
    while left:
        node, branch, indent = left.pop()
        if isinstance(node, list):
            lines.append(branch + _hidden_text(node, now, times=times))
            continue
        lines.append(branch + _line(node, now, times=times))
        inside = list(folded(node.children))
        if inside and len(indent) > 3 * _DEEPEST:
            lines.append(f"{indent}└─ … {sum(1 for _ in node.walk()) - 1:,} deeper")
            continue
        for place, child in enumerate(reversed(inside)):
            last = place == 0
            left.append(
                (
                    child,
                    indent + ("└─ " if last else "├─ "),
                    indent + ("   " if last else "│  "),
                )
            )
    return "\n".join(lines)


def _hidden_text(nodes: list[Node], now: float, *, times: bool) -> str:
    text = f"… {len(nodes):,} more {nodes[0].name}"
    if times:
        text += f"  {seconds_text(sum(node.seconds(now) for node in nodes))} in all"
    return text


def _line(node: Node, now: float, *, times: bool) -> str:
    parts = [f"{MARKS[node.phase]} {node.name}"]
    if times:
        parts.append(seconds_text(node.seconds(now)))
        if node.ended is None:
            parts[-1] += " so far"
    told = [f"{key}={_value(value)}" for key, value in node.attributes.items()]
    if told:
        parts.append(" ".join(told))
    if node.error is not None and node.cause:
        parts.append(node.error)
    text = "  ".join(parts)
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"


def _value(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def totals_text(totals: list[Total]) -> str:
    """Return the table of totals, in columns."""
    head = ("name", "count", "total", "own", "average", "longest", "")
    rows = [head, *(_row(total) for total in totals)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in {0, 6} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(total: Total) -> tuple[str, ...]:
    durations = (total.seconds, total.own_seconds, total.average, total.longest)
    return (
        total.name[:50],
        f"{total.count:,}",
        *(seconds_text(each) for each in durations),
        total.notes,
    )
