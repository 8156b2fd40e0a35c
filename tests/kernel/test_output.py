"""Routing what jobs print and display."""

# ruff: noqa: T201  (printing is what these tests are about)
from __future__ import annotations

import asyncio
import io
import logging
import sys
import threading
import warnings
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest
from IPython.display import HTML, clear_output, display

from notebook_async import JobBoard
from notebook_async.kernel import OutputRouter, display_bundle, print_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from tests.notebooks import Notebook


@pytest.fixture
def router(shell: InteractiveShell) -> Iterator[OutputRouter]:
    """Give a router to install: pytest replaces the streams after the fixtures."""
    router = OutputRouter(shell)
    yield router
    router.uninstall()


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """Give a logger of its own, without handlers."""
    logger = logging.getLogger("tests.kernel.output")
    logger.propagate = False
    yield logger
    logger.handlers.clear()


async def speak(name: int, logger: logging.Logger) -> None:
    """Print in every way there is, between those of others."""
    for number in range(5):
        print(f"<{name}> print {number}")
        await asyncio.sleep(0.1)
        sys.stdout.write(f"<{name}> write {number}\n")
        print(f"<{name}> err {number}", file=sys.stderr)
        await asyncio.to_thread(print, f"<{name}> thread {number}")
        logger.warning("<%s> log %s", name, number)
        warnings.warn(f"<{name}> warn {number}", stacklevel=1)
        display({"text/plain": f"<{name}> display {number}"}, raw=True)
        await asyncio.create_task(asyncio.sleep(0))


