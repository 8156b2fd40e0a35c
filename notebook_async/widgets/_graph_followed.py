"""A run of a workflow as a recording has it now, while the recording goes on."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.widgets._graph_recorded import RecordedSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core.recording import Recording
    from notebook_async.widgets._graph_source import GraphState, StepDetails
    from notebook_async.workflow.representation import WorkflowGraph

__all__ = ["FollowedSource"]


class FollowedSource:
    """Shows a run by what a recording is told of it: nothing of the run is needed.

    Parameters
    ----------
    recording
        One that listens, or has stopped.
    run
        The path of ids of the run; by default the first one.
    cancel
        Cancels the run, if that can be done.
    """

    def __init__(
        self,
        recording: Recording,
        run: tuple[str, ...] | None = None,
        *,
        cancel: Callable[[], object] | None = None,
    ) -> None:
        self._recording = recording
        self._cancel = cancel
        self._first = RecordedSource(recording, run)
        self.graph: WorkflowGraph = self._first.graph

    @property
    def run(self) -> str:
        """A short name of the run."""
        return self._first.run

    @property
    def version(self) -> int:
        """How much was recorded."""
        return self._recording.end

    @property
    def ended(self) -> bool:
        """Whether the recording listens no more."""
        return not self._recording.listens

    def moment(self, at: float) -> RecordedSource:
        """Return the run at a moment of the past.

        Parameters
        ----------
        at
            The moment, in seconds of `time.perf_counter`.
        """
        return self._first.moment(at)

    def state(self) -> GraphState:
        """Return the state as of the last record."""
        state = self._latest().state()
        if self.ended or state.phase not in {"queued", "running", "waiting"}:
            return state
        actions = () if self._cancel is None else ("cancel",)
        return replace(state, ticks=True, actions=actions)

    def details(self, step: str) -> StepDetails:
        """Return the last calls of a step."""
        return self._latest().details(step)

    def cancel(self) -> None:
        """Cancel the run, if that can be done."""
        if self._cancel is not None:
            self._cancel()

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back once the recording has stopped."""
        self._recording.on_stop(lambda: callback(self))

    def _latest(self) -> RecordedSource:
        ended = None if self._recording.listens else self._recording.ended
        return self._first.moment(perf_counter() if ended is None else ended)
