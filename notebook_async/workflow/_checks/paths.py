"""Whether every step can be reached, and leads to an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from notebook_async.workflow._checks.advice import Named, listed, steps_named
from notebook_async.workflow.events import (
    HumanResponseEvent,
    InputRequiredEvent,
    StopEvent,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from notebook_async.workflow._config import StepConfig, WorkflowGraphCheck
    from notebook_async.workflow.events import Event, StartEvent

    Node: TypeAlias = str | type[Event]
    Ways: TypeAlias = dict[Node, list[Node]]

__all__ = ["path_problems"]

_ENDS = (StopEvent, InputRequiredEvent)


def path_problems(
    configs: Mapping[str, StepConfig],
    start: type[StartEvent],
    skip: Collection[WorkflowGraphCheck] = (),
) -> Iterator[str]:
    """Return what to say of steps that cannot be reached or that lead to no end.

    Parameters
    ----------
    configs
        The steps by name.
    start
        What a run begins with.
    skip
        The checks to leave out; a step may leave itself out too.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, step
    >>> @step
    ... async def greet(ev: StartEvent) -> StopEvent: ...
    >>> list(path_problems({"greet": greet._step_config}, StartEvent))
    []
    """
    ways = _ways(configs, start)
    if "reachability" not in skip:
        yield from _unreached(configs, start, ways)
    if "terminal_event" not in skip:
        yield from _untaken(configs, ways)
    if "dead_end" not in skip:
        yield from _dead_ends(configs, ways)


def _ways(configs: Mapping[str, StepConfig], start: type[StartEvent]) -> Ways:
    """Return where one gets from each step and each event."""
    kinds: dict[type[Event], None] = {start: None}
    ways: Ways = {}
    for name, step in configs.items():
        ways[name] = list(step.return_types)
        kinds.update(dict.fromkeys((*step.accepted_events, *step.return_types)))
    for kind in kinds:
        ends = issubclass(kind, StopEvent)
        ways[kind] = [] if ends else [n for n, s in configs.items() if s.accepts(kind)]
    return ways


def _reached(ways: Ways, seeds: Iterable[Node]) -> set[Node]:
    seen: set[Node] = set()
    frontier = list(seeds)
    while frontier:
        node = frontier.pop()
        if node not in seen:
            seen.add(node)
            frontier += ways.get(node, [])
    return seen


def _unreached(
    configs: Mapping[str, StepConfig], start: type[StartEvent], ways: Ways
) -> Iterator[str]:
    answers = (k for k in ways if isinstance(k, type) and _is_answer(k))
    handlers = (n for n, step in configs.items() if step.role == "catch_error")
    reached = _reached(ways, [start, *answers, *handlers])
    named = Named(kind for kind in ways if isinstance(kind, type))
    for name, step in configs.items():
        if name in reached or "reachability" in step.skip_graph_checks:
            continue
        kinds = listed((named[kind] for kind in step.accepted_events), "or")
        first = named[step.accepted_events[0]]
        yield (
            f"step {name!r} is unreachable: no way from {named[start]} or an answer"
            f" leads to {kinds}; add `-> {first} | None` to the return annotation of a"
            " step that is reached (events sent with ctx.send_event count when they"
            " stand there), or skip with @step(skip_graph_checks=['reachability'])"
        )


def _is_answer(kind: type[Event]) -> bool:
    return issubclass(kind, HumanResponseEvent)


def _untaken(configs: Mapping[str, StepConfig], ways: Ways) -> Iterator[str]:
    named = Named(kind for kind in ways if isinstance(kind, type))
    for kind in named:
        if ways[kind] or issubclass(kind, _ENDS):
            continue
        makers = [n for n, step in configs.items() if kind in step.return_types]
        yield (
            f"event {named[kind]!r} ends nowhere: {steps_named(makers)} may return it"
            " and no step takes it, but only StopEvent and InputRequiredEvent may be"
            f" last; write a step that takes it, as in `ev: {named[kind]}`, or return a"
            " StopEvent"
        )


def _dead_ends(configs: Mapping[str, StepConfig], ways: Ways) -> Iterator[str]:
    back: Ways = {}
    for node, targets in ways.items():
        for target in targets:
            back.setdefault(target, []).append(node)
    ends = (k for k in ways if isinstance(k, type) and issubclass(k, _ENDS))
    ending = _reached(back, ends)
    named = Named(kind for kind in ways if isinstance(kind, type))
    for name, step in configs.items():
        exempt = "dead_end" in step.skip_graph_checks or not step.return_types
        if exempt or name in ending:
            continue
        kinds = listed((named[kind] for kind in step.return_types), "or")
        yield (
            f"step {name!r} is a dead end: it returns {kinds}, and from there no way"
            " leads to a StopEvent or an InputRequiredEvent; add `| StopEvent` to its"
            " return annotation or to that of a step after it, or skip with"
            " @step(skip_graph_checks=['dead_end'])"
        )
