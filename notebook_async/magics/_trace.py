"""`%trace` and `%%trace`: run code, and show where its time went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from notebook_async.kernel import CellSyntaxError, compile_cell
from notebook_async.magics._parsing import parse_options, variable_name
from notebook_async.tracing import trace
from notebook_async.widgets import show_events, show_trace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Coroutine

    from notebook_async.kernel import CellCode
    from notebook_async.tracing import Trace

__all__ = ["TraceMagics"]

_LONGEST_NAME = 40
_NO_NAMES = (
    " ",
    "\t",
    "#",
    "@",
    ")",
    "]",
    "}",
    "async def ",
    "def ",
    "class ",
    "import ",
)
_WITH_VALUE = ("-n", "--name", "-o", "--into")


@magics_class
class TraceMagics(Magics):
    """The magic that traces code."""

    shell: Any

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._last: Trace | None = None

    @magic_arguments("trace")
    @argument("-n", "--name", help="name of the trace; by default its last line")
    @argument(
        "-o",
        "--into",
        type=variable_name,
        metavar="VAR",
        help="assign the trace to VAR, for `VAR.to_chrome()` and the like",
    )
    @argument(
        "--live",
        action="store_true",
        help="show the events while it runs: a log, a tree and a timeline",
    )
    @argument(
        "--quiet",
        action="store_true",
        help="show nothing, as where -o keeps the trace",
    )
    @argument("code", nargs="*", help="as a line: what to run, with `await` or without")
    @no_var_expand
    @line_cell_magic
    def trace(self, line: str, cell: str | None = None) -> Any:
        """Run code, and show a tree, a timeline and how much time went where.

        `%trace await f()` traces one line, and its value is that of the cell; `%%trace`
        traces a cell. `%trace` alone shows the last trace again.
        """
        words, code = _split(line, has_cell=cell is not None)
        options = parse_options(self.trace, words)
        if cell is None and not code:
            return self._again(self._last)
        body = code if cell is None else cell
        if not body.strip():
            raise UsageError(
                "trace: the cell is empty; put code below the %%trace line"
            )
        return self._run(line, body, options)

    async def _again(self, last: Trace | None) -> Trace:
        if last is None:
            raise UsageError("trace: nothing to run; as in `%trace await load()`")
        return last

    def _run(
        self, line: str, body: str, options: argparse.Namespace
    ) -> Coroutine[Any, Any, Any]:
        if not self.shell.autoawait:
            raise UsageError(
                "trace: needs `%autoawait on`, so that the cell can be awaited"
            )
        mark = "%trace" if line.endswith(body) else "%%trace"
        try:
            code = compile_cell(self.shell, f"{mark} {line}".rstrip(), body)
        except SyntaxError as error:
            raise CellSyntaxError(self.shell, error) from None
        return self._traced(code, options)

    async def _traced(self, code: CellCode, options: argparse.Namespace) -> Any:
        __tracebackhide__ = True
        try:
            with trace(options.name or _name_of(code.source)) as traced:
                self._last = traced
                if options.into is not None:
                    self.shell.user_ns[options.into] = traced
                if options.live:
                    show_events(traced.recording)
                return await code.run()
        finally:
            if not options.quiet:
                show_trace(traced)


def _split(line: str, *, has_cell: bool) -> tuple[str, str]:
    """Return the options of a line and the code after them, which may look alike."""
    if has_cell:
        return line, ""
    rest, options = line.strip(), []
    while rest.startswith("-"):
        word, _, rest = rest.partition(" ")
        options.append(word)
        rest = rest.lstrip()
        if word == "--":
            break
        if word in _WITH_VALUE and rest:
            value, _, rest = rest.partition(" ")
            options.append(value)
            rest = rest.lstrip()
    return " ".join(options), rest


def _name_of(code: str) -> str:
    """Return the line to name a trace by: the last one that does something.

    Lines above it are most often what it needs: imports and functions.
    """
    lines = [line.rstrip() for line in code.splitlines() if line.strip()]
    plain = [line for line in lines if not line.startswith(_NO_NAMES)]
    line = (plain or lines)[-1].strip()
    return line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 1]}…"
