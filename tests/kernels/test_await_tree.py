"""`await_tree()`, `%jobs tree` and `%jobs host` in a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kernels.rig import Kernel

CELLS = (
    "import asyncio\nfrom notebook_async import await_tree, jobs, run_jobs",
    "%load_ext notebook_async\nlock = asyncio.Lock()",
    "async def fetch(number):\n    async with lock:\n        await asyncio.sleep(600)",
    "%%arun -n index --quiet\nawait run_jobs(fetch, range(9), workers=2, desc='fetch')",
    "task = asyncio.create_task(fetch(0), name='mine')\nawait asyncio.sleep(0)",
)


async def test_tree_names_cells_and_lines(kernel: Kernel) -> None:
    """Jobs, runs and items are named, with the cell and the line that waits."""
    for cell in CELLS:
        await kernel.run(cell)
    tree = await kernel.run("%jobs tree")
    first, *rest = kernel.text(tree).rstrip().splitlines()
    run = rest[0].partition(":")[0].removeprefix("└─ ").removesuffix(" 'fetch'")
    assert first == f"job 1 'index' waits for {run}, at cell [4] line 2"
    assert rest[0] == f"└─ {run} 'fetch': 0 of 9 done"
    assert rest[1].startswith("   ├─ item 0 waits for sleep(600), ")
    assert rest[1].endswith(" s left, at cell [3] line 3")
    assert rest[2:] == [
        "   └─ item 1 waits for a lock, at cell [3] line 2",
        "mine fetch() waits for a lock, at cell [3] line 2",
    ]
    again = await kernel.run("await_tree(jobs['index'])")
    assert kernel.text(again).splitlines()[0] == first


async def test_host_is_told_in_words(kernel: Kernel) -> None:
    """`%jobs host` tells each of the facts in a line."""
    await kernel.run(CELLS[0])
    await kernel.run(CELLS[1])
    cell = await kernel.run("%jobs host")
    lines = kernel.text(cell).replace("\n" + " " * 12, " ").splitlines()
    told = dict(line.split(":", 1) for line in lines)
    assert list(told) == [
        "host",
        "front end",
        "loop",
        "sync calls",
        "nesting",
        "subshells",
        "stdin",
    ]
    assert told["host"].strip().startswith("a Jupyter kernel, ipykernel ")
    assert told["front end"].strip().startswith("not known yet: ")
    assert told["sync calls"].strip().startswith("by portal: ")
    assert told["stdin"].strip().startswith("allowed: ")
