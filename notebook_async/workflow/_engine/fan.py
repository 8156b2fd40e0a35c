"""Lists of events: what descends from one, and the steps that gather it again.

A step that returns a list opens a stream. Every invocation that descends from its
events is counted in it; when none is left the stream closes, and the steps that gather
from it are called once. A stream inside another counts as one piece of work of the
outer one, and so does what gathers it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notebook_async.workflow._engine.invocation import Station
    from notebook_async.workflow.events import Event

__all__ = ["Stream", "fill_join", "gather"]


class Stream:
    """What descends from one list of events.

    Attributes
    ----------
    parent
        The stream that the list itself descends from, or None.
    producer
        The step that returned the list.
    open
        Pieces of work that are not done.
    gathered
        What has come to the steps that gather from it, by their name.
    fired
        Names of those that were called before the end, having all they take.
    """

    __slots__ = ("fired", "gathered", "open", "parent", "producer")

    def __init__(self, producer: str, parent: Stream | None) -> None:
        self.producer = producer
        self.parent = parent
        self.open = 0
        self.gathered: dict[str, list[Event]] = {}
        self.fired: set[str] = set()


def gather(station: Station, stream: Stream, event: Event) -> list[Event] | None:
    """Keep an event for a step that gathers; return the list if it is called now."""
    name = station.name
    if name in stream.fired:
        return None
    events = stream.gathered.setdefault(name, [])
    events.append(event)
    policy = station.config.collection_policy
    wanted = getattr(policy.cardinality, "n", None) if policy is not None else None
    if wanted is None or len(events) < wanted:
        return None
    stream.fired.add(name)
    return stream.gathered.pop(name)


def fill_join(
    station: Station, stream: Stream | None, event: Event
) -> dict[str, Event] | None:
    """Keep an event for a step that takes several; return them once all are there."""
    if station.join is None:
        station.join = {}
    places = station.join.get(stream)
    config = station.config
    if places is None:
        places = {name: deque() for name, _ in config.join_parameters}
        station.join[stream] = places
    kind = type(event)
    fitting = [
        places[name]
        for name, wanted in config.join_parameters
        if kind is wanted
        or (config.accept_event_subclasses and issubclass(kind, wanted))
    ]
    min(fitting, key=len).append(event)
    if not all(places.values()):
        return None
    return {name: place.popleft() for name, place in places.items()}
