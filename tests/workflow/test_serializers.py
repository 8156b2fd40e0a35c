"""What comes back from a serializer, and what is refused."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Flag, StrEnum
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import ModuleType
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, PrivateAttr, RootModel

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.workflow.context.serializers import (
    BaseSerializer,
    JsonPickleSerializer,
    JsonSerializer,
    PickleSerializer,
)
from notebook_async.workflow.events import (
    Event,
    StartEvent,
    StepFailedEvent,
    StepState,
    StepStateChanged,
    StopEvent,
    UnreconstructedException,
    WorkflowFailedEvent,
)

EXAMPLES = settings(max_examples=150, deadline=None)


class Colour(StrEnum):
    """An enum whose members are strings too."""

    RED = "red"


class Mode(Flag):
    """Flags that can be put together."""

    READ = 1
    WRITE = 2


class Point(NamedTuple):
    """A named tuple."""

    x: int
    y: Any


@dataclass(frozen=True)
class Link:
    """A dataclass."""

    url: str
    parts: tuple[str, ...] = ()


@dataclass
class Tally:
    """A dataclass with a field that its `__init__` does not take."""

    url: str
    seen: list[int] = field(default_factory=list, init=False)


class Page(Event):
    """An event with a field."""

    url: str


class DeepPage(Page):
    """A subclass in a field of its base."""

    depth: int = 1


class Batch(Event):
    """An event that holds others."""

    pages: list[Page]
    link: Link | None = None
    colour: Colour = Colour.RED
    mode: Mode = Mode.READ


class Odd(BaseModel):
    """A model with an alias, a private attribute and a lock of its own."""

    size: int = Field(alias="Size")
    _note: str = PrivateAttr(default="")
    _lock: Any = PrivateAttr(default_factory=threading.Lock)


class Names(RootModel[list[str]]):
    """A model that is a list."""


class Custom(Event):
    """An event whose `__init__` takes something else than its fields."""

    url: str

    def __init__(self, link: str) -> None:
        super().__init__(url=f"https://{link}")


class Broken(Exception):  # noqa: N818
    """An exception that its message alone does not make."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"{code}: {why}")


class Index:
    """A component."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __repr__(self) -> str:
        return f"Index({self.size})"

    @classmethod
    def class_name(cls) -> str:
        """Return a name."""
        return "Index"

    def to_dict(self) -> dict[str, Any]:
        """Return it as data."""
        return {"size": (self.size,)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Index:
        """Return it from data."""
        return cls(data["size"][0])


BOUND = JsonSerializer().bound_to([Batch, Odd, Names, Custom, Tally])


def again(value: Any, serializer: BaseSerializer = BOUND) -> Any:  # noqa: ANN401
    """Return what comes back, by text; by value it is the same."""
    back = serializer.deserialize(serializer.serialize(value))
    data = json.loads(json.dumps(serializer.serialize_value(value), allow_nan=False))
    assert typed(serializer.deserialize_value(data)) == typed(back)
    return back


def typed(value: Any) -> Any:  # noqa: ANN401
    """Return a value with the classes of all that is in it, for comparing."""
    if isinstance(value, dict):
        inside: Any = [(typed(key), typed(item)) for key, item in value.items()]
    elif isinstance(value, list | tuple):
        inside = [typed(item) for item in value]
    elif isinstance(value, set | frozenset):
        inside = {repr(typed(item)) for item in value}
    elif isinstance(value, BaseModel):
        extra = value.__pydantic_extra__ or {}
        inside = [typed(value.__dict__), typed(extra)]
    else:
        inside = hex(value) if type(value) is int else repr(value)
    return type(value).__qualname__, inside


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(max_size=9),
    st.datetimes(timezones=st.none() | st.just(UTC) | st.just(ZoneInfo("Europe/Rome"))),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.sampled_from([Colour.RED, Mode.READ | Mode.WRITE, StepState.RUNNING, Page]),
    st.just(PurePosixPath("a/b")),
)
PLAIN_KEYS = st.text().filter(lambda key: key != "__tag__")
KEYS = st.one_of(
    st.text(),
    st.integers(),
    st.booleans(),
    st.none(),
    st.just("__tag__"),
    st.tuples(st.integers(), st.text()),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Put values into containers of all kinds."""
    names = st.sampled_from(["__tag__", "type", "x", "_data", "keys"])
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.frozensets(st.integers() | st.text(), max_size=4),
        st.sets(st.dates(), max_size=4),
        st.builds(Point, st.integers(), inner),
        st.builds(lambda value: Page(url="a", extra=value), inner),
        st.builds(lambda value: StartEvent(topic=value), inner),
        st.dictionaries(names, inner, max_size=3).map(overflowing),
    )


