"""Runs of workflows as a recording has them: at a moment, and call by call."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from notebook_async.errors import InvalidArgumentError
from notebook_async.widgets._graph_source import (
    CallNote,
    GraphState,
    OpenQuestion,
    StepDetails,
    StepTiming,
)
from notebook_async.workflow._graph.build import EXTERNAL
from notebook_async.workflow._graph.counts import StepCounts
from notebook_async.workflow._graph.recorded import recorded_counts, recorded_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notebook_async.core.recording import Recording, State, WorkflowState
    from notebook_async.core.records import StepRecord
    from notebook_async.widgets._graph_source import RunPhase
    from notebook_async.workflow.representation import WorkflowGraph

__all__ = ["RecordedSource", "recorded_details", "short_run_name"]

_UNDER_WAY = 6
_MOST = 10
_UUID_LENGTH = 36
_LONGEST_NAME = 24


class RecordedSource:
    """A run of a workflow at a moment of a recording.

    Parameters
    ----------
    recording
        The recording, whole or still growing.
    run
        The path of ids of the run, as records have it; by default the first one.
    at
        The moment, in seconds of `time.perf_counter`; by default the last.
    """

    def __init__(
        self,
        recording: Recording,
        run: tuple[str, ...] | None = None,
        *,
        at: float | None = None,
    ) -> None:
        state = recording.state
        if run is None:
            run = next(iter(state.workflows), None)
        if run is None or run not in state.workflows:
            raise InvalidArgumentError(
                f"the recording has no run {run!r} of a workflow; it has"
                f" {list(state.workflows) or 'none'}"
            )
        self._recording = recording
        self._path = run
        self._state = state if at is None else recording.state_at(at)
        self._at = at
        counted = recorded_graph(state.workflows[run])
        self.graph: WorkflowGraph = replace(counted, counts=None, edge_counts=None)

    def moment(self, at: float) -> RecordedSource:
        """Return the same run at another moment, for `GraphPanel.show`.

        Parameters
        ----------
        at
            The moment, in seconds of `time.perf_counter`.
        """
        other = object.__new__(RecordedSource)
        other._recording, other._path = self._recording, self._path
        other.graph = self.graph
        other._state, other._at = self._recording.state_at(at), at
        return other

    @property
    def run(self) -> str:
        """The beginning of the run's id, or a name that somebody gave."""
        return short_run_name(self._path[-1])

    @property
    def version(self) -> float | None:
        """The moment."""
        return self._at

    @property
    def ended(self) -> bool:
        """True: a moment of the past does not change."""
        return True

    def state(self) -> GraphState:
        """Return the state at the moment."""
        flow = self._state.workflows.get(self._path)
        if flow is None:
            return GraphState(phase="queued", elapsed=0.0, steps={}, edges={})
        steps = dict(recorded_counts(self.graph, flow))
        questions = tuple(_questions(self._state, flow, self._path))
        loose = sum(question.step is None for question in questions)
        if loose:
            steps[EXTERNAL] = StepCounts(waiting=loose)
        waiting = sum(counts.waiting for counts in steps.values())
        return GraphState(
            phase=_phase(flow, waiting=waiting > 0),
            elapsed=round(self._now(flow) - flow.began, 3),
            steps=steps,
            edges=dict(flow.edges),
            waiting=waiting,
            questions=questions,
            since=_since(flow),
            error=flow.error,
        )

    def details(self, step: str) -> StepDetails:
        """Return the last calls of a step before the moment."""
        flow = self._state.workflows.get(self._path)
        if flow is None:
            return StepDetails()
        questions = _questions(self._state, flow, self._path)
        asked = tuple(each.text for each in questions if each.step == step)
        return recorded_details(flow, step, now=self._now(flow), questions=asked)

    def cancel(self) -> None:
        """Do nothing: what is past cannot be cancelled."""

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Do nothing: it has ended."""

    def _now(self, flow: WorkflowState) -> float:
        now = self._at if self._at is not None else self._state.at or flow.began
        return max(flow.began, now if flow.ended is None else min(now, flow.ended))


def recorded_details(
    flow: WorkflowState, step: str, *, now: float, questions: tuple[str, ...] = ()
) -> StepDetails:
    """Return what a recording knows of a step.

    Parameters
    ----------
    flow
        The run at some moment.
    step
        The step.
    now
        The time of that moment, in seconds of `time.perf_counter`.
    questions
        What the step has asked a person.
    """
    known = flow.steps.get(step)
    if known is None:
        return StepDetails(questions=questions)
    newest = (
        call for call in reversed(flow.calls.values()) if call.record.step == step
    )
    under_way = [call.record for call in islice(newest, _UNDER_WAY)]
    ended = {id(each): each for each in (*known.recent, *known.errors)}
    if known.last is not None:
        ended[id(known.last)] = known.last
    last = sorted(ended.values(), key=lambda each: each.at, reverse=True)
    # What is to be tried again stands among the errors already.
    shown = [each for each in under_way if each.phase != "retrying"] + last
    number = known.done + known.failed + known.cancelled
    return StepDetails(
        calls=tuple(_note(each, flow.began, now) for each in shown[:_MOST]),
        timing=_timing(known.seconds, known.longest, number),
        questions=questions,
    )


def short_run_name(name: str) -> str:
    """Return the beginning of an id, or a name that somebody gave, as it is.

    Examples
    --------
    >>> short_run_name("7f3a4c52-7a0e-4e55-9b6c-4a4f1c1f2a0b"), short_run_name("a")
    ('7f3a', 'a')
    """
    if len(name) == _UUID_LENGTH and name.count("-") == 4:  # noqa: PLR2004
        return name[:4]
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _note(record: StepRecord, began: float, now: float) -> CallNote:
    given, returned = record.shown or (record.given, record.returned)
    end = now if record.phase in {"running", "waiting"} else record.at
    return CallNote(
        call=record.call,
        phase=record.phase,
        given=given,
        returned=returned,
        error=record.error,
        began=max(0.0, record.began - began),
        seconds=max(0.0, end - record.began),
        attempt=record.attempt,
    )


def _timing(seconds: float, longest: float, number: int) -> StepTiming | None:
    return StepTiming(number, seconds / number, longest) if number else None


def _questions(
    state: State, flow: WorkflowState, path: tuple[str, ...]
) -> Iterator[OpenQuestion]:
    """Yield what was asked in a run and in those inside of it.

    A step that asked and has ended does not wait: it is the person who is waited for.
    """
    for question in state.questions.values():
        if question.source[: len(path)] != path:
            continue
        asker = flow.steps.get(question.step or "") if question.source == path else None
        waits = asker is not None and asker.waiting > 0
        yield OpenQuestion(question.text, question.step if waits else None)


def _since(flow: WorkflowState) -> dict[str, float]:
    """Return for each step that waits since when, after the beginning of the run."""
    since: dict[str, float] = {}
    for call in flow.calls.values():
        if call.record.phase == "waiting":
            at = call.since - flow.began
            since[call.record.step] = min(at, since.get(call.record.step, at))
    return since


def _phase(flow: WorkflowState, *, waiting: bool) -> RunPhase:
    busy = any(step.running or step.queued for step in flow.steps.values())
    if flow.phase == "running" and waiting and not busy:
        return "waiting"
    return cast("RunPhase", flow.phase)
