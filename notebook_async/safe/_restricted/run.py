"""Compile and run restricted code, and put what came of it into a plain dict.

Each outcome has a `kind`: `done`, `syntax`, `name`, `access`, `value`, `raised`,
`memory`.
"""

from __future__ import annotations

import ast
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.safe._restricted.builtin_names import BUILTINS, Printer
from notebook_async.safe._restricted.guards import GUARDS, RefusedError
from notebook_async.safe._restricted.modules import MODULES, Importer, Namespace
from notebook_async.safe._restricted.plain import NotPlainError, plain
from notebook_async.safe._restricted.policy import Policy, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType

__all__ = ["FILE", "run"]

FILE = "<restricted>"

_LONGEST_MESSAGE = 2_000


def run(source: str, names: Mapping[str, Any], *, mode: str) -> dict[str, Any]:
    """Run code and return its outcome.

    Parameters
    ----------
    source
        The code.
    names
        What the code finds by name besides the builtins.
    mode
        `"eval"` for an expression, `"exec"` for statements.

    Examples
    --------
    >>> run("a + 1", {"a": 1}, mode="eval")
    {'kind': 'done', 'value': 2}
    >>> run("b = a + 1", {"a": 1}, mode="exec")["names"]
    {'b': 2}
    """
    try:
        code, used = _compiled(source, mode)
    except _RefusedError as error:
        return {"kind": "syntax", **error.refusal._asdict()}
    printer, importer = Printer(), Importer()
    # Names that are given lie below those that the code sets.
    own = {"__import__": importer, "_print_": printer.print}
    builtins = {**BUILTINS, **names, **GUARDS, **own}
    scope: dict[str, Any] = {"__builtins__": builtins, "__name__": "restricted"}

    def go() -> Any:
        # An expression cannot say `import`.
        if mode == "eval":
            for name in used & {*MODULES} - names.keys():
                builtins[name] = importer(name)
        return eval(code, scope)  # noqa: S307 - it is what all of this is about

    try:
        # What the code sets for its context, such as decimal's precision, ends here.
        value = copy_context().run(go)
        if mode == "eval":
            return {"kind": "done", "value": plain("the result", value)}
        return {"kind": "done", **_set_names(scope), "printed": printer.text}
    except NotPlainError as error:
        return {"kind": "value", "why": str(error)}
    except MemoryError:
        return {"kind": "memory"}
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return _raised(error)


class _RefusedError(Exception):
    """Code that is not run at all."""

    def __init__(self, line: int, column: int, what: str, why: str) -> None:
        super().__init__(why)
        self.refusal = Refusal(line, column, what, why)


def _compiled(source: str, mode: str) -> tuple[CodeType, set[str]]:
    """Return the code with its guards, and the names that it uses."""
    try:
        tree: Any = ast.parse(source, FILE, mode)
        policy = Policy(source)
        policy.visit(tree)
        if policy.refusals:
            raise _RefusedError(*min(policy.refusals))
        code = compile(tree, FILE, mode, dont_inherit=True)
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        lines = source.splitlines()
        what = lines[line - 1].strip()[:80] if line <= len(lines) else ""
        raise _RefusedError(line, column, what, error.msg) from None
    except (RecursionError, MemoryError):
        why = "it is nested too deeply, or too long"
        raise _RefusedError(1, 1, source[:80], why) from None
    except ValueError as error:  # such as a null byte
        raise _RefusedError(1, 1, source[:80], str(error)) from None
    return code, set(policy.used_names)


def _set_names(scope: dict[str, Any]) -> dict[str, Any]:
    """Return the names that were set: those of plain data, and why others are not."""
    names: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name, value in scope.items():
        if name.startswith("_"):
            continue
        if callable(value) or isinstance(value, Namespace):
            left_out[name] = f"{name} is a definition, and only values come back"
            continue
        try:
            names[name] = plain(name, value)
        except NotPlainError as error:
            left_out[name] = str(error)
    return {"names": names, "left_out": left_out}


def _raised(error: Exception) -> dict[str, Any]:
    line, own = _line(error)
    if isinstance(error, RefusedError):
        return {"kind": "access", "line": line, "what": error.what, "why": error.why}
    if type(error) is NameError and error.name and own:
        return {"kind": "name", "line": line, "name": error.name}
    return {
        "kind": "raised",
        "line": line,
        "type": type(error).__name__,
        "builtin": type(error).__module__ == "builtins",
        "args": _arguments(error),
        "message": _message(error),
        "error": error,
    }


def _line(error: Exception) -> tuple[int, bool]:
    """Return the last line of restricted code that led to an error, and if it is its.

    Line 0 is for none.
    """
    line, own = 0, False
    traceback = error.__traceback__
    while traceback is not None:
        own = traceback.tb_frame.f_code.co_filename == FILE
        if own:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line, own


def _arguments(error: Exception) -> list[Any] | None:
    try:
        arguments: list[Any] = plain("", error.args)
        return arguments if len(repr(arguments)) <= _LONGEST_MESSAGE else None
    except Exception:  # noqa: BLE001 - what code made may fail in any way
        return None


def _message(error: Exception) -> str:
    try:
        return str(error)[:_LONGEST_MESSAGE]
    except Exception:  # noqa: BLE001 - as above
        return ""