def overflowing(values: dict[str, Any]) -> Event:
    """Return an event with any names in its overflow."""
    event = DeepPage(url="b")
    for name, value in values.items():
        event[name] = value
    return event


@EXAMPLES
@given(st.recursive(SCALARS, nested, max_leaves=12))
def test_any_value_comes_back(value: object) -> None:
    """Any nesting of supported values comes back equal and of the same classes."""
    assert typed(again(value)) == typed(value)


@EXAMPLES
@given(st.dictionaries(PLAIN_KEYS, st.none() | st.text() | st.lists(st.integers())))
def test_plain_json_stays_plain(value: dict[str, object]) -> None:
    """What JSON knows is written as anyone would write it."""
    assert json.loads(JsonSerializer().serialize(value)) == value


@EXAMPLES
@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(allow_nan=False),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["__tag__", "type", "value", "fields", "args"]), inner
            )
            | st.fixed_dictionaries(
                {
                    "__tag__": st.sampled_from(
                        ["model", "exception", "set", "enum", "dict", "uuid", "class"]
                    ),
                    "type": st.sampled_from(["os:system", "__main__:x", "", "a"]),
                    "value": inner,
                    "fields": inner,
                    "message": st.text(),
                }
            )
        ),
        max_leaves=8,
    )
)
def test_any_data_is_read_or_refused(data: object) -> None:
    """Whatever JSON says, loading gives a value or a ValueError."""
    try:
        JsonSerializer().deserialize_value(data)
    except ValueError as error:
        assert type(error).__name__ == "SerdeError"  # noqa: PT017 - or no error at all


@pytest.mark.parametrize(
    "value",
    [
        10**5000,
        math.inf,
        bytearray(b"x"),
        {"__tag__": "model", "type": "os:system"},
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Rome"), fold=1),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        time(1, 2, tzinfo=UTC),
        date(1, 1, 1),
        Decimal("1.10"),
        UUID(int=7),
        Path("a/b"),
        PureWindowsPath("C:/x"),
        Point(1, (2, 3)),
        Link("a", parts=("x", "y")),
        Names(["a"]),
        Custom("a.org"),
        Page,
        StopEvent,
    ],
    ids=lambda value: type(value).__name__,
)
def test_kinds(value: object) -> None:
    """Each kind of value comes back as it was."""
    back = again(value)
    assert back == value
    assert type(back) is type(value)


def test_nested_events_stay_themselves() -> None:
    """An event of a subclass in a field of its base keeps its class and overflow."""
    batch = Batch(pages=[DeepPage(url="a", depth=3, tries=(1,))], link=Link("x"))
    back = again(batch)
    assert back == batch
    assert type(back.pages[0]) is DeepPage
    assert back.pages[0].tries == (1,)


def test_stop_event() -> None:
    """The result is kept, though it is private, with what it holds."""
    assert again(StopEvent(result={"p": Page(url="a")})).result == {"p": Page(url="a")}
    assert again(StopEvent(), JsonSerializer()).result is None


def test_private_attributes() -> None:
    """What was set comes back; a lock that the class makes is made again."""
    odd = Odd(Size=3)
    odd._note = "hello"
    back = again(odd)
    assert (back.size, back._note) == (3, "hello")
    assert back._lock is not odd._lock


def test_field_without_parameter() -> None:
    """A field of a dataclass that its `__init__` does not take is kept too."""
    tally = Tally("a")
    tally.seen.append(1)
    assert again(tally) == tally


