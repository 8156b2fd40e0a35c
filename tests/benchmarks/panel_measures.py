"""Measure what panels cost a run, and what they send, in a real kernel with a page.

The page is a client that does as one does: it greets, says that it sees the panel, and
asks for items. Each take of a run with a panel has one without beside it.
"""

from __future__ import annotations

import json
import random
from contextlib import asynccontextmanager
from itertools import pairwise
from time import perf_counter
from typing import TYPE_CHECKING, Any

from kernel_cells import LOAD
from kernel_probe import opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kernel_probe import Heard, Probe

    from tests.kernels.environments import Environment

__all__ = ["AGAIN", "NONE", "SCENES", "WAYS", "slowdown", "traffic"]

NONE, AGAIN = "no panel", "no panel, once more"
UNSEEN, SEEN, LISTING, BOARD = (
    "a panel that nobody sees",
    "a panel in sight",
    "the same, its items listed",
    "the board in sight",
)
WAYS = (AGAIN, UNSEEN, SEEN, LISTING, BOARD)
REFRESH = 1.0
SCROLL = 0.12
# What a frame holds beside its content: two headers, signature, metadata.
HEADERS = 700

DEFINED = """\
from notebook_async import await_tree, jobs, run_jobs
from notebook_async.widgets import show_board, show_job, show_tree
async def nothing(_):
    await asyncio.sleep(0)
async def work(items):
    await go.wait()
    began, spent = perf_counter(), time.process_time()
    await run_jobs(nothing, range(items), workers=100, desc="a run")
    taken.append((time.process_time() - spent, perf_counter() - began))
taken = []
"""
START = "go = asyncio.Event()\njob = jobs.start(work({items}))\n{show}"
GO = "print('on')\nawait asyncio.sleep(0.3)\ngo.set()\nawait job"
SHOW = {
    NONE: "pass",
    AGAIN: "pass",
    UNSEEN: "show_job(job)",
    SEEN: "show_job(job)",
    LISTING: "show_job(job)",
    BOARD: "show_board(jobs)",
}

# What a page sees of much that happens at once.
FLOOD = """\
async def read(n):
    print("item", n, "x" * 100)
    await asyncio.sleep(0.01)
    if n % 7 == 3:
        raise ValueError("y" * 1000)
def flood(name):
    work = run_jobs(read, range(10**7), workers=100, on_error="return", desc="read")
    return jobs.start(work, name=name)
def flood_all():
    for number in range(100):
        flood(f"job {number}")
"""
SCENES = {
    "job, in sight": "job = flood('a'); show_job(job)",
    "job, nobody sees it": "job = flood('a'); show_job(job)",
    "job, its failed items scrolled": "job = flood('a'); show_job(job)",
    "board of 100 such jobs": "flood_all(); show_board(jobs)",
    "board, nobody sees it": "flood_all(); show_board(jobs)",
    "await tree of 1,000 tasks, as fast as asked": """\
job = jobs.start(run_jobs(asyncio.sleep, [600] * 1000, workers=1000))
await asyncio.sleep(0.1)
show_tree(await_tree())
""",
}
ROUND = "jobs.cancel_all(); await asyncio.sleep(0.5); jobs.clear()"


class Page:
    """A page that shows one panel.

    Parameters
    ----------
    probe
        The client.
    shown
        What the cell that shows it has caused.
    """

    def __init__(self, probe: Probe, shown: list[Heard]) -> None:
        self._probe = probe
        (self._comm,) = (
            each.content["comm_id"]
            for each in shown
            if each.kind == "comm_open" and "_esm" in each.content["data"]["state"]
        )
        self._asked = 0.0

    def greet(self, *, visible: bool) -> None:
        """Say that there is a view of it, and whether somebody sees that."""
        self.tell({"type": "hello"})
        self.tell({"type": "visible", "visible": visible, "beside": True})

    def tell(self, content: dict[str, Any]) -> None:
        """Send a message of the panel's view."""
        data = {"method": "custom", "content": content}
        self._probe.send("comm_msg", {"comm_id": self._comm, "data": data})

    def ask(self, content: dict[str, Any], *, every: float) -> None:
        """Send a message unless the last one was sent just now."""
        now = perf_counter()
        if now - self._asked >= every:
            self._asked = now
            self.tell(content)

    def list_items(self, kind: str = "all", start: int = 0, every: float = 1.0) -> None:
        """Ask for items of the latest run, as a page does whose list is open."""
        runs = [view["runs"] for view in self.views() if view["runs"]]
        if runs:
            request = {"type": "items", "id": 1, "run": runs[-1][-1]["id"]}
            self.ask(
                {**request, "kind": kind, "start": start, "count": 60}, every=every
            )

    def views(self) -> list[dict[str, Any]]:
        """Return the headers that have come."""
        states = (each.content["data"].get("state", {}) for each in self.heard())
        return [state["view"] for state in states if "view" in state]

    def heard(self) -> list[Heard]:
        """Return what the panel has sent, in the order of its coming."""
        found = [
            each
            for heard in self._probe.heard.values()
            for each in heard
            if each.kind == "comm_msg" and each.content["comm_id"] == self._comm
        ]
        return sorted(found, key=lambda each: each.at)


