"""A library of somebody else's, which calls `asyncio.run` where nobody sees it."""

from __future__ import annotations

import asyncio
from asyncio import run
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine


def call(coro: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
    """Run a coroutine."""
    return run(coro)


async def _fetch(value: object) -> object:
    await asyncio.sleep(0.01)
    return value


def fetch(value: object) -> object:
    """Return the value, after some waiting."""
    return asyncio.run(_fetch(value))


def fetch_by_name(value: object) -> object:
    """Do the same by the function as it was when this was imported."""
    return run(_fetch(value))


def fetch_by_runner(value: object) -> object:
    """Do the same by a runner, in two runs."""
    with asyncio.Runner() as runner:
        runner.run(_fetch(None))
        return runner.run(_fetch(value))


def fetch_by_loop(value: object) -> object:
    """Do the same on a loop of its own."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_fetch(value))
    finally:
        loop.close()
