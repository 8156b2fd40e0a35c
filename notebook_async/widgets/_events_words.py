"""Records as a person reads them: one line each, and all their fields."""

from __future__ import annotations

import json
import re
import time
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core import (
        BlockRecord,
        EventRecord,
        FlowRecord,
        ItemRecord,
        JobRecord,
        QuestionRecord,
        Record,
        RunRecord,
        SpanRecord,
        StepRecord,
        WorkflowRecord,
    )
    from notebook_async.core.recording import Source, State

__all__ = [
    "fields_of",
    "fine_clock",
    "kind_word",
    "milliseconds",
    "payload",
    "short_id",
    "source_words",
]

_LONGEST = 160
_LONGEST_FIELD = 4_000
_LONGEST_ALL = 24_000
_MINUTE, _HOUR = 60, 3600
_SECOND = 1.0
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def kind_word(name: str) -> str:
    """Return what a class of records is called here.

    Examples
    --------
    >>> kind_word("ItemRecord"), kind_word("Odd")
    ('item', 'odd')
    """
    return (name.removesuffix("Record") or name).lower()


def fine_clock(seconds: float, digits: int = 2) -> str:
    """Return a time within a recording: `0:05.82`.

    Examples
    --------
    >>> fine_clock(5.827), fine_clock(3723.5, 1), fine_clock(-0.25)
    ('0:05.82', '1:02:03.5', '-0:00.25')
    """
    sign, rest = ("-" if seconds < 0 else ""), abs(seconds)
    # Cut off and not rounded, as a clock is: 59.999 seconds are no minute.
    scale = 10**digits
    whole, part = divmod(int(rest * scale + 1e-6), scale)
    minutes, second = divmod(whole, _MINUTE)
    hours = f"{minutes // _MINUTE}:{minutes % _MINUTE:02}" if minutes >= _MINUTE else ""
    return f"{sign}{hours or minutes}:{second:02}.{part:0{digits}}"


def milliseconds(seconds: float) -> str:
    """Return a short duration in the unit that suits it.

    Examples
    --------
    >>> milliseconds(0.31), milliseconds(2.5), milliseconds(0.00042)
    ('310 ms', '2.50 s', '0.42 ms')
    """
    if seconds >= _SECOND:
        return f"{seconds:.2f} s"
    value = 1000 * seconds
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2f} ms"  # noqa: PLR2004


def short_id(name: str) -> str:
    """Return an id with no more of it than tells it apart.

    Examples
    --------
    >>> short_id("job-3"), short_id("1b4e16c8-bbe7-437a-85eb-91e6f38c078a")
    ('job-3', '1b4e16c8')
    """
    return name[:8] if _UUID.fullmatch(name) else name[:40]


def source_words(source: Source, state: State) -> str:
    """Return a path of ids: names of workflows, and ids no longer than need be."""
    words = []
    for depth, name in enumerate(source, 1):
        group = state.span_groups.get(source[:depth])
        if group is not None:
            words.append(group[-1][1:][:40])
            continue
        flow = state.workflows.get(source[:depth])
        own = short_id(name)
        words.append(f"{flow.name} {own[:4]}" if flow and flow.name else own)
    return " / ".join(words)


def payload(record: Record) -> str:
    """Return what a record tells, in one line."""
    words = _PAYLOADS.get(type(record).__name__, _any)
    try:
        text = words(record)
    except (AttributeError, TypeError, ValueError):
        # A look-alike from a file of another version.
        text = _any(record)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def fields_of(record: Record, *, origin: float, wall: float) -> list[list[str]]:
    """Return the names and values of all fields, as text.

    Parameters
    ----------
    record
        The record.
    origin
        The time that the recording's are counted from.
    wall
        Its time, in seconds since the epoch.

    Returns
    -------
    list
        A name and a text each. What is very long is cut, and says by how much.
    """
    day = time.strftime("%H:%M:%S", time.localtime(wall))
    at = f"{fine_clock(record.at - origin, 6)} · {day}.{int(wall % 1 * 1000):03}"
    found = [
        ["kind", type(record).__name__],
        ["at", at],
        ["source", " / ".join(record.source) or "everything"],
        ["phase", record.phase],
    ]
    room = _LONGEST_ALL
    for part in fields(record):
        if part.name in {"at", "source", "phase"}:
            continue
        value = getattr(record, part.name)
        if part.name == "began" and isinstance(value, float):
            value = fine_clock(value - origin, 6)
        text = _value_text(value, min(room, _LONGEST_FIELD))
        room = max(200, room - len(text))
        found.append([part.name, text])
    return found


