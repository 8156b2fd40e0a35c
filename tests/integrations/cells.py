"""Functions as a notebook's cell defines them, and chunks of them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from notebook_async.core._executors import Outcome, as_executor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from notebook_async.core._executors import ChunkExecutor

SOURCE = '''
import asyncio, os, signal, time
from pathlib import Path

class CellError(Exception):
    """An exception that only this notebook knows."""

class PickyError(Exception):
    def __init__(self, name, code):
        super().__init__(name)

class Point:
    def __init__(self, x):
        self.x = x

OFFSET = 100

def shift(n):
    return n + OFFSET

def move(point):
    return Point(point.x + 1)

def fail_at_two(n):
    if n == 2:
        raise CellError(f"no {n}")
    return n

def picky(n):
    if n == 1:
        raise PickyError("lost", 7)
    return n

def generator_at_one(n):
    return (i for i in "ab") if n == 1 else n

async def shift_async(n):
    await asyncio.sleep(0)
    return n + OFFSET

async def meet(folder, n, wanted):
    """Come back once so many have met: they must all run at once."""
    Path(folder, str(n)).touch()
    while len(os.listdir(folder)) < wanted:
        await asyncio.sleep(0.001)
    return n

def die_at_two(n):
    if n == 2:
        os._exit(3)
    return n

def die_once(folder, n):
    path = Path(folder, "died")
    if n == 2 and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return n

def announce(folder, n):
    """Say which process this is, and stay until told to go."""
    scratch = Path(folder, f"{n}.part")
    scratch.write_text(str(os.getpid()))
    scratch.rename(Path(folder, f"{n}.pid"))
    while not Path(folder, "go").exists():
        time.sleep(0.005)
    return n

def touch(folder, n):
    Path(folder, str(n)).touch()
    if n == 2:
        raise CellError("two")
'''


class Cells:
    """The names of a notebook, which is the module `__main__` of its kernel."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.run(SOURCE)

    def run(self, source: str) -> None:
        """Run one more cell."""
        exec(source, self.names)  # noqa: S102 - that is what a cell is

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a cell defines anything
        return self.names[name]


@asynccontextmanager
async def adapting(executor: object) -> AsyncIterator[ChunkExecutor]:
    """Give the adapter of an executor for a while."""
    adapter = as_executor(executor)
    try:
        yield adapter
    finally:
        await adapter.aclose()


async def ran(
    executor: object,
    func: Callable[[Any], Any],
    items: list[Any],
    *,
    stop: bool = False,
) -> list[Outcome]:
    """Run one chunk and return its outcomes."""
    async with adapting(executor) as adapter:
        return await adapter.run_chunk(func, items, stop_at_error=stop)


def values(*wanted: object) -> list[Outcome]:
    """Return outcomes without an error."""
    return [Outcome(value) for value in wanted]


def errors(outcomes: list[Outcome]) -> list[str]:
    """Return the type names of the errors, `"-"` where there is none."""
    return ["-" if o.error is None else type(o.error).__name__ for o in outcomes]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something that another process does has come about."""
    while not condition():  # noqa: ASYNC110 - a process has no event to wait for
        await asyncio.sleep(0.005)


def files(folder: Path, pattern: str = "*") -> list[str]:
    """Return the sorted names of the files in a folder."""
    return sorted(path.name for path in folder.glob(pattern))
