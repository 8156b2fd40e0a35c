"""`%jobs`: list and control the jobs of the notebook."""

from __future__ import annotations

import warnings
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from notebook_async.board import await_tree
from notebook_async.errors import (
    JobCancelledError,
    JobNotDoneError,
    JobNotFoundError,
    JobNotRepeatableError,
    NoRunningLoopError,
)
from notebook_async.kernel import (
    detect_host,
    host_words,
    nesting_state,
    print_plain,
)
from notebook_async.magics._jobs_prompts import answer_line, prompts_text
from notebook_async.magics._parsing import parse_options
from notebook_async.widgets import board_text, show_board, show_job, show_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from notebook_async.board import Job, JobBoard

__all__ = ["ACTIONS", "AWAITED_ACTIONS", "JobsMagics"]

ACTIONS = (
    "list",
    "show",
    "cancel",
    "pause",
    "resume",
    "retry",
    "wait",
    "result",
    "log",
    "tree",
    "prompts",
    "answer",
    "clear",
    "host",
)
AWAITED_ACTIONS = ("wait",)


class _Waiting:
    """The end of some jobs, to be awaited; the cell does so by itself."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._awaited = False

    def __await__(self) -> Generator[Any, None, Any]:
        self._awaited = True
        return self._wait().__await__()

    def __del__(self) -> None:
        if not self._awaited:
            warnings.warn(
                "`%jobs wait` did not wait: in a plain function nothing can be awaited,"
                " so use it in the cell itself, or `await jobs[...]`",
                RuntimeWarning,
                stacklevel=2,
            )

    async def _wait(self) -> Any:
        __tracebackhide__ = True
        for job in self._jobs:
            await job.wait()
        if self._jobs:
            print_plain(board_text(self._jobs).partition("\n")[2])

    def __repr__(self) -> str:
        names = ", ".join(f"{job.id} {job.name!r}" for job in self._jobs)
        return f"<the end of {names or 'no jobs'}: put `await` before it>"


@magics_class
class JobsMagics(Magics):
    """The line magic that lists and controls jobs."""

    def __init__(self, shell: Any, board: JobBoard) -> None:
        super().__init__(shell)
        self._board = board

    @magic_arguments("jobs")
    @argument(
        "-l", "--list", action="store_true", dest="text", help="list as plain text"
    )
    @argument(
        "words",
        nargs="*",
        metavar="ACTION JOB",
        help=(
            "list, show, cancel, pause, resume, retry, wait, result, log, tree,"
            " prompts, each with the ids or names of jobs; answer, with the id of a"
            " question and the answer; clear; host. A job alone shows it, nothing at"
            " all lists them."
        ),
    )
    @line_magic
    def jobs(self, line: str) -> Any:
        """List and control the jobs that %%arun has started.

        Examples::

            %jobs                 list all
            %jobs 3               show job 3 (also %3, or its name)
            %jobs cancel 3 index  cancel two
            %jobs pause 3         let no item of its runs start; %jobs resume 3
            %jobs retry 3         its failed items; if it has ended, all of it
            %jobs wait            wait for all that run
            x = %jobs result 3    what it returned
            %jobs log 3           what it printed
            %jobs tree            what waits for what, of one job or all
            %jobs prompts         the questions that wait for you
            %jobs answer 3 Ada    answer one
            %jobs clear           forget those that have ended
            %jobs host            where this runs, and how sync calls work there
        """
        if line.split(maxsplit=1)[:1] == ["answer"]:
            # What is typed is an answer as it stands, whatever it looks like.
            print_plain(answer_line(line))
            return None
        options = parse_options(self.jobs, line)
        words = list(options.words)
        action = "list"
        if words and words[0] in ACTIONS:
            action = words.pop(0)
        elif words:
            action = "show"
        call: Callable[[list[str]], Any] = getattr(self, f"_{action}")
        if options.text and action == "list":
            print_plain(board_text(self._find(words) or self._board))
            return None
        return call(words)

    def _list(self, references: list[str]) -> None:
        show_board(self._board, self._find(references) or None)

    def _show(self, references: list[str]) -> None:
        for job in self._find_some("show", references):
            if detect_host().text_only:
                print_plain(board_text([job]))
                print_plain(job.output.text)
            else:
                show_job(job)

    def _cancel(self, references: list[str]) -> None:
        for job in self._find_some("cancel", references):
            if job.cancel():
                print_plain(f"cancelling job {job.id} {job.name!r}")
            else:
                print_plain(
                    f"job {job.id} {job.name!r} has already ended ({job.state}):"
                    " nothing to cancel"
                )

    def _pause(self, references: list[str]) -> None:
        for job in self._find_some("pause", references):
            self._say_steered(job, job.pause(), "pausing", "has no run to pause")

    def _resume(self, references: list[str]) -> None:
        for job in self._find_some("resume", references):
            self._say_steered(job, job.resume(), "resuming", "has no paused run")

    def _say_steered(self, job: Job, runs: int, doing: str, not_done: str) -> None:
        name = f"job {job.id} {job.name!r}"
        if runs:
            print_plain(f"{doing} {_count(runs, 'run')} of {name}")
        elif job.ended:
            print_plain(f"{name} has already ended ({job.state})")
        else:
            print_plain(f"{name} {not_done}")

    def _retry(self, references: list[str]) -> None:
        for job in self._find_some("retry", references):
            if job.ended:
                self._repeat(job)
                continue
            items = job.retry_failed()
            name = f"job {job.id} {job.name!r}"
            if items:
                print_plain(
                    f"retrying {items} item{'' if items == 1 else 's'} of {name}"
                )
            else:
                print_plain(f"{name} still runs, and no item of it has failed")

    def _repeat(self, job: Job) -> None:
        try:
            repeated = self._board.repeat(job.id)
        except (JobNotRepeatableError, NoRunningLoopError) as error:
            raise UsageError(f"jobs retry: {error}") from None
        show_job(repeated)

    def _wait(self, references: list[str]) -> _Waiting:
        live = [job for job in self._board if not job.ended]
        return _Waiting(self._find(references) or live)

    def _result(self, references: list[str]) -> Any:
        jobs = self._find_some("result", references)
        try:
            results = [job.result for job in jobs]
        except (JobNotDoneError, JobCancelledError) as error:
            raise UsageError(f"jobs result: {error}") from None
        return results[0] if len(results) == 1 else results

    def _log(self, references: list[str]) -> None:
        for job in self._find_some("log", references):
            log = job.output.read()
            if log.dropped:
                print_plain(f"… {log.dropped:,} characters dropped")
            print_plain(log.text.removesuffix("\n"))

    def _prompts(self, references: list[str]) -> None:
        print_plain(prompts_text(self._board, self._find(references)))

    def _clear(self, references: list[str]) -> None:
        if references:
            raise UsageError(
                "jobs clear: takes no jobs, it forgets all that have ended"
            )
        number = self._board.clear()
        print_plain(f"forgot {_count(number, 'job')}")

    def _host(self, references: list[str]) -> None:
        if references:
            raise UsageError("jobs host: takes no jobs")
        print_plain("\n".join(host_words(detect_host(), nesting_state())))

    def _tree(self, references: list[str]) -> None:
        jobs = self._find(references)
        for job in jobs:
            if job.ended:
                raise UsageError(
                    f"jobs tree: job {job.id} has ended and waits for nothing"
                )
        try:
            show_tree(await_tree(*jobs))
        except NoRunningLoopError:
            raise UsageError(
                "jobs tree: no event loop runs here; in an awaiting cell write"
                " `await_tree()`"
            ) from None

    def _find_some(self, action: str, references: list[str]) -> list[Job]:
        if not references:
            raise UsageError(f"jobs {action}: which? give ids or names of jobs")
        return self._find(references)

    def _find(self, references: list[str]) -> list[Job]:
        try:
            return [self._board.get(reference) for reference in references]
        except JobNotFoundError as error:
            close = get_close_matches(references[0], ACTIONS, n=1)
            hint = f" (or did you mean `%jobs {close[0]}`?)" if close else ""
            raise UsageError(f"jobs: {error}{hint}") from None


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
