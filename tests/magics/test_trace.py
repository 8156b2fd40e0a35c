"""`%trace` and `%%trace`."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from IPython.core.error import UsageError

from notebook_async import run_jobs, span
from notebook_async.kernel import CellSyntaxError
from notebook_async.tracing import Trace

if TYPE_CHECKING:
    from tests.notebooks import Notebook

CELL = """\
import asyncio

@span
async def load(page):
    await asyncio.sleep(page)
    return page

pages = await run_jobs(load, [1, 2], desc="Load")
sum(pages)"""


@pytest.fixture(autouse=True)
def names(request: pytest.FixtureRequest) -> None:
    """Give the cells what they need."""
    name = "kernel_notebook" if "kernel_notebook" in request.fixturenames else None
    notebook: Notebook = request.getfixturevalue(name or "notebook")
    notebook.shell.push({"asyncio": asyncio, "span": span, "run_jobs": run_jobs})


def traced(notebook: Notebook, name: str = "traced") -> list[tuple[str, str]]:
    """Return names and phases of a trace in the user's namespace."""
    trace = notebook.shell.user_ns[name]
    assert isinstance(trace, Trace)
    return [(node.name, node.phase) for node in trace]


async def test_cell_is_traced(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cell runs as it would, and its tree and its totals follow."""
    assert await notebook.value(f"%%trace -o traced\n{CELL}") == 3
    assert traced(notebook) == [
        ("sum(pages)", "done"),
        ("Load", "done"),
        ("Load item", "done"),
        ("load", "done"),
        ("Load item", "done"),
        ("load", "done"),
    ]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("✓ sum(pages)  ")
    assert lines[1].startswith("└─ ✓ Load  ")
    assert re.fullmatch(r"name +count +total +own +average +longest", lines[7])


async def test_line_is_traced(notebook: Notebook) -> None:
    """A line is traced with or without `await`, and keeps its value."""
    assert await notebook.value("%trace -o traced await asyncio.sleep(1, 'up')") == "up"
    assert traced(notebook) == [("await asyncio.sleep(1, 'up')", "done")]
    assert await notebook.value("x = %trace -n add -o traced 1 + 1\nx * 2") == 4
    assert traced(notebook) == [("add", "done")]
    assert notebook.shell.user_ns["x"] == 2


async def test_line_within_a_cell(notebook: Notebook) -> None:
    """A line stands anywhere in a cell where an `await` may stand."""
    cell = "for n in (1, 2):\n    %trace -o traced y = n * 10\ny"
    assert await notebook.value(cell) == 20
    assert traced(notebook) == [("y = n * 10", "done")]


async def test_code_that_looks_like_an_option(notebook: Notebook) -> None:
    """After `--` all is code."""
    assert await notebook.value("%trace --quiet -o traced -- -1 - 1") == -2
    assert traced(notebook) == [("-1 - 1", "done")]


async def test_quiet_shows_nothing(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--quiet` only the cell's own output is there."""
    await notebook.value("%%trace --quiet -o traced\nprint('own')")
    assert capsys.readouterr().out == "own\n"
    assert traced(notebook) == [("print('own')", "done")]


async def test_last_trace_is_shown_again(notebook: Notebook) -> None:
    """`%trace` alone gives the last trace; before any it says how to make one."""
    kind, text = await notebook.fails("%trace")
    assert (kind, text) == (
        UsageError,
        "trace: nothing to run; as in `%trace await load()`",
    )
    await notebook.value("%trace --quiet 1 + 1")
    again = await notebook.value("%trace")
    assert [node.name for node in again] == ["1 + 1"]


async def test_failure_is_shown_and_raised(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """What failed is in the trace, and the cell fails as it would."""
    kind, text = await notebook.fails("%%trace -o traced\nwith span('a'):\n    1 / 0")
    assert (kind, text) == (ZeroDivisionError, "division by zero")
    assert traced(notebook) == [("with span('a'):", "failed"), ("a", "failed")]
    assert "✗ a  " in capsys.readouterr().out


async def test_cancelling_is_shown(notebook: Notebook) -> None:
    """A cell that is interrupted ends its trace as cancelled."""
    cell = asyncio.ensure_future(
        notebook.run("%%trace -o traced\nawait asyncio.sleep(60)")
    )
    await asyncio.sleep(1)
    assert traced(notebook) == [("await asyncio.sleep(60)", "running")]
    cell.cancel()
    await asyncio.wait([cell])
    assert traced(notebook) == [("await asyncio.sleep(60)", "cancelled")]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%trace\n\n", "trace: the cell is empty; put code below the %%trace line"),
        ("%%trace -o 1x\n1", "expected the name of a variable, got '1x'"),
        ("%%trace --lice\n1", "did you mean --live?"),
    ],
)
async def test_wrong_use_is_told(notebook: Notebook, cell: str, message: str) -> None:
    """What is wrong with the line is said before anything runs."""
    kind, text = await notebook.fails(cell)
    assert kind is UsageError
    assert message in text


async def test_syntax_error_is_that_of_the_cell(notebook: Notebook) -> None:
    """Wrong code is told as of an ordinary cell."""
    kind, text = await notebook.fails("%%trace\n1 +")
    assert kind is CellSyntaxError
    assert "invalid syntax" in text


async def test_without_autoawait(notebook: Notebook) -> None:
    """Where cells cannot be awaited the way out is named."""
    notebook.shell.autoawait = False
    kind, text = await notebook.fails("%trace 1")
    assert (kind, text) == (
        UsageError,
        "trace: needs `%autoawait on`, so that the cell can be awaited",
    )


async def test_kernel_shows_a_picture(kernel_notebook: Notebook) -> None:
    """In a notebook the trace is HTML, with the same as text beside it."""
    await kernel_notebook.value(f"%%trace -o traced\n{CELL}")
    (display,) = kernel_notebook.displays
    html, text = display["data"]["text/html"], display["data"]["text/plain"]
    assert text == str(kernel_notebook.shell.user_ns["traced"])
    assert html.count("<img") == 6 + 4  # a bar for each row, and for each total
    assert html.count("Load item") >= 3
    assert "<svg" not in html  # which a notebook that is not trusted would lose
    assert "<style" not in html


async def test_live_shows_the_events_too(kernel_notebook: Notebook) -> None:
    """With `--live` the events are shown from the beginning, below them the trace."""
    await kernel_notebook.value(f"%%trace --live\n{CELL}")
    kinds = [sorted(one["data"]) for one in kernel_notebook.displays]
    assert kinds[-1] == ["text/html", "text/plain"]
    assert any("application/vnd.jupyter.widget-view+json" in one for one in kinds)


async def test_trace_as_a_value_shows_itself(kernel_notebook: Notebook) -> None:
    """A trace as the last line of a cell is its picture."""
    await kernel_notebook.value("%trace --quiet -o traced 1 + 1")
    assert kernel_notebook.displays == []
    await kernel_notebook.run("traced")
    (display,) = kernel_notebook.displays
    assert "1 + 1" in display["data"]["text/html"]
