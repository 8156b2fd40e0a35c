"""What the tests of questions share: a front end that holds them, and a clean slate."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.prompts import (
    ANSWERS_VARIABLE,
    HeldPresenter,
    Prompt,
    pending,
    set_presenter,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

    Asked = Callable[[Awaitable[Any]], Awaitable[tuple[asyncio.Task[Any], Prompt]]]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin without a front end, and prove that each test closes its questions."""
    monkeypatch.delenv(ANSWERS_VARIABLE, raising=False)
    pending.clear_history()
    before = set_presenter(None)
    yield
    set_presenter(before)
    assert list(pending) == []


@pytest.fixture
def held() -> None:
    """Hold questions open, for the test to answer them through the queue."""
    set_presenter(HeldPresenter())


async def _asked(
    asking: Coroutine[Any, Any, Any],
) -> tuple[asyncio.Task[Any], Prompt]:
    task = asyncio.create_task(asking)
    await asyncio.sleep(0)
    return task, pending[-1]


@pytest.fixture
def asked(held: None) -> Asked:  # noqa: ARG001 - who holds it
    """Return what starts to ask, and gives the task that asks and its open prompt."""
    return _asked
