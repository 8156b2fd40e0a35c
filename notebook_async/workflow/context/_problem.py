"""What is wrong with one value among many, and where it is."""

from __future__ import annotations

from typing import Self

from notebook_async.errors import InvalidArgumentError

__all__ = ["SerdeError"]

_LONGEST_KEY = 40


class SerdeError(InvalidArgumentError):
    """Say which value cannot be saved or loaded, why, and what to do about it.

    The path is put together while the error rises, so that nothing is paid for it when
    all is well.

    Attributes
    ----------
    path
        Keys, indexes and names of fields that lead to the value, outermost first.
    problem
        What is wrong with it.

    Examples
    --------
    >>> print(SerdeError("a lock cannot be saved").under(".llm").under("[2]"))
    [2].llm: a lock cannot be saved
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path: list[str] = []

    def under(self, segment: str) -> Self:
        """Put one more segment before the path.

        Examples
        --------
        >>> SerdeError("wrong").under(".llm").path
        ['.llm']
        """
        self.path.insert(0, segment)
        return self

    def under_key(self, key: object) -> Self:
        """Put a key of a mapping before the path.

        Examples
        --------
        >>> SerdeError("wrong").under_key("llm").under_key(("a", 1)).path
        ["[('a', 1)]", '.llm']
        """
        if isinstance(key, str) and key.isidentifier():
            return self.under(f".{key}")
        shown = repr(key)
        if len(shown) > _LONGEST_KEY:
            shown = f"{shown[:_LONGEST_KEY]}..."
        return self.under(f"[{shown}]")

    def __str__(self) -> str:
        where = "".join(self.path).removeprefix(".")
        return f"{where}: {self.problem}" if where else self.problem
