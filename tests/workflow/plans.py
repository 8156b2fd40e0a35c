"""Random workflows: how hypothesis draws them, and what must come of them.

A plan says what a workflow does without saying how: blocks in a row, side by side, or
inside a list. `Plan.expected` works out from the plan alone what the run must give; it
knows neither time nor the engine. Every event has a `uid`, which no other has, and a
`key`, which follows from where in the plan it was made and so is the same in every run.
"""

# ruff: noqa: ANN401 - steps are made for any class of event

from __future__ import annotations

import asyncio
import threading
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields, replace
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

from hypothesis import strategies as st

from notebook_async.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from notebook_async.workflow.collect import Collect, Take
from notebook_async.workflow.retry_policy import ConstantDelayRetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hypothesis.strategies import DrawFn

Block = tuple["Element", ...]


class Token(Event):
    """What travels through a plan."""

    key: int
    uid: int


KINDS = [
    type(f"T{number}", (Token,), {"__module__": __name__, "__qualname__": f"T{number}"})
    for number in range(60)
]
globals().update({kind.__name__: kind for kind in KINDS})


class Question(InputRequiredEvent):
    """What a step asks of the outside: the `number`-th question about an event."""

    about: int
    number: int


class Answer(HumanResponseEvent):
    """What comes back, matched by what is required of it."""

    about: int
    number: int


class AnswerById(Answer):
    """What comes back, matched by the question's id alone."""


