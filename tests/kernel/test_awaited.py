"""Putting `await` before our magics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.notebooks import Notebook

CELL = "get_ipython().run_cell_magic"
LINE = "get_ipython().run_line_magic"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%%arun\n1", f"await {CELL}('arun', '', '1\\n')\n"),
        ("%%arun -n a\n1", f"await {CELL}('arun', '-n a', '1\\n')\n"),
        ("\n\n%%arun\n1", f"await {CELL}('arun', '', '1\\n')\n"),
        ("%%time\n%%arun -w\n1", f"await {CELL}('arun', '--time -w', '1\\n')\n"),
        ("%%time\n\n%%arun\n1", f"await {CELL}('arun', '--time', '1\\n')\n"),
        ("%%time\n1", f"{CELL}('time', '', '1\\n')\n"),
        ("%%time\n", f"{CELL}('time', '', '')\n"),
        ("%%time\n%%arunning\n1", f"{CELL}('time', '', '%%arunning\\n1\\n')\n"),
        ("%%aruns\n1", f"{CELL}('aruns', '', '1\\n')\n"),
        ("%%writefile a\n%%arun\n", f"{CELL}('writefile', 'a', '%%arun\\n')\n"),
        ("%jobs wait", f"await {LINE}('jobs', 'wait')\n"),
        ("%jobs wait 3", f"await {LINE}('jobs', 'wait 3')\n"),
        ("%jobs wait 'a b'", f"await {LINE}('jobs', \"wait 'a b'\")\n"),
        ("x = %jobs wait 3", f"x = await {LINE}('jobs', 'wait 3')\n"),
        ("x = 1\n%jobs wait", f"x = 1\nawait {LINE}('jobs', 'wait')\n"),
        ("%jobs", f"{LINE}('jobs', '')\n"),
        ("%jobs waiting", f"{LINE}('jobs', 'waiting')\n"),
        ("x = %jobs result 3", f"x = {LINE}('jobs', 'result 3')\n"),
        ("%job wait", f"{LINE}('job', 'wait')\n"),
        ("if x:\n    %jobs wait", f"if x:\n    await {LINE}('jobs', 'wait')\n"),
        (
            "with ä:\n    x = %jobs wait ä\n    y\n%jobs wait",
            (
                f"with ä:\n    x = await {LINE}('jobs', 'wait ä')\n    y\n"
                f"await {LINE}('jobs', 'wait')\n"
            ),
        ),
        (
            "async def f():\n    %jobs wait",
            f"async def f():\n    await {LINE}('jobs', 'wait')\n",
        ),
        ("def f():\n    %jobs wait", f"def f():\n    {LINE}('jobs', 'wait')\n"),
        ("class A:\n    %jobs wait", f"class A:\n    {LINE}('jobs', 'wait')\n"),
        ("x = '%%arun'", "x = '%%arun'\n"),
        ("", "\n"),
    ],
)
async def test_our_calls_are_awaited(notebook: Notebook, cell: str, code: str) -> None:
    """Calls of our magics are awaited where that may be, and nothing else is."""
    assert notebook.shell.transform_cell(cell) == code


async def test_nothing_is_awaited_without_autoawait(notebook: Notebook) -> None:
    """With `%autoawait off` cells stay as IPython makes them."""
    notebook.shell.autoawait = False
    for cell in ("%%arun\n1", "%jobs wait", "%%time\n%%arun\n1"):
        assert "await" not in notebook.shell.transform_cell(cell)
