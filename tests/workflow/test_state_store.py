"""The state that steps share: paths, copies, exclusive edits, and how it is saved."""

from __future__ import annotations

import asyncio
import threading

import pytest
from pydantic import BaseModel

from notebook_async.errors import ArgumentTypeError
from notebook_async.workflow.context.serializers import JsonSerializer
from notebook_async.workflow.context.state_store import DictState, InMemoryStateStore


class Progress(BaseModel):
    """A state with fields."""

    pages: int = 0
    sites: list[str] = []


class Crawl(Progress):
    """A state derived from another."""

    name: str = "crawl"


class Needs(BaseModel):
    """A state without defaults."""

    token: str


class Client:
    """What cannot be saved, nor should be copied."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.model = "small"


def store(**values: object) -> InMemoryStateStore[DictState]:
    """Return a store with these values."""
    return InMemoryStateStore(DictState(**values))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", {"b": [1, {"c": 2}], "items": 3}),
        ("a.items", 3),
        ("a.b.1.c", 2),
        ("a.b.-2", 1),
        ("llm.model", "small"),
        ("progress.pages", 7),
        ("pair.1", "y"),
    ],
)
async def test_get(path: str, value: object) -> None:
    """A path goes through keys, indexes, fields and attributes."""
    kept = store(
        a={"b": [1, {"c": 2}], "items": 3},
        llm=Client(),
        progress=Progress(pages=7),
        pair=("x", "y"),
    )
    assert await kept.get(path) == value


@pytest.mark.parametrize(
    "path", ["", "keys", "a.x", "a.b.9", "a.b.x", "a..b", "a.n.x", "llm.__class__"]
)
async def test_get_nothing(path: str) -> None:
    """A path that leads nowhere gives the default, or an error that says what is."""
    kept = store(a={"b": [1], "n": 3}, llm=Client())
    assert await kept.get(path, None) is None
    with pytest.raises(ValueError, match=r"nothing at .*: it holds 'a', 'llm'; give"):
        await kept.get(path)


async def test_set() -> None:
    """Setting makes the dicts that are missing, and reaches into lists and models."""
    kept = store(pages=[{"url": "a"}], progress=Progress())
    await kept.set("x.y.z", 1)
    await kept.set("pages.0.url", "b")
    await kept.set("progress.pages", "not validated")
    assert (await kept.get_state()).to_dict() == {
        "pages": [{"url": "b"}],
        "progress": Progress.model_construct(pages="not validated", sites=[]),
        "x": {"y": {"z": 1}},
    }


async def test_set_leaves_what_others_read() -> None:
    """Containers along the path are copied, those beside it are not."""
    kept = store(a={"b": {"c": 1}, "side": [1]})
    before = await kept.get("a")
    await kept.set("a.b.c", 2)
    assert before == {"b": {"c": 1}, "side": [1]}
    assert await kept.get("a") == {"b": {"c": 2}, "side": [1]}
    assert await kept.get("a.side") is before["side"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "the path is empty"),
        (".".join("a" * 1001), "more than 1000 segments"),
        ("a.b.c", r"cannot set 'a\.b\.c': 'c' leads nowhere in a int"),
        ("pages.7", "'7' leads nowhere in a list"),
        ("pages.x", "'x' leads nowhere in a list"),
        ("llm.__class__", "are Python's own"),
    ],
)
async def test_set_nowhere(path: str, message: str) -> None:
    """A path that cannot be set changes nothing."""
    kept = store(a={"b": 1}, pages=[], llm=Client())
    before = (await kept.get_state()).to_dict().copy()
    with pytest.raises(ValueError, match=message):
        await kept.set(path, 9)
    assert (await kept.get_state()).to_dict() == before


async def test_longest_path() -> None:
    """A thousand segments are still a path."""
    kept = store()
    path = ".".join("a" * 1000)
    await kept.set(path, 1)
    assert await kept.get(path) == 1


async def test_set_undeclared_field() -> None:
    """A typed state takes its fields only."""
    kept = InMemoryStateStore(Progress())
    with pytest.raises(ValueError, match=r"cannot set 'nope'.*no field"):
        await kept.set("nope", 1)


async def test_get_state_is_a_copy() -> None:
    """Changing what `get_state` gave changes no state."""
    kept = store(a=1)
    (await kept.get_state())["a"] = 2
    assert await kept.get("a") == 1


async def test_set_state() -> None:
    """The same class or a subclass replaces, a base class is merged in."""
    kept = InMemoryStateStore(Progress(pages=1))
    await kept.set_state(Progress(pages=2))
    assert await kept.get_state() == Progress(pages=2)
    await kept.set_state(Crawl(pages=3, name="x"))
    await kept.set_state(Progress(pages=4))
    assert await kept.get_state() == Crawl(pages=4, name="x")
    with pytest.raises(ValueError, match="the state is a Crawl, and a Needs is"):
        await kept.set_state(Needs(token="t"))  # type: ignore[arg-type]  # noqa: S106


async def test_clear() -> None:
    """Clearing goes back to the defaults, if there are any."""
    kept = InMemoryStateStore(Crawl(pages=3))
    await kept.clear()
    assert await kept.get_state() == Crawl()
    needy = InMemoryStateStore(Needs(token="t"))  # noqa: S106
    with pytest.raises(ValueError, match="no defaults to go back to: give token"):
        await needy.clear()


async def test_edit_commits_at_the_end() -> None:
    """Readers see the old state until the block ends."""
    kept = store(pages=["a"], nested={"x": {1}})
    async with kept.edit_state() as state:
        state.pages.append("b")
        state.nested["x"].add(2)
        state.new = 1
        assert await kept.get_state() == DictState(pages=["a"], nested={"x": {1}})
    expected = DictState(pages=["a", "b"], nested={"x": {1, 2}}, new=1)
    assert await kept.get_state() == expected


async def test_edit_is_dropped_on_error() -> None:
    """A block that raises leaves the state as it was, and lets others write."""
    kept = store(pages=["a"])

    async def fail() -> None:
        async with kept.edit_state() as state:
            state.pages.append("b")
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        await fail()
    await kept.set("n", 1)
    assert await kept.get_state() == DictState(pages=["a"], n=1)


async def test_edit_shares_leaves() -> None:
    """A client is not copied, nor is what it holds; cycles and sharing are kept."""
    client, loop = Client(), []
    loop.append(loop)
    kept = store(llm=client, both=[client], loop=loop)
    async with kept.edit_state() as state:
        assert state.llm is client
        assert state.both[0] is client
        assert state.loop is not loop
        assert state.loop[0] is state.loop


@pytest.mark.parametrize("call", ["set", "set_state", "clear", "edit_state"])
async def test_writer_in_edit(call: str) -> None:
    """A writer called by the task that edits says so instead of waiting for itself."""
    kept = store(a=1)

    async def write() -> None:
        if call == "edit_state":
            async with kept.edit_state():
                pass
        arguments = {"set": ("a", 2), "set_state": (DictState(),)}.get(call, ())
        await getattr(kept, call)(*arguments)

    async with kept.edit_state():
        with pytest.raises(RuntimeError, match=rf"{call}\(\) inside .* same task"):
            await write()
    assert await kept.get("a") == 1


async def test_edits_take_turns() -> None:
    """Edits of several tasks follow one another in order, and none is lost."""
    kept = store(order=[])
    clock = asyncio.get_running_loop().time

    async def add(index: int) -> None:
        async with kept.edit_state() as state:
            await asyncio.sleep(1)
            state.order.append((index, clock()))

    start = clock()
    await asyncio.gather(*map(add, range(3)))
    expected = [(0, start + 1), (1, start + 2), (2, start + 3)]
    assert await kept.get("order") == expected
    assert kept._lock is None


async def test_set_waits_for_an_edit() -> None:
    """What another task sets during an edit comes after it."""
    kept = store()

    async def edit() -> None:
        async with kept.edit_state() as state:
            await asyncio.sleep(1)
            state.who = "edit"

    task = asyncio.create_task(edit())
    await asyncio.sleep(0)
    await kept.set("who", "set")
    assert task.done()
    assert await kept.get("who") == "set"


async def test_cancelled_writer() -> None:
    """A writer that is cancelled while it waits, or edits, blocks nobody."""
    kept = store(n=0)

    async def edit() -> None:
        async with kept.edit_state() as state:
            state.n = 1
            await asyncio.sleep(9)

    tasks = [asyncio.create_task(edit()) for _ in range(2)]
    await asyncio.sleep(1)
    for task in reversed(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await kept.set("m", 2)
    assert await kept.get_state() == DictState(n=0, m=2)


def test_a_store_outlives_its_loop() -> None:
    """A store whose lock was waited for in one loop works in the next."""
    kept = store(n=0)

    async def add() -> None:
        async with kept.edit_state() as state:
            await asyncio.sleep(0)
            state.n += 1

    async def twice() -> None:
        await asyncio.gather(add(), add())

    asyncio.run(twice())
    asyncio.run(twice())
    assert kept._state.n == 4


async def test_save_untyped() -> None:
    """Each key of a `DictState` is a text of its own."""
    data = store(a=(1, 2), b={"c": None}).to_dict(JsonSerializer())
    assert data == {
        "store_type": "in_memory",
        "state_type": "DictState",
        "state_module": DictState.__module__,
        "state_data": {
            "_data": {"a": '{"__tag__":"tuple","value":[1,2]}', "b": '{"c":null}'}
        },
    }
    loaded = InMemoryStateStore.from_dict(data, JsonSerializer())
    assert await loaded.get_state() == DictState(a=(1, 2), b={"c": None})


async def test_save_typed() -> None:
    """A typed state comes back as its class, once the serializer knows it."""
    bound = JsonSerializer().bound_to([Crawl])
    data = InMemoryStateStore(Crawl(pages=3, name="x")).to_dict(bound)
    loaded = InMemoryStateStore.from_dict(data, bound)
    assert await loaded.get_state() == Crawl(pages=3, name="x")
    data = InMemoryStateStore(Crawl(pages=3)).to_dict(bound, exclude={"pages"})
    assert await InMemoryStateStore.from_dict(data, bound).get_state() == Crawl()


def test_unsavable() -> None:
    """The error names the whole path, the class and the ways out."""
    kept = store(agent={"llm": [Client()]})
    match = (
        r"^store\.agent\.llm\[0\]: a value of class .*Client .*allowed_types.*exclude"
    )
    with pytest.raises(ValueError, match=match):
        kept.to_dict(JsonSerializer())
    assert kept.to_dict(JsonSerializer(), exclude={"agent"})["state_data"] == {
        "_data": {}
    }


def test_memory_may_be_lost() -> None:
    """What lies under "memory" is left out with a warning if it cannot be saved."""
    kept = store(memory=Client(), n=1)
    with pytest.warns(UserWarning, match=r"left out of the snapshot: store\.memory"):
        data = kept.to_dict(JsonSerializer())
    assert data["state_data"] == {"_data": {"n": "1"}}
    saved = store(memory=[1]).to_dict(JsonSerializer())["state_data"]
    assert saved == {"_data": {"memory": "[1]"}}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"store_type": "sql"}, "kept by a store of type 'sql'"),
        ({"state_data": 7}, "^store: the data of a state is a text or"),
        ({"state_data": "7"}, "^store: a state must be a model, got a int"),
        ({"state_data": {"_data": {"a": "{"}}}, r"^store\.a: this is no JSON"),
        ({"state_data": {"_data": {"a": 1}}}, r"^store\.a: this is no JSON"),
    ],
)
def test_bad_data(data: dict[str, object], message: str) -> None:
    """Data that no store wrote is refused, with the place."""
    with pytest.raises(ValueError, match=message):
        InMemoryStateStore.from_dict(data, JsonSerializer())


async def test_no_data() -> None:
    """No data is an empty state."""
    loaded = InMemoryStateStore.from_dict({}, JsonSerializer())
    assert await loaded.get_state() == DictState()


def test_state_must_be_a_model() -> None:
    """A plain dict is no state."""
    with pytest.raises(ArgumentTypeError, match=r"such as DictState\(\), got \{\}"):
        InMemoryStateStore({})  # type: ignore[type-var]
