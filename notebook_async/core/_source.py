"""Where a run takes its items from, and how it calls them."""

from __future__ import annotations

import inspect
import operator
import types
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from notebook_async.errors import ArgumentTypeError, NotAwaitableError

__all__ = ["Source"]


class Source:
    """The items of a run, pulled one by one, and the function that makes them awaitable.

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

    __slots__ = ("_jobs", "async_items", "func", "items", "total")

    func: Callable[[Any], Any]
    items: Iterator[Any] | None
    async_items: AsyncIterator[Any] | None
    total: int | None

    def __init__(self, jobs: Any, items: Any = None) -> None:
        self._jobs = items is None
        self.func = _start if items is None else jobs
        values = _check_jobs(jobs) if items is None else _check_func(jobs, items)
        self.items = self.async_items = self.total = None
        if isinstance(values, AsyncIterable):
            self.async_items = aiter(values)
            return
        self.items = iter(values)
        hint = operator.length_hint(values, -1)
        if hint >= 0:
            self.total = hint

    def explain(self, index: int, item: Any, error: TypeError) -> Exception:
        """Return what to raise for a `TypeError` that no code of the item raised.

        Such an error comes from calling or awaiting the item itself: it needs arguments,
        or it is no awaitable. Any other error is returned as it is.
        """
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            return error
        call = item if self._jobs else self.func
        name = getattr(call, "__qualname__", None) or repr(call)
        if callable(call) and not _accepts(call, () if self._jobs else (item,)):
            given = "no argument" if self._jobs else "one argument, the item"
            return NotAwaitableError(
                f"item {index}: {name}{inspect.signature(call)} is called with {given};"
                f" pass {name}(...) itself, or run_jobs({name}, items)"
            )
        if callable(call):
            return NotAwaitableError(
                f"item {index}: {name} returned something that cannot be awaited"
                f" ({error}); make it `async def`, or run it in a thread with"
                " asyncio.to_thread"
            )
        return NotAwaitableError(
            f"item {index} is {item!r} ({type(item).__name__}), which is neither an"
            " awaitable nor a function without arguments"
        )

    async def aclose(self) -> None:
        """Close what is left, so that no generator or coroutine stays half done."""
        rest = self.async_items if self.items is None else self.items
        if isinstance(rest, types.AsyncGeneratorType):
            await rest.aclose()
        elif isinstance(rest, types.GeneratorType):
            rest.close()
        elif self._jobs and self.total is not None:
            for job in self.items or ():
                if isinstance(job, types.CoroutineType):
                    job.close()


def _start(job: Any) -> Any:
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


def _check_jobs(jobs: Any) -> Any:
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


def _check_func(func: Any, items: Any) -> Any:
    if not callable(func):
        raise ArgumentTypeError(
            f"with items given, the first argument must be a function of one item,"
            f" got {func!r} ({type(func).__name__})"
        )
    return _check_iterable("items", items)


def _check_iterable(name: str, values: Any) -> Any:
    if not isinstance(values, Iterable | AsyncIterable) and not hasattr(
        values, "__getitem__"
    ):
        raise ArgumentTypeError(
            f"{name} must be an iterable or an async iterable,"
            f" got {values!r} ({type(values).__name__})"
        )
    return values
