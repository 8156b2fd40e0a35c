"""How the messages of a wrong graph are worded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Named", "close_name", "listed", "report", "steps_named"]

_MOST = 12
_ONE_CLASS = 2


class Named(dict[type, str]):
    """Names of classes; of two that share theirs each has its module in front.

    Examples
    --------
    >>> Named([int, str])[int]
    'int'
    """

    def __init__(self, kinds: Iterable[type]) -> None:
        kinds = list(dict.fromkeys(kinds))
        often = Counter(kind.__name__ for kind in kinds)
        super().__init__(
            (
                kind,
                kind.__name__
                if often[kind.__name__] == 1
                else f"{kind.__module__}.{kind.__qualname__}",
            )
            for kind in kinds
        )

    def __missing__(self, kind: type) -> str:
        return kind.__name__


def listed(words: Iterable[str], joint: str = "and") -> str:
    """Return words as a sentence has them.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    words = list(words)
    if len(words) > _MOST:
        words = [*words[:_MOST], f"{len(words) - _MOST} more"]
    if len(words) < _ONE_CLASS:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"


def steps_named(names: Sequence[str], word: str = "step") -> str:
    """Return steps as a sentence has them.

    Examples
    --------
    >>> steps_named(["read"]), steps_named(["read", "write"])
    ("step 'read'", "steps 'read' and 'write'")
    """
    plural = "" if len(names) == 1 else "s"
    return f"{word}{plural} {listed(map(repr, names))}"


def close_name(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about a name that is unknown.

    Examples
    --------
    >>> close_name("reed", ["read", "write"])
    "; did you mean 'read'?"
    >>> close_name("x", ["read", "write"])
    '; there are read and write'
    """
    from difflib import get_close_matches  # noqa: PLC0415 - rarely needed

    known = list(known)
    if close := get_close_matches(name, known, n=1):
        return f"; did you mean {close[0]!r}?"
    return f"; there are {listed(known)}" if known else ""


def report(name: str, what: str, problems: Sequence[str]) -> str:
    """Return the message for all problems that a check has found.

    Examples
    --------
    >>> print(report("Greeter", "loose ends", ["one", "two"]))
    workflow 'Greeter' has loose ends:
      - one
      - two
    """
    if len(problems) == 1:
        return f"workflow {name!r}: {problems[0]}"
    lines = "".join(f"\n  - {problem}" for problem in problems)
    return f"workflow {name!r} has {what}:{lines}"
