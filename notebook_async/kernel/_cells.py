"""Compile the body of a cell magic as IPython compiles a cell; run it as a coroutine.

File name and line numbers are those of the cell in which the magic stands, so that
tracebacks and the debugger point at what a person sees.
"""

from __future__ import annotations

import ast
import inspect
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["CellCode", "compile_cell", "current_cell"]


@dataclass(frozen=True, slots=True)
class CurrentCell:
    """The cell that a shell is executing."""

    text: str
    number: int | None


@dataclass(frozen=True, slots=True)
class CellCode:
    """The compiled body of a cell: statements, and the last expression apart."""

    shell: Any
    source: str
    filename: str
    number: int | None
    body: CodeType | None
    last: CodeType | None

    async def run(self) -> Any:
        """Run the cell in the user's namespace; return its last expression's value."""
        __tracebackhide__ = True
        value = None
        for code in (self.body, self.last):
            if code is not None:
                value = eval(code, self.shell.user_global_ns, self.shell.user_ns)  # noqa: S307
                if code.co_flags & inspect.CO_COROUTINE:
                    value = await value
        return value if self.last is not None else None


def current_cell(shell: Any, magic_line: str, body: str) -> CurrentCell:
    """Return the cell that runs now; made up from its magic where IPython has none."""
    result = getattr(shell.displayhook, "exec_result", None)
    raw = getattr(getattr(result, "info", None), "raw_cell", None)
    number = getattr(result, "execution_count", None)
    if not isinstance(raw, str) or not raw.rstrip().endswith(body.rstrip()):
        raw = f"{magic_line}\n{body}"
    return CurrentCell(raw, number)


def compile_cell(shell: Any, magic_line: str, body: str) -> CellCode:
    """Compile the body of a cell magic.

    Parameters
    ----------
    shell
        The IPython shell.
    magic_line
        The line with the magic, as in `%%arun -n index`.
    body
        The lines below it.

    Raises
    ------
    SyntaxError
        With the cell's own file name and line number.
    """
    # IPython's transformation drops blank lines at the start, and so would shift it.
    body = _without_blank_start(body)
    cell = current_cell(shell, magic_line, body)
    above = cell.text[: max(0, len(cell.text.rstrip()) - len(body.rstrip()))]
    transformed = shell.transform_cell(body)
    # The lines above the body are shown in tracebacks, but are not Python.
    filename = shell.compile.cache(
        above + transformed, cell.number or 0, raw_code=cell.text
    )
    tree = shell.compile.ast_parse(
        "\n" * above.count("\n") + transformed, filename=filename
    )
    tree = shell.transform_ast(tree)
    flags = shell.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    last = None
    if (
        tree.body
        and isinstance(tree.body[-1], ast.Expr)
        and not shell.displayhook.semicolon_at_end_of_expression(body)
    ):
        last = compile(
            ast.Expression(tree.body.pop().value),
            filename,
            "eval",
            flags,
            dont_inherit=True,
        )
    statements = (
        compile(tree, filename, "exec", flags, dont_inherit=True) if tree.body else None
    )
    return CellCode(shell, body, filename, cell.number, statements, last)


def _without_blank_start(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(itertools.dropwhile(str.isspace, lines))
