"""Boxes do not overlap, edges end at their boxes, and the same comes out every time."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.workflow._graph.layers import arrange
from notebook_async.workflow._graph.layout import Layout, lay_out

NEARLY = 1e-6


@st.composite
def graphs(
    draw: st.DrawFn, *, acyclic: bool = False
) -> tuple[list[tuple[float, float]], list[tuple[int, int]]]:
    """Draw the sizes of boxes, and edges between them."""
    length = st.integers(4, 200).map(float)
    sizes = draw(st.lists(st.tuples(length, length), min_size=1, max_size=14))
    index = st.integers(0, len(sizes) - 1)
    edges = draw(st.lists(st.tuples(index, index), max_size=30))
    if acyclic:
        edges = [(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]]
    return sizes, edges


def on_border(
    point: tuple[float, float], layout: Layout, box: int, size: object
) -> bool:
    """Tell whether a point lies on the border of a box."""
    assert isinstance(size, tuple)
    dx = abs(point[0] - layout.centres[box][0]) - size[0] / 2
    dy = abs(point[1] - layout.centres[box][1]) - size[1] / 2
    return max(dx, dy) == pytest.approx(0, abs=NEARLY)


@given(graphs(), st.booleans())
def test_boxes_do_not_overlap(graph, downward) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """No two boxes share a point, and all lie within the picture."""
    sizes, edges = graph
    layout = lay_out(sizes, edges, downward=downward)
    placed = list(zip(layout.centres, sizes, strict=True))
    for ((x, y), (w, h)), ((u, v), (p, q)) in combinations(placed, 2):
        apart_x, apart_y = abs(x - u) - (w + p) / 2, abs(y - v) - (h + q) / 2
        assert max(apart_x, apart_y) > 0
    for (x, y), (w, h) in placed:
        assert x - w / 2 >= -NEARLY
        assert y - h / 2 >= -NEARLY
        assert x + w / 2 <= layout.width + NEARLY
        assert y + h / 2 <= layout.height + NEARLY


@given(graphs(), st.booleans())
def test_edges_end_at_their_boxes(graph, downward) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Every edge begins on the border of its source and ends on that of its target."""
    sizes, edges = graph
    layout = lay_out(sizes, edges, downward=downward)
    assert len(layout.routes) == len(edges)
    for (source, target), route in zip(edges, layout.routes, strict=True):
        assert on_border(route[0], layout, source, sizes[source])
        assert on_border(route[-1], layout, target, sizes[target])


@given(graphs())
def test_edges_pass_no_box(graph) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Where an edge runs beside a box it keeps off it, as bends lie between layers."""
    sizes, edges = graph
    layout = lay_out(sizes, edges)
    for route in layout.routes:
        for (x, y), (u, v) in pairwise(route):
            if y != v:
                continue
            for (a, b), (w, h) in zip(layout.centres, sizes, strict=True):
                over = min(max(x, u), a + w / 2) - max(min(x, u), a - w / 2)
                assert over <= NEARLY or abs(y - b) >= h / 2 - NEARLY


@given(graphs())
def test_layout_is_deterministic(graph) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """The same graph is laid out the same way again."""
    sizes, edges = graph
    assert lay_out(sizes, edges) == lay_out(list(sizes), list(edges))


@given(graphs(acyclic=True))
def test_layers_follow_the_edges(graph) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """In a graph without cycles every edge leads to a later layer."""
    sizes, edges = graph
    layout = lay_out(sizes, edges)
    for source, target in edges:
        right = layout.centres[source][0] + sizes[source][0] / 2
        assert right < layout.centres[target][0] - sizes[target][0] / 2


@given(graphs())
def test_turned_layout_is_the_same(graph) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Downward is the layout to the right with its axes swapped."""
    sizes, edges = graph
    right = lay_out([(h, w) for w, h in sizes], edges)
    down = lay_out(sizes, edges, downward=True)
    assert down.centres == tuple((y, x) for x, y in right.centres)
    assert (down.width, down.height) == (right.height, right.width)


def test_nothing_is_laid_out() -> None:
    """A graph without nodes is a picture without size."""
    assert lay_out([], []) == Layout(0.0, 0.0, (), (), ())


def test_chain_is_straight() -> None:
    """A chain of boxes of different heights lies on one line."""
    layout = lay_out([(40, 20), (60, 34), (40, 20)], [(0, 1), (1, 2)])
    assert layout.centres == ((20.0, 17.0), (106.0, 17.0), (192.0, 17.0))
    assert layout.routes == (
        ((40.0, 17.0), (76.0, 17.0)),
        ((136.0, 17.0), (172.0, 17.0)),
    )


def test_label_has_room() -> None:
    """A label that is longer than the gap that its edge crosses widens it."""
    plain = lay_out([(40, 20), (40, 20)], [(0, 1)])
    labelled = lay_out([(40, 20), (40, 20)], [(0, 1)], labels=[(50, 14)])
    assert labelled.width - plain.width == 30
    assert labelled.label_spots == ((73.0, 10.0),)


def test_loop_stays_above_its_box() -> None:
    """An edge from a box to itself is a bow over it, within the picture."""
    layout = lay_out([(40, 20)], [(0, 0)])
    assert layout.centres == ((20.0, 26.0),)
    assert layout.routes == (((10.0, 16.0), (10.0, 0.0), (30.0, 0.0), (30.0, 16.0)),)


def test_crossings_are_removed() -> None:
    """Two pairs that would cross change places."""
    layers = arrange(4, [(0, 3), (1, 2)])
    assert layers.order == [[0, 1], [3, 2]]


def test_what_leads_back_stands_between() -> None:
    """An event that only leads back stands beside the one that leads on."""
    start, make, draft, check, again = range(5)
    edges = [(start, make), (make, draft), (draft, check), (check, again)]
    layers = arrange(5, [*edges, (again, make)])
    assert [sorted(v for v in row if v <= again) for row in layers.order] == [
        [start],
        [make],
        [draft, again],
        [check],
    ]


def test_large_graph_is_laid_out() -> None:
    """Three hundred nodes get three hundred places, no two the same."""
    count = 300
    edges = [(i // 2, i) for i in range(1, count)]
    edges += [(i, (i * 7 + 11) % count) for i in range(0, count, 3)]
    layout = lay_out([(120, 34)] * count, edges)
    assert len(set(layout.centres)) == count
    assert len(layout.routes) == len(edges)
