"""Values that are read from a JSON file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import TypeAdapter, ValidationError

from notebook_async.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["ResourceConfig"]


@dataclass(slots=True, unsafe_hash=True)
class ResourceConfig:
    """Mark a parameter that takes a pydantic model, read from a JSON file.

    It stands in the annotation: `Annotated[Settings, ResourceConfig("a.json")]`. The
    file is looked for when the value is first needed, and read once for each workflow.

    Attributes
    ----------
    config_file
        Where the file is, from the working directory; its name ends in ".json".
    path_selector
        Where in the file: names of nested objects, joined by dots; None for all of it.
    label, description
        How a picture names and explains it, or None.

    Examples
    --------
    >>> ResourceConfig("settings.json", "model.chat").name
    'settings.json.model.chat'
    """

    config_file: str
    path_selector: str | None = None
    label: str | None = None
    description: str | None = None
    cache: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.config_file = os.fspath(self.config_file)
        if Path(self.config_file).suffix != ".json":
            raise InvalidArgumentError(
                "ResourceConfig reads JSON: the name of config_file must end in"
                f" '.json', got {self.config_file!r}"
            )

    @property
    def name(self) -> str:
        """The file's name, and the selector behind a dot."""
        if self.path_selector is None:
            return self.config_file
        return f"{self.config_file}.{self.path_selector}"

    @property
    def localns(self) -> dict[str, Any] | None:
        """None always: nothing here is resolved by name."""
        return None

    @localns.setter
    def localns(self, names: dict[str, Any] | None) -> None:
        # A `Resource` needs them; to keep them here would only keep their values alive.
        pass

    def key(self, kind: Any) -> Hashable:
        """Return what equal values have in common: the file, the place and the model.

        Examples
        --------
        >>> config = ResourceConfig("a.json")
        >>> config.key(int) == ResourceConfig("a.json", label="A").key(int)
        True
        """
        return self.config_file, self.path_selector, kind

    def needs(self) -> tuple[()]:
        """Return the resources that it needs, which are none.

        Examples
        --------
        >>> ResourceConfig("a.json").needs()
        ()
        """
        return ()

    def load(self, kind: Any = None) -> Any:
        """Read the file and return its data as an instance of a type.

        Parameters
        ----------
        kind
            A pydantic model, or another type that pydantic can check; None for the
            plain data.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        InvalidArgumentError
            If it is no JSON, or has nothing at the selector.
        pydantic.ValidationError
            If the data does not fit the type.

        Notes
        -----
        It blocks, on purpose: the file is small, local and read once, and a thread
        would cost more than the reading.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "a.json")
        ...     _ = file.write_text('{"chat": {"top": 3}}')
        ...     ResourceConfig(str(file), "chat").load(dict[str, int])
        {'top': 3}
        """
        data = _selected(self, _read(self.config_file))
        try:
            return TypeAdapter(Any if kind is None else kind).validate_python(data)
        except ValidationError as error:
            error.add_note(f"in the config file {self.name!r}")
            raise


def _read(file: str) -> Any:
    try:
        raw = Path(file).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"no config file {file!r} in {Path.cwd()}: create it, or give its full path"
        ) from None
    try:
        return json.loads(raw)
    except ValueError as error:
        raise InvalidArgumentError(
            f"config file {file!r} must be JSON: {error}"
        ) from None


def _selected(config: ResourceConfig, data: Any) -> Any:
    """Return the nested object that a dotted path leads to."""
    if config.path_selector is None:
        return data
    walked = ""
    for key in config.path_selector.split("."):
        inner = data.get(key) if isinstance(data, dict) else None
        walked = f"{walked}.{key}" if walked else key
        if not isinstance(inner, dict):
            known = ", ".join(map(repr, data)) if isinstance(data, dict) else "no names"
            raise InvalidArgumentError(
                f"config file {config.config_file!r} must have an object at {walked!r},"
                f" got {inner!r}; there are {known or 'no names'}"
            )
        data = inner
    return data
