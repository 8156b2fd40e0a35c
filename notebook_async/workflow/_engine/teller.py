"""Tell the hooks what happens in a run, where somebody wants to know."""

from __future__ import annotations

from operator import itemgetter
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core._drafts import draft_of
from notebook_async.core._scope import CallScope, current_scope
from notebook_async.core._short import error_line, short
from notebook_async.core.hooks import publish, wanted
from notebook_async.core.records import (
    EventRecord,
    FlowRecord,
    QuestionRecord,
    SpanRecord,
    StepRecord,
    WorkflowRecord,
)
from notebook_async.workflow._engine.flows import Flows
from notebook_async.workflow._engine.record_makers import (
    graph_of_run,
    question_record,
    step_record,
)

if TYPE_CHECKING:
    import asyncio
    from contextvars import Token

    from notebook_async.core._scope import Scope
    from notebook_async.core.records import Phase, Record
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.outcome import Outcome
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.events import Event, InputRequiredEvent

__all__ = ["Teller"]

# Of each step and class of events so many values are written down, at most, within so
# many seconds.
_MOST_SHOWN, _WITHIN = 10, 0.02
# Seconds from one record of what moved to the next.
_REST = 0.05
# Seconds for which a call may hold the loop until it is told of twice.
_LONG = 0.05

_when = itemgetter(1)
_EventDraft = draft_of(EventRecord)


