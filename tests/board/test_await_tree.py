"""What waits for what, drawn as a tree."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import JobBoard, await_tree, run_jobs
from notebook_async.errors import NoRunningLoopError
from notebook_async.kernel._portal import portal_factory, wait
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from notebook_async import Job

HERE = "test_await_tree.py"


@pytest.fixture
async def board() -> AsyncIterator[JobBoard]:
    """Give an empty board, and cancel its jobs at the end."""
    board = JobBoard()
    yield board
    await board.aclose()


def lines(*jobs: Job) -> list[str]:
    """Return the lines of the tree, without the numbers of lines and of tasks."""
    shown = []
    for line in await_tree(*jobs).lines:
        words = [
            f"{HERE}:N" if word.startswith(f"{HERE}:") else word
            for word in line.split(" ")
        ]
        shown.append(
            " ".join("Task" if word.startswith("Task-") else word for word in words)
        )
    return shown


async def tree_of(work: Any, board: JobBoard) -> list[str]:  # noqa: ANN401
    """Return what a job with this work waits for after a second."""
    job = board.start(work, name="it")
    await asyncio.sleep(1)
    return lines(job)


async def awaiting(awaitable: Awaitable[object]) -> None:
    """Await something, as code of a user would."""
    await awaitable


async def taken() -> asyncio.Lock:
    """Return a lock that somebody has."""
    lock = asyncio.Lock()
    await lock.acquire()
    return lock


async def test_sleep_tells_what_is_left(board: JobBoard) -> None:
    """A sleeping job tells its delay, what is left of it and its line."""
    assert await tree_of(awaiting(asyncio.sleep(5)), board) == [
        f"job 1 'it' waits for sleep(5), 4.0 s left, at {HERE}:N"
    ]


async def test_what_is_waited_for_is_told_in_words(board: JobBoard) -> None:
    """Locks, queues, events and futures have names, and so has a turn on the loop."""
    full: asyncio.Queue[int] = asyncio.Queue(1)
    await full.put(1)
    empty: asyncio.Queue[int] = asyncio.Queue()
    lock = await taken()
    condition = asyncio.Condition()

    async def conditional() -> None:
        async with condition:
            await condition.wait()

    waiting = {
        "a lock": lock.acquire(),
        "an event": asyncio.Event().wait(),
        "a condition": conditional(),
        "a semaphore": asyncio.Semaphore(0).acquire(),
        "a barrier": asyncio.Barrier(2).wait(),
        "an item of a queue": empty.get(),
        "room in a queue": full.put(2),
        "all items of a queue to be done": full.join(),
        "a future": asyncio.get_running_loop().create_future(),
    }
    for words, awaitable in waiting.items():
        board.start(awaiting(awaitable), name=words)
    await asyncio.sleep(1)
    told = lines()
    assert [line.split("'")[1] for line in told] == list(waiting)
    assert [line.split(" for ", 1)[1].split(", at")[0] for line in told] == list(
        waiting
    )
    late = board.start(awaiting(asyncio.sleep(1)), name="late")
    assert "waits for its turn on the loop" in lines(late)[0]


async def test_thread_is_told(board: JobBoard) -> None:
    """What runs in a thread is told as such."""
    gate = threading.Event()
    job = board.start(awaiting(asyncio.to_thread(gate.wait)), name="it")
    await asyncio.sleep(0)
    told = lines(job)
    gate.set()
    await job
    assert told == [f"job 1 'it' waits for a thread, at {HERE}:N"]


async def test_tasks_stand_below_who_waits_for_them(board: JobBoard) -> None:
    """Groups, gather, wait, wait_for and shield lead on to their tasks."""

    async def grouped() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(awaiting(asyncio.sleep(5)))
            group.create_task(gathered())

    async def gathered() -> None:
        await asyncio.gather(awaiting(asyncio.sleep(6)), shielded())

    async def shielded() -> None:
        await asyncio.shield(asyncio.create_task(awaiting(asyncio.sleep(7))))

    at = f"at {HERE}:N"
    assert await tree_of(grouped(), board) == [
        f"job 1 'it' waits for 2 tasks, {at}",
        f"├─ Task awaiting() waits for sleep(5), 4.0 s left, {at}",
        f"└─ Task grouped.gathered() waits for 2 tasks, {at}".replace("grouped.", ""),
        f"   ├─ Task awaiting() waits for sleep(6), 5.0 s left, {at}",
        f"   └─ Task shielded() waits for a task, {at}",
        f"      └─ Task awaiting() waits for sleep(7), 6.0 s left, {at}",
    ]


async def test_async_generators_are_followed(board: JobBoard) -> None:
    """The line is the one within the generator that waits."""

    async def numbers() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(5)
        yield 2

    async def use() -> None:
        async for _ in numbers():
            pass

    async def use_by_hand() -> None:
        generator = numbers()
        while True:
            await anext(generator, None)

    for work in (use(), use_by_hand()):
        (line,) = (await tree_of(work, board))[-1:]
        assert line.split(" for ")[1] == f"sleep(5), 4.0 s left, at {HERE}:N"


async def test_items_of_a_run_are_listed(board: JobBoard) -> None:
    """A run tells its counters, and each item what it waits for."""
    lock = await taken()

    async def fetch(number: int) -> None:
        await (lock.acquire() if number == 1 else asyncio.sleep(5))

    job = board.start(run_jobs(fetch, range(4), workers=2, desc="fetch"), name="it")
    await asyncio.sleep(1)
    name = job.runs[0].name
    assert lines() == [
        f"job 1 'it' waits for {name}",
        f"└─ {name} 'fetch': 0 of 4 done",
        f"   ├─ item 0 waits for sleep(5), 4.0 s left, at {HERE}:N",
        f"   └─ item 1 waits for a lock, at {HERE}:N",
    ]


async def test_steps_of_a_workflow_are_named(board: JobBoard) -> None:
    """A workflow stands below its job, with the steps that are under way."""

    class Flow(Workflow):
        @step
        async def embed(self, ev: StartEvent) -> StopEvent:  # noqa: ARG002
            await asyncio.sleep(5)
            return StopEvent()

    async def work() -> None:
        await Flow().run()

    told = await tree_of(work(), board)
    assert told[1:] == [
        "└─ workflow Flow",
        f"   └─ step 'embed' waits for sleep(5), 4.0 s left, at {HERE}:N",
    ]
    assert told[0].startswith("job 1 'it' waits for workflow ")


async def test_job_that_is_waited_for_has_its_own_line(board: JobBoard) -> None:
    """Whoever awaits a job refers to it, and the job's own line comes first."""
    job = board.start(asyncio.sleep(5), name="it")
    other = asyncio.create_task(awaiting(job), name="other")
    await asyncio.sleep(1)
    assert lines() == [
        "job 1 'it' waits for sleep(5), 4.0 s left",
        f"other awaiting() waits for a task, at {HERE}:N",
        "└─ job 1 'it' (see there)",
    ]
    await other


