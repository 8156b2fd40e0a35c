"""Where the boxes of a graph stand, and how its edges run between them.

The layers come from `layers`. Here they get coordinates: nodes go as near to the
middle of their neighbours as their order and their sizes allow. Edges bend only between
layers and pass a layer straight, through the room that their joint keeps, so no edge
runs through a box. The same input gives the same picture, in any process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from notebook_async.workflow._graph.layers import Layers, arrange

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Layout", "Point", "Size", "lay_out", "spaced"]

Point: TypeAlias = tuple[float, float]
Size: TypeAlias = tuple[float, float]

_GAP = 16.0
_LAYER_GAP = 36.0
_JOINT = 6.0
_PORT_GAP = 14.0
_ROUND = 20.0
_CORNERS = 12.0
_LOOP = 16.0
_PASSES, _FEWEST_PASSES = 8, 4
# Nodes and joints that all passes together may move: a tangle is not made to wait for.
_MOVES = 12_000


@dataclass(frozen=True, slots=True)
class Layout:
    """A laid out graph, its top left corner at 0, 0.

    Attributes
    ----------
    width, height
        The size of the whole.
    centres
        The middle of each box.
    routes
        For each edge its points, from the border of its source to that of its target;
        for a loop the four points of a Bézier curve.
    label_spots
        For each edge the middle of where a label may stand.
    downward
        Whether the edges run down instead of to the right.
    """

    width: float
    height: float
    centres: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    label_spots: tuple[Point, ...]
    downward: bool = False


def lay_out(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    *,
    labels: Sequence[Size] = (),
    downward: bool = False,
) -> Layout:
    """Return the places of boxes and edges.

    Parameters
    ----------
    sizes
        Width and height of each box.
    edges
        Pairs of indexes of boxes.
    labels
        Width and height of the label of each edge, 0 for none; empty if there are none.
    downward
        Whether the edges run down instead of to the right.

    Examples
    --------
    >>> lay_out([(40, 20), (40, 20)], [(0, 1)]).centres
    ((20.0, 10.0), (96.0, 10.0))
    """
    if downward:
        turned = lay_out(
            [(h, w) for w, h in sizes], edges, labels=[(h, w) for w, h in labels]
        )
        return _turned(turned)
    looped = {a for a, b in edges if a == b}
    room = [h + 2 * _LOOP * (v in looped) for v, (_, h) in enumerate(sizes)]
    layers = arrange(len(sizes), edges)
    room += [_JOINT] * (len(layers.after) - len(sizes))
    across = _across(layers, room, len(sizes))
    columns = _columns(layers, sizes, labels)
    return _drawn(sizes, edges, layers, across, columns)


def _turned(layout: Layout) -> Layout:
    return Layout(
        layout.height,
        layout.width,
        tuple((y, x) for x, y in layout.centres),
        tuple(tuple((y, x) for x, y in route) for route in layout.routes),
        tuple((y, x) for x, y in layout.label_spots),
        downward=True,
    )


def _across(layers: Layers, room: list[float], count: int) -> list[float]:
    """Return the middle of every node and joint across the layers."""
    place = [0.0] * len(room)
    for row in layers.order:
        edge = 0.0
        for v in row:
            place[v] = edge + room[v] / 2
            edge += room[v] + _GAP
    passes = max(_FEWEST_PASSES, min(_PASSES, _MOVES // (len(room) + 1)))
    for turn in range(passes):
        forward = turn % 2 == 0
        beside, behind = layers.before, layers.after
        if not forward:
            beside, behind = behind, beside
        for row in layers.order if forward else reversed(layers.order):
            wanted = [
                _median([place[w] for w in beside[v]]) if beside[v] else place[v]
                for v in row
            ]
            weights = [_weight(v, count, beside, behind) for v in row]
            for v, found in zip(row, _spaced(row, wanted, weights, room), strict=True):
                place[v] = found
    top = min((p - r / 2 for p, r in zip(place, room, strict=True)), default=0.0)
    return [p - top for p in place]


def _median(values: list[float]) -> float:
    """Return the median; `statistics.median` takes three times as long."""
    if len(values) == 1:
        return values[0]
    values.sort()
    half = len(values) // 2
    return (values[half] + values[~half]) / 2


def _weight(
    v: int, count: int, beside: list[list[int]], behind: list[list[int]]
) -> float:
    """Return how much a node insists: long edges and plain chains shall be straight."""
    if v >= count:
        return 4.0
    if len(beside[v]) == 1 and len(behind[beside[v][0]]) == 1:
        return 8.0
    return 2.0 if beside[v] else 1.0


def _spaced(
    row: list[int], wanted: list[float], weights: list[float], room: list[float]
) -> list[float]:
    """Return the places of a layer's nodes, in their order."""
    return spaced(wanted, weights, [room[v] for v in row], gap=_GAP)


