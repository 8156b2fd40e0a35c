"""Records in words: one line each, and all fields of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notebook_async.core import (
    EventRecord,
    FlowRecord,
    JobRecord,
    QuestionRecord,
    WorkflowRecord,
)
from notebook_async.widgets._events_words import (
    fields_of,
    fine_clock,
    kind_word,
    milliseconds,
    payload,
    source_words,
)
from tests.core.recorded import NewRecord, block
from tests.widgets.recordings import (
    FLOW,
    JOB,
    item,
    recorded,
    run,
    step,
    story,
)

if TYPE_CHECKING:
    from notebook_async.core.records import Record

EDGES = (("Item", "classify", 1200),)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (JobRecord(at=0, source=JOB, phase="done", name="index"), "index"),
        (
            JobRecord(at=0, source=JOB, phase="failed", name="index", error="E('x')"),
            "index · E('x')",
        ),
        (
            run(0, "running", done=1200, total=4000, failed=2, running=3, retried=1),
            "read · 1,200 of 4,000 done · 2 failed · 3 running · 1 retried",
        ),
        (run(0, "running", desc=None, total=None, waiting=1), "0 done · 1 waiting"),
        (item(0, "running", 3), "#3"),
        (item(0, "failed", 3, item="'d'", error="E"), "#3 'd' · E"),
        (step(0, "running", "read", 7), "read #7 Item"),
        (step(0, "done", "read", 7, returned="Label"), "read #7 Item → Label"),
        (
            step(0, "done", "read", 7, returned="L", shown=("Item(n=1)", "L(n=2)")),
            "read #7 Item(n=1) → L(n=2)",
        ),
        (step(0, "retrying", "read", 7, attempt=2), "read #7 Item · attempt 2"),
        (WorkflowRecord(at=0, source=FLOW, phase="done", name="Triage"), "Triage"),
        (EventRecord(at=0, source=FLOW, phase="done", name="Label"), "Label"),
        (
            EventRecord(at=0, source=FLOW, phase="done", name="L", shown="L(\n  n=1)"),
            "L( n=1)",
        ),
        (
            FlowRecord(
                at=0,
                source=FLOW,
                phase="running",
                queued=(("classify", 48),),
                edges=EDGES,
                before=(("review", 3, 0, 0),),
            ),
            "queued classify 48 · moved Item → classify 1,200 · before review 3",
        ),
        (
            QuestionRecord(
                at=0,
                source=FLOW,
                phase="waiting",
                question="q1",
                text="Send?",
                step="a",
            ),
            "Send? · step a",
        ),
        (
            block(0, "done", 0.31),
            "blocked 310 ms · cell [7] line 12 · json.loads(text)",
        ),
        (
            block(0, "done", 2, cell=None, job="a"),
            "blocked 2.00 s · cell.py line 12 · json.loads(text) · job a",
        ),
    ],
)
def test_payload(record: Record, words: str) -> None:
    """Each kind of record says in one line what a person wants to know."""
    assert payload(record) == words


def test_payload_is_short() -> None:
    """However much a record holds, its line ends."""
    text = payload(item(0, "failed", 1, error="x" * 1000))
    assert (len(text), text[-1]) == (160, "…")


def test_records_of_other_rooms_and_versions_have_words() -> None:
    """A kind that nobody knows shows its fields, and a look-alike does not fail."""
    new = NewRecord(at=0.0, source=(), phase="done", what=("a", 1))
    assert payload(new) == 'what=["a", 1] size=7'

    odd = block(0.0, "done", None)
    assert payload(odd).startswith("seconds=none")


def test_fields() -> None:
    """All fields are told, times as times of the recording, nothing as `none`."""
    told = fields_of(item(105.5, "done", 2, began=102.25), origin=100.0, wall=0.0)
    names = [name for name, _ in told]
    assert names == ["kind", "at", "source", "phase", "index", "error", "began", "item"]
    values = dict(told)
    assert values["kind"] == "ItemRecord"
    assert values["at"].startswith("0:05.500000 · ")
    assert values["source"] == "job-1 / run-1"
    assert (values["began"], values["error"]) == ("0:02.250000", "none")


def test_long_fields_are_cut() -> None:
    """A very long value says how much of it is left out; all are bounded together."""
    told = fields_of(item(0, "done", 1, item="x" * 9000), origin=0.0, wall=0.0)
    text = dict(told)["item"]
    assert text.endswith("… 5,000 more characters")
    assert len(text) < 4100


def test_sources() -> None:
    """Paths are readable: workflows by their names, ids no longer than need be."""
    state = recorded(story()).state
    assert source_words(FLOW, state) == "job-1 / Triage 1b4e"
    assert source_words((*FLOW, "run-2"), state) == "job-1 / Triage 1b4e / run-2"
    assert source_words((), state) == ""


def test_times() -> None:
    """Times are cut off like a clock, durations are in the unit that suits them."""
    assert fine_clock(59.999) == "0:59.99"
    assert fine_clock(0.1 + 0.2, 1) == "0:00.3"
    assert fine_clock(7325.5) == "2:02:05.50"
    assert [milliseconds(s) for s in (0.0099, 0.31, 61)] == [
        "9.90 ms",
        "310 ms",
        "61.00 s",
    ]
    assert kind_word("Record") == "record"
