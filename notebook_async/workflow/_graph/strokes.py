"""Lines and arrow heads, as SVG writes them.

Arrow heads are drawn one by one: markers that take the colour of their line are not
known to every browser.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notebook_async.workflow._graph.layout import Point

__all__ = ["head", "line", "thickness"]

_NEAR = 0.5
_HEAD = "M0 0L-8 4V-4z"


def line(route: tuple[Point, ...], *, is_loop: bool, downward: bool) -> str:
    """Return the path of an edge, which bends between layers only.

    Examples
    --------
    >>> line(((0.0, 0.0), (8.0, 0.0)), is_loop=False, downward=False)
    'M0.0 0.0L8.0 0.0'
    """
    if is_loop:
        start, *curve = (f"{x:.1f} {y:.1f}" for x, y in route)
        return f"M{start}C{' '.join(curve)}"
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


def head(style: str, route: tuple[Point, ...], *, is_loop: bool, downward: bool) -> str:
    """Return the arrow head at the end of an edge.

    Examples
    --------
    >>> head("edge", ((0, 0), (8, 0)), is_loop=False, downward=False)
    '<path class="edge tip" transform="translate(8.0 0.0) rotate(0)" d="..."/>'
    """
    # A loop enters across the way of all others.
    angle = _angle(route, vertical=downward != is_loop)
    x, y = route[-1]
    place = f"translate({x:.1f} {y:.1f}) rotate({angle})"
    return f'<path class="{style} tip" transform="{place}" d="{_HEAD}"/>'


def thickness(count: int) -> float:
    """Return how thick an edge is; ten times the events make it a little thicker.

    Examples
    --------
    >>> thickness(1), thickness(100), thickness(10**9)
    (1.4, 2.2, 3.0)
    """
    return 1.4 + 0.4 * min(math.log10(count), 4)


def _angle(route: tuple[Point, ...], *, vertical: bool) -> int:
    x, y = route[-1]
    # Rounded corners leave points at the end that are all but the same.
    before_x, before_y = next(
        (point for point in reversed(route) if math.dist(point, (x, y)) > _NEAR),
        route[0],
    )
    if vertical:
        return 90 if y > before_y else -90
    return 0 if x > before_x else 180
