"""The jobs of a notebook: start, find, cancel, wait, forget."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from notebook_async.board._job import Job
from notebook_async.errors import (
    ArgumentTypeError,
    JobNotFoundError,
    NoRunningLoopError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

__all__ = ["JobBoard"]

_MOST_ENDED = 500


class JobBoard:
    """Owns jobs: keeps a reference to each while it runs, and its result afterwards.

    The last five hundred ended jobs are kept.

    Examples
    --------
    >>> import asyncio
    >>> from notebook_async import JobBoard
    >>> board = JobBoard()
    >>> job = board.start(asyncio.sleep(1, "rested"), name="nap")
    >>> await board["nap"]
    'rested'
    >>> [job.name for job in board]
    ['nap']
    """

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._last = 0
        self._callbacks: list[Callable[[Job], Any]] = []
        self._watchers: list[Callable[[], Any]] = []

    def start(  # noqa: PLR0913 (each a fact of the job)
        self,
        work: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        source: str = "",
        cell: int | None = None,
        echo: bool = False,
        again: Callable[[], Coroutine[Any, Any, Any]] | None = None,
    ) -> Job:
        """Start a coroutine as a job of the running loop.

        Parameters
        ----------
        work
            The coroutine.
        name
            For people; by default the coroutine's own name.
        source
            Its code, for people.
        cell
            Execution count of its cell.
        echo
            Whether its output goes to the cell too, not to its log only.
        again
            Makes the coroutine anew, for `repeat`.

        Returns
        -------
        Job
            Await it for the result.

        Raises
        ------
        ArgumentTypeError
            If `work` is no coroutine.
        NoRunningLoopError
            If no event loop runs in this thread.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import JobBoard
        >>> job = JobBoard().start(asyncio.sleep(1))
        >>> job.id, job.name, job.state
        (1, 'sleep', 'running')
        >>> await job
        """
        _check_coroutine(work)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            work.close()
            raise NoRunningLoopError("start") from None
        self._last += 1
        job = Job(
            self._last,
            name=name or getattr(work, "__name__", None) or f"job {self._last}",
            source=source,
            cell=cell,
            echo=echo,
            again=again,
        )
        self._jobs[job.id] = job
        for callback in self._callbacks:
            callback(job)
        job.start(work)
        job.on_end(self._forget_oldest)
        self._tell()
        return job

    def repeat(self, reference: object) -> Job:
        """Start the work of a job again, as a new job of that name.

        Parameters
        ----------
        reference
            As for `get`.

        Returns
        -------
        Job
            The new one. The old one stays as it is, also if it still runs.

        Raises
        ------
        JobNotFoundError
            If there is none.
        JobNotRepeatableError
            If it was started with a coroutine alone, which runs only once.

        Examples
        --------
        >>> from notebook_async import JobBoard
        >>> board = JobBoard()
        >>> async def work():
        ...     print("working")
        >>> await board.start(work(), again=work)
        working
        >>> await board.repeat("work")
        working
        """
        job = self.get(reference)
        return self.start(
            job.again(),
            name=job.name,
            source=job.source,
            cell=job.cell,
            echo=job.output.echoes,
            again=job.again,
        )

    def get(self, reference: object) -> Job:
        """Return a job by id, name or `%1`-style reference; of several, the latest.

        Parameters
        ----------
        reference
            `3`, `"3"`, `"%3"` or a name.

        Raises
        ------
        JobNotFoundError
            If there is none; the message names what there is.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import JobBoard
        >>> board = JobBoard()
        >>> job = board.start(asyncio.sleep(1), name="nap")
        >>> board.get("%1") is board.get("nap") is job
        True
        >>> await job
        """
        text = str(reference).strip()
        number = text.removeprefix("%")
        if number.isdecimal() and int(number) in self._jobs:
            return self._jobs[int(number)]
        for job in reversed(self._jobs.values()):
            if job.name == text:
                return job
        known = [str(number) for number in self._jobs]
        raise JobNotFoundError(
            reference, known=[*known, *(job.name for job in self._jobs.values())]
        )

    def cancel_all(self) -> list[Job]:
        """Cancel every job that runs, and return these.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import JobBoard
        >>> board = JobBoard()
        >>> job = board.start(asyncio.sleep(3600))
        >>> board.cancel_all() == [job]
        True
        """
        return [job for job in self._jobs.values() if job.cancel()]

    def clear(self) -> int:
        """Forget the jobs that have ended, and return their number.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import JobBoard
        >>> board = JobBoard()
        >>> await board.start(asyncio.sleep(1))
        >>> board.clear(), len(board)
        (1, 0)
        """
        ended = [number for number, job in self._jobs.items() if job.ended]
        for number in ended:
            del self._jobs[number]
        self._tell()
        return len(ended)

    async def aclose(self) -> None:
        """Cancel every job and wait until their cleanup is done.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import JobBoard
        >>> board = JobBoard()
        >>> job = board.start(asyncio.sleep(3600))
        >>> await board.aclose()
        >>> job.state
        'cancelled'
        """
        for job in self.cancel_all():
            await job.wait()

    def on_start(self, callback: Callable[[Job], Any]) -> Callable[[], None]:
        """Call `callback(job)` when a job starts; return what ends that.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import JobBoard
        >>> board = JobBoard()
        >>> stop = board.on_start(lambda job: print(job.name))
        >>> await board.start(asyncio.sleep(1), name="nap")
        nap
        >>> stop()
        """
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def on_change(self, callback: Callable[[], Any]) -> Callable[[], None]:
        """Call `callback()` when a job starts, ends or goes; return what ends that.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import JobBoard
        >>> board = JobBoard()
        >>> stop = board.on_change(lambda: print(len(board), "on the board"))
        >>> job = board.start(asyncio.sleep(1))
        1 on the board
        >>> await job
        1 on the board
        >>> stop()
        """
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def __getitem__(self, reference: object) -> Job:
        return self.get(reference)

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs.values()))

    def __len__(self) -> int:
        return len(self._jobs)

    def __repr__(self) -> str:
        live = sum(not job.ended for job in self._jobs.values())
        return f"<JobBoard: {len(self)} jobs, {live} running>"

    def _forget_oldest(self, _: Job) -> None:
        ended = [number for number, job in self._jobs.items() if job.ended]
        for number in ended[: max(0, len(ended) - _MOST_ENDED)]:
            del self._jobs[number]
        self._tell()

    def _tell(self) -> None:
        for callback in list(self._watchers):
            callback()


def _check_coroutine(work: object) -> None:
    if inspect.iscoroutine(work):
        return
    if inspect.iscoroutinefunction(work):
        name = getattr(work, "__qualname__", repr(work))
        raise ArgumentTypeError(
            f"a job needs a coroutine, got the coroutine function {name}:"
            f" call it, as in start({name}(...))"
        )
    raise ArgumentTypeError(
        f"a job needs a coroutine, got {work!r} ({type(work).__name__})"
    )
