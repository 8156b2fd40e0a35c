"""Every example in a docstring runs and prints what it says.

An example with a top-level `await` runs on the virtual clock, as in a notebook cell;
one without runs as a script would, with no event loop around it.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest

import notebook_async
from notebook_async.testing import VirtualClockLoop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, ModuleType

TRACEBACK = "Traceback (most recent call last):\n"
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


def _is_async(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_COROUTINE)


async def _run(test: doctest.DocTest, code: CodeType) -> str:
    """Run one example and return what it prints, or its error as a prompt shows it."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            outcome: Any = eval(code, test.globs)  # noqa: S307
            if _is_async(code):
                await outcome
        except Exception as error:  # noqa: BLE001
            # As IPython shows it: the bare name, and no notes.
            return f"{TRACEBACK}{type(error).__name__}: {error}\n"
    return printed.getvalue()


async def _check(test: doctest.DocTest, codes: list[CodeType]) -> None:
    """Run the examples of one docstring in order and compare each with its text."""
    checker = doctest.OutputChecker()
    for example, code in zip(test.examples, codes, strict=True):
        got = await _run(test, code)
        want = example.want
        if example.exc_msg is not None:
            want = TRACEBACK + example.exc_msg
        if not checker.check_output(want, got, OPTIONS):
            line = (test.lineno or 0) + example.lineno + 1
            difference = checker.output_difference(example, got, OPTIONS)
            pytest.fail(f"{test.filename}:{line}\n{example.source}\n{difference}")


@pytest.mark.parametrize("test", _examples(), ids=lambda test: test.name)
def test_example(test: doctest.DocTest) -> None:
    """The example in this docstring prints what it says."""
    codes = [_compile(test, example) for example in test.examples]
    if any(map(_is_async, codes)):
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            runner.run(_check(test, codes))
        return
    # No await anywhere in it: one step drives it to its end without a loop.
    with pytest.raises(StopIteration):
        _check(test, codes).send(None)
