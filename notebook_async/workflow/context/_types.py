"""Which classes data may name, and how they are found: an allow-list, never an import.

A snapshot is a file, and a file may come from anyone. A name in it must not choose what
gets imported or called, so a class is found only if it was allowed by name, belongs to
the workflow, or is defined in a module that is trusted as a whole; from such a module
come only classes that hold data. Attributes are read from `__dict__`: a module's
`__getattr__` would run code, and may import.
"""

from __future__ import annotations

import dataclasses
import sys
from enum import Enum
from typing import TYPE_CHECKING, Any, cast, get_args, get_type_hints

from pydantic import BaseModel

from notebook_async.errors import ArgumentTypeError
from notebook_async.workflow.context._problem import SerdeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["TypeTable", "is_named_tuple", "name_of"]

# The user's own namespace, and what the engine itself puts into a snapshot.
_TRUSTED = frozenset(
    {
        "__main__",
        "notebook_async.errors",
        "notebook_async.workflow.context._state",
        "notebook_async.workflow.events",
    }
)


def name_of(kind: type[Any]) -> str:
    """Return the name of a class as data holds it: `module:Qualified.Name`.

    Examples
    --------
    >>> name_of(SerdeError)
    'notebook_async.workflow.context._problem:SerdeError'
    """
    return f"{kind.__module__}:{kind.__qualname__}"


def is_named_tuple(kind: type[Any]) -> bool:
    """Tell whether a class was made by `typing.NamedTuple` or its like.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> class Point(NamedTuple):
    ...     x: int
    >>> is_named_tuple(Point), is_named_tuple(tuple)
    (True, False)
    """
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def _holds_data(kind: type[Any]) -> bool:
    return (
        issubclass(kind, BaseModel | Enum | Exception)
        or dataclasses.is_dataclass(kind)
        or is_named_tuple(kind)
    )


class TypeTable:
    """The classes that data may name.

    Parameters
    ----------
    allowed
        Classes, or their dotted names, whatever module they come from.

    Examples
    --------
    >>> table = TypeTable(["decimal.Context"])
    >>> table.knows(SerdeError), table.bound_to([SerdeError]).knows(SerdeError)
    (False, True)
    """

    __slots__ = ("_classes", "_modules", "_names")

    def __init__(self, allowed: Iterable[type[Any] | str] = ()) -> None:
        self._classes: dict[str, type[Any]] = {}
        self._names: set[str] = set()
        self._modules: frozenset[str] = _TRUSTED
        for entry in [allowed] if isinstance(allowed, str | type) else allowed:
            if isinstance(entry, type):
                self._classes[name_of(entry)] = entry
            elif isinstance(entry, str):
                self._names.add(entry.replace(":", "."))
            else:
                raise ArgumentTypeError(
                    "allowed_types takes classes and dotted names, such as"
                    f" 'package.module.Class', got {entry!r}"
                )

    def bound_to(self, types: Iterable[type[Any]]) -> TypeTable:
        """Return a table that knows these classes too, and those that they reach.

        Their modules become trusted, those of the standard library excepted.

        Examples
        --------
        >>> class Reply(BaseModel):
        ...     error: SerdeError | None = None
        ...     model_config = {"arbitrary_types_allowed": True}
        >>> TypeTable().bound_to([Reply]).knows(SerdeError)
        True
        """
        table = TypeTable()
        modules = set(self._modules)
        table._classes = dict(self._classes)
        for kind in _reach(types):
            table._classes.setdefault(name_of(kind), kind)
            package = kind.__module__.partition(".")[0]
            if package not in sys.stdlib_module_names and package != "notebook_async":
                modules.add(kind.__module__)
        table._names = self._names
        table._modules = frozenset(modules)
        return table

    def names(self, kind: type[Any]) -> bool:
        """Tell whether this very class is allowed or bound, whatever it holds.

        Examples
        --------
        >>> TypeTable([SerdeError]).names(SerdeError), TypeTable().names(SerdeError)
        (True, False)
        """
        name = name_of(kind)
        return name in self._classes or name.replace(":", ".") in self._names

    def knows(self, kind: type[Any]) -> bool:
        """Tell whether `find` would find a class of this name.

        Examples
        --------
        >>> TypeTable([SerdeError]).knows(SerdeError)
        True
        """
        try:
            self.find(name_of(kind))
        except SerdeError:
            return False
        return True

    def find(self, name: str) -> type[Any]:
        """Return the class of this name.

        Raises
        ------
        SerdeError
            If it is not to be trusted, or is not defined at the moment.

        Examples
        --------
        >>> TypeTable().find("os:system")
        Traceback (most recent call last):
        SerdeError: os.system is not trusted: ... allowed_types=["os.system"] ...
        """
        if known := self._classes.get(name):
            return known
        module, _, qualname = name.partition(":")
        dotted = f"{module}.{qualname}"
        is_named = dotted in self._names
        if not is_named and module not in self._modules:
            raise _refused(dotted)
        found = _look_up(module, qualname)
        if found is None:
            raise _missing(module, qualname)
        is_data = isinstance(found, type) and (is_named or _holds_data(found))
        if not is_data or found.__module__ != module:
            raise _refused(dotted)
        return cast("type[Any]", found)


def _refused(dotted: str) -> SerdeError:
    return SerdeError(
        f"{dotted} is not trusted: it is neither the workflow's nor a class of data in"
        " the notebook, so loading it might run anything; if you know where the data"
        f' comes from, give the serializer allowed_types=["{dotted}"] and import it'
    )


def _missing(module: str, qualname: str) -> SerdeError:
    if "<locals>" in qualname:
        return SerdeError(
            f"{qualname} is local to a function, and no step of this workflow uses it:"
            f" define it outside, or give the class in allowed_types= ({module})"
        )
    if module == "__main__":
        return SerdeError(
            f"{qualname} is not defined in the notebook: run the cell that defines"
            f" {qualname} first"
        )
    return SerdeError(
        f"{module} has no class {qualname}, or is not imported: import it first"
    )


def _look_up(module: str, qualname: str) -> object:
    """Return what a loaded module holds under a name, without running any code."""
    holder: object = sys.modules.get(module)
    for name in qualname.split("."):
        if holder is None or not (name and hasattr(holder, "__dict__")):
            return None
        holder = vars(holder).get(name)
    return holder


# -- what classes reach


def _reach(types: Iterable[type[Any]]) -> Iterator[type[Any]]:
    """Give these classes, then all that their fields speak of."""
    queue: list[Any] = list(types)
    seen: set[type[Any]] = set()
    for hint in queue:
        if isinstance(hint, list):
            queue += hint
        elif not isinstance(hint, type) or get_args(hint):
            queue += get_args(hint)
            if hasattr(hint, "__value__"):  # a `type` statement
                queue.append(hint.__value__)
        elif hint not in seen and hint.__module__ != "builtins":
            seen.add(hint)
            yield hint
            queue += _annotations(hint)
            queue += [c for c in vars(hint).values() if _is_inside(c, hint)]


def _is_inside(value: object, outer: type[Any]) -> bool:
    return isinstance(value, type) and value.__qualname__.startswith(
        f"{outer.__qualname__}."
    )


def _annotations(kind: type[Any]) -> list[Any]:
    """Return the types of a class's fields; what cannot be resolved is left out."""
    if issubclass(kind, BaseModel):
        return [field.annotation for field in kind.model_fields.values()]
    if dataclasses.is_dataclass(kind) or is_named_tuple(kind):
        try:
            return list(get_type_hints(kind).values())
        except Exception:  # noqa: BLE001 - a string may say anything
            return []
    return []
