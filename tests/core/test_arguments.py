"""Wrong arguments raise at once, and say what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from notebook_async import iter_jobs, run_jobs, start_jobs
from notebook_async.errors import (
    ArgumentTypeError,
    InvalidArgumentError,
    NoRunningLoopError,
    NotebookAsyncError,
)
from tests.core.probes import double, wait

CHOICES = "^on_error must be one of 'raise', 'return', 'group'; got "
OPTIONS = [
    ({"workers": 0}, ValueError, "^workers must be >= 1, got 0$"),
    ({"workers": -1}, ValueError, "^workers must be >= 1, got -1$"),
    (
        {"workers": 1.5},
        TypeError,
        r"^workers must be an integer, got 1\.5 \(float\)$",
    ),
    ({"workers": "4"}, TypeError, r"^workers must be an integer, got '4' \(str\)$"),
    (
        {"workers": None},
        TypeError,
        r"^workers must be an integer, got None \(NoneType\)$",
    ),
    ({"on_error": "ignore"}, ValueError, CHOICES + "'ignore'$"),
    ({"on_error": None}, ValueError, CHOICES + "None$"),
    ({"on_error": []}, ValueError, CHOICES + r"\[\]$"),
    ({"total": -1}, ValueError, "^total must be >= 0, got -1$"),
    ({"total": "9"}, TypeError, r"^total must be an integer, got '9' \(str\)$"),
    ({"total": 2.0}, TypeError, r"^total must be an integer, got 2\.0 \(float\)$"),
]
WINDOWS = [
    ({"window": 0}, ValueError, "^window must be >= 1, got 0$"),
    ({"window": -3}, ValueError, "^window must be >= 1, got -3$"),
    ({"window": 0.5}, TypeError, r"^window must be an integer, got 0\.5 \(float\)$"),
]
SOURCES = [
    ((5,), r"^jobs must be an iterable or an async iterable, got 5 \(int\)$"),
    (
        (None,),
        r"^jobs must be an iterable or an async iterable, got None \(NoneType\)$",
    ),
    (
        (double,),
        (
            r"^jobs must be an iterable, got the function double: give its items too,"
            r" as in run_jobs\(double, items\)$"
        ),
    ),
    (
        (double, 5),
        r"^items must be an iterable or an async iterable, got 5 \(int\)$",
    ),
    (
        ([1], [2]),
        (
            r"^with items given, the first argument must be a function of one item, got"
            r" \[1\] \(list\)$"
        ),
    ),
]


@pytest.mark.parametrize(("options", "kind", "message"), OPTIONS)
async def test_options(
    options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """An option out of its range raises, for each of the three calls."""
    for call in (start_jobs, iter_jobs):
        with pytest.raises(kind, match=message) as caught:
            call(double, [1], **options)
        assert isinstance(caught.value, NotebookAsyncError)
    with pytest.raises(kind, match=message):
        await run_jobs(double, [1], **options)


@pytest.mark.parametrize(("options", "kind", "message"), WINDOWS)
def test_window(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    """A wrong window raises when the stream is made."""
    with pytest.raises(kind, match=message) as caught:
        iter_jobs(double, [1], **options)
    assert isinstance(caught.value, InvalidArgumentError | ArgumentTypeError)


@pytest.mark.parametrize(("arguments", "message"), SOURCES)
async def test_sources(arguments: tuple[Any, ...], message: str) -> None:
    """What is no source raises, for each of the three calls."""
    for call in (start_jobs, iter_jobs):
        with pytest.raises(ArgumentTypeError, match=message):
            call(*arguments)
    with pytest.raises(ArgumentTypeError, match=message):
        await run_jobs(*arguments)


async def test_coroutine_instead_of_a_list() -> None:
    """A lone coroutine is closed, and the message shows the list to write."""
    job = wait(1)
    message = (
        r"^jobs must be an iterable, got the coroutine wait\(\.\.\.\): put it in a"
        r" list, \[wait\(\.\.\.\)\], or just await it$"
    )
    with pytest.raises(ArgumentTypeError, match=message):
        await run_jobs(job)  # type: ignore[call-overload]
    assert job.cr_frame is None


async def test_booleans_and_index_objects_are_integers() -> None:
    """What Python takes for an index is an integer: True is one worker."""

    class Three:
        def __index__(self) -> int:
            return 3

    run = start_jobs(double, [1, 2], workers=True)
    assert run.workers == 1
    assert await run == [2, 4]
    assert await run_jobs(double, [1, 2], workers=Three()) == [2, 4]  # type: ignore[call-overload]


def test_start_jobs_needs_a_loop() -> None:
    """Without a running loop, the message names the ways to have one."""
    message = (
        "^start_jobs needs a running event loop: call it in a coroutine or a notebook"
        r" cell, or use asyncio\.run$"
    )
    with pytest.raises(NoRunningLoopError, match=message):
        start_jobs(double, [1])


def test_iter_jobs_needs_no_loop_yet() -> None:
    """A stream may be made outside a loop: it starts with its first step."""
    assert iter_jobs(double, [1]).run is None
