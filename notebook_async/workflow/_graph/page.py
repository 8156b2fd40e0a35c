"""The frame of every picture: its size, its title, its style and its background."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from notebook_async.workflow._graph.style import STYLE
from notebook_async.workflow._graph.text import text_width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.workflow._graph.layout import Layout

__all__ = ["LEGIBLE_WIDTH", "escaped", "picture", "svg_width"]

LEGIBLE_WIDTH = 1200.0
"""Wider than this a notebook shrinks a picture, and its words with it."""

_MARGIN = 16.0
_HEADER = 34.0
_LEAST_WIDTH = 240.0


def picture(  # noqa: PLR0913 - all of them words but one
    layout: Layout,
    parts: Iterable[str],
    *,
    title: str,
    summary: str,
    description: str,
    headed: bool = True,
) -> str:
    """Return a whole picture.

    Parameters
    ----------
    layout
        Its size.
    parts
        The SVG of what is in it.
    title, summary, description
        What stands above it, and what is read to those who do not see it.
    headed
        Whether title and summary are drawn; they are there for readers anyway.
    """
    name, words = escaped(title), escaped(summary)
    head_width = text_width(f"{title}  {summary}", 13.0) if headed else 0.0
    width = max(layout.width, head_width, _LEAST_WIDTH) + 2 * _MARGIN
    top = _HEADER + _MARGIN / 2 if headed else _MARGIN
    height = layout.height + top + _MARGIN
    left = (width - layout.width) / 2
    size = f"{width:.0f} {height:.0f}"
    head = (
        f'<text class="head" x="{_MARGIN:.0f}" y="23">{name}'
        f'<tspan class="dim" dx="8">{words}</tspan></text>'
    )
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"'
        f' width="{width:.0f}" height="{height:.0f}" role="img" class="nbg"'
        f' aria-label="{name}: {words}">'
    )
    page = (
        f'<rect class="page" x=".5" y=".5" width="{width - 1:.0f}"'
        f' height="{height - 1:.0f}" rx="6"/>'
    )
    return "".join(
        [
            opening,
            f"<title>{name}</title><desc>{escaped(description)}</desc>",
            f"<style>{STYLE}</style>",
            page,
            head if headed else "",
            f'<g transform="translate({left:.1f} {top:.0f})">',
            *parts,
            "</g></svg>",
        ]
    )


def svg_width(svg: str) -> float:
    """Return the width of a picture.

    Examples
    --------
    >>> svg_width('<svg viewBox="0 0 300 100">')
    300.0
    """
    return float(svg.partition('viewBox="0 0 ')[2].partition(" ")[0])


def escaped(text: str) -> str:
    r"""Escape for XML, without the characters that XML has no place for.

    Examples
    --------
    >>> escaped("<b>\x00")
    '&lt;b&gt;'
    """
    return html.escape("".join(c for c in text if c >= " " or c in "\n\t"))
