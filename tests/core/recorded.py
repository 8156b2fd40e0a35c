"""Records for the tests of recordings, by hand and by Hypothesis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from notebook_async.core import (
    BlockRecord,
    EventRecord,
    FlowRecord,
    ItemRecord,
    JobRecord,
    Phase,
    QuestionRecord,
    Record,
    RunRecord,
    StepRecord,
    WorkflowRecord,
)
from notebook_async.core.recording import Recording, State
from notebook_async.core.recording._fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

FLOW = ("job-1", "flow-1")
RUN = ("job-1", "run-1")
JOB = ("job-1",)
GRAPH = {"name": "Reader", "description": None, "nodes": [], "edges": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord(Record):
    """A record of a kind that recordings know nothing of."""

    what: Any
    size: int = 7


def block(at: float, phase: Phase, seconds: float, **more: Any) -> BlockRecord:  # noqa: ANN401
    """Return the record of a time in which the loop was held."""
    where = {"job": None, "step": None, "file": "/somewhere/cell.py", "cell": 7}
    code = {"line": 12, "code": "json.loads(text)", "stack": ""}
    values = {"source": (), **where, **code, **more}
    return BlockRecord(at=at, phase=phase, seconds=seconds, **values)


def step(at: float, phase: Phase, call: int = 1, **more: Any) -> StepRecord:  # noqa: ANN401
    """Return the record of a call that began when it is told, unless said otherwise."""
    values = {"source": FLOW, "step": "read", "began": at, "given": "Page", **more}
    return StepRecord(at=at, phase=phase, call=call, **values)


def item(at: float, phase: Phase, index: int = 0, **more: Any) -> ItemRecord:  # noqa: ANN401
    """Return the record of an item."""
    return ItemRecord(at=at, source=RUN, phase=phase, index=index, **more)


def run(at: float, phase: Phase, **more: Any) -> RunRecord:  # noqa: ANN401
    """Return the record of a run of ten items on two workers."""
    counts = dict.fromkeys(("done", "failed", "running", "waiting", "retried"), 0)
    values = {"source": RUN, "desc": None, "total": 10, "workers": 2, "rate": None}
    return RunRecord(at=at, phase=phase, **{**values, **counts, "eta": None, **more})


def flow(at: float, phase: Phase, **more: Any) -> WorkflowRecord:  # noqa: ANN401
    """Return the record of a run of a workflow."""
    values = {"source": FLOW, "name": "Reader", **more}
    return WorkflowRecord(at=at, phase=phase, **values)


def recorded(records: Iterable[Record], *, capacity: int = 100_000) -> Recording:
    """Return a recording of these."""
    recording = Recording(capacity=capacity)
    for record in records:
        recording.add(record)
    return recording


def folded(records: Iterable[Record]) -> State:
    """Return the state that these come to, one by one from the start."""
    state = State()
    for record in records:
        fold(state, [record])
    return state


# -- by Hypothesis

_times = st.floats(0, 100, allow_nan=False).map(lambda at: round(at, 3))
_words = st.sampled_from(["read", "write", "Ünïcode", "a\nb", ""])
_phases: st.SearchStrategy[Phase] = st.sampled_from(
    ["queued", "running", "waiting", "retrying", "done", "failed", "cancelled"]
)
_ends: st.SearchStrategy[Phase] = st.sampled_from(
    ["running", "done", "failed", "cancelled"]
)
_sources = st.sampled_from([FLOW, (*FLOW, "flow-2"), RUN, JOB, ()])
_few = st.integers(0, 4)
_texts = st.none() | st.text(max_size=5)
_counts = dict.fromkeys(
    ("done", "failed", "running", "waiting", "retried", "workers"), _few
)
_jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
)
_steps = st.builds(
    StepRecord,
    at=_times,
    source=_sources,
    phase=_phases,
    step=_words,
    call=_few,
    began=_times,
    given=_words,
    returned=_texts,
    attempt=st.integers(1, 3),
    error=_texts,
    shown=st.none() | st.tuples(_words, _texts),
)
_all = st.one_of(
    _steps,
    _steps,
    st.builds(
        FlowRecord,
        at=_times,
        source=_sources,
        phase=st.just("running"),
        queued=st.lists(st.tuples(_words, _few), max_size=2).map(tuple),
        edges=st.lists(st.tuples(_words, _words, _few), max_size=2).map(tuple),
        before=st.lists(st.tuples(_words, _few, _few, _few), max_size=1).map(tuple),
    ),
    st.builds(
        WorkflowRecord,
        at=_times,
        source=_sources,
        phase=_ends,
        name=_words,
        error=_texts,
        began=st.none() | _times,
        graph=st.none() | st.just(GRAPH),
    ),
    st.builds(
        ItemRecord,
        at=_times,
        source=_sources,
        phase=_ends,
        index=_few,
        error=_texts,
        began=st.none() | _times,
        item=_texts,
    ),
    st.builds(
        RunRecord,
        at=_times,
        source=_sources,
        phase=_ends,
        desc=_texts,
        total=st.none() | _few,
        rate=st.none() | _times,
        eta=st.none() | _times,
        began=st.none() | _times,
        **_counts,
    ),
    st.builds(
        JobRecord,
        at=_times,
        source=_sources,
        phase=_ends,
        name=_words,
        error=_texts,
        began=st.none() | _times,
    ),
    st.builds(
        QuestionRecord,
        at=_times,
        source=_sources,
        phase=_phases,
        question=_words,
        text=_words,
        step=_texts,
    ),
    st.builds(
        EventRecord,
        at=_times,
        source=_sources,
        phase=st.just("done"),
        name=_words,
        shown=_texts,
    ),
    st.builds(
        block,
        _times,
        st.sampled_from(["running", "done"]),
        _times,
        source=_sources,
    ),
    st.builds(NewRecord, at=_times, source=_sources, phase=_phases, what=_jsons),
)

any_records = st.lists(_all, max_size=40)
"""Records in no sensible order: whatever comes, a recording must not fail."""
