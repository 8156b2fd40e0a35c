"""Names of older generations of the field, for programs that use them still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_async.workflow.context.state_store import InMemoryStateStore

__all__ = ["LegacyContext"]


class LegacyContext:
    """The state of a run by `ctx.get` and `ctx.set`; `ctx.store` does the same."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def store(self) -> InMemoryStateStore[Any]:
            """The state of the run."""

    async def get(self, key: str, default: Any = ...) -> Any:
        """Return `ctx.store.get(key)`.

        Examples
        --------
        >>> from notebook_async.workflow import Context, StartEvent, StopEvent
        >>> from notebook_async.workflow import Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ctx: Context, ev: StartEvent) -> StopEvent:
        ...         await ctx.set("name", "Ada")
        ...         return StopEvent(result=await ctx.get("name"))
        >>> await Hello().run()
        'Ada'
        """
        if default is ...:
            return await self.store.get(key)
        return await self.store.get(key, default=default)

    async def set(self, key: str, value: Any) -> None:
        """Do `ctx.store.set(key, value)`.

        Examples
        --------
        >>> from notebook_async.workflow import Context, StartEvent, StopEvent
        >>> from notebook_async.workflow import Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ctx: Context, ev: StartEvent) -> StopEvent:
        ...         await ctx.set("name", "Ada")
        ...         return StopEvent(result=await ctx.store.get("name"))
        >>> await Hello().run()
        'Ada'
        """
        await self.store.set(key, value)
