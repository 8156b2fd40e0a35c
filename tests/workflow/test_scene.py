"""A run as it is drawn: steps as boxes, events beside the edges, counts that fit."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.workflow._graph.build import EXTERNAL, graph_of
from notebook_async.workflow._graph.compose import scene_of
from notebook_async.workflow._graph.labels import label_size, spread
from notebook_async.workflow._graph.layout import Layout, lay_out
from notebook_async.workflow._graph.run_svg import run_svg
from notebook_async.workflow._graph.scene import Scene, line_room
from notebook_async.workflow._graph.text import text_width
from notebook_async.workflow._graph.words import step_line
from notebook_async.workflow.events import StartEvent, StepFailedEvent, StopEvent
from notebook_async.workflow.representation import (
    StepCounts,
    WorkflowGenericNode,
    WorkflowGraph,
    WorkflowGraphEdge,
)
from notebook_async.workflow.resource import Resource, ResourceDefinition
from tests.workflow.configs import (
    A,
    Answer,
    Ask,
    B,
    Begin,
    C,
    Finish,
    config,
    handler,
    service,
    steps,
    workflow,
)

if TYPE_CHECKING:
    from notebook_async.workflow._config import StepConfig

LINES = json.loads(
    (Path(__file__).parents[1] / "widgets" / "step_lines.json").read_text("utf-8")
)


def graph(*configs: StepConfig, name: str = "W") -> WorkflowGraph:
    """Return the graph of some steps."""
    return graph_of(name, steps(*configs))


def ways(scene: Scene) -> list[str]:
    """Return the edges as text."""
    names = [node.label for node in scene.nodes]
    return [
        f"{names[edge.source]} -{edge.label}-> {names[edge.target]}"
        for edge in scene.edges
    ]


def client() -> str:
    """Return a resource."""
    return "client"


# -- what is in a scene


def test_events_become_labels() -> None:
    """A run begins and ends in a circle; the events between stand beside the edges."""
    scene = scene_of(graph(config("a", StartEvent, A), config("b", A, StopEvent)))
    assert [(node.kind, node.label) for node in scene.nodes] == [
        ("start", "start"),
        ("stop", "end"),
        ("step", "a"),
        ("step", "b"),
    ]
    assert ways(scene) == ["start --> a", "a -A-> b", "b --> end"]


def test_starts_and_ends_of_their_own_are_named() -> None:
    """Where the first or last event has a name of its own, the edge tells it."""
    scene = scene_of(graph(config("a", Begin, Finish)))
    assert ways(scene) == ["start -Begin-> a", "a -Finish-> end"]


def test_event_of_many_stays_a_node() -> None:
    """Three makers and three takers are six lines to the event, and nine without it."""
    makers = [config(f"m{i}", StartEvent, A) for i in range(3)]
    takers = [config(f"t{i}", A, StopEvent) for i in range(3)]
    scene = scene_of(graph(*makers, *takers))
    assert ("event", "A") in [(node.kind, node.label) for node in scene.nodes]
    assert "m0 --> A" in ways(scene)
    two = scene_of(graph(*makers[:2], *takers[:2]))
    assert "m0 -A-> t1" in ways(two)
    assert {node.kind for node in two.nodes} == {"start", "stop", "step"}


def test_event_that_nobody_makes_or_takes_stays_a_node() -> None:
    """An event without a way on both sides would leave no line to stand at."""
    scene = scene_of(graph(config("a", StartEvent, (B, StopEvent))))
    assert ways(scene) == ["start --> a", "a --> B", "a --> end"]


def test_person_is_asked_and_answers() -> None:
    """Question and answer stand at the edges to the person and back."""
    scene = scene_of(
        graph(config("ask", StartEvent, Ask), config("go", Answer, StopEvent))
    )
    assert sorted(ways(scene)) == [
        "a person -Answer-> go",
        "ask -Ask-> a person",
        "go --> end",
        "start --> ask",
    ]


def test_resources_are_left_out_and_children_stay() -> None:
    """What a step is given moves no event; another workflow that it runs does."""
    resource = ResourceDefinition(
        name="client", resource=Resource(client), type_annotation=str
    )
    one = config(
        "a",
        StartEvent,
        StopEvent,
        resources=(resource,),
        services=(service("kid", workflow("Kid", {})),),
    )
    scene = scene_of(graph(one))
    assert [node.kind for node in scene.nodes] == ["start", "stop", "step", "workflow"]
    assert ways(scene) == ["start --> a", "a --> end", "a -kid-> Kid"]


def test_generic_nodes_and_loops_are_kept() -> None:
    """A graph that somebody made by hand is drawn as it is; loose ends are not."""
    node = WorkflowGenericNode("tool", "tool", node_type="tool")
    edges = (WorkflowGraphEdge("tool", "tool"), WorkflowGraphEdge("tool", "gone"))
    scene = scene_of(WorkflowGraph("G", (node,), edges))
    assert [node.kind for node in scene.nodes] == ["generic"]
    assert ways(scene) == ["tool --> tool"]


def test_step_may_give_to_itself() -> None:
    """A step that takes what it makes has a loop."""
    scene = scene_of(graph(config("a", (StartEvent, A), (A, StopEvent))))
    assert "a -A-> a" in ways(scene)


def test_many_edges_have_no_names() -> None:
    """Where names would make the picture far too wide, the counts stand alone."""
    kinds = [type(f"E{i}", (A,), {}) for i in range(160)]
    takes, gives = [StartEvent, *kinds], [*kinds, StopEvent]
    scene = scene_of(
        graph(
            *(
                config(f"s{i}", one, other)
                for i, (one, other) in enumerate(zip(takes, gives, strict=True))
            )
        )
    )
    assert {edge.label for edge in scene.edges} == {""}


def test_names_are_cut() -> None:
    """Names are as long as asked for, at most; the tooltip has all."""
    shown = scene_of(graph(config("n" * 80, StartEvent, StopEvent)), max_label_length=4)
    assert shown.nodes[2].label == "nnn…"
    assert shown.nodes[2].tooltip == "n" * 80 + "\nDo what the step does."


# -- how often edges are used


def test_edge_is_used_as_often_as_its_least_used_part() -> None:
    """What a step made and another took is what came along between them."""
    scene = scene_of(graph(config("a", StartEvent, A), config("b", A, StopEvent)))
    counts = {("StartEvent", "a"): 1, ("a", "A"): 5, ("A", "b"): 3}
    assert scene.edge_numbers({}, counts) == [1, 3, 0]


def test_edges_of_one_pair_are_counted_apart() -> None:
    """Two events from one step to another are two edges with counts of their own."""
    scene = scene_of(
        graph(config("a", StartEvent, (A, B)), config("b", (A, B), StopEvent))
    )
    counts = {("a", "A"): 5, ("A", "b"): 5, ("a", "B"): 2, ("B", "b"): 2}
    numbers = dict(zip(ways(scene), scene.edge_numbers({}, counts), strict=True))
    assert numbers["a -A-> b"] == 5
    assert numbers["a -B-> b"] == 2


def test_person_has_counts_at_both_sides() -> None:
    """What nobody counts at the person is counted at the steps."""
    scene = scene_of(
        graph(config("ask", StartEvent, Ask), config("go", Answer, StopEvent))
    )
    counts = {("ask", "Ask"): 4, ("Answer", "go"): 3}
    numbers = dict(zip(ways(scene), scene.edge_numbers({}, counts), strict=True))
    assert numbers["ask -Ask-> a person"] == 4
    assert numbers["a person -Answer-> go"] == 3


def test_failures_are_counted_at_the_step_that_failed() -> None:
    """No step makes the event that tells of its own failure, so its failures count."""
    scene = scene_of(
        graph(
            config("a", StartEvent, StopEvent),
            config("b", StartEvent, StopEvent),
            handler("mend", StopEvent, steps=("a",)),
        )
    )
    numbers = dict(
        zip(
            ways(scene),
            scene.edge_numbers({"a": StepCounts(failed=2)}, {}),
            strict=True,
        )
    )
    assert numbers[f"a -{StepFailedEvent.__name__}-> mend"] == 2


# -- sizes and places


@pytest.mark.parametrize("workers", [0, 1, 4, 16, 1000])
def test_box_has_room_for_name_and_workers(workers: int) -> None:
    """The name and what shows the running calls stand side by side."""
    one = dataclasses.replace(
        config("a_rather_long_name_of_a_step", StartEvent, StopEvent),
        num_workers=workers or 1,
    )
    node = scene_of(graph(one)).nodes[2]
    assert node.width >= 30 + text_width(node.label, 13) + 12
    assert line_room(node) == int((node.width - 24) / 6.2)


@given(
    st.lists(st.text("abcdefgh", min_size=0, max_size=24), min_size=2, max_size=9),
    st.booleans(),
)
def test_labels_do_not_overlap(words: list[str], downward: bool) -> None:  # noqa: FBT001
    """However many edges run between two layers, each label has a place of its own."""
    sizes = [label_size(word) for word in words]
    edges = [(0, i + 1) for i in range(len(words))]
    boxes = [(60.0, 30.0)] * (len(words) + 1)
    layout = lay_out(boxes, edges, labels=sizes, downward=downward)
    placed = spread(layout, sizes)
    for one, other in combinations(range(len(words)), 2):
        if not (words[one] and words[other]):
            continue
        dx = abs(placed[one][0] - placed[other][0])
        dy = abs(placed[one][1] - placed[other][1])
        apart_x = dx - (sizes[one][0] + sizes[other][0]) / 2
        apart_y = dy - (sizes[one][1] + sizes[other][1]) / 2
        assert max(apart_x, apart_y) >= -1e-6


def test_lone_label_stays_where_it_is() -> None:
    """Nothing moves that has room."""
    layout = Layout(10, 10, (), (), ((5.0, 5.0), (5.0, 40.0)))
    assert spread(layout, [(20.0, 14.0)] * 2) == [(5.0, 5.0), (5.0, 40.0)]


def test_layout_is_worked_out_once() -> None:
    """A panel asks for it with each new view."""
    scene = scene_of(graph(config("a", StartEvent, StopEvent)))
    assert scene.layout() is scene.layout()
    assert scene.layout(downward=True).downward


# -- words


@pytest.mark.parametrize("case", LINES, ids=lambda case: case["line"])
def test_line_says_what_fits(case: dict[str, Any]) -> None:
    """Words where there is room, else glyphs, else what matters most."""
    assert step_line(StepCounts(**case["counts"]), case["room"]) == case["line"]


# -- the picture


def test_running_calls_are_dots_or_a_number() -> None:
    """Each of a few workers has a dot, full while it runs; of many a number is told."""

    def shown(workers: int, running: int) -> str:
        one = config("a", StartEvent, StopEvent)
        shown = graph(dataclasses.replace(one, num_workers=workers))
        return run_svg(
            shown.with_counts({"a": StepCounts(running=running, workers=workers)})
        ).partition("</style>")[2]

    assert re.findall(r'<circle class="(dot[^"]*)"', shown(4, 3))[-4:] == [
        *["dot on"] * 3,
        "dot",
    ]
    assert ">12/16</text>" in shown(16, 12)
    assert shown(1, 1).count("<circle") == 3  # start, and the two of the end


def test_person_who_is_asked_stands_out() -> None:
    """A question that no step waits for marks the person."""
    asked = graph(config("ask", StartEvent, Ask), config("go", Answer, StopEvent))
    waiting = asked.with_counts({EXTERNAL: StepCounts(waiting=1)})
    assert 'class="external asked"' in waiting.to_svg()
    assert 'class="external asked"' not in asked.with_counts({}).to_svg()


def test_what_was_reached_is_told_at_the_circles() -> None:
    """Start and end are lit once an event came by."""
    one = graph(config("a", StartEvent, (C, StopEvent)))
    text = one.with_counts({}, {("StartEvent", "a"): 1}).to_svg()
    assert 'class="start reached"' in text
    assert 'class="stop"' in text


def test_head_may_be_left_out() -> None:
    """In a panel the header line is there already."""
    counted = graph(config("a", StartEvent, StopEvent)).with_counts({})
    assert 'class="head"' in run_svg(counted)
    bare = run_svg(counted, headed=False)
    assert 'class="head"' not in bare
    assert 'aria-label="W: not started"' in bare
