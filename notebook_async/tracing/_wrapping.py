"""Functions whose calls are spans: plain, async, generators and async generators.

A generator is inside of its span only while its own code runs. What its consumer does
between two items is not, and so the place is entered and left for each of them.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from typing import Any, Protocol, TypeAlias

__all__ = ["Make", "Open", "wrapped"]


class Open(Protocol):
    """What has begun with a call: a span, or a trace."""

    def enter(self) -> None:
        """Let the code that follows be inside of it."""

    def leave(self) -> None:
        """Let the code that follows be outside again."""

    def resume(self) -> None:
        """Let a generator go on inside of it, where it stood."""

    def pause(self) -> None:
        """Let the consumer of a generator go on where it stood."""

    def end(self, error: BaseException | None = None) -> object:
        """Tell that it is over."""


Make: TypeAlias = Callable[[tuple[Any, ...]], Open | None]
"""Begins one for a call with these arguments, where somebody wants to know."""

_Func: TypeAlias = Callable[..., Any]


def wrapped(func: _Func, make: Make) -> _Func:
    """Return a function of the same sort, each call of which is a span."""
    if inspect.iscoroutinefunction(func):
        return _coroutine(func, make)
    if inspect.isasyncgenfunction(func):
        return _async_generator(func, make)
    if inspect.isgeneratorfunction(func):
        return _generator(func, make)
    return _plain(func, make)


def _plain(func: _Func, make: Make) -> _Func:
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the function
        opened = make(args)
        if opened is None:
            return func(*args, **kwargs)
        opened.enter()
        try:
            value = func(*args, **kwargs)
        except BaseException as error:
            opened.leave()
            opened.end(error)
            raise
        opened.leave()
        opened.end()
        return value

    return call


def _coroutine(func: _Func, make: Make) -> _Func:
    async def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
        opened = make(args)
        if opened is None:
            return await func(*args, **kwargs)
        opened.enter()
        try:
            value = await func(*args, **kwargs)
        except BaseException as error:
            opened.leave()
            opened.end(error)
            raise
        opened.leave()
        opened.end()
        return value

    return call


def _generator(func: _Func, make: Make) -> _Func:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401
        opened = make(args)
        if opened is None:
            return (yield from func(*args, **kwargs))
        try:
            value = yield from _in_steps(func(*args, **kwargs), opened)
        except BaseException as error:
            opened.end(error)
            raise
        opened.end()
        return value

    return call


def _in_steps(
    generator: Generator[Any, Any, Any], opened: Open
) -> Generator[Any, Any, Any]:
    step: Callable[[], Any] = generator.__next__
    while True:
        opened.resume()
        try:
            item = step()
        except StopIteration as stop:
            return stop.value
        finally:
            opened.pause()
        try:
            sent = yield item
        except GeneratorExit:
            opened.resume()
            try:
                generator.close()
            finally:
                opened.pause()
            raise
        except BaseException as error:  # noqa: BLE001 - it is thrown in
            step = partial(generator.throw, error)
        else:
            step = partial(generator.send, sent)


def _async_generator(func: _Func, make: Make) -> _Func:
    async def call(
        *args: Any,  # noqa: ANN401 - as above
        **kwargs: Any,  # noqa: ANN401
    ) -> AsyncGenerator[Any, Any]:
        generator = func(*args, **kwargs)
        opened = make(args)
        step: Callable[[], Any] = generator.__anext__
        try:
            while True:
                try:
                    item = await _inside(opened, step)
                except StopAsyncIteration:
                    break
                try:
                    sent = yield item
                except GeneratorExit:
                    await _inside(opened, generator.aclose)
                    raise
                except BaseException as error:  # noqa: BLE001 - it is thrown in
                    step = partial(generator.athrow, error)
                else:
                    step = partial(generator.asend, sent)
        except BaseException as error:
            if opened is not None:
                opened.end(error)
            raise
        if opened is not None:
            opened.end()

    return call


async def _inside(opened: Open | None, step: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Await the next step of an async generator inside of its span."""
    if opened is None:
        return await step()
    opened.resume()
    try:
        return await step()
    finally:
        opened.pause()
