"""Mark functions as the steps of a workflow."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar, overload

from notebook_async.workflow._config import StepConfig, StepGraphCheck
from notebook_async.workflow._numbers import check_count, check_seconds
from notebook_async.workflow._signature import (
    caller_names,
    inspect_signature,
    is_free_function,
    validate_step_signature,
)
from notebook_async.workflow.errors import WorkflowValidationError
from notebook_async.workflow.events import StepFailedEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from notebook_async.core.policies import Retry
    from notebook_async.workflow.retry_policy import RetryPolicy
    from notebook_async.workflow.workflow import Workflow

__all__ = ["StepConfig", "catch_error", "step"]

F = TypeVar("F", bound="Callable[..., Any]")


@overload
def step(func: F, /) -> F: ...


@overload
def step(
    *,
    workflow: type[Workflow] | None = ...,
    num_workers: int = ...,
    retry_policy: RetryPolicy | Retry | int | None = ...,
    timeout: float | None = ...,
    skip_graph_checks: Iterable[StepGraphCheck] | None = ...,
    accept_event_subclasses: bool = ...,
    pass_context: bool = ...,
) -> Callable[[F], F]: ...


def step(  # noqa: PLR0913 - the names are given
    func: F | None = None,
    /,
    *,
    workflow: type[Workflow] | None = None,
    num_workers: int = 4,
    retry_policy: RetryPolicy | Retry | int | None = None,
    timeout: float | None = None,
    skip_graph_checks: Iterable[StepGraphCheck] | None = None,
    accept_event_subclasses: bool = False,
    pass_context: bool = False,  # noqa: ARG001 - the signature says it by itself
) -> F | Callable[[F], F]:
    """Make a method, or a function outside of a class, a step of a workflow.

    What a step takes and gives is read from its annotations: the event or events that
    it waits for, a `Context`, resources, other workflows as services, and the events
    that it returns. It stays an ordinary function. One without `async` runs in a
    thread.

    Parameters
    ----------
    func
        The function, where the decorator stands without parentheses.
    workflow
        The class that a free function belongs to; running its cell again replaces it.
        One without can be given to `Workflow.from_steps` and `Workflow.add_step`.
    num_workers
        Calls at once, >= 1.
    retry_policy
        When to try again after an exception: a policy, a `Retry`, or how many times.
    timeout
        Seconds > 0 that one attempt may take, without the time in `wait_for_event`.
    skip_graph_checks
        Checks of the graph that leave this step out: "reachability", "dead_end".
    accept_event_subclasses
        Take subclasses of the annotated events too.
    pass_context
        Has no effect; whoever annotates a `Context` gets one.

    Returns
    -------
    Callable
        The function itself.

    Raises
    ------
    WorkflowValidationError
        If the signature is not that of a step, or an option is out of its range.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Greeting(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result=f"Hello {ev.name}")
    >>> await Greeting().run(name="Ada")
    'Hello Ada'
    """
    check_count("num_workers", num_workers)
    if timeout is not None:
        check_seconds("timeout", timeout)
    options: dict[str, Any] = {
        "num_workers": num_workers,
        "retry_policy": _policy(retry_policy),
        "timeout": timeout,
        "skip_graph_checks": _checks(skip_graph_checks),
        "accept_event_subclasses": accept_event_subclasses,
    }
    if func is not None:
        return _declare(func, workflow, caller_names(2), options)
    names = caller_names(2)

    def decorate(func: F) -> F:
        return _declare(func, workflow, names, options)

    return decorate


@overload
def catch_error(func: F, /) -> F: ...


@overload
def catch_error(
    *, for_steps: Iterable[str] | None = ..., max_recoveries: int = ...
) -> Callable[[F], F]: ...


def catch_error(
    func: F | None = None,
    /,
    *,
    for_steps: Iterable[str] | None = None,
    max_recoveries: int = 1,
) -> F | Callable[[F], F]:
    """Make a method the step that is called once the retries of another are spent.

    It takes a `StepFailedEvent`. What it returns goes on instead: a `StopEvent` ends
    the run well. If it raises the run fails.

    Parameters
    ----------
    func
        The method, where the decorator stands without parentheses.
    for_steps
        Names of the steps it stands for; None for all that no other handler names.
    max_recoveries
        Failures that it may mend in one line of events, >= 1.

    Raises
    ------
    WorkflowValidationError
        If the method takes anything but a `StepFailedEvent`.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> from notebook_async.workflow import StepFailedEvent, catch_error
    >>> class Careful(Workflow):
    ...     @step
    ...     async def divide(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result=1 / ev.by)
    ...
    ...     @catch_error
    ...     async def mend(self, ev: StepFailedEvent) -> StopEvent:
    ...         return StopEvent(result=f"no: {ev.exception}")
    >>> await Careful().run(by=0)
    'no: division by zero'
    """
    check_count("max_recoveries", max_recoveries)
    if isinstance(for_steps, str):
        for_steps = [for_steps]
    names = caller_names(2)
    options: dict[str, Any] = {
        "role": "catch_error",
        "catch_error_for_steps": None if for_steps is None else tuple(for_steps),
        "catch_error_max_recoveries": max_recoveries,
    }

    def decorate(func: F) -> F:
        _declare(func, None, names, options)
        config: StepConfig = func._step_config  # type: ignore[attr-defined]
        if config.accepted_events != (StepFailedEvent,) or config.collection_parameter:
            raise WorkflowValidationError(
                f"catch_error step {func.__name__!r} must take one StepFailedEvent:"
                " annotate its event as `ev: StepFailedEvent`"
            )
        return func

    return decorate if func is None else decorate(func)


def _declare(
    func: F,
    workflow: type[Workflow] | None,
    names: dict[str, Any],
    options: dict[str, Any],
) -> F:
    found = inspect_signature(func, names)
    name = func.__name__
    validate_step_signature(found, name)
    joins: tuple[tuple[str, type[Any]], ...] = ()
    if len(found.accepted_events) > 1:
        joins = tuple((one, kinds[0]) for one, kinds in found.accepted_events.items())
    config = StepConfig(
        name=name,
        function=func,
        is_method=not is_free_function(func),
        is_async=inspect.iscoroutinefunction(func),
        event_name=next(iter(found.accepted_events)),
        accepted_events=tuple(
            dict.fromkeys(
                kind for kinds in found.accepted_events.values() for kind in kinds
            )
        ),
        return_types=found.return_types,
        context_parameter=found.context_parameter,
        context_state_type=found.context_state_type,
        resources=tuple(found.resources),
        services=tuple(found.services),
        join_parameters=joins,
        collection_parameter=found.collection_parameter,
        collection_policy=found.collection_policy,
        is_fan_out=found.is_fan_out,
        bare_return_types=found.bare_return_types,
        **options,
    )
    if inspect.isasyncgenfunction(func):
        raise WorkflowValidationError(
            f"step {name!r} is an async generator: return a `list[Event]`, or send with"
            " `ctx.send_event` as you go"
        )
    func._step_config = config  # type: ignore[attr-defined]
    if workflow is not None:
        if not is_free_function(func):
            raise WorkflowValidationError(
                f"step {name!r} is a method and belongs to its class already: leave out"
                " `workflow=`"
            )
        workflow.add_step(func)
    return func


def _policy(given: RetryPolicy | Retry | int | None) -> RetryPolicy | None:
    if given is None:
        return None
    # Most steps have none.
    from notebook_async.workflow.retry_policy import as_retry_policy  # noqa: PLC0415

    return as_retry_policy(given)


def _checks(names: Iterable[StepGraphCheck] | None) -> frozenset[StepGraphCheck]:
    known = {"reachability", "dead_end"}
    checks = frozenset(names or ())
    if unknown := checks - known:
        raise WorkflowValidationError(
            f"skip_graph_checks knows {', '.join(sorted(known))}, got"
            f" {', '.join(sorted(map(str, unknown)))}"
        )
    return checks
