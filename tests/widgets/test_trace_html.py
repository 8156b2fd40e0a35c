"""The still picture of a trace."""

from __future__ import annotations

import base64
import re

import pytest

from notebook_async import Recording
from notebook_async.core import BlockRecord, Phase, Record, SpanRecord
from notebook_async.tracing import Trace
from notebook_async.widgets._trace_html import trace_html


def began(at: float, name: str, number: int, **more: str) -> SpanRecord:
    """Return that a span began."""
    source = (f"span-{number}",)
    return SpanRecord(at=at, source=source, phase="running", name=name, **more)


def ended(
    at: float, first: SpanRecord, phase: Phase = "done", error: str | None = None
) -> SpanRecord:
    """Return that a span has ended."""
    return SpanRecord(
        at=at,
        source=first.source,
        phase=phase,
        name=first.name,
        parent=first.parent,
        began=first.at,
        error=error,
    )


def picture(*records: Record) -> str:
    """Return the picture of a trace of these."""
    recording = Recording()
    for record in records:
        recording.add(record)
    return trace_html(Trace(recording, name="a <b>"))


def words(html: str) -> str:
    """Return what is to be read, each cell of a table in a line."""
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"<[^>]+>", "\n", html)).strip()


def strips(html: str) -> list[str]:
    """Return the paths in its strips."""
    data = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    found = (
        re.findall(r'<path d="([^"]+)"', base64.b64decode(d).decode()) for d in data
    )
    return [" ".join(paths) for paths in found]


def test_rows_have_their_time_and_place() -> None:
    """Each span has a row: its name, how long it took, and where on the time line."""
    load, read = began(1.0, "load", 1), began(2.0, "read", 2, parent="span-1")
    html = picture(load, read, ended(4.0, read), ended(5.0, load))
    assert words(html).splitlines()[:9] == [
        "✓",
        "a &lt;b&gt;",
        "2 spans in 4.00 s",
        "✓",
        "load",
        "4.00 s",
        "✓",
        "read",
        "2.00 s",
    ]
    assert strips(html)[:2] == ["M0.0 2h500.0v12h-500.0z", "M125.0 2h250.0v12h-250.0z"]


def test_failure_is_told_where_it_came_from() -> None:
    """The error stands in the row of the innermost span only."""
    load, read = began(1.0, "load", 1), began(2.0, "read", 2, parent="span-1")
    error = "ValueError('<no>')"
    html = picture(
        load, read, ended(4.0, read, "failed", error), ended(5.0, load, "failed", error)
    )
    assert words(html).count("ValueError(&#x27;&lt;no&gt;&#x27;)") == 1
    assert "2 spans in 4.00 s · 2 failed" in words(html)


def test_what_goes_on_says_so() -> None:
    """A span without an end is told as running, and in no total."""
    html = picture(began(1.0, "load", 1), ended(3.0, began(2.0, "read", 2)))
    assert "2 spans in 2.00 s · 1 running" in words(html)
    assert "1 running" in words(html)


def test_held_loop_has_rows() -> None:
    """The longest times in which the loop was held stand below, the others counted."""
    blocks = [
        BlockRecord(
            at=1.0 + n,
            source=(),
            phase="done",
            seconds=0.1 * (n + 1),
            job=None,
            step=None,
            file="cell.py",
            line=n,
            cell=3,
            code=" time.sleep(1)",
            stack="",
        )
        for n in range(7)
    ]
    load = began(1.0, "load", 1)
    text = words(picture(load, *blocks, ended(9.0, load)))
    assert "the loop was held for 2.80 s" in text
    assert "the loop was held: cell [3] line 6 · time.sleep(1)\n700 ms" in text
    assert text.count("the loop was held: ") == 5
    assert "… 2 more times" in text


def test_very_many_are_cut() -> None:
    """Of many rows only the first are there, with a word on the others."""
    records: list[Record] = []
    for number in range(400):
        first = began(float(number), f"load {number}", number)
        records += [first, ended(number + 0.5, first)]
    html = picture(*records)
    assert "… 250 more" in words(html)
    assert "… 385 more names" in words(html)
    assert len(html) < 180_000


def test_many_alike_are_one_row() -> None:
    """What is alike and went well is summed up after the first eight."""
    records: list[Record] = []
    for number in range(30):
        first = began(float(number), "load", number)
        records += [first, ended(number + 0.5, first)]
    html = picture(*records)
    assert "… 22 more load\nΣ 11.0" in words(html).replace("Σ 11.00", "Σ 11.0")
    assert strips(html)[8].count("M") == 22


@pytest.mark.parametrize("records", [(), (began(1.0, "load", 1),)])
def test_little_is_no_error(records: tuple[Record, ...]) -> None:
    """A trace of nothing, or of a moment, has a picture."""
    assert words(picture(*records)).splitlines()[1] == "a &lt;b&gt;"
