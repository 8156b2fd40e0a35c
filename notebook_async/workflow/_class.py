"""Workflow classes and the steps that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from notebook_async.workflow._engine.calls import caller
from notebook_async.workflow._engine.definition import Definition
from notebook_async.workflow.errors import WorkflowValidationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.workflow._config import StepConfig
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.run import Run

__all__ = ["StepOwner", "WorkflowMeta"]


class WorkflowMeta(type):
    """The class of workflow classes: each keeps the free functions among its steps.

    Examples
    --------
    >>> from notebook_async.workflow import Workflow
    >>> type(Workflow).__name__
    'WorkflowMeta'
    """

    _free_steps: dict[str, Callable[..., Any]]
    _kept: tuple[int, Definition, dict[str, Any]] | None
    _version: int

    def __init__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kw: Any
    ) -> None:
        super().__init__(name, bases, namespace, **kw)
        cls._free_steps = {}
        cls._kept = None
        cls._version = 0


class StepOwner(metaclass=WorkflowMeta):
    """The part of `Workflow` that knows its steps."""

    @classmethod
    def add_step(cls, func: Callable[..., Any]) -> None:
        """Add a free function as a step; runs that go on keep the steps they have.

        Running the cell that defines it again replaces it.

        Parameters
        ----------
        func
            A function marked with `step`.

        Raises
        ------
        WorkflowValidationError
            If it is no step, or if another step has its name.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     pass
        >>> @step
        ... async def greet(ev: StartEvent) -> StopEvent:
        ...     return StopEvent(result=f"Hello {ev.name}")
        >>> Hello.add_step(greet)
        >>> await Hello().run(name="Ada")
        'Hello Ada'
        """
        name = getattr(func, "__name__", repr(func))
        if not hasattr(func, "_step_config"):
            raise WorkflowValidationError(f"{name} is no step: write @step above it")
        known = cls._find_steps().get(name)
        if known is not None and (
            name not in cls._free_steps
            or (known.__module__, known.__qualname__)
            != (func.__module__, func.__qualname__)
        ):
            raise WorkflowValidationError(
                f"A step {name} is already part of {cls.__name__}: choose another name"
            )
        cls._free_steps[name] = func
        cls._version += 1

    @classmethod
    def from_steps(
        cls,
        *steps: Callable[..., Any],
        name: str | None = None,
        **options: Any,
    ) -> Self:
        """Return a workflow made of free functions.

        Parameters
        ----------
        steps
            Functions marked with `step`.
        name
            What to call it.
        options
            As for the class.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> @step
        ... async def greet(ev: StartEvent) -> StopEvent:
        ...     return StopEvent(result=f"Hello {ev.name}")
        >>> await Workflow.from_steps(greet).run(name="Ada")
        'Hello Ada'
        """
        made = WorkflowMeta(name or cls.__name__, (cls,), {"__doc__": cls.__doc__})
        made_class = cast("type[Self]", made)
        for func in steps:
            made_class.add_step(func)
        return made_class(**options)

    @classmethod
    def _find_steps(cls) -> dict[str, Callable[..., Any]]:
        """Return the steps by name, those of base classes first, in the order written.

        A subclass that gives another meaning to a name takes the step away.
        """
        steps: dict[str, Callable[..., Any]] = {}
        for base in reversed(cls.__mro__):
            if not isinstance(base, WorkflowMeta):
                continue
            for name, value in (*vars(base).items(), *base._free_steps.items()):
                if hasattr(value, "_step_config"):
                    steps[name] = value
                else:
                    steps.pop(name, None)
        return steps

    @classmethod
    def _step_configs(cls) -> dict[str, StepConfig]:
        return {
            name: func._step_config  # type: ignore[attr-defined]
            for name, func in cls._find_steps().items()
        }

    @classmethod
    def _definition(cls) -> Definition:
        """Return the steps and what follows from them; read again once they change."""
        version = sum(
            base._version for base in cls.__mro__ if isinstance(base, WorkflowMeta)
        )
        kept = cls._kept
        if kept is None or kept[0] != version:
            definition = Definition(cls.__name__, cls._step_configs())
            calls = {
                name: caller(config) for name, config in definition.configs.items()
            }
            cls._kept = kept = (version, definition, calls)
        return kept[1]

    @classmethod
    def _calls(cls) -> dict[str, Callable[[Run, Invocation], Awaitable[Any]]]:
        return cls._kept[2] if cls._kept is not None else {}
