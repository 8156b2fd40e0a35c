"""The queue of pending questions: in order, each answered once, from any thread."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import approve, ask, choose, jobs
from notebook_async.core import QuestionRecord, add_hook
from notebook_async.errors import PromptCancelledError, PromptTimeout
from notebook_async.prompts import Answered, Prompt, Reply, pending, set_presenter

if TYPE_CHECKING:
    from conftest import Asked


def ends() -> list[tuple[str, str, str]]:
    """Return how the questions ended that the queue remembers."""
    return [(one.text, one.end, one.shown) for one in pending.history]


async def test_answer_comes_while_others_work(asked: Asked) -> None:
    """The task that asks waits for its answer, and other tasks go on meanwhile."""
    ticks = []

    async def tick() -> None:
        for number in itertools.count():
            ticks.append(number)
            await asyncio.sleep(1)

    ticking = asyncio.create_task(tick())
    task, prompt = await asked(ask("Your name?"))
    await asyncio.sleep(4.5)
    assert (len(ticks), task.done()) == (5, False)
    assert prompt.answer("Ada", how="in the form") == Reply(
        status="accepted", message="answered: Ada"
    )
    assert await task == "Ada"
    ticking.cancel()


@pytest.mark.usefixtures("held")
async def test_ten_at_once_get_their_own_answers() -> None:
    """Ten parallel questions each get their own answer, in whichever order."""
    for order in ([3, 1, 4, 0, 5, 9, 2, 6, 8, 7], range(10), range(9, -1, -1)):
        tasks = [asyncio.create_task(ask(f"Number {n}?", int)) for n in range(10)]
        await asyncio.sleep(0)
        prompts = list(pending)
        assert [one.question.text for one in prompts] == [
            f"Number {n}?" for n in range(10)
        ]
        for n in order:
            assert prompts[n].answer(str(n * n))
        assert await asyncio.gather(*tasks) == [n * n for n in range(10)]


async def test_second_answer_is_refused_politely(asked: Asked) -> None:
    """A second answer changes nothing, and hears when and how the first came."""
    task, prompt = await asked(ask("Your name?"))
    prompt.answer("Ada", how="in the form")
    reply = prompt.answer("Bob", how="by %jobs")
    ended = prompt.ended
    assert ended is not None
    assert (reply.status, bool(reply), reply.ended) == ("closed", False, ended)
    want = f"answered already, at {ended.when}, in the form: Ada"
    assert reply.message == want
    assert await task == "Ada"


async def test_unknown_question_is_said_to_be(asked: Asked) -> None:
    """An answer to what nobody asked is no error either."""
    for key in ("prompt-0", None, 7, ["a"], "a" * 1000):
        assert pending.answer(key, "x").status == "unknown"
        assert pending.cancel(key).status == "unknown"
        assert pending.take_default(key).status == "unknown"
    task, prompt = await asked(ask("Your name?"))
    assert pending.answer(prompt.id, "x")
    await task


async def test_wrong_then_right(asked: Asked) -> None:
    """A wrong answer leaves the question open, with what was typed and why not."""
    task, prompt = await asked(ask("How many?", int, min=1, max=10))
    reply = prompt.answer("11")
    assert reply == Reply(
        status="refused",
        message="must be at most 10",
        errors={"": "must be at most 10"},
    )
    assert (prompt.draft, prompt.errors) == ("11", {"": "must be at most 10"})
    assert not task.done()
    assert prompt.answer("10")
    assert await task == 10
    assert (prompt.draft, prompt.errors) == (None, {})


async def test_cancel_is_an_error_for_the_asker(asked: Asked) -> None:
    """A question that a person declines raises, with the reason."""
    task, prompt = await asked(ask("Your name?"))
    assert pending.cancel(prompt.id, "not today", how="in the form")
    with pytest.raises(
        PromptCancelledError, match=r"^'Your name\?' was cancelled: not today$"
    ) as caught:
        await task
    assert (caught.value.question, caught.value.reason) == ("Your name?", "not today")
    assert ends() == [("Your name?", "cancelled", "not today")]
    assert prompt.cancel().status == "closed"


async def test_cancelling_the_task_closes_its_question(asked: Asked) -> None:
    """A cancelled task leaves no question; the answer that comes later is refused."""
    task, prompt = await asked(ask("Your name?"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(pending) == 0
    reply = prompt.answer("Ada")
    assert reply.status == "closed"
    assert reply.message.endswith("whoever asked was cancelled")


async def test_cancelling_a_job_closes_its_questions(held: None) -> None:  # noqa: ARG001
    """The questions of a job close with it, those of others stay."""
    job = jobs.start(ask("In the job?"), name="asks")
    task = asyncio.create_task(ask("Outside?"))
    await asyncio.sleep(0.1)
    sources = {one.question.text: one.question.source for one in pending}
    assert sources == {"In the job?": (f"job-{job.id}",), "Outside?": ()}
    assert {one.question.job for one in pending} == {f"job-{job.id}", None}
    job.cancel()
    await job.wait()
    assert [one.question.text for one in pending] == ["Outside?"]
    pending[-1].answer("yes")
    assert await task == "yes"


# -- time


async def test_default_is_taken_at_zero(asked: Asked) -> None:
    """At the end of its time a question with a default takes it, not before."""
    now = asyncio.get_running_loop().time
    task, prompt = await asked(ask("How many?", int, default=3, timeout=30))
    question = prompt.question
    assert question.deadline is not None
    assert question.deadline - question.created == pytest.approx(30)
    await asyncio.sleep(29)
    assert (prompt.remaining, task.done()) == (1.0, False)
    assert await task == 3
    assert now() == 30.0
    assert ends() == [("How many?", "default", "3")]
    assert pending.history[-1].how == "nobody answered within 30 s"
    assert prompt.remaining == 0.0


async def test_time_out_without_default(asked: Asked) -> None:
    """Without a default the end of its time raises, with the facts."""
    task, prompt = await asked(approve("Send?", timeout=2.5))
    with pytest.raises(
        PromptTimeout, match=r"^'Send\?' was not answered within 2\.5 s$"
    ) as caught:
        await task
    assert (caught.value.question, caught.value.timeout) == ("Send?", 2.5)
    assert isinstance(caught.value, TimeoutError)
    assert asyncio.get_running_loop().time() == 2.5
    assert prompt.answer(raw=True).message.startswith("its time was over, at ")


async def test_answer_in_time_stops_the_clock(asked: Asked) -> None:
    """An answered question leaves no timer behind."""
    task, prompt = await asked(ask("How many?", int, default=3, timeout=30))
    await asyncio.sleep(29)
    prompt.answer(4)
    await asyncio.sleep(10)
    assert await task == 4
    assert ends() == [("How many?", "answered", "4")]


async def test_person_may_take_the_default(asked: Asked) -> None:
    """A front end may answer by the default; there must be one."""
    task, prompt = await asked(ask("How many?", int, default=3))
    assert prompt.take_default(how="in the form")
    assert await task == 3
    task, prompt = await asked(ask("How many?", int))
    assert prompt.take_default().errors == {"": "has no default"}
    prompt.answer(1)
    await task


# -- threads


async def test_answers_come_from_any_thread(asked: Asked) -> None:
    """Of many threads that answer at once exactly one is accepted, and it counts."""
    for _ in range(20):
        task, prompt = await asked(ask("Number?", int))
        barrier, replies = threading.Barrier(8), []

        def answer(
            number: int,
            prompt: Prompt = prompt,
            barrier: threading.Barrier = barrier,
            replies: list[tuple[int, Reply]] = replies,
        ) -> None:
            barrier.wait()
            replies.append((number, prompt.answer(number, how="in a thread")))

        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(8) as pool:
            await asyncio.gather(
                *(loop.run_in_executor(pool, answer, n) for n in range(8))
            )
        accepted = [number for number, reply in replies if reply]
        assert [await task] == accepted
        assert len(replies) == 8
        assert {reply.status for _, reply in replies} == {"accepted", "closed"}


# -- who is told


async def test_records_tell_that_a_person_is_asked(asked: Asked) -> None:
    """Records say who waits and how that ended, and never the answer."""
    told: list[QuestionRecord] = []
    with add_hook(told.append, QuestionRecord):
        for finish in ("answer", "timeout", "cancel", "task", "default"):
            default: dict[str, Any] = {"default": "d"} if finish == "default" else {}
            task, prompt = await asked(ask(f"{finish}?", timeout=5, **default))
            if finish == "answer":
                prompt.answer("the answer")
            elif finish == "cancel":
                prompt.cancel("no")
            elif finish == "task":
                task.cancel()
            await asyncio.wait([task])
            task.cancelled() or task.exception()
    assert [(one.text, one.phase) for one in told] == [
        ("answer?", "waiting"),
        ("answer?", "done"),
        ("timeout?", "waiting"),
        ("timeout?", "failed"),
        ("cancel?", "waiting"),
        ("cancel?", "cancelled"),
        ("task?", "waiting"),
        ("task?", "cancelled"),
        ("default?", "waiting"),
        ("default?", "done"),
    ]
    assert "the answer" not in repr(told)
    assert len({one.question for one in told}) == 5


async def test_changes_are_told(asked: Asked, caplog: pytest.LogCaptureFixture) -> None:
    """A callback hears of each change until it is removed; one that fails is logged."""
    told = []

    def fail(change: str, prompt: Prompt) -> None:  # noqa: ARG001
        raise RuntimeError("viewer")

    failing = pending.on_change(fail)
    watching = pending.on_change(lambda change, one: told.append((change, one.id)))
    task, prompt = await asked(ask("How many?", int))
    prompt.answer("x")
    prompt.answer("1")
    await task
    watching.remove()
    watching.remove()
    failing.remove()
    task, other = await asked(ask("And now?"))
    other.answer("a")
    await task
    assert told == [(change, prompt.id) for change in ("asked", "refused", "closed")]
    assert len(caplog.records) == 3


class Front:
    """A front end that writes down what it is told."""

    def __init__(self, *, fails: str = "") -> None:
        self.told: list[tuple[str, Any]] = []
        self.fails = fails

    def can_present(self) -> bool:
        """Say that it can."""
        return True

    def present(self, prompt: Prompt) -> Front:
        """Take note."""
        if self.fails == "present":
            raise RuntimeError("no screen")
        self.told.append(("present", prompt.question.text))
        return self

    def close(self, ended: Answered) -> None:
        """Take note."""
        self.told.append((ended.end, ended.shown))
        if self.fails == "close":
            raise RuntimeError("no screen")


async def test_front_end_shows_and_closes() -> None:
    """A front end is given each question once, and how it ended."""
    front = Front()
    set_presenter(front)
    task = asyncio.create_task(ask("Your name?"))
    await asyncio.sleep(0)
    pending[-1].answer("Ada")
    await task
    task = asyncio.create_task(choose("Town?", ["Bern"]))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert front.told == [
        ("present", "Your name?"),
        ("answered", "Ada"),
        ("present", "Town?"),
        ("cancelled", ""),
    ]


async def test_front_end_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """Failing to show a question is an error of `ask`; failing to close it is none."""
    set_presenter(Front(fails="present"))
    with pytest.raises(RuntimeError, match=r"^no screen$"):
        await ask("Your name?")
    assert len(pending) == 0
    set_presenter(Front(fails="close"))
    task = asyncio.create_task(ask("Your name?"))
    await asyncio.sleep(0)
    pending[-1].answer("Ada")
    assert await task == "Ada"
    assert len(caplog.records) == 1


async def test_history_is_bounded(asked: Asked) -> None:
    """The queue remembers the last hundred."""
    for number in range(120):
        task, prompt = await asked(ask(f"{number}?"))
        prompt.answer("a")
        await task
    assert [one.text for one in pending.history] == [f"{n}?" for n in range(20, 120)]


async def test_queue_finds_its_questions(asked: Asked) -> None:
    """Open questions are found by id and by place."""
    task, prompt = await asked(ask("Your name?"))
    assert pending[prompt.id] is pending[0] is pending.get(prompt.id) is prompt
    assert (len(pending), repr(pending)) == (1, "<PromptQueue 1 open>")
    assert pending.get("x") is None
    with pytest.raises(KeyError):
        pending["x"]
    prompt.answer("Ada")
    await task
    assert repr(prompt) == f"<Prompt {prompt.id} 'Your name?' answered>"
