"""`%jobs prompts` and `%jobs answer`, and what of a job waits for a person."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, SecretStr

from notebook_async import approve, ask, choose, jobs, run_jobs
from notebook_async.prompts import HeldPresenter, pending, set_presenter
from notebook_async.widgets import board_text
from notebook_async.widgets._board_rows import board_row
from notebook_async.widgets._subjects import JobSubject
from notebook_async.workflow import (
    Context,
    HumanResponseEvent,
    Question,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.notebooks import Notebook


@pytest.fixture(autouse=True)
def _held(notebook: Notebook) -> Iterator[None]:  # noqa: ARG001 - it loads the extension
    before = set_presenter(HeldPresenter())
    yield
    set_presenter(before)
    jobs.cancel_all()


async def lines(
    notebook: Notebook, cell: str, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """Run a cell and return what it prints, with ids that are always the same."""
    capsys.readouterr()
    await notebook.value(cell)
    first = min((int(one.id.split("-")[1]) for one in pending), default=1)
    out = re.sub(
        r"prompt-(\d+)",
        lambda found: f"prompt-{int(found[1]) - first + 1}",
        capsys.readouterr().out,
    )
    out = re.sub(r"\d\d:\d\d:\d\d", "12:30:05", out)
    # How wide a column is depends on the ids that were given out before.
    return re.sub(r"  +", "  ", out).splitlines()


class Plan(BaseModel):
    """What to do."""

    days: int
    town: str = "Bern"


class Login(BaseModel):
    """A form with a secret in it."""

    password: SecretStr


class Two(Workflow):
    """Two branches that ask."""

    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:  # noqa: ARG002
        """Ask twice at once."""
        found = await asyncio.gather(
            *(
                ctx.wait_for_event(
                    HumanResponseEvent, Question(prefix=text), waiter_id=text
                )
                for text in ("Left?", "Right?")
            )
        )
        return StopEvent(result=[each.response for each in found])


async def of_flow() -> Any:  # noqa: ANN401
    """Await a run."""
    return await Two().run()


async def test_nothing_waits(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a question it says so."""
    assert await lines(notebook, "%jobs prompts", capsys) == ["nothing waits for you"]


