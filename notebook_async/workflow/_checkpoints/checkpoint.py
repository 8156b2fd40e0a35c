"""A checkpoint, and what differs between two."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notebook_async.workflow._display import Displayed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.workflow.events import Event
    from notebook_async.workflow.representation import WorkflowGraph
    from notebook_async.workflow.workflow import Workflow

__all__ = ["Checkpoint", "CheckpointDiff"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """A run as it was after one of its steps.

    Attributes
    ----------
    id_
        Names it.
    run_id
        The run.
    number
        Counts the checkpoints of the run, from 0, which is before the first step.
    last_completed_step
        The step, or None before the first and after an answer of a person.
    input_event, output_event
        What the step was given and what it returned, which was not yet delivered.
    ctx_state
        The run as data, as `Context.to_dict` gives it.
    at
        When it was made, in seconds since the epoch.
    workflow
        The workflow, where it is at hand; it draws the checkpoint.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> from notebook_async.workflow import WorkflowCheckpointer
    >>> class Hello(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result="Hello")
    >>> checkpointer = WorkflowCheckpointer(Hello())
    >>> handler = checkpointer.run()
    >>> await handler
    'Hello'
    >>> checkpointer.checkpoints[handler.run_id]
    [<Checkpoint 1 after greet>]
    """

    id_: str
    run_id: str
    number: int
    last_completed_step: str | None
    input_event: Event | None
    output_event: Any
    ctx_state: dict[str, Any] = field(repr=False)
    at: float
    workflow: Workflow | None = field(default=None, repr=False)

    _repr_mimebundle_ = Displayed()

    def graph(self) -> WorkflowGraph:
        """Return the steps, with what each was doing then.

        Raises
        ------
        ValueError
            If the workflow is not at hand.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> from notebook_async.workflow import WorkflowCheckpointer
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello())
        >>> handler = checkpointer.run()
        >>> await handler
        'Hello'
        >>> checkpointer.checkpoints[handler.run_id][0].graph().name
        'Hello'
        """
        from notebook_async.workflow._engine.live import counts_of_data  # noqa: PLC0415

        if self.workflow is None:
            raise ValueError("this checkpoint does not know its workflow")
        return self.workflow.graph().with_counts(
            *counts_of_data(self.workflow, self.ctx_state)
        )

    def diff(self, other: Checkpoint) -> CheckpointDiff:
        """Return what is different in another, later checkpoint.

        Examples
        --------
        >>> from notebook_async.workflow import Context, StartEvent, StopEvent
        >>> from notebook_async.workflow import Workflow, WorkflowCheckpointer, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ctx: Context, ev: StartEvent) -> StopEvent:
        ...         await ctx.store.set("name", "Ada")
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello())
        >>> handler = checkpointer.run()
        >>> await handler
        'Hello'
        >>> before, after = await checkpointer.list(handler.run_id)
        >>> print(before.diff(after))
        store.name: nothing -> "Ada"
        greet: 0 -> 1 done, 1 -> 0 to do
        """
        return CheckpointDiff(
            changed=_changed(_flat_state(self), _flat_state(other)),
            done=_changed(_done(self), _done(other)),
            to_do=_changed(_to_do(self), _to_do(other)),
        )

    def __repr__(self) -> str:
        after = self.last_completed_step
        where = f"after {after}"
        if after is None:
            where = "after an answer" if self.number else "before the first step"
        return f"<Checkpoint {self.number} {where}>"


@dataclass(frozen=True, slots=True)
class CheckpointDiff:
    """What is different between two checkpoints.

    Attributes
    ----------
    changed
        By path in the store the value before and after; None where there was none.
    done, to_do
        By step how many calls were done, and how many were queued or under way.

    Examples
    --------
    >>> print(CheckpointDiff({"store.x": ("1", "2")}, {}, {}))
    store.x: 1 -> 2
    """

    changed: dict[str, tuple[Any, Any]]
    done: dict[str, tuple[int, int]]
    to_do: dict[str, tuple[int, int]]

    def __str__(self) -> str:
        lines = [
            f"{path}: {_shown(before)} -> {_shown(after)}"
            for path, (before, after) in self.changed.items()
        ]
        for step in dict.fromkeys((*self.done, *self.to_do)):
            parts = [
                f"{counts[step][0] or 0} -> {counts[step][1] or 0} {word}"
                for counts, word in ((self.done, "done"), (self.to_do, "to do"))
                if step in counts
            ]
            lines.append(f"{step}: {', '.join(parts)}")
        return "\n".join(lines) or "nothing is different"


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    names = dict.fromkeys((*before, *after))
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    }


def _done(checkpoint: Checkpoint) -> dict[str, int]:
    steps = checkpoint.ctx_state.get("steps", {})
    return {name: step["done"] for name, step in steps.items() if step["done"]}


def _to_do(checkpoint: Checkpoint) -> dict[str, int]:
    counts: dict[str, int] = {}
    for call in checkpoint.ctx_state.get("calls", ()):
        counts[call["step"]] = counts.get(call["step"], 0) + 1
    return counts


def _flat_state(checkpoint: Checkpoint) -> dict[str, str]:
    """Return each value of the store by its path, as text."""
    state = checkpoint.ctx_state.get("state") or {}
    return dict(_flat("store", state.get("state_data")))


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            yield path, value
            return
    if isinstance(value, dict) and value and "__tag__" not in value:
        for key, inner in value.items():
            # The overflow of a model reads like its fields.
            yield from _flat(path if key == "_data" else f"{path}.{key}", inner)
    elif isinstance(value, dict) and "fields" in value:
        yield from _flat(path, {**value["fields"], **value.get("extra", {})})
    elif value != {}:
        yield path, json.dumps(value)


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