async def test_circle_is_told() -> None:
    """Tasks that wait for each other are all told, and the tree ends."""
    tasks: list[asyncio.Task[None]] = []

    async def wait_for(number: int) -> None:
        await asyncio.wait([tasks[number]])

    tasks += [asyncio.create_task(wait_for(n), name=f"t{1 - n}") for n in (1, 0)]
    await asyncio.sleep(1)
    assert lines() == [
        f"t0 wait_for() waits for a task, at {HERE}:N",
        f"└─ t1 wait_for() waits for a task, at {HERE}:N",
        "   └─ t0 wait_for() (see there)",
    ]
    for task in tasks:
        task.cancel()


async def test_plain_code_that_waits_is_told(board: JobBoard) -> None:
    """Where plain code waits in a portal, the line is the one of that code."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(portal_factory(None, lambda *_: None))

    def plain() -> None:
        wait(asyncio.ensure_future(asyncio.sleep(5)))

    async def work() -> None:
        plain()

    told = await tree_of(work(), board)
    line = plain.__code__.co_firstlineno + 1
    assert told[0] == f"job 1 'it' waits for a task, at {HERE}:N"
    assert f"{HERE}:{line}" in await_tree().lines[0]


async def test_nothing_waits() -> None:
    """An idle loop has an empty tree, which says so."""
    assert repr(await_tree()) == "nothing waits"


def test_without_a_loop_it_says_so() -> None:
    """Where no loop runs there is nothing to ask."""
    with pytest.raises(NoRunningLoopError, match="await_tree"):
        await_tree()


# -- cancelling what a line tells of


async def test_cancelling_a_task_leaves_the_others_alone(board: JobBoard) -> None:
    """The line of a task cancels that task."""
    tasks: list[asyncio.Task[None]] = []

    async def work() -> None:
        tasks.extend(asyncio.create_task(asyncio.sleep(n)) for n in (50, 60))
        await asyncio.wait(tasks)

    job = board.start(work(), name="it")
    await asyncio.sleep(1)
    tree = await_tree(job)
    keys = [row.key for row in tree.rows if "sleep(50)" in row.text]
    assert tree.cancel(keys[0])
    await asyncio.sleep(1)
    assert [task.cancelled() for task in tasks] == [True, False]
    assert job.state == "running"


async def test_worker_of_a_step_is_not_cancelled(board: JobBoard) -> None:
    """A workflow whose worker was cancelled would go on without it: none is offered."""

    class Slow(Workflow):
        @step
        async def rest(self, ev: StartEvent) -> StopEvent:  # noqa: ARG002
            await asyncio.sleep(50)
            return StopEvent()

    async def work() -> None:
        await Slow(timeout=None).run()

    job = board.start(work(), name="it")
    await asyncio.sleep(1)
    rows = [row for row in await_tree(job).rows if "step" in row.text]
    assert [row.key for row in rows] == [None]


async def test_kept_tree_keeps_nothing_alive(board: JobBoard) -> None:
    """A tree that is a value of the notebook refers weakly to tasks and runs."""
    job = board.start(run_jobs(asyncio.sleep, [1], workers=1), name="it")
    await asyncio.sleep(0.5)
    tree = await_tree()
    run = weakref.ref(job.runs[0]._engine)
    await job
    board.clear()
    del job
    gc.collect()
    assert run() is None
    assert not any(tree.cancel(row.key) for row in tree.rows)
