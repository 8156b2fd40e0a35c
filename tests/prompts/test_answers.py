"""Answers given beforehand: by name or text, in order, per task, or from a file."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from notebook_async import approve, ask, choose
from notebook_async.errors import (
    ArgumentTypeError,
    NoFrontEndError,
    SeededAnswerError,
)
from notebook_async.prompts import (
    ANSWERS_VARIABLE,
    Approval,
    Question,
    UploadedFile,
    answers,
    pending,
)

if TYPE_CHECKING:
    from pathlib import Path


class Plan(BaseModel):
    """What to do."""

    title: str
    days: int = 3


async def test_by_name_or_by_text() -> None:
    """An answer goes by the name of the question, or else by its text."""
    with answers({"name": "Ada", "Your name?": "Bob", "How many?": "3"}):
        assert await ask("Your name?", name="name") == "Ada"
        assert await ask("Your name?") == "Bob"
        assert await ask("How many?", int) == 3


async def test_seeded_answer_goes_before_the_front_end(
    held: None,  # noqa: ARG001
) -> None:
    """A seeded answer needs no person even where one could be asked."""
    with answers({"Your name?": "Ada"}):
        assert await ask("Your name?", default="Bob") == "Ada"
    assert [(one.end, one.how) for one in pending.history] == [
        ("answered", "by a seeded answer")
    ]


async def test_every_kind_of_question() -> None:
    """Answers are what a person would type, or values of the type."""
    home = Plan(title="Tea")
    given = {
        "plan": {"title": "Tea", "days": "4"},
        "ready": home,
        "town": "Bern",
        "sizes": ["small", 10],
        "send": {"approved": False, "reason": "late"},
        "go": True,
        "no": Approval(approved=False),
        "file": UploadedFile("a.txt", b"a"),
    }
    sizes = {"small": 1, "large": 10}
    with answers(given) as seeded:
        assert await ask("plan", Plan) == Plan(title="Tea", days=4)
        assert await ask("ready", Plan) is home
        assert await choose("town", ["Bern", "Basel"]) == "Bern"
        assert await choose("sizes", sizes, many=True) == [1, 10]
        assert (await approve("send")).reason == "late"
        assert await approve("go")
        assert not await approve("no")
        assert (await ask("file", UploadedFile)).content == b"a"
    assert seeded.unused == ()


async def test_file_is_read_by_its_path(tmp_path: Path) -> None:
    """A path answers a question for a file, within its size."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    with answers({"file": str(path), "same": path, "none": "no such"}):
        assert (await ask("file", UploadedFile)).text == "abc"
        assert (await ask("same", UploadedFile, max=3)).name == "a.txt"
        with pytest.raises(SeededAnswerError, match=r"a\.txt is larger than 2 bytes$"):
            await ask("same", UploadedFile, max=2)
        with pytest.raises(SeededAnswerError, match=r"^the seeded answer 'none'"):
            await ask("none", UploadedFile)


async def test_list_answers_one_by_one() -> None:
    """A list has one answer for each time; what is asked once more is an error."""
    with answers({"n": [1, 2]}) as seeded:
        assert [await ask("n", int), await ask("n", int)] == [1, 2]
        assert seeded.unused == ()
        with pytest.raises(
            SeededAnswerError, match=r"'n' does not fit: all 2 answers to it have been"
        ):
            await ask("n", int)


async def test_list_that_is_an_answer() -> None:
    """Where a list is asked for a list is the answer, and a list of lists several."""
    with answers({"tags": ["a", "b"], "sizes": [["s"], ["m", "s"]], "t": [["a"], []]}):
        assert await ask("tags", list[str]) == ["a", "b"]
        assert await ask("tags", list[str]) == ["a", "b"]
        assert await choose("sizes", ["s", "m"], many=True) == ["s"]
        assert await choose("sizes", ["s", "m"], many=True) == ["m", "s"]
        assert [await ask("t", list[str]), await ask("t", list[str])] == [["a"], []]


async def test_function_of_the_question() -> None:
    """A function is given the question, and may be async."""
    asked: list[Question] = []

    def answer(question: Question) -> str:
        asked.append(question)
        return question.text.upper()

    async def later(question: Question) -> str:
        await asyncio.sleep(5)
        return question.key

    with answers({"name": answer, "slow": later}):
        assert await ask("your name", name="name") == "YOUR NAME"
        assert await ask("your name", name="slow") == "slow"
    assert [one.name for one in asked] == ["name"]


