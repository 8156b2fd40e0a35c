"""Check that the steps of a workflow fit together, and say how to mend them if not.

A check tells all that it finds at once. They come in an order in which one mended does
not bring out errors that are but its shadow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.workflow._advice import (
    Named,
    close_name,
    listed,
    report,
    steps_named,
)
from notebook_async.workflow._connections import connection_problems
from notebook_async.workflow._levels import levels_of, top_level
from notebook_async.workflow._paths import path_problems
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
    from collections.abc import Collection, Iterator, Mapping

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
        ("lists that nobody returns", _list_problems(configs)),
        ("events that never meet", _join_problems(configs, start)),
        ("events that lead nowhere", connection_problems(configs, start)),
        ("wrong @catch_error handlers", _handler_problems(configs)),
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


def _one_of(
    word: str, verb: str, found: Mapping[Any, list[str]]
) -> str:
    named = Named(found)
    kinds = "; ".join(f"{named[k]} {verb} {steps_named(s)}" for k, s in found.items())
    return f"has {len(found)} {word} events ({kinds}): use one of them in all steps"


def _list_problems(configs: Mapping[str, StepConfig]) -> Iterator[str]:
    inside = set().union(*levels_of(configs).values())
    named = Named(known_events(configs))
    for step in configs.values():
        if step.collection_parameter is None:
            continue
        # A base class is satisfied by a subclass where the step takes these too.
        missing = [
            kind
            for kind in step.accepted_events
            if not any(
                got is kind or (step.accept_event_subclasses and issubclass(got, kind))
                for got in inside
            )
        ]
        if missing:
            makers = [
                other.name
                for other in configs.values()
                if set(missing) & set(other.return_types)
            ]
            kinds = " | ".join(named[kind] for kind in missing)
            where = steps_named(makers) if makers else "the step that makes them"
            yield (
                f"step {step.name!r} gathers {step.collection_parameter!r}:"
                f" list[{kinds}], but no list of them is returned, nor do they come of"
                f" one: add `-> list[{kinds}]` to the return annotation of {where}, or"
                " of a step before; for events sent with ctx.send_event use"
                " ctx.collect_events"
            )


def _join_problems(
    configs: Mapping[str, StepConfig], start: type[StartEvent]
) -> Iterator[str]:
    joins = [step for step in configs.values() if step.join_parameters]
    if not joins:
        return
    named = Named(known_events(configs))
    answers = (k for k in _taken(configs) if issubclass(k, HumanResponseEvent))
    levels = {"outside of all lists": top_level(configs, [start, *answers])}
    for name, level in levels_of(configs).items():
        levels[f"within the list of {name!r}"] = level
    for step in joins:
        wanted = {kind for _, kind in step.join_parameters}
        if any(wanted <= level for level in levels.values()):
            continue
        places = "; ".join(
            f"{parameter!r} ({named[kind]}) comes "
            + (
                listed((w for w, got in levels.items() if kind in got), "and")
                or "never"
            )
            for parameter, kind in step.join_parameters
        )
        yield (
            f"step {step.name!r} waits for one of each, but they never come at the same"
            f" level: {places}; gather the list first, in a step that takes"
            " `list[...]`, or wait with ctx.wait_for_event in the step that needs both"
        )


def _handler_problems(configs: Mapping[str, StepConfig]) -> Iterator[str]:
    handlers = {n: step for n, step in configs.items() if step.role == "catch_error"}
    claims: dict[str, list[str]] = {}
    for name, step in handlers.items():
        most = step.catch_error_max_recoveries
        if type(most) is not int or most < 1:
            yield f"handler {name!r}: max_recoveries must be an int >= 1, got {most!r}"
        for covered in dict.fromkeys(step.catch_error_for_steps or ()):
            claims.setdefault(covered, []).append(name)
    takes_all = [
        n for n, step in handlers.items() if step.catch_error_for_steps is None
    ]
    if len(takes_all) > 1:
        yield (
            f"{steps_named(takes_all)} each catch the failures of all steps: give all"
            " but one of them `for_steps=[...]`"
        )
    for covered, names in claims.items():
        if covered not in configs:
            others = [n for n in configs if n not in handlers]
            yield (
                f"{steps_named(names, 'handler')} for_steps: there is no step"
                f" {covered!r}{close_name(covered, others)}"
            )
        elif covered in handlers:
            yield (
                f"{steps_named(names, 'handler')} cannot cover handler {covered!r}:"
                " take it out of for_steps, as its own failure fails the run"
            )
        elif len(names) > 1:
            yield (
                f"step {covered!r} is covered by {steps_named(names, 'handler')}: leave"
                " it in the for_steps of one"
            )
