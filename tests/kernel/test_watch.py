"""Telling what holds a loop, with the times given and the frames real."""

from __future__ import annotations

import asyncio
import logging
import sys
import textwrap
import threading
from typing import TYPE_CHECKING

import pytest

from notebook_async import jobs, watch_loop
from notebook_async.core import BlockRecord, add_hook, current_scope
from notebook_async.kernel import LoopWatch
from notebook_async.kernel._places import OURS
from notebook_async.kernel._portal import portal_factory
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import FrameType

BUSY = (10.05, 10.075, 10.1, 10.125)


class Seen:
    """A watch of the running loop, whose looks are asked for."""

    def __init__(self, limit: float = 0.1) -> None:
        self.records: list[BlockRecord] = []
        self.paths: list[tuple[str, ...]] = []
        self.watch = LoopWatch(
            asyncio.get_running_loop(), limit=limit, report=self._report
        )
        self.free(10.0)

    def _report(self, record: BlockRecord) -> None:
        self.records.append(record)
        self.paths.append(current_scope.get().path)

    def free(self, now: float) -> None:
        """Look while the loop waits."""
        self.watch.look(None, now, now)

    def busy(
        self, times: Iterable[float] = BUSY, frame: FrameType | None = None
    ) -> None:
        """Look at these times while the caller runs."""
        for now in times:
            self.watch.look(frame or sys._getframe(1), now, now)


@pytest.fixture
async def seen() -> Seen:
    """Give a watch that has just seen the loop free."""
    return Seen()


async def test_block_is_told_with_its_line(seen: Seen) -> None:
    """What runs for longer than the limit is told once it is over."""
    seen.busy()
    line = sys._getframe().f_lineno - 1
    seen.free(10.225)
    assert seen.records == []
    await asyncio.sleep(0)
    (record,) = seen.records
    assert (record.at, round(record.seconds, 6)) == (10.025, 0.1875)
    assert (record.phase, record.source, record.job, record.step) == (
        "done",
        (),
        None,
        None,
    )
    assert (record.file, record.line, record.cell) == (__file__, line, None)
    assert record.code == "seen.busy()"
    assert f"line {line}, in test_block_is_told_with_its_line\n" in record.stack
    assert "in _run\n" not in record.stack


@pytest.mark.parametrize(("free_at", "told"), [(10.13, 0), (10.15, 1)])
async def test_limit_is_a_limit(seen: Seen, free_at: float, told: int) -> None:
    """What is shorter than the limit is not told."""
    seen.busy((10.05, 10.075, 10.1))
    seen.free(free_at)
    await asyncio.sleep(0)
    assert len(seen.records) == told


async def test_many_short_steps_are_no_block(seen: Seen) -> None:
    """Each look sees another step of the loop: nobody holds it."""

    def at(now: float) -> None:
        seen.watch.look(sys._getframe(), now, now)

    loop = asyncio.get_running_loop()
    for number in range(12):
        loop.call_soon(at, 10.05 + number * 0.025)
    await asyncio.sleep(0)
    seen.free(10.4)
    await asyncio.sleep(0)
    assert seen.records == []


async def test_line_that_was_seen_most_is_told(seen: Seen) -> None:
    """A block of several lines is told with the one that took longest."""
    seen.busy((10.05, 10.075, 10.1))
    seen.busy((10.125,))
    seen.busy((10.15, 10.175, 10.2))
    line = sys._getframe().f_lineno - 1
    seen.free(10.225)
    await asyncio.sleep(0)
    assert seen.records[0].line == line


async def test_library_code_is_told_by_its_caller(seen: Seen) -> None:
    """The line is one of the caller's own, not of the library that it calls."""
    line = sys._getframe().f_lineno + 1
    textwrap.indent("a", "b", lambda _: seen.busy(frame=sys._getframe(1)))
    seen.free(10.225)
    await asyncio.sleep(0)
    assert (seen.records[0].file, seen.records[0].line) == (__file__, line)


