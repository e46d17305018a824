"""A schema as a map: tables in boxes, a line from each foreign key to its parent."""

from __future__ import annotations

from itertools import pairwise

import htpy as h

from dbtune.model.page import MapLink, SchemaMap
from dbtune.report.plain_text import one_line
from dbtune.report.svg.map_box import HEADER, LINE, PADDING, Box, BoxLine, box_of
from dbtune.report.svg.map_layout import MapLayout, Spot, lay_out
from dbtune.report.svg.markup import (
    empty,
    g,
    image_of,
    named,
    number,
    path,
    rect,
    svg,
    text,
    title,
    tspan,
    written,
)
from dbtune.report.svg.text_fit import CODE, fit_text

_ARROW = 7.0
_LOOP = 22.0


def draw_schema(schema: SchemaMap, prefix: str) -> str:
    """Return the map at its natural size, parents on the left, with a key of what its signs mean.

    A foreign key whose parent is not on the map is a line of text without an arrow.
    """
    if not schema.tables:
        return empty("The database has no tables.")
    numbers = {table.name: rank for rank, table in enumerate(schema.tables)}
    boxes = tuple(
        box_of(table, tuple(link for link in schema.links if link.child == table.name))
        for table in schema.tables
    )
    arrows = [link for link in schema.links if link.child in numbers and link.parent in numbers]
    edges = tuple((numbers[link.child], numbers[link.parent]) for link in arrows)
    layout = lay_out(tuple((box.width, box.height) for box in boxes), edges)
    width, height = number(layout.width), number(layout.height)
    return written(
        h.div(".chart-map")[
            svg(viewBox=f"0 0 {width} {height}", width=width, height=height, **image_of(prefix))[
                named(prefix, schema.title, schema.summary),
                [
                    _link(link, edge, boxes, layout)
                    for link, edge in zip(arrows, edges, strict=True)
                ],
                [_box(box, spot) for box, spot in zip(boxes, layout.spots, strict=True)],
            ],
            _key(schema),
        ]
    )


def _box(box: Box, spot: Spot) -> h.Element:
    shown = fit_text(box.name, box.width - 2 * PADDING, CODE + 0.7)
    return g(transform=f"translate({number(spot.x)} {number(spot.y)})")[
        rect(width=number(spot.width), height=number(spot.height), rx="4"),
        text(class_="h", x=number(PADDING), y="17")[
            shown, title[box.name] if shown != box.name else None
        ],
        [_line(each, rank) for rank, each in enumerate(box.lines)],
    ]


def _line(each: BoxLine, rank: int) -> h.Element:
    y = number(HEADER + rank * LINE + 12)
    words = each.name + each.rest
    return text(class_=each.look or None, x=number(PADDING), y=y)[
        # What is struck through is the name: the sign would look like a part of the stroke.
        [each.sign, tspan[words]] if each.look == "md" else each.sign + words,
        title[each.whole] if each.whole else None,
    ]


def _link(
    link: MapLink, edge: tuple[int, int], boxes: tuple[Box, ...], layout: MapLayout
) -> h.Element:
    child, parent = layout.spots[edge[0]], layout.spots[edge[1]]
    start = child.y + boxes[edge[0]].line_height(link)
    end = parent.y + HEADER / 2
    if edge[0] == edge[1]:
        course = _loop(child.right, start, end)
    else:
        course = _course(child, parent, layout.ways[edge], start, end)
    known = "indexed" if link.indexed else "not indexed"
    words = f"{link.child} ({link.columns}) \u2192 {link.parent}, {known}"
    return path(class_="mk" if link.indexed else "mw", d=course)[title[one_line(words)]]


def _course(child: Spot, parent: Spot, bends: tuple[Spot, ...], start: float, end: float) -> str:
    """Return the way from the child's line to the parent's name, through the gaps between."""
    leftward = parent.x < child.x
    points = [(child.x if leftward else child.right, start)]
    for bend in bends:
        sides = (bend.right, bend.x) if leftward else (bend.x, bend.right)
        points += [(side, bend.y + bend.height / 2) for side in sides]
    points.append((parent.right if leftward else parent.x, end))
    drawn = [f"M{_pair(points[0])}"]
    for rank, (one, other) in enumerate(pairwise(points)):
        # Every second stretch leads through a column, where nothing bends.
        drawn.append(f"H{number(other[0])}" if rank % 2 else _curve(one, other))
    return "".join(drawn) + _arrow(points[-1], _ARROW if leftward else -_ARROW)


def _arrow(tip: tuple[float, float], back: float) -> str:
    # Each side is drawn from the tip, so that the first dash of a dashed one is at the tip.
    start = f"M{_pair(tip)}l{number(back)}"
    return f"{start} -4{start} 4"


def _curve(one: tuple[float, float], other: tuple[float, float]) -> str:
    middle = (one[0] + other[0]) / 2
    return f"C{_pair((middle, one[1]))} {_pair((middle, other[1]))} {_pair(other)}"


def _loop(right: float, start: float, end: float) -> str:
    bow = right + _LOOP
    start_point, tip = (right, start), (right, end)
    curve = f"C{_pair((bow, start))} {_pair((bow, end))} {_pair(tip)}"
    return f"M{_pair(start_point)}{curve}{_arrow(tip, _ARROW)}"


def _pair(point: tuple[float, float]) -> str:
    return f"{number(point[0])} {number(point[1])}"


def _key(schema: SchemaMap) -> h.Element | None:
    states = {index.state for table in schema.tables for index in table.indexes}
    known = {link.indexed for link in schema.links}
    items = [
        h.li(".mk")["foreign key to its parent"] if True in known else None,
        h.li(".mw")["foreign key without an index"] if False in known else None,
        h.li(".mn")["+ new index"] if "new" in states else None,
        h.li["\u2212 ", h.s["index to drop"]] if "dropped" in states else None,
    ]
    return h.ul(".chart-key")[items] if any(items) else None
