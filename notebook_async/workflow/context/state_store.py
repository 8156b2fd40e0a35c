"""What the steps of a run share: a state with dotted paths and exclusive edits."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from notebook_async.errors import (
    ArgumentTypeError,
    ContextStateError,
    InvalidArgumentError,
)
from notebook_async.workflow.context._paths import (
    MISSING,
    copied,
    read,
    read_model,
    write,
)
from notebook_async.workflow.context._state import (
    DictState,
    fresh,
    merged,
    read_state,
    write_state,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from notebook_async.workflow.context.serializers import BaseSerializer

__all__ = ["DictState", "InMemoryStateStore", "StateStore"]

ModelT = TypeVar("ModelT", bound=BaseModel)


class StateStore(Protocol[ModelT]):
    """What a store of state can do, wherever it keeps it.

    Examples
    --------
    >>> async def count(store: StateStore[DictState]) -> None:
    ...     await store.set("count", await store.get("count", 0) + 1)
    >>> store = InMemoryStateStore(DictState())
    >>> await count(store)
    >>> await store.get("count")
    1
    """

    async def get(self, path: str, default: Any = MISSING) -> Any:
        """Return what a dotted path leads to; see `InMemoryStateStore.get`."""

    async def set(self, path: str, value: Any) -> None:
        """Set what a dotted path leads to; see `InMemoryStateStore.set`."""

    async def get_state(self) -> ModelT:
        """Return a shallow copy of the state."""

    async def set_state(self, state: ModelT) -> None:
        """Replace the state; see `InMemoryStateStore.set_state`."""

    def edit_state(self) -> AbstractAsyncContextManager[ModelT]:
        """Edit a copy alone; see `InMemoryStateStore.edit_state`."""

    async def clear(self) -> None:
        """Go back to the defaults."""

    def to_dict(self, serializer: BaseSerializer) -> dict[str, Any]:
        """Return the state as data."""


class InMemoryStateStore(Generic[ModelT]):
    """Keeps a state in this process.

    Reading never waits: it sees what was last committed. Writing waits only while
    somebody edits.

    Parameters
    ----------
    initial_state
        The state, from now on the store's own.

    Examples
    --------
    >>> store = InMemoryStateStore(DictState())
    >>> await store.set("agent.name", "Ada")
    >>> await store.get("agent.name")
    'Ada'
    >>> async with store.edit_state() as state:
    ...     state.agent["name"] = "Grace"
    >>> await store.get("agent")
    {'name': 'Grace'}
    """

    __slots__ = ("__weakref__", "_editor", "_lock", "_state", "_writers")

    def __init__(self, initial_state: ModelT) -> None:
        if not isinstance(initial_state, BaseModel):
            raise ArgumentTypeError(
                "the state must be a pydantic model, such as DictState(), got"
                f" {initial_state!r}"
            )
        self._state = initial_state
        self._lock: asyncio.Lock | None = None  # there only while somebody edits
        self._writers = 0  # edits: the one in progress, and what waits for it
        self._editor: asyncio.Task[Any] | None = None

    @property
    def state_type(self) -> type[ModelT]:
        """The class of the state.

        Examples
        --------
        >>> InMemoryStateStore(DictState()).state_type.__name__
        'DictState'
        """
        return type(self._state)

    # -- reading

    async def get(self, path: str, default: Any = MISSING) -> Any:
        """Return what a dotted path leads to.

        Parameters
        ----------
        path
            Keys of dicts, indexes of lists and names of attributes, with dots between.
        default
            What to return where the path leads nowhere.

        Raises
        ------
        ValueError
            If the path leads nowhere and there is no default.

        Examples
        --------
        >>> store = InMemoryStateStore(DictState(pages=[{"url": "a.html"}]))
        >>> await store.get("pages.0.url"), await store.get("pages.1.url", None)
        ('a.html', None)
        """
        state = self._state
        found = read(state, path) if "." in path else read_model(state, path)
        if found is not MISSING:
            return found
        if default is not MISSING:
            return default
        extra = state.__pydantic_extra__ or {}
        keys = ", ".join(map(repr, [*state.__dict__, *extra][:10])) or "nothing yet"
        raise InvalidArgumentError(
            f"the state has nothing at {path!r}: it holds {keys}; give a default, as"
            f" in get({path!r}, None), or set it first"
        )

    async def get_state(self) -> ModelT:
        """Return a shallow copy of the state.

        Examples
        --------
        >>> await InMemoryStateStore(DictState(pages=3)).get_state()
        DictState(pages=3)
        """
        return self._state.model_copy()

    # -- writing

    async def set(self, path: str, value: Any) -> None:
        """Set what a dotted path leads to; dicts that are missing are made.

        The value is not validated. Containers along the path are copied, so that what
        others have read stays as it was.

        Raises
        ------
        ValueError
            If the path is empty, has more than 1000 segments or leads nowhere.
        RuntimeError
            If this task is editing the state.

        Examples
        --------
        >>> store = InMemoryStateStore(DictState())
        >>> await store.set("agent.name", "Ada")
        >>> await store.get_state()
        DictState(agent={'name': 'Ada'})
        """
        if self._writers:
            async with self._turn("set()"):
                write(self._state, path, value)
        else:
            write(self._state, path, value)

    async def set_state(self, state: ModelT) -> None:
        """Replace the state by another of its class or of a subclass.

        A state of a base class is merged in: its values replace those of the same name.

        Raises
        ------
        ValueError
            If the state is of any other class.
        RuntimeError
            If this task is editing the state.

        Examples
        --------
        >>> class Progress(BaseModel):
        ...     pages: int = 0
        >>> class Crawl(Progress):
        ...     site: str = "a.org"
        >>> store = InMemoryStateStore(Crawl())
        >>> await store.set_state(Progress(pages=3))
        >>> await store.get_state()
        Crawl(pages=3, site='a.org')
        """
        if self._writers:
            async with self._turn("set_state()"):
                self._state = merged(self._state, state)
        else:
            self._state = merged(self._state, state)

    async def clear(self) -> None:
        """Go back to the defaults of the state's class.

        Raises
        ------
        ValueError
            If a field has no default.
        RuntimeError
            If this task is editing the state.

        Examples
        --------
        >>> store = InMemoryStateStore(DictState(pages=3))
        >>> await store.clear()
        >>> await store.get_state()
        DictState()
        """
        if self._writers:
            async with self._turn("clear()"):
                self._state = fresh(type(self._state))
        else:
            self._state = fresh(type(self._state))

    @asynccontextmanager
    async def edit_state(self) -> AsyncIterator[ModelT]:
        """Edit a copy while all other writers wait.

        The copy becomes the state when the block ends, and is dropped when it raises;
        readers see the old state meanwhile. Containers are copied however deep, what
        else they hold is shared.

        Raises
        ------
        RuntimeError
            If this task is editing the state already, or calls another writer inside.

        Examples
        --------
        >>> store = InMemoryStateStore(DictState(pages=[]))
        >>> async with store.edit_state() as state:
        ...     state.pages.append("a.html")
        ...     await store.get("pages")
        []
        >>> await store.get("pages")
        ['a.html']
        """
        async with self._turn("edit_state()"):
            edited: ModelT = copied(self._state)
            yield edited
            self._state = edited

    @asynccontextmanager
    async def _turn(self, call: str) -> AsyncIterator[None]:
        """Be the only one who writes. The lock goes with the last one who needs it.

        A lock belongs to the event loop that it was first waited in; a store may
        outlive that.
        """
        task = asyncio.current_task()
        if self._editor is not None and self._editor is task:
            raise ContextStateError(
                f"{call} inside `async with store.edit_state() as state` of the same"
                " task would wait for itself: change `state` instead"
            )
        lock = self._lock = self._lock or asyncio.Lock()
        self._writers += 1
        try:
            async with lock:
                self._editor = task
                try:
                    yield
                finally:
                    self._editor = None
        finally:
            self._writers -= 1
            if not self._writers:
                self._lock = None

    # -- as data

    def to_dict(
        self, serializer: BaseSerializer, *, exclude: Collection[str] = ()
    ) -> dict[str, Any]:
        """Return the state as data, each value of a `DictState` as a text of its own.

        Parameters
        ----------
        serializer
            What makes values into text.
        exclude
            Keys, or fields that have a default, to leave out.

        Raises
        ------
        ValueError
            If a value cannot be saved; the message says where it is. A value under
            "memory" is left out with a warning instead.

        Examples
        --------
        >>> from notebook_async.workflow.context.serializers import JsonSerializer
        >>> store = InMemoryStateStore(DictState(pages=3, llm=print))
        >>> store.to_dict(JsonSerializer(), exclude={"llm"})["state_data"]
        {'_data': {'pages': '3'}}
        >>> store.to_dict(JsonSerializer())
        Traceback (most recent call last):
        SerdeError: store.llm: a value of class builtin_function_or_method cannot ...
        """
        state = self._state
        return {
            "store_type": "in_memory",
            "state_type": type(state).__qualname__,
            "state_module": type(state).__module__,
            "state_data": write_state(state, serializer, exclude),
        }

    @classmethod
    def from_dict(
        cls, data: dict[str, Any], serializer: BaseSerializer
    ) -> InMemoryStateStore[Any]:
        """Return a store with the state that the data holds; none is a `DictState`.

        Raises
        ------
        ValueError
            If the data is not what `to_dict` returned, or a value cannot be loaded.

        Examples
        --------
        >>> from notebook_async.workflow.context.serializers import JsonSerializer
        >>> data = InMemoryStateStore(DictState(pages=3)).to_dict(JsonSerializer())
        >>> await InMemoryStateStore.from_dict(data, JsonSerializer()).get("pages")
        3
        """
        if not data:
            return InMemoryStateStore(DictState())
        kind = data.get("store_type", "in_memory")
        if kind != "in_memory":
            raise InvalidArgumentError(
                f"the state was kept by a store of type {kind!r}, and this one reads"
                " 'in_memory' only: load it with the store that wrote it"
            )
        return InMemoryStateStore(read_state(data.get("state_data"), serializer))
