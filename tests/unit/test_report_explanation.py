"""All about one query shape: which one is meant, and how it is drawn."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dbtune.report.documents.explanation_to_json import explanation_to_json
from dbtune.report.plain_text import display_width
from dbtune.report.shape_lookup import find_shape
from dbtune.report.terminal.to_explanation import to_explanation
from dbtune.report.terminal.to_terminal import to_terminal
from tests.reports import FULL, LEFT_OUT, SHAPES, WITHOUT_RECORDING


@pytest.mark.parametrize(
    ("named", "id"),
    [
        ("1", SHAPES[0].id),
        ("4", SHAPES[3].id),
        ("0a", SHAPES[0].id),
        ("5F4E3D2C1B0A", SHAPES[3].id),
        ("77", SHAPES[1].id),
        ("ab12", LEFT_OUT[0].id),
    ],
)
def test_a_shape_is_found_by_place_or_id(named: str, id: str) -> None:
    """A number beyond the list may be the beginning of an id; letters of either case are fine."""
    assert find_shape(FULL, named).id == id


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("5", None),
        ("9", "there is no query shape 9: give 1 to 4, or the id of one"),
        ("", "there is no query shape : give 1 to 4"),
        ("ffff", "there is no query shape ffff"),
    ],
)
def test_a_shape_that_is_not_there_is_refused(named: str, said: str | None) -> None:
    """With the places that there are. A 5 begins an id."""
    if said is None:
        assert find_shape(FULL, named).id == SHAPES[3].id
        return
    with pytest.raises(LookupError, match=said):
        find_shape(FULL, named)


def test_a_beginning_of_several_ids_is_refused() -> None:
    """It names them; and without any shape there is nothing to name."""
    twin = replace(SHAPES[1], id="77aaffffffff")
    with pytest.raises(LookupError, match="77aa begins the ids of 2 query shapes: 77aa88bb99cc"):
        find_shape(replace(FULL, shapes=(*SHAPES, twin)), "77aa")
    with pytest.raises(LookupError, match="the recording has no query shapes"):
        find_shape(WITHOUT_RECORDING, "1")


@pytest.mark.parametrize("width", [40, 80, 160])
def test_an_explanation_keeps_to_the_width(width: int) -> None:
    """But for the statement itself, which is there to be copied whole."""
    for shape in (*SHAPES, *LEFT_OUT):
        text = to_explanation(FULL, shape, width=width, color=False)
        own = {f"  {line}" for line in shape.text.splitlines()}
        wide = [line for line in text.splitlines() if display_width(line) > width]
        assert [line for line in wide if line not in own and "(" not in line] == []


def test_an_explanation_steers_no_terminal() -> None:
    """Escapes in a statement are shown, with colours and without."""
    plain = to_explanation(FULL, SHAPES[3], width=80, color=False)
    assert "\x1b" not in plain and "evil\\x1b[2J" in plain
    colored = to_explanation(FULL, SHAPES[3], width=80, color=True)
    assert "\x1b[1m" in colored and "\x1b[2J" not in colored


def test_an_explanation_has_what_the_report_knows() -> None:
    """The index with its writes and rival, the candidates, and times with their runs."""
    text = " ".join(to_explanation(FULL, SHAPES[0], width=200, color=False).split())
    for part in (
        "Query 0a1b2c3d4e5f (1 of 4 by share of the cost)",
        "12,345 calls, 73 % of the recording's cost, 5 distinct statements measured, values drawn",
        "4,265 -> 9.4 page fetches, 986,000 -> 312 steps, 11 ms -> 38 µs (median of 5 runs)",
        "reads all 120,000 rows of bookings, then sorts for ORDER BY",
        "ix_bookings_user_id_created_at: 4.0 MB, serves 1 query shape with 73 %",
        "write 5f4e3d (2.5 calls): 8.2 µs -> 9.2 µs a call (+12 %)",
        "runner-up: bookings(user_id) would be 3.1 MB smaller",
        "recommended, saves 99.6 %",
        "would save 31 % of the 41 µs left: too large for what it saves",
        "bookings (status): 900 kB, saves nothing",
    ):
        assert part in text
    write = to_explanation(FULL, SHAPES[3], width=200, color=False)
    assert "What each new index adds to it\n  ix_bookings_user_id_created_at: 8.2 µs" in write
    assert "No new index serves it\n  needs-no-search: " in write
    assert "not analysed" in to_explanation(FULL, LEFT_OUT[0], width=80, color=False)


def test_an_explanation_as_json_has_the_same_nodes_as_the_report() -> None:
    """Of the shape alone: its indexes, those it writes too, and its findings."""
    document = json.loads(explanation_to_json(FULL, SHAPES[3]))
    assert document["rank"] == 4 and document["shape"]["id"] == SHAPES[3].id
    assert [e["name"] for e in document["explanations"]] == ["ix_bookings_user_id_created_at"]
    document = json.loads(explanation_to_json(FULL, SHAPES[2]))
    assert document["explanations"] == []
    assert [finding["code"] for finding in document["findings"]] == ["n-plus-one"]
    document = json.loads(explanation_to_json(FULL, LEFT_OUT[0]))
    assert document["not_analyzed"]["reason"] == "cannot-be-prepared"


def test_reports_from_before_have_nothing_to_explain_and_are_drawn() -> None:
    """Sections without content are left out."""
    old = replace(FULL, explanations=(), shapes=tuple(replace(s, unhelped=None) for s in SHAPES))
    text = to_terminal(old, width=80, color=False)
    assert "runner-up" not in text and "Without a new index" not in text
