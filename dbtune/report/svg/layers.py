"""The order of tables on the schema map: in layers, parents before children.

Sugiyama's method, as far as a schema needs it: break cycles, rank by the longest way from a table
without parents, lead long links through the layers between, and order each layer by where its
neighbours stand. Source: https://en.wikipedia.org/wiki/Layered_graph_drawing
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

# Crossings hardly fall after four rounds to and fro.
_ROUNDS = 4

Edge = tuple[int, int]


@dataclass(frozen=True)
class Layering:
    """Nodes by layer, each in its order; those from `real_count` on are bends of long links.

    `ways` has for each edge that was given, (child, parent), the nodes it leads through, from the
    layer of one end to that of the other, child first.
    """

    layers: tuple[tuple[int, ...], ...]
    real_count: int
    ways: dict[Edge, tuple[int, ...]]


def layer_nodes(count: int, edges: tuple[Edge, ...]) -> Layering:
    """Return `count` nodes in layers, so that of each edge (child, parent) the parent comes first.

    An edge that would close a circle goes the other way. Edges from a node to itself are ignored.
    """
    between = tuple(dict.fromkeys(edge for edge in edges if edge[0] != edge[1]))
    downward = _break_circles(count, between)
    ranks = _rank(count, downward)
    ways, links, all_ranks = _lead_through(between, ranks)
    layers: list[list[int]] = [[] for _ in range(max(all_ranks, default=-1) + 1)]
    for node, rank in enumerate(all_ranks):
        layers[rank].append(node)
    return Layering(_order(layers, links), count, ways)


def _break_circles(count: int, edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """Return (lower, upper) for each edge: turned round where its parent is below its child."""
    parents = _targets(edges)
    state = [0] * count  # 1: on the way down to it, 2: done
    turned: set[Edge] = set()
    for root in range(count):
        trail = [(root, iter(parents[root]))] if not state[root] else []
        state[root] = state[root] or 1
        while trail:
            node, rest = trail[-1]
            parent = next(rest, None)
            if parent is None:
                state[node] = 2
                trail.pop()
            elif state[parent] == 1:
                turned.add((node, parent))
            elif not state[parent]:
                state[parent] = 1
                trail.append((parent, iter(parents[parent])))
    return tuple(dict.fromkeys(edge[::-1] if edge in turned else edge for edge in edges))


def _targets(edges: tuple[Edge, ...]) -> defaultdict[int, list[int]]:
    targets: defaultdict[int, list[int]] = defaultdict(list)
    for source, target in edges:
        targets[source].append(target)
    return targets


def _rank(count: int, downward: tuple[Edge, ...]) -> list[int]:
    """Return the longest way up from each node; a node with nothing above moves to its children."""
    above = _targets(downward)
    below = _targets(tuple(edge[::-1] for edge in downward))
    ranks = [0] * count
    ready = [node for node in range(count) if not above[node]]
    waiting = [len(above[node]) for node in range(count)]
    for node in ready:  # grows as nodes get ready
        for child in below[node]:
            ranks[child] = max(ranks[child], ranks[node] + 1)
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    return [
        min(ranks[child] for child in below[node]) - 1 if below[node] and not above[node] else rank
        for node, rank in enumerate(ranks)
    ]


def _lead_through(
    edges: tuple[Edge, ...], ranks: list[int]
) -> tuple[dict[Edge, tuple[int, ...]], list[Edge], list[int]]:
    """Return the way of each edge, all links between neighbouring layers, and ranks with bends."""
    ways: dict[Edge, tuple[int, ...]] = {}
    links: dict[Edge, None] = {}
    all_ranks = list(ranks)
    for child, parent in edges:
        step = 1 if ranks[parent] > ranks[child] else -1
        bends = list(range(ranks[child] + step, ranks[parent], step))
        way = (child, *range(len(all_ranks), len(all_ranks) + len(bends)), parent)
        all_ranks += bends
        ways[child, parent] = way
        for one, other in pairwise(way):
            links[(one, other) if all_ranks[one] < all_ranks[other] else (other, one)] = None
    return ways, list(links), all_ranks


def _order(layers: list[list[int]], links: list[Edge]) -> tuple[tuple[int, ...], ...]:
    """Return each layer in the order, of all tried, in which the fewest links cross."""
    right = _targets(tuple(links))
    left = _targets(tuple(link[::-1] for link in links))
    best, fewest = [list(layer) for layer in layers], _crossings(layers, right)
    current = best
    for _ in range(_ROUNDS):
        for neighbours, direction in ((left, 1), (right, -1)):
            current = _sweep(current, neighbours, direction)
            crossings = _crossings(current, right)
            if crossings < fewest:
                best, fewest = current, crossings
    return tuple(map(tuple, best))


def _sweep(
    layers: list[list[int]], neighbours: defaultdict[int, list[int]], direction: int
) -> list[list[int]]:
    """Return layers each ordered by the mean place of their neighbours in the one before."""
    ordered = [list(layer) for layer in layers][::direction]
    for before, layer in pairwise(ordered):
        place = {node: rank for rank, node in enumerate(before)}
        own = {node: rank * len(before) / len(layer) for rank, node in enumerate(layer)}
        mean = {
            node: sum(place[each] for each in neighbours[node]) / len(neighbours[node])
            if neighbours[node]
            else own[node]
            for node in layer
        }
        layer.sort(key=lambda node: mean[node])
    return ordered[::direction]


def _crossings(layers: list[list[int]], right: defaultdict[int, list[int]]) -> int:
    crossings = 0
    for layer, after in pairwise(layers):
        place = {node: rank for rank, node in enumerate(after)}
        seen: list[int] = []
        for node in layer:
            targets = sorted(place[each] for each in right[node])
            crossings += sum(len(seen) - bisect_right(seen, target) for target in targets)
            for target in targets:
                insort(seen, target)
    return crossings
