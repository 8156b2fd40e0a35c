"""The tasks that run the steps: each takes whatever is ready until nothing is."""

from __future__ import annotations

import asyncio
import weakref
from contextvars import ContextVar, copy_context
from time import perf_counter
from typing import TYPE_CHECKING

from notebook_async.core._scope import current_scope
from notebook_async.workflow._engine.attempt import step_raised
from notebook_async.workflow._engine.watching import began, returned

if TYPE_CHECKING:
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.events import Event

__all__ = ["Slot", "commit_start", "here", "keep_answer", "work"]

_LONGEST = 0.005
"""Seconds that a worker runs steps which never wait before others get the loop."""


class Slot:
    """What a worker is at: its run, and the invocation of this moment.

    Attributes
    ----------
    started
        Whether the task has begun; one cancelled before never does.
    committing
        Whether it writes a checkpoint, which is not to be interrupted.
    condemned
        Whether it was cancelled for its invocation alone.
    """

    __slots__ = (
        "__weakref__",
        "committing",
        "condemned",
        "invocation",
        "run",
        "started",
    )

    def __init__(self, run: Run) -> None:
        self.run: Run | None = run
        self.invocation: Invocation | None = None
        self.started = False
        self.committing = False
        self.condemned = False


_here: ContextVar[weakref.ref[Slot] | None] = ContextVar(
    "notebook_async_step", default=None
)
# Only a weak reference: tasks that a step leaves behind copy the context, and would
# keep the run alive for as long as they live.


def here() -> Slot | None:
    """Return what the step around this code is run by, if there is one."""
    reference = _here.get()
    return None if reference is None else reference()


async def work(  # noqa: C901 - a call would cost as much as a small step
    run: Run, slot: Slot
) -> None:
    """Run invocations until none is ready."""
    slot.started = True
    run.starting -= 1
    state = run.state
    ready, loop = state.ready, run.loop
    task = asyncio.current_task()
    _here.set(weakref.ref(slot))
    clean = copy_context()
    until = perf_counter() + _LONGEST
    invocation = None
    try:
        while ready and run.may_start():
            invocation = slot.invocation = ready.popleft()
            invocation.task = task
            state.begin(invocation, loop.time())
            token = None
            # Looked up for each call: somebody may want to know from now on.
            if run.teller is not None:
                token = run.teller.began(invocation)
            if run.watched:
                began(run, invocation)
            try:
                value = await run.calls[invocation.station.name](run, invocation)
            except BaseException as error:  # noqa: BLE001 - the run decides
                slot.invocation = None
                step_raised(run, invocation, error)
                return
            if token is not None:
                current_scope.reset(token)
            invocation.task = None
            state.finish(invocation, value)
            if run.checkpoint is not None and not state.has_failed:
                await _commit(run, slot, invocation, value)
            slot.invocation = None
            if run.teller is not None:
                run.teller.step(invocation, "done", value)
            if run.watched:
                returned(run, invocation, value)
            try:
                unclean = task.cancelling() or copy_context() != clean  # type: ignore[union-attr]
            except Exception:  # noqa: BLE001 - arrays, for one, refuse to be compared
                unclean = True
            if unclean:
                return
            run.advance(1)
            if perf_counter() > until:
                await asyncio.sleep(0)
                until = perf_counter() + _LONGEST
    finally:
        # From Python 3.12 on a traceback leads here by `f_back`.
        del run, state, ready, invocation


async def commit_start(run: Run, event: Event | None) -> None:
    """Write down how a run begins, so that it can begin again."""
    begin = getattr(run.checkpoint, "begin", None)
    try:
        if begin is not None:
            await begin(run_id=run.run_id, start_event=event, ctx=run.context)
    except Exception as error:  # noqa: BLE001 - the storage may fail in any way
        error.add_note("while the start of the run was kept as a checkpoint")
        run.state.spoil(error)
    finally:
        run.held -= 1
        del run


def keep_answer(run: Run, answer: Event) -> None:
    """Write down that a question is answered: nobody is to be asked it twice.

    Answers to secret questions are not kept for that alone.
    """
    if run.checkpoint is None or run.is_over or "_secret" in answer.__dict__:
        return
    run.held += 1
    slot = Slot(run)
    slot.committing = slot.started = True
    run._spawn(slot, _commit_answer(run, answer))


async def _commit_answer(run: Run, answer: Event) -> None:
    """Write down that a question has its answer, unless the run has just ended."""
    answered = getattr(run.checkpoint, "answered", None)
    try:
        if answered is not None and not run.is_over:
            await answered(run_id=run.run_id, answer=answer, ctx=run.context)
    except Exception as error:  # noqa: BLE001 - the storage may fail in any way
        error.add_note("while an answer was kept as a checkpoint")
        run.state.spoil(error)
    finally:
        run.held -= 1
        del run, answer


async def _commit(run: Run, slot: Slot, invocation: Invocation, value: object) -> None:
    """Write down that a step is over, before anything else may begin."""
    if run.checkpoint is None:
        return
    run.held += 1
    slot.committing = True
    try:
        await run.checkpoint(
            run_id=run.run_id,
            last_completed_step=invocation.station.name,
            input_ev=invocation.one_event(),
            output_ev=value,
            ctx=run.context,
        )
    except Exception as error:  # noqa: BLE001 - the storage may fail in any way
        step = invocation.station.name
        error.add_note(f"while the checkpoint after step {step!r} was kept")
        run.state.spoil(error)
    finally:
        slot.committing = False
        run.held -= 1
        del run, slot, invocation, value
