"""Imports run one way, down the table of rooms."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import notebook_async

PACKAGE = Path(notebook_async.__file__).parent

_LIBRARY = ("errors", "core", "tracing", "workflow", "prompts")
_NOTEBOOK = (*_LIBRARY, "kernel", "board", "retrieval", "safe")

# What each room may import besides `errors`, which serves all.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "errors": (),
    "core": (),
    "tracing": ("core",),
    "workflow": ("core", "tracing"),
    "prompts": ("core",),
    "kernel": ("core",),
    "board": ("core", "tracing", "kernel"),
    "retrieval": ("core", "workflow", "tracing"),
    "safe": ("core",),
    "widgets": _NOTEBOOK,
    "magics": (*_NOTEBOOK, "widgets"),
    "integrations": (*_NOTEBOOK, "widgets", "magics"),
    "testing": ("core", "workflow", "prompts"),
}

# Jupyter is an adapter: only these rooms know it.
JUPYTER = {"IPython", "ipykernel", "ipywidgets", "traitlets", "anywidget", "comm"}
KNOWS_JUPYTER = {"kernel", "widgets", "magics", "integrations"}

# What loads without Jupyter, and what else it must not load.
LIGHT = {
    "core": {"pydantic"},
    "tracing": {"pydantic"},
    "workflow": set(),
    "prompts": {"pydantic"},
    "testing": {"pydantic"},
}


def _rooms() -> dict[str, list[Path]]:
    """Return the source files of each room that exists."""
    rooms: dict[str, list[Path]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room != "__init__" and "node_modules" not in path.parts:
            rooms.setdefault(room, []).append(path)
    return rooms


def _imported(path: Path) -> set[str]:
    """Return the full names of all that a file imports, lazily or for types too."""
    package = ("notebook_async", *path.relative_to(PACKAGE).parts[:-1])
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return names


def _rooms_imported(path: Path) -> set[str]:
    """Return the rooms that a file imports from; `notebook_async` is the front door."""
    ours = {n for n in _imported(path) if n.partition(".")[0] == "notebook_async"}
    rooms = {[*name.split("."), "notebook_async"][1] for name in ours}
    return {room if room in MAY_IMPORT else "notebook_async" for room in rooms}


ROOMS = _rooms()


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_on_the_map(room: str) -> None:
    """Every module and folder of the package is a room of the table."""
    assert room in MAY_IMPORT


@pytest.mark.parametrize("room", [room for room in ROOMS if room in MAY_IMPORT])
def test_room_imports_downwards(room: str) -> None:
    """A room imports from itself, from `errors` and from what its row names."""
    allowed = {room, "errors", *MAY_IMPORT[room]}
    wrong = {
        path.relative_to(PACKAGE).as_posix(): sorted(extra)
        for path in ROOMS[room]
        if (extra := _rooms_imported(path) - allowed)
    }
    assert wrong == {}


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in KNOWS_JUPYTER])
def test_only_adapters_name_jupyter(room: str) -> None:
    """A room that is no adapter imports nothing of Jupyter, not even lazily."""
    wrong = {
        path.relative_to(PACKAGE).as_posix(): sorted(extra)
        for path in ROOMS[room]
        if (extra := {name.partition(".")[0] for name in _imported(path)} & JUPYTER)
    }
    assert wrong == {}


def test_errors_need_the_standard_library_only() -> None:
    """The exception tree imports nothing but the standard library."""
    imported = {name for path in ROOMS["errors"] for name in _imported(path)}
    others = {n for n in imported if not n.startswith("notebook_async.errors.")}
    tops = {name.partition(".")[0] for name in others}
    assert tops - sys.stdlib_module_names == set()


def _loaded_by(module: str) -> set[str]:
    """Return the names of all modules that a fresh interpreter loads for one."""
    code = f"import {module}, json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("room", [room for room in LIGHT if room in ROOMS])
def test_room_loads_without_jupyter(room: str) -> None:
    """A fresh interpreter loads the rooms below the adapters without Jupyter."""
    tops = {name.partition(".")[0] for name in _loaded_by(f"notebook_async.{room}")}
    assert tops & (JUPYTER | LIGHT[room]) == set()


def test_package_loads_without_jupyter() -> None:
    """`import notebook_async` loads neither Jupyter nor pydantic: panels are lazy."""
    tops = {name.partition(".")[0] for name in _loaded_by("notebook_async")}
    assert tops & (JUPYTER | {"pydantic"}) == set()
