"""What a person typed becomes a value, or a sentence for each field that is wrong."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import (
    BaseModel,
    Field,
    HttpUrl,
    SecretStr,
    field_validator,
    model_validator,
)

from notebook_async.prompts import Approval, UploadedFile
from notebook_async.prompts._describe import describe
from notebook_async.prompts._reading import ApprovalReader, Read, TypeReader, read

if TYPE_CHECKING:
    from collections.abc import Callable


class Size(Enum):
    """Two sizes."""

    SMALL = "small"
    LARGE = 10


class Address(BaseModel):
    """Where somebody lives."""

    street: str = Field(min_length=2)
    number: int | None = None


class Plan(BaseModel):
    """What to do."""

    title: str = Field(alias="theTitle")
    days: int = Field(3, ge=1)
    home: Address | None = None
    others: list[Address] = []
    prices: dict[str, float] = {}
    key: SecretStr = SecretStr("")

    @field_validator("title")
    @classmethod
    def _not_shouted(cls, value: str) -> str:
        if value.isupper():
            raise ValueError("must not be shouted")
        return value

    @model_validator(mode="after")
    def _short_enough(self) -> Plan:
        if self.key.get_secret_value() == self.title:
            raise ValueError(f"the key {self.title!r} must differ from the title")
        return self


def reading(
    kind: object, raw: object, validate: Callable[[Any], object] | None = None
) -> Read:
    """Read one answer for a type."""
    return read(TypeReader(describe(kind), kind), validate, raw)


GOOD: list[tuple[Any, object, object]] = [
    (str, "Ada", "Ada"),
    (str, "", ""),
    (str, " a ", " a "),
    (int, "3", 3),
    (int, " 3 ", 3),
    (int, 3, 3),
    (int, 3.0, 3),
    (float, "2.5", 2.5),
    (float, 2, 2.0),
    (float, "-inf", float("-inf")),
    (Decimal, "1.10", Decimal("1.10")),
    (bool, True, True),
    (bool, "yes", True),
    (bool, "off", False),
    (dt.date, "2024-12-31", dt.date(2024, 12, 31)),
    (dt.date, dt.date(2024, 12, 31), dt.date(2024, 12, 31)),
    (dt.datetime, "2024-12-31T18:30", dt.datetime(2024, 12, 31, 18, 30)),  # noqa: DTZ001
    (dt.datetime, "2024-12-31 18:30", dt.datetime(2024, 12, 31, 18, 30)),  # noqa: DTZ001
    (dt.time, "18:30", dt.time(18, 30)),
    (Path, "a/b", Path("a/b")),
    (Literal["a", 1], "1", 1),
    (Literal["a", 1], 1, 1),
    (Size, "small", Size.SMALL),
    (Size, "LARGE", Size.LARGE),
    (Size, Size.LARGE, Size.LARGE),
    (int | None, "", None),
    (int | None, None, None),
    (int | None, "4", 4),
    (str | None, "", None),
    (list[int], ["1", 2], [1, 2]),
    (list[Size], ["LARGE"], [Size.LARGE]),
    (set[Literal["a", "b"]], ["b", "a"], {"a", "b"}),
    (dict[str, float], {"a": "1.5"}, {"a": 1.5}),
    (int | str, "x", "x"),
    (int | str, 3, 3),
]


@pytest.mark.parametrize(("kind", "raw", "value"), GOOD)
def test_good_answer_is_its_value(kind: object, raw: object, value: object) -> None:
    """What a person would type, and a ready value from code, is read as its type."""
    found = reading(kind, raw)
    assert found == Read(value)
    assert type(found.value) is type(value)


WRONG: list[tuple[Any, object, str]] = [
    (str, 3, "must be text"),
    (str, None, "needs an answer"),
    (str, ["a"], "must be text"),
    (str, b"a", "must be text"),
    (str, "\ud800", "has a character that is none"),
    (str, "a" * 1_000_001, "is longer than 1,000,000 characters"),
    (int, "", "needs an answer"),
    (int, "three", "must be a whole number"),
    (int, "3.5", "must be a whole number"),
    (int, 3.5, "must be a whole number"),
    (int, True, "must be a whole number"),
    (int, "9" * 5000, "is too large a number"),
    (float, "much", "must be a number"),
    (float, "1e400", "is too large a number"),
    (float, False, "must be a number"),
    (Decimal, "much", "must be a number"),
    (bool, 2, "must be yes or no"),
    (bool, "perhaps", "must be yes or no"),
    (dt.date, "31.12.2024", "must be a date such as 2024-12-31"),
    (dt.date, "2024-13-01", "must be a date such as 2024-12-31"),
    (dt.date, "20240101", "must be a date such as 2024-12-31"),
    (dt.date, 1_700_000_000, "must be a date such as 2024-12-31"),
    (dt.datetime, "2024-13-01", "must be a date and time such as 2024-12-31 18:30"),
    (dt.time, "25:00", "must be a time such as 18:30"),
    (Path, "a\0b", "must be the path of a file or folder"),
    (Literal["a", "b"], "c", "must be one of: a, b"),
    (Literal[1, 2], True, "must be one of: 1, 2"),
    (Size, "huge", "must be one of: small, LARGE"),
    (list[Size], "small", "must be a list of options"),
    (list[Size], ["small", "small"], "must name each option once"),
    (list[int], "1", "must be a list"),
    (list[int], [0] * 10_001, "has more than 10,000 items"),
    (dict[str, int], [1], "must be names with a value each"),
    (dict[str, int], {1: 1}, "has a name that is no text"),
    (Address, [], "must be the fields of a form"),
    (Address, {"city": "Bern"}, "has a field that the form has not"),
    (HttpUrl, "bern", "must be a URL such as https://example.org"),
    (Annotated[int, Field(ge=1)], 0, "must be at least 1"),
    (Annotated[int, Field(gt=1)], 1, "must be more than 1"),
    (Annotated[int, Field(le=1)], 2, "must be at most 1"),
    (Annotated[int, Field(lt=1)], 1, "must be less than 1"),
    (Annotated[int, Field(multiple_of=5)], 6, "must be a multiple of 5"),
    (Annotated[str, Field(min_length=1)], "", "must have at least 1 character"),
    (Annotated[str, Field(max_length=2)], "abc", "must have at most 2 characters"),
    (Annotated[str, Field(pattern="^a+$")], "b", "must match the pattern ^a+$"),
    (Annotated[list[int], Field(min_length=2)], [1], "must have at least 2 items"),
]


@pytest.mark.parametrize(("kind", "raw", "why"), WRONG)
def test_wrong_answer_says_why(kind: object, raw: object, why: str) -> None:
    """What does not fit is refused, with a sentence that a person understands."""
    assert reading(kind, raw) == Read(errors={"": why})


def test_errors_go_by_field() -> None:
    """Each wrong field of a form has its own sentence, by its path, in form order."""
    raw = {
        "prices": {"tea": "much"},
        "title": "NO",
        "days": "0",
        "others": [{"street": "ok"}, {"street": "x", "number": "one"}],
        "home": {"number": 1},
    }
    assert list(reading(Plan, raw).errors.items()) == [
        ("title", "must not be shouted"),
        ("days", "must be at least 1"),
        ("home.street", "needs an answer"),
        ("others.1.street", "must have at least 2 characters"),
        ("others.1.number", "must be a whole number"),
        ("prices.tea", "must be a number"),
    ]


def test_left_out_fields_take_their_defaults() -> None:
    """What is left out of a form takes its default; what has none is asked for."""
    value = reading(Plan, {"title": "Tea"}).value
    assert (value.title, value.days, value.home, value.others) == ("Tea", 3, None, [])
    assert reading(Plan, {}).errors == {"title": "needs an answer"}


def test_cleared_field_is_no_default() -> None:
    """A field that a person has cleared is empty: it does not take its default."""
    assert reading(Plan, {"title": "a", "days": ""}).errors == {
        "days": "needs an answer"
    }


def test_whole_form_may_be_refused() -> None:
    """What a model says of itself as a whole is about no field."""

    class Span(BaseModel):
        low: int
        high: int

        @model_validator(mode="after")
        def _in_order(self) -> Span:
            if self.low > self.high:
                raise ValueError("low must be below high")
            return self

    found = reading(Span, {"low": 2, "high": 1})
    assert found.errors == {"": "low must be below high"}


def test_sentence_never_repeats_a_secret() -> None:
    """A sentence that would repeat a secret says only that it is not accepted."""
    found = reading(Plan, {"title": "hunter2", "key": "hunter2"})
    assert found.errors == {"": "is not accepted"}


VERDICTS: list[tuple[Callable[[Any], object], dict[str, str]]] = [
    (lambda _: None, {}),
    (lambda _: True, {}),
    (lambda value: value == "Ada", {}),
    (lambda _: False, {"": "is not accepted"}),
    (lambda _: "must be a queen", {"": "must be a queen"}),
    (int, {"": "invalid literal for int() with base 10: 'Ada'"}),
    (lambda _: {}["a"], {"": "KeyError: 'a'"}),
]


@pytest.mark.parametrize(("validate", "errors"), VERDICTS)
def test_asker_may_refuse(
    validate: Callable[[Any], object], errors: dict[str, str]
) -> None:
    """A text, False or any exception of the asker's own check refuses an answer."""
    assert reading(str, "Ada", validate).errors == errors