def test_fields_set() -> None:
    """Which fields were given is known again."""
    page = DeepPage(url="a")
    assert again(page).model_fields_set == {"url"}


@pytest.mark.parametrize(
    "event",
    [
        StepStateChanged(
            name="a", step_state=StepState.RUNNING, worker_id="0", input_event_name="E"
        ),
        WorkflowFailedEvent(step_name="a", exception=OSError(2, "gone"), attempts=1),
        StepFailedEvent(
            step_name="a",
            input_event=StartEvent(x=1),
            exception=KeyError("k"),
            attempts=1,
            elapsed_seconds=0.5,
            failed_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
    ],
    ids=lambda event: type(event).__name__,
)
def test_events_of_the_engine(event: Event) -> None:
    """The engine's own events need no leave."""
    back = again(event, JsonSerializer())
    assert type(back) is type(event)
    assert repr(back) == repr(event)


def test_exceptions() -> None:
    """One that is built in or allowed is rebuilt, any other is stood for."""
    error = ValueError("bad", 3)
    error.add_note("in step fetch")
    back = again(error)
    assert (type(back), back.args, back.__notes__) == (
        ValueError,
        ("bad", 3),
        ["in step fetch"],
    )
    stand_in = again(subprocess.CalledProcessError(1, "ls"))
    assert type(stand_in) is UnreconstructedException
    assert stand_in.original_type == "subprocess.CalledProcessError"
    assert again(stand_in).original_type == "subprocess.CalledProcessError"
    assert str(again(Broken(1, "no"))) == "1: no"
    assert type(again(Broken(1, "no"))) is UnreconstructedException


def test_local_classes() -> None:
    """A class local to a function is found among those of the workflow only."""

    class Local(Event):
        page: Page | None = None

    bound = JsonSerializer().bound_to([Local])
    event = Local(page=Page(url="a"))
    assert again(event, bound) == event
    assert again(Local, bound) is Local
    with pytest.raises(ValueError, match=r"^a: a value of class .*Local cannot be sa"):
        JsonSerializer().serialize({"a": event})
    with pytest.raises(ValueError, match=r"Local is local to a function, and no step"):
        BOUND.deserialize(bound.serialize(event))


def test_allowed_types() -> None:
    """A class may be allowed itself or by its dotted name, a component too."""
    dotted = f"{__name__}.Page"
    assert again(Page(url="a"), JsonSerializer([Page])) == Page(url="a")
    assert again(Page(url="a"), JsonSerializer([dotted])) == Page(url="a")
    assert again(Index(3), JsonSerializer(allowed_types=[Index])).size == 3
    with pytest.raises(ValueError, match=r"^\[0\]: a value of class .*Index cannot"):
        BOUND.serialize([Index(3)])
    with pytest.raises(ArgumentTypeError, match=r"takes classes and dotted names.*7"):
        JsonSerializer([7])  # type: ignore[list-item]


def test_classes_of_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class of a cell is found in the user's namespace, once its cell has run."""
    names: dict[str, Any] = {"__name__": "__main__", "Event": Event}
    exec("class Cell(Event):\n    url: str", names)  # noqa: S102 - as a cell does
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "Cell", names["Cell"], raising=False)
    text = JsonSerializer().serialize(names["Cell"](url="a"))
    assert JsonSerializer().deserialize(text) == names["Cell"](url="a")
    monkeypatch.delattr(main, "Cell")
    with pytest.raises(ValueError, match="run the cell that defines Cell first"):
        JsonSerializer().deserialize(text)


