"""Virtual environments with the versions of ipykernel that we support.

They are made when a test first needs one, and kept between runs in the user's cache
folder, named after all that decides what is in them. To make them all beforehand:

    python tests/kernels/environments.py

A test that asks for the fixture `kernel_env` runs once for each of them:

    async def test_something(kernel_env: Environment, tmp_path: Path) -> None:
        async with Kernel(tmp_path, python=kernel_env.python) as kernel:
            ...
        if kernel_env.ipykernel < (7, 4):
            ...

`make test` has the oldest and the newest; `make test-kernels`, which is
`pytest -m kernels`, has them all. The package in them is the source of this checkout,
or the wheel that the variable `KERNELS_PACKAGE` names.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ENVIRONMENTS", "ORDINARY", "Environment", "Recipe", "is_made", "make"]

ROOT = Path(__file__).parents[2]

# matplotlib draws what a click in mid-cell must not flush.
BESIDES = ("matplotlib",)

OLDEST, *BETWEEN, NEWEST = ("6.29.5", "6.31.0", "7.0.1", "7.3.0", "7.4.0")

# Variables of the caller that would put something else into an environment.
ASTRAY = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_CONSTRAINT")


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with a kernel, and this package as it is in the source.

    Attributes
    ----------
    python
        Its interpreter.
    ipykernel
        The version of ipykernel in it, as in `(7, 4, 0)`.
    """

    python: Path
    ipykernel: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides an environment: an interpreter, with its version, and ipykernel."""

    interpreter: Path
    version: str
    ipykernel: str

    def __str__(self) -> str:
        """Return its name in the list of tests."""
        on = "" if self.version == BASE.version else f"-py{self.version}"
        return f"{self.ipykernel}{on}"

    @property
    def home(self) -> Path:
        """Return its folder: that of this checkout, with these dependencies."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        facts = [project["dependencies"], BESIDES, *_package(), str(self.interpreter)]
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
        name = f"py{self.version}-ipykernel{self.ipykernel}-{digest}"
        return _cache() / name


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python, and its version as in `3.11`."""

    path: Path
    version: str


def is_made(recipe: Recipe) -> bool:
    """Return whether the environment of a recipe is there already."""
    return (recipe.home / "complete").exists()


def make(recipe: Recipe) -> Environment:
    """Return the environment of a recipe, made now if it is not there yet.

    Several processes may ask at once: one makes it, and the others wait for it.
    """
    home = recipe.home
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = home / "complete"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("wb") as file, _locked(file):
        if not (done.exists() and python.exists()):
            # What a maker left that was killed is not to be trusted.
            shutil.rmtree(home, ignore_errors=True)
            _install(recipe, home, python)
            done.touch()
    version = tuple(map(int, recipe.ipykernel.split(".")))
    return Environment(python, version)


def _install(recipe: Recipe, home: Path, python: Path) -> None:
    """Make a virtual environment without pip, and fill it by that of the tests."""
    variables = {key: value for key, value in os.environ.items() if key not in ASTRAY}
    wanted = (f"ipykernel=={recipe.ipykernel}", *BESIDES, *_package())
    pip = (sys.executable, "-m", "pip", "--python", str(python))
    for command in (
        (str(recipe.interpreter), "-m", "venv", "--without-pip", str(home)),
        (*pip, "install", "--quiet", "--disable-pip-version-check", *wanted),
    ):
        done = subprocess.run(
            command,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}"
            )


def _package() -> tuple[str, ...]:
    """Return what pip is to install as this package."""
    wheel = os.environ.get("KERNELS_PACKAGE")
    return (str(Path(wheel).resolve()),) if wheel else ("--editable", str(ROOT))


@contextlib.contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    """Hold a lock that ends with its process at the latest."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        # It gives up after ten seconds, and an environment takes longer.
        while True:
            with contextlib.suppress(OSError):
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                break
        yield
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _cache() -> Path:
    """Return the folder for what the tests keep, in the user's cache folder."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "notebook_async" / "kernels"


def _found(version: str) -> Interpreter | None:
    """Return the newest Python of that minor version that pyenv has."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = (root / "versions").glob(f"{version}.*/bin/python")
    by_patch = {int(path.parts[-3].rpartition(".")[2]): path for path in found}
    return Interpreter(by_patch[max(by_patch)], version) if by_patch else None


def _base() -> Interpreter:
    """Return the Python for every ipykernel: our oldest, else the one of the tests."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    own = Path(sys.base_prefix) / ("python.exe" if os.name == "nt" else "bin/python3")
    tests = Interpreter(own if own.exists() else Path(sys.executable), running)
    return tests if running == "3.11" else _found("3.11") or tests


BASE = _base()
LATER = [
    found
    for version in ("3.12", "3.13")
    if version != BASE.version and (found := _found(version)) is not None
]

ORDINARY = [Recipe(BASE.path, BASE.version, each) for each in (OLDEST, NEWEST)]
ENVIRONMENTS = [
    *ORDINARY,
    *(Recipe(BASE.path, BASE.version, each) for each in BETWEEN),
    *(Recipe(python.path, python.version, NEWEST) for python in LATER),
]


if __name__ == "__main__":
    for each in ENVIRONMENTS:
        print(each, make(each).python, flush=True)
