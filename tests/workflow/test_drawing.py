"""Workflows drawn to files that need nothing but themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from notebook_async.workflow.drawing import (
    draw_all_possible_flows,
    draw_all_possible_flows_mermaid,
    draw_most_recent_execution,
    draw_most_recent_execution_mermaid,
)
from notebook_async.workflow.events import StartEvent, StopEvent
from notebook_async.workflow.representation import (
    StepCounts,
    WorkflowGraph,
    get_workflow_representation,
)
from tests.workflow.configs import A, B, config, service, steps, workflow

if TYPE_CHECKING:
    from pathlib import Path

FLOW = workflow(
    "Flow<1>",
    steps(
        config(
            "a", StartEvent, (A, B), services=(service("kid", workflow("Kid", {})),)
        ),
        config("b", A, StopEvent),
        config("unused", B, StopEvent),
    ),
)


class Handler:
    """A handler whose run came by two steps."""

    def graph(self) -> WorkflowGraph:
        """Return what happened."""
        return get_workflow_representation(FLOW).with_counts(
            {"a": StepCounts(done=1), "b": StepCounts(done=1)},
            {
                ("StartEvent", "a"): 1,
                ("a", "A"): 1,
                ("A", "b"): 1,
                ("b", "StopEvent"): 1,
            },
        )


def labels(page: str) -> list[str]:
    """Return the names in the picture."""
    return re.findall(r'text-anchor="middle">([^<]*)</text>', page)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_page_is_written_under_the_usual_name(here: Path) -> None:
    """Without a name it is the name that others use."""
    assert draw_all_possible_flows(FLOW) is None  # type: ignore[func-returns-value]
    assert [path.name for path in here.iterdir()] == ["workflow_all_flows.html"]


def test_page_needs_no_network(here: Path) -> None:
    """The page names no address but that of the SVG namespace, which is never asked."""
    draw_all_possible_flows(FLOW, here / "flow.html")
    page = (here / "flow.html").read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"]*", page) == ["http://www.w3.org/2000/svg"]
    assert re.findall(r"\b(?:src|href)=|@import|url\(|fetch\(|import\(", page) == []


def test_page_is_whole_and_escaped(here: Path) -> None:
    """Title, picture and script are in their places."""
    draw_all_possible_flows(FLOW, "flow.html")
    page = (here / "flow.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<title>Flow&lt;1&gt;</title>" in page
    assert get_workflow_representation(FLOW).to_svg() in page
    assert "{{" not in page
    assert page.count("<script>") == page.count("</script>") == 1


def test_notebook_gets_the_graph() -> None:
    """With `notebook=True` the graph comes back, which shows itself."""
    shown = draw_all_possible_flows(FLOW, None, notebook=True)
    assert shown == get_workflow_representation(FLOW)
    assert draw_all_possible_flows(shown, None, notebook=True) is shown


def test_children_are_left_out() -> None:
    """Services are drawn, or not."""
    shown = draw_all_possible_flows(
        FLOW, None, notebook=True, include_child_workflows=False
    )
    assert shown is not None
    assert "workflow:Kid" not in {node.id for node in shown.nodes}
    text = draw_all_possible_flows_mermaid(FLOW, None, include_child_workflows=False)
    assert "Kid" not in text


def test_labels_are_cut(here: Path) -> None:
    """Names are as long as asked for, at most."""
    draw_all_possible_flows(FLOW, "flow.html", max_label_length=5)
    page = (here / "flow.html").read_text(encoding="utf-8")
    assert labels(page) == ["Star…", "A", "B", "Stop…", "a", "Kid", "b", "unus…"]
    text = draw_all_possible_flows_mermaid(FLOW, None, max_label_length=5)
    assert 'n0(["Star…"])' in text


def test_mermaid_is_returned_and_written(here: Path) -> None:
    """The text comes back in any case, and goes to a file if there is a name."""
    text = draw_all_possible_flows_mermaid(FLOW)
    assert text == get_workflow_representation(FLOW).to_mermaid()
    file = here / "workflow_all_flows.mermaid"
    assert file.read_text(encoding="utf-8") == text
    file.unlink()
    assert draw_all_possible_flows_mermaid(FLOW, "") == text
    assert list(here.iterdir()) == []


def test_recent_execution_shows_what_was_used(here: Path) -> None:
    """Only the steps and events of the run are drawn, with counts at the edges."""
    shown = draw_most_recent_execution(Handler(), notebook=True)  # type: ignore[arg-type]
    assert shown is not None
    assert [node.id for node in shown.nodes] == [
        "StartEvent",
        "A",
        "StopEvent",
        "a",
        "b",
    ]
    page = (here / "workflow_recent_execution.html").read_text(encoding="utf-8")
    assert re.findall(r'class="label on"[^>]*>([^<]*)<', page) == [
        "A \N{MULTIPLICATION SIGN}1"
    ]
    assert re.findall(r'<text x="30" y="19">([^<]*)<', page) == ["a", "b"]
    assert "unused" not in re.sub(r"<style>.*?</style>", "", page)


def test_recent_execution_as_mermaid(here: Path) -> None:
    """The run as text has the counts too."""
    text = draw_most_recent_execution_mermaid(Handler())  # type: ignore[arg-type]
    written = (here / "workflow_recent_execution.mermaid").read_text(encoding="utf-8")
    assert written == text
    assert text.splitlines()[6] == '    n0 ==>|"\N{MULTIPLICATION SIGN}1"| n3'
    assert "unused" not in text
