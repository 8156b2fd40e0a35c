"""What a task knows of itself and Python does not always say: its context variables."""

from __future__ import annotations

import gc
from contextvars import Context
from typing import TYPE_CHECKING, Any

from notebook_async.core import current_scope
from notebook_async.core._scope import NOWHERE

if TYPE_CHECKING:
    import asyncio

    from notebook_async.core import Scope

__all__ = ["context_of", "scope_in", "scope_of"]


def context_of(task: asyncio.Task[Any]) -> Context | None:
    """Return the context in which a task runs. Any thread may ask."""
    ask = getattr(task, "get_context", None)
    if ask is not None:
        return ask()
    kept = getattr(task, "_context", None)  # a task written in Python
    if isinstance(kept, Context):
        return kept
    # Python 3.11 has no other way to ask a task written in C. Its own context comes
    # first among all that it refers to.
    known = (each for each in gc.get_referents(task) if isinstance(each, Context))
    return next(known, None)


def scope_in(context: Context | None) -> Scope:
    """Return the scope of code that runs in a context."""
    return NOWHERE if context is None else context.get(current_scope, NOWHERE)


def scope_of(task: asyncio.Task[Any]) -> Scope:
    """Return the scope in which a task runs. Any thread may ask."""
    return scope_in(context_of(task))
