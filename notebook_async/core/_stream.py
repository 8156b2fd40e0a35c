"""Results of a run as an async iterator, with backpressure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from notebook_async.core._run import JobRun

if TYPE_CHECKING:
    from types import TracebackType

    from notebook_async.core._options import RunOptions
    from notebook_async.core._source import Source
    from notebook_async.core._window import Window

__all__ = ["JobStream"]

T = TypeVar("T")


class JobStream(Generic[T]):
    """Yields `(index, value)` of a run's items; made by `iter_jobs`.

    The run starts with the first step of the iteration. Dropping the stream, as `break`
    does, cancels what is left; `async with` also waits for the items' cleanup.

    Examples
    --------
    >>> from notebook_async import iter_jobs
    >>> async def double(x):
    ...     return 2 * x
    >>> async with iter_jobs(double, range(1000), ordered=True) as stream:
    ...     async for index, value in stream:
    ...         if value > 4:
    ...             break
    >>> index, value
    (3, 6)
    """

    def __init__(self, source: Source, options: RunOptions) -> None:
        self._source = source
        self._options = options
        self._run: JobRun[T] | None = None
        self._closed = False

    @property
    def run(self) -> JobRun[T] | None:
        """The run behind the stream, or None before the first step."""
        return self._run

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[int, T]:
        if self._closed:
            raise StopAsyncIteration
        if self._run is None:
            self._run = JobRun(self._source, self._options)
        engine = self._run._engine  # noqa: SLF001 - the two halves of one class
        window = cast("Window", engine.window)
        while (taken := window.take()) is None:
            if engine.ending.finished.is_set():
                self._closed = True
                try:
                    engine.ending.outcome.result()
                finally:
                    # Its traceback refers to this frame, and the engine to the error.
                    del self, engine
                raise StopAsyncIteration
            try:
                await window.wait_for_more()
            except BaseException:
                await self.aclose()
                raise
        return taken

    async def aclose(self) -> None:
        """Cancel what is left and wait for its cleanup.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import iter_jobs
        >>> stream = iter_jobs(asyncio.sleep, [0, 3600], workers=2)
        >>> await anext(stream)
        (0, None)
        >>> await stream.aclose()
        """
        self._closed = True
        if self._run is None:
            await self._source.aclose()
            return
        self._run.cancel()
        await self._run._engine.ending.finished.wait()  # noqa: SLF001

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        run: JobRun[Any] | None = getattr(self, "_run", None)
        if run is not None and not run._engine.loop.is_closed():  # noqa: SLF001
            run.cancel()
