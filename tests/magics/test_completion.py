"""Completion of options, actions and jobs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from IPython.core.completer import provisionalcompleter

from notebook_async import jobs

if TYPE_CHECKING:
    from tests.notebooks import Notebook

ACTIONS = [
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
]


def ours(notebook: Notebook, cell: str) -> list[str]:
    """Return what our matcher offers at the end of a cell."""
    completer = notebook.shell.Completer
    line = cell.rsplit("\n", 1)[-1]
    completer.line_buffer = cell
    text = completer.splitter.split_line(line)
    [matcher] = completer.custom_matchers
    return matcher(text)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%arun --na", ["--name"]),
        ("%%arun --ti", ["--timeout", "--time"]),
        ("%%arun -w --no", ["--no-panel"]),
        ("%jobs can", ["cancel"]),
        ("%jobs ", [*ACTIONS, "1", "%1", "index", "2", "%2"]),
        ("%jobs cancel ", ["1", "%1", "index", "2", "%2"]),
        ("%jobs cancel 1 in", ["index"]),
        ("%jobs %", ["%1", "%2"]),
        ("%jobs in", ["index"]),
        ("x = %jobs result in", ["index"]),
        ("x = 1\n  %jobs can", ["cancel"]),
        ("%jobsin", []),
        ("%%aruns --na", []),
        ("x = 'jobs in", []),
        ("jobs in", []),
    ],
)
async def test_words_that_fit_are_offered(
    notebook: Notebook, cell: str, words: list[str]
) -> None:
    """Options, actions, ids and names complete on our lines, and nowhere else."""
    jobs.start(asyncio.sleep(9), name="index")
    jobs.start(asyncio.sleep(9), name="two words")
    assert ours(notebook, cell) == words


@pytest.mark.parametrize(
    ("cell", "word"), [("%%arun --na", "--name"), ("%jobs cancel in", "index")]
)
async def test_ipython_offers_them(notebook: Notebook, cell: str, word: str) -> None:
    """What we offer comes out of the shell's own completion."""
    jobs.start(asyncio.sleep(9), name="index")
    with provisionalcompleter():
        found = [*notebook.shell.Completer.completions(cell, len(cell))]
    assert word in [each.text for each in found]