async def test_prompts_are_listed(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every question has its id, its job, since when it waits and what time is left."""
    loose = asyncio.create_task(ask("Loose?", timeout=90.0))
    await asyncio.sleep(0)
    triage = jobs.start(of_flow(), name="triage")
    await asyncio.sleep(15)
    assert await lines(notebook, "%jobs prompts", capsys) == [
        "id  job  question  asked  left",
        "prompt-1  Loose?  12:30:05  1:15",
        f"prompt-2  #{triage.id} triage  Left?  12:30:05",
        f"prompt-3  #{triage.id} triage  Right?  12:30:05",
    ]
    listed = await lines(notebook, "%jobs prompts triage", capsys)
    assert [line.split()[0] for line in listed] == [
        "id",
        "prompt-2",
        "prompt-3",
    ]
    loose.cancel()


async def answered(
    notebook: Notebook,
    asking: Any,  # noqa: ANN401
    typed: str,
    capsys: pytest.CaptureFixture[str],
) -> tuple[Any, list[str]]:
    """Answer a question in a cell; return what came of it, and what was said."""
    task = asyncio.create_task(asking)
    await asyncio.sleep(0)
    prompt = pending[-1]
    said = await lines(notebook, f"%jobs answer {prompt.id} {typed}", capsys)
    if prompt.ended is None:
        task.cancel()
        await asyncio.wait([task])
        return None, said
    return await task, said


@pytest.mark.parametrize(
    ("asking", "typed", "value"),
    [
        (lambda: ask("Name?"), "Ada Lovelace", "Ada Lovelace"),
        (lambda: ask("Name?"), "'Ada  L'", "Ada  L"),
        (lambda: ask("How cold?", int), "-3", -3),
        (lambda: ask("How many?", int, default=4), "", 4),
        (lambda: choose("Town?", ["Bern", "Basel"]), "Basel", "Basel"),
        (lambda: choose("Towns?", ["a", "b"], many=True), "a, b", ["a", "b"]),
        (lambda: ask("Numbers", list[int]), "[1, 2]", [1, 2]),
        (lambda: ask("Plan", Plan), '{"days": 3}', Plan(days=3)),
    ],
)
async def test_answer_on_the_command_line(
    notebook: Notebook,
    capsys: pytest.CaptureFixture[str],
    asking: Any,  # noqa: ANN401
    typed: str,
    value: object,
) -> None:
    """What is typed is read as the question wants it."""
    found, said = await answered(notebook, asking(), typed, capsys)
    assert found == value
    assert said[0].startswith("prompt-")


async def test_decision_on_the_command_line(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A decision may have its reason."""
    found, _ = await answered(notebook, approve("Send?"), "no too many", capsys)
    assert (bool(found), found.reason) == (False, "too many")


@pytest.mark.parametrize(
    ("asking", "typed", "said"),
    [
        (lambda: ask("How many?", int), "x", "must be a whole number; it stays open"),
        (lambda: ask("Plan", Plan), "soon", "it stays open"),
        (lambda: ask("Name?"), "", "has no default: give an answer"),
        (lambda: ask("Key?", secret=True), "k", "asks for a secret"),
        (lambda: ask("Login", Login), "{}", "asks for a secret"),
    ],
)
async def test_answer_that_is_not_taken(
    notebook: Notebook,
    capsys: pytest.CaptureFixture[str],
    asking: Any,  # noqa: ANN401
    typed: str,
    said: str,
) -> None:
    """What is wrong is said, and the question stays open."""
    found, told = await answered(notebook, asking(), typed, capsys)
    assert found is None
    assert said in told[0]


async def test_answer_that_comes_too_late(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second answer is refused politely; an unknown id is told what is open."""
    task = asyncio.create_task(ask("Name?"))
    await asyncio.sleep(0)
    key = pending[-1].id
    await lines(notebook, f"%jobs answer {key} Ada", capsys)
    (said,) = await lines(notebook, f"%jobs answer {key} Bob", capsys)
    assert re.search(r"answered already, at .*, by %jobs answer: Ada$", said)
    assert await task == "Ada"
    other = asyncio.create_task(ask("Name?"))
    await asyncio.sleep(0)
    assert await lines(notebook, "%jobs answer nobody x", capsys) == [
        "no question nobody is open; open: prompt-1"
    ]
    other.cancel()
    assert (await notebook.fails("%jobs answer"))[1].startswith("jobs answer: which?")


# -- what the board says


async def test_job_that_only_asks_waits() -> None:
    """A job whose only progress is to wait for a person waits, and is counted."""
    job = jobs.start(of_flow(), name="triage")
    await asyncio.sleep(1)
    row, view = board_row(job), JobSubject(job).view()
    assert (row["phase"], row["now"]) == ("waiting", "2 wait for you: Left?")
    assert (view["phase"], view["bar"]["waiting"]) == ("waiting", 2)
    assert board_text([job]).splitlines()[1].split("  ")[0] == "?"
    assert "waits for you  0:0" in board_text([job])
    for prompt in list(pending):
        prompt.answer("x")
    await job
    row, view = board_row(job), JobSubject(job).view()
    assert (row["phase"], row["now"], view["bar"]["waiting"]) == ("done", "", 0)


async def test_items_that_ask_wait() -> None:
    """Items that ask are counted as waiting; the job runs while others do."""

    async def work(number: int) -> str:
        if number:
            return await ask(f"{number}?", str)
        await asyncio.sleep(5)
        return "slept"

    job = jobs.start(run_jobs(work, range(3), workers=3), name="items")
    await asyncio.sleep(1)
    row = board_row(job)
    assert row["bar"] is not None
    counts = (row["bar"]["running"], row["bar"]["waiting"], row["bar"]["done"])
    assert (row["phase"], counts) == ("running", (1, 2, 0))
    await asyncio.sleep(5)
    row = board_row(job)
    assert row["bar"] is not None
    counts = (row["bar"]["running"], row["bar"]["waiting"], row["bar"]["done"])
    assert (row["phase"], counts) == ("waiting", (0, 2, 1))
    for prompt in list(pending):
        prompt.answer("x")
    assert await job == ["slept", "x", "x"]


async def test_cancelled_job_closes_its_prompts() -> None:
    """Cancelling a job closes its questions, and those of no other."""
    first, second = jobs.start(of_flow()), jobs.start(ask("Other?"))
    await asyncio.sleep(1)
    assert len(pending) == 3
    first.cancel()
    await first.wait()
    await asyncio.sleep(0)
    assert [one.question.text for one in pending] == ["Other?"]
    pending[0].answer("x")
    assert await second == "x"
