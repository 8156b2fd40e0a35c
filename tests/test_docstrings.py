"""Every example in a docstring runs and prints what it says.

It runs as a notebook's cell does, in a running loop, but on the virtual clock. One that
makes its own loop runs as a script would.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
import re
from typing import TYPE_CHECKING, Any

import pytest

import notebook_async
from notebook_async.testing import VirtualClockLoop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, ModuleType

TRACEBACK = "Traceback (most recent call last):\n"
OWN_LOOP = re.compile(r"asyncio\.(?:run|Runner)\(")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _modules() -> Iterator[ModuleType]:
    """Load the modules of the package; one that needs a missing extra is left out."""
    yield notebook_async
    for info in pkgutil.walk_packages(notebook_async.__path__, "notebook_async."):
        try:
            yield importlib.import_module(info.name)
        except ImportError:
            if not info.name.startswith("notebook_async.integrations."):
                raise


def _examples() -> list[doctest.DocTest]:
    """Find every docstring that has an example."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    public = {n: getattr(notebook_async, n) for n in notebook_async.__all__}
    found: list[doctest.DocTest] = []
    for module in _modules():
        names = {**public, **vars(module), "asyncio": asyncio}
        found += (test for test in finder.find(module, globs=names) if test.examples)
    return sorted(found, key=lambda test: test.name)


def _compile(test: doctest.DocTest, example: doctest.Example) -> CodeType:
    """Compile one example as a prompt would, with `await` allowed at its top level."""
    # Annotations mean what they do in the module: a cell has no such import.
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    name = f"<{test.name}>"
    return compile(example.source, name, "single", flags=flags, dont_inherit=True)


async def _run(test: doctest.DocTest, code: CodeType) -> None:
    """Run one example, and print its error as a prompt shows it."""
    try:
        outcome: Any = eval(code, test.globs)  # noqa: S307
        if code.co_flags & inspect.CO_COROUTINE:
            await outcome
            await asyncio.sleep(0)  # callbacks of what has ended get their turn
    except Exception as error:  # noqa: BLE001
        # As IPython shows it: the bare name, and no notes.
        print(f"{TRACEBACK}{type(error).__name__}: {error}")  # noqa: T201


async def _check(test: doctest.DocTest) -> None:
    """Run the examples of one docstring in order and compare each with its text."""
    checker = doctest.OutputChecker()
    printed = io.StringIO()
    for example in test.examples:
        with contextlib.redirect_stdout(printed):
            await _run(test, _compile(test, example))
        got = printed.getvalue()
        printed.seek(0)
        printed.truncate()
        want = example.want
        if example.exc_msg is not None:
            want = TRACEBACK + example.exc_msg
        if not checker.check_output(want, got, OPTIONS):
            line = (test.lineno or 0) + example.lineno + 1
            difference = checker.output_difference(example, got, OPTIONS)
            pytest.fail(f"{test.filename}:{line}\n{example.source}\n{difference}")


@pytest.fixture(autouse=True)
def _no_last_value() -> Iterator[None]:
    """Forget the `_` of the prompt: IPython's own `_` gives way to it for ever."""
    yield
    vars(builtins).pop("_", None)


@pytest.mark.parametrize("test", _examples(), ids=lambda test: test.name)
def test_example(test: doctest.DocTest) -> None:
    """The example in this docstring prints what it says."""
    if not any(OWN_LOOP.search(example.source) for example in test.examples):
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            runner.run(_check(test))
        return
    # It awaits nothing itself: one step drives it to its end, with no loop around it.
    with pytest.raises(StopIteration):
        _check(test).send(None)
