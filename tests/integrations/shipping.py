"""What every executor whose workers are other processes must do."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from notebook_async import iter_jobs, run_jobs, start_jobs
from notebook_async.core._executors import Remote
from notebook_async.errors import NotPicklableError
from tests.integrations.cells import (
    Cells,
    adapting,
    errors,
    files,
    ran,
    until,
    values,
)

if TYPE_CHECKING:
    from pathlib import Path


class RunRules:
    """Tests of whole runs for a subclass that has a fixture `executor`."""

    async def test_results_come_in_order_and_are_counted(
        self, executor: object
    ) -> None:
        """A run has its results in order, one by one or by the chunk, and counts."""
        shift = Cells().shift
        wanted = [n + 100 for n in range(12)]
        run = start_jobs(shift, range(12), workers=3, executor=executor)
        assert await run == wanted
        assert (run.done, run.failed, run.running, run.total) == (12, 0, 0, 12)
        chunked = Remote(executor, chunk=5)
        run = start_jobs(shift, range(12), workers=2, executor=chunked)
        assert await run == wanted
        assert (run.done, run.failed, run.running, run.total) == (12, 0, 0, 12)

    async def test_coroutine_functions_run_there(self, executor: object) -> None:
        """A coroutine function runs there too, many of a chunk at once."""
        chunked = Remote(executor, chunk=6, inner=6)
        shift = Cells().shift_async
        assert await run_jobs(shift, range(6), executor=chunked) == [*range(100, 106)]

    async def test_failed_items_stand_in_their_places(self, executor: object) -> None:
        """With on_error="return" an error is told, in chunks too, and costs no more."""
        fail_at_two = Cells().fail_at_two
        for kind in (executor, Remote(executor, chunk=3)):
            run = start_jobs(fail_at_two, range(5), executor=kind, on_error="return")
            results = await run
            told = [n if isinstance(n, int) else str(n) for n in results]
            assert told == [0, 1, "no 2", 3, 4]
            assert (run.done, run.failed) == (4, 1)

    async def test_nothing_starts_after_the_first_error(
        self, executor: object, tmp_path: Path
    ) -> None:
        """With on_error="raise" no item is submitted any more, nor the chunk's rest."""
        cells = Cells()
        touch = partial(cells.touch, str(tmp_path))
        chunked = Remote(executor, chunk=4, inner=1)
        with pytest.raises(Exception, match=r"^two") as caught:
            await run_jobs(touch, range(12), workers=1, executor=chunked)
        assert type(caught.value).__name__ == "CellError"
        assert files(tmp_path) == ["0", "1", "2"]

    async def test_results_stream(self, executor: object) -> None:
        """A stream gives every item of a chunk, in order, and keeps its window."""
        shift = Cells().shift
        chunked = Remote(executor, chunk=4)
        got = [
            pair
            async for pair in iter_jobs(
                shift, range(10), workers=2, window=6, ordered=True, executor=chunked
            )
        ]
        assert got == [(n, n + 100) for n in range(10)]

    async def test_cancel_comes_back_at_once(
        self, executor: object, tmp_path: Path
    ) -> None:
        """A cancelled run ends although what it started elsewhere may go on."""
        announce = partial(Cells().announce, str(tmp_path))
        run = start_jobs(announce, range(4), workers=1, executor=executor)
        await until(lambda: bool(files(tmp_path, "*.pid")))
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert run.phase == "cancelled"
        assert run.done == 0
        (tmp_path / "go").touch()


