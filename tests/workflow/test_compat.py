"""Programs written for the reference run here after their imports are changed.

Each is run as it stands, by `asyncio.run`. What it prints was printed by the reference;
where that is installed it is run too, so that neither can drift away.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

HEAD = """
import asyncio
from typing import Union
from pydantic import BaseModel, Field
from {package} import Context, Workflow, step
from {package}.events import (
    Event, HumanResponseEvent, InputRequiredEvent, StartEvent, StopEvent,
)
from {package}.errors import WorkflowRuntimeError, WorkflowTimeoutError
from {package}.retry_policy import ConstantDelayRetryPolicy
"""

CHAIN = '''
class Retrieved(Event):
    nodes: list[str]

class Ranked(Event):
    nodes: list[str]

DOCS = ["rain falls", "the sun shines", "rain and wind", "snow"]

class RAG(Workflow):
    """Retrieve, rank, answer."""

    @step
    async def retrieve(self, ctx: Context, ev: StartEvent) -> Retrieved:
        await ctx.store.set("query", ev.query)
        return Retrieved(nodes=[doc for doc in DOCS if ev.query in doc])

    @step
    async def rank(self, ev: Retrieved) -> Ranked:
        return Ranked(nodes=sorted(ev.nodes, key=len, reverse=True))

    @step
    async def answer(self, ctx: Context, ev: Ranked) -> StopEvent:
        query = await ctx.store.get("query")
        return StopEvent(result={"query": query, "best": ev.nodes[0]})

async def main():
    workflow = RAG(timeout=10, verbose=False)
    result = await workflow.run(query="rain")
    print(result["query"], "->", result["best"])
    print(await workflow.run(start_event=StartEvent(query="sun")))

asyncio.run(main())
'''

REFLECTION = """
class Draft(Event):
    text: str
    tries: int

class Critique(Event):
    text: str
    tries: int
    error: str

class Reflect(Workflow):
    max_tries: int = 3

    @step
    async def write(self, ev: Union[StartEvent, Critique]) -> Union[Draft, StopEvent]:
        tries = ev.tries if isinstance(ev, Critique) else 0
        if tries >= self.max_tries:
            return StopEvent(result="gave up: " + ev.error)
        base = ev.text if isinstance(ev, Critique) else ev.topic
        return Draft(text=base + "!", tries=tries + 1)

    @step
    async def check(self, ev: Draft) -> Union[Critique, StopEvent]:
        if ev.text.count("!") >= 2:
            return StopEvent(result=ev.text)
        return Critique(text=ev.text, tries=ev.tries, error="too calm")

async def main():
    workflow = Reflect(timeout=10)
    print(await workflow.run(topic="rain"))
    workflow.max_tries = 1
    print(await workflow.run(topic="rain"))

asyncio.run(main())
"""

FAN = """
class Work(Event):
    number: int

class Result(Event):
    square: int

class Fan(Workflow):
    @step
    async def split(self, ctx: Context, ev: StartEvent) -> Work | None:
        await ctx.store.set("size", len(ev.numbers))
        for number in ev.numbers:
            ctx.send_event(Work(number=number))

    @step(num_workers=4)
    async def work(self, ev: Work) -> Result:
        await asyncio.sleep(0.001 * ev.number)
        return Result(square=ev.number ** 2)

    @step
    async def merge(self, ctx: Context, ev: Result) -> StopEvent | None:
        size = await ctx.store.get("size")
        results = ctx.collect_events(ev, [Result] * size)
        if results is None:
            return None
        return StopEvent(result=sorted(one.square for one in results))

async def main():
    print(await Fan(timeout=10).run(numbers=[5, 1, 4, 2]))
    runs = [Fan(timeout=10).run(numbers=[n, n + 1]) for n in range(3)]
    print(await asyncio.gather(*runs))

asyncio.run(main())
"""

HUMAN = """
class AskName(InputRequiredEvent):
    prompt: str

class GiveName(HumanResponseEvent):
    name: str

