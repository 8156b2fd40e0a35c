"""The language of the filter: `step:classify kind:failed source:run-3 text`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, get_args

from notebook_async.core import Phase
from notebook_async.widgets._events_words import kind_word, short_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from notebook_async.core.recording import Recording, Selection, Source, State

__all__ = ["Query", "QueryError", "parse_query", "query_hint"]

_KEYS = ("step", "kind", "source")
_TOKEN = re.compile(r'([A-Za-z]+):(?=\s|$)|(?:([A-Za-z]+):)?(?:"([^"]*)"?|(\S+))')
_KINDS = (
    "JobRecord",
    "RunRecord",
    "ItemRecord",
    "WorkflowRecord",
    "StepRecord",
    "FlowRecord",
    "EventRecord",
    "QuestionRecord",
    "BlockRecord",
)
_PHASES: tuple[Phase, ...] = get_args(Phase)
_FEWEST_LETTERS = 3
_MOST_NAMED = 6


class QueryError(ValueError):
    """A filter that says nothing, with what to write instead."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a filter asks for.

    Attributes
    ----------
    kinds, phases, names, source, text
        As `Recording.where` takes them; None and empty ask for nothing.
    """

    kinds: frozenset[str] | None = None
    phases: frozenset[Phase] | None = None
    names: frozenset[str] | None = None
    source: Source = ()
    text: str = ""

    @property
    def everything(self) -> bool:
        """Whether every record passes."""
        parts = (self.kinds, self.phases, self.names)
        return parts == (None, None, None) and not self.source and not self.text

    def select(self, recording: Recording, *, text: str | None = None) -> Selection:
        """Return the records that pass; with another text, if one is given."""
        return recording.where(
            kinds=self.kinds,
            source=self.source,
            phases=self.phases,
            names=self.names,
            text=self.text if text is None else text,
        )


def parse_query(text: str, state: State) -> Query:
    """Return what a filter asks for.

    Words with a key narrow it down: `step:` (also the name of a job, a workflow or an
    event), `kind:` (a phase or a kind of record) and `source:` (an id, its beginning,
    or the name of a job or run). What is left is a text that must be in the record. Of
    the same key either will do; of different ones all must hold.

    Parameters
    ----------
    text
        What a person has typed.
    state
        What has been recorded, for the names that it knows.

    Raises
    ------
    QueryError
        If it cannot be understood; the message says what could.

    Examples
    --------
    >>> from notebook_async.core.recording import State
    >>> query = parse_query("kind:failed kind:item timed out", State())
    >>> query.phases, query.kinds, query.text
    (frozenset({'failed'}), frozenset({'ItemRecord'}), 'timed out')
    """
    values: dict[str, list[str]] = {key: [] for key in _KEYS}
    words = []
    for key, value in _tokens(text):
        if not key:
            words.append(value)
        elif not value:
            example = f"{key}:{_example(key, state)}"
            raise QueryError(f"{key}: needs a word, such as {example}")
        else:
            parts = [part for part in value.split(",") if part]
            values[key] += parts if key == "kind" else [value]
    kinds, phases = _kinds(values["kind"], state)
    names = frozenset(values["step"]) or None
    return Query(
        kinds=kinds,
        phases=phases,
        names=names,
        source=_source(values["source"], state),
        text=" ".join(words),
    )


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    for found in _TOKEN.finditer(text):
        bare, key, quoted, plain = found.groups()
        key = (key or bare or "").lower()
        value = quoted if quoted is not None else plain or ""
        if key in _KEYS:
            yield key, value
        elif not key:
            yield "", value
        elif quoted is None and value[:1] not in ("", "/", ":") and _is_meant(key):
            near = get_close_matches(key, _KEYS, n=1, cutoff=0.5)
            instead = f"{near[0]}:{value}" if near else f'"{key}:{value}"'
            known = ", ".join(f"{name}:" for name in _KEYS)
            raise QueryError(f"no key {key}: here, only {known}; try {instead}")
        else:
            yield "", found.group()


def _is_meant(key: str) -> bool:
    """Tell a key from a word that a colon follows, such as `TypeError:`."""
    return key.islower() or bool(get_close_matches(key.lower(), _KEYS, cutoff=0.7))


def _example(key: str, state: State) -> str:
    if key == "kind":
        return "failed"
    if key == "step":
        return next(iter(_step_names(state)), "classify")
    return short_id(next((source[-1] for source in _sources(state) if source), "run-1"))


def _kinds(
    values: list[str], state: State
) -> tuple[frozenset[str] | None, frozenset[Phase] | None]:
    known = {kind_word(name): name for name in (*_KINDS, *state.kinds)}
    kinds: set[str] = set()
    phases: set[Phase] = set()
    for value in values:
        word = kind_word(value)
        single = word.removesuffix("s")
        phase = next((phase for phase in _PHASES if phase == word), None)
        if phase is not None:
            phases.add(phase)
        elif word in known or single in known:
            kinds.add(known.get(word) or known[single])
        else:
            raise QueryError(_no_kind(word, known))
    return frozenset(kinds) or None, frozenset(phases) or None


def _no_kind(word: str, known: Collection[str]) -> str:
    near = get_close_matches(word, (*_PHASES, *known), n=1, cutoff=0.5)
    if near:
        return f"no kind {word}: did you mean kind:{near[0]}?"
    return f"no kind {word}: there are {', '.join((*_PHASES, *sorted(known)))}"


# -- sources


def _sources(state: State) -> Iterable[Source]:
    yield from state.jobs
    yield from state.runs
    yield from state.workflows


def _source(values: list[str], state: State) -> Source:
    if not values:
        return ()
    if len(values) > 1:
        raise QueryError("one source: at a time")
    value = values[0]
    paths = {
        source[: depth + 1]
        for source in _sources(state)
        for depth in range(len(source))
    }
    named = [(source, part.name) for source, part in state.jobs.items()]
    named += [(source, run.desc or "") for source, run in state.runs.items()]
    named += [(source, flow.name) for source, flow in state.workflows.items()]
    for found in (
        {path for path in paths if path[-1] == value},
        {source for source, name in named if name == value},
        {
            path
            for path in paths
            if len(value) >= _FEWEST_LETTERS and path[-1].startswith(value)
        },
    ):
        if len(found) == 1:
            return found.pop()
        if found:
            ids = sorted(short_id(path[-1]) for path in found)
            raise QueryError(f"{value} is several: source:{_some(ids)}")
    ids = sorted({short_id(path[-1]) for path in paths}, key=_by_length)
    near = get_close_matches(value, ids, n=1, cutoff=0.5)
    there = f"did you mean source:{near[0]}?" if near else f"there are {_some(ids)}"
    raise QueryError(f"no source {value}: {there}" if ids else f"no source {value} yet")


def _by_length(name: str) -> tuple[int, str]:
    return len(name), name


def _step_names(state: State) -> dict[str, None]:
    names: dict[str, None] = {}
    for flow in state.workflows.values():
        nodes = (flow.graph or {}).get("nodes", ())
        steps = (str(node["id"]) for node in nodes if node.get("node_type") == "step")
        names.update(dict.fromkeys((*steps, *flow.steps)))
    return names


def query_hint(query: Query, state: State) -> str:
    """Return what a person should know, such as that nothing has this name so far."""
    known = _step_names(state)
    for flow in state.workflows.values():
        known |= dict.fromkeys((flow.name, *flow.events))
    known |= dict.fromkeys(job.name for job in state.jobs.values())
    known |= dict.fromkeys(run.desc for run in state.runs.values() if run.desc)
    for name in sorted(query.names or ()):
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            there = f"did you mean step:{near[0]}?" if near else ""
            return f"nothing is called {name} so far{'; ' if there else ''}{there}"
    return ""


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - _MOST_NAMED:,} more" if len(ids) > _MOST_NAMED else ""
    return ", ".join(ids[:_MOST_NAMED]) + more
