"""Show a job or a run in the way that fits where this code runs.

In a kernel that is a live panel with a still picture beside it in the same display;
when the job ends, the still picture replaces both, so that the saved notebook tells the
truth in a new kernel too. In a terminal it is a line of text.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

from notebook_async.kernel import detect_host, display_bundle, print_plain
from notebook_async.widgets._live import WIDGET_VIEW
from notebook_async.widgets._static import board_html, panel_html
from notebook_async.widgets._text import board_text, panel_text
from notebook_async.widgets._view import JobSubject, RunSubject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from notebook_async.board import Job
    from notebook_async.core import JobRun
    from notebook_async.widgets._view import Subject

__all__ = ["board_bundle", "refresh_stills", "show_job", "show_run"]

_INTERVAL = 0.5

_numbers = itertools.count(1)
_stale: dict[str, Callable[[], dict[str, Any]]] = {}
"""What makes the final picture that nobody may have seen, by its display id."""


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
    subject = JobSubject(job)
    if detect_host().text_only:
        if not quiet:
            job.on_end(_print_end)
        else:
            job.on_end(_print_failure)
        return
    display_id = f"notebook-async-{next(_numbers)}"
    if quiet:
        job.on_end(lambda job: _show_failure(job, subject, display_id))
        return
    if panel:
        _show_live(subject, display_id)
    else:
        _show_plain(subject, display_id)


def show_run(run: JobRun[Any]) -> None:
    """Show a run that was started outside of any job, in the cell that runs now."""
    _show_live(RunSubject(run), f"notebook-async-{next(_numbers)}")


def refresh_stills(_: object = None) -> None:
    """Publish final pictures again under the cell that runs now; called after each.

    A headless run drops what comes after the end of a cell. It takes an update from a
    later cell, though, and puts it into the display of the earlier one.
    """
    if not detect_host().front_end:
        for display_id, picture in _stale.items():
            display_bundle(picture(), display_id=display_id, update=True)
    _stale.clear()


def board_bundle(jobs: Iterable[Job]) -> dict[str, Any]:
    """Return the board as text and HTML."""
    listed = list(jobs)
    return {
        "text/plain": board_text(listed),
        "text/html": board_html(JobSubject(job).view() for job in listed),
    }


def _show_live(subject: Subject, display_id: str) -> None:
    if subject.ended:
        display_bundle(_still(subject), display_id=display_id)
        return
    from notebook_async.widgets.job_panel import JobPanel  # noqa: PLC0415

    panel = JobPanel(subject)
    view = {"version_major": 2, "version_minor": 0, "model_id": panel.box.model_id}
    display_bundle({WIDGET_VIEW: view, **_still(subject)}, display_id=display_id)

    def show_end() -> None:
        bundle = _still(subject)
        if panel.answered and _has_live_widgets(subject):
            bundle = {WIDGET_VIEW: view, **bundle}
        display_bundle(bundle, display_id=display_id, update=True)
        _stale[display_id] = lambda: _still(subject)

    subject.on_end(lambda _: _keep_true(subject, show_end))


def _show_plain(subject: Subject, display_id: str) -> None:
    display_bundle(_plain(subject), display_id=display_id)
    if subject.ended:
        return
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def update() -> None:
        nonlocal timer
        display_bundle(_plain(subject), display_id=display_id, update=True)
        timer = loop.call_later(_INTERVAL, update)

    def show_end() -> None:
        if timer is not None:
            timer.cancel()
        display_bundle(_plain(subject), display_id=display_id, update=True)
        _stale[display_id] = lambda: _plain(subject)

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


def _has_live_widgets(subject: Subject) -> bool:
    return any(WIDGET_VIEW in output.data for output in subject.rich()[1])


def _show_failure(job: Job, subject: Subject, display_id: str) -> None:
    if job.state == "failed":
        display_bundle(_still(subject), display_id=display_id)


def _print_end(job: Job) -> None:
    subject = JobSubject(job)
    print_plain(panel_text(subject.view(), subject.log(subject.log().end)))


def _print_failure(job: Job) -> None:
    if job.state == "failed":
        _print_end(job)
