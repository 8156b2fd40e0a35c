"""Who waits for a person in a run, and in the runs inside of its steps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notebook_async.widgets._graph_source import OpenQuestion
from notebook_async.workflow._engine.record_makers import question_text
from notebook_async.workflow._graph.build import EXTERNAL

if TYPE_CHECKING:
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.events import InputRequiredEvent

__all__ = ["OpenWaits", "open_waits"]

_LONGEST = 300


@dataclass(slots=True)
class OpenWaits:
    """What waits for a person.

    Attributes
    ----------
    number
        How many questions and steps.
    steps
        How many calls of each step wait; where no step waits for an answer it is the
        person's own node that does.
    questions
        The questions, the oldest first.
    """

    number: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    questions: tuple[OpenQuestion, ...] = ()


def open_waits(run: Run) -> OpenWaits:
    """Return who waits for a person now."""
    found = OpenWaits()
    if run.ended or run.state.outcome is not None:
        return found
    waits = run.state.waits
    asking = {one.question: one.invocation.station.name for one in waits.waiters}
    loose = [name for name in waits.questions if name not in asking]
    for name, station in run.state.stations.items():
        if station.waiting:
            found.steps[name] = station.waiting
    # A question that a step wrote to the stream before it waited is its own.
    silent = sum(waiter.question is None for waiter in waits.waiters)
    found.number = len(waits.questions) + max(0, silent - len(loose))
    if len(loose) > silent:
        found.steps[EXTERNAL] = len(loose) - silent
    found.questions = tuple(
        OpenQuestion(_words(question), asking.get(name))
        for name, question in waits.questions.items()
    )
    for child, call in run.children.items():
        _add_child(found, open_waits(child), call.station.name)
    return found


def _add_child(found: OpenWaits, child: OpenWaits, step: str) -> None:
    if not child.number:
        return
    found.number += child.number
    found.steps[step] += 1
    found.questions += tuple(OpenQuestion(each.text, step) for each in child.questions)


def _words(question: InputRequiredEvent) -> str:
    return question_text(question)[:_LONGEST]
