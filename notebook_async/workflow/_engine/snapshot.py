"""A run as data, and back: what there is at one moment, not how it came about.

What is queued comes back queued. What was under way is run again from the first line of
its step, with the answers that it had; results that had been delivered are not made
again. A stream of a list lives on through what descends from it.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from notebook_async.workflow._engine.buffers import Buffer
from notebook_async.workflow._engine.fan import Stream
from notebook_async.workflow._engine.invocation import Invocation
from notebook_async.workflow._engine.outcome import Outcome
from notebook_async.workflow.context.serializers import JsonSerializer
from notebook_async.workflow.context.state_store import InMemoryStateStore
from notebook_async.workflow.errors import ContextSerdeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.workflow._engine.invocation import Station
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.context.context import Context
    from notebook_async.workflow.context.serializers import BaseSerializer
    from notebook_async.workflow.events import Event
    from notebook_async.workflow.workflow import Workflow

__all__ = ["read", "restore", "serializer_for", "write"]

_log = logging.getLogger("notebook_async")
_VERSION = 1


def serializer_for(
    workflow: Workflow, serializer: BaseSerializer | None
) -> BaseSerializer:
    """Return what turns runs of this workflow into data, knowing its classes."""
    definition = workflow._definition()
    if serializer is None:
        serializer = workflow.serializer
    if serializer is None:
        if definition.serializer is None:
            definition.serializer = JsonSerializer().bound_to(_classes(workflow))
        return definition.serializer
    return serializer.bound_to(_classes(workflow))


def _classes(workflow: Workflow) -> list[type[Any]]:
    return [
        type(workflow),
        *workflow.events,
        *workflow._definition().state_types,
    ]


# -- to data


def write(
    context: Context[Any], serializer: BaseSerializer | None, *, include_state: bool
) -> dict[str, Any]:
    """Return a context as data."""
    workflow = context._workflow
    serializer = serializer_for(workflow, serializer)
    run = context._run
    data: dict[str, Any] = {
        "version": _VERSION,
        "workflow": workflow.workflow_name,
        "is_running": False,
        "state": None,
    }
    if include_state:
        data["state"] = context.store.to_dict(serializer)
    if run is not None and not run.ended and not run.state.has_failed:
        data.update(_Writer(serializer).run(run), is_running=True)
    elif run is None and context._snapshot is not None:
        data.update(context._snapshot["raw"])
    return data


class _Writer:
    """Writes one run; streams are written once and then named by their number."""

    def __init__(self, serializer: BaseSerializer) -> None:
        self._value = serializer.serialize_value
        self._numbers: dict[Stream, int] = {}
        self._streams: list[dict[str, Any]] = []
        self._now = 0.0

    def run(self, run: Run) -> dict[str, Any]:
        state = run.state
        self._now = run.loop.time()
        calls = [self._call(call) for call in state.invocations()]
        steps = {name: self._step(one) for name, one in state.stations.items()}
        waits = state.waits
        stop = None if state.outcome is None else self._value(state.outcome.event)
        return {
            "run_id": run.run_id,
            "elapsed": run.clock.used(),
            "calls": calls,
            "steps": steps,
            "streams": self._streams,
            # Those of a waiting step are asked again by the step itself.
            "questions": [
                [name, self._value(question)]
                for name, question in waits.questions.items()
                if not any(waiter.question == name for waiter in waits.waiters)
            ],
            "answered": sorted(waits.answered),
            "asked": waits.count,
            "stop": stop,
        }

    def _call(self, call: Invocation) -> dict[str, Any]:
        data: dict[str, Any] = {
            "step": call.station.name,
            "given": self._value(call.given),
            "begun": call.task is not None or call.attempts > 0,
        }
        if call.stream is not None:
            data["stream"] = self._stream(call.stream)
        if call.mended:
            data["mended"] = call.mended
        memory = call.memory
        if call.attempts and memory is not None and call.began is not None:
            data["attempts"] = call.attempts
            data["since"] = self._now - call.began
            data["error"] = self._value(memory.error)
            data["failed_at"] = memory.failed_at
        if memory is not None and (
            memory.answers or memory.collected or memory.batches
        ):
            data["answers"] = self._value(memory.answers)
            data["collected"] = self._value(memory.collected)
            data["batches"] = self._value(memory.batches)
        return data

    def _step(self, station: Any) -> dict[str, Any]:
        data: dict[str, Any] = {
            "done": station.done,
            "failed": station.failed,
            "retried": station.retried,
            "taken": {kind.__name__: count for kind, count in station.taken.items()},
            "made": {kind.__name__: count for kind, count in station.made.items()},
        }
        if station.buffers:
            data["buffers"] = [
                [self._value(key), self._value(events)]
                for key, buffer in station.buffers.items()
                if (events := _settled(station, buffer))
            ]
        if station.join:
            data["join"] = [
                [self._stream(stream), self._places(places)]
                for stream, places in station.join.items()
            ]
        return data

    def _places(self, places: dict[str, deque[Any]]) -> dict[str, Any]:
        return {name: self._value(list(events)) for name, events in places.items()}

    def _stream(self, stream: Stream | None) -> int | None:
        if stream is None:
            return None
        number = self._numbers.get(stream)
        if number is None:
            parent = self._stream(stream.parent)
            number = self._numbers[stream] = len(self._streams)
            self._streams.append(
                {
                    "producer": stream.producer,
                    "parent": parent,
                    "gathered": self._value(stream.gathered),
                    "fired": sorted(stream.fired),
                }
            )
        return number


def _settled(station: Station, buffer: Buffer) -> list[Event]:
    """Return the events of a buffer, without those that a call will add again."""
    again = {
        id(event)
        for call in station.running
        if call.memory is None or not call.memory.collected
        for event in call.events()
    }
    return [event for event in buffer.all_events() if id(event) not in again]


# -- from data


def read(
    workflow: Workflow, data: Any, serializer: BaseSerializer | None
) -> dict[str, Any]:
    """Look through data as far as that goes without a run; return what `restore` needs.

    Raises
    ------
    ContextSerdeError
        If it is none of this workflow.
    """
    if not isinstance(data, dict) or data.get("version") != _VERSION:
        version = data.get("version") if isinstance(data, dict) else None
        raise ContextSerdeError(
            f"this is no context of version {_VERSION}: version is {version!r}; give"
            " what `ctx.to_dict()` returned"
        )
    definition = workflow._definition()
    serializer = serializer_for(workflow, serializer)
    known = definition.configs
    names = [*data.get("steps", ()), *(call["step"] for call in data.get("calls", ()))]
    if unknown := [name for name in dict.fromkeys(names) if name not in known]:
        raise ContextSerdeError(
            f"{definition.name} has no step {', '.join(unknown)}, which this context"
            f" speaks of; it has {', '.join(known)}"
        )
    missing = _ALWAYS - data.keys()
    if data.get("is_running"):
        missing |= _OF_A_RUN - data.keys()
    if missing:
        raise ContextSerdeError(
            "this is not all of what `ctx.to_dict()` returned:"
            f" {', '.join(sorted(missing))} is missing"
        )
    store = None
    if data["state"] is not None:
        store = InMemoryStateStore.from_dict(data["state"], serializer)
    raw = {key: data[key] for key in data if key not in ("state", "version")}
    running = _read_run(data, serializer) if data["is_running"] else None
    return {"store": store, "raw": raw, "run": running}


_ALWAYS = {"workflow", "is_running", "state"}
_OF_A_RUN = {
    "answered",
    "asked",
    "calls",
    "elapsed",
    "questions",
    "run_id",
    "steps",
    "stop",
    "streams",
}


def _read_run(data: dict[str, Any], serializer: BaseSerializer) -> dict[str, Any]:
    """Return the data of a run with its values as they were.

    Now rather than in `restore`: this is where the caller can still do something.
    """
    value = serializer.deserialize_value
    return {
        **data,
        "calls": [
            {
                **call,
                "given": value(call["given"]),
                "answers": value(call["answers"]) if "answers" in call else {},
                "collected": value(call["collected"]) if "collected" in call else set(),
                "batches": value(call["batches"]) if "batches" in call else {},
                "error": value(call["error"]) if "error" in call else None,
            }
            for call in data["calls"]
        ],
        "steps": {
            name: {
                **step,
                "buffers": [
                    (value(key), value(events))
                    for key, events in step.get("buffers", ())
                ],
                "join": [
                    (stream, {slot: value(events) for slot, events in places.items()})
                    for stream, places in step.get("join", ())
                ],
            }
            for name, step in data["steps"].items()
        },
        "streams": [
            {**stream, "gathered": value(stream["gathered"])}
            for stream in data["streams"]
        ],
        "questions": [(name, value(asked)) for name, asked in data["questions"]],
        "stop": None if data["stop"] is None else value(data["stop"]),
    }


def restore(run: Run, data: dict[str, Any]) -> None:
    """Put what was read into a new run, before it starts."""
    state = run.state
    run.clock.add(data["elapsed"])
    streams = _streams(data["streams"])
    for name, step in data["steps"].items():
        station = state.stations[name]
        station.done, station.failed = step["done"], step["failed"]
        station.retried = step["retried"]
        station.taken = _by_kind(run, step["taken"])
        station.made = _by_kind(run, step["made"])
        for key, events in step["buffers"]:
            buffer = Buffer()
            for event in events:
                buffer.add(event)
            if station.buffers is None:
                station.buffers = {}
            station.buffers[key] = buffer
        for stream, places in step["join"]:
            if station.join is None:
                station.join = {}
            station.join[_named(streams, stream)] = {
                slot: deque(events) for slot, events in places.items()
            }
    state.waits.restore(data["questions"], data["answered"], data["asked"])
    _restore_calls(run, data["calls"], streams)
    if data["stop"] is not None:
        state.end(Outcome(data["stop"]))


def _by_kind(run: Run, counts: dict[str, int]) -> dict[type[Event], int]:
    """Return how many events there were by class; those unknown now are left out."""
    kinds = {kind.__name__: kind for kind in run.workflow.events}
    return {kinds[name]: count for name, count in counts.items() if name in kinds}


def _streams(written: list[dict[str, Any]]) -> list[Stream]:
    streams: list[Stream] = []
    for data in written:
        stream = Stream(data["producer"], _named(streams, data["parent"]))
        stream.gathered = data["gathered"]
        stream.fired = set(data["fired"])
        if stream.parent is not None:
            stream.parent.open += 1
        streams.append(stream)
    return streams


def _restore_calls(
    run: Run, calls: Iterable[dict[str, Any]], streams: list[Stream]
) -> None:
    state, again = run.state, []
    for data in calls:
        call = Invocation(
            state.stations[data["step"]],
            data["given"],
            _named(streams, data.get("stream")),
            data.get("mended"),
        )
        if "attempts" in data:
            call.attempts = data["attempts"]
            call.began = run.loop.time() - data["since"]
            memory = call.remember()
            memory.error, memory.failed_at = data["error"], data["failed_at"]
        if data["answers"] or data["collected"] or data["batches"]:
            memory = call.remember()
            memory.answers, memory.batches = data["answers"], data["batches"]
            memory.collected = data["collected"]
        if data["begun"]:
            again.append(data["step"])
        state.enqueue(call)
    if again:
        _log.info(
            "these steps were under way and run again from their first line: %s",
            ", ".join(again),
        )


def _named(streams: list[Stream], number: int | None) -> Stream | None:
    return None if number is None else streams[number]