def test_model_given_ready_made() -> None:
    """Code may give an instance for a form, and for a part of one."""
    home = Address(street="High")
    assert reading(Address, home).value is home
    assert reading(Plan, {"title": "a", "home": home}).value.home == home


def test_dataclass_is_made() -> None:
    """The answer to the form of a dataclass is an instance of it."""

    @dataclasses.dataclass
    class Point:
        x: float
        y: float = 0.5

    assert reading(Point, {"x": "1"}).value == Point(1.0, 0.5)


class TestFiles:
    """Uploaded files: bounded, decoded, and with a name that is only a name."""

    @staticmethod
    def test_content_is_decoded() -> None:
        """The content comes as bytes, or as base64 in JSON."""
        raw = {"name": "a.csv", "content": base64.b64encode(b"a,b").decode()}
        want = UploadedFile("a.csv", b"a,b", "application/octet-stream")
        assert reading(UploadedFile, raw).value == want
        raw = {"name": "a.csv", "content": memoryview(b"a,b"), "media_type": "text/csv"}  # type: ignore[dict-item]
        assert reading(UploadedFile, raw).value.media_type == "text/csv"
        assert reading(UploadedFile, raw).value.text == "a,b"

    @staticmethod
    @pytest.mark.parametrize(
        ("given", "name"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\files\\a.txt", "a.txt"),
            ("a\n\x1bb", "ab"),
            ("..", "file"),
            ("", "file"),
            ("a" * 300 + ".csv", "a" * 251 + ".csv"),
        ],
    )
    def test_name_has_no_folder(given: str, name: str) -> None:
        """A name that a browser sends names no folder and steers no terminal."""
        found = reading(UploadedFile, {"name": given, "content": b""})
        assert found.value.name == name

    @staticmethod
    @pytest.mark.parametrize(
        "content", [b"abc", bytearray(b"abc"), "YWJj", memoryview(b"abc")]
    )
    def test_size_is_bounded(content: object) -> None:
        """A file of the very size that is allowed is taken, a larger one is not."""
        shape = describe(UploadedFile)
        for most, good in ((3, True), (2, False)):
            field = dataclasses.replace(shape.field, max_bytes=most)
            reader = TypeReader(dataclasses.replace(shape, field=field), UploadedFile)
            found = read(reader, None, {"name": "a", "content": content})
            why = {} if good else {"": "must not be larger than 2 bytes"}
            assert found.errors == why

    @staticmethod
    @pytest.mark.parametrize(
        "raw",
        [
            "a.txt",
            {"name": "a"},
            {"name": "a", "content": 3},
            {"name": "a", "content": "no base64!"},
            {"name": 1, "content": b""},
            {"name": "a", "content": b"", "media_type": 1},
        ],
    )
    def test_anything_else_is_no_file(raw: object) -> None:
        """What is not a file is refused; a text is not taken for a path to read."""
        assert reading(UploadedFile, raw).errors == {"": "must be a file"}

    @staticmethod
    def test_reading_is_bounded(tmp_path: Path) -> None:
        """A file of this machine is read up to the bound, and not beyond."""
        path = tmp_path / "a.csv"
        path.write_bytes(b"abc")
        want = UploadedFile("a.csv", b"abc", "text/csv")
        assert UploadedFile.read(path, max_bytes=3) == want
        with pytest.raises(ValueError, match=r"^a\.csv is larger than 2 bytes$"):
            UploadedFile.read(path, max_bytes=2)


