"""Whether every event that is taken is made, and every event that is made is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._checks.advice import Named, steps_named
from notebook_async.workflow.events import (
    HumanResponseEvent,
    InputRequiredEvent,
    StepFailedEvent,
    StopEvent,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from notebook_async.workflow._config import StepConfig
    from notebook_async.workflow.events import Event, StartEvent

    Makers = dict[type[Event], list[str]]

__all__ = ["connection_problems"]

# What may come from outside, and what may go there.
_FROM_OUTSIDE = (InputRequiredEvent, HumanResponseEvent, StopEvent, StepFailedEvent)
_TO_OUTSIDE = (InputRequiredEvent, HumanResponseEvent, StopEvent)
_SENT = "events sent with ctx.send_event count when they stand in the return annotation"


def connection_problems(
    configs: Mapping[str, StepConfig], start: type[StartEvent]
) -> Iterator[str]:
    """Return what to say of events that are only taken or only made.

    Parameters
    ----------
    configs
        The steps by name.
    start
        What a run begins with, which nobody has to make.

    Examples
    --------
    >>> from notebook_async.workflow import Event, StartEvent, StopEvent, step
    >>> class Page(Event): ...
    >>> @step
    ... async def read(ev: Page) -> StopEvent: ...
    >>> print(*connection_problems({"read": read._step_config}, StartEvent))
    event 'Page' is consumed but never produced: step 'read' takes it, no step returns
    it; add `-> Page` to the return annotation of the step that makes it (events sent
    with ctx.send_event count when they stand in the return annotation)
    """
    for name, step in configs.items():
        if any(issubclass(kind, StopEvent) for kind in step.accepted_events):
            yield (
                f"step {name!r} cannot accept StopEvent, which ends the run: let it"
                " take an event of its own, and return that where StopEvent is"
                " returned now"
            )
    makers, takers = _by_event(configs)
    makers.setdefault(start, [])
    untaken = [kind for kind in makers if _is_loose(configs, kind, start)]
    unmade = [kind for kind in takers if _is_unmade(configs, kind, makers)]
    named = Named([*makers, *takers])
    for kind in unmade:
        yield (
            f"event {named[kind]!r} is consumed but never produced:"
            f" {steps_named(takers[kind])} {_verb('take', takers[kind])} it, no step"
            f" returns it; {_advice_to_make(kind, makers, untaken, named)}"
        )
    for kind in untaken:
        yield (
            f"event {named[kind]!r} is produced but never consumed:"
            f" {steps_named(makers[kind])} {_verb('return', makers[kind])} it, no step"
            f" takes it; {_advice_to_take(kind, takers, unmade, named)}"
        )


def _by_event(configs: Mapping[str, StepConfig]) -> tuple[Makers, Makers]:
    makers: Makers = {}
    takers: Makers = {}
    for name, step in configs.items():
        for kind in step.return_types:
            makers.setdefault(kind, []).append(name)
        for kind in step.accepted_events:
            takers.setdefault(kind, []).append(name)
    return makers, takers


def _is_loose(
    configs: Mapping[str, StepConfig], kind: type[Event], start: type[Event]
) -> bool:
    if kind is start or issubclass(kind, _TO_OUTSIDE):
        return False
    return not any(step.accepts(kind) for step in configs.values())


def _is_unmade(
    configs: Mapping[str, StepConfig], kind: type[Event], makers: Makers
) -> bool:
    if issubclass(kind, _FROM_OUTSIDE) or kind in makers:
        return False
    made_for = (
        step.accept_event_subclasses and any(issubclass(made, kind) for made in makers)
        for step in configs.values()
        if kind in step.accepted_events
    )
    return not all(made_for)


def _verb(word: str, names: list[str]) -> str:
    return f"{word}s" if len(names) == 1 else word


def _advice_to_make(
    kind: type[Event],
    makers: Makers,
    untaken: list[type[Event]],
    named: Named,
) -> str:
    """Say where an event that is waited for may come from."""
    for made, names in makers.items():
        if names and made.__name__ == kind.__name__:
            return _redefined(kind, names, named)
        if names and issubclass(made, kind):
            return (
                f"{steps_named(names)} {_verb('return', names)} {named[made]!r}, a"
                " subclass of it: take that, or write"
                " @step(accept_event_subclasses=True)"
            )
    for made in untaken:
        if _alike(made, kind):
            names = makers[made]
            return (
                f"did you mean {named[made]!r}, which {steps_named(names)}"
                f" {_verb('return', names)} and no step takes?"
            )
    return (
        f"add `-> {named[kind]}` to the return annotation of the step that makes it"
        f" ({_SENT})"
    )


def _advice_to_take(
    kind: type[Event],
    takers: Makers,
    unmade: list[type[Event]],
    named: Named,
) -> str:
    """Say where an event that is made may go."""
    for taken, names in takers.items():
        if taken.__name__ == kind.__name__:
            return _redefined(kind, names, named)
        if issubclass(kind, taken):
            return (
                f"{steps_named(names)} {_verb('take', names)} its base"
                f" {named[taken]!r}: write @step(accept_event_subclasses=True) there,"
                " or take both"
            )
    for taken in unmade:
        if _alike(taken, kind):
            names = takers[taken]
            return (
                f"did you mean {named[taken]!r}, which {steps_named(names)}"
                f" {_verb('take', names)} and no step returns?"
            )
    return (
        f"write a step that takes it, as in `ev: {named[kind]}`, or take it out of the"
        " return annotation"
    )


def _redefined(kind: type[Event], names: list[str], named: Named) -> str:
    return (
        f"{steps_named(names)} {_verb('know', names)} another class named"
        f" {kind.__name__!r} ({named[kind]} was defined again since): run the cells of"
        " all steps that name it once more"
    )


def _alike(one: type[Event], other: type[Event]) -> bool:
    from difflib import SequenceMatcher  # noqa: PLC0415 - rarely needed

    same = SequenceMatcher(None, one.__name__.lower(), other.__name__.lower())
    return same.ratio() >= 0.6  # noqa: PLR2004 - as `difflib.get_close_matches`
