"""Parse the options of a magic, with messages that name the nearest valid one."""

from __future__ import annotations

import argparse
import keyword
import re
import shlex
from difflib import get_close_matches
from typing import Any

from IPython.core.error import UsageError

__all__ = ["option_names", "parse_options", "positive_seconds", "variable_name"]


def parse_options(magic: Any, line: str) -> argparse.Namespace:
    """Parse the line of a magic that has `magic_arguments`.

    Raises
    ------
    UsageError
        If an option is unknown or its value wrong; the message says how to mend it.
    """
    try:
        namespace: argparse.Namespace = magic.parser.parse_args(_split(line))
    except UsageError as error:
        raise UsageError(_explain(magic, str(error))) from None
    except ValueError as error:  # an unbalanced quote
        raise UsageError(f"{magic.__name__}: {error} in {line!r}") from None
    return namespace


def option_names(magic: Any) -> list[str]:
    """Return the long options of a magic."""
    actions = magic.parser._actions  # noqa: SLF001
    return [
        name
        for action in actions
        for name in action.option_strings
        if name.startswith("--")
    ]


def positive_seconds(text: str) -> float:
    """Return a duration option as seconds > 0."""
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected seconds, as in 2.5; got {text!r}"
        ) from None
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds > 0, got {text!r}")
    return seconds


def variable_name(text: str) -> str:
    """Return an option that names a variable of the user."""
    if not text.isidentifier() or keyword.iskeyword(text):
        raise argparse.ArgumentTypeError(
            f"expected the name of a variable, got {text!r}"
        )
    return text


def _split(line: str) -> list[str]:
    # IPython's own `arg_split` leaves the quotes around a word.
    words = shlex.shlex(line, posix=True)
    words.whitespace_split = True
    words.commenters = words.escape = ""
    return list(words)


def _explain(magic: Any, message: str) -> str:
    unknown = re.match(r"unrecognized arguments: (?P<first>\S+)", message)
    if unknown is None:
        return f"{magic.__name__}: {message}"
    given = unknown["first"]
    names = option_names(magic)
    word = given.partition("=")[0].lstrip("-")
    close = [name for name in names if name.startswith(f"--{word}")]
    close = close or get_close_matches(f"--{word}", names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
    return f"{magic.__name__}: unknown option {given}; {hint}"
