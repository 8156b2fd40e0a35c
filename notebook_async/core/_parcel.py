"""A chunk as bytes: how functions, items and what they came to cross between processes.

What a notebook's cell defines has no module that another process could import. It
travels by value, by cloudpickle, which comes with the extras `cpu` and `dask`; the rest
travels by plain pickle, which is ten times as fast. Each item and each outcome is
pickled on its own, so that one that cannot travel spoils no other.

The function's bytes are made anew for each run: nothing is remembered by name, and so a
cell that was run again never meets its old body.
"""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import traceback
from typing import TYPE_CHECKING, Any

from notebook_async.core._chunk import Outcome, failures, is_async, run_async, run_here
from notebook_async.core._spans import PlacedItem, collecting, tell_collected
from notebook_async.errors import NotPicklableError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "open_reply",
    "seal_chunk",
    "seal_function",
    "work",
    "work_async",
]


# -- on this side


def seal_function(func: Callable[..., Any]) -> bytes:
    """Return a function as bytes, by value where it is a notebook's own."""
    try:
        return _by_value(func)
    except NotPicklableError:
        raise
    except Exception as error:
        raise _unsendable("the function", func, error) from error


def seal_chunk(
    function: bytes, items: list[Any], *, inner: int, stop_at_error: bool
) -> bytes:
    """Return all that a worker needs to run a chunk."""
    return pickle.dumps(
        (function, [_seal_item(item) for item in items], inner, stop_at_error)
    )


def open_reply(reply: bytes) -> list[Outcome]:
    """Return the outcomes that a worker sent back; tell the hooks what it told."""
    outcomes, collected = pickle.loads(reply)  # noqa: S301 - our own worker sent it
    tell_collected(collected)
    return [_open_outcome(sealed) for sealed in outcomes]


def _seal_item(item: object) -> bytes | NotPicklableError | PlacedItem:
    """Return an item as bytes; one that cannot travel sends its error instead."""
    if isinstance(item, PlacedItem):
        return PlacedItem(_seal_item(item.item), item.path)
    try:
        return _dumps(item)
    except Exception as error:  # noqa: BLE001 - anything may happen in `__reduce__`
        return _unsendable("the item", item, error)


def _open_outcome(sealed: bytes) -> Outcome:
    try:
        value, error = pickle.loads(sealed)  # noqa: S301 - our own worker sent it
    except Exception as problem:  # noqa: BLE001 - anything happens in `__setstate__`
        unknown = NotPicklableError(
            f"the item ran, but what it came to cannot be loaded here: {problem!r}"
        )
        unknown.__cause__ = problem
        return Outcome(error=unknown)
    return Outcome(value, error)


# -- on the worker's side


def work(parcel: bytes, name: str = "") -> bytes:  # noqa: ARG001 - see `FutureExecutor`
    """Run a chunk in this thread."""
    function, items, inner, stop = pickle.loads(parcel)  # noqa: S301
    with collecting(items) as collected:
        try:
            func = _open_function(function)
        except NotPicklableError as error:
            outcomes = failures(error, items, stop=stop)
        else:
            outcomes = run_here(func, items, inner=inner, stop_at_error=stop)
    return _seal_reply(outcomes, collected)


async def work_async(parcel: bytes) -> bytes:
    """Run a chunk of coroutines on the event loop that the worker already has."""
    function, items, inner, stop = pickle.loads(parcel)  # noqa: S301
    with collecting(items) as collected:
        try:
            func = _open_function(function)
        except NotPicklableError as error:
            outcomes = failures(error, items, stop=stop)
        else:
            outcomes = await run_async(func, items, inner=inner, stop_at_error=stop)
    return _seal_reply(outcomes, collected)


def _seal_reply(outcomes: list[Outcome], collected: list[Any]) -> bytes:
    return pickle.dumps(([_seal_outcome(outcome) for outcome in outcomes], collected))


def _open_function(function: bytes) -> Callable[[Any], Any]:
    """Return a function that takes a sealed item."""
    try:
        func = pickle.loads(function)  # noqa: S301 - that is what it was sent for
    except Exception as error:
        raise NotPicklableError(
            f"the function cannot be loaded where it was to run: {error!r}; is the"
            " module that it comes from installed there?"
        ) from error
    if not is_async(func):
        return lambda sealed: func(_open_item(sealed))

    async def call(sealed: bytes | NotPicklableError) -> Any:  # noqa: ANN401
        return await func(_open_item(sealed))

    return call


def _open_item(sealed: bytes | NotPicklableError) -> Any:  # noqa: ANN401
    if isinstance(sealed, NotPicklableError):
        raise sealed
    try:
        return pickle.loads(sealed)  # noqa: S301 - the owner of the run sent it
    except Exception as error:
        raise NotPicklableError(
            f"the item cannot be loaded where it was to run: {error!r}"
        ) from error


def _seal_outcome(outcome: Outcome) -> bytes:
    error = outcome.error
    if error is None:
        try:
            return _dumps((outcome.value, None))
        except Exception as problem:  # noqa: BLE001 - as for an item
            error = _unsendable("the result", outcome.value, problem)
            return pickle.dumps((None, error))
    _note_origin(error)
    try:
        sealed = _dumps((None, error))
        # Many exceptions pickle, but fail to load: their `__init__` wants more.
        pickle.loads(sealed)  # noqa: S301 - made in the line above
    except Exception as problem:  # noqa: BLE001 - as for an item
        stand_in = NotPicklableError(
            f"the item raised {type(error).__name__}: {error}, an exception that cannot"
            f" travel between processes: {problem!r}"
        )
        for note in error.__notes__:
            stand_in.add_note(note)
        return pickle.dumps((None, stand_in))
    return sealed


def _note_origin(error: BaseException) -> None:
    """Keep the traceback as a note: frames cannot travel."""
    if isinstance(error, NotPicklableError):
        return
    text = "".join(traceback.format_exception(error)).rstrip()
    error.add_note(f"raised in process {os.getpid()}:\n{text}")


# -- pickling


def _dumps(value: object) -> bytes:
    """Return a value as bytes, by value where it is of a notebook's own making."""
    try:
        blob = pickle.dumps(value)
    except Exception:  # noqa: BLE001 - lambdas and closures, for instance
        return _by_value(value)
    return _by_value(value) if b"__main__" in blob else blob


def _by_value(value: object) -> bytes:
    try:
        cloudpickle = importlib.import_module("cloudpickle")
    except ImportError:
        blob = pickle.dumps(value)
        if b"__main__" in blob and not hasattr(sys.modules["__main__"], "__file__"):
            # Where it works at all the other process may hold an older body.
            raise NotPicklableError(
                f"{_name(value)} is defined in the notebook, and plain pickle cannot"
                ' send that: pip install "notebook-async[cpu]" brings cloudpickle,'
                " which can"
            ) from None
        return blob
    sealed: bytes = cloudpickle.dumps(value)
    return sealed


def _unsendable(what: str, value: object, error: Exception) -> NotPicklableError:
    if isinstance(error, NotPicklableError):
        return error
    unsendable = NotPicklableError(
        f"{what} cannot be sent to another process: {_name(value)}: {error}"
    )
    unsendable.__cause__ = error
    return unsendable


def _name(value: object) -> str:
    return getattr(value, "__qualname__", None) or type(value).__qualname__
