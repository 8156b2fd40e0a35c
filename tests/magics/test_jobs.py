"""`%jobs` and its actions, as a terminal shows them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

import pytest
from IPython.core.error import UsageError

from notebook_async import jobs, run_jobs

if TYPE_CHECKING:
    from tests.notebooks import Notebook


@pytest.fixture(autouse=True)
def names(notebook: Notebook) -> None:
    """Give the cells what they need."""
    notebook.shell.push({"asyncio": asyncio, "jobs": jobs})


async def fail() -> NoReturn:
    """Fail at once."""
    raise ValueError("no")


async def shown(
    notebook: Notebook, cell: str, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """Run a cell, and return the lines that it prints."""
    capsys.readouterr()
    await notebook.value(cell)
    return capsys.readouterr().out.splitlines()


async def board_of_four() -> None:
    """Start a job of each kind: done with a run, failed, cancelled, running."""
    jobs.start(run_jobs(asyncio.sleep, [0] * 3), name="index")
    jobs.start(fail(), name="bad")
    jobs.start(asyncio.sleep(9), name="long").cancel()
    await asyncio.sleep(1)
    jobs.start(asyncio.sleep(3600), name="my nap")


async def test_empty_board_says_how_to_start(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty board names the way to start a job."""
    for cell in ("%jobs", "%jobs list", "%jobs -l"):
        lines = await shown(notebook, cell, capsys)
        assert lines == ["no jobs yet: start one with %%arun"]


