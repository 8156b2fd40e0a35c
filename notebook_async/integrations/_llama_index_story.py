"""What happens in a run of the package, told in our records.

A tick says what the run works off: an event that came in, or what a call of a step came
to. What it publishes then says what follows: a step has begun, waits for a worker, has
ended; or it is an event of the stream.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from notebook_async.core._short import error_line
from notebook_async.core.records import EventRecord, StepRecord, WorkflowRecord
from notebook_async.integrations._llama_index_calls import Calls, kind_of, step_of
from notebook_async.integrations._llama_index_flows import Flows
from notebook_async.integrations._llama_index_questions import Questions
from notebook_async.integrations._llama_index_texts import Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from notebook_async.core.records import Phase, Record
    from notebook_async.integrations._llama_index_calls import Call

__all__ = ["Story", "is_internal"]


class Story:
    """Tells of a run, tick by tick.

    Parameters
    ----------
    source
        The path of ids of the run.
    name
        The class of the workflow.
    graph
        Its graph as plain data, or None.
    tell
        Takes a record; may be replaced.

    Attributes
    ----------
    at
        The time of what was told last, in seconds of `time.perf_counter`.
    """

    def __init__(
        self,
        source: tuple[str, ...],
        name: str,
        graph: Mapping[str, Any] | None,
        tell: Callable[[Record], object],
    ) -> None:
        self.tell = tell
        self.at = float("-inf")
        self._source, self._name, self._graph = source, name, graph
        self._calls = Calls()
        self._flows = Flows(source, graph)
        self._questions = Questions(source, self._tell_on)
        self._texts = Texts()
        self._tick: Any = None
        # Of the log alone: when events came in, and when workers became free.
        self._came: dict[int, float] = {}
        self._freed: dict[tuple[str, str], float] = {}
        # Events that steps have returned, which come in next; alive in the log.
        self._returned: set[int] = set()

    # -- the run

    def begin(self, at: float) -> None:
        """Tell that the run has begun."""
        self.at = at
        record = self._run("running", graph=self._graph, began=at)
        self.tell(record)

    def end(self, at: float, phase: Phase, error: BaseException | None) -> None:
        """Tell how the run has ended."""
        self.at = max(at, self.at)
        self.flow()
        self._questions.close_all(self.at)
        self.tell(self._run(phase, error=None if error is None else error_line(error)))

    def flow(self) -> None:
        """Tell what has moved since it was told last."""
        queued = {step: len(calls) for step, calls in self._calls.queued.items()}
        record = self._flows.news(self.at, queued)
        if record is not None:
            self.tell(record)

    def _run(self, phase: Phase, **more: Any) -> WorkflowRecord:
        return WorkflowRecord(
            at=self.at, source=self._source, phase=phase, name=self._name, **more
        )

    # -- ticks

    def tick(self, tick: Any, at: float, *, alone: bool = False) -> None:
        """Take note of a tick.

        Parameters
        ----------
        tick
            The tick.
        at
            When it was worked off.
        alone
            Whether nobody will tell what it published.
        """
        self._tick = tick
        self.at = at = max(at, self.at)
        kind = kind_of(tick)
        if kind == "TickAddEvent":
            self._came_in(tick, at, alone=alone)
        elif kind == "TickWaiterTimeout":
            for call in self._calls.answered(tick):
                if call.question is not None:
                    self._questions.close(call.question, "failed", at)
        elif kind == "TickWakeup":
            self._calls.wake(tick.due)
        elif kind == "TickStepResult" and alone:
            self._ends(step_of(tick), str(tick.worker_id))

    def _came_in(self, tick: Any, at: float, *, alone: bool) -> None:
        event = tick.event
        answered = self._calls.answered(tick)
        asked = [call.question for call in answered if call.question is not None]
        for name in asked:
            if self._questions.answer(at, name):
                self._texts.hide(event)
        if (
            not asked
            and _is_a("HumanResponseEvent", event)
            and self._questions.answer(at)
        ):
            self._texts.hide(event)
        only = step_of(tick) if _target(tick) is not None else None
        self._flows.taken(event, only, {call.step for call in answered})
        if id(event) in self._returned:
            self._returned.discard(id(event))
        elif not hasattr(tick, "emission"):
            # Newer versions tell which step has sent it, at that step's end.
            self._flows.sent(event)
        if alone:
            self._came[id(event)] = at

    # -- what is published

    def published(self, event: Any, at: float) -> None:
        """Take note of what the run has published."""
        self.at = at = max(at, self.at)
        if is_internal(event):
            if type(event).__name__ == "StepStateChanged":
                self._step_changed(event)
            return
        name = type(event).__name__
        text = None
        if self._texts.may_show(name, at):
            text = self._texts.text(event, name)
        self.tell(
            EventRecord(at=at, source=self._source, phase="done", name=name, shown=text)
        )
        if _is_a("InputRequiredEvent", event):
            self._asks(event)

    def _step_changed(self, change: Any) -> None:
        state = getattr(change.step_state, "value", change.step_state)
        if state == "preparing":
            self._calls.queue(self._tick, change.name, change.input_event_name)
        elif state == "running":
            self._begins(change.name, change.worker_id, change.input_event_name)
        elif state == "not_running":
            self._ends(change.name, change.worker_id)

    def _asks(self, event: Any) -> None:
        """Tell of a question, and remember who waits for the answer."""
        tick, step, call = self._tick, None, None
        for item in getattr(tick, "result", ()):
            if getattr(item, "waiter_event", None) is event:
                step = step_of(tick)
                call = self._calls.waiting[step][-1]
            elif getattr(item, "result", None) is event:
                step = step_of(tick)
        awaited = call is not None
        name = self._questions.ask(event, step, self.at, awaited=awaited)
        if call is not None:
            call.question = name

    def _tell_on(self, record: Record) -> None:
        self.tell(record)  # which may be another by now

    # -- calls

    def _begins(self, step: str, worker: str, name: str) -> None:
        call = self._calls.begin(self._tick, step, worker, name)
        call.began = self.at
        self._tell(call, "running")

    def _ends(self, step: str, worker: str) -> None:
        """Tell what a call has come to, as the tick says that was worked off last."""
        tick = self._tick
        if kind_of(tick) != "TickStepResult":
            return
        call = self._calls.end(step, worker) or self._unknown(step, worker)
        if call.given is None:
            call.given = tick.event
        self._freed[step, worker] = self.at
        parts = {kind_of(item): item for item in tick.result}
        made = [item.result for item in tick.result if kind_of(item) == _RETURNED]
        made = [event for event in made if event is not None]
        for event in made:
            self._flows.made(step, event)
            self._returned.add(id(event))
        for sending in getattr(tick, "sends", ()):
            self._flows.made(step, sending.event)
        if "StepWorkerFailed" in parts:
            self._fails(call, parts["StepWorkerFailed"])
        elif "AddWaiter" in parts and _RETURNED not in parts:
            waits = (item for item in tick.result if kind_of(item) == "AddWaiter")
            self._calls.wait(call, tuple(waits))
            self._tell(call, "waiting")
        else:
            self._tell(call, "done", made)

    def _fails(self, call: Call, failure: Any) -> None:
        delay = getattr(getattr(failure, "retry_decision", None), "delay", None)
        if delay is None:
            self._tell(call, "failed", error=failure.exception)
            return
        self._tell(call, "retrying", error=failure.exception)
        call.attempt += 1
        self._calls.again(call, failure.failed_at + delay if delay > 0 else None)

    def _unknown(self, step: str, worker: str) -> Call:
        """Return a call whose beginning was not told.

        It began when its event came in, or when the worker became free for it.
        """
        event = self._tick.event
        call = self._calls.new(step, type(event).__name__, event)
        came = self._came.get(id(event), self.at)
        call.began = min(self.at, max(came, self._freed.get((step, worker), came)))
        return call

    def _tell(
        self,
        call: Call,
        phase: Phase,
        made: list[Any] | None = None,
        error: BaseException | None = None,
    ) -> None:
        shown = None
        if self._texts.may_show(call.step, self.at) or error is not None:
            shown = (self._texts.text(call.given, call.name), self._written(made))
        names = {type(event).__name__ for event in made or ()}
        self.tell(
            StepRecord(
                at=self.at,
                source=self._source,
                phase=phase,
                step=call.step,
                call=call.number,
                began=call.began,
                given=call.name,
                returned=None if not names else ", ".join(sorted(names)),
                attempt=call.attempt,
                error=None if error is None else error_line(error),
                shown=shown,
            )
        )

    def _written(self, made: list[Any] | None) -> str | None:
        if not made:
            return None
        if len(made) > 1:
            return self._texts.text(made, "list")
        return self._texts.text(made[0], type(made[0]).__name__)


_RETURNED = "StepWorkerResult"


def is_internal(event: Any) -> bool:
    """Tell whether an event is one that the user's stream leaves out."""
    return _is_a("InternalDispatchEvent", event)


def _is_a(name: str, event: Any) -> bool:
    """Tell whether an event is of a class of the package, which is loaded by now."""
    kind = getattr(sys.modules.get("workflows.events"), name, None)
    return kind is not None and isinstance(event, kind)


def _target(tick: Any) -> Any:
    return getattr(tick, "step_id", None) or getattr(tick, "step_name", None)
