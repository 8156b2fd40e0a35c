"""A run that goes on, as a graph panel shows it: read from its handler when asked."""

from __future__ import annotations

import itertools
import traceback
from contextlib import suppress
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core import record
from notebook_async.core._short import error_line, short
from notebook_async.core.records import StepRecord, WorkflowRecord
from notebook_async.widgets._graph_recorded import (
    RecordedSource,
    recorded_details,
    short_run_name,
)
from notebook_async.widgets._graph_source import GraphState, StepDetails
from notebook_async.widgets._graph_waits import open_waits
from notebook_async.workflow._engine.live import counts_of_run
from notebook_async.workflow.events import WorkflowFailedEvent
from notebook_async.workflow.representation import StepCounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core import Recording
    from notebook_async.core.recording import WorkflowState
    from notebook_async.widgets._graph_source import CallNote, RunPhase
    from notebook_async.workflow import WorkflowHandler
    from notebook_async.workflow.representation import (
        EdgeCounts,
        LiveCounts,
        WorkflowGraph,
    )

__all__ = ["HandlerSource"]

# Only the last calls of each step are told, so few records will do.
_KEPT = 4000
_LONGEST_VALUE, _LONGEST_TRACE = 2000, 4000


class HandlerSource:
    """Shows the run of a handler, and cancels it.

    What steps do is counted by the run itself; the last values of each come from a
    recording.

    Parameters
    ----------
    handler
        The handler of the run.
    recording
        One that has the run; by default one is made, from now to the end of the run.
    """

    def __init__(
        self, handler: WorkflowHandler, recording: Recording | None = None
    ) -> None:
        self.handler = handler
        self._run = handler._run  # noqa: SLF001 - its state, which has no public face
        self.graph: WorkflowGraph = self._run.workflow.graph()
        self._versions = itertools.count()
        self._version = 0
        self._loop = self._run.loop
        used = 0.0 if self._run.ended else self._run.clock.used()
        self._began = self._loop.time() - used
        self._elapsed: float | None = None
        self._since: dict[str, float] = {}
        self._recording = recording
        self._past: RecordedSource | None = None
        if handler.is_done():
            self._stop()
            return
        if recording is None:
            kinds = (WorkflowRecord, StepRecord)
            self._recording = record(handler, capacity=_KEPT, kinds=kinds)
        handler.add_done_callback(lambda _: self._stop())

    @property
    def run(self) -> str:
        """The beginning of the run's id, or a name that somebody gave."""
        return short_run_name(self.handler.run_id)

    @property
    def version(self) -> int:
        """Another number each time, until the run has ended."""
        if not self.ended:
            self._version = next(self._versions)
        return self._version

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self.handler.is_done()

    def moment(self, at: float) -> RecordedSource | None:
        """Return the run at a moment of the past; None if nobody recorded it.

        Parameters
        ----------
        at
            The moment, in seconds of `time.perf_counter`.
        """
        if self._past is None and self._recording is not None:
            for path in self._recording.state.workflows:
                if path[-1] == self.handler.run_id:
                    self._past = RecordedSource(self._recording, path)
        return None if self._past is None else self._past.moment(at)

    def state(self) -> GraphState:
        """Return what the run does now, or did."""
        counted, edges = counts_of_run(self._run)
        steps = dict(counted)
        waits = open_waits(self._run)
        for name, number in waits.steps.items():
            counts = steps.get(name, StepCounts())
            running = max(0, counts.running - max(0, number - counts.waiting))
            steps[name] = replace(counts, waiting=number, running=running)
        if self.ended:
            steps = self._with_cancelled(steps, edges)
        else:
            steps = self._with_gathered(steps, edges)
        phase = self._phase()
        if phase == "queued":
            self._began = self._loop.time()
        elapsed = self._elapsed_now()
        self._since = {name: self._since.get(name, elapsed) for name in waits.steps}
        return GraphState(
            phase=phase,
            elapsed=elapsed,
            steps=steps,
            edges=edges,
            waiting=waits.number,
            questions=waits.questions,
            since=self._since,
            error=self._error(),
            ticks=not self.ended,
            actions=() if self.ended else ("cancel",),
        )

    def details(self, step: str) -> StepDetails:
        """Return the last calls of a step."""
        asked = tuple(
            each.text for each in open_waits(self._run).questions if each.step == step
        )
        flow = self._recorded()
        if flow is None:
            return StepDetails(questions=asked)
        now = perf_counter() if flow.ended is None else flow.ended
        found = recorded_details(flow, step, now=now, questions=asked)
        calls = self._with_trace(step, self._with_inputs(step, found.calls))
        return replace(found, calls=calls)

    def cancel(self) -> None:
        """Cancel the run."""
        self.handler.cancel()

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back once the run has ended."""
        self.handler.add_done_callback(callback)

    # -- time

    def _elapsed_now(self) -> float:
        if self._elapsed is not None:
            return self._elapsed
        return round(self._loop.time() - self._began, 3)

    def _stop(self) -> None:
        self._elapsed = self._elapsed_now()
        self._version = next(self._versions)

    # -- the run

    def _phase(self) -> RunPhase:
        run = self._run
        if not self.ended:
            if run.is_quiet:
                return "waiting"
            # One that others of its workflow go before has not begun to count.
            rests = not run.ended and run.permits is None and not run.clock.runs
            return "queued" if rests and run.state.outcome is None else "running"
        if self.handler.cancelled():
            return "cancelled"
        return "done" if self.handler.exception() is None else "failed"

    def _error(self) -> str | None:
        if not self.ended or self.handler.cancelled():
            return None
        error = self.handler.exception()
        return None if error is None else error_line(error)

    def _with_cancelled(self, steps: LiveCounts, edges: EdgeCounts) -> dict[str, Any]:
        """Count what was given up at the end: it was taken and came to nothing."""
        counted = dict(steps)
        for name, left in self._left_over(steps, edges).items():
            counted[name] = replace(steps[name], cancelled=left)
        return counted

    def _with_gathered(self, steps: LiveCounts, edges: EdgeCounts) -> dict[str, Any]:
        """Count what a step keeps until there is enough of it for its first call."""
        counted = dict(steps)
        for name, left in self._left_over(steps, edges).items():
            if steps[name] == StepCounts(workers=steps[name].workers):
                counted[name] = replace(steps[name], gathered=left)
        return counted

    def _left_over(self, steps: LiveCounts, edges: EdgeCounts) -> dict[str, int]:
        taken = dict.fromkeys(steps, 0)
        for (_, target), number in edges.items():
            if target in taken:
                taken[target] += number
        left = {}
        for name, config in self._run.definition.configs.items():
            counts = steps[name]
            ended = counts.done + counts.failed
            # Of one that takes several events at once nobody knows how many are left.
            several = config.collection_parameter or config.join_parameters
            number = taken[name] - ended if not (several and ended) else 0
            if number > 0:
                left[name] = number
        return left

    # -- the last calls

    def _recorded(self) -> WorkflowState | None:
        if self._recording is None:
            return None
        for path, flow in self._recording.state.workflows.items():
            if path[-1] == self.handler.run_id:
                return flow
        return None

    def _with_inputs(
        self, step: str, calls: tuple[CallNote, ...]
    ) -> tuple[CallNote, ...]:
        """Return the calls, with more of the inputs of those that are under way."""
        if self._run.ended or not calls:
            return calls
        station = self._run.state.stations[step]
        given = {call.number: call.given for call in station.running}
        return tuple(
            replace(call, given=short(given[call.call], most=_LONGEST_VALUE))
            if call.call in given and call.phase in {"running", "waiting"}
            else call
            for call in calls
        )

    def _with_trace(
        self, step: str, calls: tuple[CallNote, ...]
    ) -> tuple[CallNote, ...]:
        """Return the calls, with the traceback of what the run failed by."""
        last = self.handler._log.events[-1:]  # noqa: SLF001 - as above
        if not last or not isinstance(last[0], WorkflowFailedEvent):
            return calls
        error = last[0].exception
        if last[0].step_name != step or not isinstance(error, BaseException):
            return calls
        text = ""
        with suppress(Exception):  # the words of a user's exception may do anything
            text = "".join(traceback.format_exception(error))[-_LONGEST_TRACE:]
        for index, call in enumerate(calls):
            if call.phase == "failed" and text:
                traced = replace(call, error=text)
                return (*calls[:index], traced, *calls[index + 1 :])
        return calls
