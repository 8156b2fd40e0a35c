"""Which steps gather what came of which list, found from the annotations alone.

A step that returns a list opens a *level*: the events of its list, and all that other
steps make of them one by one. A step that gathers a list ends the level, and what it
returns belongs to the level around. Where a list is returned within a level, its own
level is opened inside, and only what is gathered from that comes back.

The levels depend on each other, so they are grown together until none grows any more.
They only ever grow and there are finitely many events, so this ends, loops or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from notebook_async.workflow.events import StepFailedEvent, StopEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from notebook_async.workflow._config import StepConfig
    from notebook_async.workflow.events import Event

    Events: TypeAlias = set[type[Event]]

__all__ = ["collectors_of", "handlers_of", "levels_of", "list_events", "top_level"]


def collectors_of(configs: Mapping[str, StepConfig]) -> dict[str, tuple[str, ...]]:
    """Return, for each step that returns a list, the names of the steps that gather it.

    Parameters
    ----------
    configs
        The steps by name.

    Returns
    -------
    dict
        Names in the order of `configs`; empty where nobody gathers.

    Examples
    --------
    >>> from notebook_async.workflow import Event, StartEvent, StopEvent, step
    >>> class Page(Event): ...
    >>> @step
    ... async def split(ev: StartEvent) -> list[Page]: ...
    >>> @step
    ... async def merge(pages: list[Page]) -> StopEvent: ...
    >>> collectors_of({s.__name__: s._step_config for s in (split, merge)})
    {'split': ('merge',)}
    """
    return {
        name: tuple(_gathering(configs, level))
        for name, level in levels_of(configs).items()
    }


def levels_of(configs: Mapping[str, StepConfig]) -> dict[str, Events]:
    """Return the events of the level that each fan-out step opens.

    Examples
    --------
    >>> levels_of({})
    {}
    """
    levels: dict[str, Events] = {
        name: set(list_events(config))
        for name, config in configs.items()
        if config.is_fan_out
    }
    growing = True
    while growing:
        growing = False
        for name, level in levels.items():
            grown = _closure(configs, level, levels)
            growing = growing or len(grown) > len(level)
            levels[name] = grown
    return levels


def top_level(
    configs: Mapping[str, StepConfig], seeds: Iterable[type[Event]]
) -> Events:
    """Return the events that come of the given ones outside of any list.

    Parameters
    ----------
    configs
        The steps by name.
    seeds
        The events that come from outside: the start and people's answers.

    Examples
    --------
    >>> top_level({}, [StopEvent])
    {<class 'notebook_async.workflow.events.StopEvent'>}
    """
    return _closure(configs, seeds, levels_of(configs))


def list_events(config: StepConfig) -> tuple[type[Event], ...]:
    """Return the events of the list that a fan-out step returns.

    What it may return bare is no part of the list: `list[Page] | Nothing` makes a level
    of pages only. In `list[Page] | Page` the list is meant.

    Examples
    --------
    >>> from notebook_async.workflow import Event, StartEvent, StopEvent, step
    >>> class Page(Event): ...
    >>> @step
    ... async def split(ev: StartEvent) -> list[Page] | StopEvent: ...
    >>> [kind.__name__ for kind in list_events(split._step_config)]
    ['Page']
    """
    bare = config.bare_return_types
    listed = tuple(kind for kind in config.return_types if kind not in bare)
    return listed or config.return_types


def handlers_of(configs: Mapping[str, StepConfig]) -> dict[str, str]:
    """Return, for each step whose failures are caught, the name of the handler.

    One that names the step goes before one that takes all; handlers have none.

    Examples
    --------
    >>> handlers_of({})
    {}
    """
    handlers = {n: c for n, c in configs.items() if c.role == "catch_error"}
    named = {
        step: name
        for name, config in handlers.items()
        for step in config.catch_error_for_steps or ()
    }
    takes_all = (n for n, c in handlers.items() if c.catch_error_for_steps is None)
    other = next(takes_all, None)
    found = {step: named.get(step, other) for step in configs if step not in handlers}
    return {step: name for step, name in found.items() if name is not None}


def _closure(
    configs: Mapping[str, StepConfig],
    seeds: Iterable[type[Event]],
    levels: Mapping[str, Events],
) -> Events:
    """Return all that comes of the seeds without leaving their level."""
    handlers = handlers_of(configs)
    seen: Events = set()
    frontier = list(seeds)
    while frontier:
        kind = frontier.pop()
        if kind in seen:
            continue
        seen.add(kind)
        for name in _takers(configs, kind):
            if configs[name].collection_parameter is None:
                frontier += _outcome(configs, name, levels, set())
                if name in handlers:
                    frontier += _outcome(configs, handlers[name], levels, set())
    return seen


def _outcome(
    configs: Mapping[str, StepConfig],
    name: str,
    levels: Mapping[str, Events],
    seen: set[str],
) -> Events:
    """Return what one call of a step leads to at its own level."""
    config = configs[name]
    if not config.is_fan_out:
        return set(config.return_types)
    if name in seen:
        return set()
    seen.add(name)
    handlers = handlers_of(configs)
    outcome = set(config.bare_return_types)
    for collector in _gathering(configs, levels[name]):
        outcome |= _outcome(configs, collector, levels, seen)
        if collector in handlers:
            outcome |= _outcome(configs, handlers[collector], levels, seen)
    return outcome


def _gathering(configs: Mapping[str, StepConfig], level: Events) -> list[str]:
    return [
        name
        for name, config in configs.items()
        if config.collection_parameter is not None
        and any(config.accepts(kind) for kind in level)
    ]


def _takers(configs: Mapping[str, StepConfig], kind: type[Event]) -> list[str]:
    """Return who takes an event; the end of the run and failures go to nobody."""
    if issubclass(kind, (StopEvent, StepFailedEvent)):
        return []
    return [name for name, config in configs.items() if config.accepts(kind)]