def spaced(
    wanted: Sequence[float],
    weights: Sequence[float],
    lengths: Sequence[float],
    *,
    gap: float,
) -> list[float]:
    """Return the places nearest to the wanted ones that keep order and distance.

    Parameters
    ----------
    wanted
        Where the middle of each would be if it were alone.
    weights
        How much each insists.
    lengths, gap
        How long each is, and what is free between two at least.

    Notes
    -----
    Least squares under an order is isotonic regression; neighbours that would overlap
    are pooled and share their mean ("pool adjacent violators").

    Examples
    --------
    >>> spaced([0.0, 0.0], [1.0, 1.0], [4.0, 4.0], gap=2.0)
    [-3.0, 3.0]
    """
    offsets, offset = [], 0.0
    for index, length in enumerate(lengths):
        if index:
            offset += (lengths[index - 1] + length) / 2 + gap
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []
    for want, weight, shift in zip(wanted, weights, offsets, strict=True):
        mean, total, members = want - shift, weight, 1
        while pools and pools[-1][0] > mean:
            other, heft, more = pools.pop()
            mean = (mean * total + other * heft) / (total + heft)
            total, members = total + heft, members + more
        pools.append((mean, total, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + shift for mean, shift in zip(means, offsets, strict=True)]


def _columns(
    layers: Layers, sizes: Sequence[Size], labels: Sequence[Size]
) -> list[tuple[float, float]]:
    """Return where each layer begins and ends; labels widen the gap behind theirs."""
    gaps = [_LAYER_GAP] * len(layers.order)
    level = {v: i for i, row in enumerate(layers.order) for v in row}
    for chain, (width, _) in zip(layers.chains, labels, strict=False):
        if width:
            first = level[chain[0]]
            gaps[first] = max(gaps[first], width + _GAP)
    columns, start = [], 0.0
    for row, gap in zip(layers.order, gaps, strict=True):
        end = start + max((sizes[v][0] for v in row if v < len(sizes)), default=0.0)
        columns.append((start, end))
        start = end + gap
    return columns


def _drawn(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    layers: Layers,
    across: list[float],
    columns: list[tuple[float, float]],
) -> Layout:
    level = {v: i for i, row in enumerate(layers.order) for v in row}
    centres = [(sum(columns[level[v]]) / 2, across[v]) for v in range(len(sizes))]
    leaving, entering = _ports(sizes, layers, across)
    routes, spots = [], []
    for index, (chain, (source, target)) in enumerate(
        zip(layers.chains, edges, strict=True)
    ):
        if source == target:
            route = _loop(centres[source], sizes[source])
            routes.append(route)
            spots.append(route[1])
            continue
        first, last = chain[0], chain[-1]
        x, y = centres[first]
        points = [(x + sizes[first][0] / 2, y + leaving[index])]
        points.append((columns[level[first]][1], y + leaving[index]))
        for joint in chain[1:-1]:
            points += [(x, across[joint]) for x in columns[level[joint]]]
        x, y = centres[last]
        points.append((columns[level[last]][0], y + entering[index]))
        points.append((x - sizes[last][0] / 2, y + entering[index]))
        spots.append(_between(points[1], points[2]))
        kept = [p for p, q in zip(points, [None, *points], strict=False) if p != q]
        routes.append(tuple(kept if first == source else reversed(kept)))
    bottoms = [y + h / 2 for (_, y), (_, h) in zip(centres, sizes, strict=True)]
    height = max([0.0, *bottoms, *(y for route in routes for _, y in route)])
    width = columns[-1][1] if columns else 0.0
    return Layout(width, height, tuple(centres), tuple(routes), tuple(spots))


def _ports(
    sizes: Sequence[Size], layers: Layers, across: list[float]
) -> tuple[dict[int, float], dict[int, float]]:
    """Return, for each edge, how far from the middle of a side it leaves and enters."""
    sides: tuple[dict[int, list[tuple[float, int]]], ...] = ({}, {})
    for index, chain in enumerate(layers.chains):
        if chain[0] != chain[-1]:
            sides[0].setdefault(chain[0], []).append((across[chain[1]], index))
            sides[1].setdefault(chain[-1], []).append((across[chain[-2]], index))
    leaving: dict[int, float] = {}
    entering: dict[int, float] = {}
    for side, shifts in zip(sides, (leaving, entering), strict=True):
        for v, ends in side.items():
            # A pill is round to its middle: what is low keeps its ends together.
            free = min(1.5 * (sizes[v][1] - _ROUND), sizes[v][1] - _CORNERS)
            free = max(free, 0.0)
            apart = min(_PORT_GAP, free / max(len(ends) - 1, 1))
            for rank, (_, index) in enumerate(sorted(ends)):
                shifts[index] = (rank - (len(ends) - 1) / 2) * apart
    return leaving, entering


def _loop(centre: Point, size: Size) -> tuple[Point, ...]:
    (x, y), (width, height) = centre, size
    side, top = min(14.0, width / 4), y - height / 2
    high = top - _LOOP
    return ((x - side, top), (x - side, high), (x + side, high), (x + side, top))


def _between(one: Point, other: Point) -> Point:
    return ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
