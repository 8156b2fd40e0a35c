"""The live panel of a question: what it tells, and what pages may send."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from notebook_async import approve, ask, choose
from notebook_async.errors import PromptCancelledError, PromptTimeout
from notebook_async.prompts import (
    Approval,
    HeldPresenter,
    Prompt,
    UploadedFile,
    pending,
    set_presenter,
)
from notebook_async.testing import VirtualClockLoop
from notebook_async.widgets.prompt_panel import PromptPanel
from tests.widgets.comms import Browser, most_in_a_second

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

pytestmark = pytest.mark.usefixtures("comms")

EVIL = "<img src=x onerror=alert(1)>"


class Home(BaseModel):
    """Where somebody lives."""

    street: str = Field(min_length=2)
    key: SecretStr = SecretStr("")


class Plan(BaseModel):
    """One of several kinds of fields."""

    title: Annotated[str, Field(min_length=3)]
    days: int = 3
    homes: list[Home] = []
    files: list[UploadedFile] = []


class _Presenter:
    """Shows questions in panels alone."""

    panels: list[PromptPanel]

    def __init__(self) -> None:
        self.panels = []

    def can_present(self) -> bool:
        return True

    def present(self, prompt: Prompt) -> Any:  # noqa: ANN401
        panel = PromptPanel(prompt)
        self.panels.append(panel)

        class Shown:
            """Closes the panel."""

            close = staticmethod(panel.finish)

        return Shown


@pytest.fixture
def presenter() -> Iterator[_Presenter]:
    """Install a presenter, and prove that each test closes its questions."""
    mine = _Presenter()
    before = set_presenter(mine)
    yield mine
    set_presenter(before)
    assert list(pending) == []


async def show(
    presenter: _Presenter, asking: Coroutine[Any, Any, Any]
) -> tuple[asyncio.Task[Any], Browser]:
    """Ask, and return the task that asks and the other end of the panel."""
    task = asyncio.ensure_future(asking)
    await asyncio.sleep(0)
    browser = Browser(presenter.panels[-1])
    browser.say({"type": "visible", "visible": True})
    await asyncio.sleep(0)
    return task, browser


def question(browser: Browser) -> dict[str, Any]:
    """Return the question as the page has it."""
    told: dict[str, Any] = browser.panel.question
    return told


def send_piece(browser: Browser, piece: bytes, **content: Any) -> None:  # noqa: ANN401
    """Send a piece of a file."""
    message = {"type": "piece", "upload": "u", "name": "a.txt", "at": 0}
    message |= {"media_type": "text/plain", "size": len(piece), **content}
    browser.panel._handle_custom_msg(message, [memoryview(piece)])


# -- what is told


async def test_question_goes_as_data(presenter: _Presenter) -> None:
    """A page gets the words, the form and the time that is left."""
    asking = ask("How many?", int, default=3, min=1, timeout=60, help="of all")
    task, browser = await show(presenter, asking)
    told = question(browser)
    assert told["text"] == "How many?"
    assert told["form"]["fields"] == [
        {
            "name": "",
            "kind": "integer",
            "label": "How many?",
            "default": 3,
            "minimum": 1,
        }
    ]
    assert (told["remaining"], told["timeout"]) == (60.0, 60.0)
    assert told["otherwise"] == "else the default: 3"
    assert (told["help"], told["fresh"], told["asker"]) == ("of all", True, "")
    await asyncio.sleep(60)
    assert await task == 3


async def test_page_that_loads_later_knows_the_time(presenter: _Presenter) -> None:
    """A page that is loaded anew gets what is left, and takes no focus."""
    task, browser = await show(presenter, ask("Name?", timeout=60))
    await asyncio.sleep(20)
    state = browser.panel.get_state()
    assert state["question"]["remaining"] == 40.0
    assert state["question"]["fresh"] is False
    assert state["question"]["otherwise"] == "else it fails"
    await asyncio.sleep(40)
    with pytest.raises(PromptTimeout, match="Name"):
        await task
    assert browser.panel.record["how"] == "timed out: nobody answered within 60 s"
    assert browser.panel.record["end"] == "timeout"


@pytest.mark.parametrize(
    ("asking", "words"),
    [
        (ask("?", default="a", timeout=1), "else the default: a"),
        (ask("?", bool, default=False, timeout=1), "else the default: no"),
        (approve("?", default=True, timeout=1), "else the default: approved"),
        (choose("?", ["a", "b"], many=True, default=["a", "b"], timeout=1), "a, b"),
        (ask("?", secret=True, default="hidden", timeout=1), "else the default"),
        (ask("?", Home, default=Home(street="a b"), timeout=1), "else the default"),
    ],
    ids=["text", "bool", "decision", "many", "secret", "form"],
)
async def test_what_happens_at_the_end(
    presenter: _Presenter, asking: Coroutine[Any, Any, Any], words: str
) -> None:
    """The countdown says which default is taken, and no secret one."""
    task, browser = await show(presenter, asking)
    assert question(browser)["otherwise"].removeprefix("else the default: ") == (
        words.removeprefix("else the default: ")
    )
    await task
    assert browser.panel.record["end"] == "default"
    assert browser.panel.record["how"] == (
        "the default, for nobody answered within 1 s"
    )


async def test_wild_texts_and_numbers_are_sent(presenter: _Presenter) -> None:
    """Whatever a question holds, a page can read it: markup stays text."""
    asking = ask(EVIL + "\ud800", float, default=float("inf"), max=1e400)
    task, browser = await show(presenter, asking)
    told = question(browser)
    assert told["text"] == EVIL + "?"
    assert told["default"] == "inf"
    json.dumps(told, allow_nan=False).encode()
    browser.say({"type": "answer", "value": "2.5"})
    assert await task == 2.5


async def test_text_detail_is_in_the_panel(presenter: _Presenter) -> None:
    """A decision's detail goes along where it is text, and no other object does."""
    for detail, told in (("214 mails", "214 mails"), (object(), "")):
        task, browser = await show(presenter, approve("Send?", detail=detail))
        assert question(browser)["detail"] == told
        browser.say({"type": "answer", "value": {"approved": True, "reason": None}})
        assert await task == Approval(approved=True)


