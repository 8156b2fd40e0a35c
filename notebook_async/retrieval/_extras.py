"""Libraries that are imported only when a part that needs them is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from notebook_async.errors import HostError

__all__ = ["needed"]


def needed(module: str, what: str) -> Any:  # noqa: ANN401 - whatever it has
    """Return a module of the `retrieval` extra, or say how it is installed.

    Parameters
    ----------
    module
        Its name.
    what
        What needs it, for the message.

    Raises
    ------
    HostError
        If it is not installed.

    Examples
    --------
    >>> needed("no_such_module", "SqliteTextStore")
    Traceback (most recent call last):
    HostError: SqliteTextStore needs no_such_module, which is not installed: pip ...
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise HostError(
            f"{what} needs {error.name}, which is not installed:"
            ' pip install "notebook-async[retrieval]"'
        ) from error
