"""Draw which task waits for what, with jobs, runs, steps, cells and lines.

Tasks stand below those that wait for them. All others stand below the job, run or
workflow in which they were started, in the order of their ids.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from notebook_async.board._await_nodes import tree_rows
from notebook_async.errors import NoRunningLoopError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.board._await_nodes import TreeRow
    from notebook_async.board._job import Job

__all__ = ["AwaitTree", "await_tree"]


class AwaitTree:
    """What waits for what, at one moment; as text it is a tree.

    Attributes
    ----------
    rows
        The lines of the tree, with what cancels each.
    jobs
        The jobs that it tells of; none where it tells of everything.
    """

    def __init__(self, rows: Iterable[TreeRow], jobs: tuple[Job, ...] = ()) -> None:
        self.rows = tuple(rows)
        self.jobs = jobs

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the tree as text."""
        return tuple(row.branch + row.text for row in self.rows)

    def cancel(self, key: object) -> bool:
        """Cancel what one line tells of.

        Parameters
        ----------
        key
            The key of the line.

        Returns
        -------
        bool
            Whether there is such a line, and still something to cancel.

        Examples
        --------
        >>> from notebook_async import jobs
        >>> job = jobs.start(asyncio.sleep(5), name="nap")
        >>> await asyncio.sleep(1)
        >>> tree = await_tree(job)
        >>> tree.cancel(tree.rows[0].key), tree.cancel("no such key")
        (True, False)
        >>> await job.wait()
        >>> job.state, tree.cancel(tree.rows[0].key)
        ('cancelled', False)
        """
        found = (row for row in self.rows if row.key is not None and row.key == key)
        return any(row.cancel() for row in found)

    def __repr__(self) -> str:
        return "\n".join(self.lines) or "nothing waits"


def await_tree(*jobs: Job) -> AwaitTree:
    """Return which task of the running loop waits for what, with cell and line.

    The task that asks is left out, and so are those of Jupyter itself.

    Parameters
    ----------
    jobs
        Jobs to tell of; by default everything on the loop.

    Returns
    -------
    AwaitTree
        Its text is the tree: tasks below what waits for them, else below their job,
        run or workflow, in the order of their ids.

    Raises
    ------
    NoRunningLoopError
        If no event loop runs in this thread.

    Examples
    --------
    >>> from notebook_async import jobs
    >>> async def fetch(lock):
    ...     async with lock:
    ...         await asyncio.sleep(5)
    >>> lock = asyncio.Lock()
    >>> first = jobs.start(fetch(lock), name="first")
    >>> second = jobs.start(fetch(lock), name="second")
    >>> await asyncio.sleep(1)
    >>> await_tree(first, second)
    job ... 'first' waits for sleep(5), 4.0 s left, at <...await_tree>:3
    job ... 'second' waits for a lock, at <...await_tree>:2
    >>> results = await first, await second
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise NoRunningLoopError("await_tree") from None
    return AwaitTree(tree_rows(jobs), jobs)
