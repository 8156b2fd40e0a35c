"""Sources that tests move by hand, and the other end of a graph's panel."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notebook_async.widgets._graph_source import GraphState, StepDetails
from notebook_async.workflow._graph.build import graph_of
from notebook_async.workflow.events import StartEvent, StopEvent
from notebook_async.workflow.representation import StepCounts
from tests.workflow.configs import A, B, config, steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.widgets.graph_panel import GraphPanel
    from notebook_async.workflow.representation import WorkflowGraph

__all__ = ["Browser", "FakeSource", "chain", "small"]


def small() -> WorkflowGraph:
    """Return a graph of three steps: a makes A and B, b and c take them."""
    return graph_of(
        "Small",
        steps(
            config("a", StartEvent, (A, B)),
            config("b", A, StopEvent),
            config("c", B, StopEvent),
        ),
    )


def chain(length: int) -> WorkflowGraph:
    """Return a graph of many steps in a row."""
    kinds = [type(f"E{index}", (A,), {}) for index in range(length - 1)]
    takes, gives = [StartEvent, *kinds], [*kinds, StopEvent]
    configs = (
        config(f"step_{index}", one, other)
        for index, (one, other) in enumerate(zip(takes, gives, strict=True))
    )
    return graph_of("Chain", steps(*configs))


class FakeSource:
    """A run that does what it is told to."""

    def __init__(self, graph: WorkflowGraph | None = None, **state: Any) -> None:  # noqa: ANN401
        self.graph = graph or small()
        self.run = "7f3a"
        self.version = 0
        self.ended = False
        self.now = GraphState(
            phase="running",
            elapsed=0.0,
            steps={},
            edges={},
            ticks=True,
            actions=("cancel",),
        )
        self.change(**state)
        self.asked: list[str] = []
        self.looked = 0
        self.cancelled = 0
        self._callbacks: list[Callable[[Any], Any]] = []

    def change(self, **state: Any) -> None:  # noqa: ANN401
        """Let something happen."""
        self.version += 1
        self.now = replace(self.now, **state)

    def count(self, name: str, **counts: int) -> None:
        """Let a step do something."""
        self.change(steps={**self.now.steps, name: StepCounts(**counts)})

    def end(self) -> None:
        """Let the run end."""
        self.change(phase="done", ticks=False, actions=())
        self.ended = True
        for callback in self._callbacks:
            callback(self)

    def state(self) -> GraphState:
        """Return the state."""
        self.looked += 1
        return self.now

    def details(self, step: str) -> StepDetails:
        """Return nothing, or fail for the step that is to."""
        self.asked.append(step)
        if step == "c":
            raise ValueError("no repr")
        return StepDetails(questions=(f"What about {step}?",))

    def cancel(self) -> None:
        """Count how often."""
        self.cancelled += 1

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back at the end."""
        self._callbacks.append(callback)


class Browser:
    """The other end of a panel's comm: it keeps the state as a front end does."""

    def __init__(self, panel: GraphPanel, *, visible: bool = True) -> None:
        self.panel = panel
        self.comm = panel.comm
        self.opened = self.comm.sent[0][2]["state"]
        self.comm.sent.clear()
        if visible:
            self.say({"type": "visible", "visible": True})

    def say(self, content: object) -> None:
        """Send a message to the panel."""
        self.panel._handle_custom_msg(content, [])

    @property
    def times(self) -> list[float]:
        """When the panel sent messages."""
        return [at for at, _, _ in self.comm.sent]

    @property
    def sizes(self) -> list[int]:
        """How large they were."""
        return [len(json.dumps(wire)) for _, _, wire in self.comm.sent]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the panel sent."""
        return [wire for _, _, wire in self.comm.sent]

    @property
    def deltas(self) -> list[dict[str, Any]]:
        """What it told of changes."""
        return [each for each in self._contents if each["type"] == "delta"]

    @property
    def answers(self) -> list[dict[str, Any]]:
        """What it answered."""
        return [each for each in self._contents if each["type"] == "details"]

    @property
    def states(self) -> list[dict[str, Any]]:
        """The traits that it sent whole."""
        return [each["state"] for each in self.messages if "state" in each]

    @property
    def _contents(self) -> list[dict[str, Any]]:
        return [each["content"] for each in self.messages if "content" in each]

    def known(self, snapshot: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what a front end knows that has read every message."""
        first = self.opened["snapshot"] if snapshot is None else snapshot
        seq, head = first["seq"], first["run"]
        nodes = {index: numbers for index, *numbers in first["nodes"]}
        edges = dict(map(tuple, first["edges"]))
        for delta in self.deltas:
            if delta["seq"] <= seq:
                continue
            assert delta["seq"] == seq + 1
            seq = delta["seq"]
            head = delta.get("run", head)
            nodes.update((index, rest) for index, *rest in delta.get("nodes", ()))
            edges.update(map(tuple, delta.get("edges", ())))
        known = {index: rest for index, rest in nodes.items() if rest != [0]}
        return {
            "seq": seq,
            "run": head,
            "nodes": [[index, *rest] for index, rest in sorted(known.items())],
            "edges": [[i, n] for i, n in sorted(edges.items()) if n],
        }
