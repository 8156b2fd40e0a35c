"""What `import notebook_async` offers, and how it is documented."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.metadata import version

import pytest

import notebook_async

NAMES = notebook_async.__all__
CALLABLES = [name for name in NAMES if callable(getattr(notebook_async, name))]
FUNCTIONS = [n for n in CALLABLES if inspect.isfunction(getattr(notebook_async, n))]


def test_names_are_sorted() -> None:
    """`__all__` is sorted, each name once."""
    assert list(NAMES) == sorted(set(NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_name_can_be_imported(name: str) -> None:
    """Each name of `__all__` is there, lazy ones too."""
    assert getattr(notebook_async, name) is not None


def test_dir_agrees() -> None:
    """`dir()`, which completion reads, lists every public name and no helper."""
    shown = {name for name in dir(notebook_async) if not name.startswith("_")}
    assert shown == set(NAMES)


def test_unknown_name_is_an_attribute_error() -> None:
    """A name that does not exist fails as it does for any module."""
    message = "module 'notebook_async' has no attribute 'no_such_name'"
    with pytest.raises(AttributeError, match=message):
        notebook_async.no_such_name  # noqa: B018


def test_version_is_the_installed_one() -> None:
    """`__version__` is what the installed distribution says."""
    assert notebook_async.__version__ == version("notebook-async")


@pytest.mark.parametrize("name", CALLABLES)
def test_docstring_has_an_example(name: str) -> None:
    """Each public callable shows an example, which another test runs."""
    doc = inspect.getdoc(getattr(notebook_async, name)) or ""
    assert "\nExamples\n--------\n" in doc
    assert ">>> " in doc


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstring_tells_every_parameter(name: str) -> None:
    """Each public function tells what each of its parameters means."""
    function = getattr(notebook_async, name)
    doc = inspect.getdoc(function) or ""
    _, _, section = doc.partition("\nParameters\n----------\n")
    headings = [line for line in section.splitlines() if not line.startswith(" ")]
    told = {name.strip() for line in headings for name in line.split(",")}
    assert set(inspect.signature(function).parameters) - told == set()


def test_import_is_light() -> None:
    """`import notebook_async` loads no IPython and no widgets."""
    code = (
        "import sys, notebook_async;"
        "print(sorted({'IPython', 'ipykernel', 'ipywidgets'} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
