"""`%jobs prompts` and `%jobs answer`: the questions that wait, and their answers."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from notebook_async.errors import JobNotFoundError
from notebook_async.widgets._words import clock

if TYPE_CHECKING:
    from collections.abc import Collection

    from notebook_async.board import Job, JobBoard
    from notebook_async.prompts import Field, Prompt, Question

__all__ = ["answer_line", "prompts_text"]

_LONGEST = 60
_HOW = "by %jobs answer"
_LINE = re.compile(
    r"\s*answer(?:\s+(?P<key>\S+)(?:\s+(?P<value>.*?))?)?\s*$", re.DOTALL
)
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<text>.*)(?P=quote)", re.DOTALL)


def prompts_text(board: JobBoard, jobs: Collection[Job] = ()) -> str:
    """Return the questions that wait for a person as a table of text.

    Parameters
    ----------
    board
        Knows the names of jobs.
    jobs
        Whose questions to list; by default all, also those of no job.
    """
    from notebook_async.prompts import pending  # noqa: PLC0415 - on use

    names = {f"job-{job.id}" for job in jobs}
    prompts = [one for one in pending if not names or one.question.job in names]
    if not prompts:
        return "nothing waits for you"
    rows = [["id", "job", "question", "asked", "left"]]
    rows += [_row(prompt, board) for prompt in prompts]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _row(prompt: Prompt, board: JobBoard) -> list[str]:
    question, left = prompt.question, prompt.remaining
    text = " ".join(question.text.split())
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 1]}…"
    asked = dt.datetime.fromtimestamp(question.created).astimezone()
    return [
        prompt.id,
        _job_words(question, board),
        text,
        f"{asked:%H:%M:%S}",
        "" if left is None else clock(left),
    ]


def _job_words(question: Question, board: JobBoard) -> str:
    if question.job is None:
        return ""
    number = question.job.removeprefix("job-")
    try:
        return f"#{number} {board.get(number).name}"
    except JobNotFoundError:
        return f"#{number}"


def answer_line(line: str) -> str:
    """Answer a question as a line says; return what to tell the person.

    Parameters
    ----------
    line
        `answer`, the id of a question or its number, and the answer as it is typed.
    """
    from notebook_async.prompts import pending  # noqa: PLC0415 - on use

    found = _LINE.match(line)
    key, value = (found["key"], found["value"]) if found else (None, None)
    if key is None:
        raise UsageError("jobs answer: which? give the id of a question and its answer")
    if key.isdecimal():
        key = f"prompt-{key}"
    prompt = pending.get(key)
    if prompt is None:
        reply = pending.answer(key, None)
        known = ", ".join(one.id for one in pending)
        more = f"; open: {known}" if reply.status == "unknown" and known else ""
        return f"{reply.message}{more}"
    question = prompt.question
    if question.secret or _hides(question.form.root):
        return (
            f"{key} asks for a secret, which would stay in this cell: answer it in its"
            " own form"
        )
    if value:
        reply = prompt.answer(_read(question, value), how=_HOW)
    elif question.has_default:
        reply = prompt.take_default(how=_HOW)
    else:
        return f"{key} has no default: give an answer, as in %jobs answer {key} ..."
    if reply:
        return f"{key} {reply.message}"
    open_still = "; it stays open" if reply.status == "refused" else ""
    return f"{key}: {reply.message}{open_still}"


def _hides(field: Field) -> bool:
    return field.secret or any(map(_hides, field.fields))


def _read(question: Question, value: str) -> Any:
    """Return what was typed as plain data: text, or JSON where a form has more."""
    if question.kind == "approve":
        word, _, reason = value.partition(" ")
        return {"approved": word, "reason": _unquoted(reason) or None}
    root = question.form.root
    if root.many or root.kind in {"list", "mapping", "group"}:
        try:
            return json.loads(value)
        except ValueError:
            if root.many or root.kind == "list":
                return [_unquoted(part.strip()) for part in value.split(",")]
    return _unquoted(value)


def _unquoted(text: str) -> str:
    found = _QUOTED.fullmatch(text.strip())
    return found["text"] if found else text.strip()