@asynccontextmanager
async def _kernel(environment: Environment) -> AsyncIterator[Probe]:
    async with opened(environment, LOAD, DEFINED, FLOOD) as (_, probe):
        yield probe


# -- what it costs


async def slowdown(
    environment: Environment, *, items: int, takes: int
) -> dict[str, list[float]]:
    """Return the processor seconds of a run, by the way in which it is shown.

    Parameters
    ----------
    environment
        Where.
    items
        How many items; each does nothing but `sleep(0)`.
    takes
        How many runs of each way.
    """
    async with _kernel(environment) as probe:
        spent: dict[str, list[float]] = {way: [] for way in (NONE, *WAYS)}
        _take(probe, NONE, items // 10)  # the first one of all is slower
        for _ in range(takes):
            for way in random.sample(list(spent), len(spent)):
                spent[way].append(_take(probe, way, items))
        return spent


def _take(probe: Probe, way: str, items: int) -> float:
    shown = probe.run(START.format(items=items, show=SHOW[way]))
    page = None
    if way not in (NONE, AGAIN):
        page = Page(probe, shown)
        page.greet(visible=way != UNSEEN)
    cell = probe.execute(GO)

    def is_over() -> bool:
        if page is not None and way == LISTING:
            page.list_items(every=REFRESH)
        return probe.has_reply(cell) and probe.is_idle(cell)

    while not is_over():
        probe.until(lambda: probe.has_reply(cell) and probe.is_idle(cell), 0.05)
    probe.heard.clear()
    spent: float = probe.value("taken[-1][0]")
    probe.run("jobs.clear()")
    return spent


# -- what it sends


async def traffic(
    environment: Environment, scene: str, *, seconds: float
) -> dict[str, float]:
    """Return messages and bytes a second, in the mean and in the busiest second."""
    async with _kernel(environment) as probe:
        page = Page(probe, probe.run(SCENES[scene]))
        page.greet(visible="nobody" not in scene)
        probe.pause(1)
        probe.heard.clear()
        began = perf_counter()
        step = 0
        while perf_counter() - began < seconds:
            step += 1
            if "scrolled" in scene:
                page.list_items("failed", start=40 * step, every=SCROLL)
            elif "tree" in scene:
                page.ask({"type": "refresh"}, every=0.01)
            probe.pause(0.02)
        heard = page.heard()
        probe.run(ROUND)
    return _rates(heard, seconds, began)


def _rates(heard: list[Heard], seconds: float, began: float) -> dict[str, float]:
    sizes = [len(json.dumps(each.content)) + HEADERS for each in heard]
    times = [each.at for each in heard]
    gaps = [after - before for before, after in pairwise(times)]
    return {
        "messages": len(heard) / seconds,
        "bytes": sum(sizes) / seconds,
        "busiest messages": _busiest(times, [1.0] * len(times), began, seconds),
        "busiest bytes": _busiest(times, sizes, began, seconds),
        "least gap": min(gaps, default=float("nan")),
    }


def _busiest(
    times: list[float], weights: list[Any], began: float, seconds: float
) -> float:
    """Return the most that came in any whole second of a client's clock."""
    bins: Callable[[float], int] = lambda at: int(at - began)  # noqa: E731
    most = [0.0] * (int(seconds) + 1)
    for at, weight in zip(times, weights, strict=True):
        most[min(bins(at), len(most) - 1)] += weight
    return max(most)
