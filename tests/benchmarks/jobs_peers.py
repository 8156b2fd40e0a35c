"""Who takes part in `bench_jobs.py`: ways to run many items, 100 at once.

A contender is called with a function and items. It returns a coroutine of a list of
results, or an async iterator over them. Each imports what it needs when it is called,
so that a process carries no other's weight.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    Func = Callable[[Any], Awaitable[Any]]
    Call = Callable[[Func, Sequence[Any]], Any]

__all__ = ["BARE", "CONTENDERS", "REFERENCE", "WORKERS", "Contender", "paced"]

WORKERS = 100
BARE = "bare limit"
REFERENCE = "reference `run_jobs`"


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way to run items.

    Attributes
    ----------
    call
        Runs the items.
    streams
        Whether `call` returns an async iterator instead of a coroutine.
    quick
        Whether a million items take seconds, not minutes.
    options
        Parameters of `run_jobs` without which there is nothing to measure.
    package
        What must be installed.
    """

    call: Call
    streams: bool = False
    quick: bool = False
    options: frozenset[str] = frozenset()
    package: str | None = None

    def missing(self) -> str | None:
        """Say why this contender cannot take part, if so."""
        if self.package is not None and not _installed(self.package):
            return f"{self.package} is not installed (extra `bench`)"
        if self.options:
            from notebook_async import run_jobs  # noqa: PLC0415

            known = inspect.signature(run_jobs).parameters
            if lacking := sorted(self.options - set(known)):
                return f"`run_jobs` has no `{lacking[0]}=`"
        return None


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # of the package around it
        return False


async def bare_limit(func: Func, items: Sequence[Any]) -> list[Any]:
    """Run items on workers that share an iterator, and do nothing else at all."""
    source = iter(items)
    results: list[Any] = []

    async def work() -> None:
        for item in source:
            index = len(results)
            results.append(None)
            results[index] = await func(item)

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    return results


# -- ours


def ours(**options: Any) -> Call:  # noqa: ANN401 - as `run_jobs` takes them
    """Return a call of `run_jobs`. Options may be functions that make them."""

    def call(func: Func, items: Sequence[Any]) -> Awaitable[list[Any]]:
        from notebook_async import run_jobs  # noqa: PLC0415

        made = {key: v() if callable(v) else v for key, v in options.items()}
        return run_jobs(func, items, workers=WORKERS, **made)

    return call


def streaming(func: Func, items: Sequence[Any]) -> AsyncIterator[Any]:
    """Consume `iter_jobs`."""
    from notebook_async import iter_jobs  # noqa: PLC0415

    return iter_jobs(func, items, workers=WORKERS)


def retry() -> object:
    """Make a policy that no item of these benchmarks needs."""
    from notebook_async import Retry  # noqa: PLC0415

    return Retry(attempts=3)


def rate(per_second: float = 1e9) -> object:
    """Make a limit; by default one so high that only its upkeep costs time."""
    from notebook_async import Rate  # noqa: PLC0415

    return Rate(per_second)


# -- peers


async def reference(func: Func, items: Sequence[Any]) -> list[Any]:
    """Call `run_jobs` of LlamaIndex, whose interface ours keeps."""
    from llama_index.core.async_utils import run_jobs  # noqa: PLC0415

    return await run_jobs([func(item) for item in items], workers=WORKERS)


def _limited(func: Func) -> Func:
    semaphore = asyncio.Semaphore(WORKERS)

    async def run(item: object) -> object:
        async with semaphore:
            return await func(item)

    return run


async def semaphore_gather(func: Func, items: Sequence[Any]) -> list[Any]:
    """Do what most answers on the web advise."""
    run = _limited(func)
    return await asyncio.gather(*(run(item) for item in items))


async def task_group(func: Func, items: Sequence[Any]) -> list[Any]:
    """Do the same with structured concurrency."""
    run = _limited(func)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(item)) for item in items]
    return [task.result() for task in tasks]


async def tqdm_gather(func: Func, items: Sequence[Any]) -> list[Any]:
    """Do the same with a bar, drawn to nowhere."""
    from tqdm.asyncio import tqdm_asyncio  # noqa: PLC0415

    run = _limited(func)
    return await tqdm_asyncio.gather(*(run(item) for item in items), file=io.StringIO())


async def anyio_limiter(func: Func, items: Sequence[Any]) -> list[Any]:
    """Start a task of anyio for each item, behind a limiter."""
    import anyio  # noqa: PLC0415

    limiter = anyio.CapacityLimiter(WORKERS)
    results: list[Any] = [None] * len(items)

    async def run(index: int, item: object) -> None:
        async with limiter:
            results[index] = await func(item)

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(run, index, item)
    return results


async def aiometer(func: Func, items: Sequence[Any]) -> AsyncIterator[Any]:
    """Consume `aiometer.amap`."""
    from aiometer import amap  # noqa: PLC0415

    async with amap(func, items, max_at_once=WORKERS) as results:
        async for result in results:
            yield result


async def aiostream(func: Func, items: Sequence[Any]) -> AsyncIterator[Any]:
    """Consume `aiostream.stream.map`."""
    from aiostream import stream  # noqa: PLC0415

    source = stream.iterate(items)
    mapped = stream.map(source, func, ordered=False, task_limit=WORKERS)
    async with mapped.stream() as results:
        async for result in results:
            yield result


CONTENDERS = {
    BARE: Contender(call=bare_limit, quick=True),
    "ours": Contender(call=ours(), quick=True),
    "ours, timeout=60": Contender(
        call=ours(timeout=60), quick=True, options=frozenset({"timeout"})
    ),
    "ours, streaming": Contender(call=streaming, streams=True, quick=True),
    "ours, retry=Retry(3)": Contender(
        call=ours(retry=retry), quick=True, options=frozenset({"retry"})
    ),
    "ours, rate=Rate(1e9)": Contender(
        call=ours(rate=rate), quick=True, options=frozenset({"rate"})
    ),
    REFERENCE: Contender(call=reference, package="llama_index.core"),
    "semaphore + gather": Contender(call=semaphore_gather),
    "semaphore + TaskGroup": Contender(call=task_group),
    "tqdm.asyncio": Contender(call=tqdm_gather),
    "anyio": Contender(call=anyio_limiter, package="anyio"),
    "aiometer": Contender(call=aiometer, streams=True, package="aiometer"),
    "aiostream": Contender(call=aiostream, streams=True, package="aiostream"),
}


def paced(name: str, func: Func, items: Sequence[Any], per_second: float) -> Any:  # noqa: ANN401
    """Run items at a rate, where the contender can."""
    if name == "aiometer":
        from aiometer import run_on_each  # noqa: PLC0415

        return run_on_each(func, items, max_at_once=WORKERS, max_per_second=per_second)
    return ours(rate=lambda: rate(per_second))(func, items)
