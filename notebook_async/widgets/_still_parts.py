"""The parts of still pictures: frames, bars, glyphs, lines of text.

Notebooks that are not trusted lose inline SVG, style sheets and scripts, so a picture
is an `<img>` with a data URI, and all words are ordinary elements in the reader's own
colours.
"""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from notebook_async.widgets._words import GLYPHS, count_words

if TYPE_CHECKING:
    from notebook_async.core import Phase
    from notebook_async.widgets._view import Counts

__all__ = [
    "CELL",
    "COLOURS",
    "DIM",
    "GREY",
    "PRE",
    "bar_picture",
    "coloured",
    "framed",
    "glyph",
    "pre",
]

# Okabe and Ito's colours, which most kinds of colour vision tell apart; each kind has a
# pattern of its own too.
# They colour bars and glyphs only: no single colour is legible as text on white and on
# black, so words have the reader's own colour.
COLOURS = {"done": "#009E73", "failed": "#D55E00", "running": "#0072B2"}
COLOURS["waiting"] = "#E69F00"
GREY = "#768390"
_FRAME = (
    "border:1px solid rgba(140,149,159,0.45);border-radius:6px;padding:8px 10px;"
    "margin:2px 0;font-size:13px"
)
DIM = "opacity:0.75"
CELL = "text-align:left;white-space:nowrap"
PRE = "margin:6px 0 0;padding:0;white-space:pre-wrap;font-size:12px"


def bar_picture(counts: Counts, *, width: int = 800, height: int = 8) -> str:
    """Return an `<img>` of a bar, with its numbers as alternative text.

    Parameters
    ----------
    counts
        The numbers.
    width, height
        About the size in pixels. It fills its place, and front ends keep the ratio.
    """
    finished = counts["done"] + counts["failed"]
    total = counts["total"] or max(finished + counts["running"], 1)
    parts, x = [], 0.0
    for kind in ("done", "failed", "running", "waiting"):
        number: int = counts[kind]
        length = min(width * number / total, width - x)
        if length > 0:
            place = f'<rect x="{x:.1f}" width="{length:.1f}" height="{height}"'
            parts.append(f'{place} fill="{COLOURS[kind]}"/>')
            if kind != "done":
                parts.append(f'{place} fill="url(#{kind})"/>')
            x += length
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" preserveAspectRatio="none">'
        f"{_PATTERNS}"
        f'<rect width="{width}" height="{height}" fill="#8c959f" fill-opacity="0.35"/>'
        f"{''.join(parts)}</svg>"
    )
    words = html.escape(", ".join(text for _, text in count_words(counts)))
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img alt="{words}" src="data:image/svg+xml;base64,{data}"'
        f' style="width:100%;height:{height}px">'
    )


def framed(content: str) -> str:
    """Return a picture's content in its frame."""
    return f'<div class="na-still" style="{_FRAME}">{content}</div>'


def glyph(phase: Phase) -> str:
    """Return the glyph of a state in its colour."""
    return coloured(GLYPHS[phase], phase)


def coloured(glyph: str, kind: str) -> str:
    """Return a glyph in the colour of a kind of items, or in grey."""
    return f'<span style="color:{COLOURS.get(kind, GREY)}">{glyph}</span>'


def pre(lines: list[str]) -> str:
    """Return lines of text as they stand."""
    return f'<pre style="{PRE}">{html.escape(chr(10).join(lines))}</pre>'


_PATTERNS = (
    "<defs>"
    '<pattern id="failed" width="5" height="5" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="2" height="5" fill="#fff"'
    ' fill-opacity="0.5"/></pattern>'
    '<pattern id="running" width="10" height="10" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(-45)"><rect width="5" height="10" fill="#fff"'
    ' fill-opacity="0.35"/></pattern>'
    '<pattern id="waiting" width="6" height="8" patternUnits="userSpaceOnUse">'
    '<rect width="3" height="8" fill="#fff" fill-opacity="0.6"/></pattern>'
    "</defs>"
)