# -- answers


async def test_answer_leaves_its_record(presenter: _Presenter) -> None:
    """An answer closes the question, and the panel has nothing but its record."""
    task, browser = await show(presenter, ask("Your name?"))
    await asyncio.sleep(5)
    browser.say({"type": "answer", "value": "Ada"})
    assert await task == "Ada"
    record = dict(browser.panel.record)
    record.pop("when")
    assert record == {
        "text": "Your name?",
        "end": "answered",
        "shown": "Ada",
        "how": "typed",
        "after": "0:00",
    }
    assert (browser.panel.question, browser.panel.refused) == ({}, {})
    (state,) = [data["state"] for _, _, data in browser.comm.sent if "state" in data]
    assert sorted(state) == ["question", "record"]


@pytest.mark.parametrize(
    ("asking", "value", "told"),
    [
        (choose("?", ["a", "b"]), "b", ("b", "chosen", "answered")),
        (
            approve("?"),
            {"approved": True, "reason": "fine"},
            ("approved: fine", "by button", "answered"),
        ),
        (
            approve("?"),
            {"approved": False, "reason": None},
            ("rejected", "by button", "rejected"),
        ),
    ],
    ids=["choice", "approved", "rejected"],
)
async def test_records_tell_how(
    presenter: _Presenter,
    asking: Coroutine[Any, Any, Any],
    value: object,
    told: tuple[str, ...],
) -> None:
    """What was chosen and decided is told as such."""
    task, browser = await show(presenter, asking)
    browser.say({"type": "answer", "value": value})
    await task
    record = browser.panel.record
    assert (record["shown"], record["how"], record["end"]) == told


async def test_wrong_answers_are_refused_by_field(presenter: _Presenter) -> None:
    """What is wrong comes by field, again and again, until the form is right."""
    task, browser = await show(presenter, ask("Plan", Plan))
    for n in (1, 2):
        await browser.ask({"type": "answer", "value": {"title": "a", "days": "x"}})
        assert browser.panel.refused == {
            "n": n,
            "errors": {
                "title": "must have at least 3 characters",
                "days": "must be a whole number",
            },
        }
    assert browser.panel.get_state()["question"]["draft"] == {"title": "a", "days": "x"}
    browser.say({"type": "answer", "value": {"title": "abc", "days": "2"}})
    assert await task == Plan(title="abc", days=2)


