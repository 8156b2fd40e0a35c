"""The builtins of restricted code: those that neither look around nor reach out."""

from __future__ import annotations

import builtins
from typing import Any

from notebook_async.safe._restricted import guards

__all__ = ["BUILTINS", "Printer"]

_NAMES = """
False None NotImplemented Ellipsis True abs all any ascii bin bool bytearray bytes
callable chr classmethod complex dict divmod enumerate filter float format frozenset
hash hex id int isinstance issubclass iter len list map max min next object oct ord pow
property range repr reversed round set slice sorted staticmethod str sum tuple zip
""".split()  # noqa: SIM905 - a line each would be a hundred lines

# No BaseException, SystemExit, KeyboardInterrupt or GeneratorExit, and no groups.
_ERRORS = """
ArithmeticError AssertionError AttributeError BufferError EOFError Exception
FloatingPointError ImportError IndexError KeyError LookupError MemoryError
ModuleNotFoundError NameError NotImplementedError OSError OverflowError RecursionError
ReferenceError RuntimeError StopIteration SyntaxError TimeoutError TypeError
UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError Warning
DeprecationWarning RuntimeWarning UserWarning ZeroDivisionError
""".split()  # noqa: SIM905 - as above

BUILTINS: dict[str, Any] = {
    **{name: getattr(builtins, name) for name in (*_NAMES, *_ERRORS)},
    **guards.GUARDS,
    "delattr": guards.delete,
    "getattr": guards.get,
    "hasattr": guards.has,
    "setattr": guards.put,
}

_LONGEST = 1_000_000


class Printer:
    """The `print` of one run: keeps what is printed, up to a million characters."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._left = _LONGEST

    @property
    def text(self) -> str:
        """All that was printed."""
        return "".join(self._parts)

    def print(
        self,
        *values: Any,
        sep: str | None = None,
        end: str | None = None,
        flush: bool = False,  # noqa: ARG002 - there is nothing to flush
    ) -> None:
        """Keep a line; there is no other file to print to."""
        between = " " if sep is None else sep
        text = between.join(map(str, values)) + ("\n" if end is None else end)
        self._left -= len(text)
        if self._left < 0:
            raise ValueError(f"more than {_LONGEST:,} characters were printed")
        self._parts.append(text)
