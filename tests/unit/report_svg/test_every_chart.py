"""What holds for charts of every kind, whatever stands in them."""

from __future__ import annotations

import re
from itertools import chain
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.page import (
    BarChart,
    Histogram,
    LineChart,
    PlanTree,
    SchemaMap,
    Series,
    ShareChart,
)
from dbtune.report.plain_text import one_line
from dbtune.report.svg.stylesheet import chart_css
from tests.unit.report_svg.drawn import Chart, charts_of, draw, read, text_of

HOSTILE = (
    "</title></svg><script>alert(1)</script><img src=x onerror=y> \"'&\x1b[31m\u202e\x00\ud800"
)
EMPTY: tuple[Chart, ...] = (
    BarChart("t", "s", "ms", ()),
    ShareChart("t", "s", ()),
    Histogram("t", "s", ()),
    LineChart("t", "s", "x", "y", ()),
    LineChart("t", "s", "x", "y", (Series("none", ()),)),
    PlanTree("t", "s", ()),
    SchemaMap("t", "s", ()),
)


def kind(chart: Chart) -> str:
    """The name of a case."""
    return type(chart).__name__


@pytest.mark.parametrize("chart", charts_of(HOSTILE), ids=kind)
def test_texts_stay_texts(chart: Chart) -> None:
    """Markup, control characters and direction overrides in a name do nothing but show."""
    root = read(chart)
    tags = {each.tag for each in root.iter()}
    assert not tags & {"script", "img", "style", "foreignObject"}
    assert one_line(HOSTILE)[:40] in text_of(root)
    assert not set("\x1b\u202e\x00\ud800") & set(draw(chart))


@given(words=st.text(max_size=300), number=st.floats())
def test_any_text_and_number_gives_xml_without_nan(words: str, number: float) -> None:
    """Whatever a database is called and whatever was measured, shapes have finite places."""
    for chart in charts_of(words, number):
        for each in read(chart).iter():
            places = chain(*(value.split() for name, value in each.items() if name != "title"))
            assert not {"nan", "nan%", "inf", "inf%", "-inf"} & set(places)


@pytest.mark.parametrize("chart", charts_of(number=nan) + charts_of(number=inf), ids=kind)
def test_what_is_no_number_takes_no_room(chart: Chart) -> None:
    """A value that is not finite is drawn as nothing, while its text stays."""
    root = read(chart)
    assert "words" in text_of(root)
    for each in root.iter("rect"):
        assert each.get("width") is not None


@pytest.mark.parametrize("chart", charts_of(), ids=kind)
def test_a_strict_policy_has_nothing_to_refuse(chart: Chart) -> None:
    """No style attribute, no handler, and references only to the same page."""
    for each in read(chart).iter():
        assert not [name for name in each.attrib if name == "style" or name.startswith("on")]
        assert each.get("href", "#").startswith("#")
        assert "url(" not in " ".join(each.attrib.values())


@pytest.mark.parametrize("chart", charts_of(), ids=kind)
def test_charts_of_one_page_share_no_id(chart: Chart) -> None:
    """With prefixes of their own, two drawings of the same chart have different ids."""
    ids = [each.get("id") for prefix in ("a", "b") for each in read(chart, prefix).iter()]
    known = [each for each in ids if each is not None]
    assert len(known) == len(set(known))


@pytest.mark.parametrize("chart", charts_of("Words"), ids=kind)
def test_every_image_has_a_name(chart: Chart) -> None:
    """A drawing is an image named by what stands in it; only keys of a legend are passed over."""
    for image in read(chart).iter("svg"):
        if image.get("aria-hidden") == "true":
            continue
        names = {each.get("id"): text_of(each) for each in image}
        assert image.get("role") == "img"
        assert all("Words" in names[name] for name in image.get("aria-labelledby", "").split())


@pytest.mark.parametrize("chart", charts_of(), ids=kind)
def test_every_reference_leads_to_something(chart: Chart) -> None:
    """What a shape uses is defined in the same chart; links lead to anchors of the page."""
    root = read(chart)
    ids = {f"#{each.get('id')}" for each in root.iter()}
    assert all(each.get("href") in ids for each in root.iter("use"))
    assert {each.get("href") for each in root.iter("a")} <= {"#q-1"}


@pytest.mark.parametrize("chart", EMPTY, ids=kind)
def test_nothing_to_draw_is_said(chart: Chart) -> None:
    """An empty chart is a sentence, not an empty frame."""
    root = read(chart)
    assert not list(root.iter("svg"))
    assert len(text_of(root)) > 10


@pytest.mark.parametrize("chart", charts_of(), ids=kind)
def test_coordinates_are_short(chart: Chart) -> None:
    """One decimal is all that can be seen; hundreds of charts have to fit a page."""
    assert not re.search(r"\d\.\d\d", draw(chart))


@pytest.mark.parametrize("chart", charts_of(), ids=kind)
def test_every_class_has_its_rule(chart: Chart) -> None:
    """The style sheet knows each class of a chart, but for those that say where a text begins."""
    used = chain(*(each.get("class", "").split() for each in read(chart).iter()))
    ruled = set(re.findall(r"\.(-?[a-z][\w-]*)", chart_css()))
    assert set(used) - {"s"} <= ruled | {"mk", "px"}


def test_the_style_sheet_takes_its_colours_from_the_page() -> None:
    """Light and dark are the page's: there is no colour here but by a variable."""
    assert not re.search(r"#[0-9a-fA-F]{3}|rgb|hsl|url\(|@import", chart_css())
