"""Histograms: areas by counts, markers and labels that do not collide."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.page import Bin, Histogram, Marker
from dbtune.report.svg.axis_labels import choose_labels
from dbtune.report.svg.marker_lanes import place_flags
from tests.unit.report_svg.drawn import looks, place, read, text_of

TIMES = ["1 ms", "2 ms", "4 ms", "8 ms", "16 ms"]


def chart(counts: list[float], *markers: Marker) -> Histogram:
    """Bins of the given counts."""
    bins = tuple(Bin(f"{rank} ms", f"{rank + 1} ms", each) for rank, each in enumerate(counts))
    return Histogram("Latency", "Most take 2 ms.", bins, markers)


@given(st.lists(st.integers(min_value=10, max_value=1000), min_size=1, max_size=40))
def test_areas_are_in_the_ratio_of_counts(counts: list[int]) -> None:
    """Bins are equally wide, stand on one line, and are as high as their counts."""
    rects = looks(read(chart([float(each) for each in counts])), "rect", "s")
    assert len({place(each, "width") for each in rects}) == 1
    assert len({round(place(each, "y") + place(each, "height")) for each in rects}) == 1
    for rect, count in zip(rects, counts, strict=True):
        assert place(rect, "height") == pytest.approx(130 * count / max(counts), abs=0.11)


def test_a_bin_with_one_of_a_million_is_seen() -> None:
    """The slowest request is why one looks; an empty bin stays empty."""
    rects = looks(read(chart([1e6, 0, 1])), "rect", "s")
    assert [place(each, "height") for each in rects] == [130, 1]
    assert "1,000,000" in text_of(rects[0])


def test_a_marker_stands_at_its_fraction_of_its_bin() -> None:
    """Halfway through the second of four bins is three eighths of the width."""
    root = read(chart([1, 2, 3, 4], Marker("median", "1.5 ms", 1, 0.5)))
    (line,) = looks(root, "line", "m")
    assert line.get("x1") == line.get("x2") == "37.5%"
    assert "median 1.5 ms" in text_of(root)


MARKS = st.lists(
    st.tuples(st.floats(min_value=0, max_value=300), st.floats(min_value=40, max_value=110)),
    min_size=1,
    max_size=4,
)


@given(MARKS)
def test_labels_of_markers_never_cover_each_other(spots: list[tuple[float, float]]) -> None:
    """However near median, p95 and p99 are, each can be read and none leaves the chart."""
    flags = place_flags(tuple(spots), 300)
    for rank, one in enumerate(flags):
        assert one.start >= -0.01
        assert one.end <= 300.01
        for other in flags[rank + 1 :]:
            assert one.lane != other.lane or one.end < other.start or other.end < one.start


def test_the_line_of_a_marker_leads_past_the_others_labels() -> None:
    """The label of p95 turns away from the line of p99, which stands right beside it."""
    p95, p99 = place_flags(((226, 70), (238, 60)), 300)
    assert not p95.rightward or p95.lane > p99.lane
    assert p99.start > p95.x or p99.lane > p95.lane


def test_a_label_that_cannot_turn_stands_above_the_others() -> None:
    """At the left edge, the line of the second marker would strike through the first label."""
    first, second = place_flags(((30, 70), (60, 60)), 300)
    assert first.rightward
    assert first.lane > second.lane


def test_markers_far_apart_share_a_line() -> None:
    """Room is taken only where it is needed."""
    assert [flag.lane for flag in place_flags(((10, 50), (150, 50)), 300)] == [0, 0]


@given(
    st.lists(st.text("0123456789ms ", min_size=1, max_size=12), min_size=1, max_size=60),
)
def test_axis_labels_have_room(texts: list[str]) -> None:
    """On the narrowest screen labels keep a gap, and the first is always there."""
    count = max(len(texts) - 1, 1)
    labels = choose_labels(tuple((rank / count, each) for rank, each in enumerate(texts)))
    assert labels[0].text == texts[0]
    for one, other in pairwise(labels):
        assert one.end < other.start


def test_all_bounds_stand_where_there_is_room() -> None:
    """Five short bounds fit below four bins, the last one included."""
    bins = tuple(Bin(low, high, 1) for low, high in pairwise(TIMES))
    texts = [each.text for each in read(Histogram("t", "s", bins)).iter("text")]
    assert texts[1:] == TIMES
