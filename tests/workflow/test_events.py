"""Events: declared fields, what is given beyond them, and the classes of the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import PrivateAttr, ValidationError

from notebook_async.workflow import (
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    InternalDispatchEvent,
    StartEvent,
    StepFailedEvent,
    StepStateChanged,
    StopEvent,
    UnhandledEvent,
    UnreconstructedException,
    WorkflowCancelledEvent,
    WorkflowFailedEvent,
    WorkflowIdleEvent,
    WorkflowTimedOutEvent,
)


class Page(Event):
    """An event with a field and a private attribute."""

    number: int
    _note: str = PrivateAttr(default="none")


def test_declared_fields_are_validated() -> None:
    """A declared field is checked and converted; a wrong value is refused."""
    assert Page(number="3").number == 3  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="valid integer"):
        Page(number="three")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="Field required"):
        Page()  # type: ignore[call-arg]


def test_arbitrary_types_are_allowed() -> None:
    """A field may be of any class."""

    class Plain:
        pass

    class Holds(Event):
        plain: Plain

    plain = Plain()
    assert Holds(plain=plain).plain is plain


def test_undeclared_values_are_attributes_and_items() -> None:
    """What is not declared is kept, readable as attribute and as item."""
    page: Any = Page(number=1, title="a", size=2)
    assert (page.title, page["title"], page.size) == ("a", "a", 2)


def test_missing_values() -> None:
    """A missing attribute is an `AttributeError`, a missing item a `KeyError`."""
    page: Any = Page(number=1)
    with pytest.raises(AttributeError, match="title"):
        _ = page.title
    with pytest.raises(KeyError, match="title"):
        _ = page["title"]


def test_mapping_methods_see_only_the_overflow() -> None:
    """Declared fields are no items; everything else is."""
    page = Page(number=1, title="a", size=2)
    assert ("number" in page, "title" in page) == (False, True)
    assert len(page) == 2
    assert (list(page), list(page.keys())) == (["title", "size"], ["title", "size"])
    assert list(page.values()) == ["a", 2]
    assert list(page.items()) == [("title", "a"), ("size", 2)]
    assert page.to_dict() == {"title": "a", "size": 2}
    assert (page.get("title"), page.get("number", 7), page.get("x")) == ("a", 7, None)


def test_setting() -> None:
    """A declared name sets its field, any other the overflow."""
    page: Any = Page(number=1)
    page.number = 2
    page.title = "a"
    page["size"] = 3
    assert page.number == 2
    assert page.to_dict() == {"title": "a", "size": 3}


def test_always_true() -> None:
    """An event is true, though its overflow be empty."""
    assert len(Event()) == 0
    assert bool(Event()) is True


def test_private_attributes_by_name() -> None:
    """A private attribute may be given by name, and is not validated."""
    assert Page(number=1)._note == "none"
    assert Page(number=1, _note=5)._note == 5  # type: ignore[comparison-overlap]
    assert len(Page(number=1, _note=5)) == 0


def test_equality_and_hash() -> None:
    """Events are equal by class, fields and overflow; they cannot be hashed."""
    assert Page(number=1, a=2) == Page(number=1, a=2)
    assert Page(number=1, a=2) != Page(number=1, a=3)
    assert Page(number=1) != Page(number=1, a=3)
    assert StartEvent() != Event()
    with pytest.raises(TypeError, match="unhashable"):
        hash(Event())


@pytest.mark.parametrize(
    ("event", "dump"),
    [
        (Page(number=1), {"number": 1}),
        (Page(number=1, a=2), {"number": 1, "_data": {"a": 2}}),
        (Event(a=[1, {"b": 2}]), {"_data": {"a": [1, {"b": 2}]}}),
        (StopEvent(), {}),
        (StopEvent(result=3), {"result": 3}),
        (StopEvent(result=3, a=1), {"result": 3, "_data": {"a": 1}}),
    ],
)
def test_dump_and_back(event: Event, dump: dict[str, Any]) -> None:
    """A dump has the fields and the overflow apart, and makes an equal event again."""
    assert event.model_dump() == dump
    again = type(event).model_validate(dump)
    assert again == event
    assert getattr(again, "result", None) == getattr(event, "result", None)
    assert type(event).model_validate_json(event.model_dump_json()) == event


def test_stop_event_texts() -> None:
    """A `StopEvent` is its result as text, and shows its values in its repr."""
    assert str(StopEvent(result=[1])) == "[1]"
    assert repr(StopEvent(result=3, a=1)) == "StopEvent(a=1, result=3)"
    assert repr(StopEvent()) == "StopEvent()"


@pytest.mark.parametrize("result", [0, "", [], False])
def test_stop_event_keeps_false_results(result: object) -> None:
    """A result that is false is a result."""
    assert StopEvent(result=result).result == result
    assert StopEvent(result=result).model_dump() == {"result": result}


def test_get_result_can_be_overridden() -> None:
    """A subclass says what its result is by `_get_result`."""

    class Twice(StopEvent):
        n: int

        def _get_result(self) -> int:
            return 2 * self.n

    assert Twice(n=3).result == 6


def test_question_has_no_id_before_it_is_asked() -> None:
    """A question that no run has asked has no id."""
    assert InputRequiredEvent(prefix="?").question_id is None
    assert HumanResponseEvent(response="a").response == "a"


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (WorkflowTimedOutEvent, StopEvent),
        (WorkflowCancelledEvent, StopEvent),
        (WorkflowFailedEvent, StopEvent),
        (StepStateChanged, InternalDispatchEvent),
        (UnhandledEvent, InternalDispatchEvent),
        (WorkflowIdleEvent, InternalDispatchEvent),
        (StepFailedEvent, Event),
    ],
)
def test_family(kind: type[Event], base: type[Event]) -> None:
    """Ends are stop events; what the engine says about itself has a base of its own."""
    assert issubclass(kind, base)


class OwnError(Exception):
    """An exception that is not built in."""


@pytest.mark.parametrize(
    ("error", "again", "original"),
    [
        (OSError("no"), OSError, None),
        (OwnError("no"), UnreconstructedException, f"{__name__}.OwnError"),
    ],
)
def test_exception_in_data(
    error: Exception, again: type[Exception], original: str | None
) -> None:
    """In data an exception is its class and text; only built-in ones are rebuilt."""
    event = WorkflowFailedEvent(step_name="s", exception=error, attempts=2)
    assert event.exception is error
    loaded = WorkflowFailedEvent.model_validate(event.model_dump())
    assert type(loaded.exception) is again
    assert str(loaded.exception) == "no"
    assert getattr(loaded.exception, "original_type", None) == original
    assert (loaded.step_name, loaded.attempts, loaded.elapsed_seconds) == ("s", 2, None)


def test_step_failed_event_in_data() -> None:
    """A failure keeps its time and its event in data."""
    event = StepFailedEvent(
        step_name="s",
        input_event=StartEvent(a=1),
        exception=OSError("no"),
        attempts=1,
        elapsed_seconds=0.5,
        failed_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    loaded = StepFailedEvent.model_validate_json(event.model_dump_json())
    assert loaded.failed_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert loaded.input_event.get("a") == 1