@pytest.mark.parametrize(("folder", "told"), [(OURS, 0), ("/elsewhere/", 1)])
async def test_loading_parts_of_this_package_is_no_block(
    seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, told: int
) -> None:
    """What this package imports when it is needed first is nobody's fault."""
    (tmp_path / "slow_library.py").write_text("import sys\nbusy(sys._getframe())\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("builtins.busy", lambda f: seen.busy(frame=f), raising=False)
    monkeypatch.delitem(sys.modules, "slow_library", raising=False)
    exec(compile("import slow_library", f"{folder}part.py", "exec"))  # noqa: S102
    seen.free(10.225)
    await asyncio.sleep(0)
    assert len(seen.records) == told


async def test_job_and_step_are_named(seen: Seen) -> None:
    """A step of a workflow in a job is told by both, and reported in their context."""

    class Flow(Workflow):
        @step
        async def embed(self, ev: StartEvent) -> StopEvent:  # noqa: ARG002
            seen.busy()
            return StopEvent()

    async def work() -> None:
        await Flow().run()

    job = jobs.start(work(), name="index")
    await job
    seen.free(10.225)
    await asyncio.sleep(0)
    (record,) = seen.records
    assert (record.job, record.step) == ("index", "embed")
    assert record.source == (f"job-{job.id}",) == seen.paths[0]
    jobs.clear()


async def test_block_in_a_portal_is_told_with_its_job() -> None:
    """Steps run in greenlets there, whose frames do not lead to the loop."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(portal_factory(None, lambda *_: None))
    seen = Seen()

    async def work() -> None:
        seen.busy((10.05, 10.075))
        await asyncio.sleep(0)
        seen.busy((10.1, 10.125))
        await asyncio.sleep(0)
        seen.busy((10.15, 10.175, 10.2, 10.225, 10.25))

    job = jobs.start(work(), name="index")
    await job
    seen.free(10.275)
    await asyncio.sleep(0)
    (record,) = seen.records
    assert record.job == "index"
    assert record.at == 10.1375
    jobs.clear()


async def test_process_that_stood_still_is_no_block(seen: Seen) -> None:
    """Where the whole process computed nothing for a while, nobody is to blame."""
    seen.watch.look(sys._getframe(), 10.05, 1.0)
    seen.watch.look(sys._getframe(), 20.075, 1.02)
    seen.watch.look(None, 20.1, 1.02)
    await asyncio.sleep(0)
    assert seen.records == []


async def test_code_that_keeps_python_to_itself_is_told(seen: Seen) -> None:
    """C code that lets no thread run is seen when it is over, by what it computed."""
    seen.watch.look(sys._getframe(), 12.0, 12.0)
    seen.free(12.025)
    await asyncio.sleep(0)
    (record,) = seen.records
    assert round(record.seconds, 2) == 1.98


async def test_block_that_lasts_is_told_before_its_end(seen: Seen) -> None:
    """After five seconds it is reported at once, and when it ends to hooks alone."""
    told: list[BlockRecord] = []
    with add_hook(told.append, BlockRecord):
        seen.busy((10.05, 12.0, 15.0, 15.05, 16.0, 17.0))
        assert [each.phase for each in seen.records] == ["running"]
        seen.free(18.0)
        await asyncio.sleep(0)
    assert [each.phase for each in told] == ["running", "done"]
    assert [each.phase for each in seen.records] == ["running"]


async def test_answer_to_the_ping_ends_it(seen: Seen) -> None:
    """A loop that shows no handles, such as uvloop, is busy only until it answers."""

    def frame_alone() -> FrameType:
        frames = []
        thread = threading.Thread(target=lambda: frames.append(sys._getframe()))
        thread.start()
        thread.join()
        return frames[0]

    frame = frame_alone()
    seen.busy((10.05, 10.075, 10.1), frame)
    await asyncio.sleep(0)
    seen.busy((10.125, 10.15), frame)
    seen.free(10.175)
    await asyncio.sleep(0)
    assert seen.records == []


@pytest.mark.realtime
async def test_thread_watches_a_real_loop(caplog: pytest.LogCaptureFixture) -> None:
    """`watch_loop` names the line in the log, once, and stops its thread at the end."""
    with watch_loop(limit=0.02):
        for _ in range(2):
            await asyncio.sleep(0.05)
            gate = threading.Event()
            threading.Timer(0.2, gate.set).start()
            gate.wait()
            await asyncio.sleep(0.05)
    names = [thread.name for thread in threading.enumerate()]
    assert "notebook-async-watch" not in names
    (told,) = (r for r in caplog.records if "gate.wait()" in r.getMessage())
    assert told.levelno == logging.WARNING
    assert f"{__file__}:" in told.getMessage()
