"""Where the words beside the edges stand, and what is behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._graph.layout import spaced
from notebook_async.workflow._graph.page import escaped
from notebook_async.workflow._graph.text import text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notebook_async.workflow._graph.layout import Layout, Point, Size

__all__ = ["label", "label_size", "spread"]

_SIZE, _HEIGHT = 11.0, 14.0
_GAP = 6.0


def label_size(words: str) -> Size:
    """Return the width and height of a label; both 0 if there are no words.

    Examples
    --------
    >>> label_size("")
    (0.0, 0.0)
    """
    return (text_width(words, _SIZE), _HEIGHT) if words else (0.0, 0.0)


def spread(layout: Layout, sizes: Sequence[Size]) -> list[Point]:
    """Return the middles of labels, moved aside where two would overlap.

    Parameters
    ----------
    layout
        Where each would stand if it were alone.
    sizes
        Width and height of each; one without a width takes no room.

    Examples
    --------
    >>> from notebook_async.workflow._graph.layout import lay_out
    >>> layout = lay_out([(40, 20)] * 2, [(0, 1)] * 2, labels=[(20, 14)] * 2)
    >>> spread(layout, [(20, 14)] * 2)
    [(58.0, 3.0), (58.0, 17.0)]
    """
    placed = list(layout.label_spots)
    # Edges that bend between the same two layers have their labels in one row.
    rows: dict[float, list[int]] = {}
    along = 0 if layout.downward else 1
    for index, (spot, size) in enumerate(zip(placed, sizes, strict=True)):
        if size[0]:
            rows.setdefault(round(spot[1 - along], 1), []).append(index)
    for row in rows.values():
        row.sort(key=lambda index: placed[index][along])
        lengths = [sizes[index][along] for index in row]
        wanted = [placed[index][along] for index in row]
        gap = _GAP if layout.downward else 0.0
        found = spaced(wanted, [1.0] * len(row), lengths, gap=gap)
        for index, place in zip(row, found, strict=True):
            x, y = placed[index]
            placed[index] = (place, y) if layout.downward else (x, place)
    return placed


def label(words: str, middle: Point, style: str = "label") -> str:
    """Return the SVG of a label, with something behind it that hides the edge.

    Examples
    --------
    >>> label("Page", (0.0, 0.0)).partition("<text")[0]
    '<rect class="behind" x="-16.7" y="-7.0" width="33" height="14"/>'
    """
    (x, y), width = middle, label_size(words)[0]
    return (
        f'<rect class="behind" x="{x - width / 2 - 2:.1f}" y="{y - _HEIGHT / 2:.1f}"'
        f' width="{width + 4:.0f}" height="{_HEIGHT:.0f}"/>'
        f'<text class="{style}" x="{x:.1f}" y="{y + 4:.1f}">{escaped(words)}</text>'
    )
