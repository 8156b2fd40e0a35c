"""Strips of time in still pictures: when something was at work, and what came of it."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from notebook_async.widgets._still_parts import COLOURS, GREY

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["STRIP_WIDTH", "strip_box", "strip_picture"]

STRIP_WIDTH = 500
"""Units from the left of a strip to its right."""

_BAR, _TALL = 12, 16
_COLOURS = {**COLOURS, "queued": GREY, "retrying": "#CC79A7", "cancelled": GREY}
_LEAST = 0.6


def strip_box(start: float, end: float, phase: str) -> str:
    """Return the path of a box between two places; one that failed stands out.

    Examples
    --------
    >>> strip_box(10.0, 20.0, "done")
    'M10.0 2h10.0v12h-10.0z'
    """
    height = _TALL if phase == "failed" else _BAR
    width = max(end - start, _LEAST)
    top = (_TALL - height) // 2
    return f"M{start:.1f} {top}h{width:.1f}v{height}h-{width:.1f}z"


def strip_picture(shapes: Mapping[str, str], words: str) -> str:
    """Return a strip as an `<img>` that fills its place.

    Parameters
    ----------
    shapes
        Paths of boxes, by the phase that gives their colour and pattern.
    words
        What it shows, for those who do not see it.
    """
    drawn = []
    for phase, path in shapes.items():
        shape = f'<path d="{path}"'
        drawn.append(f'{shape} fill="{_COLOURS[phase]}"/>')
        if phase in _PATTERNS:
            # Only those that are needed: there may be hundreds of strips in a file.
            drawn.append(f'{_PATTERNS[phase]}{shape} fill="url(#{phase})"/>')
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {STRIP_WIDTH} {_TALL}"'
        f' width="{STRIP_WIDTH}" height="{_TALL}" preserveAspectRatio="none">'
        f'<rect y="2" width="{STRIP_WIDTH}" height="{_BAR}" fill="#8c959f"'
        f' fill-opacity="0.2"/>{"".join(drawn)}</svg>'
    )
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img alt="{html.escape(words)}" src="data:image/svg+xml;base64,{data}"'
        f' style="width:100%;height:{_TALL}px;display:block">'
    )


def _stripes(phase: str, width: int, angle: int) -> str:
    return (
        f'<defs><pattern id="{phase}" width="{width}" height="{width}"'
        f' patternUnits="userSpaceOnUse" patternTransform="rotate({angle})">'
        f'<rect width="2" height="{width}" fill="#fff" fill-opacity="0.4"/></pattern>'
        "</defs>"
    )


_PATTERNS = {
    phase: _stripes(phase, width, angle)
    for phase, width, angle in (
        ("failed", 5, 45),
        ("running", 9, -45),
        ("retrying", 6, -45),
        ("waiting", 5, 0),
    )
}
