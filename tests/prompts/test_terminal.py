"""Questions in text, in a dialogue with a scripted person."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from notebook_async import approve, ask, choose
from notebook_async.errors import PromptCancelledError, PromptTimeout
from notebook_async.prompts import (
    Approval,
    TerminalPresenter,
    UploadedFile,
    pending,
    set_presenter,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path


class Size(Enum):
    """Two sizes."""

    SMALL = "small"
    LARGE = "large"


class Home(BaseModel):
    """Where somebody lives."""

    street: str = Field(min_length=2)
    number: int | None = None


class Plan(BaseModel):
    """What to do."""

    title: str = Field(min_length=1, title="The title")
    days: int = Field(3, ge=1)
    size: Size = Size.SMALL
    key: SecretStr = SecretStr("")
    home: Home


class Person:
    """A console with somebody at it who types these lines, one each second."""

    def __init__(self, *lines: str | None) -> None:
        self.lines = list(lines)
        self.shown = ""

    def dialogue(self, _: object) -> AbstractAsyncContextManager[object]:
        """Nobody else is at it, and nobody presses Ctrl-C."""
        return nullcontext()

    def write(self, text: str) -> None:
        """Take note of what is shown."""
        self.shown += text

    async def line(self, *, secret: bool = False) -> str | None:
        """Type the next line, which a terminal echoes; wait for ever after the last."""
        await asyncio.sleep(1)
        if not self.lines:
            await asyncio.get_running_loop().create_future()
        typed = self.lines.pop(0)
        if typed is not None:
            self.shown += "\n" if secret else f"{typed}\n"
        return typed

    def release(self) -> None:
        """Do nothing: whoever waits is cancelled."""


async def typed(asking: Awaitable[Any], *lines: str | None) -> tuple[Any, list[str]]:
    """Return what asking gives to somebody who types these lines, and the dialogue."""
    person = Person(*lines)
    set_presenter(TerminalPresenter(person))
    value = await asking
    assert person.lines == []
    assert person.shown.endswith("\n")
    return value, person.shown.splitlines()


async def test_text_is_asked_for() -> None:
    """A question stands on the line where its answer is typed."""
    assert await typed(ask("Your name?"), "Ada") == ("Ada", ["Your name?: Ada"])
    assert pending.history[-1].how == "in the terminal"


async def test_wrong_then_right() -> None:
    """A wrong answer is explained, and the question comes again."""
    value, shown = await typed(ask("How many?", int, min=1), "x", "0", "", "2")
    assert value == 2
    assert shown == [
        "How many?: x",
        "  must be a whole number",
        "How many?: 0",
        "  must be at least 1",
        "How many?: ",
        "  needs an answer",
        "How many?: 2",
    ]


async def test_enter_takes_the_default() -> None:
    """The default stands in brackets, and Enter takes it."""
    value, shown = await typed(ask("How many?", int, default=3, help="Boxes"), "")
    assert (value, shown) == (3, ["Boxes", "How many? [3]: "])
    assert pending.history[-1].how == "its default, in the terminal"
    assert await typed(ask("Go?", bool, default=True), "n") == (
        False,
        ["Go? (y/n) [y]: n"],
    )


async def test_decision() -> None:
    """A decision is y or n; a no may have its reason."""
    value, shown = await typed(approve("Send?", detail="214 mails"), "maybe", "y")
    assert value == Approval(approved=True)
    assert shown == [
        "214 mails",
        "Send? (y/n): maybe",
        "  Approve: must be yes or no",
        "Send? (y/n): y",
    ]
    value, shown = await typed(approve("Send?"), "n", "late")
    assert value == Approval(approved=False, reason="late")
    assert shown == ["Send? (y/n): n", "Why not (Enter for no reason): late"]
    value, _ = await typed(approve("Send?"), "N", "")
    assert value == Approval(approved=False)
    value, shown = await typed(approve("Send?", default=False), "")
    assert (value, shown) == (Approval(approved=False), ["Send? (y/n) [n]: "])


async def test_choice_by_number_or_text() -> None:
    """Options are numbered; a number or the text itself chooses one."""
    towns = ["Bern", "Basel"]
    value, shown = await typed(choose("Town?", towns), "3", "2")
    assert value == "Basel"
    assert shown == [
        "Town?",
        "  1  Bern",
        "  2  Basel",
        "  number or text: 3",
        "  must be one of: Bern, Basel",
        "Town?",
        "  1  Bern",
        "  2  Basel",
        "  number or text: 2",
    ]
    assert (await typed(choose("Town?", towns), "Bern"))[0] == "Bern"
    assert (await typed(choose("Town?", towns, default="Bern"), ""))[0] == "Bern"
    assert (await typed(ask("Size?", Size), "large"))[0] is Size.LARGE


async def test_text_of_an_option_goes_before_its_number() -> None:
    """Where options are numbers, a number is the option."""
    assert (await typed(choose("Year?", [2, 1]), "1"))[0] == 1


async def test_several_by_numbers() -> None:
    """Several options are chosen with commas between."""
    value, shown = await typed(choose("Which?", ["a", "b", "c"], many=True), "3, a,3")
    assert value == ["c", "a"]
    assert shown[-1] == "  numbers or texts, with commas between: 3, a,3"
    assert (await typed(choose("Which?", ["a"], many=True), ""))[0] == []


async def test_lists_and_pairs() -> None:
    """A list has commas between its items, a mapping has names and values."""
    value, shown = await typed(ask("Tags?", list[str]), "a, b")
    assert (value, shown) == (["a", "b"], ["Tags? (with commas between): a, b"])
    value, shown = await typed(
        ask("Prices?", dict[str, float]), "tea", "tea=1.5, x = 2"
    )
    assert value == {"tea": 1.5, "x": 2.0}
    assert shown[1] == "  must be names with a value each, as in a=1, b=2"


async def test_model_field_by_field() -> None:
    """A form is asked field by field; only what was wrong is asked again."""
    value, shown = await typed(
        ask("The plan", Plan), "", "0", "2", "hunter2", "x", "", "Tea", "5", "High", "1"
    )
    assert value == Plan(
        title="Tea",
        days=5,
        size=Size.LARGE,
        key=SecretStr("hunter2"),
        home=Home(street="High", number=1),
    )
    assert shown == [
        "The plan",
        "What to do.",
        "  The title: ",
        "  Days [3]: 0",
        "  Size",
        "    1  small",
        "    2  large",
        "    number or text [small]: 2",
        "  Key: ",
        "  Home",
        "    Street: x",
        "    Number: ",
        "  The title: must have at least 1 character",
        "  Days: must be at least 1",
        "  Home street: must have at least 2 characters",
        "  The title: Tea",
        "  Days [3]: 5",
        "  Home",
        "    Street: High",
        "    Number: 1",
    ]


async def test_editing_in_text() -> None:
    """Enter leaves each field of a given instance as it is."""
    plan = Plan(title="Tea", key=SecretStr("k"), home=Home(street="High", number=3))
    value, shown = await typed(ask("Edit", plan), "", "9", "", "", "", "")
    assert value is plan
    assert (plan.days, plan.title, plan.home.number) == (9, "Tea", 3)
    assert plan.key.get_secret_value() == "k"
    assert shown[2] == "  The title [Tea]: "


async def test_list_of_models() -> None:
    """The items of a list of forms are asked one after the other."""
    value, shown = await typed(
        ask("Homes?", list[Home]), "y", "High", "1", "y", "Low", "", "n"
    )
    assert value == [Home(street="High", number=1), Home(street="Low")]
    assert shown[0] == "Homes?: add number 1? (y/n) [n]: y"


async def test_optional_group() -> None:
    """A form within a form that may be empty is offered first."""

    class Outer(BaseModel):
        home: Home | None = None

    value, shown = await typed(ask("Outer", Outer), "n")
    assert (value, shown) == (
        Outer(),
        ["Outer", "  Home: fill it in? (y/n) [n]: n"],
    )
    value, _ = await typed(ask("Outer", Outer), "y", "High", "2")
    assert value == Outer(home=Home(street="High", number=2))


async def test_file_by_its_path(tmp_path: Path) -> None:
    """A file is given by its path, and read within its size."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    missing = str(tmp_path / "none")
    value, shown = await typed(ask("File?", UploadedFile), missing, "", f"'{path}'")
    assert value == UploadedFile("a.txt", b"abc", "text/plain")
    assert shown[1] == "  cannot be read: No such file or directory"
    assert shown[3] == "  needs an answer"
    task = asyncio.create_task(typed(ask("File?", UploadedFile, max=2), str(path)))
    await asyncio.sleep(10)
    assert not task.done()
    pending[0].cancel()
    await asyncio.wait([task])
    assert isinstance(task.exception(), PromptCancelledError)


