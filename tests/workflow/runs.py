"""Events and readers that the tests of runs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.workflow import Event, InputRequiredEvent

if TYPE_CHECKING:
    from notebook_async.workflow import WorkflowHandler


class Go(Event):
    """An event that sets a step going."""

    n: int = 0


class Done(Event):
    """An event that says a step is done."""

    n: int = 0


class Other(Event):
    """An event of a third class."""

    n: int = 0


class Progress(Event):
    """What a step shows of its work."""

    n: int = 0


async def read(handler: WorkflowHandler, *, internal: bool = False) -> list[Event]:
    """Return all events of a run, which are there once it has ended."""
    return [event async for event in handler.stream_events(expose_internal=internal)]


def kinds(events: list[Event]) -> list[str]:
    """Return the names of the classes of events."""
    return [type(event).__name__ for event in events]


async def questions_of(handler: WorkflowHandler, number: int) -> list[Any]:
    """Return the first so many questions of a run, and leave it waiting."""
    questions: list[Any] = []
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            questions.append(event)
            if len(questions) == number:
                break
    return questions