class Greeter(Workflow):
    @step
    async def ask(self, ev: StartEvent) -> AskName:
        return AskName(prompt="name?")

    @step
    async def greet(self, ev: GiveName) -> StopEvent:
        return StopEvent(result="Hello " + ev.name)

class Waiter(Workflow):
    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
        answer = await ctx.wait_for_event(
            HumanResponseEvent,
            waiter_event=InputRequiredEvent(prefix="sure?"),
            requirements={"user": "ada"},
        )
        return StopEvent(result=answer.response)

async def main():
    handler = Greeter(timeout=10).run()
    async for event in handler.stream_events():
        if isinstance(event, AskName):
            print("asked", event.prompt)
            break
    handler.ctx.send_event(GiveName(name="Ada"))
    async for event in handler.stream_events():
        print("then", type(event).__name__)
    print(await handler)
    handler = Waiter(timeout=10).run()
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            print("asked", event.prefix)
            handler.ctx.send_event(HumanResponseEvent(response="no", user="bob"))
            handler.ctx.send_event(HumanResponseEvent(response="yes", user="ada"))
    print(await handler)

asyncio.run(main())
"""

STATE = """
class Counts(BaseModel):
    total: int = 0
    seen: list[str] = Field(default_factory=list)

class Add(Event):
    word: str

class Counter(Workflow):
    @step
    async def start(self, ctx: Context[Counts], ev: StartEvent) -> Add | None:
        for word in ev.words:
            ctx.send_event(Add(word=word))

    @step
    async def add(self, ctx: Context[Counts], ev: Add) -> StopEvent | None:
        async with ctx.store.edit_state() as state:
            state.total += len(ev.word)
            state.seen.append(ev.word)
        state = await ctx.store.get_state()
        if len(state.seen) == 3:
            return StopEvent(result=(state.total, sorted(state.seen)))
        return None

async def main():
    workflow = Counter(timeout=10)
    handler = workflow.run(words=["a", "bb", "ccc"])
    print(await handler)
    print((await handler.ctx.store.get_state()).total)
    ctx = Context(workflow)
    print(ctx.is_running, await ctx.store.get("total"))

asyncio.run(main())
"""

STREAM = """
class Progress(Event):
    percent: int

class Finished(StopEvent):
    files: int

class Worker(Workflow):
    @step
    async def work(self, ctx: Context, ev: StartEvent) -> Finished:
        for percent in (25, 50, 75):
            ctx.write_event_to_stream(Progress(percent=percent))
            await asyncio.sleep(0)
        return Finished(files=3)

async def main():
    handler = Worker(timeout=10).run()
    async for event in handler.stream_events():
        if isinstance(event, Progress):
            print(event.percent)
        else:
            print(type(event).__name__, event.files)
    result = await handler
    print(type(result).__name__, result.files, handler.is_done())

asyncio.run(main())
"""

RETRY = """
calls = []

class Flaky(Workflow):
    @step(retry_policy=ConstantDelayRetryPolicy(delay=0.01, maximum_attempts=3))
    async def call(self, ev: StartEvent) -> StopEvent:
        calls.append(len(calls))
        if len(calls) < ev.good:
            raise ValueError("attempt %d" % len(calls))
        return StopEvent(result=len(calls))

class Slow(Workflow):
    @step
    async def sleep(self, ev: StartEvent) -> StopEvent:
        await asyncio.sleep(5)
        return StopEvent()

async def main():
    print(await Flaky(timeout=10).run(good=3))
    calls.clear()
    handler = Flaky(timeout=10).run(good=9)
    try:
        await handler
    except ValueError as error:
        print("failed:", error)
    async for event in handler.stream_events():
        print(type(event).__name__, event.step_name, event.attempts)
    try:
        await Slow(timeout=0.05).run()
    except WorkflowTimeoutError as error:
        print(str(error).split(". ")[1])

asyncio.run(main())
"""

NESTED = """
class Inner(Workflow):
    @step
    async def double(self, ev: StartEvent) -> StopEvent:
        return StopEvent(result=2 * ev.n)

class Piece(Event):
    n: int