async def test_one_after_the_other() -> None:
    """Questions asked at once take turns, and each gets its own answer."""
    person = Person("Ada", "x", "3", "y")
    set_presenter(TerminalPresenter(person))
    values = await asyncio.gather(
        ask("Your name?"), ask("How many?", int), approve("Send?")
    )
    assert values == ["Ada", 3, Approval(approved=True)]
    assert person.shown.splitlines() == [
        "Your name?: Ada",
        "How many?: x",
        "  must be a whole number",
        "How many?: 3",
        "Send? (y/n): y",
    ]


async def test_other_answer_ends_the_dialogue() -> None:
    """What was answered elsewhere is said, and the next question has its turn."""
    person = Person()
    set_presenter(TerminalPresenter(person))
    first = asyncio.create_task(ask("Your name?"))
    second = asyncio.create_task(ask("And yours?"))
    await asyncio.sleep(5)
    pending[0].answer("Ada", how="by %jobs")
    person.lines.append("Bob")
    assert await asyncio.gather(first, second) == ["Ada", "Bob"]
    assert person.shown.splitlines() == [
        "Your name?: ",
        "(by %jobs: Ada)",
        "And yours?: Bob",
    ]


async def test_time_is_over_in_the_middle() -> None:
    """At the end of its time the dialogue ends, with the default or an error."""
    person = Person("Tea")
    set_presenter(TerminalPresenter(person))
    plan = Plan(title="Milk", home=Home(street="High"))
    assert await ask("Plan", Plan, default=plan, timeout=30) is plan
    assert person.shown.splitlines()[3].startswith("  Days [3]: ")
    assert person.shown.splitlines()[4].startswith("(nobody answered within 30 s: The")
    with pytest.raises(PromptTimeout):
        await ask("Name?", timeout=5)
    assert asyncio.get_running_loop().time() == 35.0