class Teller:
    """Publishes the records of one run.

    That a call is running is told in the next pass of the loop, if it still is. So one
    that never waits, of which there may be a hundred thousand a second, costs one
    record and not two; but one that holds the loop costs two, so that each moment of
    that time has what was going on.

    Values become text at once, so that no record holds an object of the user's; but not
    all of them, for text takes longer than a whole step that never waits.

    Attributes
    ----------
    source
        The path of ids of the run.
    """

    __slots__ = (
        "__weakref__",
        "_count",
        "_due",
        "_flows",
        "_fresh",
        "_loop",
        "_name",
        "_scheduled",
        "_scope",
        "_shown",
        "_shown_until",
        "_tells_events",
        "_tells_steps",
        "_timer",
        "_told",
        "_traces",
        "source",
    )

    def __init__(self, run: Run) -> None:
        self._name = run.definition.name
        scope = run.base.run(current_scope.get).inside(run.run_id)
        # So that runs inside of its steps are told as parts of it.
        run.base.run(current_scope.set, scope)
        self._scope = scope
        self.source = scope.path
        self._traces = wanted(SpanRecord)
        self._tells_steps = wanted(StepRecord)
        self._tells_events = wanted(EventRecord)
        self._loop = run.loop
        self._count = 0
        self._scheduled = False
        # When calls under way began: those that nobody was told of yet, and the others.
        self._fresh: dict[Invocation, float] = {}
        self._told: dict[Invocation, float] = {}
        self._shown: dict[str, int] = {}
        self._shown_until = 0.0
        self._flows: Flows | None = Flows(run.state, self.source)
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # -- the run

    def run(
        self, phase: Phase, error: BaseException | None = None, **more: Any
    ) -> WorkflowRecord:
        """Return that the run has come to a phase."""
        return WorkflowRecord(
            at=perf_counter(),
            source=self.source,
            phase=phase,
            name=self._name,
            error=None if error is None else error_line(error),
            **more,
        )

    def started(self, run: Run) -> None:
        """Tell that the run begins, and what it had done before, if it was restored."""
        if wanted(WorkflowRecord):
            publish(self.run("running", graph=graph_of_run(run)))
        if self._flows is not None and self._flows.has_past() and wanted(FlowRecord):
            publish(self._flows.standing())
        for name, question in run.state.waits.questions.items():
            self.question(question, name, "waiting")
        self.moved()

    def ended(self, outcome: Outcome, *, cancelled: bool) -> None:
        """Tell how the run has ended."""
        if self._timer is not None:
            self._timer.cancel()
        self._tell_flow()
        self._flows = None
        self._fresh.clear()
        if cancelled:
            publish(self.run("cancelled"))
        else:
            phase: Phase = "done" if outcome.error is None else "failed"
            publish(self.run(phase, outcome.error))

    def join(self, run: Run, began: float) -> list[Record]:
        """Begin to tell what it did not; return how the run stands, as records."""
        self._tells_steps, self._tells_events = wanted(StepRecord), wanted(EventRecord)
        self._traces = wanted(SpanRecord)
        questions = run.state.waits.questions
        flows = Flows(run.state, self.source)
        return [
            self.run("running", began=began, graph=graph_of_run(run)),
            *self._calls(run),
            flows.standing(),
            *(
                question_record(self.source, question, name, "waiting")
                for name, question in questions.items()
            ),
        ]

    def _calls(self, run: Run) -> list[Record]:
        """Return the calls under way, and those to be tried again."""
        now, loop_now = perf_counter(), self._loop.time()
        records: list[Record] = []
        for call in run.state.invocations():
            phase: Phase = "retrying" if call in run.state.retrying else "running"
            if call.memory is not None and call.memory.waits:
                phase = "waiting"
            if call.began is None or (call.task is None and phase == "running"):
                continue
            began = self._told.get(call) or self._fresh.get(call)
            if began is None:
                began = now - (loop_now - call.began)
            if not call.number:
                self._number(call)
            if phase != "retrying":
                self._told[call] = began
                self._fresh.pop(call, None)
            shown = (short(call.given), None)
            records.append(
                step_record(self.source, call, phase, now, began, shown=shown)
            )
        return records

    # -- calls of steps

    def began(self, call: Invocation) -> Token[Scope] | None:
        """Take note that an attempt begins; return what ends its place in a trace."""
        if not self._scheduled:
            self.moved()
        if not self._tells_steps:
            return None
        if not call.number:
            self._number(call)
        self._fresh[call] = perf_counter()
        if not self._traces:
            return None
        return current_scope.set(CallScope(self._scope, call))

    def step(
        self,
        call: Invocation,
        phase: Phase,
        value: object = None,
        error: BaseException | None = None,
    ) -> None:
        """Tell that a call of a step has come to a phase."""
        if not self._tells_steps:
            return
        now = perf_counter()
        began = self._fresh.pop(call, None)
        if began is None:
            began = self._told.pop(call, now)
            if not call.number:
                self._number(call)
            self.moved()
        elif now - began > _LONG:
            # It held the loop, and all that it held up as well has not been told of.
            self._fresh[call] = began
            self._tell_fresh()
            del self._told[call]
        elif phase == "waiting":
            publish(step_record(self.source, call, "running", began, began))
        if phase in {"waiting", "running"}:
            self._told[call] = began
        shown = None
        # Looked at here as well, for a call costs as much as a small record.
        if (
            error is not None
            or now >= self._shown_until
            or self._shown.get(call.station.name, 0) < _MOST_SHOWN
        ):
            self._may_show(call.station.name, now)
            shown = (short(call.given), None if value is None else short(value))
        publish(step_record(self.source, call, phase, now, began, value, error, shown))

    def moved(self) -> None:
        """Look in the next pass of the loop what has moved, and what goes on."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        """Tell of what began in the last pass of the loop, and of what has moved."""
        self._scheduled = False
        self._tell_fresh()
        if self._timer is None and self._flows is not None:
            if self._loop.time() >= self._due:
                self._tell_flow()
            else:
                self._timer = self._loop.call_at(self._due, self._tell_flow)

    def _tell_fresh(self) -> None:
        """Tell of the calls that nobody was told of, as they began."""
        fresh, self._fresh = self._fresh, {}
        self._told.update(fresh)
        for call, began in sorted(fresh.items(), key=_when):
            shown = None
            if self._may_show(call.station.name, began):
                shown = (short(call.given), None)
            publish(
                step_record(self.source, call, "running", began, began, shown=shown)
            )

    def _tell_flow(self) -> None:
        """Tell what has moved between the steps."""
        self._timer = None
        if self._flows is not None and wanted(FlowRecord):
            self._due = self._loop.time() + _REST
            news = self._flows.news()
            if news is not None:
                publish(news)

    def _number(self, call: Invocation) -> None:
        self._count += 1
        call.number = self._count

    def _may_show(self, name: str, now: float) -> bool:
        """Tell whether values of this step, or class of events, may be written down."""
        if now >= self._shown_until:
            self._shown.clear()
            self._shown_until = now + _WITHIN
        shown = self._shown[name] = self._shown.get(name, 0) + 1
        return shown <= _MOST_SHOWN

    # -- events and questions

    def event(self, event: Event) -> None:
        """Tell that an event was written to the stream."""
        if not self._tells_events:
            return
        record = _EventDraft()
        record.at = now = perf_counter()
        record.source = self.source
        record.phase = "done"
        record.name = name = type(event).__name__
        record.shown = None
        # As in `step`.
        if now >= self._shown_until or self._shown.get(name, 0) < _MOST_SHOWN:
            self._may_show(name, now)
            record.shown = short(event)
        record.__class__ = EventRecord
        publish(record)

    def question(
        self,
        question: InputRequiredEvent,
        name: str,
        phase: Phase,
        step: str | None = None,
    ) -> None:
        """Tell that a person is asked, or what has become of a question."""
        if wanted(QuestionRecord):
            publish(question_record(self.source, question, name, phase, step))
