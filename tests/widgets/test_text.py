"""A panel as plain text."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from notebook_async import JobBoard, run_jobs
from notebook_async.board import LogSlice
from notebook_async.widgets import board_text
from notebook_async.widgets._subjects import JobSubject
from notebook_async.widgets._text import final_lines, panel_text, plain_log

if TYPE_CHECKING:
    from notebook_async import Job


def log(*chunks: tuple[str, str], dropped: int = 0) -> LogSlice:
    """Return a log."""
    end = sum(len(text) for _, text in chunks)
    return LogSlice(0, end, list(chunks), dropped)


async def divide(number: int) -> float:
    """Fail for zero."""
    await asyncio.sleep(0)
    return 1 / number


async def failed_job() -> Job:
    """Return a job with a run, a failed item, some output and an error."""

    async def work() -> None:
        await run_jobs(divide, [2, 0, 1], on_error="return")
        raise LookupError("no\n  such page")

    job = JobBoard().start(work(), name="index", cell=7)
    job.output.write("stdout", "said\n")
    await job.wait()
    return job


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a\nb\n", ["a", "b"]),
        ("a\n\nb", ["a", "", "b"]),
        ("\n", [""]),
        ("10%\r20%\r30%", ["30%"]),
        ("10%\r100%\ndone", ["100%", "done"]),
        ("windows\r\nlines\r\n", ["windows", "lines"]),
        ("half\r", ["half"]),
        ("\x1b[31mred\x1b[0m\n", ["red"]),
        ("\x1b]0;title\x07shown", ["shown"]),
    ],
)
def test_lines_are_as_they_stand(text: str, lines: list[str]) -> None:
    r"""Colours are gone, and a line that was written over by `\r` is its last form."""
    assert final_lines(log(("stdout", text))) == lines


def test_left_out_lines_are_counted() -> None:
    """Where lines are left out, or characters were dropped, the first line says so."""
    text = log(("stdout", "".join(f"{n}\n" for n in range(1500))))
    assert final_lines(text, most=2) == ["… 1,498 earlier lines", "1498", "1499"]
    dropped = log(("stdout", "a\nb\n"), dropped=12_345)
    assert final_lines(dropped) == ["… 12,345 characters dropped", "a", "b"]
    assert final_lines(dropped, most=1) == ["… 12,345 characters dropped", "b"]


def test_terminal_sequences_go() -> None:
    """Colours, cursor movements and titles are taken out, brackets stay."""
    assert plain_log("\x1b[1;31m[a]\x1b[0m\x1b[2K\x1b[?25l\x1bM") == "[a]"


async def test_panel_has_header_numbers_failures_and_log() -> None:
    """A panel as text tells state, place, numbers, error, failed items and output."""
    subject = JobSubject(await failed_job())
    assert panel_text(subject.view(), subject.log()).splitlines() == [
        "✕ failed  index  #1 · cell [7] · 0:00",
        "  ✓ 2 done  ✕ 1 failed  of 3",
        "  ✕ LookupError: no such page",
        "  ✕ item 1  ZeroDivisionError: division by zero",
        "said",
    ]


async def test_traceback_stands_for_the_line_of_the_error() -> None:
    """Where the log has the traceback the error is not told twice."""
    job = await failed_job()
    job.output.write("error", "Traceback ...\nLookupError: no such page\n")
    subject = JobSubject(job)
    lines = panel_text(subject.view(), subject.log()).splitlines()
    assert "  ✕ LookupError: no such page" not in lines
    assert lines[-2:] == ["Traceback ...", "LookupError: no such page"]


async def test_panel_shows_the_last_thirty_lines() -> None:
    """Of a long log the end is shown."""
    job = JobBoard().start(asyncio.sleep(0), name="long")
    job.output.write("stdout", "".join(f"{n}\n" for n in range(100)))
    await job
    subject = JobSubject(job)
    lines = panel_text(subject.view(), subject.log()).splitlines()
    assert lines[1:] == ["… 70 earlier lines", *(str(n) for n in range(70, 100))]


async def test_board_is_a_table() -> None:
    """The board lines up its columns and tells progress and error."""
    job = await failed_job()
    assert board_text([job]).splitlines() == [
        "   job  name   state   time  progress",
        (
            "✕  #1   index  failed  0:00  ✓ 2 done  ✕ 1 failed  of 3"
            "  LookupError: no such page"
        ),
    ]


def test_empty_board_says_how_to_start() -> None:
    """A board without jobs names the way to start one."""
    assert board_text([]) == "no jobs yet: start one with %%arun"
