"""Rules for lists, joins and handlers of failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._checks.advice import (
    Named,
    close_name,
    listed,
    steps_named,
)
from notebook_async.workflow._checks.levels import levels_of, top_level
from notebook_async.workflow.events import HumanResponseEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from notebook_async.workflow._config import StepConfig
    from notebook_async.workflow.events import Event, StartEvent

__all__ = ["handler_problems", "join_problems", "list_problems"]


def list_problems(configs: Mapping[str, StepConfig]) -> Iterator[str]:
    """Return what to say of steps that gather a list which nobody returns.

    Examples
    --------
    >>> list(list_problems({}))
    []
    """
    inside = set().union(*levels_of(configs).values())
    named = Named(_kinds(configs))
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


def join_problems(
    configs: Mapping[str, StepConfig], start: type[StartEvent]
) -> Iterator[str]:
    """Return what to say of joins whose events never come at the same level.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent
    >>> list(join_problems({}, StartEvent))
    []
    """
    joins = [step for step in configs.values() if step.join_parameters]
    if not joins:
        return
    known_kinds = _kinds(configs)
    named = Named(known_kinds)
    answers = (k for k in known_kinds if issubclass(k, HumanResponseEvent))
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


def handler_problems(configs: Mapping[str, StepConfig]) -> Iterator[str]:
    """Return what to say of steps that catch the failures of others.

    Examples
    --------
    >>> list(handler_problems({}))
    []
    """
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


def _kinds(configs: Mapping[str, StepConfig]) -> list[type[Event]]:
    return [
        kind
        for step in configs.values()
        for kind in (*step.accepted_events, *step.return_types)
    ]
