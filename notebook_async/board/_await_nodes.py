"""The tasks of the loop as the nodes of a tree, each with what cancels it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from notebook_async.board._await_cancel import canceller, task_canceller
from notebook_async.board._job import Job
from notebook_async.kernel import scope_of, step_of, waiting_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notebook_async.kernel import Waiting

__all__ = ["TreeRow", "tree_rows"]

_ENGINE = "notebook_async.workflow._engine.worker"
_JUPYTER = {"IPython", "ipykernel", "jupyter_client", "tornado", "zmq"}
_WORKERS = "notebook_async.core._workers"


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line of the tree.

    Attributes
    ----------
    branch
        The lines that lead to it from above, as text.
    text
        What waits, and for what.
    key
        Names what `cancel` would cancel, the same for as long as that goes on; None
        where there is nothing of its own to cancel.
    cancel
        Cancels it, and returns whether there still was anything to cancel.
    """

    branch: str
    text: str
    key: str | None = None
    cancel: Callable[[], bool] = bool


@dataclass(slots=True)
class _Node:
    """A line of the tree, with those below it."""

    order: tuple[Any, ...]
    text: str
    below: list[_Node] = field(default_factory=list)
    key: str | None = None
    cancel: Callable[[], bool] = bool


def tree_rows(jobs: tuple[Job, ...]) -> list[TreeRow]:
    """Return the lines of the tree, of some jobs or of everything on the loop."""
    return list(_Tree(jobs).rows())


class _Tree:
    """The tree while it is made."""

    def __init__(self, jobs: tuple[Job, ...]) -> None:
        current = asyncio.current_task()
        wanted = {f"job-{job.id}" for job in jobs}
        self._waiting: dict[asyncio.Task[Any], Waiting] = {}
        self._paths: dict[asyncio.Task[Any], tuple[str, ...]] = {}
        for task in asyncio.all_tasks():
            path = scope_of(task).path
            waiting = _waiting_of(task)
            if task is current or _is_of_jupyter(waiting):
                continue
            if not jobs or set(path) & wanted:
                self._waiting[task] = waiting
                self._paths[task] = path
        self._nodes: dict[tuple[str, ...], _Node] = {}
        self._roots: list[_Node] = []
        self._seen: set[asyncio.Task[Any]] = set()

    def rows(self) -> Iterator[TreeRow]:
        """Return the lines."""
        awaited = {
            other
            for task, waiting in self._waiting.items()
            for other in waiting.tasks
            if other is not task and not _is_job(other)
        }
        order = sorted(self._waiting, key=lambda task: _key(task.get_name()))
        # Tasks that wait for each other have no root: they come last, in order.
        for tasks in ([t for t in order if t not in awaited], order):
            for task in tasks:
                if task not in self._seen:
                    self._place(task)
        for root in sorted(self._roots, key=_root_key):
            yield from _drawn(root)

    def _place(self, task: asyncio.Task[Any]) -> None:
        """Put a task where it belongs, below its job, run or workflow."""
        path = self._paths[task]
        if path and task.get_name() == path[-1]:
            # The job's own task: its line is the job's.
            node = self._group(path, task)
            node.text = f"{node.text} {self._wait_words(task)}"
            node.key, node.cancel = task_canceller(task)
            node.below += self._below(task)
            return
        flow = _workflow_of(self._waiting[task])
        if flow is not None:
            path = (*path, f"{flow}\0{task.get_name()}")
        node = self._node(task)
        if path:
            self._group(path, task).below.append(node)
        else:
            self._roots.append(node)

    def _group(self, path: tuple[str, ...], task: asyncio.Task[Any]) -> _Node:
        node = self._nodes.get(path)
        if node is None:
            node = _Node(_key(path[-1]), self._title(path, task))
            self._nodes[path] = node
            if len(path) == 1:
                self._roots.append(node)
            else:
                self._group(path[:-1], task).below.append(node)
        return node

    def _title(self, path: tuple[str, ...], task: asyncio.Task[Any]) -> str:
        flow, is_flow, _ = path[-1].partition("\0")
        if is_flow:
            return flow  # its id tells a person nothing
        kind, _, number = path[-1].partition("-")
        owner = scope_of(task).owner
        if kind == "job":
            return f"job {number} {getattr(owner, 'name', '')!r}"
        runs = getattr(owner, "runs", ())
        run = next((each for each in runs if each.name == path[-1]), None)
        if run is None:
            return path[-1]
        counts = run.statistics()
        total = "" if counts.total is None else f" of {counts.total:,}"
        desc = f" {run.desc!r}" if run.desc else ""
        return f"{run.name}{desc}: {counts.done:,}{total} done"

    def _node(self, task: asyncio.Task[Any]) -> _Node:
        label = _label(task, self._waiting[task])
        key = _key(label if label.startswith(("item", "step")) else task.get_name())
        node = _Node(key, f"{label} {self._wait_words(task)}")
        node.key, node.cancel = canceller(task, self._waiting[task])
        node.below = self._below(task)
        return node

    def _below(self, task: asyncio.Task[Any]) -> list[_Node]:
        self._seen.add(task)
        nodes = []
        for other in sorted(
            self._waiting[task].tasks, key=lambda each: _key(each.get_name())
        ):
            if other in self._seen or _is_job(other):
                name = _job_words(other) or _label(other, _waiting_of(other))
                nodes.append(_Node(_key(other.get_name()), f"{name} (see there)"))
            elif other in self._waiting:
                nodes.append(self._node(other))
        return nodes

    def _wait_words(self, task: asyncio.Task[Any]) -> str:
        waiting = self._waiting[task]
        words = _run_words(waiting) or waiting.words
        place = "" if waiting.place is None else f", at {waiting.place}"
        return f"waits for {words}{place}"


