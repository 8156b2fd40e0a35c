"""The body of a cell magic, compiled like a cell."""

from __future__ import annotations

import asyncio
import linecache
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.kernel import compile_cell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from tests.notebooks import Notebook


async def run(shell: InteractiveShell, body: str) -> Any:  # noqa: ANN401
    """Compile and run a body outside of any cell."""
    return await compile_cell(shell, "%%arun", body).run()


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("6 * 7\n", 42),
        ("6 * 7", 42),
        ("x = 6\nx * 7\n\n\n", 42),
        ("x = 42\n", None),
        ("6 * 7;\n", None),
        ("6 * 7;  # quietly\n", None),
        ("'a;'\n", "a;"),
        ("if True:\n    6 * 7\n", None),
        ("def f():\n    return 42\nf()", 42),
        ("# nothing but words\n", None),
        ("await asyncio.sleep(1, 42)", 42),
        ("x = await asyncio.sleep(1, 42)\nx", 42),
        ("(await asyncio.sleep(1, 42))", 42),
        ("[await asyncio.sleep(1, n) for n in (1, 2)]", [1, 2]),
        ("out = []\nasync for n in count(3):\n    out.append(n)\nout", [0, 1, 2]),
        ("async with asyncio.timeout(1) as t:\n    pass\nt.expired()", False),
        ("[n async for n in count(3)]", [0, 1, 2]),
        ("async def f():\n    return 42\nawait f()", 42),
    ],
)
async def test_value_is_that_of_the_last_expression(
    shell: InteractiveShell, body: str, value: object
) -> None:
    """A body runs with top-level await, and its last expression is its value."""

    async def count(most: int) -> Any:  # noqa: ANN401
        for number in range(most):
            yield number

    shell.push({"asyncio": asyncio, "count": count})
    assert await run(shell, body) == value


async def test_names_are_the_notebooks(shell: InteractiveShell) -> None:
    """What a body sets is set in the notebook, and what it reads is read there."""
    shell.user_ns["given"] = 3
    await run(shell, "made = given + 1\ndel given")
    assert shell.user_ns["made"] == 4
    assert "given" not in shell.user_ns


async def test_magics_work_in_the_body(
    shell: InteractiveShell, capfd: pytest.CaptureFixture[str]
) -> None:
    """Shell lines, line magics and help are IPython's in a body too."""
    value = await run(shell, "lines = !echo one\n%precision 2\n!echo two\nlines[0]")
    assert value == "one"
    assert capfd.readouterr().out.split() == ["two"]


async def test_future_imports_of_the_notebook_hold(shell: InteractiveShell) -> None:
    """A body is compiled with the flags of the notebook."""
    await shell.run_cell_async(
        "from __future__ import annotations",
        transformed_cell="from __future__ import annotations\n",
    )
    assert await run(shell, "def f(x: missing): ...\nf.__annotations__") == {
        "x": "missing"
    }


async def test_ast_transformers_of_the_notebook_hold(shell: InteractiveShell) -> None:
    """A transformer of syntax trees sees bodies as it sees cells."""
    seen = []

    class Watch:
        def visit(self, tree: object) -> object:
            seen.append(type(tree).__name__)
            return tree

    watch = Watch()
    shell.ast_transformers.append(watch)
    assert await run(shell, "1 + 1") == 2
    assert seen == ["Module"]


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("%%arun -w\n1/0", 2),
        ("%%arun -w\n\n\n1/0\n", 4),
        ("\n\n%%arun -w\n\nx = 1\n1/0", 6),
        ("%%arun -w\nif True:\n    x = 1\n\n    1/0\n\n\n", 5),
        ("%%arun -w\n!true\n1/0", 3),
        ("%%time\n%%arun -w\n\n1/0", 4),
    ],
)
async def test_line_numbers_are_those_of_the_cell(
    notebook: Notebook, cell: str, line: int
) -> None:
    """The last frame of an exception is at its line as the cell has it."""
    result = await notebook.run(cell)
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    frame = result.error_in_exec.__traceback__
    while frame.tb_next is not None:
        frame = frame.tb_next
    name = frame.tb_frame.f_code.co_filename
    assert frame.tb_lineno == line
    assert linecache.getline(name, line).strip() == "1/0"


async def test_file_name_is_that_of_a_cell(notebook: Notebook) -> None:
    """Functions made in a body know their source."""
    await notebook.value("%%arun -w\n\ndef double(x):\n    return 2 * x")
    source = await notebook.value("import inspect\ninspect.getsource(double)")
    assert source == "def double(x):\n    return 2 * x\n"


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("%%arun\nx = (", 2),
        ("%%arun\n\n\nx = = 3\n", 4),
        ("%%arun -n a\nawait await\n", 2),
        ("\n%%arun\nx = 1\nreturn 3", 4),
        ("%%arun\nfor x in y\n    pass", 2),
    ],
)
async def test_syntax_errors_point_at_the_cell(
    notebook: Notebook, cell: str, line: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A body that does not compile is shown with its line, and starts no job."""
    result = await notebook.run(cell)
    error = result.error_in_exec
    assert error.error.lineno == line
    shown = capsys.readouterr()
    assert f"Cell In[1], line {line}" in shown.out + shown.err
    assert "run_cell_magic" not in shown.out + shown.err
    assert await notebook.value("from notebook_async import jobs\nlen(jobs)") == 0


async def test_body_without_a_cell_has_lines_all_the_same(
    shell: InteractiveShell,
) -> None:
    """Where IPython has no cell, the magic's line stands for what is above."""
    code = compile_cell(shell, "%%arun -n a", "x = 1\n1/0\n")
    with pytest.raises(ZeroDivisionError) as caught:
        await code.run()
    assert linecache.getline(code.filename, 1) == "%%arun -n a\n"
    assert caught.traceback[-1].lineno == 2
