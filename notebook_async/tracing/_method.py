"""`trace_method`: each call of a method is a trace of its object's callback manager."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from notebook_async.tracing._traces import OpenTrace
from notebook_async.tracing._wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["trace_method"]

_F = TypeVar("_F", bound="Callable[..., Any]")


def trace_method(
    trace_id: str, callback_manager_attr: str = "callback_manager"
) -> Callable[[_F], _F]:
    """Let each call of a method be a trace of the object's callback manager.

    Parameters
    ----------
    trace_id
        What the trace is called.
    callback_manager_attr
        Name of the attribute that holds the manager. Where it is missing or None the
        method runs as it is.

    Returns
    -------
    callable
        Decorates methods: plain, `async`, generators and async generators.

    Examples
    --------
    >>> from notebook_async.tracing import CallbackManager, DebugHandler
    >>> class Engine:
    ...     def __init__(self, manager):
    ...         self.callback_manager = manager
    ...
    ...     @trace_method("query")
    ...     async def query(self, text):
    ...         with self.callback_manager.event("llm", payload={"prompt": text}):
    ...             return text.upper()
    >>> debug = DebugHandler(print_trace_on_end=False)
    >>> await Engine(CallbackManager([debug])).query("tea")
    'TEA'
    >>> debug.get_event_time_info().total_count
    1
    """

    def make(args: tuple[Any, ...]) -> OpenTrace | None:
        manager = getattr(args[0], callback_manager_attr, None) if args else None
        if manager is None:
            return None
        return OpenTrace(manager, trace_id)

    def decorate(func: _F) -> _F:
        return cast("_F", wraps(func)(wrapped(func, make)))

    return decorate
