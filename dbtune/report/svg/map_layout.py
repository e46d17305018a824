"""Where boxes stand on the schema map and which way their links go."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from dbtune.report.svg.layers import Edge, Layering, layer_nodes
from dbtune.report.svg.spacing import pool

# Between columns, links bend; between boxes, they pass.
_ACROSS = 64.0
_DOWN = 18.0
_BEND = 6.0
_EDGE = 4.0
# Rounds of moving each column to where its neighbours are.
_ROUNDS = 6
# Tables without links fill rows below the map, at least this wide.
_LOOSE_WIDTH = 900.0


@dataclass(frozen=True)
class Spot:
    """A box or a bend by its upper left corner, in px."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The px where it ends across."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The px where it ends downwards."""
        return self.y + self.height


@dataclass(frozen=True)
class MapLayout:
    """A spot for each box, and for each edge (child, parent) the bends from child to parent.

    A spot may be wider than its box asked for.
    """

    spots: tuple[Spot, ...]
    ways: dict[Edge, tuple[Spot, ...]]
    width: float
    height: float


def lay_out(sizes: tuple[tuple[float, float], ...], edges: tuple[Edge, ...]) -> MapLayout:
    """Return boxes of these (width, height) in columns, parents left of their children.

    Boxes without edges stand in rows below. The same input gives the same map.
    """
    linked = sorted({node for edge in edges if edge[0] != edge[1] for node in edge})
    number = {node: rank for rank, node in enumerate(linked)}
    inner = tuple((number[a], number[b]) for a, b in edges if a != b)
    layering = layer_nodes(len(linked), inner)
    placed = _place(layering, [sizes[node] for node in linked])
    below = max((spot.bottom for spot in placed), default=_EDGE - _DOWN) + _DOWN
    loose = [node for node in range(len(sizes)) if node not in number]
    spots = dict(zip(linked, placed, strict=False))
    spots |= _rows(loose, sizes, below, max((spot.right for spot in placed), default=0.0))
    ways = {
        (linked[child], linked[parent]): tuple(placed[node] for node in way[1:-1])
        for (child, parent), way in layering.ways.items()
    }
    ordered = tuple(spots[node] for node in range(len(sizes)))
    everything = [*ordered, *placed]
    return MapLayout(
        ordered,
        ways,
        # A link of a table to itself bends out on its right.
        max((spot.right for spot in everything), default=0.0) + _ACROSS / 2,
        max((spot.bottom for spot in everything), default=0.0) + _EDGE,
    )


def _place(layering: Layering, sizes: list[tuple[float, float]]) -> list[Spot]:
    """Return spots of all nodes of a layering: boxes by their sizes, then bends."""
    bends = sum(map(len, layering.layers)) - layering.real_count
    all_sizes = [*sizes, *[(0.0, _BEND)] * bends]
    tops = _tops(layering, [height for _, height in all_sizes])
    highest = min(tops, default=0.0)
    spots: dict[int, Spot] = {}
    x = _EDGE
    for layer in layering.layers:
        # Boxes of a column are equally wide: beside a narrow one, a link would meet its neighbours.
        width = max(all_sizes[node][0] for node in layer)
        for node in layer:
            spots[node] = Spot(x, tops[node] - highest + _EDGE, width, all_sizes[node][1])
        x += width + _ACROSS
    return [spots[node] for node in range(len(all_sizes))]


def _tops(layering: Layering, heights: list[float]) -> list[float]:
    """Return how far down each node begins: near its neighbours, and apart within its layer."""
    neighbours: list[list[int]] = [[] for _ in heights]
    for way in layering.ways.values():
        for one, other in pairwise(way):
            neighbours[one].append(other)
            neighbours[other].append(one)
    tops = [0.0] * len(heights)
    for layer in layering.layers:
        _settle(layer, [0.0] * len(layer), heights, tops)
    for turn in range(_ROUNDS):
        for layer in layering.layers[:: -1 if turn % 2 else 1]:
            wishes = [_wish(node, neighbours[node], heights, tops) for node in layer]
            _settle(layer, wishes, heights, tops)
    return tops


def _wish(node: int, neighbours: list[int], heights: list[float], tops: list[float]) -> float:
    """Return the top at which a node's middle is at the mean of its neighbours' middles."""
    if not neighbours:
        return tops[node]
    middles = sum(tops[each] + heights[each] / 2 for each in neighbours)
    return middles / len(neighbours) - heights[node] / 2


def _settle(
    layer: tuple[int, ...], wishes: list[float], heights: list[float], tops: list[float]
) -> None:
    """Set the tops of a layer as near to the wishes as its order and the gaps allow."""
    offsets = [0.0]
    for node in layer[:-1]:
        offsets.append(offsets[-1] + heights[node] + _DOWN)
    free = pool([wish - offset for wish, offset in zip(wishes, offsets, strict=True)])
    for node, start, offset in zip(layer, free, offsets, strict=True):
        tops[node] = start + offset


def _rows(
    nodes: list[int], sizes: tuple[tuple[float, float], ...], top: float, map_width: float
) -> dict[int, Spot]:
    """Return boxes from left to right in rows, tall ones first so that rows are even."""
    across = max(map_width, _LOOSE_WIDTH)
    spots: dict[int, Spot] = {}
    x, y, tallest = _EDGE, top, 0.0
    for node in sorted(nodes, key=lambda node: -sizes[node][1]):
        width, height = sizes[node]
        if x > _EDGE and x + width > across:
            x, y, tallest = _EDGE, y + tallest + _DOWN, 0.0
        spots[node] = Spot(x, y, width, height)
        x, tallest = x + width + _DOWN, max(tallest, height)
    return spots
