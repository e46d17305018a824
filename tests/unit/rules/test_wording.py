"""Names, statements and figures in messages."""

from __future__ import annotations

import pytest

from dbtune.advisor.wording import (
    counted,
    fine_percent,
    listed,
    megabytes,
    percent,
    shown,
    statement,
)
from tests.fixtures.hostile import HOSTILE_NAMES


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "x" * 5000, "", "\u202egnp.exe", "a\r\nb\0"])
def test_a_name_stays_on_one_short_printable_line(name: str) -> None:
    """Whatever it holds, it cannot break a message or a terminal."""
    text = shown(name)
    assert text.isprintable()
    assert len(text) <= 80


@pytest.mark.parametrize(
    ("name", "text"),
    [("user_id", "user_id"), ("my table", '"my table"'), ("emoji 🐟", '"emoji 🐟"')],
)
def test_a_plain_name_is_shown_bare(name: str, text: str) -> None:
    """Anything else is quoted, so that its ends can be seen."""
    assert shown(name) == text


def test_a_long_statement_keeps_its_beginning_and_end() -> None:
    """The tables stand at one end, the conditions at the other."""
    text = statement("SELECT a,\n\t b FROM t WHERE " + "x = 1 AND " * 500 + "last = 2")
    assert text.startswith("SELECT a, b FROM t")
    assert text.endswith("last = 2")
    assert len(text) == 160


@pytest.mark.parametrize(
    ("selected", "shown_as"),
    [
        (", ".join(f"bookings.column_{n}" for n in range(30)), "select ... from bookings where"),
        ("distinct " + "bookings.chef_id, " * 30 + "id", "select distinct bookings.chef_id"),
        ("(select name from chefs where id = chef_id), " * 9 + "id", "select (select name from"),
    ],
    ids=["columns", "distinct is work", "a query within"],
)
def test_a_long_query_loses_the_columns_that_it_selects(selected: str, shown_as: str) -> None:
    """It is known by its tables and conditions; what cannot be told apart stays."""
    text = statement(f"select {selected} from bookings where ? = bookings.chef_id")
    assert text.startswith(shown_as)
    assert text.endswith("? = bookings.chef_id")


def test_lists_and_figures_are_written_for_people() -> None:
    """Thousands have separators, one is singular, many names are cut."""
    assert counted(1, "row") == "1 row"
    assert counted(12345.4, "row") == "12,345 rows"
    assert percent(0.314) == "31 %"
    assert percent(0.001) == "under 1 %"
    assert percent(0.0) == "0 %"
    assert fine_percent(0.314) == "31.4 %"
    assert fine_percent(0.25) == "25 %"
    assert fine_percent(0.0004) == "under 0.1 %"
    assert fine_percent(0.0) == "0 %"
    assert megabytes(12_345_678) == "12.3 MB"
    assert megabytes(60_478_000_000) == "60.5 GB"
    assert listed([f"t{n}" for n in range(8)]) == "t0, t1, t2, t3, t4 and 3 more"