async def test_wrong_answer_names_its_key() -> None:
    """An answer that does not fit is an error that names it, and each field."""
    with answers({"n": "many", "plan": {"days": "x"}, "town": "Zug"}):
        with pytest.raises(
            SeededAnswerError,
            match=r"^the seeded answer 'n' does not fit: must be a whole number$",
        ) as caught:
            await ask("How many?", int, name="n")
        assert (caught.value.key, caught.value.errors) == (
            "n",
            {"": "must be a whole number"},
        )
        with pytest.raises(
            SeededAnswerError, match=r"title: needs an answer; days: must be a whole"
        ):
            await ask("plan", Plan)
        with pytest.raises(SeededAnswerError, match=r"must be one of: Bern$"):
            await choose("town", ["Bern"])


async def test_blocks_are_nested() -> None:
    """The innermost answer counts; what it lacks comes from outside."""
    with answers({"a": "outer", "b": "outer"}) as outer:
        async with answers({"a": "inner"}) as inner:
            assert [await ask("a"), await ask("b")] == ["inner", "outer"]
        assert await ask("a") == "outer"
    assert (outer.unused, inner.unused) == ((), ())
    with pytest.raises(NoFrontEndError):
        await ask("a")


async def test_tasks_do_not_mix() -> None:
    """Tasks started inside find the answers, those beside it have their own."""

    async def one(answer: str) -> list[str]:
        with answers({"a": answer}):
            await asyncio.sleep(1)
            return await asyncio.gather(ask("a"), ask("a"))

    assert await asyncio.gather(one("x"), one("y")) == [["x", "x"], ["y", "y"]]
    with answers({"a": "z"}):
        task = asyncio.create_task(ask("a"))
    assert await task == "z"


async def test_unused_answers_are_told() -> None:
    """What nobody asked for can be asked for, lists that were not used up too."""
    with answers({"a": "x", "n": [1, 2], "m": [1]}) as seeded:
        await ask("n", int)
        assert seeded.unused == ("a", "n", "m")
    assert repr(seeded) == "<answers to 'a', 'n', 'm'>"


def test_keys_are_text() -> None:
    """Answers go by text: anything else is an error at once."""
    with pytest.raises(ArgumentTypeError, match=r"^answers go by name .* got 3$"):
        answers({3: "a"})  # type: ignore[dict-item]


# -- from a file


def name_file(path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """Let the variable name a file with this content."""
    path.write_text(content, encoding="utf-8")
    monkeypatch.setenv(ANSWERS_VARIABLE, str(path))


async def test_variable_names_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers come from the file that the variable names, after those of blocks."""
    given = {"name": "Ada", "n": [1, 2], "plan": {"title": "Tea"}, "send": False}
    name_file(tmp_path / "a.json", monkeypatch, json.dumps(given))
    assert await ask("Your name?", name="name") == "Ada"
    with answers({"name": "Bob"}):
        assert await ask("Your name?", name="name") == "Bob"
        assert [await ask("n", int), await ask("n", int)] == [1, 2]
    assert await ask("plan", Plan) == Plan(title="Tea")
    assert not await approve("send")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "no JSON$"),
        ("[1]", "no JSON object of answers$"),
        (None, "cannot be read"),
    ],
)
async def test_bad_file_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, why: str
) -> None:
    """A file that has no answers is an error that names the file and the variable."""
    path = tmp_path / "a.json"
    monkeypatch.setenv(ANSWERS_VARIABLE, str(path))
    if content is not None:
        name_file(path, monkeypatch, content)
    with pytest.raises(SeededAnswerError, match=f"{ANSWERS_VARIABLE} .*{why}"):
        await ask("a", default="b")


# -- with nobody there


@pytest.mark.parametrize(
    ("default", "value"), [({}, None), ({"default": "d"}, "d")], ids=["none", "default"]
)
async def test_nobody_is_there(default: dict[str, Any], value: str | None) -> None:
    """Without anybody to ask the default is taken, or it fails at once."""
    loop = asyncio.get_running_loop()
    if value is None:
        with pytest.raises(NoFrontEndError) as caught:
            await ask("Your name?", name="name", timeout=600, **default)
        assert str(caught.value) == (
            "'Your name?' cannot be asked: no notebook front end and no terminal is"
            " there to ask in. Give the answer beforehand, by"
            " `with notebook_async.prompts.answers({'name': ...})`; or let"
            " NOTEBOOK_ASYNC_ANSWERS name a JSON file that has it; or give the question"
            " a `default=`"
        )
        assert (caught.value.question, caught.value.key) == ("Your name?", "name")
    else:
        assert await ask("Your name?", timeout=600, **default) == value
        assert pending.history[-1].end == "default"
    assert loop.time() == 0.0
