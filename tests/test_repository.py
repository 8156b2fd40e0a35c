"""Rules about the project's files that no linter knows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import notebook_async

ROOT = Path(__file__).parents[1]
PACKAGE = Path(notebook_async.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
LINES_AT_MOST = 400

TEXT = {".py", ".ts", ".mjs", ".css", ".md", ".toml", ".yml", ".json", ".ipynb"}
NOT_OURS = {
    ".git",
    ".venv",
    "node_modules",
    "static",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".ipynb_checkpoints",
    "out",
}
HOME = re.compile(r"/(?:home|Users|root|work)/\w")
# The marker words, spelt so that this file does not contain them.
UNNAMED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!.*#\d+)")


def _files() -> list[Path]:
    """Return the text files that people write."""
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if not NOT_OURS & set(path.relative_to(ROOT).parts)
        and path.is_file()
        and (path.suffix in TEXT or path.name == "Makefile")
    ]


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Return where a pattern occurs, as file:line: text."""
    return [
        f"{path.relative_to(ROOT).as_posix()}:{number}: {line.strip()[:120]}"
        for path in _files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_module_is_small(module: Path) -> None:
    """No module of the package is longer than 400 lines: split it instead."""
    assert len(module.read_text("utf-8").splitlines()) <= LINES_AT_MOST


def test_no_path_of_one_machine() -> None:
    """No file, and no output of a lesson, names a folder of somebody's machine."""
    assert _lines_with(HOME) == []


def test_loose_ends_name_an_issue() -> None:
    """A marker for work left to do names its issue, as in `#12`."""
    assert _lines_with(UNNAMED) == []


def test_binder_installs_the_lab_extra() -> None:
    """`binder/requirements.txt` is the `lab` extra, so that Binder can cache it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (ROOT / "binder/requirements.txt").read_text("utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted == project["optional-dependencies"]["lab"]


def test_version_is_in_one_place() -> None:
    """No module repeats the version, which `pyproject.toml` holds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    repeats = re.compile(rf"version\S*\s*[:=]+\s*['\"]{re.escape(project['version'])}")
    assert [m.name for m in MODULES if repeats.search(m.read_text("utf-8"))] == []


def test_lock_names_no_host() -> None:
    """`package-lock.json` names no registry, so that a mirror serves as well."""
    lock = ROOT / "notebook_async/widgets/js/package-lock.json"
    if not lock.exists():
        pytest.skip("the TypeScript is not in a wheel")
    assert '"resolved"' not in lock.read_text("utf-8")