TAGS = ["model", "dataclass", "namedtuple", "enum", "component", "class"]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "builtins:eval",
        "subprocess:Popen",
        "stranger:Model",
        "antigravity:x",
    ],
)
def test_malicious_names(tag: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name in the data never chooses what is imported, made or called."""
    stranger = ModuleType("stranger")
    stranger.Model = type("Model", (BaseModel,), {"__module__": "stranger"})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "stranger", stranger)
    payload = {"__tag__": tag, "type": name, "fields": {}, "value": {}, "name": "x"}
    with pytest.raises(
        ValueError, match=rf"^x\[0\]: {name.replace(':', '.')} is not tr"
    ):
        BOUND.deserialize(json.dumps({"x": [payload]}))
    assert "antigravity" not in sys.modules


def test_what_a_module_imported_is_not_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trusted module gives away no functions, and nothing that it imported."""
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "Popen", subprocess.Popen, raising=False)
    for name in ("Popen", "Popen.communicate", "__builtins__", "__builtins__.eval"):
        payload = {"__tag__": "model", "type": f"__main__:{name}", "fields": {}}
        with pytest.raises(ValueError, match=r"not trusted|not defined"):
            JsonSerializer().deserialize_value(payload)


def test_tag_and_class_must_agree() -> None:
    """A class that may be named is still only used as what it is."""
    name = f"{__name__}:Page"
    payload = {"__tag__": "enum", "type": name, "name": "x"}
    with pytest.raises(ValueError, match=r"is not what its tag says, 'enum'"):
        BOUND.deserialize_value(payload)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"agent": {"llm": print}}, r"^agent\.llm: .*builtin_function_or_method"),
        ([1, 2, Page(url="a", client=re)], r"^\[2\]\.client: a value of class module"),
        ({(1, 2): object()}, r"^\[\(1, 2\)\]: a value of class object"),
        (StopEvent(result={1: object()}), r"^_result\[1\]: a value of class object"),
        (int, "^the class int cannot be saved"),
        (type("Text", (str,), {})("x"), "Text cannot be saved"),
    ],
)
def test_unsavable(value: object, message: str) -> None:
    """What would not load again fails when saved, and the path leads to it."""
    with pytest.raises(ValueError, match=message):
        BOUND.serialize(value)


def test_endless_value() -> None:
    """A list that holds itself is an error, not a crash."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match=r"^\[\[.*\]\] holds itself, or is nested"):
        BOUND.serialize(endless)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is no JSON, but '{'"),
        ('[{"__tag__": "new"}]', r"^\[0\]: what is tagged 'new' cannot be read"),
        ('{"__tag__": []}', "cannot be read"),
        ('{"a": {"__tag__": "uuid", "value": "x"}}', "^a: what is tagged 'uuid'"),
        ('{"__tag__": "pickle", "value": ""}', "loading one runs whatever it says"),
    ],
)
def test_bad_text(text: str, message: str) -> None:
    """Text that no serializer wrote is refused with the place."""
    with pytest.raises(ValueError, match=message):
        JsonSerializer().deserialize(text)


def test_invalid_fields() -> None:
    """Fields are validated by their class when they are loaded."""
    text = BOUND.serialize(Batch(pages=[])).replace('"pages":[]', '"pages":7')
    with pytest.raises(ValueError, match=r"(?s)tagged 'model' .*\bpages\b"):
        BOUND.deserialize(text)


def test_pickle() -> None:
    """A pickle stands only where JSON has no form, and only for those who trust it."""
    with pytest.raises(InvalidArgumentError, match=r"trusted=True, got trusted=False"):
        JsonPickleSerializer()
    assert PickleSerializer is JsonPickleSerializer
    serializer = JsonPickleSerializer(trusted=True)
    pattern = re.compile("a+")
    assert serializer.serialize({"a": [1]}) == '{"a":[1]}'
    assert again({"a": [1, pattern]}, serializer) == {"a": [1, pattern]}
    assert again(Page(url="a"), serializer) == Page(url="a")
    with pytest.raises(ValueError, match=r"^a: .*lock cannot be saved, not even"):
        serializer.serialize({"a": threading.Lock()})


def test_own_serializer() -> None:
    """A serializer of two methods does for all that the engine asks."""

    class Reprs(BaseSerializer):
        def serialize(self, value: object) -> str:
            return repr(value)

        def deserialize(self, value: str) -> object:
            return int(value)

    own = Reprs()
    assert own.deserialize_value(own.serialize_value(7)) == 7
    assert own.bound_to([Page]) is own
