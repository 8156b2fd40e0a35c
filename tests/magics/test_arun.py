"""`%%arun` and its options."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from IPython.core.error import UsageError

from notebook_async import Job, jobs

if TYPE_CHECKING:
    from tests.notebooks import Notebook


OPTIONS = [
    "--name",
    "--wait",
    "--timeout",
    "--into",
    "--quiet",
    "--no-panel",
    "--keep-going",
    "--time",
]


@pytest.fixture(autouse=True)
def names(notebook: Notebook) -> None:
    """Give the cells what they need."""
    notebook.shell.push({"asyncio": asyncio, "jobs": jobs, "told": []})


def now() -> float:
    """Return the virtual time."""
    return asyncio.get_running_loop().time()


# --- in the background, and awaited -------------------------------------------------


async def test_cell_ends_at_once(notebook: Notebook) -> None:
    """The cell ends without a value while its job runs; the job has the last value."""
    result = await notebook.run("%%arun\nawait asyncio.sleep(5)\n42")
    assert (result.success, result.result, now()) == (True, None, 0.0)
    job = jobs[1]
    assert (job.state, job.cell, job.source) == (
        "running",
        1,
        "await asyncio.sleep(5)\n42\n",
    )
    assert await job == 42
    assert now() == 5.0


async def test_job_takes_its_first_step_in_the_cell(notebook: Notebook) -> None:
    """What a job does before its first await is done when the cell ends."""
    await notebook.value("%%arun\ntold.append('first')\nawait asyncio.sleep(1)")
    assert notebook.shell.user_ns["told"] == ["first"]


async def test_other_cells_run_meanwhile(notebook: Notebook) -> None:
    """Jobs and cells share the notebook's names and its loop."""
    job = await notebook.start(
        "%%arun\nfor n in range(3):\n    await asyncio.sleep(1)\n    told.append(n)"
    )
    assert await notebook.value("1 + 1") == 2
    await notebook.value("await asyncio.sleep(1.5)\ntold.append('cell')")
    await job
    assert notebook.shell.user_ns["told"] == [0, "cell", 1, 2]


async def test_wait_gives_the_value_to_the_cell(notebook: Notebook) -> None:
    """With `--wait` the cell's value is the last one, and `_` has it too."""
    assert await notebook.value("%%arun -w\nawait asyncio.sleep(2)\n42") == 42
    assert (now(), notebook.shell.user_ns["_"]) == (2.0, 42)
    assert await notebook.value("%%arun --wait\nx = 1") is None


async def test_wait_raises_in_the_cell(notebook: Notebook) -> None:
    """With `--wait` a failure is the cell's, unchanged, so that Run All stops."""
    result = await notebook.run("%%arun -w\n{}['key']")
    assert isinstance(result.error_in_exec, KeyError)
    assert result.error_in_exec is jobs[1].exception


async def test_interrupt_of_a_waiting_cell_cancels_its_job(notebook: Notebook) -> None:
    """Cancelling a cell that waits cancels its job alone, and waits for its cleanup."""
    other = await notebook.start("%%arun\nawait asyncio.sleep(100)")
    waiting = (
        "%%arun -w\n"
        "try:\n    await asyncio.sleep(100)\n"
        "finally:\n    await asyncio.sleep(2)\n    told.append('clean')"
    )
    cell = asyncio.create_task(notebook.run(waiting))
    await asyncio.sleep(1)
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        (await cell).raise_error()
    assert now() == 3.0
    assert notebook.shell.user_ns["told"] == ["clean"]
    assert (jobs[2].state, other.state) == ("cancelled", "running")


async def test_job_cancelled_while_its_cell_waits(notebook: Notebook) -> None:
    """A cell whose job is cancelled from elsewhere ends quietly, without a value."""
    cell = asyncio.create_task(notebook.value("%%arun -w\nawait asyncio.sleep(100)"))
    await asyncio.sleep(1)
    jobs[1].cancel()
    assert await cell is None
    assert jobs[1].state == "cancelled"


async def test_jobs_start_jobs(notebook: Notebook) -> None:
    """A cell of a job may start a job of its own, by the magic and by the board."""
    await notebook.value("%%arun -w\ninner = jobs.start(asyncio.sleep(1, 'in'))\nNone")
    assert await jobs[2] == "in"
    await notebook.value("%%arun -w\n%jobs wait 2\ntold.append('waited')")
    assert notebook.shell.user_ns["told"] == ["waited"]


# --- options ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("%%arun -n index\n1", "index"),
        ("%%arun --name index\n1", "index"),
        ("%%arun --name=index\n1", "index"),
        ('%%arun -n "my index"\n1', "my index"),
        ("%%arun -n 'my index'\n1", "my index"),
        ("%%arun --name='my index'\n1", "my index"),
        ("%%arun -n {braces}$dollar\n1", "{braces}$dollar"),
        ("%%arun\n\n  # first\nx = 1", "# first"),
        (f"%%arun\n{'x' * 50} = 1", "x" * 39 + "…"),
        (f"%%arun\n{'x' * 38}=1", "x" * 38 + "=1"),
    ],
)
async def test_name_is_given_or_the_first_line(
    notebook: Notebook, cell: str, name: str
) -> None:
    """A job is named as asked, without the quotes, or by its first line, shortened."""
    job = await notebook.start(cell)
    assert job.name == name
    await job


