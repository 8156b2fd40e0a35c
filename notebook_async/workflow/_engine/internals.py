"""Events that tell of the engine itself, for those who read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow.events import StepState, StepStateChanged, UnhandledEvent

if TYPE_CHECKING:
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.state import RunState
    from notebook_async.workflow.events import Event

__all__ = ["tell_step", "tell_unhandled"]


def tell_unhandled(state: RunState, event: Event, step: str | None = None) -> None:
    """Tell that an event came which nobody takes."""
    if state.log.internal:
        kind = type(event)
        state.log.append(
            UnhandledEvent(
                event_type=kind.__name__,
                qualified_name=f"{kind.__module__}.{kind.__qualname__}",
                step_name=step,
                idle=not state.busy,
            )
        )


def tell_step(
    state: RunState, invocation: Invocation, now: StepState, value: object = None
) -> None:
    """Tell what a step does with an event."""
    output = type(value).__name__ if value is not None else None
    state.log.append(
        StepStateChanged(
            name=invocation.station.name,
            step_state=now,
            worker_id=str(id(invocation)),
            input_event_name=type(invocation.one_event()).__name__,
            output_event_name=output,
        )
    )
