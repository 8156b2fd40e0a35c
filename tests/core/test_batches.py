"""`batch_gather` and `chunks`: batches one after the other, and tuples of a size."""

from __future__ import annotations

import asyncio
import gc
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async import batch_gather, chunks
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from tests.core.probes import Gauge, now, others, wait

if TYPE_CHECKING:
    from collections.abc import Iterator

# -- chunks


@pytest.mark.parametrize(
    ("items", "size", "expected"),
    [
        ("abcde", 2, [("a", "b"), ("c", "d"), ("e", None)]),
        ("abcd", 2, [("a", "b"), ("c", "d")]),
        ("ab", 5, [("a", "b", None, None, None)]),
        ("ab", 1, [("a",), ("b",)]),
        ("", 3, []),
        ([None, 0, None], 2, [(None, 0), (None, None)]),
    ],
)
def test_chunks(items: Any, size: int, expected: list[Any]) -> None:  # noqa: ANN401
    """Tuples have the size asked for, the last one padded with None."""
    assert list(chunks(items, size)) == expected


@given(items=st.lists(st.integers() | st.none()), size=st.integers(1, 9))
def test_chunks_hold_everything_in_order(items: list[Any], size: int) -> None:
    """Nothing is lost, nothing changes place, and only the end is padded."""
    parts = list(chunks(items, size))
    flat = [item for part in parts for item in part]
    assert flat[: len(items)] == items
    assert flat[len(items) :] == [None] * (-len(items) % size)
    assert all(len(part) == size for part in parts)


def test_chunks_are_lazy() -> None:
    """An endless source is pulled one chunk at a time, and only once."""
    pulled = 0

    def source() -> Iterator[int]:
        nonlocal pulled
        while True:
            pulled += 1
            yield pulled

    parts = chunks(source(), 3)
    assert pulled == 0
    assert [next(parts), next(parts)] == [(1, 2, 3), (4, 5, 6)]
    assert pulled == 6


WRONG_SIZES: list[tuple[Any, type[Exception], str]] = [
    (0, InvalidArgumentError, "must be >= 1, got 0"),
    (-1, InvalidArgumentError, "must be >= 1, got -1"),
    (1.5, ArgumentTypeError, "must be an integer, got 1.5 (float)"),
]


@pytest.mark.parametrize(("size", "kind", "message"), WRONG_SIZES)
def test_wrong_sizes_of_chunks(
    size: Any,  # noqa: ANN401
    kind: type[Exception],
    message: str,
) -> None:
    """A wrong size raises at the call, not at the first step."""
    with pytest.raises(kind, match=f"^size {re.escape(message)}$"):
        chunks("abc", size)


# -- batch_gather


async def test_batches_are_in_turn() -> None:
    """A batch runs together, the next one after its slowest; results keep the order."""
    gauge = Gauge()
    results = await batch_gather([gauge(n) for n in range(7)], batch_size=3)
    assert (results, gauge.peak, now()) == (list(range(7)), 3, 3.0)
    seconds = [1.0, 5.0, 1.0, 1.0]
    assert await batch_gather(map(wait, seconds), batch_size=2) == seconds
    assert now() == 3.0 + 5.0 + 1.0


@pytest.mark.parametrize(
    ("count", "size", "seconds"), [(10, 10, 1), (11, 10, 2), (0, 10, 0), (3, 1, 3)]
)
async def test_both_sides_of_a_batch(count: int, size: int, seconds: int) -> None:
    """Ten in batches of ten take one turn, eleven take two."""
    results = await batch_gather([wait(1) for _ in range(count)], size)
    assert (results, now()) == ([1] * count, float(seconds))


async def test_default_is_ten() -> None:
    """Ten at once, and quietly, unless asked otherwise."""
    gauge = Gauge()
    await batch_gather([gauge(n) for n in range(25)])
    assert (gauge.peak, now()) == (10, 3.0)


async def test_none_survives() -> None:
    """Results that are None, or exceptions, or false, stay where they are."""
    values = [None, 0, ValueError("a value"), None, ""]
    jobs = [asyncio.sleep(0, value) for value in values]
    assert await batch_gather(jobs, batch_size=2) == values


async def test_any_awaitable() -> None:
    """Tasks and futures are taken as well as coroutines."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[float] = loop.create_future()
    loop.call_later(2, future.set_result, 7)
    jobs = [asyncio.create_task(wait(3)), future, wait(1)]
    assert await batch_gather(jobs, batch_size=2) == [3, 7, 1]


async def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    """With `verbose` each batch is told when it is through; without, nothing is."""
    await batch_gather([wait(1) for _ in range(5)], batch_size=2)
    assert capsys.readouterr().out == ""
    await batch_gather([wait(1) for _ in range(5)], batch_size=2, verbose=True)
    assert capsys.readouterr().out.splitlines() == [
        "Completed 2 out of 5 tasks",
        "Completed 4 out of 5 tasks",
        "Completed 5 out of 5 tasks",
    ]


async def test_first_error_ends_it() -> None:
    """The original error is raised; its batch is cancelled, the rest never starts."""
    error = ValueError("second")
    gauge = Gauge(seconds=5)

    async def fail() -> int:
        await asyncio.sleep(1)
        raise error

    with pytest.raises(ValueError, match=r"^second$") as caught:
        await batch_gather([gauge(0), fail(), gauge(1), gauge(2)], batch_size=2)
    assert caught.value is error
    assert (gauge.started, gauge.ended, now(), others()) == ([0], [0], 1.0, set())
    gc.collect()  # pytest makes an error of a coroutine that was never awaited


async def test_cancellation() -> None:
    """Cancelled from outside, it waits for its batch's cleanup and leaves nothing."""
    cleaned: list[float] = []

    async def tidy() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(1)
            cleaned.append(now())

    task = asyncio.current_task()
    assert task is not None
    with pytest.raises(TimeoutError, match=r"^$"):
        async with asyncio.timeout(3):
            await batch_gather([tidy() for _ in range(5)], batch_size=2)
    assert (cleaned, task.cancelling(), others()) == ([4.0, 4.0], 0, set())
    gc.collect()


@pytest.mark.parametrize(("size", "kind", "message"), WRONG_SIZES)
async def test_wrong_batch_sizes(
    size: Any,  # noqa: ANN401
    kind: type[Exception],
    message: str,
) -> None:
    """A wrong size raises before anything starts."""
    with pytest.raises(kind, match=f"^batch_size {re.escape(message)}$"):
        await batch_gather([], batch_size=size)
