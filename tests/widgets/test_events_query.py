"""The language of the filter: what it takes, and what it says of what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.core.recording import State
from notebook_async.widgets._events_query import (
    Query,
    QueryError,
    parse_query,
    query_hint,
)
from tests.widgets.recordings import FLOW, JOB, RUN, recorded, story

STATE = recorded(story()).state


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", Query()),
        ("timed out", Query(text="timed out")),
        ('"kind:failed"', Query(text="kind:failed")),
        ("kind:failed", Query(phases=frozenset({"failed"}))),
        ("kind:failed,done", Query(phases=frozenset({"failed", "done"}))),
        ("kind:failed kind:done", Query(phases=frozenset({"failed", "done"}))),
        ("kind:item", Query(kinds=frozenset({"ItemRecord"}))),
        ("kind:items", Query(kinds=frozenset({"ItemRecord"}))),
        ("kind:ItemRecord", Query(kinds=frozenset({"ItemRecord"}))),
        ("KIND:Item", Query(kinds=frozenset({"ItemRecord"}))),
        (
            "kind:step kind:failed",
            Query(kinds=frozenset({"StepRecord"}), phases=frozenset({"failed"})),
        ),
        ("step:classify", Query(names=frozenset({"classify"}))),
        ('step:"two words" x', Query(names=frozenset({"two words"}), text="x")),
        ("source:run-1", Query(source=RUN)),
        ("source:job-1", Query(source=JOB)),
        ("source:1b4e16c8", Query(source=FLOW)),
        ("source:Triage", Query(source=FLOW)),
        ("source:read", Query(source=RUN)),
        (
            "step:classify kind:failed source:Triage bad thing",
            Query(
                names=frozenset({"classify"}),
                phases=frozenset({"failed"}),
                source=FLOW,
                text="bad thing",
            ),
        ),
        ("TypeError: no", Query(text="TypeError: no")),
        ("http://example.org", Query(text="http://example.org")),
        ("12:30", Query(text="12:30")),
    ],
)
def test_filters(text: str, query: Query) -> None:
    """Keys narrow down, what has none is a text, quotes keep words together."""
    assert parse_query(text, STATE) == query


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stpe:classify", "no key stpe: here, only step:, kind:, source:; try step:cl"),
        ("level:info", 'no key level: here, .*; try "level:info"'),
        ("kind:fail", "no kind fail: did you mean kind:failed?"),
        ("kind:zzz", "no kind zzz: there are queued, running, .*, workflow"),
        ("kind:", "kind: needs a word, such as kind:failed"),
        ("step:", "step: needs a word, such as step:dispatch"),
        ("source: ", "source: needs a word, such as source:job-1"),
        ("source:run-9", "no source run-9: did you mean source:run-1?"),
        ("source:zzz", "no source zzz: there are job-1, run-1, 1b4e16c8"),
        ("source:run-1 source:job-1", "one source: at a time"),
    ],
)
def test_errors_say_what_to_write(text: str, message: str) -> None:
    """What cannot be understood is told with what could."""
    with pytest.raises(QueryError, match=message):
        parse_query(text, STATE)


def test_a_name_of_several_sources_asks_which() -> None:
    """Where several runs have a name, their ids are told."""
    state = recorded(story()).state
    other = ("job-1", "9c4e16c8-bbe7-437a-85eb-91e6f38c078a")
    state.workflows[other] = state.workflows[FLOW]
    with pytest.raises(
        QueryError, match="Triage is several: source:1b4e16c8, 9c4e16c8"
    ):
        parse_query("source:Triage", state)


def test_nothing_recorded_yet() -> None:
    """Before anything has begun no source can be named, and the message says so."""
    with pytest.raises(QueryError, match=r"^no source run-1 yet$"):
        parse_query("source:run-1", State())


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("step:classify", ""),
        ("step:Triage", ""),
        ("step:read", ""),
        ("step:index", ""),
        ("step:Label", ""),
        (
            "step:classy",
            "nothing is called classy so far; did you mean step:classify?",
        ),
        ("step:zzz", "nothing is called zzz so far"),
        ("kind:failed", ""),
    ],
)
def test_a_name_that_is_not_there_yet_is_no_error(text: str, hint: str) -> None:
    """A step may come later: the filter stands, and a hint says that it finds none."""
    query = parse_query(text, STATE)
    assert query_hint(query, STATE) == hint


@given(st.text(alphabet="stepkindsource:\"' ,\n" + "ab1é", max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    """Whatever is typed is a filter or an error with words; nothing else is raised."""
    try:
        query = parse_query(text, STATE)
    except QueryError as error:
        assert str(error)  # noqa: PT017 - both ways are right
    else:
        query.select(recorded(story()))


def test_selection_of_a_query() -> None:
    """A query selects the records that pass it, and may look for another text."""
    recording = recorded(story())
    query = parse_query("kind:failed bad", recording.state)
    assert [number for number, _ in query.select(recording)] == [9]
    assert [number for number, _ in query.select(recording, text="keyerror")] == [17]
    assert not query.everything
    assert Query().everything