async def test_default_and_decline(presenter: _Presenter) -> None:
    """A person may take the default, or say that there will be no answer."""
    task, browser = await show(presenter, ask("?", int, default=3))
    browser.say({"type": "default"})
    assert await task == 3
    assert browser.panel.record["how"] == "its default, by hand"
    task, browser = await show(presenter, ask("?", int))
    await browser.ask({"type": "default"})
    assert browser.panel.refused["errors"] == {"": "has no default"}
    browser.say({"type": "decline", "reason": "no time"})
    with pytest.raises(PromptCancelledError, match="no time"):
        await task
    assert browser.panel.record["how"] == "cancelled by hand"


async def test_cancelled_asker_closes_the_form(presenter: _Presenter) -> None:
    """A question whose asker is cancelled says so, and takes no answer."""
    task, browser = await show(presenter, ask("?"))
    task.cancel()
    await asyncio.wait([task])
    assert browser.panel.record["end"] == "cancelled"
    assert browser.panel.record["how"] == "cancelled: whoever asked was cancelled"
    browser.comm.sent.clear()
    await browser.ask({"type": "answer", "value": "late"})
    assert browser.states("record") == [browser.panel.record]


async def test_secret_is_told_nowhere(
    presenter: _Presenter, caplog: pytest.LogCaptureFixture
) -> None:
    """A secret is in no message, state or log: dots stand for it."""
    caplog.set_level(logging.DEBUG)
    task, browser = await show(presenter, ask("Key?", SecretStr))
    browser.say({"type": "draft", "value": "hunter2"})
    browser.say({"type": "answer", "value": ["hunter2"]})
    browser.say({"type": "strange", "value": "hunter2"})
    await browser.ask({"type": "resync"})
    browser.panel.get_state()
    browser.say({"type": "answer", "value": "hunter2"})
    assert (await task).get_secret_value() == "hunter2"
    assert browser.panel.record["shown"] == "•••"
    told = f"{browser.comm.sent} {browser.panel.get_state()} {caplog.text}"
    assert "hunter2" not in told


async def test_draft_is_kept_for_a_reload_without_secrets(
    presenter: _Presenter,
) -> None:
    """What is typed survives a reload, but for what is secret or too large."""
    task, browser = await show(presenter, ask("Plan", Plan))
    typed = {"title": "a", "homes": [{"street": "x", "key": "hunter2"}], "x": 1}
    browser.say({"type": "draft", "value": typed})
    browser.say({"type": "draft", "value": {"title": "b" * 200_000}})
    await asyncio.sleep(0)
    draft = browser.panel.get_state()["question"]["draft"]
    assert draft == {"title": "a", "homes": [{"street": "x", "key": None}]}
    task.cancel()
    await asyncio.wait([task])


# -- uploads


async def test_file_comes_in_pieces(presenter: _Presenter) -> None:
    """Pieces make a file, and each is acknowledged, ten times a second at most."""
    task, browser = await show(presenter, ask("File?", UploadedFile))
    content = bytes(range(200)) * 10
    for at in range(0, 2000, 100):
        send_piece(browser, content[at : at + 100], at=at, size=2000)
        await asyncio.sleep(0.03)
    await asyncio.sleep(0.2)
    assert browser.contents("uploads")[-1] == {
        "type": "uploads",
        "got": {"u": 2000},
        "refused": {},
    }
    assert most_in_a_second(browser.times) <= 10
    browser.say({"type": "answer", "value": {"upload": "u"}})
    assert await task == UploadedFile("a.txt", content, "text/plain")
    assert browser.panel.record["shown"] == "a.txt (2 kB)"


