"""A release needs no Node, holds what it should, and works away from the source."""

from __future__ import annotations

import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from .conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Distributions, Environment

pytestmark = [pytest.mark.install, pytest.mark.timeout(600)]

STATIC = "notebook_async/widgets/static/"
TYPESCRIPT = "notebook_async/widgets/js/"

LOAD_EXTENSION = """
import notebook_async
from IPython.core.interactiveshell import InteractiveShell

assert "site-packages" in notebook_async.__file__, notebook_async.__file__
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "notebook_async")
print(sorted({"arun"} & set(shell.magics_manager.magics["cell"])))
print(sorted({"jobs"} & set(shell.magics_manager.magics["line"])))
"""


@pytest.fixture(scope="session")
def in_wheel(distributions: Distributions) -> set[str]:
    """List the files of the wheel."""
    with zipfile.ZipFile(distributions.wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="session")
def in_sdist(distributions: Distributions) -> set[str]:
    """List the files of the sdist, without their common folder."""
    with tarfile.open(distributions.sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="session")
def installed(
    distributions: Distributions, make_environment: Callable[[], Environment]
) -> Environment:
    """Install the wheel, with its base dependencies only, in a fresh environment."""
    environment = make_environment()
    pip = (environment.python, "-m", "pip", "install", "--quiet")
    environment.run(*pip, distributions.wheel, cwd=distributions.wheel.parent)
    return environment


def test_wheel_holds_every_built_panel(in_wheel: set[str]) -> None:
    """The wheel holds the built JavaScript, all of it."""
    committed = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / STATIC).rglob("*")
        if path.is_file()
    }
    assert any(name.endswith(".js") for name in committed)
    assert {name for name in in_wheel if name.startswith(STATIC)} == committed


def test_wheel_holds_no_typescript(in_wheel: set[str]) -> None:
    """The wheel holds nothing of what the JavaScript is built from."""
    assert {name for name in in_wheel if name.startswith(TYPESCRIPT)} == set()


def test_wheel_holds_types_and_licence(in_wheel: set[str]) -> None:
    """The wheel tells type checkers that it is typed, and everybody its licence."""
    assert "notebook_async/py.typed" in in_wheel
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in in_wheel)


def test_wheel_holds_the_package_only(in_wheel: set[str]) -> None:
    """The wheel holds no tests, lessons or stray files."""
    tops = {name.partition("/")[0] for name in in_wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"notebook_async"}


def test_sdist_holds_source_and_build(in_sdist: set[str]) -> None:
    """The sdist holds the TypeScript, the JavaScript built from it, and the tests."""
    assert TYPESCRIPT + "package.json" in in_sdist
    assert {name for name in in_sdist if name.startswith(TYPESCRIPT + "src/")}
    assert {name for name in in_sdist if name.startswith(STATIC)}
    assert "tests/conftest.py" in in_sdist
    assert {name for name in in_sdist if "node_modules" in name} == set()


def test_wheel_works_away_from_the_source(
    installed: Environment, tmp_path: Path
) -> None:
    """The installed wheel loads as an extension, with nothing but its dependencies."""
    printed = installed.run(
        installed.python, "-I", "-c", LOAD_EXTENSION, cwd=tmp_path
    ).splitlines()
    assert printed[-2:] == ["['arun']", "['jobs']"]
