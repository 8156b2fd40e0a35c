"""Whatever a front end sends, an answer never raises and never resolves wrongly."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, TypeAdapter

from notebook_async import approve, ask, choose
from notebook_async.prompts import (
    Approval,
    HeldPresenter,
    Reply,
    UploadedFile,
    pending,
    set_presenter,
)
from notebook_async.testing import VirtualClockLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Size(Enum):
    """Two sizes."""

    SMALL = "small"
    LARGE = 10


class Home(BaseModel):
    """Where somebody lives."""

    street: str = Field(min_length=2)
    number: int | None = None


class Plan(BaseModel):
    """One field of each kind."""

    title: str
    days: int = Field(3, ge=1)
    ratio: float = 0.5
    go: bool = True
    size: Size = Size.SMALL
    day: dt.date | None = None
    at: dt.datetime | None = None
    path: Path | None = None
    key: SecretStr = SecretStr("")
    tags: list[str] = []
    prices: dict[str, float] = {}
    home: Home | None = None
    homes: list[Home] = []
    file: UploadedFile | None = None


# Words that mean something to one kind of field or another, and some that mean nothing.
WORDS = st.sampled_from(
    [
        *("", " ", "a", "3", "-1", "1e400", "nan", "٣", "yes", "small", "LARGE"),
        *("2024-12-31", "2024-12-31T18:30", "18:30", "1700000000"),
        *("\0", "\ud800", "__class__", "{0}"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | WORDS
)
NAMES = st.sampled_from([*Plan.model_fields, *Home.model_fields]) | st.sampled_from(
    ["approved", "reason", "name", "content", "media_type", "", "x"]
)
GARBAGE: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=5), inside, max_size=6)
    ),
    max_leaves=12,
)

KINDS: list[Any] = [
    str,
    int,
    float,
    bool,
    dt.date,
    dt.datetime,
    dt.time,
    Path,
    SecretStr,
    Size,
    Literal["a", 3],
    int | None,
    Annotated[str, Field(pattern="^a+$")],
    list[int],
    list[Size],
    dict[str, int],
    UploadedFile,
    Home,
    Plan,
]
OPTIONS = ["a", 3, None, ("b",)]
ASKING: list[tuple[Callable[[], Coroutine[Any, Any, Any]], Callable[[Any], bool]]] = [
    (lambda: approve("?"), lambda value: isinstance(value, Approval)),
    (lambda: choose("?", OPTIONS), lambda value: value in OPTIONS),
    (
        lambda: choose("?", OPTIONS, many=True),
        lambda value: all(each in OPTIONS for each in value),
    ),
]


def _is_strictly(kind: Any, value: Any) -> bool:  # noqa: ANN401
    """Tell whether a value is of a type as it stands, with nothing to convert."""
    return bool(TypeAdapter(kind).validate_python(value, strict=True) == value) or (
        isinstance(value, float) and math.isnan(value)
    )


async def _answered(asking: Coroutine[Any, Any, Any], raws: list[Any]) -> Any:  # noqa: ANN401
    """Give these answers until one is taken, and check each reply; return the value."""
    set_presenter(HeldPresenter())
    task = asyncio.create_task(asking)
    await asyncio.sleep(0)
    prompt = pending[-1]
    try:
        for raw in raws:
            reply = prompt.answer(raw, how="from a front end")
            assert isinstance(reply, Reply)
            if reply:
                assert pending.answer(prompt.id, raw).status == "closed"
                return await task
            assert reply.status == "refused"
            assert reply.errors
            assert all(isinstance(why, str) and why for why in reply.errors.values())
            await asyncio.sleep(0)
            assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])
        set_presenter(None)
    return ...


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), st.lists(GARBAGE, min_size=1, max_size=5))
def test_any_answer_to_any_type(kind: Any, raws: list[Any]) -> None:  # noqa: ANN401
    """Garbage is refused with a reason, and what is taken is of the very type."""
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        value = runner.run(_answered(ask("?", kind), raws))
    assert value is ... or _is_strictly(kind, value)
    assert len(pending) == 0


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        {"title": st.text(max_size=5)},
        optional={name: GARBAGE for name in Plan.model_fields if name != "title"},
    )
)
def test_any_form(raw: dict[str, Any]) -> None:
    """Each complaint about a form is about a field that was sent, or is needed."""

    async def main() -> Any:  # noqa: ANN401
        return await _answered(ask("?", Plan), [raw])

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        value = runner.run(main())
    assert value is ... or _is_strictly(Plan, value)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(range(len(ASKING))), st.lists(GARBAGE, min_size=1, max_size=5))
def test_any_decision_and_choice(which: int, raws: list[Any]) -> None:
    """Garbage decides nothing and chooses nothing that was not offered."""
    asking, fits = ASKING[which]
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        value = runner.run(_answered(asking(), raws))
    assert value is ... or fits(value)


@settings(max_examples=100, deadline=None)
@given(GARBAGE, GARBAGE, GARBAGE)
def test_any_id(key: object, raw: object, reason: Any) -> None:  # noqa: ANN401
    """Whatever is sent as an id, or as a reason, the queue answers politely."""
    for reply in (
        pending.answer(key, raw),
        pending.take_default(key),
        pending.cancel(key, reason),
    ):
        assert reply.status == "unknown"


def test_deep_answer_is_refused() -> None:
    """An answer nested without end is refused as any other."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    kinds = (str, list[str], Plan, dict[str, int])
    for kind in kinds:
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            assert runner.run(_answered(ask("?", kind), [deep])) is ...