@pytest.mark.parametrize("cell", ["%jobs", "%jobs list", "%jobs -l", "%jobs list -l"])
async def test_list_shows_all(
    notebook: Notebook, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every job has a row with its glyph, state, time and progress."""
    await board_of_four()
    assert await shown(notebook, cell, capsys) == [
        "   job  name    state      time  progress",
        "✓  #1   index   done       0:00  ✓ 3 done  of 3",
        "✕  #2   bad     failed     0:00  ValueError: no",
        "■  #3   long    cancelled  0:00",
        "▶  #4   my nap  running    0:00",
    ]


@pytest.mark.parametrize("cell", ["%jobs list 2 index", "%jobs -l list 2 index"])
async def test_list_of_some(
    notebook: Notebook, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list can be of some jobs, in the order in which they are named."""
    await board_of_four()
    lines = await shown(notebook, cell, capsys)
    assert [line.split()[2] for line in lines[1:]] == ["bad", "index"]


@pytest.mark.parametrize(
    "cell",
    ["%jobs 1", "%jobs %1", "%jobs nap", "%jobs show 1", "%jobs show %1"],
)
async def test_job_alone_shows_it(
    notebook: Notebook, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that is named without an action is shown with its output."""
    await (await notebook.start("%%arun -n nap\nprint('so far')"))
    lines = await shown(notebook, cell, capsys)
    assert lines == [
        "   job  name  state  time  progress",
        "✓  #1   nap   done   0:00",
        "so far",
        "",
    ]


async def test_quoted_names_may_have_spaces(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name with spaces is put in quotes, with every action."""
    await board_of_four()
    assert await shown(notebook, "%jobs cancel 'my nap'", capsys) == [
        "cancelling job 4 'my nap'"
    ]
    assert await shown(notebook, '%jobs wait "my nap"', capsys) == [
        "■  #4   my nap  cancelled  0:00"
    ]


RUN = """\
%%arun -n sleepy
await run_jobs(asyncio.sleep, [1] * 8, workers=2)
"""


async def test_pause_and_resume_the_runs_of_a_job(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A paused job starts no item until it is resumed, and each says what it did."""
    notebook.shell.push({"run_jobs": run_jobs})
    loop = asyncio.get_running_loop()
    began = loop.time()
    await notebook.start(RUN)
    await asyncio.sleep(0.5)
    assert await shown(notebook, "%jobs pause sleepy", capsys) == [
        "pausing 1 run of job 1 'sleepy'"
    ]
    assert await shown(notebook, "%jobs pause 1", capsys) == [
        "job 1 'sleepy' has no run to pause"
    ]
    await asyncio.sleep(9)
    assert jobs[1].progress.done == 2
    assert await shown(notebook, "%jobs resume 1", capsys) == [
        "resuming 1 run of job 1 'sleepy'"
    ]
    assert await shown(notebook, "%jobs resume 1", capsys) == [
        "job 1 'sleepy' has no paused run"
    ]
    await jobs[1]
    assert loop.time() - began == 12.5
    assert await shown(notebook, "%jobs pause 1", capsys) == [
        "job 1 'sleepy' has already ended (done)"
    ]


async def test_retry_runs_failed_items_of_a_live_job(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Items that failed run again while their job goes on."""
    attempts: list[int] = []

    async def work(number: int) -> int:
        attempts.append(number)
        await asyncio.sleep(1)
        if attempts == [0]:
            raise ConnectionError("try later")
        return number

    work_all = run_jobs(work, range(3), workers=1, on_error="return")
    jobs.start(work_all, name="flaky")
    assert await shown(notebook, "%jobs retry flaky", capsys) == [
        "job 1 'flaky' still runs, and no item of it has failed"
    ]
    await asyncio.sleep(1.5)
    assert await shown(notebook, "%jobs retry flaky", capsys) == [
        "retrying 1 item of job 1 'flaky'"
    ]
    assert await jobs[1] == [0, 1, 2]


async def test_retry_starts_an_ended_job_again(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cell of a job that has ended runs once more, with its name and options."""
    notebook.shell.push({"number": 1})
    cell = "%%arun -n count --into kept\nnumber += 1\nnumber"
    await (await notebook.start(cell))
    await shown(notebook, "%jobs retry count", capsys)
    assert (jobs[2].name, jobs[2].source, await jobs[2]) == (
        "count",
        "number += 1\nnumber\n",
        3,
    )
    assert (jobs[1].result, notebook.shell.user_ns["kept"]) == (2, 3)


async def test_a_coroutine_cannot_be_repeated(notebook: Notebook) -> None:
    """A job that was started with a coroutine alone says why it runs only once."""
    await jobs.start(asyncio.sleep(0), name="nap")
    with pytest.raises(UsageError, match="jobs retry: job 1 cannot be repeated"):
        await notebook.value("%jobs retry nap")


async def test_cancel_says_what_it_does(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Running jobs are cancelled; of ended ones it is said, and nothing changes."""
    await board_of_four()
    assert await shown(notebook, "%jobs cancel 4 1 bad", capsys) == [
        "cancelling job 4 'my nap'",
        "job 1 'index' has already ended (done): nothing to cancel",
        "job 2 'bad' has already ended (failed): nothing to cancel",
    ]
    await jobs[4].wait()
    assert [job.state for job in jobs] == ["done", "failed", "cancelled", "cancelled"]


async def test_unknown_job_stops_before_anything_is_done(notebook: Notebook) -> None:
    """Where one of several jobs is unknown none is cancelled."""
    await board_of_four()
    kind, _ = await notebook.fails("%jobs cancel 4 7")
    await asyncio.sleep(0)
    assert (kind, jobs[4].state) == (UsageError, "running")


async def test_wait_awaits_all_that_run(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """`%jobs wait` waits for running jobs, side by side, and tells how they ended."""
    for seconds in (3, 1):
        jobs.start(asyncio.sleep(seconds), name=f"nap{seconds}")
    assert await shown(notebook, "%jobs wait", capsys) == [
        "✓  #1   nap3  done   0:00",
        "✓  #2   nap1  done   0:00",
    ]
    assert asyncio.get_running_loop().time() == 3.0
    assert await shown(notebook, "%jobs wait", capsys) == []


async def test_wait_for_some(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """`%jobs wait ID` waits for that job only, and does not raise what it raised."""
    for seconds in (3, 1):
        jobs.start(asyncio.sleep(seconds), name=f"nap{seconds}")
    jobs.start(fail(), name="bad")
    assert await shown(notebook, "%jobs wait nap1 bad", capsys) == [
        "✓  #2   nap1  done    0:00",
        "✕  #3   bad   failed  0:00  ValueError: no",
    ]
    assert jobs[1].state == "running"


async def test_interrupted_wait_leaves_the_jobs_alone(notebook: Notebook) -> None:
    """Cancelling a cell that waits for jobs does not cancel these."""
    job = jobs.start(asyncio.sleep(5))
    cell = asyncio.create_task(notebook.run("%jobs wait"))
    await asyncio.sleep(1)
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        (await cell).raise_error()
    assert job.state == "running"


async def test_wait_without_autoawait_says_what_to_write(notebook: Notebook) -> None:
    """Where cells are not awaited, the value says what to put before it."""
    jobs.start(asyncio.sleep(1), name="nap")
    notebook.shell.autoawait = False
    value = await notebook.value("%jobs wait")
    assert repr(value) == "<the end of 1 'nap': put `await` before it>"
    await value
    await jobs[1]
    value = await notebook.value("%jobs wait")
    assert repr(value) == "<the end of no jobs: put `await` before it>"
    await value


async def test_wait_in_a_plain_function_says_that_it_does_not(
    notebook: Notebook,
) -> None:
    """Where nothing can be awaited, `%jobs wait` warns instead of doing nothing."""
    with pytest.warns(RuntimeWarning, match="^`%jobs wait` did not wait: in a plain"):
        await notebook.value("def f():\n    %jobs wait\nf()")


async def test_result_is_the_value_of_the_cell(notebook: Notebook) -> None:
    """One job gives its result, several give a list, and both can be assigned."""
    await notebook.value("%%arun -w -n six\n6")
    await notebook.value("%%arun -w -n seven\n7")
    assert await notebook.value("%jobs result six") == 6
    assert await notebook.value("x = %jobs result six %2\nx") == [6, 7]


async def test_result_of_a_failed_job_raises_it(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """The result of a failed job raises its exception, shown from its own frame on."""
    job = await notebook.start("%%arun -n bad\nraise ValueError('no')")
    await job.wait()
    capsys.readouterr()
    result = await notebook.run("%jobs result bad")
    assert result.error_in_exec is job.exception
    shown = "".join(capsys.readouterr())
    assert "----> 2 raise ValueError('no')" in shown
    assert "notebook_async" not in shown


async def test_result_of_others_is_a_usage_error(notebook: Notebook) -> None:
    """A job that runs or was cancelled has no result, and the message says so."""
    await board_of_four()
    assert await notebook.fails("%jobs result 4") == (
        UsageError,
        "jobs result: job 4 still runs: `await` it, or use %jobs wait 4",
    )
    assert await notebook.fails("%jobs result long") == (
        UsageError,
        "jobs result: job 3 was cancelled and has no result",
    )


async def test_log_prints_what_was_kept(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """`%jobs log` prints all that a job said, and how much is lost."""
    job = await notebook.start("%%arun\nprint('one')\nprint('two')")
    await job
    assert await shown(notebook, "%jobs log 1", capsys) == ["one", "two"]
    job = await notebook.start("%%arun\nprint('x' * 1_000_000 + 'y' * 1_000_000)")
    await job
    lines = await shown(notebook, "%jobs log 2", capsys)
    assert lines == ["… 1,000,001 characters dropped", "y" * 999_999]


@pytest.mark.parametrize(
    ("ended", "message"),
    [(0, "forgot 0 jobs"), (1, "forgot 1 job"), (2, "forgot 2 jobs")],
)
async def test_clear_forgets_ended_jobs(
    notebook: Notebook, ended: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`%jobs clear` forgets what has ended and says how many."""
    for _ in range(ended):
        await jobs.start(asyncio.sleep(0))
    live = jobs.start(asyncio.sleep(9))
    assert await shown(notebook, "%jobs clear", capsys) == [message]
    assert list(jobs) == [live]


async def test_host_tells_where_it_runs(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """`%jobs host` names the host, the loop and what to expect there."""
    lines = await shown(notebook, "%jobs host", capsys)
    assert lines[:4] == [
        "host:       IPython in a terminal",
        (
            "front end:  text; a job stands still at the prompt, unless `%gui asyncio`"
            " is on; `%%arun -w`"
        ),
        "            awaits it",
        "loop:       notebook_async.testing._clock.VirtualClockLoop",
    ]
    topics = [line.partition(":")[0] for line in lines[4:] if line[0] != " "]
    assert topics == ["sync calls", "nesting"]


async def test_tree_tells_what_waits_for_what(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """`%jobs tree` names jobs, cells and lines, of all or of some."""
    await notebook.value("import asyncio\nlock = asyncio.Lock()")
    await notebook.start("%%arun -n one\nasync with lock:\n    await asyncio.sleep(9)")
    await notebook.start("%%arun -n two\n\nasync with lock:\n    pass")
    await asyncio.sleep(1)
    one, two = (
        "job 1 'one' waits for sleep(9), 8.0 s left, at cell [2] line 3",
        "job 2 'two' waits for a lock, at cell [3] line 3",
    )
    assert await shown(notebook, "%jobs tree", capsys) == [one, two]
    assert await shown(notebook, "%jobs tree two", capsys) == [two]


async def test_tree_of_an_ended_job_is_a_usage_error(notebook: Notebook) -> None:
    """A job that has ended waits for nothing."""
    await board_of_four()
    assert await notebook.fails("%jobs tree index") == (
        UsageError,
        "jobs tree: job 1 has ended and waits for nothing",
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--foo", "jobs: unknown option --foo; there are --list"),
        ("--lst", "jobs: unknown option --lst; did you mean --list?"),
        ("indx", "jobs: no job 'indx'; did you mean 'index'?"),
        ("7", "jobs: no job '7'; there are 1, 2, 3, 4, index, bad, long, my nap"),
        (
            "show %7",
            "jobs: no job '%7'; there are 1, 2, 3, 4, index, bad, long, my nap",
        ),
        (
            "cancl 4",
            (
                "jobs: no job 'cancl'; there are 1, 2, 3, 4, index, bad, long, my nap"
                " (or did you mean `%jobs cancel`?)"
            ),
        ),
        ("cancel", "jobs cancel: which? give ids or names of jobs"),
        ("show", "jobs show: which? give ids or names of jobs"),
        ("result", "jobs result: which? give ids or names of jobs"),
        ("log", "jobs log: which? give ids or names of jobs"),
        ("wait indx", "jobs: no job 'indx'; did you mean 'index'?"),
        ("list indx", "jobs: no job 'indx'; did you mean 'index'?"),
        ("clear 3", "jobs clear: takes no jobs, it forgets all that have ended"),
        ("host 3", "jobs host: takes no jobs"),
        ("show 'a", 'jobs: No closing quotation in "show \'a"'),
    ],
)
async def test_bad_input_says_what_is_right(
    notebook: Notebook, line: str, message: str
) -> None:
    """Bad input is a usage error with the repair, and nothing is lost."""
    await board_of_four()
    assert await notebook.fails(f"%jobs {line}") == (UsageError, message)
    assert len(jobs) == 4


async def test_help_shows_examples(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """`%jobs?` shows how each action is written."""
    await notebook.run("%jobs?")
    text = capsys.readouterr().out
    assert "List and control the jobs that %%arun has started." in text
    assert "%jobs cancel 3 index  cancel two" in text


async def test_job_as_a_value_shows_itself(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that is a cell's value is shown when it has ended, as a line of text."""
    await jobs.start(asyncio.sleep(0), name="nap")
    lines = await shown(notebook, "jobs[1]", capsys)
    assert lines[-1].endswith("✓ done  nap  #1 · 0:00")
