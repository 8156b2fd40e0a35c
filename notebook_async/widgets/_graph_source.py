"""What a graph panel shows: a run that goes on, or one as it was at some moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from notebook_async.workflow._graph.counts import StepPhase
    from notebook_async.workflow.representation import (
        EdgeCounts,
        LiveCounts,
        WorkflowGraph,
    )

__all__ = [
    "CallNote",
    "GraphSource",
    "GraphState",
    "OpenQuestion",
    "RunPhase",
    "StepDetails",
    "StepTiming",
]

RunPhase: TypeAlias = Literal[
    "queued", "running", "waiting", "done", "failed", "cancelled"
]


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What a person was asked and has not answered.

    Attributes
    ----------
    text
        The question, as short text.
    step
        The step that waits for the answer, or None if none does.
    """

    text: str
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphState:
    """A run at one moment.

    Attributes
    ----------
    phase
        That of the run; `waiting` if nothing moves until a person answers.
    elapsed
        Seconds since the run began.
    steps, edges
        What each step does and did, and how many events took each edge, as
        `WorkflowGraph.with_counts` takes them.
    waiting
        How many questions, or steps, wait for a person.
    questions
        Those questions that have words, the oldest first.
    since
        For each step that waits for a person, the `elapsed` at which it began to.
    error
        Why the run failed, in one line.
    ticks
        Whether time goes on by itself; not so in a moment of the past.
    actions
        What may be done about the run: "cancel", or nothing.
    """

    phase: RunPhase
    elapsed: float
    steps: LiveCounts
    edges: EdgeCounts
    waiting: int = 0
    questions: tuple[OpenQuestion, ...] = ()
    since: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    ticks: bool = False
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNote:
    """One call of a step, as short text.

    Attributes
    ----------
    call
        Tells the calls of a run apart.
    phase
        What it came to: running, waiting, retrying, done, failed or cancelled.
    given, returned, error
        What it was given, returned and raised; None where nobody knows.
    began
        Seconds since the run began.
    seconds
        How long it took, or has taken so far.
    attempt
        Which attempt it was, from 1.
    """

    call: int
    phase: StepPhase
    given: str | None
    returned: str | None = None
    error: str | None = None
    began: float | None = None
    seconds: float | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class StepTiming:
    """How long the calls of a step took that have ended, in seconds."""

    calls: int
    mean: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDetails:
    """What is known of one step.

    Attributes
    ----------
    calls
        Its last calls, the newest first.
    timing
        How long they took, or None if none was seen to end.
    questions
        What it has asked a person and waits for.
    """

    calls: tuple[CallNote, ...] = ()
    timing: StepTiming | None = None
    questions: tuple[str, ...] = ()


class GraphSource(Protocol):
    """What a graph panel asks; nothing is told to it but the end."""

    @property
    def graph(self) -> WorkflowGraph:
        """The steps and events, without counts. Panels compare it by `==`."""

    @property
    def run(self) -> str:
        """A short name of the run."""

    @property
    def version(self) -> Hashable:
        """Something else whenever `state()` may be."""

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more by itself."""

    def state(self) -> GraphState:
        """Return the state at this moment."""

    def details(self, step: str) -> StepDetails:
        """Return what is known of a step of the graph."""

    def cancel(self) -> None:
        """Cancel the run, if that can be done."""

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back once it has ended."""
