"""A workflow as a graph: what is in it, how it is filtered, shown and exported."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Annotated, Any
from xml.etree import ElementTree as ET

import pytest

from notebook_async.workflow._graph.build import graph_of
from notebook_async.workflow._graph.style import STYLE
from notebook_async.workflow._graph.text import compact, text_width
from notebook_async.workflow.events import Event, StartEvent, StopEvent
from notebook_async.workflow.representation import (
    StepCounts,
    WorkflowChildNode,
    WorkflowEventNode,
    WorkflowExternalNode,
    WorkflowGenericNode,
    WorkflowGraph,
    WorkflowGraphEdge,
    WorkflowGraphNode,
    WorkflowResourceConfigNode,
    WorkflowResourceNode,
    WorkflowStepNode,
    get_workflow_representation,
)
from notebook_async.workflow.resource import (
    Resource,
    ResourceConfig,
    ResourceDefinition,
)
from tests.workflow.configs import (
    A,
    Answer,
    Ask,
    B,
    SubA,
    config,
    fan_out,
    gather,
    handler,
    service,
    steps,
    workflow,
)

if TYPE_CHECKING:
    from notebook_async.workflow._config import StepConfig

SVG = "{http://www.w3.org/2000/svg}"


class Page(Event):
    """A page.

    With more to say.
    """

    url: str


async def read(ev: StartEvent) -> Page:
    """Read a page."""


def graph(*configs: StepConfig, name: str = "W") -> WorkflowGraph:
    """Return the graph of some steps."""
    return graph_of(name, steps(*configs))


def ways(shown: WorkflowGraph) -> list[str]:
    """Return the edges in short."""
    return [
        f"{edge.source} > {edge.target}" + (f" ({edge.label})" if edge.label else "")
        for edge in shown.edges
    ]


def parsed(shown: WorkflowGraph) -> ET.Element:
    """Return the picture as XML."""
    return ET.fromstring(shown.to_svg())  # noqa: S314  (it is our own)


def words(shown: WorkflowGraph) -> list[str]:
    """Return all texts of the picture."""
    return ["".join(text.itertext()) for text in parsed(shown).iter(f"{SVG}text")]


CHAIN = graph(config("a", StartEvent, A), config("b", A, StopEvent))


# -- what is in it


def test_class_and_instance_have_the_same_graph() -> None:
    """Name and description are those of the class."""
    kind = workflow("Reader", steps(config("a", StartEvent, StopEvent)), "Read.\n\n  x")
    shown = get_workflow_representation(kind)
    assert (shown.name, shown.description) == (
        "Reader",
        "Read.\n\n  x".replace("  ", ""),
    )
    assert get_workflow_representation(kind()) == shown


def test_docstring_of_a_base_is_not_taken() -> None:
    """A workflow without a docstring has no description."""
    kind = type("Child", (workflow("Base", {}, "Base text."),), {})
    assert get_workflow_representation(kind).description is None


def test_steps_and_events_are_nodes() -> None:
    """Nodes carry what a reader wants to know of a step and of an event."""
    shown = graph(
        config("read", StartEvent, Page, function=read), config("end", Page, StopEvent)
    )
    assert shown.nodes == (
        WorkflowEventNode(
            "StartEvent",
            "StartEvent",
            description=StartEvent.__doc__ and shown.nodes[0].description,
            event_type="StartEvent",
            event_types=("StartEvent",),
        ),
        WorkflowEventNode(
            "Page",
            "Page",
            description="A page.\n\nWith more to say.",
            event_type="Page",
            event_types=("Page",),
            event_fields=("url",),
            produced_by=("read",),
        ),
        WorkflowEventNode(
            "StopEvent",
            "StopEvent",
            description=shown.nodes[2].description,
            event_type="StopEvent",
            event_types=("StopEvent",),
            produced_by=("end",),
        ),
        WorkflowStepNode("read", "read", description="Read a page.", num_workers=4),
        WorkflowStepNode(
            "end", "end", description="Do what the step does.", num_workers=4
        ),
    )
    assert ways(shown) == [
        "StartEvent > read",
        "read > Page",
        "Page > end",
        "end > StopEvent",
    ]


def test_event_knows_its_bases() -> None:
    """`is_subclass_of` asks by name, as the graph has no classes."""
    node = graph(config("a", StartEvent, SubA)).nodes[1]
    assert isinstance(node, WorkflowEventNode)
    assert node.event_types == ("SubA", "A")
    assert (node.is_subclass_of("A", "B"), node.is_subclass_of("Event")) == (
        True,
        False,
    )


def test_subclasses_lead_to_steps_that_take_them() -> None:
    """A step that takes subclasses is reached by each that is named; not by the end."""
    shown = graph(
        config("a", StartEvent, (SubA, StopEvent)),
        config("b", Event, StopEvent, accept_event_subclasses=True),
    )
    taken = [edge.source for edge in shown.edges if edge.target == "b"]
    assert taken == ["StartEvent", "SubA", "Event"]


def test_person_stands_between_question_and_answer() -> None:
    """What goes out and what comes in is linked through a person."""
    shown = graph(config("ask", StartEvent, Ask), config("end", Answer, StopEvent))
    assert WorkflowExternalNode("external_step", "a person") in shown.nodes
    assert [way for way in ways(shown) if "external" in way] == [
        "Ask > external_step",
        "external_step > Answer",
    ]


class Client:
    """What a step is given."""


def host(
    settings: Annotated[Client, ResourceConfig("a.json", path_selector="x")],
) -> str:
    """Name the host."""
    return str(settings)


def connect(host: Annotated[Client, Resource(host)]) -> Client:
    """Connect."""
    del host
    return Client()


def test_resources_and_services_are_nodes() -> None:
    """What a step is given has a node, and what that needs; each is drawn once."""
    given = (ResourceDefinition("db", Resource(connect), Client),)
    child = workflow("Child", {})
    shown = graph(
        config("a", StartEvent, A, resources=given, services=(service("kid", child),)),
        config("b", A, StopEvent, resources=given),
    )
    assert shown.nodes[4:8] == (
        WorkflowResourceNode(
            "resource:connect",
            "Client",
            description="Connect.",
            type_name="Client",
            getter_name="connect",
        ),
        WorkflowResourceNode(
            "resource:host",
            "Client",
            description="Name the host.",
            type_name="Client",
            getter_name="host",
        ),
        WorkflowResourceConfigNode(
            "resource_config:a.json#x",
            "Client",
            type_name="Client",
            config_file="a.json",
            path_selector="x",
        ),
        WorkflowChildNode("workflow:Child", "Child", workflow_name="Child"),
    )
    assert [way for way in ways(shown) if ":" in way] == [
        "resource:host > resource_config:a.json#x (settings)",
        "resource:connect > resource:host (host)",
        "a > resource:connect (db)",
        "a > workflow:Child (kid)",
        "b > resource:connect (db)",
    ]


def test_named_failures_lead_to_their_handler() -> None:
    """A handler of named steps is linked with them; one of all steps is not."""
    named = graph(
        config("a", StartEvent, StopEvent), handler("h", StopEvent, steps=("a",))
    )
    assert ways(named)[0] == "a > StepFailedEvent (fails)"
    every = graph(config("a", StartEvent, StopEvent), handler("h", StopEvent))
    assert "a > StepFailedEvent (fails)" not in ways(every)


def test_equal_names_have_different_ids() -> None:
    """Neither two classes of one name nor a step named like an event are confused."""
    again = type("A", (Event,), {})
    shown = graph(
        config("StopEvent", StartEvent, A), config("b", A, again), config("c", again)
    )
    assert [node.id for node in shown.nodes] == [
        "StartEvent",
        "A",
        "A (2)",
        "StopEvent",
        "b",
        "c",
    ]


def test_label_is_cut() -> None:
    """A label that fits is kept, a longer one ends in an ellipsis."""
    node = WorkflowGenericNode("x", "summarise", node_type="tool")
    assert [node.truncated_label(n) for n in (9, 8)] == ["summarise", "summari…"]


# -- filtered and counted


def test_filter_keeps_ways() -> None:
    """Ways through what is left out stay, under the name of the first of it."""
    shown = CHAIN.filter_by_node_type("event")
    assert [node.id for node in shown.nodes] == ["a", "b"]
    assert ways(shown) == ["a > b (A)"]


def test_filter_ends_in_a_loop_of_what_is_left_out() -> None:
    """A loop of left out nodes is followed once."""
    nodes = tuple(WorkflowGraphNode(name, name) for name in "xy")
    kept = WorkflowStepNode("s", "s")
    pairs = ("sx", "xy", "yx", "ys")
    edges = tuple(WorkflowGraphEdge(one, other) for one, other in pairs)
    shown = WorkflowGraph("G", (*nodes, kept), edges).filter_by_node_type("generic")
    assert ways(shown) == ["s > s (x)"]


def test_filter_takes_counts_along() -> None:
    """A contracted way was used as often as its least used part."""
    counted = CHAIN.with_counts({}, {("a", "A"): 5, ("A", "b"): 3})
    assert counted.filter_by_node_type("event").edge_counts == {("a", "b"): 3}
    assert CHAIN.filter_by_node_type("event").edge_counts is None


def test_used_part_is_what_the_run_came_by() -> None:
    """Idle steps, and events that nobody sent, are left out."""
    counted = CHAIN.with_counts(
        {"a": StepCounts(done=1), "b": StepCounts()},
        {("StartEvent", "a"): 1, ("a", "A"): 0},
    )
    used = counted.used()
    assert [node.id for node in used.nodes] == ["StartEvent", "a"]
    assert ways(used) == ["StartEvent > a"]


@pytest.mark.parametrize(
    ("counts", "phase", "now", "past"),
    [
        (StepCounts(), "idle", "", ""),
        (StepCounts(done=1, retries=2), "done", "", "1 done · 2 retried"),
        (StepCounts(failed=1, done=1), "failed", "", "1 done · 1 failed"),
        (StepCounts(queued=3, failed=1), "queued", "3 queued", "1 failed"),
        (StepCounts(retrying=1, queued=1), "retrying", "1 queued · 1 to retry", ""),
        (StepCounts(running=2, workers=4), "running", "2 of 4 running", ""),
        (StepCounts(running=1_000), "running", "1,000 running", ""),
        (StepCounts(waiting=1, running=1), "waiting", "waits for you · 1 running", ""),
        (StepCounts(waiting=2), "waiting", "2 wait for you", ""),
    ],
)
def test_counts_are_told_in_words(
    counts: StepCounts, phase: str, now: str, past: str
) -> None:
    """What most needs to be seen comes first."""
    assert (counts.phase, counts.now, counts.past) == (phase, now, past)


# -- exported


def test_graph_is_plain_data() -> None:
    """`to_dict` gives what JSON keeps, counts included."""
    data = CHAIN.with_counts({"a": StepCounts(done=1)}, {("a", "A"): 1}).to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["nodes"][3]["node_type"] == "step"
    assert data["edges"][0] == {"source": "StartEvent", "target": "a", "label": None}
    assert data["counts"]["a"]["done"] == 1
    assert data["edge_counts"] == [{"source": "a", "target": "A", "count": 1}]


def test_mermaid() -> None:
    """The text has a shape and a class for each kind; counts stand at the edges."""
    counted = CHAIN.with_counts({"a": StepCounts(done=1)}, {("a", "A"): 2})
    assert counted.to_mermaid().splitlines() == [
        "flowchart LR",
        '    n0(["StartEvent"]):::start',
        '    n1(["A"]):::event',
        '    n2(["StopEvent"]):::stop',
        '    n3["a<br/>1 done"]:::step',
        '    n4["b"]:::step',
        "    n0 --> n3",
        '    n3 ==>|"\N{MULTIPLICATION SIGN}2"| n1',
        "    n1 --> n4",
        "    n4 --> n2",
        "    classDef start stroke:#009E73,stroke-width:2px",
        "    classDef event stroke:#768390",
        "    classDef stop stroke:#D55E00,stroke-width:2px",
        "    classDef step stroke:#0072B2,stroke-width:2px",
    ]


def test_mermaid_is_escaped_and_cut() -> None:
    """Nothing in a name ends the name."""
    nodes = (WorkflowStepNode("x", 'a"]<b>#'), WorkflowGenericNode("y", "long name"))
    text = WorkflowGraph("G", nodes, ()).to_mermaid(max_label_length=7)
    assert text.splitlines()[1:3] == [
        '    n0["a#quot;]#lt;b#gt;#35;"]:::step',
        '    n1["long n…"]',
    ]


# -- shown


def test_text_is_a_line_per_step() -> None:
    """In a terminal a graph is what each step takes and gives."""
    assert str(CHAIN) == "W\n  a: StartEvent -> A\n  b: A -> StopEvent"
    assert repr(CHAIN) == "WorkflowGraph('W', 5 nodes, 4 edges)"


def test_text_of_a_run_is_what_the_steps_do() -> None:
    """With counts, the text tells these; a step without any was not reached."""
    counted = CHAIN.with_counts({"a": StepCounts(running=1, done=2)})
    assert str(counted) == "W\n  a: 1 running · 2 done\n  b: not reached"


def test_notebook_gets_an_image_and_text() -> None:
    """The bundle is an `<img>` with a data URI, which no notebook cleans away."""
    bundle = CHAIN._repr_mimebundle_(include=None, exclude=None)
    assert sorted(bundle) == ["text/html", "text/plain"]
    assert bundle["text/plain"] == str(CHAIN)
    found = re.fullmatch(
        r'<img alt="([^"]*)" style="max-width:100%;height:auto"'
        r' src="data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)">',
        bundle["text/html"],
    )
    assert found is not None
    assert base64.b64decode(found[2]).decode() == CHAIN.to_svg()


def test_picture_is_accessible() -> None:
    """The picture has a role, a name and a description."""
    root = parsed(CHAIN)
    assert (root.get("role"), root.get("aria-label")) == (
        "img",
        "W: 2 steps · 3 events",
    )
    assert root.findtext(f"{SVG}title") == "W"
    assert root.findtext(f"{SVG}desc") == str(CHAIN)


def test_picture_asks_for_nothing() -> None:
    """No font, style, script or picture comes from outside."""
    text = CHAIN.to_svg().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert re.findall(r"https?:|//|url\(|@import|<script|<image|href", text) == []


def test_picture_has_two_palettes() -> None:
    """All colours of the light have one for the dark."""
    light, _, dark = STYLE.partition("@media(prefers-color-scheme:dark){")
    coloured = re.compile(r"([^{}]+)\{((?:fill|stroke):#[^}]*)\}")
    in_dark = dict(coloured.findall(dark))
    in_light = {s: body for s, body in coloured.findall(light) if s in in_dark}
    assert len(in_light) == len(in_dark) > 25
    assert in_dark[".nbg .page"] == "fill:#111;stroke:#4a4a4a"


def test_names_are_escaped() -> None:
    """Whatever a step is named, the picture is well formed and shows it."""
    evil = '<script>alert("x")</script>&\x00'
    shown = graph(config(evil, StartEvent, StopEvent), name=evil)
    assert evil[:-1] in words(shown)
    assert "<script" not in shown.to_svg()


def test_counts_stand_in_the_picture() -> None:
    """A step tells what it does and did; used edges are heavier and say how often."""
    counted = CHAIN.with_counts(
        {
            "a": StepCounts(running=2, workers=4, queued=3, done=152, failed=1),
            "b": StepCounts(waiting=1),
        },
        {("StartEvent", "a"): 1, ("a", "A"): 15_200, ("A", "b"): 15_200},
    )
    assert words(counted) == [
        "Wwaits for you · 2 running · 3 queued · 152 done · 1 failed",
        "▶",
        "a",
        "152 ✓ · 1 ✕ · 3 ◔",
        "?",
        "b",
        "waits for you",
        "start",
        "end",
        "A \N{MULTIPLICATION SIGN}15k",
    ]
    styles = [item.get("class") for item in parsed(counted).iter(f"{SVG}path")]
    assert [s for s in styles if s and "tip" not in s and "edge" in s] == [
        "edge unused",
        "edge used",
        "edge used",
    ]
    assert 'class="edge used" style="stroke-width:3.0"' in counted.to_svg()
    assert 'class="step counted waiting"' in counted.to_svg()


def test_step_that_was_not_reached_says_so() -> None:
    """A step without counts is drawn faintly."""
    assert words(CHAIN.with_counts({}))[0] == "Wnot started"
    assert "not reached" in words(CHAIN.with_counts({}))


def test_nothing_moves_while_counts_grow() -> None:
    """Boxes keep their places from the first event to the ten thousandth."""

    def places(number: int) -> list[str]:
        counts = StepCounts(running=number % 5, workers=4, done=number)
        edges = {(edge.source, edge.target): number for edge in CHAIN.edges}
        text = CHAIN.with_counts({"a": counts, "b": counts}, edges).to_svg()
        return re.findall(r'<g class="[^"]*" transform="([^"]*)"', text)

    assert places(1) == places(42) == places(9_999)


@pytest.mark.parametrize("label", ["WWWWWWWW", "illicit", "read_pages", "事件の名前"])
def test_text_fits_its_box(label: str) -> None:
    """A box is wider than its name by a margin on both sides."""
    shown = WorkflowGraph("G", (WorkflowStepNode("x", label),), ())
    box = next(r for r in parsed(shown).iter(f"{SVG}rect") if r.get("class") == "box")
    assert float(box.get("width", "0")) >= text_width(label, 13) + 23.9


def test_long_names_are_cut_in_the_picture_only() -> None:
    """A very long name is cut; the tooltip has all of it."""
    shown = WorkflowGraph("G", (WorkflowStepNode("x", "n" * 80),), ())
    assert words(shown)[1] == "n" * 47 + "…"
    assert "n" * 80 in [title.text for title in parsed(shown).iter(f"{SVG}title")]
    cut: Any = ET.fromstring(shown.to_svg(max_label_length=4))  # noqa: S314
    assert [text.text for text in cut.iter(f"{SVG}text")][1] == "nnn…"


def test_wide_graphs_run_down() -> None:
    """A chain too wide to be read at the width of a notebook is drawn downward."""
    kinds = [type(f"Event{i}", (Event,), {}) for i in range(40)]
    takes, gives = [StartEvent, *kinds], [*kinds, StopEvent]
    configs = (
        config(f"step_{i}", one, other)
        for i, (one, other) in enumerate(zip(takes, gives, strict=True))
    )
    root = parsed(graph(*configs))
    assert float(root.get("width", "0")) < 300 < float(root.get("height", "0"))
    assert float(parsed(CHAIN).get("width", "0")) > float(
        parsed(CHAIN).get("height", "0")
    )


def test_every_kind_is_drawn() -> None:
    """Fan-out, fan-in, loops and strange kinds come out as well-formed pictures."""
    looped = graph(
        fan_out("split", (StartEvent, B), A), gather("merge", A, (B, StopEvent))
    )
    strange = WorkflowGenericNode("tool", "tool", node_type="tool")
    itself = (WorkflowGraphEdge("tool", "tool"), WorkflowGraphEdge("tool", "gone"))
    assert len(list(parsed(looped).iter(f"{SVG}rect"))) == 7
    assert (
        len(list(parsed(WorkflowGraph("G", (strange,), itself)).iter(f"{SVG}path")))
        == 2
    )


@pytest.mark.parametrize(
    ("number", "short"), [(9_999, "9,999"), (10_000, "10k"), (1_000_000, "1M")]
)
def test_large_counts_are_short(number: int, short: str) -> None:
    """An edge has little room."""
    assert compact(number) == short


def test_wide_characters_are_wide() -> None:
    """Full width counts whole, and what combines counts nothing."""
    assert text_width("事", 10) == 10.0
    assert text_width("e\u0301", 10) == text_width("e", 10)
