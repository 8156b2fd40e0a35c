"""`safe_eval` and `safe_exec`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from notebook_async.core import asyncio_run
from notebook_async.errors import HostError
from notebook_async.safe._command import (
    bwrap_command,
    command,
    need_restricted_python,
)
from notebook_async.safe._isolation import MEMORY_MB, TIMEOUT, Bounds, bounds
from notebook_async.safe._names import SafeNames, checked_names, checked_source
from notebook_async.safe._outcome import heard, settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.safe._child import Ending
    from notebook_async.safe._isolation import Isolation

__all__ = ["safe_eval", "safe_eval_sync", "safe_exec", "safe_exec_sync"]


async def safe_eval(
    expr: str,
    names: Mapping[str, Any] | None = None,
    *,
    isolation: Isolation = "subprocess",
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - it bounds the code, not the call
    memory_mb: int | None = MEMORY_MB,
) -> Any:
    """Evaluate an expression that somebody else wrote, and return its value.

    This stops accidents. It is no security boundary against code made to get out, for
    which `isolation="bwrap"`, a container or a virtual machine is needed: see the
    threat model in `notebook_async.safe`.

    Parameters
    ----------
    expr
        The expression, at most 100,000 characters.
    names
        What it finds by name besides the builtins and the modules below. For a child
        this is plain data: None, booleans, numbers, strings, and lists, tuples and
        dicts of them. In this process it may be anything but a module, and all of it
        can be reached by the expression. Lists and dicts are copies.
    isolation
        `"subprocess"` for a bounded child; `"bwrap"` for one that sees neither the
        user's files nor the network, by bubblewrap on Linux; `"in_process"` for here
        and now: fast, but nothing can end it, and the loop waits for it.
    timeout
        Seconds > 0 that the expression may take in a child, without the start of it.
    memory_mb
        Megabytes of address space, >= 32, of a child; its interpreter takes 20 of them.
        None for no bound, where a system cannot keep one.

    Returns
    -------
    object
        The value as plain data: tuples come back as lists, and subclasses as what they
        derive from. What is printed meanwhile is dropped.

    Raises
    ------
    SafeSyntaxError
        If the expression says what it may not; nothing of it has run.
    SafeNameError
        If it uses a name that there is not, or a name cannot be given.
    SafeAccessError
        If it reached for an attribute that it may not have.
    SafeValueError
        If a value cannot go in or come out.
    SafeTimeout, SafeMemoryError
        If it took more than it may.
    SafeCodeError
        If it raised an exception of a class that is not built in, or its process died.
        Exceptions of built-in classes come out as what they are.
    InvalidArgumentError
        If an option is out of range, or `"in_process"` is given a bound.
    HostError
        If this host lacks what the isolation needs. None is ever taken for another.

    Notes
    -----
    There are collections, datetime, decimal, fractions, itertools, json, math, random,
    re, statistics and string: an expression uses them by name, statements import them.
    What they have is reduced to what neither reads files nor gets round the guards.

    Examples
    --------
    >>> await safe_eval("math.sqrt(16)")
    4.0
    >>> await safe_eval("price * 1.19", {"price": 100})
    119.0
    >>> await safe_eval("sorted(w for w in text.split())", {"text": "b a"})
    ['a', 'b']
    >>> await safe_eval("().__class__", isolation="in_process")
    Traceback (most recent call last):
        ...
    SafeSyntaxError: line 1: ().__class__: "__class__" is an invalid attribute name ...
    """
    bounded = bounds(isolation, timeout, memory_mb)
    outcome = await _outcome("eval", expr, names, isolation, bounded)
    return outcome["value"]


async def safe_exec(
    code: str,
    names: Mapping[str, Any] | None = None,
    *,
    isolation: Isolation = "subprocess",
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - as above
    memory_mb: int | None = MEMORY_MB,
) -> SafeNames:
    r"""Run statements that somebody else wrote, and return the names that they set.

    This stops accidents. It is no security boundary against code made to get out, for
    which `isolation="bwrap"`, a container or a virtual machine is needed: see the
    threat model in `notebook_async.safe`.

    Parameters
    ----------
    code
        The statements, at most 100,000 characters.
    names, isolation, timeout, memory_mb
        As for `safe_eval`. A given name is among those returned if the code assigns to
        it; changing what it stands for is not seen outside.

    Returns
    -------
    SafeNames
        A dict of the names that the code set, as plain data. Its attribute `printed` is
        what was printed; `left_out` says why functions, classes, modules and what JSON
        cannot hold are not in it.

    Raises
    ------
    SafeSyntaxError, SafeNameError, SafeAccessError, SafeValueError, SafeTimeout
        As `safe_eval` does.
    SafeMemoryError, SafeCodeError, InvalidArgumentError, HostError
        As `safe_eval` does.

    Examples
    --------
    >>> code = '''
    ... import statistics
    ... mean = statistics.mean(values)
    ... print(f"mean of {len(values)}: {mean}")
    ... '''
    >>> names = await safe_exec(code, {"values": [1, 2, 6]})
    >>> names
    {'mean': 3}
    >>> names.printed
    'mean of 3: 3\n'
    """
    bounded = bounds(isolation, timeout, memory_mb)
    outcome = await _outcome("exec", code, names, isolation, bounded)
    return SafeNames(
        outcome["names"], printed=outcome["printed"], left_out=outcome["left_out"]
    )


def safe_eval_sync(
    expr: str,
    names: Mapping[str, Any] | None = None,
    *,
    isolation: Isolation = "subprocess",
    timeout: float = TIMEOUT,
    memory_mb: int | None = MEMORY_MB,
) -> Any:
    """Evaluate an expression as `safe_eval` does, from ordinary code.

    Parameters
    ----------
    expr, names, isolation, timeout, memory_mb
        As for `safe_eval`, whose threat model holds here too.

    Examples
    --------
    >>> safe_eval_sync("max(1, 2)")
    2
    """
    return asyncio_run(
        safe_eval(
            expr, names, isolation=isolation, timeout=timeout, memory_mb=memory_mb
        )
    )


def safe_exec_sync(
    code: str,
    names: Mapping[str, Any] | None = None,
    *,
    isolation: Isolation = "subprocess",
    timeout: float = TIMEOUT,
    memory_mb: int | None = MEMORY_MB,
) -> SafeNames:
    """Run statements as `safe_exec` does, from ordinary code.

    Parameters
    ----------
    code, names, isolation, timeout, memory_mb
        As for `safe_exec`, whose threat model holds here too.

    Examples
    --------
    >>> safe_exec_sync("a, *b = range(3)")
    {'a': 0, 'b': [1, 2]}
    """
    return asyncio_run(
        safe_exec(
            code, names, isolation=isolation, timeout=timeout, memory_mb=memory_mb
        )
    )


async def _outcome(
    mode: str,
    source: str,
    names: Mapping[str, Any] | None,
    isolation: Isolation,
    bounded: Bounds | None,
) -> dict[str, Any]:
    source = checked_source(source)
    # For an expression what stands before and after it means nothing.
    source = source.strip() if mode == "eval" else source
    given = checked_names(names, as_json=bounded is not None)
    if bounded is None:
        need_restricted_python()
        from notebook_async.safe._restricted.run import run  # noqa: PLC0415 - an extra

        return settled(run(source, given, mode=mode), source, mode=mode, bounds=None)
    start = bwrap_command if isolation == "bwrap" else command
    request = json.dumps({"mode": mode, "source": source, "names": given}).encode()
    ending = await _ending(start(bounded), request, bounded)
    return settled(heard(ending, bounded), source, mode=mode, bounds=bounded)


async def _ending(command: list[str], request: bytes, bounded: Bounds) -> Ending:
    """Run a child in a thread; when this is cancelled, wait until it is reaped."""
    from notebook_async.safe._child import Child  # noqa: PLC0415 - needs processes
    from notebook_async.safe._threads import waiters  # noqa: PLC0415

    child = Child(command, request, bounded.timeout)
    waiting = asyncio.get_running_loop().run_in_executor(waiters, child.run)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        if not child.kill():
            waiting.cancel()  # it begins no more
        await asyncio.wait([waiting])
        if not waiting.cancelled():
            waiting.exception()  # nobody else asks for it
        raise
    except OSError as error:
        raise HostError(f"the child did not start: {error}") from error
