"""A trace as a data frame of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.errors import HostError

if TYPE_CHECKING:
    from notebook_async.tracing._nodes import Node
    from notebook_async.tracing._trace import Trace

__all__ = ["frame"]

_COLUMNS = (
    "name",
    "kind",
    "phase",
    "began",
    "seconds",
    "own_seconds",
    "depth",
    "id",
    "parent",
    "error",
    "attributes",
)


def frame(traced: Trace) -> Any:  # noqa: ANN401 - pandas is loaded only here
    """Return one row for each piece of work, each before what ran inside of it."""
    try:
        import pandas as pd  # noqa: PLC0415
    except ImportError as error:
        raise HostError(
            "to_pandas() needs pandas, which is not installed: pip install pandas"
        ) from error
    now, origin = traced.now, traced.began
    rows = []
    left: list[tuple[Node, int, str | None]]
    left = [(root, 0, None) for root in reversed(traced.roots)]
    while left:
        node, depth, parent = left.pop()
        own = "/".join(node.source)
        rows.append(
            (
                node.name,
                str(node.kind),
                node.phase,
                node.began - origin,
                node.seconds(now),
                node.own_seconds(now),
                depth,
                own,
                parent,
                node.error,
                dict(node.attributes),
            )
        )
        left += [(child, depth + 1, own) for child in reversed(node.children)]
    return pd.DataFrame.from_records(rows, columns=list(_COLUMNS))
