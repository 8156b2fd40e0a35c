"""Events: what travels between the steps of a workflow, and out to those who watch."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr, model_serializer

from notebook_async.workflow._dict_model import DictLikeModel, _init_with_private
from notebook_async.workflow._error_values import AnyError, UnreconstructedException

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SerializerFunctionWrapHandler

__all__ = [
    "CollectionReleaseEvent",
    "Event",
    "EventType",
    "HumanResponseEvent",
    "IdleReleasedEvent",
    "InputRequiredEvent",
    "InternalDispatchEvent",
    "StartEvent",
    "StepFailedEvent",
    "StepState",
    "StepStateChanged",
    "StopEvent",
    "UnhandledEvent",
    "UnreconstructedException",
    "WorkflowCancelledEvent",
    "WorkflowFailedEvent",
    "WorkflowIdleEvent",
    "WorkflowTimedOutEvent",
]


class Event(DictLikeModel):
    """What one step hands to the next: declared fields, and whatever else is given.

    Fields are checked by pydantic. Undeclared values are kept too, readable as
    attributes and as items; the mapping methods see these only. An event is always
    true, even an empty one.

    Examples
    --------
    >>> class Page(Event):
    ...     url: str
    >>> page = Page(url="a.html", tries=2)
    >>> page.url, page.tries, page["tries"], "url" in page
    ('a.html', 2, 2, False)
    """

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # Set by a run on the answer to a secret question.
        hidden = "_secret" in self.__dict__
        for name, value in super().__repr_args__():
            yield name, "•••" if hidden else value


EventType = type[Event]


class StartEvent(Event):
    """What a run starts with; the arguments of `Workflow.run` become its values.

    Examples
    --------
    >>> StartEvent(topic="rain").topic
    'rain'
    """


class StopEvent(Event):
    """What ends a run.

    A run that ends with this very class gives `result`; one that ends with a subclass
    gives the event itself.

    Parameters
    ----------
    result
        What `await handler` returns.

    Examples
    --------
    >>> StopEvent(result=42).result
    42
    >>> print(StopEvent(result=42))
    42
    """

    _result: Any = PrivateAttr(default=None)

    def __init__(self, result: Any = None, **kwargs: Any) -> None:
        _init_with_private(self, **kwargs)
        if result is not None:
            self._result = result

    @property
    def result(self) -> Any:
        """What `_get_result` says; the value given, unless a subclass overrides it."""
        return self._get_result()

    def _get_result(self) -> Any:
        return self._result

    @model_serializer(mode="wrap")
    def _pack(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        if self._data:
            data["_data"] = {
                name: data.pop(name) for name in self._data if name in data
            }
        if self._result is not None:
            data["result"] = self._result
        return data

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        yield from super().__repr_args__()
        if self._result is not None:
            yield "result", self._result

    def __str__(self) -> str:
        return str(self._result)


class InputRequiredEvent(Event):
    """A question to a person: returned from a step it goes to the stream by itself.

    It need not be taken by any step. The answer comes back as a `HumanResponseEvent`.

    In a notebook the question shows itself, with a form for the answer, once somebody
    awaits the run or watches it, or it runs in a job. A program that reads the events
    of the run, and answers with `send_event`, is left alone.

    What is asked can be said by any attributes: `prefix`, `answer_type`, `options` and
    the others of `notebook_async.workflow.Question`, which declares them.

    Examples
    --------
    >>> InputRequiredEvent(prefix="Your name? ").prefix
    'Your name? '
    """

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        hidden = getattr(self, "secret", False)
        for name, value in super().__repr_args__():
            yield name, "•••" if hidden and name == "default" else value

    @property
    def question_id(self) -> str | None:
        """What names the question once a run has asked it.

        An answer with the same `question_id` goes to this question and to no other.
        """
        name: str | None = self.__dict__.get("_question_id")
        return name


class HumanResponseEvent(Event):
    """A person's answer; no step need produce it.

    `response` is what was answered, as the type that was asked for.

    Examples
    --------
    >>> HumanResponseEvent(response="Ada").response
    'Ada'
    """


# -- how a run ended; what the engine alone makes is built on first use, for the sake of
# the import


class WorkflowTimedOutEvent(StopEvent, defer_build=True):
    """The last event of a run that took too long.

    Attributes
    ----------
    timeout
        The seconds that it had.
    active_steps
        Names of the steps that were running.

    Examples
    --------
    >>> WorkflowTimedOutEvent(timeout=5.0, active_steps=["fetch"]).active_steps
    ['fetch']
    """

    timeout: float
    active_steps: list[str]


class WorkflowCancelledEvent(StopEvent, defer_build=True):
    """The last event of a run that was cancelled.

    Examples
    --------
    >>> isinstance(WorkflowCancelledEvent(), StopEvent)
    True
    """


class IdleReleasedEvent(StopEvent, defer_build=True):
    """The end of a run that was put away while it had nothing to do.

    Examples
    --------
    >>> isinstance(IdleReleasedEvent(), StopEvent)
    True
    """


class WorkflowFailedEvent(StopEvent, defer_build=True):
    """The last event of a run that failed.

    Attributes
    ----------
    step_name
        The step that failed.
    exception
        What it raised; once it was data, only its class and its message.
    attempts
        How often it was tried, or None where no step was.
    elapsed_seconds
        Seconds from the first attempt to the last failure, or None.

    Examples
    --------
    >>> WorkflowFailedEvent(step_name="fetch", exception=OSError("no")).step_name
    'fetch'
    """

    step_name: str
    exception: AnyError
    attempts: int | None = None
    elapsed_seconds: float | None = None


class StepFailedEvent(Event, defer_build=True):
    """What a `catch_error` step gets once the retries of another are spent.

    Attributes
    ----------
    step_name, exception, attempts, elapsed_seconds
        As in `WorkflowFailedEvent`.
    input_event
        What the step was given.
    failed_at
        When it failed last, in UTC.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> failed = StepFailedEvent(
    ...     step_name="fetch",
    ...     input_event=StartEvent(),
    ...     exception=OSError("no"),
    ...     attempts=3,
    ...     elapsed_seconds=1.5,
    ...     failed_at=datetime(2026, 1, 1, tzinfo=UTC),
    ... )
    >>> failed.attempts
    3
    """

    step_name: str
    input_event: Event
    exception: AnyError
    attempts: int
    elapsed_seconds: float
    failed_at: datetime


class CollectionReleaseEvent(Event, defer_build=True):
    """What a step with a `list[Event]` parameter was given, where one event is named.

    Attributes
    ----------
    events
        The list.

    Examples
    --------
    >>> CollectionReleaseEvent(events=[StartEvent()]).events
    [StartEvent()]
    """

    events: list[Event]


# -- what the engine says about itself


class InternalDispatchEvent(Event, defer_build=True):
    """What the engine says about itself; streams show it with `expose_internal` only.

    Examples
    --------
    >>> issubclass(StepStateChanged, InternalDispatchEvent)
    True
    """


class WorkflowIdleEvent(InternalDispatchEvent, defer_build=True):
    """Nothing is queued or running, yet the run has not ended.

    Examples
    --------
    >>> isinstance(WorkflowIdleEvent(), InternalDispatchEvent)
    True
    """


class UnhandledEvent(InternalDispatchEvent, defer_build=True):
    """An event came that no step takes and nobody waits for.

    Attributes
    ----------
    event_type, qualified_name
        Its class, without and with its module.
    step_name
        The step it was sent to, if it was sent to one.
    idle
        Whether nothing is left to do.

    Examples
    --------
    >>> UnhandledEvent(event_type="A", qualified_name="m.A", idle=True).step_name
    """

    event_type: str
    qualified_name: str
    step_name: str | None = None
    idle: bool


class StepState(Enum):
    """What a step does with an event.

    Examples
    --------
    >>> StepState.PREPARING.value
    'preparing'
    """

    PREPARING = "preparing"  # queued: all its workers are busy
    RUNNING = "running"
    NOT_RUNNING = "not_running"


class StepStateChanged(InternalDispatchEvent, defer_build=True):
    """A step took an event, began with it or is done with it.

    Attributes
    ----------
    name
        The step.
    step_state
        What it does now.
    worker_id
        Which of its workers; two that run at once have different ones.
    input_event_name, output_event_name
        Class names of the event it was given and of the one it returned.

    Examples
    --------
    >>> StepStateChanged(
    ...     name="fetch",
    ...     step_state=StepState.RUNNING,
    ...     worker_id="0",
    ...     input_event_name="StartEvent",
    ... ).step_state
    <StepState.RUNNING: 'running'>
    """

    name: str
    step_state: StepState
    worker_id: str
    input_event_name: str
    output_event_name: str | None = None