class ShippingRules(RunRules):
    """Tests for a subclass that has a fixture `executor`."""

    async def test_a_function_of_a_cell_runs(self, executor: object) -> None:
        """A function that a cell defined runs there, with its global names."""
        assert await ran(executor, Cells().shift, [1]) == values(101)
        assert await ran(Remote(executor), Cells().shift, [1, 2]) == values(101, 102)

    async def test_a_cell_that_was_run_again_runs_its_new_body(
        self, executor: object
    ) -> None:
        """Right after redefinition, of a function or of what it uses, that is used."""
        cells = Cells()
        assert await ran(executor, cells.shift, [1]) == values(101)
        cells.run("OFFSET = 200")
        assert await ran(executor, cells.shift, [1]) == values(201)
        cells.run("def shift(n): return -n")
        assert await ran(executor, cells.shift, [1]) == values(-1)

    async def test_the_same_item_runs_again(
        self, executor: object, tmp_path: Path
    ) -> None:
        """No outcome is remembered: equal calls run each time."""
        write = Cells().touch
        for _ in range(2):
            await ran(executor, partial(write, str(tmp_path)), [1])
            assert files(tmp_path) == ["1"]
            (tmp_path / "1").unlink()

    async def test_equal_items_run_each(self, executor: object, tmp_path: Path) -> None:
        """Equal items of one run are not taken for one."""
        folder = str(tmp_path)
        make = lambda _: __import__("tempfile").mkdtemp(dir=folder)  # noqa: E731
        made = await run_jobs(make, [1] * 6, workers=6, executor=executor)
        assert len(set(made)) == 6

    async def test_one_adapter_tells_functions_apart(self, executor: object) -> None:
        """A function of the same name, in the same run, is another function."""
        cells = Cells()
        async with adapting(executor) as adapter:
            old = await adapter.run_chunk(cells.shift, [1], stop_at_error=False)
            cells.run("def shift(n): return -n")
            new = await adapter.run_chunk(cells.shift, [1], stop_at_error=False)
        assert (old, new) == (values(101), values(-1))

    async def test_lambdas_and_closures_run(self, executor: object) -> None:
        """Functions without a name of their own run too."""
        factor = 3
        outcomes = await ran(Remote(executor), lambda n: n * factor, [1, 2])
        assert outcomes == values(3, 6)

    async def test_instances_of_a_class_of_a_cell_travel_both_ways(
        self, executor: object
    ) -> None:
        """What comes back is an instance of the notebook's own class."""
        cells = Cells()
        (outcome,) = await ran(executor, cells.move, [cells.Point(1)])
        assert isinstance(outcome.value, cells.Point)
        assert outcome.value.x == 2

    async def test_an_error_keeps_type_and_traceback(self, executor: object) -> None:
        """An exception is of the cell's own type and carries where it was raised."""
        cells = Cells()
        outcomes = await ran(Remote(executor), cells.fail_at_two, [1, 2, 3])
        assert errors(outcomes) == ["-", "CellError", "-"]
        error = outcomes[1].error
        assert isinstance(error, cells.CellError)
        assert error.args == ("no 2",)
        (note,) = error.__notes__
        first, *traceback = note.splitlines()
        assert first.startswith("raised in process ")
        assert traceback[0] == "Traceback (most recent call last):"
        assert traceback[1].endswith("in fail_at_two")
        assert traceback[-1].endswith("CellError: no 2")

    async def test_nothing_starts_after_the_first_error(
        self, executor: object, tmp_path: Path
    ) -> None:
        """With `stop_at_error` the list ends with the error, and so does the work."""
        touch = partial(Cells().touch, str(tmp_path))
        outcomes = await ran(Remote(executor), touch, [1, 2, 3, 4], stop=True)
        assert errors(outcomes) == ["-", "CellError"]
        assert files(tmp_path) == ["1", "2"]

    async def test_what_cannot_travel_fails_alone(self, executor: object) -> None:
        """An item, a result or an exception that cannot travel is one clear error."""
        cells = Cells()
        lost = "NotPicklableError"
        outcomes = await ran(Remote(executor), cells.picky, [0, 1, 2])
        assert errors(outcomes) == ["-", lost, "-"]
        assert "the item raised PickyError: lost" in str(outcomes[1].error)
        outcomes = await ran(Remote(executor), cells.generator_at_one, [0, 1, 2])
        assert errors(outcomes) == ["-", lost, "-"]
        assert "the result cannot be sent" in str(outcomes[1].error)
        outcomes = await ran(Remote(executor), str, [0, threading.Lock(), 2])
        assert errors(outcomes) == ["-", lost, "-"]
        assert "the item cannot be sent" in str(outcomes[1].error)

    async def test_a_function_that_cannot_travel_fails_its_item(
        self, executor: object
    ) -> None:
        """A closure over something of this process says so."""
        lock = threading.Lock()
        (outcome,) = await ran(executor, lambda _: lock, [1])
        assert isinstance(outcome.error, NotPicklableError)
        assert str(outcome.error).startswith("the function cannot be sent to another")

    async def test_coroutines_run(self, executor: object) -> None:
        """Coroutine functions run to their end there, alone and in a chunk."""
        cells = Cells()
        assert await ran(executor, cells.shift_async, [1]) == values(101)
        outcomes = await ran(Remote(executor, inner=2), cells.shift_async, [1, 2, 3])
        assert outcomes == values(101, 102, 103)

    async def test_coroutines_of_a_chunk_run_at_once(
        self, executor: object, tmp_path: Path
    ) -> None:
        """As many as `inner` says run at once: five meet."""
        meet = partial(Cells().meet, str(tmp_path), wanted=5)
        outcomes = await ran(Remote(executor, inner=5), meet, [0, 1, 2, 3, 4])
        assert outcomes == values(0, 1, 2, 3, 4)

    async def test_large_values_travel(self, executor: object) -> None:
        """Replies too large to load on the loop come back too."""
        outcomes = await ran(executor, lambda n: bytes(n + 1), [999_999])
        assert outcomes == values(bytes(1_000_000))

    async def test_the_loop_turns_while_an_item_is_pickled(
        self, executor: object
    ) -> None:
        """Pickling waits for something that only a turn of the loop brings about."""
        asked, answered = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        class Slow:
            def __reduce__(self) -> tuple[type[int], tuple[int]]:
                loop.call_soon_threadsafe(asked.set)
                assert answered.wait(10)
                return int, (7,)

        chunk = asyncio.create_task(ran(executor, Cells().shift, [Slow()]))
        await asked.wait()
        answered.set()
        assert await chunk == values(107)

    async def test_chunks_run_side_by_side(self, executor: object) -> None:
        """One adapter serves many chunks at once."""
        cells = Cells()
        async with adapting(Remote(executor, chunk=2)) as adapter:
            found = await asyncio.gather(
                *(
                    adapter.run_chunk(cells.shift, [n, n + 1], stop_at_error=False)
                    for n in range(20)
                )
            )
        assert found == [values(n + 100, n + 101) for n in range(20)]
