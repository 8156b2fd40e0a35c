"""What a prompt's panel tells a page: the question, and its record, as JSON.

Texts are a user's, and what is typed is a person's: all of it is bounded, and none of
it is a secret.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from notebook_async.core._short import one_line
from notebook_async.widgets._words import clock

if TYPE_CHECKING:
    from notebook_async.prompts import Answered, Field, Prompt, Question

__all__ = [
    "answer_word",
    "fits",
    "how_words",
    "question_message",
    "record_message",
    "without_secrets",
]

_LONGEST = 20_000
_LONGEST_DEFAULT = 60
_LARGEST = 2**53


def question_message(prompt: Prompt, *, fresh: bool, draft: object) -> dict[str, Any]:
    """Return an open question as a page needs it.

    Parameters
    ----------
    prompt
        The question.
    fresh
        Whether it appears for the first time, so that it may take the focus.
    draft
        What a person has typed so far.
    """
    question = prompt.question
    detail, form = question.detail, question.form
    message = {
        **question.to_dict(),
        "text": question.text[:_LONGEST],
        "help": question.help or ("" if form.single else form.root.help),
        "detail": detail[:_LONGEST] if isinstance(detail, str) else "",
        "asker": asker_words(question),
        "otherwise": otherwise_words(question),
        "remaining": prompt.remaining,
        "fresh": fresh,
        "draft": draft,
    }
    cleaned: dict[str, Any] = _plain(message)
    return cleaned


def record_message(question: Question, ended: Answered) -> dict[str, Any]:
    """Return what is left of a question, for its panel."""
    message = {
        "text": question.text[:_LONGEST],
        "end": answer_word(ended),
        "shown": ended.shown,
        "how": how_words(ended),
        "when": ended.when,
        "after": clock(max(0.0, ended.at - question.created)),
    }
    cleaned: dict[str, Any] = _plain(message)
    return cleaned


def answer_word(ended: Answered) -> str:
    """Return how a question ended; a decision against is a way of its own."""
    rejected = ended.kind == "approve" and ended.shown.startswith("rejected")
    return "rejected" if rejected and ended.end == "answered" else ended.end


def how_words(ended: Answered) -> str:
    """Return by what means a question ended, in words.

    Examples
    --------
    >>> from notebook_async.prompts import Answered
    >>> how_words(
    ...     Answered(id="1", text="?", end="timeout", how="nobody answered within 5 s")
    ... )
    'timed out: nobody answered within 5 s'
    """
    how = ended.how
    if ended.end == "default" and "default" not in how:
        return f"the default, for {how}"
    if ended.end == "timeout":
        return f"timed out: {how}"
    if ended.end == "cancelled" and not how.startswith("cancelled"):
        return f"cancelled: {how}"
    return how


def asker_words(question: Question) -> str:
    """Return who asks, or nothing where that is the cell itself."""
    job = question.job
    return "" if job is None else f"asked by job {job.removeprefix('job-')}"


def otherwise_words(question: Question) -> str:
    """Return what happens when the time is over."""
    if not question.has_default:
        return "else it fails"
    words = _default_words(question)
    return f"else the default: {words}" if words else "else the default"


def _default_words(question: Question) -> str:
    default = question.default
    if question.secret or default is None:
        return ""
    if isinstance(default, dict):
        decided = default.get("approved") if question.kind == "approve" else None
        return "" if decided is None else "approved" if decided else "rejected"
    if isinstance(default, list):
        texts = [each for each in default if isinstance(each, str)]
        return one_line(", ".join(texts), most=_LONGEST_DEFAULT)
    if isinstance(default, bool):
        return "yes" if default else "no"
    return one_line(str(default), most=_LONGEST_DEFAULT)


def _plain(value: Any) -> Any:
    """Return data as any page can read it."""
    if isinstance(value, str):
        # JSON can carry halves of characters, and a websocket cannot.
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


# -- what comes from a page


def fits(value: object, most: int) -> bool:
    """Tell whether data from a page is of at most `most` characters, and not too deep.

    Examples
    --------
    >>> fits({"a": ["b" * 10]}, 20), fits({"a": ["b" * 20]}, 20)
    (True, False)
    """
    left, inside, deepest = most, [(value, 0)], 32
    while inside:
        each, depth = inside.pop()
        if isinstance(each, str):
            left -= len(each)
        left -= 1
        if left < 0 or depth > deepest:
            return False
        if isinstance(each, dict):
            inside += [(part, depth + 1) for pair in each.items() for part in pair]
        elif isinstance(each, list):
            inside += [(part, depth + 1) for part in each]
    return True


def without_secrets(field: Field, raw: Any) -> Any:
    """Return what was typed into a form, as far as it may be kept."""
    if field.secret or field.kind == "file":
        return None
    if field.kind == "group" and isinstance(raw, dict):
        parts = {part.name: part for part in field.fields}
        return {
            name: without_secrets(part, raw[name])
            for name, part in parts.items()
            if name in raw
        }
    item = field.item
    if item is not None and isinstance(raw, list):
        return [without_secrets(item, each) for each in raw]
    if item is not None and isinstance(raw, dict):
        return {name: without_secrets(item, each) for name, each in raw.items()}
    if field.many and isinstance(raw, list):
        return [each for each in raw if isinstance(each, str)]
    return raw if isinstance(raw, str | int | float) else None
