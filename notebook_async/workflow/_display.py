"""Let a class and its instances show themselves in a notebook."""

from __future__ import annotations

from types import MethodType
from typing import Any

__all__ = ["Displayed"]


class Displayed:
    """The `_repr_mimebundle_` of a workflow class and of its instances.

    IPython shows a class by this method only where the method is bound to the class;
    a plain function would be bound to instances alone.
    """

    def __get__(self, instance: object, owner: type[Any]) -> MethodType:
        return MethodType(_bundle, owner if instance is None else instance)


def _bundle(shown: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Return the graph of a workflow, and its ordinary text."""
    bundle: dict[str, Any] = shown.graph()._repr_mimebundle_(include, exclude)
    return {**bundle, "text/plain": repr(shown)}