async def test_files_stand_where_they_are_named(presenter: _Presenter) -> None:
    """Within a form each file goes where the answer names it."""
    task, browser = await show(presenter, ask("Plan", Plan))
    for name in ("a", "b"):
        send_piece(browser, name.encode(), upload=name, name=name)
    value = {"title": "abc", "files": [{"upload": "b"}, {"upload": "a"}]}
    browser.say({"type": "answer", "value": value})
    assert [file.content for file in (await task).files] == [b"b", b"a"]


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([{"size": 11}], "must not be larger than 10 bytes"),
        ([{"size": 3}], "did not arrive whole: choose it again"),
        ([{"size": 9}, {"at": 4, "size": 9}], "did not arrive whole: choose it again"),
    ],
    ids=["too large", "more than it said", "a hole"],
)
async def test_bad_file_is_refused(
    presenter: _Presenter, pieces: list[dict[str, Any]], why: str
) -> None:
    """A file that is too large, or does not arrive whole, is refused and forgotten."""
    task, browser = await show(presenter, ask("File?", UploadedFile, max=10))
    for piece in pieces:
        send_piece(browser, b"abcde"[: 2 if "at" in piece else 5], **piece)
    await asyncio.sleep(0.3)
    told = browser.contents("uploads")[-1]
    assert (told["refused"], told["got"]) == ({"u": why}, {})
    await browser.ask({"type": "answer", "value": {"upload": "u"}})
    assert browser.panel.refused["errors"] == {"": "needs an answer"}
    browser.say({"type": "drop", "upload": "u"})
    send_piece(browser, b"0123456789")
    browser.say({"type": "answer", "value": {"upload": "u"}})
    assert (await task).content == b"0123456789"


async def test_unfinished_file_is_no_answer(presenter: _Presenter) -> None:
    """A file of which pieces are missing is as none."""
    task, browser = await show(presenter, ask("File?", UploadedFile))
    send_piece(browser, b"abc", size=9)
    await browser.ask({"type": "answer", "value": {"upload": "u"}})
    assert browser.panel.refused["errors"] == {"": "needs an answer"}
    task.cancel()
    await asyncio.wait([task])


async def test_room_for_files_is_bounded(presenter: _Presenter) -> None:
    """Of the largest size four are held; those of a page that was left go first."""
    task, browser = await show(presenter, ask("File?", UploadedFile, max=10))
    for name in "abcde":
        send_piece(browser, b"x" * 10, upload=name)
    await asyncio.sleep(0.3)
    told = browser.contents("uploads")[-1]
    assert sorted(told["got"]) == ["a", "b", "c", "d"]
    assert told["refused"] == {"e": "too many files are on their way"}
    browser.panel.get_state()
    send_piece(browser, b"x" * 10, upload="f")
    await asyncio.sleep(0.3)
    assert sorted(browser.contents("uploads")[-1]["got"]) == ["b", "c", "d", "f"]
    task.cancel()
    await asyncio.wait([task])
    assert browser.panel._uploads._held == {}


async def test_form_without_files_takes_none(presenter: _Presenter) -> None:
    """Where no file is asked for, none is held."""
    task, browser = await show(presenter, ask("Name?"))
    send_piece(browser, b"abc")
    await asyncio.sleep(0.3)
    assert browser.contents("uploads") == []
    task.cancel()
    await asyncio.wait([task])


# -- what pages send that makes no sense

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
KEYS = st.sampled_from(
    [*("type", "value", "upload", "name", "media_type", "size", "at", "reason")]
)
TYPES = st.sampled_from(
    [
        *("answer", "default", "decline", "draft", "drop", "piece", "resync"),
        *("hello", "visible", "strange", "__class__"),
    ]
)
GARBAGE: st.SearchStrategy[Any] = st.recursive(
    SCALARS | TYPES,
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(KEYS | st.text(max_size=4), inside, max_size=4)
    ),
    max_leaves=8,
)
CONTENTS = GARBAGE | st.fixed_dictionaries(
    {"type": TYPES},
    optional={
        "value": GARBAGE,
        "upload": GARBAGE | st.just("u"),
        "name": GARBAGE | st.just("n"),
        "media_type": GARBAGE | st.just(""),
        "size": GARBAGE | st.integers(0, 20),
        "at": GARBAGE | st.integers(0, 20),
        "reason": GARBAGE,
        "visible": GARBAGE,
    },
)
BUFFERS = st.lists(st.binary(max_size=9) | st.none(), max_size=2) | GARBAGE
MESSAGES = (
    st.fixed_dictionaries(
        {
            "content": st.fixed_dictionaries(
                {
                    "data": st.fixed_dictionaries(
                        {"method": st.just("custom"), "content": CONTENTS}
                    )
                }
            )
        },
        optional={"buffers": BUFFERS},
    )
    | st.fixed_dictionaries(
        {
            "content": st.fixed_dictionaries(
                {
                    "data": st.fixed_dictionaries(
                        {},
                        optional={
                            "method": GARBAGE | st.sampled_from(["update", "echo"]),
                            "state": GARBAGE
                            | st.fixed_dictionaries(
                                {}, optional={"question": GARBAGE, "record": GARBAGE}
                            ),
                            "buffer_paths": GARBAGE,
                        },
                    )
                }
            )
        }
    )
    | GARBAGE
)


