"""Exceptions of restricted evaluation."""

from __future__ import annotations

from notebook_async.errors._base import NotebookAsyncError

__all__ = [
    "SafeAccessError",
    "SafeCodeError",
    "SafeError",
    "SafeMemoryError",
    "SafeNameError",
    "SafeSyntaxError",
    "SafeTimeout",
    "SafeValueError",
]


class SafeError(NotebookAsyncError):
    """Base of what restricted evaluation raises on its own account.

    Examples
    --------
    >>> issubclass(SafeTimeout, SafeError)
    True
    """


class SafeSyntaxError(SafeError, SyntaxError):
    """Say what restricted code may not say; nothing of it has run.

    Attributes
    ----------
    line
        Where, from 1.
    what
        The text that was refused.
    why
        The reason.

    Examples
    --------
    >>> print(SafeSyntaxError(2, "import os", "os is not on the list"))
    line 2: import os: os is not on the list
    """

    def __init__(
        self, line: int, what: str, why: str, *, column: int = 1, text: str = ""
    ) -> None:
        # What a traceback shows: the whole line, and a mark below the column.
        place = ("<restricted>", line, column, text or what)
        super().__init__(f"line {line}: {what}: {why}", place)
        self.line = line
        self.what = what
        self.why = why

    def __str__(self) -> str:
        return str(self.msg)


class SafeNameError(SafeError, NameError):
    """Say that restricted code has no such name, or may not be given it.

    Attributes
    ----------
    name
        The name.
    line
        Where the code uses it, from 1; 0 where it was given.

    Examples
    --------
    >>> print(SafeNameError("open", "is no name that restricted code has", line=1))
    line 1: open is no name that restricted code has
    """

    def __init__(self, name: str, why: str, *, line: int = 0) -> None:
        super().__init__(f"{f'line {line}: ' if line else ''}{name} {why}", name=name)
        self.line = line


class SafeAccessError(SafeError, AttributeError):
    """Say what running code tried to reach or to change, and may not.

    Attributes
    ----------
    line
        Where, from 1.
    what
        The attribute or the change that was refused.
    why
        The reason.

    Examples
    --------
    >>> print(SafeAccessError(1, "__class__", "it is internal"))
    line 1: __class__: it is internal
    """

    def __init__(self, line: int, what: str, why: str) -> None:
        super().__init__(f"line {line}: {what}: {why}")
        self.line = line
        self.what = what
        self.why = why


class SafeValueError(SafeError, ValueError):
    """Say which value cannot go in or come out, and why.

    Examples
    --------
    >>> isinstance(SafeValueError("the result is a set"), ValueError)
    True
    """


class SafeCodeError(SafeError, RuntimeError):
    """Stand for an exception without a class here, or for a process that ended.

    Attributes
    ----------
    type_name
        Name of the class of the exception; empty where the process ended.
    line
        Where in the code, from 1; 0 where that is not known.

    Examples
    --------
    >>> SafeCodeError("too cold", type_name="WeatherError", line=3)
    SafeCodeError('line 3: WeatherError: too cold')
    """

    def __init__(self, message: str, *, type_name: str = "", line: int = 0) -> None:
        place = f"line {line}: " if line else ""
        kind = f"{type_name}: " if type_name else ""
        super().__init__(f"{place}{kind}{message}")
        self.type_name = type_name
        self.line = line


class SafeTimeout(SafeError, TimeoutError):  # noqa: N818 - the name is given
    """Say that restricted code ran for too long, and was ended.

    Attributes
    ----------
    timeout
        The seconds that there were.

    Examples
    --------
    >>> print(SafeTimeout(5))
    the code ran for more than 5 s and was ended; give it longer by timeout=
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(
            f"the code ran for more than {timeout:g} s and was ended; give it longer"
            " by timeout="
        )
        self.timeout = timeout


class SafeMemoryError(SafeError, MemoryError):
    """Say that restricted code needed more memory than it may have.

    Attributes
    ----------
    memory_mb
        The megabytes that there were; None where nothing bounded them.

    Examples
    --------
    >>> print(SafeMemoryError(512))
    the code needed more than 512 MB of memory; give it more by memory_mb=
    """

    def __init__(self, memory_mb: int | None) -> None:
        super().__init__(
            "memory ran out"
            if memory_mb is None
            else f"the code needed more than {memory_mb} MB of memory; give it more by"
            " memory_mb="
        )
        self.memory_mb = memory_mb
