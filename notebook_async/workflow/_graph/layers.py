"""The first half of a layered layout: which layer each node is in, and in what order.

After Sugiyama, Tagawa and Toda (1981): turn some edges so that there are no cycles,
give each node the length of the longest way to it as its layer, cut long edges into
pieces by *joints*, one in each layer they pass, and sweep over the layers, sorting each
by where its neighbours stand, as long as fewer edges cross.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Edge: TypeAlias = tuple[int, int]

__all__ = ["Layers", "arrange"]

_SWEEPS = 16
_LEAST_SWEEPS = 2
# Nodes and joints that all sweeps together may visit: a tangle is not made to wait for.
_VISITS = 16_000
_PATIENCE = 4


@dataclass(slots=True)
class Layers:
    """Nodes and joints, each in its place.

    Attributes
    ----------
    order
        The nodes of each layer, first to last; joints have numbers above the nodes'.
    chains
        For each edge the nodes and joints it passes, from the lower layer to the upper.
    before, after
        For each node and joint its neighbours in the layers beside it.
    """

    order: list[list[int]]
    chains: list[list[int]]
    before: list[list[int]]
    after: list[list[int]]


def arrange(count: int, edges: Sequence[Edge]) -> Layers:
    """Return the nodes `0 .. count - 1` in layers.

    Parameters
    ----------
    count
        How many nodes there are.
    edges
        Pairs of nodes; cycles, loops and repetitions are fine.

    Examples
    --------
    >>> arrange(3, [(0, 1), (1, 2)]).order
    [[0], [1], [2]]
    """
    ways = _without_cycles(count, edges)
    layer = _longest_ways(count, ways)
    layers = _cut(count, ways, layer)
    _sort(layers)
    return layers


def _without_cycles(count: int, edges: Sequence[Edge]) -> list[Edge]:
    """Return the edges with some turned, so that they make no cycle but loops."""
    back = _closing(count, edges)
    ways = [(b, a) if i in back else (a, b) for i, (a, b) in enumerate(edges)]
    # What only leads back stands best between where it comes from and where it leads.
    layer = _longest_ways(count, ways)
    ins: list[list[int]] = [[] for _ in range(count)]
    outs: list[list[int]] = [[] for _ in range(count)]
    for index, (a, b) in enumerate(edges):
        if a != b:
            outs[a].append(index)
            ins[b].append(index)
    returns = {v for v in range(count) if outs[v] and back.issuperset(outs[v])}
    for v in returns:
        sources = {edges[i][0] for i in ins[v]}
        targets = {edges[i][1] for i in outs[v]}
        if not sources or back.intersection(ins[v]) or returns & (sources | targets):
            continue
        if min(layer[u] for u in sources) > max(layer[w] for w in targets):
            for index in ins[v]:
                ways[index] = (v, edges[index][0])
    return ways


def _closing(count: int, edges: Sequence[Edge]) -> set[int]:
    """Return the edges that close a cycle, as a walk from the sources finds them."""
    outs: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    entered = [False] * count
    for index, (a, b) in enumerate(edges):
        if a != b:
            outs[a].append((b, index))
            entered[b] = True
    fresh, open_, closed = 0, 1, 2
    state = [fresh] * count
    closing: set[int] = set()
    for root in sorted(range(count), key=entered.__getitem__):
        if state[root] != fresh:
            continue
        state[root] = open_
        walk: list[tuple[int, Iterator[tuple[int, int]]]] = [(root, iter(outs[root]))]
        while walk:
            node, rest = walk[-1]
            for following, index in rest:
                if state[following] == open_:
                    closing.add(index)
                elif state[following] == fresh:
                    state[following] = open_
                    walk.append((following, iter(outs[following])))
                    break
            else:
                state[node] = closed
                walk.pop()
    return closing


def _longest_ways(count: int, ways: Sequence[Edge]) -> list[int]:
    """Return the layer of each node; a source stands right before what it leads to."""
    outs: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for a, b in ways:
        if a != b:
            outs[a].append(b)
            missing[b] += 1
    sources = [v for v in range(count) if not missing[v]]
    layer, ready = [0] * count, list(sources)
    for v in ready:
        for w in outs[v]:
            layer[w] = max(layer[w], layer[v] + 1)
            missing[w] -= 1
            if not missing[w]:
                ready.append(w)
    for v in sources:
        if outs[v]:
            layer[v] = min(layer[w] for w in outs[v]) - 1
    return layer


def _cut(count: int, ways: Sequence[Edge], layer: list[int]) -> Layers:
    """Return the layers with a joint wherever an edge passes one."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    level = list(layer)
    chains = []
    for a, b in ways:
        chain = [a]
        for passed in range(layer[a] + 1, layer[b]):
            chain.append(len(level))
            level.append(passed)
            before.append([])
            after.append([])
        chain.append(b)
        chains.append(chain)
        if a != b:
            for one, other in pairwise(chain):
                after[one].append(other)
                before[other].append(one)
    order: list[list[int]] = [[] for _ in range(max(level, default=-1) + 1)]
    for v in _depth_first(before, after):
        order[level[v]].append(v)
    return Layers(order, chains, before, after)


def _depth_first(before: list[list[int]], after: list[list[int]]) -> Iterator[int]:
    """Go through all nodes so that what hangs together comes together."""
    seen: set[int] = set()
    for root in range(len(after)):
        stack = [] if before[root] else [root]
        while stack:
            v = stack.pop()
            if v not in seen:
                seen.add(v)
                yield v
                stack += reversed(after[v])


def _sort(layers: Layers) -> None:
    """Sort the layers so that few edges cross."""
    place = [0] * len(layers.after)
    for row in layers.order:
        _number(row, place)
    best, fewest, stale = layers.order, _crossings(layers.order, layers, place), 0
    order = [list(row) for row in best]
    sweeps = max(_LEAST_SWEEPS, min(_SWEEPS, _VISITS // (len(place) + 1)))
    for sweep in range(sweeps):
        if not fewest or stale == _PATIENCE:
            break
        forward = sweep % 2 == 0
        beside = layers.before if forward else layers.after
        for row in order if forward else reversed(order):
            row.sort(key=lambda v: _mean(v, beside[v], place))
            _number(row, place)
        crossings = _crossings(order, layers, place, most=fewest)
        stale += 1
        if crossings < fewest:
            best, fewest, stale = [list(row) for row in order], crossings, 0
    layers.order = best


def _number(row: list[int], place: list[int]) -> None:
    for index, v in enumerate(row):
        place[v] = index


def _mean(v: int, beside: list[int], place: list[int]) -> float:
    if len(beside) == 1:
        return place[beside[0]]
    return sum(place[w] for w in beside) / len(beside) if beside else place[v]


def _crossings(
    order: list[list[int]], layers: Layers, place: list[int], *, most: float = inf
) -> int:
    """Count crossings as inversions; stop where there are `most` of them or more.

    Each edge is put in its place among those before it (Barth, Mutzel and Jünger 2004
    count them by a tree, which is quicker only for layers of many thousands).
    """
    total, after = 0, layers.after
    for row in order:
        ends: list[int] = []
        for v in row:
            targets = after[v]
            if len(targets) > 1:
                targets = sorted(targets, key=place.__getitem__)
            for w in targets:
                end = place[w]
                index = bisect_right(ends, end)
                total += len(ends) - index
                ends.insert(index, end)
        if total >= most:
            break
    return total
