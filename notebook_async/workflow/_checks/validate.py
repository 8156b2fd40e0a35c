"""Check that the steps of a workflow fit together, and say how to mend them if not.

A check tells all that it finds at once. They come in an order in which one mended does
not bring out errors that are but its shadow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.workflow._checks.advice import (
    Named,
    listed,
    report,
    steps_named,
)
from notebook_async.workflow._checks.connections import connection_problems
from notebook_async.workflow._checks.paths import path_problems
from notebook_async.workflow._checks.rules import (
    handler_problems,
    join_problems,
    list_problems,
)
from notebook_async.workflow.errors import (
    WorkflowConfigurationError,
    WorkflowValidationError,
)
from notebook_async.workflow.events import (
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from notebook_async.workflow._config import StepConfig, WorkflowGraphCheck

__all__ = ["find_start_event", "find_stop_event", "known_events", "validate_graph"]


def find_start_event(configs: Mapping[str, StepConfig], name: str) -> type[StartEvent]:
    """Return the one class of event that a run begins with.

    Parameters
    ----------
    configs
        The steps by name.
    name
        The workflow's name, for the message.

    Raises
    ------
    WorkflowConfigurationError
        If there are no steps, or not exactly one such class is taken.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, step
    >>> @step
    ... async def greet(ev: StartEvent) -> StopEvent: ...
    >>> find_start_event({"greet": greet._step_config}, "Greeter").__name__
    'StartEvent'
    """
    found = {
        kind: [step.name for step in configs.values() if kind in step.accepted_events]
        for kind in _taken(configs)
        if issubclass(kind, StartEvent)
    }
    if len(found) == 1:
        return next(iter(found))
    if not configs:
        advice = "has no steps: write a method and put @step above it"
    elif not found:
        advice = (
            "has no start, as no step takes a StartEvent: annotate the event of its"
            f" first step as `ev: StartEvent` (its steps are {listed(configs)})"
        )
    else:
        advice = _one_of("start", "taken by", found)
    raise WorkflowConfigurationError(f"workflow {name!r} {advice}")


def find_stop_event(configs: Mapping[str, StepConfig], name: str) -> type[StopEvent]:
    """Return the one class of event that ends a run.

    Parameters
    ----------
    configs
        The steps by name.
    name
        The workflow's name, for the message.

    Raises
    ------
    WorkflowConfigurationError
        If not exactly one such class is returned.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, step
    >>> @step
    ... async def greet(ev: StartEvent) -> StopEvent: ...
    >>> find_stop_event({"greet": greet._step_config}, "Greeter").__name__
    'StopEvent'
    """
    found = {
        kind: [step.name for step in configs.values() if kind in step.return_types]
        for step in configs.values()
        for kind in step.return_types
        if issubclass(kind, StopEvent)
    }
    if len(found) == 1:
        return next(iter(found))
    if found:
        advice = _one_of("stop", "returned by", found)
    else:
        advice = (
            "has no end, as no step returns a StopEvent: add `-> StopEvent` to the"
            f" return annotation of its last step (its steps are {listed(configs)})"
        )
    raise WorkflowConfigurationError(f"workflow {name!r} {advice}")


def known_events(configs: Mapping[str, StepConfig]) -> list[type[Event]]:
    """Return every class of event that the steps name, in the order written.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, step
    >>> @step
    ... async def greet(ev: StartEvent) -> StopEvent: ...
    >>> [kind.__name__ for kind in known_events({"greet": greet._step_config})]
    ['StartEvent', 'StopEvent']
    """
    kinds = (
        kind
        for step in configs.values()
        for kind in (*step.accepted_events, *step.return_types)
    )
    return list(dict.fromkeys(kinds))


def validate_graph(
    configs: Mapping[str, StepConfig],
    name: str,
    *,
    skip: Collection[WorkflowGraphCheck] = (),
) -> bool:
    """Check that the steps fit together.

    Parameters
    ----------
    configs
        The steps by name.
    name
        The workflow's name, for the messages.
    skip
        Which of the checks of the whole graph to leave out.

    Returns
    -------
    bool
        Whether a person is asked, or answers, somewhere.

    Raises
    ------
    WorkflowConfigurationError
        If there is not exactly one start and one stop.
    WorkflowValidationError
        If the steps do not fit together.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, step
    >>> @step
    ... async def greet(ev: StartEvent) -> StopEvent: ...
    >>> validate_graph({"greet": greet._step_config}, "Greeter")
    False
    """
    start = find_start_event(configs, name)
    find_stop_event(configs, name)
    for what, problems in (
        ("lists that nobody returns", list_problems(configs)),
        ("events that never meet", join_problems(configs, start)),
        ("events that lead nowhere", connection_problems(configs, start)),
        ("wrong @catch_error handlers", handler_problems(configs)),
        ("a graph with gaps", path_problems(configs, start, skip)),
    ):
        if found := list(problems):
            raise WorkflowValidationError(report(name, what, found))
    return any(
        issubclass(kind, (InputRequiredEvent, HumanResponseEvent))
        for kind in known_events(configs)
    )


def _taken(configs: Mapping[str, StepConfig]) -> list[type[Event]]:
    kinds = (kind for step in configs.values() for kind in step.accepted_events)
    return list(dict.fromkeys(kinds))


def _one_of(word: str, verb: str, found: Mapping[Any, list[str]]) -> str:
    named = Named(found)
    kinds = "; ".join(f"{named[k]} {verb} {steps_named(s)}" for k, s in found.items())
    return f"has {len(found)} {word} events ({kinds}): use one of them in all steps"
