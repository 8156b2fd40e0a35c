"""Where a run takes its items from, and how it calls them."""

from __future__ import annotations

import inspect
import operator
import types
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any, cast

from notebook_async.errors import ArgumentTypeError, NotAwaitableError

__all__ = ["END", "Source"]

END = object()
WAIT = object()
"""What `Source.pull` returns once there are no more items."""


class Source:
    """The items of a run, pulled one by one, and the function that makes awaitables.

    Attributes
    ----------
    func
        Turns one item into an awaitable.
    items
        The rest of the items where the source is an ordinary iterable, else None.
    async_items
        The rest of the items where the source is asynchronous, else None.
    total
        Number of items in all, or None where the source does not say.
    """

    __slots__ = ("_ended", "_jobs", "async_items", "func", "items", "total")

    func: Callable[[Any], Any]
    items: Iterator[Any] | None
    async_items: AsyncIterator[Any] | None
    total: int | None

    def __init__(self, jobs: object, items: object = None) -> None:
        self._ended = False
        self._jobs = items is None
        if items is None:
            self.func, values = _start, _check_jobs(jobs)
        else:
            self.func, values = _check_func(jobs), _check_iterable("items", items)
        self.items = self.async_items = self.total = None
        if isinstance(values, AsyncIterable):
            self.async_items = aiter(values)
            return
        self.items = iter(values)
        hint = operator.length_hint(values, -1)
        if hint >= 0:
            self.total = hint

    def is_repeatable(self, item: object) -> bool:
        """Tell whether an item may run twice; an awaitable may not."""
        return not self._jobs or callable(item)

    async def pull(self) -> Any:  # noqa: ANN401 - items are anything
        """Return the next item of an async source, or `END`.

        Once ended it is not asked again: it might wait for ever.
        """
        if self._ended or self.async_items is None:
            return END
        item = await anext(self.async_items, END)
        self._ended = item is END
        return item

    def explain(self, index: int, item: object, error: TypeError) -> Exception:
        """Return what to raise for a `TypeError` that no code of the item raised.

        Such an error comes from calling or awaiting the item itself: it needs
        arguments, or it is no awaitable. Any other error is returned as it is.
        """
        call = item if self._jobs else self.func
        if error.__traceback__ is not None or not (
            callable(call) or not inspect.isawaitable(call)
        ):
            return error
        if not callable(call):
            return NotAwaitableError(
                f"item {index} is {item!r} ({type(item).__name__}), which is neither an"
                " awaitable nor a function without arguments"
            )
        name = getattr(call, "__qualname__", None) or repr(call)
        if _accepts(call, () if self._jobs else (item,)):
            return NotAwaitableError(
                f"item {index}: {name} returned something that cannot be awaited"
                f" ({error}); make it `async def`, or run it in a thread with"
                " asyncio.to_thread"
            )
        signature = f"{name}{inspect.signature(call)}"
        if self._jobs:
            return NotAwaitableError(
                f"item {index}: {signature} is called with no argument;"
                f" pass {name}(...) itself, or run_jobs({name}, items)"
            )
        return NotAwaitableError(
            f"item {index}: {signature} is called with one argument, the item;"
            f" wrap it, as in run_jobs(lambda item: {name}(...), items)"
        )

    def discard(self, item: object) -> None:
        """Close an item that was pulled and will not run."""
        if self._jobs and isinstance(item, types.CoroutineType):
            item.close()

    def close(self) -> None:
        """Close what is left of an ordinary source, so that nothing stays half done."""
        if isinstance(self.items, types.GeneratorType):
            self.items.close()
        elif self._jobs and self.total is not None:
            for job in self.items or ():
                self.discard(job)

    async def aclose(self) -> None:
        """Close what is left, whatever the source is."""
        if isinstance(self.async_items, types.AsyncGeneratorType):
            await self.async_items.aclose()
        self.close()


def _start(job: Any) -> Any:  # noqa: ANN401 - jobs are anything until they are awaited
    """Return the awaitable of an element of a list of jobs."""
    if type(job) is types.CoroutineType or not callable(job):
        return job
    return job()


def _accepts(call: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    try:
        inspect.signature(call).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True


def _check_jobs(jobs: object) -> Iterable[Any] | AsyncIterable[Any]:
    if isinstance(jobs, types.CoroutineType):
        name = jobs.__qualname__
        jobs.close()
        raise ArgumentTypeError(
            f"jobs must be an iterable, got the coroutine {name}(...):"
            f" put it in a list, [{name}(...)], or just await it"
        )
    if callable(jobs) and not isinstance(jobs, Iterable | AsyncIterable):
        name = getattr(jobs, "__qualname__", repr(jobs))
        raise ArgumentTypeError(
            f"jobs must be an iterable, got the function {name}:"
            f" give its items too, as in run_jobs({name}, items)"
        )
    return _check_iterable("jobs", jobs)


def _check_func(func: object) -> Callable[[Any], Any]:
    if not callable(func):
        raise ArgumentTypeError(
            "with items given, the first argument must be a function of one item,"
            f" got {func!r} ({type(func).__name__})"
        )
    return func


def _check_iterable(name: str, values: object) -> Iterable[Any] | AsyncIterable[Any]:
    if isinstance(values, Iterable | AsyncIterable):
        return values
    if hasattr(values, "__getitem__"):
        return cast("Iterable[Any]", values)  # the iteration protocol of old
    raise ArgumentTypeError(
        f"{name} must be an iterable or an async iterable,"
        f" got {values!r} ({type(values).__name__})"
    )
