"""Attributes that are replaced for a while."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.kernel._patches import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Base:
    """Has a method for its heirs."""

    def name(self) -> str:
        """Say who it is."""
        return "base"


class Heir(Base):
    """Inherits the method."""


def wrapped(before: Callable[..., str]) -> Callable[..., str]:
    """Make a function that names what it replaces."""

    def name(*args: object) -> str:
        return f"ours over {before(*args)}"

    return name


def other(*_: object) -> str:
    """Stand for what somebody else puts in place."""
    return "other"


@pytest.fixture
def module() -> Iterator[Callable[..., Any]]:
    """Give a maker of modules that are imported while the test lasts."""
    made = []

    def make(title: str, **names: object) -> Any:  # noqa: ANN401
        module = ModuleType(f"made_{title}")
        vars(module).update(names)
        sys.modules[module.__name__] = module
        made.append(module.__name__)
        return module

    yield make
    for title in made:
        del sys.modules[title]


@pytest.mark.parametrize("owner", [Base, Heir, SimpleNamespace(name=other), Base()])
def test_put_and_undo(owner: Any) -> None:  # noqa: ANN401
    """An attribute is replaced wherever it is from, and is afterwards where it was."""
    before = dict(vars(owner))
    patch = Patch(owner, "name", wrapped)
    patch.put()
    own = vars(owner)["name"]
    patch.put()
    assert vars(owner)["name"] is own
    one = owner() if isinstance(owner, type) else owner
    assert one.name().startswith("ours over ")
    patch.undo()
    patch.undo()
    assert dict(vars(owner)) == before


def test_undo_before_put() -> None:
    """To undo what was never put does nothing."""
    owner = SimpleNamespace(name=other)
    Patch(owner, "name", wrapped).undo()
    assert owner.name is other


def test_somebody_else_replaces_it() -> None:
    """It is put over what somebody has put in its place, and gives that back."""
    owner = SimpleNamespace(name=lambda: "first")
    patch = Patch(owner, "name", wrapped)
    patch.put()
    owner.name = other
    patch.put()
    assert owner.name() == "ours over other"
    assert patch.before is other
    patch.undo()
    assert owner.name is other


def test_undo_leaves_what_somebody_else_has_put() -> None:
    """What is not ours any more is left alone, and can be put again."""
    owner = SimpleNamespace(name=lambda: "first")
    patch = Patch(owner, "name", wrapped)
    patch.put()
    owner.name = other
    patch.undo()
    assert owner.name is other
    patch.put()
    assert owner.name() == "ours over other"
    patch.undo()
    assert owner.name is other


def test_modules_that_have_imported_it_follow(module: Callable[..., Any]) -> None:
    """Those that imported it before or meanwhile follow, there and back."""
    stock = lambda: "stock"  # noqa: E731
    owner = module("owner", name=stock)
    early = module("early", name=stock, as_other=stock)
    unlike = module("unlike", name=other)
    patch = Patch(owner, "name", wrapped, imported=(stock,))
    patch.put()
    late = module("late", name=owner.name)
    assert [each.name() for each in (owner, early, late)] == ["ours over stock"] * 3
    assert (unlike.name, early.as_other) == (other, stock)
    patch.undo()
    assert [each.name for each in (owner, early, late)] == [stock] * 3


def test_modules_follow_whoever_else_replaces_it(module: Callable[..., Any]) -> None:
    """Each gets back what it had, also when somebody replaces it meanwhile."""
    stock = lambda: "stock"  # noqa: E731
    owner = module("owner", name=stock)
    early = module("early", name=stock)
    patch = Patch(owner, "name", wrapped, imported=(stock,))
    patch.put()
    owner.name = other
    late = module("late", name=other)
    patch.put()
    assert [each.name() for each in (owner, early, late)] == [
        "ours over other",
        "ours over stock",
        "ours over other",
    ]
    owner.name = other
    patch.undo()
    assert [each.name for each in (owner, early, late)] == [other, stock, other]


def test_modules_with_the_original_follow_a_late_patch(
    module: Callable[..., Any],
) -> None:
    """Where somebody was there before us, those that know the original follow too."""
    stock = lambda: "stock"  # noqa: E731
    owner = module("owner", name=other)
    early = module("early", name=stock)
    patch = Patch(owner, "name", wrapped, imported=(stock,))
    patch.put()
    assert early.name() == "ours over other"
    patch.undo()
    assert (owner.name, early.name) == (other, stock)


def test_modules_do_not_follow_unless_told(module: Callable[..., Any]) -> None:
    """An attribute that nobody imports is replaced in its place only."""
    stock = lambda: "stock"  # noqa: E731
    owner = module("owner", name=stock)
    early = module("early", name=stock)
    patch = Patch(owner, "name", wrapped)
    patch.put()
    assert early.name is stock
    patch.undo()
    assert owner.name is stock
