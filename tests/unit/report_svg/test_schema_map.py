"""The schema map: boxes that keep apart, links that lead from child to parent."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.page import MapIndex, MapLink, MapTable, SchemaMap
from dbtune.report.svg.layers import layer_nodes
from dbtune.report.svg.map_layout import Spot, lay_out
from tests.unit.report_svg.drawn import draw, looks, read, text_of

GRAPHS = st.integers(min_value=1, max_value=30).flatmap(
    lambda count: st.tuples(
        st.lists(
            st.tuples(st.floats(120, 290), st.floats(40, 300)), min_size=count, max_size=count
        ),
        st.lists(
            st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=2 * count
        ),
    )
)


def schema(*links: tuple[str, str], tables: str = "abc", indexed: bool = True) -> SchemaMap:
    """Tables of one letter, linked from child to parent."""
    return SchemaMap(
        "Tables",
        "s",
        tuple(MapTable(name, "5 rows") for name in tables),
        tuple(MapLink(child, parent, f"{parent}_id", indexed) for child, parent in links),
    )


def apart(one: Spot, other: Spot) -> bool:
    """Whether two spots share no point."""
    across = one.right <= other.x or other.right <= one.x
    return across or one.bottom <= other.y or other.bottom <= one.y


def between(one: Spot, other: Spot) -> tuple[float, float, float, float]:
    """The stretch in which a link may be anywhere: all that lies between two columns."""
    left, right = sorted((one, other), key=lambda spot: spot.x)
    return left.right, -1e6, right.x - left.right, 2e6


@given(GRAPHS)
def test_boxes_never_overlap_and_stay_on_the_map(
    graph: tuple[list[tuple[float, float]], list[tuple[int, int]]],
) -> None:
    """With circles, links to itself and no links at all, every box has its own place."""
    sizes, edges = graph
    layout = lay_out(tuple(sizes), tuple(edges))
    assert len(layout.spots) == len(sizes)
    for rank, one in enumerate(layout.spots):
        assert min(one.x, one.y) >= 0
        assert one.right <= layout.width
        assert one.bottom <= layout.height
        assert all(apart(one, other) for other in layout.spots[rank + 1 :])


@given(GRAPHS)
def test_no_link_leads_through_a_box(
    graph: tuple[list[tuple[float, float]], list[tuple[int, int]]],
) -> None:
    """A link across several columns bends around what stands in them; in between is nothing."""
    sizes, edges = graph
    layout = lay_out(tuple(sizes), tuple(edges))
    for (child, parent), way in layout.ways.items():
        stops = [layout.spots[child], *way, layout.spots[parent]]
        gaps = [Spot(*between(one, other)) for one, other in pairwise(stops)]
        others = [box for rank, box in enumerate(layout.spots) if rank not in (child, parent)]
        linked = {node for edge in layout.ways for node in edge}
        assert all(apart(spot, box) for spot in way for box in others)
        assert all(apart(gap, layout.spots[node]) for gap in gaps for node in linked)


@given(GRAPHS)
def test_each_link_leads_on_from_column_to_column(
    graph: tuple[list[tuple[float, float]], list[tuple[int, int]]],
) -> None:
    """The way of a link visits each column once between its ends, which are never in one."""
    sizes, edges = graph
    layout = lay_out(tuple(sizes), tuple(edges))
    for (child, parent), way in layout.ways.items():
        across = [spot.x for spot in (layout.spots[child], *way, layout.spots[parent])]
        assert len(set(across)) == len(across)
        assert across in (sorted(across), sorted(across, reverse=True))


@given(GRAPHS)
def test_parents_come_before_children_unless_in_a_circle(
    graph: tuple[list[tuple[float, float]], list[tuple[int, int]]],
) -> None:
    """Where links only lead to earlier tables, every parent is left of its child."""
    sizes, edges = graph
    downward = tuple((max(edge), min(edge)) for edge in edges if edge[0] != edge[1])
    layering = layer_nodes(len(sizes), downward)
    rank = {node: place for place, layer in enumerate(layering.layers) for node in layer}
    assert all(rank[parent] < rank[child] for child, parent in downward)


def test_a_map_is_the_same_each_time() -> None:
    """Reports of one database can be compared."""
    tables = schema(("b", "a"), ("c", "a"), ("c", "b"), ("a", "c"), ("c", "c"))
    assert draw(tables) == draw(tables)


def test_a_link_ends_in_an_arrow_at_its_parent() -> None:
    """It starts at the left of the child and ends at the right of the parent, which is left."""
    root = read(schema(("b", "a"), tables="ab"))
    parent, child = (corner(each) for each in root.iter("g"))
    (link,) = root.iter("path")
    pairs = re.findall(r"M([\d.]+) ([\d.]+)", link.get("d", ""))
    start, *_, tip = [(float(x), float(y)) for x, y in pairs]
    assert parent[0] < child[0]
    assert start[0] == child[0]
    assert start[1] > child[1]
    assert tip[0] > parent[0] + 100
    assert "b (a_id) \u2192 a, indexed" in text_of(link)


def corner(box: Element) -> tuple[float, float]:
    """Where the box of a table begins."""
    x, y = re.findall(r"[\d.]+", box.get("transform", ""))
    return float(x), float(y)


def test_a_link_without_an_index_is_dashed_and_says_so() -> None:
    """Line, word and key agree."""
    root = read(schema(("b", "a"), indexed=False))
    assert len(looks(root, "path", "mw")) == 1
    assert "a_id \u2192 a, no index" in text_of(root)
    assert [each.get("class") for each in root.iter("li")] == ["mw"]


def test_indexes_say_whether_they_come_or_go() -> None:
    """New ones have a plus, dropped ones a minus before a name struck through."""
    indexes = (
        MapIndex("ix_a", "a"),
        MapIndex("ix_b", "b DESC", "new"),
        MapIndex("ix_c", "c", "dropped"),
    )
    root = read(SchemaMap("t", "s", (MapTable("orders", "62,000 rows", indexes),)))
    texts = ["".join(each.itertext()) for each in root.iter("text")]
    assert texts == ["orders", "62,000 rows", "ix_a (a)", "+ ix_b (b DESC)", "\u2212 ix_c (c)"]
    assert [each.text for each in root.iter("tspan")] == ["ix_c (c)"]


def test_a_long_name_is_cut_with_the_whole_in_its_tooltip() -> None:
    """A box has a greatest width."""
    name = "ix_" + "_".join(["very_long_column"] * 9)
    root = read(SchemaMap("t", "s", (MapTable("t" * 90, "", (MapIndex(name, "a"),)),)))
    assert {f"{name} (a)", "t" * 90} <= {each.text for each in root.iter("title")}
    assert float(next(root.iter("rect")).get("width", "0")) <= 290


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("chef_id", "ix_bookings_status_creat... (chef_id)"),
        ("status, created_at, booking_date", "(status, created_at, booking_date)"),
        ("status, created_at, booking_date, chef_id", "(status, created_at, booking_date,..."),
    ],
)
def test_keys_are_cut_after_names(keys: str, shown: str) -> None:
    """Names repeat keys as a rule; where an index goes can be read as long as there is room."""
    name = "ix_bookings_status_created_at_booking_date"
    root = read(SchemaMap("t", "s", (MapTable("bookings", "", (MapIndex(name, keys),)),)))
    (line,) = list(root.iter("text"))[1:]
    assert line.text == shown
    assert f"{name} ({keys})" in text_of(line)


def test_a_parent_that_is_not_there_is_named_only() -> None:
    """A link to a missing table has a line of text and no arrow."""
    root = read(schema(("a", "elsewhere"), tables="a"))
    assert not list(root.iter("path"))
    assert "elsewhere_id \u2192 elsewhere" in text_of(root)


def test_a_table_may_lead_to_itself() -> None:
    """A tree in one table is a loop beside its box, within the map."""
    root = read(schema(("a", "a"), tables="a"))
    (link,) = root.iter("path")
    (drawing,) = root.iter("svg")
    across = [float(each.split()[0]) for each in re.findall(r"[\d.]+ [\d.]+", link.get("d", ""))]
    assert max(across) <= float(drawing.get("width", "0"))


def test_names_may_repeat() -> None:
    """Two tables of one name, as attached databases have, are two boxes."""
    assert len(list(read(schema(("a", "a"), tables="aa")).iter("g"))) == 2