@settings(max_examples=300, deadline=None)
@given(st.lists(MESSAGES, max_size=8), st.sampled_from([Plan, str, UploadedFile]))
def test_any_messages(messages: list[Any], kind: Any) -> None:  # noqa: ANN401
    """Whatever comes over the comm breaks nothing, and forges neither text nor answer.

    The question stays open and answerable, or was closed by an answer that fits.
    """

    async def main() -> None:
        presenter = _Presenter()
        before = set_presenter(presenter)
        task, browser = await show(presenter, ask("Which?", kind))
        try:
            for message in messages:
                browser.panel._handle_msg(message)
                await asyncio.sleep(0)
            await asyncio.sleep(0.5)
            if not task.done():
                assert question(browser)["text"] == "Which?"
                assert browser.panel.record == {}
                task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and task.exception() is None:
                assert isinstance(task.result(), kind)
            assert browser.panel.record["text"] == "Which?"
        finally:
            set_presenter(before)

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        failures: list[Any] = []
        runner.get_loop().set_exception_handler(lambda _, told: failures.append(told))
        runner.run(main())
    assert failures == []


@pytest.mark.parametrize(
    "message",
    [
        None,
        {"content": {}},
        {"content": {"data": {"method": "custom"}}},
        {"content": {"data": {"method": "custom", "content": 3}}},
        {"content": {"data": {"method": "custom", "content": {"type": "explode"}}}},
        {"content": {"data": {"method": "custom", "content": {"type": "drop"}}}},
        {"content": {"data": {"method": "custom", "content": {"type": "piece"}}}},
        {"content": {"data": {"method": "update", "state": {"record": {"a": 1}}}}},
    ],
    ids=str,
)
async def test_nonsense_is_logged_and_ignored(
    presenter: _Presenter,
    caplog: pytest.LogCaptureFixture,
    message: Any,  # noqa: ANN401
) -> None:
    """What makes no sense is noted for who looks, and changes nothing."""
    task, browser = await show(presenter, ask("?"))
    caplog.set_level(logging.DEBUG, "notebook_async")
    browser.panel._handle_msg(message)
    await asyncio.sleep(0)
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
    assert (browser.panel.record, task.done()) == ({}, False)
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize(
    "value", ["x" * 5_000_000, [["x"] * 1000] * 3000], ids=["long", "many"]
)
async def test_oversize_answer_is_refused(
    presenter: _Presenter,
    value: Any,  # noqa: ANN401
) -> None:
    """An answer that is too large is refused before anything reads it."""
    task, browser = await show(presenter, ask("?"))
    await browser.ask({"type": "answer", "value": value})
    assert browser.panel.refused["errors"] == {"": "the answer is too large"}
    task.cancel()
    await asyncio.wait([task])


def test_page_outlives_the_loop_that_asked() -> None:
    """After a question in `asyncio.run` its page may say what it likes."""
    presenter = _Presenter()
    before = set_presenter(presenter)

    async def main() -> str:
        task, browser = await show(presenter, ask("?"))
        browser.say({"type": "answer", "value": "x"})
        answer: str = await task
        return answer

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        assert runner.run(main()) == "x"
    set_presenter(before)
    (panel,) = presenter.panels
    panel._handle_custom_msg({"type": "visible", "visible": False}, [])
    panel._handle_custom_msg({"type": "piece"}, [b""])
    assert panel.record["shown"] == "x"


async def test_held_questions_need_no_panel() -> None:
    """Nothing of this is in the way of programs that hold questions themselves."""
    before = set_presenter(HeldPresenter())
    task = asyncio.ensure_future(ask("?"))
    await asyncio.sleep(0)
    pending[-1].answer("x")
    assert await task == "x"
    set_presenter(before)
