"""A run that goes on, as a graph panel shows it: read from its handler when asked."""

from __future__ import annotations

import asyncio
import itertools
import traceback
from contextlib import suppress
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core import add_hook
from notebook_async.core._short import error_line, short
from notebook_async.core.records import StepRecord, WorkflowRecord
from notebook_async.widgets._graph_notes import StepNotes
from notebook_async.widgets._graph_source import GraphState, StepDetails
from notebook_async.widgets._graph_waits import open_waits
from notebook_async.workflow.events import WorkflowFailedEvent
from notebook_async.workflow.representation import StepCounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core import HookHandle
    from notebook_async.widgets._graph_source import CallNote, RunPhase
    from notebook_async.workflow import WorkflowHandler
    from notebook_async.workflow.representation import (
        EdgeCounts,
        LiveCounts,
        WorkflowGraph,
    )

__all__ = ["HandlerSource"]

_UUID_LENGTH = 36
_LONGEST_NAME = 24
_LONGEST_VALUE, _LONGEST_TRACE = 2000, 4000


class HandlerSource:
    """Shows the run of a handler, and cancels it.

    What steps do is counted by the run itself; the last values of each are noted from
    its records, from now on.

    Parameters
    ----------
    handler
        The handler of the run.
    """

    def __init__(self, handler: WorkflowHandler) -> None:
        self._handler = handler
        self._run = handler._run  # noqa: SLF001 - its state, which has no public face
        self.graph: WorkflowGraph = self._run.workflow.graph()
        self._versions = itertools.count()
        self._version = 0
        self._notes = StepNotes()
        self._loop = asyncio.get_running_loop()
        used = 0.0 if self._run.ended else self._run.clock.used()
        self._began = self._loop.time() - used
        self._began_on_record = perf_counter() - used
        self._elapsed: float | None = None
        self._since: dict[str, float] = {}
        self._hook: HookHandle | None = None
        if handler.is_done():
            self._stop()
            return
        self._hook = add_hook(self._note, StepRecord, WorkflowRecord)
        handler.add_done_callback(lambda _: self._stop())

    @property
    def run(self) -> str:
        """The beginning of the run's id, or a name that somebody gave."""
        name = self._handler.run_id
        if len(name) == _UUID_LENGTH and name.count("-") == 4:  # noqa: PLR2004
            return name[:4]
        return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"

    @property
    def version(self) -> int:
        """Another number each time, until the run has ended."""
        if not self.ended:
            self._version = next(self._versions)
        return self._version

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self._handler.is_done()

    def state(self) -> GraphState:
        """Return what the run does now, or did."""
        counted = self._handler.graph()
        steps, edges = dict(counted.counts or {}), counted.edge_counts or {}
        waits = open_waits(self._run)
        for name, number in waits.steps.items():
            counts = steps.get(name, StepCounts())
            running = max(0, counts.running - max(0, number - counts.waiting))
            steps[name] = replace(counts, waiting=number, running=running)
        if self.ended:
            steps = self._with_cancelled(steps, edges)
        else:
            steps = self._with_gathered(steps, edges)
        elapsed = self._elapsed_now()
        self._since = {name: self._since.get(name, elapsed) for name in waits.steps}
        return GraphState(
            phase=self._phase(),
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
        began, now = self._began_on_record, perf_counter()
        calls = self._notes.calls(step, began=began, now=now)
        waits = open_waits(self._run)
        asked = tuple(each.text for each in waits.questions if each.step == step)
        return StepDetails(
            calls=self._with_trace(step, self._with_inputs(step, calls)),
            timing=self._notes.timing(step),
            questions=asked,
        )

    def cancel(self) -> None:
        """Cancel the run."""
        self._handler.cancel()

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back once the run has ended."""
        self._handler.add_done_callback(callback)

    # -- time

    def _elapsed_now(self) -> float:
        if self._elapsed is not None:
            return self._elapsed
        return round(self._loop.time() - self._began, 3)

    def _stop(self) -> None:
        self._elapsed = self._elapsed_now()
        self._version = next(self._versions)
        if self._hook is not None:
            self._hook.remove()

    def _note(self, record: StepRecord | WorkflowRecord) -> None:
        if record.source[-1] != self._handler.run_id:
            return
        if isinstance(record, StepRecord):
            self._notes.take(record)
        elif record.began is not None:
            self._began_on_record = record.began
            self._began = self._loop.time() - (perf_counter() - record.began)

    # -- the run

    def _phase(self) -> RunPhase:
        if not self.ended:
            return "waiting" if self._run.is_quiet else "running"
        if self._handler.cancelled():
            return "cancelled"
        return "done" if self._handler.exception() is None else "failed"

    def _error(self) -> str | None:
        if not self.ended or self._handler.cancelled():
            return None
        error = self._handler.exception()
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

    def _with_inputs(
        self, step: str, calls: tuple[CallNote, ...]
    ) -> tuple[CallNote, ...]:
        """Return the calls, with more of the inputs of those that are under way."""
        if self._run.ended or not calls:
            return calls
        station = self._run.state.stations[step]
        given = [short(c.given, most=_LONGEST_VALUE) for c in station.running]
        under_way = [c for c in calls if c.phase in {"running", "waiting"}]
        long = dict(zip(map(id, under_way), reversed(given), strict=False))
        return tuple(
            replace(call, given=long.get(id(call), call.given)) for call in calls
        )

    def _with_trace(
        self, step: str, calls: tuple[CallNote, ...]
    ) -> tuple[CallNote, ...]:
        """Return the calls, with the traceback of what the run failed by."""
        last = self._handler._log.events[-1:]  # noqa: SLF001 - as above
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