async def test_timeout_fails_the_job_where_it_was(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job over its time fails with an error that shows its own line."""
    job = await notebook.start("%%arun --timeout 1.5\n\nawait asyncio.sleep(100)")
    await job.wait()
    assert now() == 1.5
    assert (job.state, repr(job.exception)) == (
        "failed",
        "TimeoutError('the job ran longer than --timeout 1.5 s')",
    )
    assert "----> 3 await asyncio.sleep(100)" in job.output.text
    capsys.readouterr()
    await notebook.run("await jobs[1]")
    shown = "".join(capsys.readouterr())
    assert "----> 3 await asyncio.sleep(100)" in shown
    assert "asyncio/timeouts.py" not in shown


async def test_own_timeout_is_not_taken_for_it(notebook: Notebook) -> None:
    """A TimeoutError of the job's own stays as it is."""
    job = await notebook.start("%%arun --timeout 9\nraise TimeoutError('mine')")
    await job.wait()
    assert repr(job.exception) == "TimeoutError('mine')"


async def test_timeout_leaves_quick_jobs_alone(notebook: Notebook) -> None:
    """A job within its time ends well."""
    assert await notebook.value("%%arun -w --timeout 2\nawait asyncio.sleep(1, 5)") == 5


@pytest.mark.parametrize("wait", ["", "-w"])
async def test_into_assigns_when_the_job_is_done(notebook: Notebook, wait: str) -> None:
    """The last value is assigned to a variable, once it is there."""
    job = await notebook.start(f"%%arun {wait} --into found\nawait asyncio.sleep(1, 7)")
    if not wait:
        assert "found" not in notebook.shell.user_ns
    await job
    assert notebook.shell.user_ns["found"] == 7


async def test_into_assigns_nothing_when_the_job_fails(notebook: Notebook) -> None:
    """A failing job leaves the variable as it was."""
    notebook.shell.user_ns["found"] = "before"
    await notebook.run("%%arun -w --into found\n1/0")
    assert notebook.shell.user_ns["found"] == "before"


async def test_keep_going_shows_the_failure_and_goes_on(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--wait --keep-going` the traceback is shown once, and the cell succeeds."""
    result = await notebook.run("%%arun -w --keep-going\n1/0")
    assert (result.success, result.result) == (True, None)
    shown = capsys.readouterr().out
    assert shown.count("----> 2 1/0") == 1
    assert jobs[1].state == "failed"


async def test_keep_going_gives_the_value_of_a_job_that_ends_well(
    notebook: Notebook,
) -> None:
    """`--keep-going` changes nothing where nothing fails."""
    assert await notebook.value("%%arun -w --keep-going\n42") == 42


@pytest.mark.parametrize("cell", ["%%arun -w --time\n1", "%%time\n%%arun -w\n1"])
async def test_time_tells_the_wall_time(
    notebook: Notebook, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--time`, and `%%time` above, print the wall time and keep the value."""
    assert await notebook.value(cell) == 1
    assert capsys.readouterr().out.splitlines()[0].startswith("Wall time: ")


async def test_time_of_a_background_job_is_in_its_log(notebook: Notebook) -> None:
    """The wall time of a background job goes to its log, also if it fails."""
    job = await notebook.start("%%time\n%%arun\n1/0")
    await job.wait()
    kinds = [stream for stream, _ in job.output.read().chunks]
    assert kinds == ["error", "stdout"]
    assert job.output.text.splitlines()[-1].startswith("Wall time: ")


# --- what a terminal shows ----------------------------------------------------------


async def test_terminal_shows_prints_value_and_end(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a terminal a background job prints as it goes, then its value and its end."""
    job = await notebook.start("%%arun -n nap\nprint('hi')\nawait asyncio.sleep(1)\n42")
    await job
    assert capsys.readouterr().out == "hi\n42\n✓ done  nap  #1 · cell [1] · 0:00\n"


async def test_terminal_shows_the_traceback_of_a_background_job(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a terminal a failing background job shows its traceback, then its end."""
    job = await notebook.start("%%arun -n bad\nawait asyncio.sleep(1)\n1/0")
    await job.wait()
    shown = capsys.readouterr().out
    assert shown.count("----> 3 1/0") == 1
    assert shown.splitlines()[-2:] == [
        "✕ failed  bad  #1 · cell [1] · 0:00",
        "  ✕ ZeroDivisionError: division by zero",
    ]


async def test_waiting_cell_shows_a_failure_once(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cell that waits shows the traceback of its job once."""
    await notebook.run("%%arun -w\n1/0")
    assert "".join(capsys.readouterr()).count("----> 2 1/0") == 1


@pytest.mark.parametrize("wait", ["", "-w"])
async def test_quiet_job_prints_no_end(
    notebook: Notebook, wait: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A quiet job that ends well shows no line about itself."""
    job = await notebook.start(f"%%arun --quiet {wait}\nawait asyncio.sleep(1)")
    await job
    assert capsys.readouterr().out == ""


async def test_quiet_job_tells_its_failure(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A quiet job that fails says so."""
    job = await notebook.start("%%arun --quiet -n bad\nawait asyncio.sleep(1)\n1/0")
    await job.wait()
    assert "✕ failed  bad  #1" in capsys.readouterr().out


# --- bad input ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--nme a", "unknown option --nme; did you mean --name?"),
        ("--keepgoing", "unknown option --keepgoing; did you mean --keep-going?"),
        ("--wiat", "unknown option --wiat; did you mean --wait?"),
        ("-q", "unknown option -q; did you mean --quiet?"),
        ("--zzz", f"unknown option --zzz; there are {', '.join(OPTIONS)}"),
        ("-n", "argument -n/--name: expected one argument"),
        ("--timeout 0", "argument --timeout: expected seconds > 0, got '0'"),
        ("--timeout -1", "argument --timeout: expected seconds > 0, got '-1'"),
        ("--timeout=-1", "argument --timeout: expected seconds > 0, got '-1'"),
        ("--timeout nan", "argument --timeout: expected seconds > 0, got 'nan'"),
        ("--timeout inf", "argument --timeout: expected seconds > 0, got 'inf'"),
        ("--timeout x", "argument --timeout: expected seconds, as in 2.5; got 'x'"),
        ("--into 3x", "argument --into: expected the name of a variable, got '3x'"),
        ("--into a.b", "argument --into: expected the name of a variable, got 'a.b'"),
        ("--into for", "argument --into: expected the name of a variable, got 'for'"),
        ('-n "a', "No closing quotation in '-n \"a'"),
    ],
)
async def test_bad_options_say_what_is_right(
    notebook: Notebook, line: str, message: str
) -> None:
    """A bad option is a usage error with the repair, and starts no job."""
    cell = f"%%arun {line}\ntold.append('ran')"
    assert await notebook.fails(cell) == (UsageError, f"arun: {message}")
    assert (len(jobs), notebook.shell.user_ns["told"]) == (0, [])


async def test_stray_words_are_refused(notebook: Notebook) -> None:
    """Code on the magic's line is refused, with the options that there are."""
    kind, message = await notebook.fails("%%arun zzz + 1\n1")
    assert kind is UsageError
    assert message.startswith("arun: unknown option zzz; there are --name, --wait, ")


@pytest.mark.parametrize("body", ["\n", "\n   \n\n"])
async def test_empty_cell_is_refused(notebook: Notebook, body: str) -> None:
    """A cell without code is a usage error, and starts no job."""
    kind, message = await notebook.fails(f"%%arun{body}")
    assert kind is UsageError
    assert "empty" in message
    assert len(jobs) == 0


async def test_empty_body_says_where_code_goes(notebook: Notebook) -> None:
    """A body of blank lines gets our own words."""
    with pytest.raises(
        UsageError,
        match=r"^arun: the cell is empty; put code below the %%arun line$",
    ):
        notebook.shell.run_cell_magic("arun", "", " \n\n")


async def test_wait_needs_autoawait(notebook: Notebook) -> None:
    """Where cells are not awaited, `--wait` says what to turn on."""
    notebook.shell.autoawait = False
    assert await notebook.fails("%%arun -w\n1") == (
        UsageError,
        "arun: --wait needs `%autoawait on`, so that the cell can be awaited",
    )
    assert len(jobs) == 0


async def test_background_works_without_autoawait(notebook: Notebook) -> None:
    """Where cells are not awaited but a loop runs, background jobs run all the same."""
    notebook.shell.autoawait = False
    result = await notebook.run("%%arun\nawait asyncio.sleep(1, 5)")
    assert (result.success, result.result) == (True, None)
    assert await jobs[1] == 5


def test_without_a_loop_it_says_what_to_turn_on(notebook: Notebook) -> None:
    """Where no loop runs at all, the error names the switch."""
    with pytest.raises(
        UsageError, match=r"^arun: no event loop runs here; turn `%autoawait on`, so"
    ):
        notebook.shell.run_cell_magic("arun", "", "1\n")


async def test_help_lists_the_options(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """`%%arun?` shows what it does and every option, in people's words."""
    await notebook.run("%%arun?")
    shown = capsys.readouterr().out
    assert "Run the cell as a job on the kernel's own loop." in shown
    for line in (
        "-n NAME, --name NAME  name of the job; by default its first line",
        "-w, --wait            await the job in the cell; an interrupt cancels it",
        "--timeout S           cancel the job after S seconds",
        "--quiet               show nothing, unless the job fails; %jobs has it all",
    ):
        assert line in shown


async def test_value_of_magic_called_by_hand_is_awaitable(notebook: Notebook) -> None:
    """Called from code, the magic returns what the cell would await."""
    code = "%%arun -w\n6 * 7"
    magic = notebook.shell.run_cell_magic("arun", "-w", "6 * 7\n")
    assert await magic == 42
    assert await notebook.value(code) == 42
    assert all(isinstance(job, Job) for job in jobs)