class Outer(Workflow):
    def __init__(self, inner, **options):
        super().__init__(**options)
        self.inner = inner

    @step
    async def begin(self, ev: StartEvent) -> Piece:
        return Piece(n=await self.inner.run(n=ev.n))

    @step
    async def end(self, ev: Piece) -> StopEvent:
        return StopEvent(result=await self.inner.run(n=ev.n))

class Louder(Outer):
    @step
    async def end(self, ev: Piece) -> StopEvent:
        return StopEvent(result=str(ev.n) + "!")

async def main():
    print(await Outer(Inner(timeout=5), timeout=10).run(n=3))
    print(await Louder(Inner(timeout=5), timeout=10).run(n=3))

asyncio.run(main())
"""

FREE = """
class Free(Workflow):
    pass

class Middle(Event):
    value: int

@step(workflow=Free)
async def first(ev: StartEvent) -> Middle:
    return Middle(value=ev.value + 1)

@step(workflow=Free)
def second(ev: Middle) -> StopEvent:
    return StopEvent(result=ev.value * 10)

async def main():
    print(await Free(timeout=10).run(value=1))
    workflow = Free(timeout=10)
    ctx = Context(workflow)
    await workflow.run(ctx=ctx, value=1)
    data = ctx.to_dict()
    again = Context.from_dict(workflow, data)
    print(again.is_running, await workflow.run(ctx=again, value=2))
    handler = workflow.run(value=3)
    await handler.cancel_run()
    try:
        await handler
    except Exception as error:
        print(type(error).__name__)

asyncio.run(main())
"""

PROGRAMS = {
    "chain": (
        CHAIN,
        "rain -> rain and wind\n{'query': 'sun', 'best': 'the sun shines'}",
    ),
    "reflection": (REFLECTION, "rain!!\ngave up: too calm"),
    "fan": (FAN, "[1, 4, 16, 25]\n[[0, 1], [1, 4], [4, 9]]"),
    "human": (HUMAN, "asked name?\nthen StopEvent\nHello Ada\nasked sure?\nyes"),
    "state": (STATE, "(6, ['a', 'bb', 'ccc'])\n6\nFalse 0"),
    "stream": (STREAM, "25\n50\n75\nFinished 3\nFinished 3 True"),
    "retry": (
        RETRY,
        (
            "3\nfailed: attempt 3\nWorkflowFailedEvent call 3\n"
            "Currently active steps: sleep"
        ),
    ),
    "nested": (NESTED, "12\n6!"),
    "free": (FREE, "20\nFalse 30\nWorkflowCancelledByUser"),
}

PACKAGES = [
    "notebook_async.workflow",
    pytest.param(
        "workflows",
        marks=pytest.mark.skipif(
            find_spec("workflows") is None, reason="the reference is not installed"
        ),
    ),
]


# The reference warns of a name that its users have written for years.
@pytest.mark.filterwarnings("ignore:ConstantDelayRetryPolicy is deprecated")
@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A program of the reference prints the same here, its imports apart."""
    source, printed = PROGRAMS[name]
    code = compile(HEAD.format(package=package) + source, f"<{name}>", "exec")
    exec(code, {"__name__": f"program_{name}"})  # noqa: S102 - programs as users write
    assert capsys.readouterr().out.rstrip("\n") == printed


def test_drawing(tmp_path: object) -> None:
    """The names of the drawing functions are those of the field, and write a file."""
    source = """
from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
from notebook_async.workflow import draw_all_possible_flows

class Hello(Workflow):
    @step
    async def greet(self, ev: StartEvent) -> StopEvent:
        return StopEvent()

draw_all_possible_flows(Hello, filename=filename)
draw_all_possible_flows(Hello(), filename=filename)
"""
    filename = f"{tmp_path}/flows.html"
    code = compile(source, "<drawing>", "exec")
    exec(code, {"__name__": "program_drawing", "filename": filename})  # noqa: S102
    with open(filename, encoding="utf-8") as file:  # noqa: PTH123
        assert "greet" in file.read()
