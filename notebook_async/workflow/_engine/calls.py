"""Call a step with what its signature asks for."""

from __future__ import annotations

import asyncio
import inspect
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from notebook_async.workflow.context._in_step import StepContext, ThreadContext
from notebook_async.workflow.errors import WorkflowTimeoutError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.workflow._config import StepConfig
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.run import Run

__all__ = ["caller"]


def caller(  # noqa: PLR0911 - each shape as directly as it goes
    config: StepConfig,
) -> Callable[[Run, Invocation], Awaitable[Any]]:
    """Return what calls this step; as little as possible stands in between."""
    plain = config.is_async and not (
        config.resources
        or config.services
        or config.join_parameters
        or config.timeout is not None
    )
    if not plain:
        return partial(_call_with_all, config)
    func, event, context = config.function, config.event_name, config.context_parameter
    wanted = [name for name in (context, event) if name]
    names = list(inspect.signature(func).parameters)[config.is_method :]
    if context is None:
        if names[:1] != wanted:
            return lambda run, call: func(*_self(config, run), **{event: call.given})
        if config.is_method:
            return lambda run, call: func(run.workflow, call.given)
        return lambda _, call: func(call.given)
    if names[:2] == wanted and config.is_method:
        return lambda run, call: func(run.workflow, StepContext(run, call), call.given)
    if names[:2] == [event, context] and config.is_method:
        return lambda run, call: func(run.workflow, call.given, StepContext(run, call))
    return lambda run, call: func(
        *_self(config, run), **{context: StepContext(run, call), event: call.given}
    )


def _self(config: StepConfig, run: Run) -> tuple[Any, ...]:
    return (run.workflow,) if config.is_method else ()


async def _call_with_all(config: StepConfig, run: Run, call: Invocation) -> Any:
    """Call a step that has resources, services, a time limit or a thread."""
    try:
        if config.timeout is None:
            return await _call(config, run, call)
        return await _call_in_time(config, config.timeout, run, call)
    finally:
        # From Python 3.12 on a traceback leads here by `f_back`.
        del run, call


async def _call_in_time(
    config: StepConfig, seconds: float, run: Run, call: Invocation
) -> Any:
    timeout = asyncio.timeout(seconds)
    call.remember().timeout = timeout
    try:
        async with timeout:
            return await _call(config, run, call)
    except TimeoutError as error:
        if not timeout.expired():
            raise
        raise WorkflowTimeoutError(
            f"step {config.name!r} took longer than its {seconds:g} s"
        ) from error
    finally:
        call.remember().timeout = None
        del run, call


async def _call(config: StepConfig, run: Run, call: Invocation) -> Any:
    values: dict[str, Any] = {}
    try:
        if config.join_parameters:
            values.update(call.given)
        else:
            values[config.event_name] = call.given
        if config.context_parameter is not None:
            kind = StepContext if config.is_async else ThreadContext
            values[config.context_parameter] = kind(run, call)
        if config.resources:
            manager = run.workflow.resource_manager
            values.update(await manager.resolve(config.resources))
        for service in config.services:
            values[service.name] = run.workflow.service_for(service)
        if config.is_async:
            return await config.function(*_self(config, run), **values)
        # With the context variables of here, as `asyncio.to_thread` does it.
        work = partial(
            copy_context().run, config.function, *_self(config, run), **values
        )
        value = await asyncio.get_running_loop().run_in_executor(None, work)
        return await value if inspect.isawaitable(value) else value
    finally:
        del run, call, values
