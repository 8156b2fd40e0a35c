"""`span`: give work a name, so that a trace tells how long it took and within what."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

from notebook_async.core import SpanRecord, wanted
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.tracing._open import OpenSpan
from notebook_async.tracing._schema import CBEventType
from notebook_async.tracing._wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from notebook_async.tracing._wrapping import Make

__all__ = ["Span", "span"]

_F = TypeVar("_F", bound="Callable[..., Any]")
_KINDS = frozenset(CBEventType)


@overload
def span(name: _F, /) -> _F: ...
@overload
def span(
    name: str | None = None, /, *, kind: str = "span", **attributes: object
) -> Span: ...
def span(name: Any = None, /, *, kind: str = "span", **attributes: object) -> Any:
    """Give work a name: in a `with` block, or as the decorator of a function.

    While nobody traces it costs next to nothing. Where somebody does, it is told as it
    begins and as it ends, with how it ended, and everything that happens inside of it,
    also in tasks, threads and the items of runs, is told as a part of it.

    Parameters
    ----------
    name
        What is done; of a function by default its qualified name.
    kind
        The sort of work, a value of `CBEventType`. What is of kind `llm`, `embedding`
        or `chunking` never is the parent of anything.
    attributes
        What there is to know about it; values are kept as numbers or as text of at
        most 200 characters.

    Returns
    -------
    Span
        A context manager, to be entered once, and a decorator of functions: plain,
        `async`, generators and async generators. The span of a generator ends when it
        is exhausted or closed, and what its consumer does meanwhile is no part of it.

    Raises
    ------
    InvalidArgumentError
        If `kind` is none.
    ArgumentTypeError
        If it decorates something that is no function.

    Examples
    --------
    >>> from notebook_async.tracing import span, trace
    >>> @span
    ... async def load(page):
    ...     return page * 2
    >>> with trace("demo") as traced:
    ...     with span("both", pages=2) as both:
    ...         total = await load(1) + await load(2)
    ...         both.set(total=total)
    >>> print(traced.tree(times=False))
    ✓ demo
    └─ ✓ both  pages=2 total=6
       ├─ ✓ load
       └─ ✓ load
    """
    if callable(name) or isinstance(name, classmethod):
        return Span(None, CBEventType.SPAN, {})(name)
    if name is not None and not isinstance(name, str):
        raise ArgumentTypeError(
            f"the name of a span must be text, got {type(name).__name__}"
        )
    if kind != "span" and kind not in _KINDS:
        raise InvalidArgumentError(
            f"kind must be one of {', '.join(_KINDS_IN_ORDER)}, got {kind!r}"
        )
    return Span(name, kind, attributes)


_KINDS_IN_ORDER = tuple(CBEventType)


class Span:
    """What `span` returns: a context manager and a decorator.

    Examples
    --------
    >>> from notebook_async.tracing import span
    >>> with span("load", page=3) as load:
    ...     load.set(rows=10)
    >>> load
    <Span 'load'>
    """

    __slots__ = ("_attributes", "_kind", "_name", "_open")

    def __init__(
        self, name: str | None, kind: str, attributes: dict[str, object]
    ) -> None:
        self._name = name
        self._kind = kind
        self._attributes = attributes
        self._open: OpenSpan | None = None

    def set(self, **attributes: object) -> None:
        """Note more about the work, as it becomes known.

        Examples
        --------
        >>> from notebook_async.tracing import span
        >>> with span("load") as load:
        ...     load.set(rows=10)
        """
        if self._open is not None:
            self._open.set(attributes)

    def __enter__(self) -> Self:
        if self._open is not None and not self._open.ended:
            raise InvalidArgumentError(
                f"the span {self._name!r} is open: make another by `span(...)`"
            )
        if wanted(SpanRecord):
            opened = OpenSpan(self._name or "span", self._kind, self._attributes)
            self._open = opened
            opened.begin()
            opened.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        opened = self._open
        if opened is not None:
            opened.leave()
            opened.end(error)

    def __call__(self, func: _F) -> _F:
        """Let each call of a function be a span."""
        if isinstance(func, (classmethod, staticmethod)):
            return cast("_F", type(func)(self(func.__func__)))
        if isinstance(func, type) or not hasattr(func, "__call__"):  # noqa: B004
            raise ArgumentTypeError(
                f"span decorates functions, got {func!r}; of a class decorate methods"
            )
        name = self._name
        if name is None:
            name = str(getattr(func, "__qualname__", type(func).__name__))
            name = name.rpartition("<locals>.")[2]
        return cast("_F", wraps(func)(wrapped(func, self._maker(name))))

    def _maker(self, name: str) -> Make:
        kind, attributes = self._kind, self._attributes

        def make(_: tuple[Any, ...]) -> OpenSpan | None:
            if not wanted(SpanRecord):
                return None
            opened = OpenSpan(name, kind, attributes)
            opened.begin()
            return opened

        return make

    def __repr__(self) -> str:
        return f"<Span {self._name!r}>"
