"""Make the checkpoints of one run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from notebook_async.workflow._checkpoints.checkpoint import Checkpoint

if TYPE_CHECKING:
    from notebook_async.workflow.checkpointer import WorkflowCheckpointer
    from notebook_async.workflow.context.context import Context
    from notebook_async.workflow.events import Event

__all__ = ["CheckpointCallback", "Recorder"]


class CheckpointCallback(Protocol):
    """What a run calls after each step, and waits for before the next may begin."""

    async def __call__(
        self,
        *,
        run_id: str,
        last_completed_step: str | None,
        input_ev: Event | None,
        output_ev: Any,
        ctx: Context[Any],
    ) -> None:
        """Keep what there is now; `ctx.to_dict()` returns it."""


class Recorder:
    """Makes the checkpoints of one run."""

    def __init__(self, owner: WorkflowCheckpointer) -> None:
        self._owner = owner
        self._count: int | None = None

    async def begin(
        self, *, run_id: str, start_event: Event | None, ctx: Context[Any]
    ) -> None:
        """Keep how a run begins; one that goes on counts on."""
        kept = await self._owner._store.load(run_id)
        self._count = max((one.number for one in kept), default=-1)
        if not kept:
            await self._make(run_id, None, None, start_event, ctx)

    async def answered(self, *, run_id: str, answer: Event, ctx: Context[Any]) -> None:
        """Keep what there is once a person has answered."""
        await self._make(run_id, None, None, answer, ctx)

    async def __call__(
        self,
        *,
        run_id: str,
        last_completed_step: str | None,
        input_ev: Event | None,
        output_ev: Any,
        ctx: Context[Any],
    ) -> None:
        """Keep what there is after a step, unless that is not wanted."""
        if last_completed_step not in self._owner._disabled:
            await self._make(run_id, last_completed_step, input_ev, output_ev, ctx)

    async def _make(
        self,
        run_id: str,
        step: str | None,
        given: Event | None,
        returned: Any,
        ctx: Context[Any],
    ) -> None:
        self._count = 0 if self._count is None else self._count + 1
        owner = self._owner
        await owner._keep(
            Checkpoint(
                id_=str(uuid4()),
                run_id=run_id,
                number=self._count,
                last_completed_step=step,
                input_event=given,
                output_event=returned,
                ctx_state=ctx.to_dict(owner._serializer),
                at=time.time(),
                workflow=owner._workflow,
            )
        )
