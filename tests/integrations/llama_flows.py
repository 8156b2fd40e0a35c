"""Workflows of LlamaIndex's package, as its users write them."""

from __future__ import annotations

import asyncio

from workflows import Context, Workflow, catch_error, step
from workflows.events import (
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
)
from workflows.retry_policy import retry_policy, stop_after_attempt, wait_fixed


class Pages(Event):
    """What was found."""

    pages: list[str]


class Linear(Workflow):
    """Find pages, and answer from them."""

    @step
    async def find(self, ev: StartEvent) -> Pages:
        """Find pages."""
        return Pages(pages=[ev.topic, "more"])

    @step
    async def answer(self, ctx: Context, ev: Pages) -> StopEvent:
        """Answer."""
        ctx.write_event_to_stream(Event(done=len(ev.pages)))
        return StopEvent(result=" and ".join(ev.pages))


class Small(Event):
    """A small number."""

    number: int


class Large(Event):
    """A large number."""

    number: int


class Branching(Workflow):
    """Go one of two ways."""

    @step
    async def choose(self, ev: StartEvent) -> Small | Large:
        """Choose."""
        return Small(number=ev.number) if ev.number < 10 else Large(number=ev.number)

    @step
    async def small(self, ev: Small) -> StopEvent:
        """Take a small one."""
        return StopEvent(result=f"small {ev.number}")

    @step
    async def large(self, ev: Large) -> StopEvent:
        """Take a large one."""
        return StopEvent(result=f"large {ev.number}")


class Work(Event):
    """A number to square."""

    number: int


class Result(Event):
    """A square."""

    square: int


class Fan(Workflow):
    """Square many numbers, eight at once."""

    most = 0
    at_work = 0
    gate: asyncio.Event | None = None
    full: asyncio.Event | None = None

    @step
    async def split(self, ctx: Context, ev: StartEvent) -> Work | None:
        """Send each number on its way."""
        await ctx.store.set("size", ev.size)
        for number in range(ev.size):
            ctx.send_event(Work(number=number))

    @step(num_workers=8)
    async def work(self, ctx: Context, ev: Work) -> Result:
        """Square a number."""
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        if self.full is not None and self.at_work == 8:
            self.full.set()
        await (asyncio.sleep(0) if self.gate is None else self.gate.wait())
        self.at_work -= 1
        ctx.write_event_to_stream(ev)
        return Result(square=ev.number**2)

    @step(num_workers=1)
    async def merge(self, ctx: Context, ev: Result) -> StopEvent | None:
        """Add all squares up."""
        results = ctx.collect_events(ev, [Result] * await ctx.store.get("size"))
        if results is None:
            return None
        return StopEvent(result=sum(one.square for one in results))


class AskName(InputRequiredEvent):
    """Asks for a name."""

    prompt: str


class GiveName(HumanResponseEvent):
    """Gives it."""

    name: str


class Greeter(Workflow):
    """Ask by returning the question."""

    @step
    async def ask(self, ev: StartEvent) -> AskName:
        """Ask."""
        return AskName(prompt="name?", secret=ev.get("secret", False))

    @step
    async def greet(self, ev: GiveName) -> StopEvent:
        """Greet."""
        return StopEvent(result=f"Hello {len(ev.name)}")


class Waiter(Workflow):
    """Ask, and wait in the same step."""

    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Ask and wait."""
        answer = await ctx.wait_for_event(
            HumanResponseEvent,
            waiter_event=InputRequiredEvent(prefix="sure?"),
            requirements={"user": "ada"},
            timeout=ev.get("patience", 60),
        )
        return StopEvent(result=answer.response)


class Failing(Workflow):
    """Fail at the second step."""

    @step
    async def first(self, ev: StartEvent) -> Pages:  # noqa: ARG002
        """Do well."""
        return Pages(pages=[])

    @step
    async def second(self, ev: Pages) -> StopEvent:  # noqa: ARG002
        """Fail."""
        raise ValueError("no pages")


class Flaky(Workflow):
    """Fail twice, then do well."""

    tries = 0

    @step(retry_policy=retry_policy(wait=wait_fixed(0.01), stop=stop_after_attempt(5)))
    async def call(self, ev: StartEvent) -> StopEvent:  # noqa: ARG002
        """Try."""
        self.tries += 1
        if self.tries < 3:
            raise OSError(f"attempt {self.tries}")
        return StopEvent(result=self.tries)


class Slow(Workflow):
    """Never end."""

    started: asyncio.Event | None = None

    @step
    async def sleep(self, ev: StartEvent) -> StopEvent:  # noqa: ARG002
        """Sleep."""
        if self.started is not None:
            self.started.set()
        await asyncio.Event().wait()
        return StopEvent()


class Unshowable(Event):
    """An event that cannot be shown."""

    number: int

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __repr_args__(self) -> list[tuple[str, object]]:
        raise RuntimeError("no repr")


class Rude(Workflow):
    """Use an event without a repr."""

    @step
    async def make(self, ev: StartEvent) -> Unshowable:  # noqa: ARG002
        """Make it."""
        return Unshowable(number=1)

    @step
    async def take(self, ctx: Context, ev: Unshowable) -> StopEvent:
        """Take it."""
        ctx.write_event_to_stream(ev)
        return StopEvent(result=ev.number)


class Joining(Workflow):
    """Fan out by returning a list, and join by taking one."""

    @step
    async def split(self, ev: StartEvent) -> list[Work]:
        """Make a list."""
        return [Work(number=number) for number in range(ev.size)]

    @step
    async def work(self, ev: Work) -> Result:
        """Square a number."""
        return Result(square=ev.number**2)

    @step
    async def merge(self, ev: list[Result]) -> StopEvent:
        """Take the list."""
        return StopEvent(result=len(ev))


class Caught(Workflow):
    """Fail, and recover from it."""

    @step
    async def fail(self, ev: StartEvent) -> StopEvent:
        """Fail."""
        raise ValueError(ev.topic)

    @catch_error
    async def recover(self, ev: StepFailedEvent) -> StopEvent:
        """Recover."""
        return StopEvent(result=f"without {ev.step_name}")
