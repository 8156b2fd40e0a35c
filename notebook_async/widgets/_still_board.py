"""The board and the await tree as still HTML."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from notebook_async.widgets._still_parts import (
    CELL,
    DIM,
    bar_picture,
    framed,
    glyph,
    pre,
)
from notebook_async.widgets._words import clock, count_words, state_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from notebook_async.widgets._board_rows import BoardRow

__all__ = ["board_html", "tree_html"]

_EMPTY = "no jobs yet: start one with <code>%%arun</code>"


def board_html(rows: Iterable[BoardRow]) -> str:
    """Return jobs as a table, the newest first."""
    listed = sorted(rows, key=lambda row: -row["id"])
    if not listed:
        return f'<div class="na-still">{_EMPTY}</div>'
    head = "".join(
        f'<th style="text-align:left">{word}</th>'
        for word in ("", "job", "state", "progress", "now")
    )
    body = "".join(map(_row, listed))
    return f'<table class="na-still"><tr>{head}</tr>{body}</table>'


def tree_html(lines: Sequence[str]) -> str:
    """Return what waits for what as text in a frame."""
    return framed(pre(list(lines) or ["nothing waits"]))


def _row(row: BoardRow) -> str:
    bar = row["bar"]
    picture = "" if bar is None else bar_picture(bar, width=160, height=6)
    counts = "" if bar is None else " ".join(text for _, text in count_words(bar))
    words = [row["now"]] if row["failed"] else [row["now"], counts]
    now = html.escape(" · ".join(filter(None, words)))
    word = state_words(row).partition(" ")[2]
    return (
        f"<tr><td>{glyph(row['phase'])}</td>"
        f'<td style="{CELL}">#{row["id"]} {html.escape(row["title"])}</td>'
        f'<td style="{CELL}">{word} {clock(row["elapsed"])}</td>'
        f'<td style="width:160px">{picture}</td>'
        f'<td style="text-align:left;{DIM}">{now}</td></tr>'
    )