def _value_text(value: Any, most: int) -> str:
    text = value if isinstance(value, str) else _json(value)
    if len(text) <= most:
        return text
    return f"{text[:most]}… {len(text) - most:,} more characters"


def _json(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False, default=repr)


def _job(record: JobRecord) -> str:
    return _with_error(record.name, record.error)


def _run(record: RunRecord) -> str:
    parts = [f"{record.done:,} done"]
    if record.total is not None:
        parts[0] = f"{record.done:,} of {record.total:,} done"
    for number, word in (
        (record.failed, "failed"),
        (record.running, "running"),
        (record.waiting, "waiting"),
        (record.retried, "retried"),
    ):
        if number:
            parts.append(f"{number:,} {word}")
    return " · ".join(filter(None, [record.desc, *parts]))


def _item(record: ItemRecord) -> str:
    text = f"#{record.index}"
    if record.item is not None:
        text = f"{text} {record.item}"
    return _with_error(text, record.error)


def _workflow(record: WorkflowRecord) -> str:
    return _with_error(record.name, record.error)


def _step(record: StepRecord) -> str:
    given, returned = record.shown or (None, None)
    text = f"{record.step} #{record.call} {given or record.given}"
    if record.returned is not None:
        text = f"{text} → {returned or record.returned}"
    if record.attempt > 1:
        text = f"{text} · attempt {record.attempt}"
    return _with_error(text, record.error)


def _span(record: SpanRecord) -> str:
    told = (f"{name}={value}" for name, value in record.attributes)
    parts = [" ".join([record.name, *told])]
    if record.began is not None:
        parts.append(milliseconds(record.at - record.began))
    return _with_error(" · ".join(parts), record.error)


def _event(record: EventRecord) -> str:
    return record.shown or record.name


def _flow(record: FlowRecord) -> str:
    queued = ", ".join(f"{name} {number:,}" for name, number in record.queued)
    moved = ", ".join(f"{a} → {b} {number:,}" for a, b, number in record.edges)
    before = ", ".join(f"{name} {done:,}" for name, done, _, _ in record.before)
    told = (("queued", queued), ("moved", moved), ("before", before))
    return " · ".join(f"{word} {text}" for word, text in told if text)


def _question(record: QuestionRecord) -> str:
    return f"{record.text} · step {record.step}" if record.step else record.text


def _block(record: BlockRecord) -> str:
    parts = [f"blocked {milliseconds(record.seconds)}"]
    if record.cell is not None:
        parts.append(f"cell [{record.cell}] line {record.line}")
    else:
        name = re.split(r"[/\\]", record.file)[-1]
        parts.append(f"{name} line {record.line}".strip())
    if record.code:
        parts.append(record.code.strip())
    if record.job:
        parts.append(f"job {record.job}")
    return " · ".join(parts)


def _any(record: Record) -> str:
    own = (part.name for part in fields(record))
    told = (name for name in own if name not in {"at", "source", "phase"})
    return " ".join(f"{name}={_value_text(getattr(record, name), 60)}" for name in told)


def _with_error(text: str, error: str | None) -> str:
    return text if error is None else f"{text} · {error}"


_PAYLOADS: dict[str, Callable[[Any], str]] = {
    "JobRecord": _job,
    "RunRecord": _run,
    "ItemRecord": _item,
    "WorkflowRecord": _workflow,
    "StepRecord": _step,
    "SpanRecord": _span,
    "EventRecord": _event,
    "FlowRecord": _flow,
    "QuestionRecord": _question,
    "BlockRecord": _block,
}
"""By name: a look-alike from a file is known by it, too."""
