"""What the tests of installing share: distributions, and machines without Node."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
NODE = ("node", "npm", "npx", "corepack")
# A name of the caller's environment that would lead a new environment astray.
ASTRAY = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


class Distributions(NamedTuple):
    """The two files that a release consists of."""

    sdist: Path
    wheel: Path


class Environment(NamedTuple):
    """A virtual environment, and the variables with which to run things in it."""

    python: Path
    variables: dict[str, str]

    def run(self, *command: str | Path, cwd: Path) -> str:
        """Run a command to its end and return what it printed; fail with all of it."""
        done = subprocess.run(
            command,
            cwd=cwd,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{command} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout


def _hide_node(path: str, away: Path) -> str:
    """Return a PATH with the same programs but Node's."""
    shown = []
    for index, folder in enumerate(map(Path, path.split(os.pathsep))):
        if not any(shutil.which(name, path=str(folder)) for name in NODE):
            shown.append(str(folder))
            continue
        links = away / str(index)
        links.mkdir(parents=True)
        for program in folder.iterdir():
            if program.stem not in NODE:
                (links / program.name).symlink_to(program)
        shown.append(str(links))
    return os.pathsep.join(shown)


@pytest.fixture(scope="session")
def no_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables of a machine that has no Node."""
    variables = {key: value for key, value in os.environ.items() if key not in ASTRAY}
    # What pytest itself runs in is not what a user has on the PATH.
    folders = os.environ["PATH"].split(os.pathsep)
    path = os.pathsep.join(f for f in folders if Path(f) != Path(sys.executable).parent)
    variables["PATH"] = _hide_node(path, tmp_path_factory.mktemp("no_node"))
    assert shutil.which("node", path=variables["PATH"]) is None
    return variables


@pytest.fixture(scope="session")
def make_environment(
    tmp_path_factory: pytest.TempPathFactory, no_node: dict[str, str]
) -> Callable[[], Environment]:
    """Return a function that makes a fresh virtual environment without Node."""

    def make() -> Environment:
        home = tmp_path_factory.mktemp("environment")
        venv.create(home, with_pip=True)
        programs = home / ("Scripts" if sys.platform == "win32" else "bin")
        path = f"{programs}{os.pathsep}{no_node['PATH']}"
        python = programs / Path(sys.executable).name
        return Environment(python, {**no_node, "PATH": path})

    return make


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what git knows or would add: what a clone holds after the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    copy = tmp_path_factory.mktemp("checkout")
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def distributions(
    checkout: Path,
    no_node: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Distributions:
    """Build the sdist, and from the sdist the wheel, on a machine without Node."""
    out = tmp_path_factory.mktemp("dist")
    builder = Environment(Path(sys.executable), no_node)
    builder.run(builder.python, "-m", "build", "--outdir", out, cwd=checkout)
    (sdist,) = out.glob("*.tar.gz")
    (wheel,) = out.glob("*.whl")
    return Distributions(sdist, wheel)
