"""What becomes of what a step returns: it is looked at, and delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._engine.fan import Stream
from notebook_async.workflow._engine.invocation import Invocation
from notebook_async.workflow._engine.outcome import Outcome
from notebook_async.workflow.errors import WorkflowRuntimeError
from notebook_async.workflow.events import Event, InputRequiredEvent, StopEvent

if TYPE_CHECKING:
    from notebook_async.workflow._engine.state import RunState

__all__ = ["close_piece", "route", "route_checked"]


def route(state: RunState, invocation: Invocation, event: Event) -> None:
    """Deliver an event that a step returned; one to stop ends the run."""
    invocation.station.count_made(type(event))
    if isinstance(event, StopEvent):
        state.end(Outcome(event))
        return
    if not _asked(state, event):
        state.deliver(event, invocation.stream, invocation.mended)


def _asked(state: RunState, event: Event) -> bool:
    """Ask a person what is to be asked; tell whether that is all.

    A step may take a question as well, but none has to.
    """
    if not isinstance(event, InputRequiredEvent):
        return False
    state.waits.ask(event)
    state.log.append(event)
    return not state.definition.takers(type(event))


def route_checked(state: RunState, invocation: Invocation, value: object) -> bool:
    """Look at what was returned before it is delivered; tell whether it may be."""
    config = invocation.station.config
    if isinstance(value, list) and config.is_fan_out:
        for event in value:
            if not isinstance(event, Event):
                _reject(state, invocation, event, "a list with")
                return False
        _open_stream(state, invocation, value)
        return True
    if not isinstance(value, Event):
        _reject(state, invocation, value)
        return False
    kind = type(value)
    declared = config.bare_return_types if config.is_fan_out else config.return_types
    if not isinstance(value, declared) and (
        config.is_fan_out
        or not (state.definition.takers(kind) or isinstance(value, StopEvent))
    ):
        _reject(state, invocation, value)
        return False
    if state.produced is not None:
        state.produced.append(value)
    else:
        route(state, invocation, value)
    return True


def _open_stream(state: RunState, invocation: Invocation, events: list[Event]) -> None:
    stream = Stream(invocation.station.name, invocation.stream)
    if stream.parent is not None:
        stream.parent.open += 1
    stream.open = 1
    for event in events:
        invocation.station.count_made(type(event))
        if isinstance(event, StopEvent):
            state.end(Outcome(event))
            return
        if not _asked(state, event):
            state.deliver(event, stream, invocation.mended)
    close_piece(state, stream, invocation.mended)


def close_piece(state: RunState, stream: Stream, mended: dict[str, int] | None) -> None:
    """Count one piece of work of a stream as done; the last one closes it."""
    stream.open -= 1
    if stream.open or state.outcome is not None:
        return
    for name in state.definition.collectors.get(stream.producer, ()):
        if name not in stream.fired:
            events = stream.gathered.pop(name, [])
            station = state.stations[name]
            state.enqueue(Invocation(station, events, stream.parent, mended))
    for station in state.stations.values():
        if station.join is not None:
            station.join.pop(stream, None)
    if stream.parent is not None:
        close_piece(state, stream.parent, mended)


def _reject(
    state: RunState, invocation: Invocation, value: object, where: str = ""
) -> None:
    config = invocation.station.config
    kind = type(value).__name__
    shown = kind if isinstance(value, Event) else f"{repr(value)[:80]} ({kind})"
    declared = ", ".join(kind.__name__ for kind in config.return_types) or "None"
    repair = "a step returns an event, None, or a list where its annotation says so"
    if isinstance(value, Event):
        repair = f"add {kind} to the return annotation, and a step that takes it"
    elif isinstance(value, list):
        repair = "annotate it as `-> list[...]` to send every event of a list"
    state.fail(
        WorkflowRuntimeError(
            f"Step {config.name} returned {where + ' ' if where else ''}{shown}, but"
            f" its annotation says {declared}: {repair}"
        ),
        invocation,
    )
