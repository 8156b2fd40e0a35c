"""Let magics that return an awaitable be awaited by their cell.

IPython calls a magic from generated code. Put `await` before that call and the cell is
a native async cell: ipykernel awaits it on its own loop, an interrupt cancels it alone,
`Out` and `_` work, and no loop is nested in another.
"""

from __future__ import annotations

import ast
import re
from typing import Any

__all__ = ["AwaitedMagics"]

_CELL = "get_ipython().run_cell_magic("


class AwaitedMagics:
    """An input transformer for one shell: awaits our magics at the top level of a cell.

    Parameters
    ----------
    shell
        The IPython shell.
    cell_magic
        Name of the cell magic to await.
    line_magic
        Regular expression for the arguments of line magics to await, as IPython's
        generated code has them.
    """

    def __init__(self, shell: Any, *, cell_magic: str, line_magic: str) -> None:
        self._shell = shell
        self._cell_magic = cell_magic
        self._line = re.compile(
            r"^(?P<target>(?:[^\W\d]\w*\s*=\s*)?)"
            rf"(?P<call>get_ipython\(\)\.run_line_magic\({line_magic}.*)",
            re.DOTALL,
        )

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
        return [self._line.sub(r"\g<target>await \g<call>", line) for line in lines]

    def _await_cell(self, lines: list[str]) -> list[str]:
        first = lines[0]
        if first.startswith(f"{_CELL}{self._cell_magic!r},"):
            return [f"await {first}", *lines[1:]]
        timed = self._timed(first) if first.startswith(f"{_CELL}'time',") else None
        return lines if timed is None else [timed, *lines[1:]]

    def _timed(self, call: str) -> str | None:
        # `%%time` cannot await. Where it stands above our magic, ours does the timing.
        arguments = [ast.literal_eval(node) for node in _call_arguments(call)]
        body: str = arguments[2]
        head, _, rest = body.lstrip("\n").partition("\n")
        words = head.split(maxsplit=1)
        if not words or words[0] != f"%%{self._cell_magic}":
            return None
        options = " ".join(["--time", *words[1:]])
        return f"await {_CELL}{self._cell_magic!r}, {options!r}, {rest!r})\n"


def _call_arguments(call: str) -> list[ast.expr]:
    expression = ast.parse(call.strip(), mode="eval").body
    return expression.args if isinstance(expression, ast.Call) else []
