"""Values as short text."""

from __future__ import annotations

import enum
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async.core._short import error_line, one_line, short
from notebook_async.workflow import Event, StopEvent

if TYPE_CHECKING:
    from collections.abc import Iterator


class Page(Event):
    """An event with a field."""

    url: str


@dataclass
class Point:
    """A dataclass, of which one field is not to be shown."""

    x: Any
    y: Any = 2
    hidden: int = field(default=3, repr=False)


class Colour(enum.Enum):
    """An enumeration."""

    RED = 1


class Plain:
    """A class without a repr."""


class Own:
    """A class with a repr of its own."""

    def __repr__(self) -> str:
        return "Own\n  lines"


class Long:
    """A class with a length and a repr that must not be asked."""

    def __len__(self) -> int:
        return 10**6

    def __repr__(self) -> str:
        raise AssertionError


class Table(Long):
    """A class with a shape."""

    shape = (3, 4)


class Broken:
    """A class whose repr fails."""

    def __repr__(self) -> str:
        raise ValueError("no")


async def fetch() -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (3, "3"),
        (1.5, "1.5"),
        (2**2000, "<int of 2,001 bits>"),
        ("a'b\n", '"a\'b\\n"'),
        (b"x", "b'x'"),
        ([], "[]"),
        ((), "()"),
        ((1,), "(1,)"),
        (set(), "set()"),
        (frozenset({1}), "frozenset({1})"),
        ({}, "{}"),
        ({"a": [1, 2]}, "{'a': [1, 2]}"),
        (list(range(8)), "[0, 1, 2, 3, 4, 5, … 2 more]"),
        ([[[[1]]]], "[[[[…]]]]"),
        ({1: {2: {3: {4: 5}}}}, "{1: {2: {3: {…}}}}"),
        (Page(url="a"), "Page(url='a')"),
        (Page(url="a", tries=2), "Page(url='a', tries=2)"),
        (StopEvent(result=[1]), "StopEvent(result=[1])"),
        (Point(1), "Point(x=1, y=2)"),
        (
            Point(Point(Point(Point(1)))),
            "Point(x=Point(x=Point(x=Point(…), y=2), y=2), y=2)",
        ),
        (Point, "<type Point>"),
        (fetch, "<function fetch>"),
        (Colour.RED, "<Colour.RED: 1>"),
        (Plain(), "<Plain>"),
        (Own(), "Own lines"),
        (Long(), "<Long of 1,000,000>"),
        (Table(), "<Table 3 x 4>"),
        (Broken(), "<Broken without a repr>"),
        ([Broken()], "<list without a repr>"),
        (ValueError(3), "ValueError(3)"),
        (Path("a"), f"{type(Path('a')).__name__}('a')"),
        (deque([1]), "deque([1])"),
        (deque(range(101)), "<deque of 101>"),
        (Counter("a"), "Counter({'a': 1})"),
        (OrderedDict(a=1), repr(OrderedDict(a=1))),
        (defaultdict(int), "defaultdict(<class 'int'>, {})"),
        (range(10**9), "<range of 1,000,000,000>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values(value: object, text: str) -> None:
    """A value is shown as its repr shows it, as long as that is short."""
    assert short(value) == text


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**7,
        b"x" * 10**7,
        ["x" * 10**6] * 10**4,
        dict.fromkeys(range(1000), "x" * 10**6),
        Page(url="x" * 10**6),
        Point("x" * 10**6, "y" * 10**6),
        [[["x" * 1000] * 9] * 9] * 9,
    ],
    ids=lambda value: type(value).__name__,
)
def test_large_values_are_cut(value: object) -> None:
    """However large a value is, its text is short, and says that it was cut."""
    text = short(value)
    assert len(text) <= 200
    assert "…" in text
    assert len(short(value, most=30)) <= 30


def test_cut_string_ends_as_a_string_does() -> None:
    """A text that is cut within something keeps its quotes."""
    assert short(["a" * 100], most=40) == f"['{'a' * 20}…']"


def test_fields_beyond_the_end_are_not_looked_at() -> None:
    """Once the text is long enough no further field becomes text."""
    looked = []

    class Fields:
        """Shows its fields as pydantic does."""

        def __repr_args__(self) -> Iterator[tuple[str, object]]:
            for number in range(1000):
                looked.append(number)
                yield f"field{number}", "x" * 100

    assert len(short(Fields())) == 200
    assert len(looked) < 5


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.binary() | st.floats(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value(value: object) -> None:
    """A value is one line of two hundred characters, and as it is where that fits."""
    text = short(value)
    assert len(text) <= 200
    assert "\n" not in text
    if "…" not in text:
        assert text == " ".join(repr(value).split()) or text == repr(value)


def test_errors() -> None:
    """An exception is one line too, whatever its repr does."""

    class BrokenError(Exception):
        def __repr__(self) -> str:
            raise ValueError("no")

    class WordyError(Exception):
        def __repr__(self) -> str:
            return f"WordyError({'headers' * 100}, {self})"

    assert error_line(ValueError("a\nb")) == "ValueError('a\\nb')"
    assert len(error_line(ValueError("x" * 1000))) == 300
    assert error_line(BrokenError()) == "<BrokenError without a repr>"
    assert error_line(WordyError("gone")) == "WordyError: gone"


def test_one_line() -> None:
    """Lines become one, and what is too long is cut."""
    assert one_line("a\n  b", most=9) == "a b"
    assert one_line("a  b", most=9) == "a  b"
    assert one_line("abc", most=3) == "abc"
    assert one_line("abcd", most=3) == "ab…"
