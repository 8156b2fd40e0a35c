"""`%%arun`: run a cell as a job."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from notebook_async.kernel import (
    CellCode,
    CellSyntaxError,
    cancelling_on_interrupt,
    compile_cell,
    current_sink,
    detect_host,
    display_value,
    pin_traceback,
    print_plain,
    render_traceback,
)
from notebook_async.magics._parsing import (
    parse_options,
    positive_seconds,
    variable_name,
)
from notebook_async.widgets import show_job

if TYPE_CHECKING:
    import argparse

    from notebook_async.board import Job, JobBoard

__all__ = ["ArunMagics"]

_LONGEST_NAME = 40


@magics_class
class ArunMagics(Magics):
    """The cell magic that starts jobs."""

    shell: Any

    def __init__(self, shell: Any, board: JobBoard) -> None:
        super().__init__(shell)
        self._board = board
        self._stands_still_told = False

    @magic_arguments("arun")
    @argument("-n", "--name", help="name of the job; by default its first line")
    @argument(
        "-w",
        "--wait",
        action="store_true",
        help="await the job in the cell; an interrupt cancels it",
    )
    @argument(
        "--timeout",
        type=positive_seconds,
        metavar="S",
        help="cancel the job after S seconds; it then fails with a TimeoutError",
    )
    @argument(
        "--into",
        type=variable_name,
        metavar="VAR",
        help="assign the value of the last expression to VAR when the job is done",
    )
    @argument(
        "--quiet",
        action="store_true",
        help="show nothing, unless the job fails; %%jobs has it all",
    )
    @argument(
        "--no-panel",
        action="store_true",
        help="show plain text instead of a panel",
    )
    @argument(
        "--keep-going",
        action="store_true",
        help="with --wait: show a failure, but let the cells below run",
    )
    @argument(
        "--time",
        action="store_true",
        help="print the wall time at the end",
    )
    @no_var_expand
    @cell_magic
    def arun(self, line: str, cell: str) -> Any:
        """Run the cell as a job on the kernel's own loop.

        The cell ends at once, and its output is the job's panel: what the job prints
        and displays goes there, wherever other cells are by then. Variables that it
        sets are the notebook's. Use %jobs to list and control jobs.
        """
        options = parse_options(self.arun, line)
        if not cell.strip():
            raise UsageError("arun: the cell is empty; put code below the %%arun line")
        if options.wait and not self.shell.autoawait:
            raise UsageError(
                "arun: --wait needs `%autoawait on`, so that the cell can be awaited"
            )
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise UsageError(
                "arun: no event loop runs here; turn `%autoawait on`, so that the cell"
                " can be awaited"
            ) from None
        try:
            code = compile_cell(self.shell, f"%%arun {line}".rstrip(), cell)
        except SyntaxError as error:
            raise CellSyntaxError(self.shell, error) from None
        stopped_at: list[str] = []
        job = self._board.start(
            self._work(code, options, stopped_at),
            name=options.name or _first_line(cell),
            source=cell,
            cell=code.number,
            echo=options.wait or detect_host().text_only,
            again=lambda: self._work(code, options, []),
        )
        show_job(job, panel=not options.no_panel, quiet=options.quiet)
        if not options.wait and not self._stands_still_told:
            self._tell_of_standing_still()
        if self.shell.autoawait:
            return self._finish(job, options, stopped_at)
        return None

    def _tell_of_standing_still(self) -> None:
        # The loop of a terminal's shell, which alone has a `pt_app`, runs as cells do.
        shell = self.shell
        if hasattr(shell, "pt_app") and shell.active_eventloop != "asyncio":
            self._stands_still_told = True
            print_plain(
                "background jobs stand still at the prompt: `%gui asyncio` lets them go"
                " on, `%%arun --wait` awaits one"
            )

    async def _work(
        self, code: CellCode, options: argparse.Namespace, stopped_at: list[str]
    ) -> Any:
        __tracebackhide__ = True
        began = time.perf_counter()
        try:
            async with asyncio.timeout(options.timeout) as limit:
                value = await code.run()
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                late = _timed_out(error, options.timeout)
                self._report(late, code, options)
                raise late from None
            self._report(error, code, options)
            raise
        except asyncio.CancelledError as error:
            if options.wait:
                lines = render_traceback(self.shell, error, filename=code.filename)
                stopped_at.extend(lines)
            raise
        finally:
            if options.time:
                print(f"Wall time: {time.perf_counter() - began:.3g} s")  # noqa: T201
        if options.into is not None:
            self.shell.user_ns[options.into] = value
        sink = current_sink.get()
        if sink is not None and not options.wait:
            display_value(value, sink)
        return value

    def _report(
        self, error: Exception, code: CellCode, options: argparse.Namespace
    ) -> None:
        """Keep the traceback with the job, and show the same one wherever it is shown.

        It is rendered now: a later run of the cell replaces the lines that it quotes.
        """
        lines = render_traceback(self.shell, error, filename=code.filename)
        pin_traceback(error, lines)
        sink = current_sink.get()
        text = "\n".join(lines)
        echoes = sink is not None and sink.write("error", f"{text}\n")
        # A cell that waits raises the exception, and IPython shows it.
        if options.keep_going if options.wait else echoes:
            print_plain(text)

    async def _finish(
        self, job: Job, options: argparse.Namespace, stopped_at: list[str]
    ) -> Any:
        """Await the job where the cell is to wait for it."""
        __tracebackhide__ = True
        if not options.wait:
            # Let the job take its first step, as a cell's first line would run.
            await asyncio.sleep(0)
            return None
        try:
            with cancelling_on_interrupt(job.cancel):
                await job.wait()
        except asyncio.CancelledError as error:
            job.cancel()
            await job.wait()
            if stopped_at:
                pin_traceback(error, stopped_at)
            raise
        if job.state == "cancelled" or (options.keep_going and job.exception):
            return None
        return job.result


def _timed_out(error: TimeoutError, seconds: float) -> TimeoutError:
    """Return an error that shows where the job was, instead of how it was stopped."""
    late = TimeoutError(f"the job ran longer than --timeout {seconds:g} s")
    return late.with_traceback(getattr(error.__cause__, "__traceback__", None))


def _first_line(cell: str) -> str:
    line = next(line.strip() for line in cell.splitlines() if line.strip())
    return line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 1]}…"
