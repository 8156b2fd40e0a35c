"""Let magics that return an awaitable be awaited by their cell.

IPython calls a magic from generated code. Put `await` before that call and the cell is
a native async cell: ipykernel awaits it on its own loop, an interrupt cancels it alone,
`Out` and `_` work, and no loop is nested in another.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

__all__ = ["AwaitedMagics"]

_CELL = "get_ipython().run_cell_magic("
_LINE = "get_ipython().run_line_magic("
# Where no `await` may stand.
_PLAIN = (ast.FunctionDef, ast.Lambda, ast.ClassDef)


class AwaitedMagics:
    """An input transformer for one shell: awaits our magics at the top level of a cell.

    Parameters
    ----------
    shell
        The IPython shell.
    timed
        Name of the cell magic to await, which takes `--time` where `%%time` is above.
    cell_magics
        Names of more cell magics to await.
    line_magics
        Names of line magics to await, with the first words of the lines with which
        they are; None for all lines.
    """

    def __init__(
        self,
        shell: Any,
        *,
        timed: str,
        cell_magics: Iterable[str],
        line_magics: Mapping[str, Collection[str] | None],
    ) -> None:
        self._shell = shell
        self._timed_magic = timed
        self._cell_magics = (timed, *cell_magics)
        self._line_magics = line_magics

    def install(self) -> None:
        """Transform the cells of the shell from the next one on."""
        self._shell.input_transformers_post.append(self)

    def uninstall(self) -> None:
        """Leave the cells alone again."""
        self._shell.input_transformers_post.remove(self)

    def __call__(self, lines: list[str]) -> list[str]:
        """Return the lines of transformed code, with our calls awaited."""
        if not self._shell.autoawait or not lines:
            return lines
        if lines[0].startswith(_CELL):
            return self._await_cell(lines)
        calls = [f"{_LINE}{name!r}," for name in self._line_magics]
        if any(call in line for line in lines for call in calls):
            return self._await_lines(lines)
        return lines

    def _await_lines(self, lines: list[str]) -> list[str]:
        encoded = [line.encode() for line in lines]
        try:
            tree = ast.parse(b"".join(encoded))
        except SyntaxError:  # which IPython will show
            return lines
        # From the last one on, for each shifts what is behind it.
        for call in sorted(_calls_to_await(tree), key=_position, reverse=True):
            if self._is_ours(call):
                row, column = _position(call)
                line = encoded[row - 1]
                encoded[row - 1] = line[:column] + b"await " + line[column:]
        return [line.decode() for line in encoded]

    def _is_ours(self, call: ast.Call) -> bool:
        if ast.unparse(call.func) != _LINE.removesuffix("("):
            return False
        match [ast.literal_eval(each) for each in call.args[:2]]:
            case [str(name), str(line)]:
                actions = self._line_magics.get(name, ())
                return actions is None or line.partition(" ")[0] in actions
        return False

    def _await_cell(self, lines: list[str]) -> list[str]:
        first = lines[0]
        if first.startswith(tuple(f"{_CELL}{name!r}," for name in self._cell_magics)):
            return [f"await {first}", *lines[1:]]
        timed = self._timed(first) if first.startswith(f"{_CELL}'time',") else None
        return lines if timed is None else [timed, *lines[1:]]

    def _timed(self, call: str) -> str | None:
        # `%%time` cannot await. Where it stands above our magic, ours does the timing.
        arguments = [ast.literal_eval(node) for node in _call_arguments(call)]
        body: str = arguments[2]
        head, _, rest = body.lstrip("\n").partition("\n")
        words = head.split(maxsplit=1)
        if not words or words[0] != f"%%{self._timed_magic}":
            return None
        options = " ".join(["--time", *words[1:]])
        return f"await {_CELL}{self._timed_magic!r}, {options!r}, {rest!r})\n"


def _call_arguments(call: str) -> list[ast.expr]:
    expression = ast.parse(call.strip(), mode="eval").body
    return expression.args if isinstance(expression, ast.Call) else []


def _calls_to_await(node: ast.AST) -> Iterator[ast.Call]:
    """Find the calls that may be awaited, and are not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and not isinstance(node, ast.Await):
            yield child
        if not isinstance(child, _PLAIN):
            yield from _calls_to_await(child)


def _position(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset
