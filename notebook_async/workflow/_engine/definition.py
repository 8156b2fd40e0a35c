"""The steps of a workflow class, and what follows from them, worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.workflow._checks.levels import collectors_of, handlers_of
from notebook_async.workflow._checks.validate import find_start_event, find_stop_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.workflow._config import StepConfig, WorkflowGraphCheck
    from notebook_async.workflow.context.serializers import BaseSerializer
    from notebook_async.workflow.events import Event, StartEvent, StopEvent

__all__ = ["Definition"]


class Definition:
    """What a run needs to know of its workflow; a run keeps the one it began with.

    Attributes
    ----------
    name
        The name of the class.
    configs
        The steps by name, in the order written.
    start, stop
        The events that a run begins and ends with.
    collectors
        For each fan-out step the names of those that gather what came of its list.
    handlers
        For each step the name of the one that mends its failures.
    external
        Whether steps take events that no step returns, such as a person's answers.
    state_types
        The models of the state that the steps' contexts name.
    checked
        Which checks of the graph it has passed, by those that were left out; None
        stands for none at all.
    serializer
        What turns runs into data unless another is given; made on first use.
    """

    def __init__(self, name: str, configs: Mapping[str, StepConfig]) -> None:
        self.name = name
        self.configs = dict(configs)
        self.start: type[StartEvent] = find_start_event(configs, name)
        self.stop: type[StopEvent] = find_stop_event(configs, name)
        self.collectors = collectors_of(configs)
        self.handlers = handlers_of(configs)
        self.external = _takes_external(configs, self.start)
        self.state_types = tuple(
            dict.fromkeys(
                config.context_state_type
                for config in configs.values()
                if config.context_state_type is not None
            )
        )
        self.checked: set[frozenset[WorkflowGraphCheck] | None] = set()
        self.serializer: BaseSerializer | None = None
        self._takers: dict[type[Event], tuple[str, ...]] = {}

    def takers(self, kind: type[Event]) -> tuple[str, ...]:
        """Return the names of the steps that take events of this class."""
        names = self._takers.get(kind)
        if names is None:
            names = tuple(
                name for name, config in self.configs.items() if config.accepts(kind)
            )
            self._takers[kind] = names
        return names


def _takes_external(configs: Mapping[str, StepConfig], start: type[Any]) -> bool:
    given = {kind for config in configs.values() for kind in config.return_types}
    return any(
        kind not in given and kind is not start
        for config in configs.values()
        if config.role == "step"
        for kind in config.accepted_events
    )
