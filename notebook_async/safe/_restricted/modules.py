"""The modules that restricted code may import: their public names, never themselves."""

from __future__ import annotations

import builtins
import importlib
from types import ModuleType
from typing import Any

from notebook_async.safe._restricted.guards import RefusedError, let_write

__all__ = ["MODULES", "Importer"]

MODULES = (
    "collections",
    "datetime",
    "decimal",
    "fractions",
    "itertools",
    "json",
    "math",
    "random",
    "re",
    "statistics",
    "string",
)

# `UserString` and `Formatter` format past the guard; the rest reads and writes files,
# runs classes of the caller's own, or belongs to the whole process.
_LEFT_OUT = {
    "collections": {"UserString", "abc"},
    "json": {"JSONDecoder", "JSONEncoder", "dump", "load"},
    "random": {"SystemRandom"},
    "re": {"purge", "template"},
    "string": {"Formatter"},
}

# What C code imports on its own, by way of the builtins of who calls it.
_FROM_C = {"_pylong", "_strptime", "time"}


class Namespace:
    """Stands for a module."""

    def __init__(self, name: str, members: dict[str, Any]) -> None:
        self.__dict__.update(members, _name=name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # the interpreter asks
            raise AttributeError(name)
        what = f"{self._name}.{name}"
        raise RefusedError(what, "it is not among what restricted code may use")

    def __repr__(self) -> str:
        return f"<restricted module {self._name!r}>"


class Importer:
    """The `__import__` of one run."""

    def __init__(self) -> None:
        self._made: dict[str, Namespace] = {}

    def __call__(
        self,
        name: str,
        globals: Any = None,  # noqa: A002, ARG002 - as `__import__` has them
        locals: Any = None,  # noqa: A002, ARG002
        fromlist: Any = None,
        level: int = 0,
    ) -> Any:
        """Return the stand-in of an allowed module."""
        # The statement gives None or a tuple, C code an empty list.
        if type(fromlist) is list and name in _FROM_C:
            return builtins.__import__(name)
        if level or name not in MODULES:
            raise ImportError(f"restricted code cannot import {name}", name=name)
        if name not in self._made:
            self._made[name] = _namespace(name)
        namespace = self._made[name]
        for member in fromlist or ():
            if member not in vars(namespace):
                raise ImportError(
                    f"restricted code cannot import {member} from {name}", name=name
                )
        return namespace


def _namespace(name: str) -> Namespace:
    module = importlib.import_module(name)
    if name == "decimal":
        let_write(module.Context)
        # The one that is in force may be set, and it is shared.
        module.setcontext(module.getcontext().copy())
    listed = getattr(module, "__all__", None) or dir(module)
    # Seeding is no business of the whole process.
    source: Any = module.Random() if name == "random" else module
    members = {
        member: getattr(source, member, None) or getattr(module, member)
        for member in listed
        if not member.startswith("_") and member not in _LEFT_OUT.get(name, ())
    }
    return Namespace(
        name, {k: v for k, v in members.items() if not isinstance(v, ModuleType)}
    )