def _label(task: asyncio.Task[Any], waiting: Waiting) -> str:
    """Return what to call a task: an item, a step, a cell, or its own name."""
    for frame in waiting.frames:
        module = frame.f_globals.get("__name__")
        if module == _ENGINE and (step := step_of(frame)) is not None:
            return f"step {step!r}"
        if module == _WORKERS and (slot := frame.f_locals.get("slot")) is not None:
            return f"item {slot.index}" if slot.index >= 0 else "a worker"
    place = waiting.place
    if place is not None and place.cell is not None and place.function == "<module>":
        return f"cell [{place.cell}]"
    name = getattr(task.get_coro(), "__qualname__", type(task).__name__)
    return f"{task.get_name()} {name.rpartition('<locals>.')[2]}()"


def _run_words(waiting: Waiting) -> str | None:
    """Return the run or workflow that a task waits for, told by who waits in there."""
    for frame in waiting.frames:
        me = frame.f_locals.get("self")
        match type(me).__name__:
            case "Ending":
                return str(getattr(getattr(me, "_engine", None), "name", "a run"))
            case "WorkflowHandler":
                name = str(getattr(me, "_name", ""))
                return f"workflow {name.rpartition('.')[2]}"
    return None


def _workflow_of(waiting: Waiting) -> str | None:
    for frame in waiting.frames:
        if frame.f_globals.get("__name__") == _ENGINE:
            run = frame.f_locals.get("run")
            definition = getattr(run, "definition", None)
            return f"workflow {getattr(definition, 'name', '')}"
    return None


def _waiting_of(task: asyncio.Task[Any]) -> Waiting:
    """Return what a task waits for; who waits for a job waits for its task."""
    waiting = waiting_of(task)
    for frame in waiting.frames:
        if frame.f_code is Job.wait.__code__:
            awaited = frame.f_locals["self"].task
            return replace(waiting, words="a task", tasks=(awaited,))
    return waiting


def _is_of_jupyter(waiting: Waiting) -> bool:
    """Tell whether the kernel itself, or we for it, have started a task."""
    if waiting.place is not None:
        return False
    name = waiting.frames[0].f_globals.get("__name__", "") if waiting.frames else ""
    return name.partition(".")[0] in _JUPYTER


def _is_job(task: asyncio.Task[Any]) -> bool:
    return _job_words(task) is not None


def _job_words(task: asyncio.Task[Any]) -> str | None:
    scope = scope_of(task)
    if len(scope.path) == 1 and task.get_name() == scope.path[0]:
        name = getattr(scope.owner, "name", "")
        return f"{scope.path[0].replace('-', ' ')} {name!r}"
    return None


def _key(name: str) -> tuple[Any, ...]:
    """Order names as people count: `Task-9` before `Task-10`."""
    parts = re.split(r"(\d+)", name)
    return tuple((i % 2, int(p) if i % 2 else p) for i, p in enumerate(parts))


def _root_key(node: _Node) -> tuple[Any, ...]:
    return (not node.text.startswith("job "), node.order)


def _drawn(node: _Node, above: str = "", branch: str = "") -> Iterator[TreeRow]:
    yield TreeRow(above + branch, node.text, node.key, node.cancel)
    if branch:
        above += "   " if branch.startswith("└") else "│  "
    below = sorted(node.below, key=lambda each: each.order)
    for each in below:
        yield from _drawn(each, above, "└─ " if each is below[-1] else "├─ ")