DECISIONS: list[tuple[object, Approval]] = [
    (True, Approval(approved=True)),
    (False, Approval(approved=False)),
    ("y", Approval(approved=True)),
    (" No ", Approval(approved=False)),
    (Approval(approved=False, reason="x"), Approval(approved=False, reason="x")),
    ({"approved": True}, Approval(approved=True)),
    ({"approved": False, "reason": " late "}, Approval(approved=False, reason="late")),
    ({"approved": "n", "reason": ""}, Approval(approved=False)),
]


@pytest.mark.parametrize(("raw", "value"), DECISIONS)
def test_decision_is_read(raw: object, value: Approval) -> None:
    """A decision is yes or no, in words too, with a reason if there is one."""
    found = read(ApprovalReader(), None, raw)
    assert found == Read(value)
    assert bool(found.value) is value.approved


@pytest.mark.parametrize(
    ("raw", "errors"),
    [
        (None, {"approved": "must be yes or no"}),
        (1, {"approved": "must be yes or no"}),
        ("perhaps", {"approved": "must be yes or no"}),
        ({"approved": True, "reason": 1}, {"reason": "must be text"}),
        ({"approved": True, "x": 1}, {"": "has a field that the form has not"}),
        (
            {"approved": True, "reason": "a" * 2001},
            {"reason": "is longer than 2,000 characters"},
        ),
    ],
)
def test_no_decision_is_refused(raw: object, errors: dict[str, str]) -> None:
    """What is neither yes nor no is refused: a person decides, nobody guesses."""
    assert read(ApprovalReader(), None, raw).errors == errors
