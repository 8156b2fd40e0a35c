"""A question, or its record, as still HTML and as text."""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING, Any

from notebook_async.core._short import one_line
from notebook_async.widgets._prompt_wire import answer_word, asker_words, how_words
from notebook_async.widgets._still_parts import COLOURS, DIM, GREY, framed
from notebook_async.widgets._words import clock

if TYPE_CHECKING:
    from notebook_async.prompts import Answered, Question

__all__ = ["prompt_bundle"]

_LONGEST = 2000
_GREEN, _RED = COLOURS["done"], COLOURS["failed"]
_MARKS = {
    "answered": ("✓", _GREEN),
    "default": ("✓", _GREEN),
    "rejected": ("✕", GREY),
    "timeout": ("✕", _RED),
    "cancelled": ("■", GREY),
}


def prompt_bundle(question: Question, ended: Answered | None) -> dict[str, Any]:
    """Return a question as a saved file shows it: open still, or answered."""
    text = one_line(question.text, most=_LONGEST)
    if ended is None:
        mark, colour, shown, dim = "?", COLOURS["waiting"], "", _open_words(question)
    else:
        mark, colour = _MARKS[answer_word(ended)]
        shown, dim = ended.shown, _record_words(question, ended)
    parts = [
        f'<span style="color:{colour}">{mark}</span>',
        f"<b>{html.escape(text)}</b>",
        html.escape(shown),
        f'<span style="{DIM}">{html.escape(dim)}</span>',
    ]
    words = "  ".join(filter(None, [f"{mark} {text}", shown, dim]))
    return {
        "text/plain": words,
        "text/html": framed("&ensp;".join(filter(None, parts))),
    }


def _open_words(question: Question) -> str:
    asked = time.strftime("%H:%M:%S", time.localtime(question.created))
    words = [f"asked at {asked}", asker_words(question), "open when this was saved"]
    return " · ".join(filter(None, words))


def _record_words(question: Question, ended: Answered) -> str:
    after = clock(max(0.0, ended.at - question.created))
    return " · ".join(filter(None, [how_words(ended), ended.when, f"after {after}"]))
