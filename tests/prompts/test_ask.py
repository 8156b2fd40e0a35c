"""`ask`, `approve` and `choose`: what they return, and what they refuse at once."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr

from notebook_async import approve, ask, choose
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.prompts import Approval, UploadedFile, answers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from conftest import Asked


class Home(BaseModel):
    """Where somebody lives."""

    street: str
    key: SecretStr = SecretStr("")
    hook: Any = None


class Plan(BaseModel):
    """What to do."""

    title: str = Field(min_length=1)
    days: int = Field(3, ge=1)
    home: Home | None = None
    hook: Any = None
    _note: str = PrivateAttr("")


# -- choose


class Town:
    """An object that is neither hashable nor comparable."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        raise TypeError

    def __str__(self) -> str:
        return self.name


async def test_choice_is_the_object_itself(asked: Asked) -> None:
    """Any objects may be options: they show by `str`, and one of them comes back."""
    towns = [Town("Bern"), Town("Basel"), Town("Bern")]
    task, prompt = await asked(choose("Which town?", towns))
    field = prompt.question.form.root
    assert (field.kind, field.options) == ("choice", ("Bern", "Basel", "Bern (2)"))
    assert prompt.answer("Zug").message == ("must be one of: Bern, Basel, Bern (2)")
    prompt.answer("Bern (2)")
    assert await task is towns[2]


async def test_choice_by_label(asked: Asked) -> None:
    """A dict has the labels of its options; the default shows by its label."""
    task, prompt = await asked(
        choose("Size?", {"small": 1, "large": 10}, default=10, timeout=5)
    )
    assert (prompt.question.has_default, prompt.question.default) == (True, "large")
    prompt.answer("small")
    assert await task == 1
    task, _ = await asked(choose("Size?", {"small": 1}, default=1, timeout=5))
    assert await task == 1


async def test_several_may_be_chosen(asked: Asked) -> None:
    """With `many` the answer is a list in the order of the answer; it may be empty."""
    for raw, value in ((["c", "a"], ["c", "a"]), ([], [])):
        task, prompt = await asked(choose("Which?", ["a", "b", "c"], many=True))
        assert prompt.answer("a").errors == {"": "must be a list of options"}
        assert prompt.answer(["a", "d"]).errors == {"": "must be one of: a, b, c"}
        prompt.answer(raw)
        assert await task == value
    task, prompt = await asked(choose("Which?", list("abc"), many=True, default="ab"))
    assert prompt.question.default == ["a", "b"]
    prompt.take_default()
    assert await task == ["a", "b"]


@pytest.mark.parametrize("option", [None, "", " a ", 0, False])
async def test_any_value_is_an_option(asked: Asked, option: object) -> None:
    """Options that are empty, or have blanks around them, are options all the same."""
    task, prompt = await asked(choose("Which?", [option, "other"]))
    prompt.answer(prompt.question.form.root.options[0])
    assert await task is option


# -- approve


async def test_approval_is_true_or_false(asked: Asked) -> None:
    """A decision counts as true or false, and keeps its reason."""
    task, prompt = await asked(approve("Send?", detail={"mails": 214}))
    assert prompt.question.detail == {"mails": 214}
    assert [field.name for field in prompt.question.form.fields] == [
        "approved",
        "reason",
    ]
    prompt.answer({"approved": False, "reason": "late"})
    decision = await task
    assert (bool(decision), decision.reason, str(decision)) == (
        False,
        "late",
        "rejected: late",
    )


async def test_default_decision() -> None:
    """The default of a decision is given as true or false."""
    assert await approve("Send?", default=True) == Approval(approved=True)
    assert not await approve("Send?", default=False)


# -- models


async def test_instance_is_edited_in_place(asked: Asked) -> None:
    """A given instance fills its form; the answer changes that very object."""
    hook = object()
    plan = Plan(title="Tea", days=2, home=Home(street="High", hook=hook), hook=hook)
    plan._note = "mine"
    assert plan.home is not None
    plan.home.key = SecretStr("hunter2")
    task, prompt = await asked(ask("Edit the plan", plan))
    fields = {field.name: field.default for field in prompt.question.form.fields}
    assert fields == {
        "title": "Tea",
        "days": 2,
        "home": {"street": "High", "key": None},
    }
    assert prompt.answer({"title": ""}).errors == {
        "title": "must have at least 1 character"
    }
    assert (plan.title, plan.days) == ("Tea", 2)
    assert prompt.answer({"days": "5", "home": {"street": "Low", "key": ""}})
    assert await task is plan
    home = plan.home
    assert (plan.title, plan.days, plan.hook, plan._note) == ("Tea", 5, hook, "mine")
    assert (home.street, home.key.get_secret_value(), home.hook) == (
        "Low",
        "hunter2",
        hook,
    )


async def test_frozen_instance_is_replaced(asked: Asked) -> None:
    """One that cannot be changed comes back as another, and stays as it was."""

    class Point(BaseModel):
        model_config = ConfigDict(frozen=True)
        x: int

    @dataclasses.dataclass(frozen=True)
    class Other:
        x: int

    for point in (Point(x=1), Other(x=1)):
        task, prompt = await asked(ask("Where?", point))
        prompt.answer({"x": "2"})
        assert await task == type(point)(x=2)
        assert point.x == 1


async def test_dataclass_is_edited_in_place(asked: Asked) -> None:
    """An instance of a dataclass is changed as one of a model is."""

    @dataclasses.dataclass
    class Point:
        x: int
        y: int = 0

    point = Point(1, 2)
    task, prompt = await asked(ask("Where?", point))
    prompt.answer({"x": "5"})
    assert await task is point
    assert point == Point(5, 2)


