"""Turn what came of restricted code into a value, or into an error."""

from __future__ import annotations

import builtins
import json
import signal
from typing import TYPE_CHECKING, Any

from notebook_async.errors import (
    HostError,
    SafeAccessError,
    SafeCodeError,
    SafeMemoryError,
    SafeNameError,
    SafeSyntaxError,
    SafeTimeout,
    SafeValueError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.safe._child import Ending
    from notebook_async.safe._isolation import Bounds

__all__ = ["heard", "settled"]

_WITHOUT_NAME = "is no name that restricted code has"

_UNBOUNDED = (
    "memory cannot be bounded on this system; pass memory_mb=None to run the code"
    " without that bound"
)


def heard(ending: Ending, bounds: Bounds) -> dict[str, Any]:
    """Return the outcome that a child told, or raise what ended it before."""
    if ending.late and ending.ready:
        raise SafeTimeout(bounds.timeout)
    if ending.large:
        raise SafeValueError("the child answered more than it may; it was ended")
    try:
        outcome = json.loads(ending.answer)
        if isinstance(outcome, dict) and isinstance(outcome.get("kind"), str):
            return outcome
    except (ValueError, RecursionError):
        pass
    raise _ended(ending, bounds)


def settled(
    outcome: dict[str, Any], source: str, *, mode: str, bounds: Bounds | None
) -> dict[str, Any]:
    """Return the outcome of code that ran to its end, or raise its error."""
    if outcome["kind"] == "done" and _is_whole(outcome, mode):
        return outcome
    try:
        error = _error(outcome, source, bounds)
    except (KeyError, TypeError, ValueError):
        # Ours never says this, but code that got out of its restriction may.
        error = SafeCodeError("the child gave an answer that makes no sense")
    raise error


def _is_whole(outcome: dict[str, Any], mode: str) -> bool:
    if mode == "eval":
        return "value" in outcome
    kinds = {"names": dict, "left_out": dict, "printed": str}
    return all(isinstance(outcome.get(key), kind) for key, kind in kinds.items())


def _error(
    outcome: dict[str, Any], source: str, bounds: Bounds | None
) -> BaseException:
    kind, line = outcome["kind"], int(outcome.get("line", 0))
    made: dict[str, Callable[[], BaseException]] = {
        "syntax": lambda: SafeSyntaxError(
            line,
            outcome["what"],
            outcome["why"],
            column=int(outcome["column"]),
            text=_line(source, line),
        ),
        "name": lambda: SafeNameError(outcome["name"], _WITHOUT_NAME, line=line),
        "access": lambda: SafeAccessError(line, outcome["what"], outcome["why"]),
        "value": lambda: SafeValueError(str(outcome["why"])),
        "memory": lambda: SafeMemoryError(bounds.memory_mb if bounds else None),
        "unbounded": lambda: HostError(_UNBOUNDED),
        "raised": lambda: _raised(outcome, source),
    }
    return made[kind]()


def _raised(outcome: dict[str, Any], source: str) -> BaseException:
    """Return the exception that the code raised: itself, or one made after it."""
    line = int(outcome["line"])
    error = outcome.get("error")
    if not isinstance(error, Exception):
        error = _remade(outcome, line)
    text = _line(source, line).strip()
    if text:
        # Its class may be the code's own.
        BaseException.add_note(error, f"in restricted code, line {line}: {text}")
    return error


def _line(source: str, line: int) -> str:
    lines = source.splitlines()
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _remade(outcome: dict[str, Any], line: int) -> Exception:
    name, arguments = str(outcome["type"]), outcome["args"]
    found = getattr(builtins, name, None) if outcome["builtin"] else None
    # Not one that means more than an error, whatever a child says.
    if isinstance(found, type) and issubclass(found, Exception):
        try:
            return found(*arguments)
        except TypeError:
            pass
    return SafeCodeError(str(outcome["message"]), type_name=name, line=line)


def _ended(ending: Ending, bounds: Bounds) -> Exception:
    """Return the error of a child that gave no answer."""
    how = _how(ending.status)
    said = f"; it said: {ending.complaint}" if ending.complaint else ""
    if not ending.ready:
        late = " in time" if ending.late else ""
        return HostError(f"the child did not start{late}: {how}{said}")
    if ending.status == -getattr(signal, "SIGXCPU", 0):
        return SafeTimeout(bounds.timeout)
    return SafeCodeError(
        f"the process that ran the code gave no answer: {how}. Most often the code"
        f" recurs too deeply in C, or the system ran out of memory{said}"
    )


def _how(status: int) -> str:
    if status >= 0:
        return f"it ended with status {status}"
    try:
        return f"{signal.Signals(-status).name} ended it"
    except ValueError:
        return f"signal {-status} ended it"
