"""Go through a run step by step: the same scheduler, with a gate before each step."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notebook_async.workflow.errors import WorkflowDone

if TYPE_CHECKING:
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.events import Event

__all__ = ["StepTaken", "pause", "pending", "resume", "run_step", "take_step"]


@dataclass(frozen=True, slots=True)
class StepTaken:
    """What came of one call of a step.

    Attributes
    ----------
    step
        Its name.
    given
        The event, or the events, that it was given.
    returned
        What it returned, which now waits for the steps that take it.
    error
        What it raised; the call is over, or waits to be tried again.
    waiting
        Whether it stands in `wait_for_event`, and goes on once it has its event.
    """

    step: str
    given: tuple[Event, ...]
    returned: Any = None
    error: BaseException | None = None
    waiting: bool = False


class Watch:
    """Waits for what comes of calls of steps."""

    __slots__ = ("_future", "taken")

    def __init__(self) -> None:
        self.taken: list[StepTaken] = []
        self._future: asyncio.Future[None] | None = None

    def note(
        self,
        call: Invocation,
        *,
        returned: object = None,
        error: BaseException | None = None,
        waiting: bool = False,
    ) -> None:
        """Take note of what a call has come to."""
        self.taken.append(
            StepTaken(call.station.name, tuple(call.events()), returned, error, waiting)
        )
        self.wake()

    def wake(self) -> None:
        """Let whoever waits look again."""
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def wait(self) -> None:
        """Wait for the next note, or for the end of the run."""
        self._future = asyncio.get_running_loop().create_future()
        await self._future


def pause(run: Run) -> None:
    """Let no step begin; those under way go on."""
    _check_alive(run, "pause")
    run.permits = 0
    run.clock.stop()


def resume(run: Run) -> None:
    """Let everything go on by itself."""
    _check_alive(run, "resume")
    run.permits = run.watch = None
    run.unpause()


def pending(run: Run) -> list[tuple[str, tuple[Event, ...]]]:
    """Return the steps that would begin next, with what they would be given."""
    if run.ended:
        return []
    return [(call.station.name, tuple(call.events())) for call in run.state.ready]


async def take_step(run: Run) -> StepTaken | None:
    """Let the next call run to its end, or until it waits; return what came of it."""
    _check_alive(run, "step")
    watch = _watch(run)
    if run.state.ready:
        run.permits = 1
        run.advance()
    elif not run.under_way():
        return None
    await watch.wait()
    return watch.taken.pop() if watch.taken else None


async def run_step(run: Run) -> list[Event] | None:
    """Run what is ready and return the events made, which nobody has delivered.

    Whoever calls this delivers them with `ctx.send_event`. None once nothing is left.
    """
    if run.ended:
        return None
    watch = _watch(run)
    if run.state.produced is None:
        run.state.produced = []
    while not _is_over(run) and not run.state.produced:
        if run.state.ready:
            run.permits = len(run.state.ready)
            run.advance()
        elif not run.under_way():
            return None
        await watch.wait()
        while not _is_over(run) and (run.permits or run.under_way()):
            await watch.wait()
        watch.taken.clear()
    if _is_over(run):
        return None
    produced, run.state.produced = run.state.produced, []
    return produced


def _watch(run: Run) -> Watch:
    if run.permits is None:
        pause(run)
    if run.watch is None:
        run.watch = Watch()
        run.watched = True
    return run.watch


def _is_over(run: Run) -> bool:
    return run.ended


def _check_alive(run: Run, what: str) -> None:
    if run.ended:
        raise WorkflowDone(f"{what}: the run has ended")
