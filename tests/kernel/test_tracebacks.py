"""Tracebacks from the user's first frame on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.kernel import pin_traceback, render_traceback

if TYPE_CHECKING:
    import pytest
    from IPython.core.interactiveshell import InteractiveShell

    from tests.notebooks import Notebook

FAILING = """\
%%arun -w
def inner():
    raise LookupError("no such page")

inner()
"""


def caught() -> ZeroDivisionError:
    """Return an exception with frames in this file."""
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        return error
    raise AssertionError


async def test_traceback_begins_in_the_cell(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failing job shows the frames of its cell, and none of ours above."""
    await notebook.run(FAILING)
    shown = "".join(capsys.readouterr())
    assert "Cell In[1], line 5" in shown
    assert "Cell In[1], line 3, in inner()" in shown
    assert "----> 5 inner()" in shown
    assert "notebook_async" not in shown
    assert shown.rstrip().endswith("LookupError: no such page")


async def test_log_has_the_same_traceback(notebook: Notebook) -> None:
    """The job's log keeps the traceback in a stream of its own."""
    await notebook.run(FAILING)
    await notebook.run("from notebook_async import jobs\njob = jobs[1]")
    [(stream, text)] = notebook.shell.user_ns["job"].output.read().chunks
    assert stream == "error"
    assert "----> 5 inner()" in text
    assert "notebook_async" not in text
    assert text.endswith("LookupError: no such page\n")


async def test_traceback_quotes_the_code_that_ran(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """The traceback of a background job quotes its own cell, not a later one."""
    job = await notebook.start(
        "%%arun\nawait asyncio.sleep(1)\n1/0".replace("await", "import asyncio\nawait")
    )
    await notebook.run("x = 'another cell'\ny = 2\nz = 3\nw = 4")
    await job.wait()
    capsys.readouterr()
    assert "----> 4 1/0" in job.output.text
    await notebook.run(
        "await jobs[1]".replace("await", "from notebook_async import jobs\nawait")
    )
    assert "----> 4 1/0" in "".join(capsys.readouterr())


def test_without_a_shell_it_is_pythons(shell: InteractiveShell) -> None:
    """Without a shell a traceback has Python's own form, cut at the same frame."""
    error = caught()
    lines = render_traceback(None, error, filename=__file__)
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert render_traceback(shell, error, filename="elsewhere")[-1] == lines[-1]


def test_groups_are_shown_whole(shell: InteractiveShell) -> None:
    """A group shows every exception in it, which IPython's own form does not."""
    group = ExceptionGroup("two", [caught(), LookupError("page")])
    text = "\n".join(render_traceback(shell, group))
    assert "ZeroDivisionError: division by zero" in text
    assert "LookupError: page" in text


def test_pinned_lines_are_what_ipython_shows(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception with pinned lines is shown by them."""
    error = caught()
    pin_traceback(error, ["as it was"])
    shell.showtraceback((type(error), error, error.__traceback__))
    assert "".join(capsys.readouterr()).strip() == "as it was"


def test_pinning_needs_no_room() -> None:
    """An exception that takes no attribute is left as it is."""

    class Slotted(Exception):  # noqa: N818
        __slots__ = ()

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(name)

    pin_traceback(Slotted(), ["lines"])
