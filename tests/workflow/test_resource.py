"""Resources: made once or for each call, from each other, and shared while they are."""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib
import json
import re
import weakref
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from notebook_async.errors import (
    ArgumentTypeError,
    InvalidArgumentError,
    WorkflowValidationError,
)
from notebook_async.testing import VirtualClockLoop
from notebook_async.workflow.resource import (
    Resource,
    ResourceConfig,
    ResourceDefinition,
    ResourceManager,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from no_such_module import Absent  # type: ignore[import-not-found]


def _now() -> float:
    return asyncio.get_running_loop().time()


def _definition(factory: Callable[..., Any], *, cache: bool = True) -> Any:  # noqa: ANN401
    return ResourceDefinition("value", Resource(factory, cache=cache))


def _localns(resource: Resource | ResourceConfig) -> object:
    """Return its local names; a type checker takes them for what was just set."""
    return resource.localns


class Slow:
    """A factory that takes a second, and counts."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.begun = 0
        self.cleaned = 0

    async def __call__(self) -> str:
        """Take a second, then fail or make a value."""
        self.begun += 1
        number = self.begun
        try:
            await asyncio.sleep(1)
        finally:
            self.cleaned += 1
        if self.failures:
            raise self.failures.pop(0)
        return f"value {number}"


def test_names_are_sorted() -> None:
    """`__all__` is sorted and every name is there."""
    module = importlib.import_module("notebook_async.workflow.resource")
    assert module.__all__ == sorted(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


# -- what a factory may be


def plain() -> str:
    """Make a value at once."""
    return "plain"


async def later() -> str:
    """Make a value later."""
    await asyncio.sleep(1)
    return "later"


def two(
    a: Annotated[str, Resource(plain)],
    b: Annotated[str, Resource(later)],
    sep: str = "+",
    *args: Absent,  # noqa: ARG001
    **kwargs: Absent,  # noqa: ARG001
) -> Absent:
    """Make a value of two others."""
    return f"{a}{sep}{b}"


class Service:
    """A class whose parameters are resources."""

    def __init__(self, text: Annotated[str, Resource(two)]) -> None:
        self.text = text

    def make(self, text: Annotated[str, Resource(plain)]) -> str:
        """Make a value, as a bound method."""
        return self.text + text

    def __call__(self, text: Annotated[str, Resource(plain)]) -> str:
        """Make a value, as an object that can be called."""
        return self.text + text


class Unhashable(list[int]):
    """A factory that cannot be a key."""

    def __call__(self) -> int:
        """Make a value."""
        return len(self)


FACTORIES: list[tuple[Any, str, Any]] = [
    (plain, "plain", "plain"),
    (later, "later", "later"),
    (two, "two", "plain+later"),
    (lambda: 1, "<lambda>", 1),
    (lambda: later(), "<lambda>", "later"),  # noqa: PLW0108
    (functools.partial(two, sep="-"), "two", "plain-later"),
    (Service("a").make, "Service.make", "aplain"),
    (Service("b"), "Service", "bplain"),
    (dict, "dict", {}),
    (Unhashable([1]), "Unhashable", 1),
]


@pytest.mark.parametrize(("factory", "name", "expected"), FACTORIES)
async def test_factory(factory: Any, name: str, expected: object) -> None:  # noqa: ANN401
    """Functions, coroutines, classes and other callables make resources."""
    resource = Resource(factory)
    assert resource.name == name
    assert await ResourceManager().get(resource) == expected


async def test_class_as_factory() -> None:
    """A class is made with the resources that its `__init__` takes."""
    assert (await ResourceManager().get(Resource(Service))).text == "plain+later"


async def test_future_is_a_value() -> None:
    """What a plain function returns is the value, even if it can be awaited."""
    future = asyncio.get_running_loop().create_future()
    assert await ResourceManager().get(Resource(lambda: future)) is future
    assert not future.done()


def test_repr() -> None:
    """A resource shows its factory's name."""
    assert repr(Resource(plain, cache=False)) == "Resource(plain, cache=False)"


# -- caching


async def test_cached_once_per_manager() -> None:
    """A cached resource is made once for each manager."""
    slow = Slow()
    manager = ResourceManager()
    first = await manager.get(Resource(slow))
    assert await manager.get(Resource(slow)) is first
    assert slow.begun == 1
    assert await ResourceManager().get(Resource(slow)) == "value 2"


async def test_uncached_is_shared_within_one_call() -> None:
    """Without cache, one call of a step makes one value, and the next another."""

    def inner(value: Annotated[object, Resource(object, cache=False)]) -> object:
        return value

    outer = ResourceDefinition("outer", Resource(inner, cache=False))
    bare = ResourceDefinition("bare", Resource(object, cache=False))
    manager = ResourceManager()
    one = await manager.resolve([outer, bare])
    other = await manager.resolve([bare, outer])
    assert one["outer"] is one["bare"]
    assert other["outer"] is other["bare"]
    assert one["bare"] is not other["bare"]
    assert manager.get_all() == {}


async def test_same_name_is_not_same_factory() -> None:
    """Two functions of one name have a value each."""
    manager = ResourceManager()
    values = [await manager.get(Resource(make)) for make in (lambda: 1, lambda: 2)]
    assert values == [1, 2]
    name = Resource(lambda: 0).name
    assert manager.get_all() == {name: 1, f"{name} (2)": 2}


async def test_set() -> None:
    """A value that is given takes the place of what would be made, cached or not."""
    manager = ResourceManager()
    assert await manager.get(Resource(plain)) == "plain"
    await manager.set("plain", "given")
    assert await manager.get(Resource(plain)) == "given"
    assert await manager.get(Resource(plain, cache=False)) == "given"
    assert await manager.get(Resource(two)) == "given+later"
    assert manager.get_all() == {
        "plain": "given",
        "later": "later",
        "two": "given+later",
    }


async def test_get_all_is_a_copy() -> None:
    """What `get_all` returns may be changed without harm."""
    manager = ResourceManager()
    await manager.get(Resource(plain))
    manager.get_all().clear()
    assert manager.get_all() == {"plain": "plain"}


# -- several at once


async def test_concurrent_uses_share_one_call() -> None:
    """Who comes while a resource is made waits for the same value."""
    slow, manager = Slow(), ResourceManager()
    start = _now()
    values = await asyncio.gather(*(manager.get(Resource(slow)) for _ in range(5)))
    assert values == ["value 1"] * 5
    assert (slow.begun, _now() - start) == (1, 1.0)


async def test_failure_is_shared_but_not_kept() -> None:
    """Those who wait together get the exception; the next use tries again."""
    slow, manager = Slow(ValueError("no")), ResourceManager()
    both = await asyncio.gather(
        *(manager.get(Resource(slow)) for _ in range(2)), return_exceptions=True
    )
    assert [str(error) for error in both] == ["no", "no"]
    assert manager.get_all() == {}
    assert await manager.get(Resource(slow)) == "value 2"


async def test_error_tells_the_way() -> None:
    """A factory's exception comes back unchanged, with a note for each resource."""

    def fails() -> None:
        raise LookupError("no host")

    def needs(value: Annotated[None, Resource(fails)]) -> None: ...

    resource = Resource(needs)
    resource.localns = locals()
    with pytest.raises(LookupError, match=r"^no host\b") as caught:
        await ResourceManager().get(resource)
    assert str(caught.value) == "no host"
    name = "test_error_tells_the_way.<locals>.fails"
    assert caught.value.__notes__ == [f"raised while the resource {name!r} was made"]


@pytest.mark.parametrize("who", [0, 1])
async def test_cancelled_user_leaves_the_others(who: int) -> None:
    """Whoever is cancelled, the call goes on for those who still wait."""
    slow, manager = Slow(), ResourceManager()
    users = [asyncio.create_task(manager.get(Resource(slow))) for _ in range(3)]
    await asyncio.sleep(0.5)
    users[who].cancel()
    values = await asyncio.gather(*users, return_exceptions=True)
    assert isinstance(values.pop(who), asyncio.CancelledError)
    assert values == ["value 1", "value 1"]
    assert slow.begun == 1


async def test_last_user_cancels_the_factory() -> None:
    """When nobody waits any more the factory is cancelled, and the next use is new."""
    slow, manager = Slow(), ResourceManager()
    users = [asyncio.create_task(manager.get(Resource(slow))) for _ in range(2)]
    await asyncio.sleep(0.5)
    for user in users:
        user.cancel()
    await asyncio.wait(users)
    assert all(user.cancelled() for user in users)
    assert (slow.begun, slow.cleaned) == (1, 1)
    assert await manager.get(Resource(slow)) == "value 2"


async def test_cancelled_at_once() -> None:
    """A user that is cancelled before the factory began spoils nothing."""
    slow, manager = Slow(), ResourceManager()
    user = asyncio.create_task(manager.get(Resource(slow)))
    await asyncio.sleep(0)
    user.cancel()
    assert await manager.get(Resource(slow)) == "value 1"
    assert user.cancelled()
    assert manager._making == {}


@given(st.lists(st.tuples(st.integers(0, 20), st.none() | st.integers(0, 20))))
def test_any_cancellations(users: list[tuple[int, int | None]]) -> None:
    """Whoever comes and goes when, who stays gets a value and nothing is left over."""

    async def main() -> None:
        slow, manager = Slow(), ResourceManager()

        async def use(start: int, patience: int | None) -> Any:  # noqa: ANN401
            await asyncio.sleep(start / 10)
            bound = None if patience is None else patience / 10
            async with asyncio.timeout(bound):
                return await manager.get(Resource(slow))

        results = await asyncio.gather(
            *(use(*user) for user in users), return_exceptions=True
        )
        values = set()
        for (_, patience), result in zip(users, results, strict=True):
            if isinstance(result, TimeoutError):
                assert patience is not None
            else:
                values.add(result)
        assert len(values) <= 1
        assert manager._making == {}
        assert slow.begun == slow.cleaned
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        runner.run(main())


def test_each_loop_makes_what_is_missing() -> None:
    """What an ended loop left unfinished is made anew, and what it made is kept."""
    slow, manager = Slow(), ResourceManager()

    async def give_up() -> None:
        task = asyncio.create_task(manager.get(Resource(slow)))
        await asyncio.sleep(0.5)
        del task

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        runner.run(give_up())
    for _ in range(2):
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            assert runner.run(manager.get(Resource(slow))) == "value 2"


# -- rings


def ring_a(b: Annotated[int, Resource(ring_b)]) -> int:
    """Need `ring_b`."""
    return b


async def ring_b(c: Annotated[int, Resource(ring_c)]) -> int:
    """Need `ring_c`."""
    return c


def ring_c(a: Annotated[int, Resource(ring_a)]) -> int:
    """Need `ring_a`."""
    return a


def outside(a: Annotated[int, Resource(ring_a)]) -> int:
    """Need a ring without being part of it."""
    return a


def itself(it: Annotated[int, Resource(itself)]) -> int:
    """Need itself."""
    return it


RINGS = [
    (ring_a, "ring_a -> ring_b -> ring_c -> ring_a"),
    (ring_b, "ring_b -> ring_c -> ring_a -> ring_b"),
    (outside, "ring_a -> ring_b -> ring_c -> ring_a"),
    (itself, "itself -> itself"),
]


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(("factory", "chain"), RINGS)
async def test_ring(factory: Callable[..., int], chain: str, *, cache: bool) -> None:
    """Resources that need each other are refused, with the way around."""
    message = f"^resources need each other in a ring: {re.escape(chain)}; let one"
    definition = _definition(factory, cache=cache)
    with pytest.raises(WorkflowValidationError, match=message):
        await ResourceManager().resolve([definition])
    with pytest.raises(ValueError, match=message):
        ResourceManager().check_config(definition)


async def test_ring_from_both_sides_at_once() -> None:
    """Two tasks that enter a ring at different places do not wait for each other."""
    manager = ResourceManager()
    found = await asyncio.gather(
        *(manager.get(Resource(factory)) for factory in (ring_a, ring_b, ring_c)),
        return_exceptions=True,
    )
    assert [type(error) for error in found] == [WorkflowValidationError] * 3


async def test_given_value_opens_a_ring() -> None:
    """A value that is given needs nothing."""
    manager = ResourceManager()
    await manager.set("ring_c", 3)
    assert await manager.get(Resource(ring_a)) == 3


def test_ring_among_local_names() -> None:
    """A ring of local functions is found when the names arrive, and keeps none."""

    def one(it: Annotated[int, Resource(other)]) -> int:
        return it

    def other(it: Annotated[int, Resource(one)]) -> int:
        return it

    resource = Resource(one)
    resource.localns = locals()
    with pytest.raises(WorkflowValidationError, match=r"one -> .*other -> .*one;"):
        ResourceManager().check_config(ResourceDefinition("value", resource))
    assert _localns(resource) is None


async def test_diamond_is_no_ring() -> None:
    """Two ways to one resource are fine, and make it once."""
    slow = Slow()
    base = Resource(slow)

    def left(it: Annotated[str, base]) -> str:
        return it

    def right(it: Annotated[str, base]) -> str:
        return it

    def top(
        a: Annotated[str, Resource(left)], b: Annotated[str, Resource(right)]
    ) -> str:
        return a + b

    resource = Resource(top)
    resource.localns = locals()
    assert await ResourceManager().get(resource) == "value 1value 1"
    assert slow.begun == 1


# -- names in annotations


async def test_localns_is_used_and_dropped() -> None:
    """Local names are looked up at once, also for nested factories, and not kept."""

    def inner() -> int:
        return 7

    def middle(it: Annotated[int, Resource(inner)]) -> int:
        return it

    def outer(it: Annotated[int, Resource(middle)]) -> int:
        return it

    held = Slow()
    gone = weakref.ref(held)
    names: dict[str, Any] = {"inner": inner, "middle": middle, "outer": outer}
    resource = Resource(outer)
    resource.localns = {**names, "held": held}
    del held
    assert gone() is None
    assert _localns(resource) is None
    assert await ResourceManager().get(resource) == 7


class Shadowed:
    """What the annotation of `own_module` names."""

    value = "module"


def own_module(it: Annotated[Any, Resource(Shadowed)]) -> str:  # noqa: ANN401
    """Name a class of this module."""
    return str(it.value)


async def test_module_comes_before_strangers() -> None:
    """A factory's names mean what they do in its module, not around the step."""
    resource = Resource(own_module)
    resource.localns = {"Shadowed": Slow}
    assert await ResourceManager().get(resource) == "module"


async def test_own_scope_comes_before_module() -> None:
    """A local factory's names mean what they do beside it."""

    class Shadowed:
        value = "local"

    def make(it: Annotated[Any, Resource(Shadowed)]) -> str:  # noqa: ANN401
        return str(it.value)

    resource = Resource(make)
    resource.localns = locals()
    assert await ResourceManager().get(resource) == "local"


async def test_names_may_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a module defines after the step is found at the first use."""

    def make(it: Annotated[int, Resource(defined_later)]) -> int:  # noqa: F821
        return it

    resource = Resource(make)
    resource.localns = names = {"other": 1}
    assert _localns(resource) is names
    monkeypatch.setitem(globals(), "defined_later", lambda: 5)
    assert await ResourceManager().get(resource) == 5
    assert _localns(resource) is None


async def test_other_scope_does_not_unlearn() -> None:
    """A resource that stands in two scopes keeps what the first could tell."""

    def inner() -> int:
        return 1

    def outer(it: Annotated[int, Resource(inner)]) -> int:
        return it

    resource = Resource(outer)
    resource.localns = locals()
    resource.localns = {}
    assert await ResourceManager().get(resource) == 1


def unknown_name(it: Annotated[Absent, Resource(plain)] = None) -> object:
    """Name what is imported for type checkers only."""
    return it


def unfillable(host: str) -> str:
    """Take what nobody can give."""
    return host


REFUSED: list[tuple[Callable[..., Any], str]] = [
    (
        unknown_name,
        (
            "resource 'unknown_name': the annotation of 'it' names 'Absent', which is"
            " nothing here: define or import it in the module of the function, outside"
            " of `if TYPE_CHECKING`"
        ),
    ),
    (
        unfillable,
        (
            "resource 'unfillable': nothing can be given for 'host': annotate it as"
            " `Annotated[..., Resource(...)]`, or give it a default"
        ),
    ),
]


@pytest.mark.parametrize(("factory", "message"), REFUSED)
async def test_parameter_refused(factory: Callable[..., Any], message: str) -> None:
    """A parameter that nothing can be given for is named, with the repair."""
    with pytest.raises(WorkflowValidationError, match=f"^{re.escape(message)}$"):
        await ResourceManager().get(Resource(factory))


async def test_wrong_arguments() -> None:
    """Arguments of the wrong type are refused with their value."""
    message = "^Resource takes a function that makes the value, got 3$"
    with pytest.raises(ArgumentTypeError, match=message):
        Resource(3)  # type: ignore[arg-type]
    manager = ResourceManager()
    message = "^get takes a Resource or a ResourceConfig, got 'plain'$"
    with pytest.raises(ArgumentTypeError, match=message):
        await manager.get("plain")  # type: ignore[arg-type]
    with pytest.raises(
        ArgumentTypeError, match=r"^set takes the name of a resource, got"
    ):
        await manager.set(plain, 1)  # type: ignore[arg-type]


# -- config files


class Chat(BaseModel):
    """What the config file holds."""

    top: int


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a config file."""
    monkeypatch.chdir(tmp_path)
    data = {"top": 1, "model": {"chat": {"top": 2}, "name": "m"}}
    (tmp_path / "a.json").write_text(json.dumps(data), encoding="utf-8")
    return tmp_path


LOADED: list[tuple[str | None, Any, Any]] = [
    (None, Chat, Chat(top=1)),
    ("model.chat", Chat, Chat(top=2)),
    ("model.chat", None, {"top": 2}),
    ("model.chat", dict[str, float], {"top": 2.0}),
]


@pytest.mark.parametrize(("selector", "kind", "expected"), LOADED)
async def test_config(
    folder: Path,
    selector: str | None,
    kind: Any,  # noqa: ANN401
    expected: object,
) -> None:
    """A config file, or an object in it, becomes what its annotation names."""
    config = ResourceConfig("a.json", selector)
    manager = ResourceManager()
    assert await manager.get(config, kind) == expected
    manager.check_config(ResourceDefinition("it", config, kind))
    (folder / "a.json").unlink()
    assert await manager.get(config, kind) == expected
    assert manager.get_all() == {config.name: expected}


@pytest.mark.usefixtures("folder")
async def test_one_file_as_two_models() -> None:
    """One file may be read as different types."""
    manager = ResourceManager()
    config = ResourceConfig("a.json", "model.chat")
    assert await manager.get(config, Chat) == Chat(top=2)
    assert await manager.get(config, dict[str, int]) == {"top": 2}


@pytest.mark.usefixtures("folder")
async def test_factory_takes_config() -> None:
    """A factory may need a config file, which is checked without calling it."""

    def make(chat: Annotated[Chat, ResourceConfig("a.json")]) -> int:
        return chat.top

    def broken(chat: Annotated[Chat, ResourceConfig("b.json")]) -> int:
        return chat.top

    assert await ResourceManager().get(Resource(make)) == 1
    ResourceManager().check_config(_definition(make))
    with pytest.raises(FileNotFoundError, match=r"^no config file 'b\.json' in "):
        ResourceManager().check_config(_definition(broken))


def test_config_is_a_value() -> None:
    """Equal markers are equal, and keep no names."""
    config = ResourceConfig("a.json", label="A", description="All of it")
    assert config == ResourceConfig("a.json", None, "A", "All of it")
    assert len({config, ResourceConfig("a.json")}) == 2
    config.localns = {"name": 1}
    assert _localns(config) is None
    assert config.cache is True


def test_config_must_be_json() -> None:
    """A file of another kind is refused when it is named."""
    message = (
        "ResourceConfig reads JSON: the name of config_file must end in '.json', got"
        " 'a.yaml'"
    )
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        ResourceConfig("a.yaml")


WRONG_FILES = [
    ("{", None, "config file 'a.json' must be JSON: Expecting property name"),
    (b"\xff", None, "config file 'a.json' must be JSON: 'utf-8' codec can't decode"),
    (
        '{"a": {"b": 3}}',
        "a.b",
        "config file 'a.json' must have an object at 'a.b', got 3; there are 'b'",
    ),
    (
        '{"a": 1, "b": 2}',
        "c.d",
        "config file 'a.json' must have an object at 'c', got None; there are 'a', 'b'",
    ),
    ("[]", "a", "config file 'a.json' must have an object at 'a', got None; there are"),
]


@pytest.mark.parametrize(("text", "selector", "message"), WRONG_FILES)
async def test_wrong_file(
    folder: Path, text: str | bytes, selector: str | None, message: str
) -> None:
    """A file that cannot be read so is refused, and read anew once it is mended."""
    file = folder / "a.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    config = ResourceConfig("a.json", selector)
    manager = ResourceManager()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}"):
        manager.check_config(ResourceDefinition("it", config, Chat))
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}"):
        await manager.get(config, Chat)
    mended: dict[str, Any] = {"top": 4}
    for key in reversed((selector or "").split(".") if selector else ()):
        mended = {key: mended}
    file.write_text(json.dumps(mended), encoding="utf-8")
    assert await manager.get(config, Chat) == Chat(top=4)


@pytest.mark.usefixtures("folder")
def test_data_must_fit() -> None:
    """What does not fit its model is told by pydantic, with the file in a note."""
    definition = ResourceDefinition("it", ResourceConfig("a.json", "model"), Chat)
    with pytest.raises(ValidationError, match="Field required") as caught:
        ResourceManager().check_config(definition)
    assert caught.value.__notes__ == ["in the config file 'a.json.model'"]


def test_given_config_is_not_checked() -> None:
    """A value that is given needs no file."""
    manager = ResourceManager()
    asyncio.run(manager.set("missing.json", Chat(top=9)))
    definition = ResourceDefinition("it", ResourceConfig("missing.json"), Chat)
    manager.check_config(definition)


# -- what is kept


async def test_failed_factory_is_not_kept() -> None:
    """A manager keeps neither the exception nor the task of what failed."""
    error = ValueError("no")
    manager = ResourceManager()
    task = asyncio.create_task(manager.get(Resource(Slow(error))))
    gone = weakref.ref(task)
    await asyncio.wait([task])
    assert task.exception() is error
    error.__traceback__ = None
    del task
    gc.collect()
    assert gone() is None
    assert (manager._making, manager._made) == ({}, {})
