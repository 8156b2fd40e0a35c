"""Show a job or a run in the way that fits where this code runs.

In a kernel that is a live panel with a still picture beside it, which the saved
notebook shows in a new kernel too; where a program runs the notebook, the picture
alone. In a terminal it is text.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from notebook_async.board import jobs
from notebook_async.kernel import detect_host, display_bundle, print_plain
from notebook_async.widgets._kept import new_name
from notebook_async.widgets._live_display import (
    has_loop,
    refresh_stills,
    show_late,
    show_panel,
    show_still,
)
from notebook_async.widgets._show_in_job import show_graphs
from notebook_async.widgets._static import panel_html
from notebook_async.widgets._subjects import JobSubject, RunSubject
from notebook_async.widgets._text import panel_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.board import Job
    from notebook_async.core import JobRun
    from notebook_async.widgets._view import Subject

__all__ = ["job_text", "refresh_stills", "run_text", "show_job", "show_run"]

_INTERVAL = 0.5
_MOST_PANELS = 50


def show_job(job: Job, *, panel: bool = True, quiet: bool = False) -> None:
    """Show a job in the cell that runs now, and keep the display up to date.

    Parameters
    ----------
    job
        The job.
    panel
        Whether to use a live panel; otherwise plain text is shown.
    quiet
        Whether to show nothing, unless the job fails.
    """
    subject = JobSubject(job, jobs)
    if detect_host().text_only:
        if not quiet:
            job.on_end(_print_end)
        else:
            job.on_end(_print_failure)
        return
    if quiet:
        name = new_name()
        job.on_end(lambda job: _show_failure(job, subject, name))
        return
    if panel:
        _show_live(subject)
    else:
        _show_plain(subject)


def show_run(run: JobRun[Any]) -> None:
    """Show a run that was started outside of any job, in the cell that runs now."""
    _show_live(RunSubject(run))


def job_text(job: Job) -> str:
    """Return a job as text, for a terminal."""
    subject = JobSubject(job)
    return panel_text(subject.view(), subject.log())


def run_text(run: JobRun[Any]) -> str:
    """Return a run as text, for a terminal."""
    subject = RunSubject(run)
    return panel_text(subject.view(), subject.log())


def _show_live(subject: Subject) -> None:
    if detect_host().headless or not has_loop():
        _show_still(subject)
        return
    from notebook_async.widgets.job_panel import JobPanel  # noqa: PLC0415

    panel = JobPanel(subject)
    display = show_panel(
        panel, lambda: _still(panel.subject), kind="job", most=_MOST_PANELS
    )

    def follow(subject: Subject) -> None:
        def show_end() -> None:
            if subject is panel.subject:
                display.end()

        display.begin()
        subject.on_end(lambda _: _keep_true(subject, show_end))
        _show_workflows(subject)

    panel.on_follow = follow
    follow(subject)


def _show_still(subject: Subject) -> None:
    renew = show_still(lambda: _still(subject), lambda: False)
    if not subject.ended:
        subject.on_end(lambda _: _keep_true(subject, renew))
    _show_workflows(subject)


def _show_workflows(subject: Subject) -> None:
    if isinstance(subject, JobSubject):
        show_graphs(subject.job)


def _show_plain(subject: Subject) -> None:
    name = new_name()
    display_bundle(_plain(subject), display_id=name)
    if subject.ended:
        return
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def update() -> None:
        nonlocal timer
        display_bundle(_plain(subject), display_id=name, update=True)
        timer = loop.call_later(_INTERVAL, update)

    def show_end() -> None:
        if timer is not None:
            timer.cancel()
        show_late(name, lambda: _plain(subject))

    timer = loop.call_later(_INTERVAL, update)
    subject.on_end(lambda _: _keep_true(subject, show_end))


def _keep_true(subject: Subject, show: Callable[[], None]) -> None:
    """Show the end of something, and again when a task that it has left prints."""
    loop = asyncio.get_running_loop()
    due = False

    def later() -> None:  # called in any thread
        nonlocal due
        if not due and not loop.is_closed():
            due = True
            loop.call_soon_threadsafe(loop.call_later, _INTERVAL, again)

    def again() -> None:
        nonlocal due
        due = False
        show()

    show()
    subject.on_output(later)


def _still(subject: Subject) -> dict[str, Any]:
    view, log = subject.view(), subject.log()
    _, rich = subject.rich()
    return {
        "text/plain": panel_text(view, log),
        "text/html": panel_html(view, log, rich),
    }


def _plain(subject: Subject) -> dict[str, Any]:
    return {"text/plain": panel_text(subject.view(), subject.log())}


def _show_failure(job: Job, subject: Subject, name: str) -> None:
    if job.state == "failed":
        display_bundle(_still(subject), display_id=name)


def _print_end(job: Job) -> None:
    subject = JobSubject(job)
    print_plain(panel_text(subject.view(), subject.log(subject.log().end)))


def _print_failure(job: Job) -> None:
    if job.state == "failed":
        _print_end(job)
