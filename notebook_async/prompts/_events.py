"""Questions that events of a workflow carry; the events are known by their words only.

A step may return or write an event that asks a person, without naming a front end.
Whoever follows the run puts it here, and sends the answer back as an event of its own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from notebook_async.core._short import short
from notebook_async.errors import InvalidArgumentError
from notebook_async.prompts._asking import approving, asking, choosing
from notebook_async.prompts._put import put
from notebook_async.prompts._values import UploadedFile

__all__ = ["ask_event"]

# What a question of a run may say that is to be kept as data.
_NAMED: dict[str, Any] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "date": dt.date,
    "datetime": dt.datetime,
    "time": dt.time,
    "path": Path,
    "file": UploadedFile,
}
_TEXTS = ("prefix", "question", "text", "prompt", "message")


async def ask_event(event: object, *, source: tuple[str, ...] = ()) -> Any:  # noqa: ANN401
    """Ask a person what an event asks, and return the answer.

    No records are published: the run tells of its questions itself. A task that is
    cancelled closes the question, as when the run was answered in another way.

    Parameters
    ----------
    event
        Asks by these attributes, all of which may be missing: `prefix` (or `question`,
        `text`, `prompt`, `message`) what to ask; `options` and `many` make it a choice,
        `approve` a decision, about `detail`; `answer_type` says what is asked for, text
        by default: a type, or the kind of a field, as in "integer"; `default`,
        `timeout`, `secret`, `help` and `name` are as in `ask`.
        Without any text the event itself is shown.
    source
        Path of ids of whatever asks.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from notebook_async.prompts import answers
    >>> with answers({"Your age?": "36"}):
    ...     await ask_event(SimpleNamespace(prefix="Your age?", answer_type=int))
    36
    """
    asked = _asking_of(event)
    question = dataclasses.replace(asked.question, source=source)
    return await put(dataclasses.replace(asked, question=question, told=False))


def _asking_of(event: object) -> Any:  # noqa: ANN401 - an `Asking`
    found = (getattr(event, name, None) for name in _TEXTS)
    text = next((each for each in found if isinstance(each, str) and each), None)
    default = getattr(event, "default", ...)
    common: dict[str, Any] = {
        "default": ... if default is None else default,
        "timeout": getattr(event, "timeout", None),
        "name": getattr(event, "name", None),
        "help": getattr(event, "help", None) or "",
    }
    text = short(event) if text is None else text.strip()
    options = getattr(event, "options", None)
    if options:
        many = bool(getattr(event, "many", False))
        return choosing(text, options, many=many, **common)
    if getattr(event, "approve", False):
        return approving(text, detail=getattr(event, "detail", None), **common)
    kind = getattr(event, "answer_type", None) or str
    if isinstance(kind, str):
        kind = _named(kind)
    secret = bool(getattr(event, "secret", False))
    return asking(text, kind, secret=secret, **common)


def _named(name: str) -> Any:  # noqa: ANN401 - a type
    if name not in _NAMED:
        raise InvalidArgumentError(
            f"answer_type must be a type or one of {', '.join(_NAMED)}; got {name!r}"
        )
    return _NAMED[name]