class Child(Workflow):
    """A run inside a step."""

    @step
    async def work(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Take some time, and perhaps ask."""
        await asyncio.sleep(ev.delay)
        if ev.asks:
            await ask(ctx, -ev.about, 0)
        return StopEvent(result=mix("child", ev.about))


def mix(*parts: object) -> int:
    """Return a number that follows from the parts."""
    return zlib.crc32(repr(parts).encode())


async def ask(ctx: Context, about: int, number: int) -> None:
    """Wait for one answer, and see that it is the one for this question."""
    question = Question(about=about, number=number)
    answer: Answer
    if about % 2:
        required = {"about": about, "number": number}
        answer = await ctx.wait_for_event(Answer, question, requirements=required)
    else:
        answer = await ctx.wait_for_event(AnswerById, question)
    assert (answer.about, answer.number) == (about, number)


def answer_to(question: Question) -> Answer:
    """Return the answer, with the id of the question where nothing else leads there."""
    told = {"about": question.about, "number": question.number}
    if question.about % 2:
        return Answer(**told)
    return AnswerById(**told, question_id=question.question_id)


class Short:
    """Shows only the fields that are not as usual."""

    def __repr__(self) -> str:
        told = [
            f"{one.name}={getattr(self, one.name)!r}"
            for one in fields(self)  # type: ignore[arg-type]
            if one.repr and getattr(self, one.name) != one.default
        ]
        return f"{type(self).__name__}({', '.join(told)})"

    def _repr_pretty_(self, printer: Any, cycle: object) -> None:
        del cycle
        printer.text(repr(self))


@dataclass(frozen=True, repr=False)
class Doing(Short):
    """What a step does besides handing on its event."""

    delay: float = 0.0
    workers: int = 4
    fails: int = 0
    drops: int = 0
    asks: int = 0
    child: bool = False
    sync: bool = False

    def failures(self, key: int) -> int:
        """Return how many attempts fail before one succeeds."""
        return key % (self.fails + 1)

    def dropped(self, key: int) -> bool:
        """Tell whether the step returns None for this event."""
        return bool(self.drops) and key // 7 % self.drops == 0


@dataclass(frozen=True, repr=False)
class Element(Short):
    """One part of a plan; which fields count depends on its kind."""

    kind: str
    does: Doing = Doing()
    size: int = 1
    inner: Block = ()
    other: Block = ()
    take: int = 0
    after: Doing = Doing()

    def width(self, key: int) -> int:
        """Return how many events a fan-out makes of one."""
        return mix("width", key) % (self.size + 1)


@dataclass(frozen=True, repr=False)
class Spec(Short):
    """One step of the workflow that a plan is built into."""

    name: str
    shape: str
    takes: tuple[type[Token], ...]
    makes: type[Token]
    does: Doing
    element: Element = field(repr=False)

    def key(self, keys: list[int]) -> int:
        """Return the key of what it makes of events with these."""
        if self.shape == "join" or (self.shape == "gather" and self.element.take):
            return mix(self.name)
        return mix(self.name, *sorted(keys))


@dataclass(repr=False)
class Plan(Short):
    """A workflow as it was drawn."""

    block: Block
    seed: int
    stops: bool
    specs: list[Spec] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._kinds = iter(KINDS)
        self.first = next(self._kinds)
        self.last = next(self._kinds)
        self.where: dict[tuple[int, ...], list[Spec]] = {}
        self._place(self.block, self.first, self.last, ())

    # -- from a tree to steps

    def _place(
        self, block: Block, start: type[Token], end: type[Token], path: tuple[int, ...]
    ) -> None:
        kinds = [start, *(next(self._kinds) for _ in block[1:]), end]
        for number, element in enumerate(block):
            self._place_one(element, kinds[number], kinds[number + 1], (*path, number))

    def _place_one(
        self,
        element: Element,
        start: type[Token],
        end: type[Token],
        path: tuple[int, ...],
    ) -> None:
        specs: list[Spec] = []
        if element.kind in ("step", "send"):
            specs = [self._spec(element.kind, (start,), end, element.does, element)]
        elif element.kind == "both":
            self._place(element.inner, start, end, (*path, 0))
            self._place(element.other, start, end, (*path, 1))
        elif element.kind == "list":
            part, done = next(self._kinds), next(self._kinds)
            specs = [
                self._spec("split", (start,), part, element.does, element),
                self._spec("gather", (done,), end, element.after, element),
            ]
            self._place(element.inner, part, done, (*path, 0))
        else:
            left, right = next(self._kinds), next(self._kinds)
            self._place(element.inner, start, left, (*path, 0))
            self._place(element.other, start, right, (*path, 1))
            specs = [self._spec("join", (left, right), end, element.after, element)]
        self.where[path] = specs

    def _spec(
        self,
        shape: str,
        takes: tuple[type[Token], ...],
        makes: type[Token],
        does: Doing,
        element: Element,
    ) -> Spec:
        name = f"{shape}_{len(self.specs)}"
        spec = Spec(name, shape, takes, makes, does, element)
        self.specs.append(spec)
        return spec

    # -- what must come of it

    def expected(self) -> list[int]:
        """Return the keys of the events that come out at the end, sorted."""
        return sorted(self._through(self.block, [self.seed], ()))

    def _through(
        self, block: Block, keys: list[int], path: tuple[int, ...]
    ) -> list[int]:
        for number, element in enumerate(block):
            keys = self._through_one(element, keys, (*path, number))
        return keys

    def _through_one(
        self, element: Element, keys: list[int], path: tuple[int, ...]
    ) -> list[int]:
        if element.kind == "both":
            return self._through(element.inner, keys, (*path, 0)) + self._through(
                element.other, keys, (*path, 1)
            )
        if element.kind == "join":
            left = self._through(element.inner, keys, (*path, 0))
            right = self._through(element.other, keys, (*path, 1))
            (join,) = self.where[path]
            made = [join.key([])] * min(len(left), len(right))
            return [key for key in made if not join.does.dropped(key)]
        spec = self.where[path][0]
        kept = [key for key in keys if not spec.does.dropped(key)]
        if element.kind == "step":
            return [spec.key([key]) for key in kept]
        fans = [
            [mix(spec.key([key]), part) for part in range(element.width(key))]
            for key in kept
        ]
        if element.kind == "send":
            return [key for fan in fans for key in fan]
        gather = self.where[path][1]
        made = [
            gather.key(self._through(element.inner, fan, (*path, 0))) for fan in fans
        ]
        return [key for key in made if not gather.does.dropped(key)]

    # -- the workflow

    def build(self, world: World, **options: Any) -> Workflow:
        """Return a fresh workflow that does what the plan says."""
        first, last = self.first, self.last
        wanted = len(self.expected())

        async def begin(ctx: Context, ev: StartEvent) -> Any:
            del ctx, ev
            return world.sent([world.token(first, self.seed)])[0]

        async def final(ctx: Context, ev: Any) -> Any:
            world.finals.append(ev.key)
            world.count(("final", (ev.uid,)))
            found = ctx.collect_events(ev, [last] * max(1, wanted))
            if found is None or not self.stops:
                return None
            return StopEvent(result=sorted(one.key for one in found))

        _annotate(begin, {"ev": StartEvent}, first)
        _annotate(final, {"ev": last}, StopEvent | None)
        # One at a time, so that a failure does not depend on the order of `final`.
        steps = [step(begin), step(num_workers=1)(final)]
        steps += [_step_for(spec, world) for spec in self.specs]
        return Workflow.from_steps(*steps, name="Drawn", **options)


def _annotate(func: Any, takes: dict[str, Any], returns: Any) -> None:
    func.__annotations__ = {"ctx": Context, **takes, "return": returns}
    func.__qualname__ = func.__name__


def _call_for(spec: Spec, world: World) -> Callable[..., Any]:
    if spec.shape == "join":

        async def call(ctx: Context, left: Any, right: Any) -> Any:
            return await world.act(spec, ctx, [left, right])

    elif spec.shape == "gather":

        async def call(ctx: Context, ev: Any) -> Any:
            return await world.act(spec, ctx, ev)

    elif spec.does.sync:

        def call(ctx: Context, ev: Any) -> Any:
            return world.act_in_thread(spec, ctx, ev)

    else:

        async def call(ctx: Context, ev: Any) -> Any:
            return await world.act(spec, ctx, [ev])

    call.__name__ = spec.name
    return call


def _step_for(spec: Spec, world: World) -> Callable[..., Any]:
    call = _call_for(spec, world)
    first: Any = spec.takes[0]
    made: Any = spec.makes
    takes: dict[str, Any] = {"ev": first}
    if spec.shape == "join":
        takes = dict(zip(("left", "right"), spec.takes, strict=True))
    elif spec.shape == "gather":
        gathered: Any = list[first]
        if spec.element.take:
            gathered = Annotated[gathered, Collect(Take(spec.element.take))]
        takes = {"ev": gathered}
    elif spec.shape == "split":
        made = list[made]
    _annotate(call, takes, made | None)
    policy = ConstantDelayRetryPolicy(5, 0.5) if spec.does.fails else None
    return step(num_workers=spec.does.workers, retry_policy=policy)(call)


Call = tuple[str, tuple[int, ...]]


class World:
    """What the steps of a workflow do, and what was seen of it.

    Attributes
    ----------
    wrong
        What must not have happened, in words.
    begins, failures
        Attempts of each call of a step, and those of them that failed.
    finished
        Calls that returned.
    routed
        The events that were sent or returned, by class, in that order.
    first_begins
        By step the events of first attempts, in the order they began.
    over, tolerant
        Whether the run has ended, and whether it began in another world.
    answered
        Questions that have their answer, by event and number.
    """

    def __init__(self, first: int = 1) -> None:
        self._uids = count(first)
        self.wrong: list[str] = []
        self.begins: Counter[Call] = Counter()
        self.failures: Counter[Call] = Counter()
        self.finished: Counter[Call] = Counter()
        self.routed: dict[type[Token], list[int]] = defaultdict(list)
        self.first_begins: dict[str, list[int]] = defaultdict(list)
        self.running: Counter[str] = Counter()
        self.peaks: Counter[str] = Counter()
        self.answered: set[tuple[int, int]] = set()
        self.finals: list[int] = []
        self.over = self.tolerant = False
        self._lock = threading.Lock()

    def token(self, kind: type[Token], key: int) -> Token:
        """Return a new event."""
        return kind(key=key, uid=next(self._uids))

    def sent(self, tokens: list[Token]) -> list[Token]:
        """Note events that are being sent or returned."""
        for token in tokens:
            self.routed[type(token)].append(token.uid)
        return tokens

    def count(self, call: Call) -> None:
        """Note a whole call."""
        self.begins[call] += 1
        self.finished[call] += 1
        if self.over:
            self.wrong.append(f"{call} began after the end")

    def _enter(self, spec: Spec) -> None:
        with self._lock:
            self.running[spec.name] += 1
            running = self.running[spec.name]
            self.peaks[spec.name] = max(running, self.peaks[spec.name])
            if running > spec.does.workers:
                self.wrong.append(f"{running} calls of {spec.name} at once")

    def _leave(self, spec: Spec) -> None:
        with self._lock:
            self.running[spec.name] -= 1

    def _begin(self, spec: Spec, ctx: Context, uids: tuple[int, ...]) -> None:
        call = (spec.name, uids)
        attempt = ctx.retry_info().retry_number
        # Calls that are given no events cannot be told from each other.
        if uids and not self.tolerant and attempt != self.failures[call]:
            self.wrong.append(f"{call} is told {attempt} failures")
        if self.over:
            self.wrong.append(f"{call} began after the end")
        with self._lock:
            self.begins[call] += 1
            if not attempt and len(uids) == 1:
                self.first_begins[spec.name].append(uids[0])

    async def act(self, spec: Spec, ctx: Context, events: list[Any]) -> Any:
        """Be a step."""
        uids = tuple(event.uid for event in events)
        self._enter(spec)
        try:
            self._begin(spec, ctx, uids)
            if spec.does.delay:
                await asyncio.sleep(spec.does.delay)
            self._fail(spec, ctx, uids, spec.key([event.key for event in events]))
            # Unlike that of any other call, but for those that are given no events.
            about = 1000 * sum(uids[:1]) + int(spec.name.rpartition("_")[2])
            for number in range(spec.does.asks):
                await self._ask(spec, ctx, about, number)
            if spec.does.child:
                run = Child().run(about=about, delay=0.5, asks=spec.does.workers > 1)
                assert await run == mix("child", about)
            return self._made(spec, ctx, uids, [event.key for event in events])
        finally:
            self._leave(spec)

    def act_in_thread(self, spec: Spec, ctx: Context, event: Any) -> Any:
        """Be a step without `async`."""
        self._enter(spec)
        try:
            self._begin(spec, ctx, (event.uid,))
            self._fail(spec, ctx, (event.uid,), spec.key([event.key]))
            return self._made(spec, ctx, (event.uid,), [event.key])
        finally:
            self._leave(spec)

    def _fail(self, spec: Spec, ctx: Context, uids: tuple[int, ...], key: int) -> None:
        if ctx.retry_info().retry_number < spec.does.failures(key):
            self.failures[spec.name, uids] += 1
            raise ValueError(key)

    async def _ask(self, spec: Spec, ctx: Context, about: int, number: int) -> None:
        self._leave(spec)
        try:
            await ask(ctx, about, number)
        except BaseException:
            self.running[spec.name] += 1
            raise
        self._enter(spec)
        self.answered.add((about, number))

    def _made(
        self, spec: Spec, ctx: Context, uids: tuple[int, ...], keys: list[int]
    ) -> Any:
        self.finished[spec.name, uids] += 1
        key = spec.key(keys)
        # A join and a gathering step decide by what they make, others by their event.
        decides = key if spec.shape in ("join", "gather") else keys[0]
        if spec.does.dropped(decides):
            return None
        if spec.shape not in ("send", "split"):
            return self.sent([self.token(spec.makes, key)])[0]
        made = [
            self.token(spec.makes, mix(key, part))
            for part in range(spec.element.width(keys[0]))
        ]
        if spec.shape == "split":
            return self.sent(made)
        for token in made[:-1]:
            ctx.send_event(self.sent([token])[0])
        return self.sent(made[-1:])[0] if made else None


# -- how a plan is drawn


def doings(
    *, plain: bool = False, sync: bool = False, asks: bool = True
) -> st.SearchStrategy[Doing]:
    """Draw what a step does."""
    often = st.sampled_from
    return st.builds(
        Doing,
        delay=often([0.0, 0.0, 0.5, 1.0, 1.5]),
        workers=often([1, 1, 2, 3, 4]),
        fails=often([0, 0, 0, 1, 2]),
        drops=often([0, 0, 0, 2, 3]),
        asks=often([0, 0, 0, 1, 2] if asks else [0]),
        child=st.just(value=False) if plain else often([False, False, False, True]),
        sync=st.booleans() if sync else st.just(value=False),
    )


@st.composite
def elements(
    draw: DrawFn, does: st.SearchStrategy[Doing], depth: int, *, listed: bool
) -> Element:
    """Draw one part of a plan; in a list nothing is sent, for that leaves the list."""
    kinds = ["step", "step"]
    if depth:
        kinds += ["both", "list", "list", "join"]
    if not listed:
        kinds += ["send"]
    kind = draw(st.sampled_from(kinds))
    if kind == "step":
        return Element(kind, draw(does))
    if kind == "send":
        return Element(kind, draw(does), draw(st.integers(1, 4)))
    inner = blocks(does, depth - 1, listed=listed or kind == "list")
    if kind == "list":
        after = replace(draw(does), sync=False)
        take = draw(st.sampled_from([0, 0, 1, 2]))
        size = draw(st.integers(1, 4))
        return Element(kind, draw(does), size, draw(inner), (), take, after)
    after = replace(draw(does), sync=False)
    return Element(kind, inner=draw(inner), other=draw(inner), after=after)


@st.composite
def blocks(
    draw: DrawFn, does: st.SearchStrategy[Doing], depth: int, *, listed: bool
) -> Block:
    """Draw parts that come one after the other."""
    parts = elements(does, depth, listed=listed)
    return tuple(draw(st.lists(parts, min_size=1, max_size=2 + (depth > 1))))


@st.composite
def plans(draw: DrawFn, does: st.SearchStrategy[Doing], *, depth: int = 2) -> Plan:
    """Draw a plan that is neither too large nor too long."""
    block = draw(blocks(does, depth, listed=False).filter(_fits))
    return Plan(block, draw(st.integers(0, 99)), draw(st.booleans()))


def _fits(block: Block) -> bool:
    return _kinds_of(block) < len(KINDS) - 2


def _kinds_of(block: Iterable[Element]) -> int:
    return sum(
        1 + 2 * bool(one.inner) + _kinds_of(one.inner) + _kinds_of(one.other)
        for one in block
    )
