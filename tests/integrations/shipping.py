"""What every executor whose workers are other processes must do."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from notebook_async.core._executors import NotPicklableError, Remote
from tests.integrations.cells import Cells, adapting, errors, ran, values

if TYPE_CHECKING:
    from pathlib import Path


class ShippingRules:
    """Tests for a subclass that has a fixture `executor`."""

    async def test_a_function_of_a_cell_runs(self, executor: Any) -> None:
        """A function that a cell defined runs there, with its global names."""
        assert await ran(executor, Cells().shift, [1]) == values(101)
        assert await ran(Remote(executor), Cells().shift, [1, 2]) == values(101, 102)

    async def test_a_cell_that_was_run_again_runs_its_new_body(
        self, executor: Any
    ) -> None:
        """Right after redefinition, of a function or of what it uses, that is used."""
        cells = Cells()
        assert await ran(executor, cells.shift, [1]) == values(101)
        cells.run("OFFSET = 200")
        assert await ran(executor, cells.shift, [1]) == values(201)
        cells.run("def shift(n): return -n")
        assert await ran(executor, cells.shift, [1]) == values(-1)

    async def test_the_same_item_runs_again(
        self, executor: Any, tmp_path: Path
    ) -> None:
        """No outcome is remembered: equal calls run each time."""
        write = Cells().touch
        for _ in range(2):
            await ran(executor, partial(write, str(tmp_path)), [1])
            assert [path.name for path in tmp_path.iterdir()] == ["1"]
            (tmp_path / "1").unlink()

    async def test_lambdas_and_closures_run(self, executor: Any) -> None:
        """Functions without a name of their own run too."""
        factor = 3
        outcomes = await ran(Remote(executor), lambda n: n * factor, [1, 2])
        assert outcomes == values(3, 6)

    async def test_instances_of_a_class_of_a_cell_travel_both_ways(
        self, executor: Any
    ) -> None:
        """What comes back is an instance of the notebook's own class."""
        cells = Cells()
        (outcome,) = await ran(executor, cells.move, [cells.Point(1)])
        assert isinstance(outcome.value, cells.Point)
        assert outcome.value.x == 2

    async def test_an_error_keeps_its_type_and_traceback(self, executor: Any) -> None:
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
        self, executor: Any, tmp_path: Path
    ) -> None:
        """With `stop_at_error` the list ends with the error, and so does the work."""
        touch = partial(Cells().touch, str(tmp_path))
        outcomes = await ran(Remote(executor), touch, [1, 2, 3, 4], stop=True)
        assert errors(outcomes) == ["-", "CellError"]
        assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]

    async def test_what_cannot_travel_fails_alone(self, executor: Any) -> None:
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
        self, executor: Any
    ) -> None:
        """A closure over something of this process says so."""
        lock = threading.Lock()
        (outcome,) = await ran(executor, lambda _: lock, [1])
        assert isinstance(outcome.error, NotPicklableError)
        assert str(outcome.error).startswith("the function cannot be sent to another")

    async def test_coroutines_run(self, executor: Any) -> None:
        """Coroutine functions run to their end there, alone and in a chunk."""
        cells = Cells()
        assert await ran(executor, cells.shift_async, [1]) == values(101)
        outcomes = await ran(Remote(executor, inner=2), cells.shift_async, [1, 2, 3])
        assert outcomes == values(101, 102, 103)

    async def test_coroutines_of_a_chunk_run_at_once(
        self, executor: Any, tmp_path: Path
    ) -> None:
        """As many as `inner` says run at once: five meet."""
        meet = partial(Cells().meet, str(tmp_path), wanted=5)
        outcomes = await ran(Remote(executor, inner=5), meet, [0, 1, 2, 3, 4])
        assert outcomes == values(0, 1, 2, 3, 4)

    async def test_large_values_travel(self, executor: Any) -> None:
        """Replies too large to load on the loop come back too."""
        outcomes = await ran(executor, lambda n: bytes(n), [1_000_000])  # noqa: PLW0108
        assert outcomes == values(bytes(1_000_000))

    async def test_chunks_run_side_by_side(self, executor: Any) -> None:
        """One adapter serves many chunks at once."""
        import asyncio  # noqa: PLC0415

        cells = Cells()
        async with adapting(Remote(executor, chunk=2)) as adapter:
            found = await asyncio.gather(
                *(
                    adapter.run_chunk(cells.shift, [n, n + 1], stop_at_error=False)
                    for n in range(20)
                )
            )
        assert found == [values(n + 100, n + 101) for n in range(20)]
