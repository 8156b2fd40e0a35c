"""The records of a run of a workflow, made of what its engine knows."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core._drafts import draft_of
from notebook_async.core._short import error_line, short
from notebook_async.core.records import QuestionRecord, StepRecord

if TYPE_CHECKING:
    from notebook_async.core.records import Phase
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.events import InputRequiredEvent

__all__ = ["graph_of_run", "question_record", "question_text", "step_record"]

_log = logging.getLogger("notebook_async")
_LONGEST = 1000
# As in `ask_event`, which asks them.
_TEXTS = ("prefix", "question", "text", "prompt", "message")

_StepDraft = draft_of(StepRecord)


def graph_of_run(run: Run) -> dict[str, Any] | None:
    """Return the graph of a run as plain data, made once for all runs of a class."""
    definition = run.definition
    if definition.graph is None:
        try:
            definition.graph = run.workflow.graph().to_dict()
        except Exception:  # noqa: BLE001 - a picture's fault must not become the run's
            _log.exception("the graph of %s cannot be made", definition.name)
    return definition.graph


def question_record(
    source: tuple[str, ...],
    question: InputRequiredEvent,
    name: str,
    phase: Phase,
    step: str | None = None,
) -> QuestionRecord:
    """Return that a person is asked, or what has become of a question."""
    text = question_text(question)
    if len(text) > _LONGEST:
        text = short(question)
    return QuestionRecord(
        at=perf_counter(),
        source=source,
        phase=phase,
        question=name,
        text=text,
        step=step,
    )


def question_text(question: InputRequiredEvent) -> str:
    """Return what a question asks; without words it is the event itself."""
    found = (getattr(question, name, None) for name in _TEXTS)
    text = next((each for each in found if isinstance(each, str) and each), None)
    return short(question) if text is None else text


def step_record(  # noqa: PLR0913, PLR0917 - one call for each call of a step
    source: tuple[str, ...],
    call: Invocation,
    phase: Phase,
    at: float,
    began: float,
    value: object = None,
    error: BaseException | None = None,
    shown: tuple[str, str | None] | None = None,
) -> StepRecord:
    """Return what has become of a call."""
    record = _StepDraft()
    record.at = at
    record.source = source
    record.phase = phase
    record.step = call.station.name
    record.call = call.number
    record.began = began
    record.given = type(call.given).__name__
    record.returned = None if value is None else type(value).__name__
    record.attempt = call.attempts + 1
    record.error = None
    if error is not None:
        record.error = error_line(error)
        # One that has failed is counted already.
        record.attempt = call.attempts + (phase == "cancelled")
    record.shown = shown
    record.__class__ = StepRecord
    made: StepRecord = record
    return made