async def test_end_of_input_is_no_answer() -> None:
    """Where there will be no more lines, the question is cancelled."""
    person = Person("x", None)
    set_presenter(TerminalPresenter(person))
    with pytest.raises(PromptCancelledError, match=r"the terminal has no more input$"):
        await ask("How many?", int)


async def test_failure_of_the_console_reaches_the_asker() -> None:
    """A console that breaks is an error of `ask`: it does not wait for ever."""

    class Broken(Person):
        async def line(self, *, secret: bool = False) -> str | None:  # noqa: ARG002
            raise OSError("no terminal")

    set_presenter(TerminalPresenter(Broken()))
    with pytest.raises(OSError, match=r"^no terminal$"):
        await ask("How many?", int)


async def test_text_cannot_steer_the_terminal() -> None:
    """Control characters in questions and options are not sent to the terminal."""
    options: list[Any] = ["\x1b[2Ja", "b"]
    _, shown = await typed(choose("\x1b]0;x\x07Town?", options), "2")
    assert "\x1b" not in "".join(shown)


@pytest.mark.parametrize("kind", [Literal["a"], list[str], dict[str, int], bool])
async def test_cancelling_leaves_nothing(kind: object) -> None:
    """A cancelled question leaves no task behind."""
    set_presenter(TerminalPresenter(Person()))
    task = asyncio.create_task(ask("What?", kind))
    await asyncio.sleep(3)
    assert len(asyncio.all_tasks()) == 3
    task.cancel()
    await asyncio.sleep(1)
    assert len(asyncio.all_tasks()) == 1