@pytest.mark.filterwarnings("always::UserWarning")
async def test_thirty_jobs_do_not_mix(
    router: OutputRouter,
    logger: logging.Logger,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of thirty interleaved jobs has all that it said, and only that."""
    logger.addHandler(logging.StreamHandler(sys.stderr))  # it keeps the stream
    router.install()

    def show(message: Warning | str, *_: object) -> None:
        sys.stderr.write(f"{message}\n")

    # pytest collects warnings itself; outside of it they go to stderr.
    monkeypatch.setattr(warnings, "showwarning", show)
    board = JobBoard()
    jobs = [board.start(speak(number, logger)) for number in range(30)]
    print("the main cell")
    await asyncio.gather(*jobs)
    for name, job in enumerate(jobs):
        lines = job.output.text.splitlines()
        assert [line.partition(">")[0] for line in lines] == [f"<{name}"] * len(lines)
        kinds = ("print", "write", "err", "thread", "log", "warn", "display")
        for kind in kinds:
            assert [line for line in lines if f" {kind} " in line] == [
                f"<{name}> {kind} {number}" for number in range(5)
            ]
        assert len(lines) == 5 * len(kinds)
    assert capsys.readouterr() == ("the main cell\n", "")


async def test_streams_are_told_apart(router: OutputRouter) -> None:
    """The log knows what was printed to which stream."""
    router.install()

    async def work() -> None:
        print("out")
        print("err", file=sys.stderr)

    job = JobBoard().start(work())
    await job
    assert job.output.read().chunks == [("stdout", "out\n"), ("stderr", "err\n")]


async def test_child_tasks_print_to_their_job(router: OutputRouter) -> None:
    """Tasks that a job starts print to it, even after its end."""
    router.install()
    tasks = []

    async def later() -> None:
        await asyncio.sleep(5)
        print("later")

    async def work() -> None:
        tasks.append(asyncio.create_task(later()))
        print("now")

    job = JobBoard().start(work())
    await job
    assert job.output.text == "now\n"
    await asyncio.gather(*tasks)
    assert job.output.text == "now\nlater\n"


async def test_echo_lets_the_cell_have_it_too(
    router: OutputRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a job that echoes prints goes to its log and to the cell."""
    router.install()

    async def work() -> None:
        print("both")

    job = JobBoard().start(work(), echo=True)
    await job
    assert (job.output.text, capsys.readouterr().out) == ("both\n", "both\n")


async def test_writing_returns_the_length(router: OutputRouter) -> None:
    """`write` returns what the stream's own returns."""
    router.install()

    async def work() -> list[int]:
        return [sys.stdout.write("abc"), sys.stderr.write("")]

    job = JobBoard().start(work())
    assert await job == [3, 0]


async def test_job_may_redirect_its_stream(router: OutputRouter) -> None:
    """`redirect_stdout` works in a job as it does elsewhere."""
    router.install()

    async def work() -> str:
        with redirect_stdout(io.StringIO()) as caught:
            print("caught")
        print("logged")
        return caught.getvalue()

    job = JobBoard().start(work())
    assert await job == "caught\n"
    assert job.output.text == "logged\n"


async def test_displays_of_a_job_are_its_own(
    router: OutputRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a job displays, updates and clears touches neither the cell nor others."""
    router.install()

    async def work(name: str) -> None:
        handle = display(HTML(f"<b>{name}</b>"), display_id=name)
        await asyncio.sleep(1)
        handle.update(HTML(f"<i>{name}</i>"))
        print("so far")
        clear_output()
        await asyncio.sleep(1)
        display(HTML(f"<u>{name}</u>"))

    board = JobBoard()
    jobs = [board.start(work(name)) for name in ("a", "b")]
    await asyncio.sleep(1.5)
    assert [(job.output.rich, job.output.text) for job in jobs] == [([], "")] * 2
    await asyncio.gather(*jobs)
    for job, name in zip(jobs, "ab", strict=True):
        assert [each.data["text/html"] for each in job.output.rich] == [
            f"<u>{name}</u>"
        ]
    assert capsys.readouterr() == ("", "")


async def test_updates_replace_displays_of_a_job(router: OutputRouter) -> None:
    """A display that a job updates is kept in its last form."""
    router.install()

    async def work() -> None:
        handle = display(HTML("<b>old</b>"), display_id="x")
        handle.update(HTML("<b>new</b>"))

    job = JobBoard().start(work())
    await job
    [shown] = job.output.rich
    assert (shown.display_id, shown.data["text/html"]) == ("x", "<b>new</b>")


async def test_plain_prints_pass_the_sink(
    router: OutputRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    """What we ourselves tell the cell goes there from inside a job too."""
    router.install()

    async def work() -> None:
        print_plain("to the cell")
        display_bundle({"text/plain": "a bundle"})
        print("to the job")

    job = JobBoard().start(work())
    await job
    assert capsys.readouterr().out == "to the cell\na bundle\n"
    assert job.output.text == "to the job\n"


def attributes(shell: InteractiveShell) -> dict[str, Any]:
    """Return all that a router may touch."""
    return {
        "publisher": shell.display_pub,
        "attributes": dict(vars(shell.display_pub)),
        "stdout": (sys.stdout, sys.stdout.write, dict(vars(sys.stdout))),
        "stderr": (sys.stderr, sys.stderr.write, dict(vars(sys.stderr))),
        "events": {k: list(v) for k, v in shell.events.callbacks.items()},
    }


async def test_uninstalling_restores_everything(shell: InteractiveShell) -> None:
    """After install and uninstall all is as before, also a moment later."""
    before = attributes(shell)
    router = OutputRouter(shell)
    router.install()
    router.install()
    assert sys.stdout.write != before["stdout"][1]
    await asyncio.sleep(0)
    router.uninstall()
    router.uninstall()
    assert attributes(shell) == before
    await asyncio.sleep(0)
    assert attributes(shell) == before


async def test_uninstalling_restores_what_others_had_put_there(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another tool had replaced before is put back, not lost."""
    heard = []
    monkeypatch.setattr(sys.stdout, "write", heard.append)
    monkeypatch.setattr(shell.display_pub, "publish", lambda *_, **__: None)
    before = attributes(shell)
    router = OutputRouter(shell)
    router.install()
    print("routed", end="")
    router.uninstall()
    assert attributes(shell) == before
    assert heard == ["routed", ""]


async def test_sync_cell_that_loads_keeps_the_route(notebook: Notebook) -> None:
    """The route that a synchronous cell lays outlives the cell's own patch of write."""
    await notebook.value("%unload_ext notebook_async")
    await asyncio.sleep(0)
    original = sys.stdout.write
    await notebook.value("%load_ext notebook_async")
    await asyncio.sleep(0)
    job = JobBoard().start(asyncio.to_thread(print, "to the job"))
    await job
    assert job.output.text == "to the job\n"
    await notebook.value("%unload_ext notebook_async")
    await asyncio.sleep(0)
    assert sys.stdout.write == original


async def test_thread_prints_to_its_job_while_a_sync_cell_runs(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Inside IPython's own patch of write the route holds too."""
    go, done = threading.Event(), threading.Event()

    def speak() -> None:
        go.wait(10)
        print("from the thread")
        done.set()

    job = JobBoard().start(asyncio.to_thread(speak))
    await asyncio.sleep(0)
    notebook.shell.push({"go": go, "done": done})
    await notebook.value("go.set()\nassert done.wait(10)\nprint('from the cell')")
    await job
    assert job.output.text == "from the thread\n"
    assert capsys.readouterr().out == "from the cell\n"
