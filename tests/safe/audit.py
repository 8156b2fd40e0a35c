"""Run every attempt in this process, and print what the interpreter was asked for.

Python tells audit hooks of what reaches out of it. They cannot be taken off again, so
this is a script.
"""

from __future__ import annotations

import _strptime  # noqa: F401 - the interpreter loads this one for datetime
import json
import sys
import unicodedata  # noqa: F401 - and this one for letters that are not ASCII
from importlib import import_module

from notebook_async.safe._restricted.modules import MODULES
from notebook_async.safe._restricted.run import FILE, run
from tests.safe.escapes import ESCAPES

# Ours: compiling and running the code, and reading the lines of an error.
_OWN = {"compile", "exec", "object.__getattr__"}

_heard: list[str] = []
_running: list[str] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    # For a syntax error the interpreter looks for a file of the code's name.
    if _running and event not in _OWN and arguments[:1] != (FILE,):
        _heard.append(f"{_running}: {event} {arguments}"[:200])


def main() -> None:
    """Run the attempts, and print what was heard as JSON."""
    for name in MODULES:
        import_module(name)
    sys.addaudithook(_hear)
    for escape in ESCAPES:
        _running.append(escape.code)
        run(escape.code, {}, mode="exec")
        _running.clear()
    print(json.dumps([len(ESCAPES), _heard]))


if __name__ == "__main__":
    main()