async def test_default_instance_is_not_changed(asked: Asked) -> None:
    """An instance as default fills the form and stays as it is; another comes back."""
    plan = Plan(title="Tea", days=2)
    task, prompt = await asked(ask("Edit the plan", Plan, default=plan))
    prompt.answer({"days": 4})
    assert await task == Plan(title="Tea", days=4)
    assert plan == Plan(title="Tea", days=2)
    task, prompt = await asked(ask("Edit the plan", Plan, default=plan, timeout=1))
    assert await task is plan


async def test_cancelled_edit_changes_nothing(asked: Asked) -> None:
    """A form that is not answered leaves its instance alone."""
    plan = Plan(title="Tea")
    task, _ = await asked(ask("Edit the plan", plan))
    task.cancel()
    await asyncio.wait([task])
    assert plan == Plan(title="Tea")


# -- bounds


NEW_YEAR = dt.date(2024, 1, 1)
LARGE = {"name": "a", "content": b"abc"}


@pytest.mark.parametrize(
    ("kind", "bounds", "raw", "why"),
    [
        (int, (1, 10), "0", "must be at least 1"),
        (float, (None, 1), "1.5", "must be at most 1"),
        (str, (2, None), "a", "must have at least 2 characters"),
        (list[int], (None, 1), ["1", "2"], "must have at most 1 item"),
        (int | None, (1, None), "0", "must be at least 1"),
        (dt.date, (NEW_YEAR, None), "2023-12-31", "must be at least 2024-01-01"),
        (SecretStr, (3, None), "ab", "must have at least 3 characters"),
        (UploadedFile, (None, 2), LARGE, "must not be larger than 2 bytes"),
    ],
)
async def test_bounds(
    asked: Asked, kind: object, bounds: tuple[Any, Any], raw: object, why: str
) -> None:
    """`min` and `max` bound a value, or the length of a text or a list."""
    low, high = bounds
    task, prompt = await asked(ask("What?", kind, min=low, max=high, default=None))
    assert prompt.answer(raw).errors == {"": why}
    prompt.take_default()
    assert await task is None


async def test_optional_with_bounds_may_be_empty(asked: Asked) -> None:
    """A bound says nothing about an empty field."""
    task, prompt = await asked(ask("What?", int | None, min=1))
    prompt.answer("")
    assert await task is None


async def test_validate_keeps_the_question_open(asked: Asked) -> None:
    """What the asker refuses is refused with its words, until it agrees."""
    check = lambda value: None if value % 2 else "must be odd"  # noqa: E731
    task, prompt = await asked(ask("Odd?", int, validate=check))
    assert prompt.answer("4").errors == {"": "must be odd"}
    prompt.answer("5")
    assert await task == 5


@pytest.mark.parametrize(
    ("asking", "error", "message"),
    [
        (lambda: ask(3), ArgumentTypeError, "the question must be text, got 3"),
        (lambda: ask("?", object), ArgumentTypeError, "cannot ask for object"),
        (lambda: ask("?", Plan, min=1), InvalidArgumentError, "min and max mean"),
        (lambda: ask("?", Plan, secret=True), InvalidArgumentError, "secret is for"),
        (lambda: ask("?", timeout=-1), InvalidArgumentError, "timeout must be"),
        (lambda: ask("?", timeout=float("inf")), InvalidArgumentError, "timeout must"),
        (lambda: ask("?", timeout="1"), ArgumentTypeError, "timeout must be seconds"),
        (lambda: choose("?", []), InvalidArgumentError, "there are no options"),
        (lambda: choose("?", "abc"), ArgumentTypeError, "options must be a list"),
        (lambda: choose("?", 3), ArgumentTypeError, "options must be a list"),
        (
            lambda: ask("?", validate=asyncio.sleep),
            ArgumentTypeError,
            "validate must be an ordinary function",
        ),
    ],
)
async def test_wrong_call_fails_at_once(
    asking: Callable[[], Awaitable[Any]], error: type[Exception], message: str
) -> None:
    """A call that makes no sense fails before anybody is asked."""
    with answers({"?": "a"}), pytest.raises(error, match=f"^{message}"):
        await asking()


async def test_question_is_data(asked: Asked) -> None:
    """A question can be sent to a front end as JSON, and says all that it shows."""
    task, prompt = await asked(
        ask("Size?", Literal["s", "m"], default="m", help="Of the box", name="size")
    )
    data = prompt.question.to_dict()
    assert data.pop("created") == prompt.question.created
    assert data == {
        "id": prompt.id,
        "text": "Size?",
        "kind": "ask",
        "name": "size",
        "help": "Of the box",
        "placeholder": "",
        "has_default": True,
        "default": "m",
        "timeout": None,
        "deadline": None,
        "secret": False,
        "form": {
            "single": True,
            "fields": [
                {
                    "name": "",
                    "kind": "choice",
                    "label": "Size?",
                    "default": "m",
                    "options": ["s", "m"],
                }
            ],
        },
        "source": [],
    }
    prompt.answer("s")
    await task


def test_choosing_needs_no_pydantic(tmp_path: Path) -> None:
    """`choose` and `approve` load no pydantic, which takes its time."""
    code = (
        "import asyncio, sys\n"
        "from notebook_async import approve, choose\n"
        "from notebook_async.prompts import answers\n"
        "async def main():\n"
        "    with answers({'a': 'x', 'b': 'yes'}):\n"
        "        return await choose('a', ['x']), await approve('b')\n"
        "assert asyncio.run(main())[0] == 'x'\n"
        "print({'pydantic', 'IPython'} & set(sys.modules))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout == "set()\n"
