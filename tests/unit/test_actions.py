"""The three things to do that a report begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.journeys.actions import actions
from dbtune.model.advice import Finding

LAZY = Finding(
    code="n-plus-one",
    severity="high",
    subject="fd101551dbf3",
    message=(
        'Route "GET /authors/<country>" from "app.py:38" loads "Author.books" row by row, 15 times '
        "a request (at most 15, in 40 requests, 43.6 ms a request in the database), 55 % of the "
        "workload: select book.id from book where ? = book.author_id"
    ),
    help=(
        "Add .options(joinedload(Author.books)) to the query of the list; "
        "selectinload(Author.books) does as well."
    ),
)
RAW = Finding(
    code="n-plus-one",
    severity="medium",
    subject="dea799570e95",
    message='A request from "pages.py:8" sends one query 20 times a request (at most 20, in 4 '
    "requests), 34 % of the workload: select name from customer where id = ?",
    help=(
        "Collect the keys first and send one query with WHERE id IN (...), or join to the list. "
        "In SQLAlchemy add options(selectinload(...)) to the query of the list."
    ),
)
LONG = Finding(
    code="offset-pagination",
    severity="high",
    subject="abc",
    message="it goes through " + "one page " * 30,
)


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (
            LAZY,
            'Route "GET /authors/<country>" from "app.py:38" loads "Author.books" row by row, 15 '
            "times a request: add .options(joinedload(Author.books)) to the query of the list "
            "(n-plus-one)",
        ),
        (
            RAW,
            'A request from "pages.py:8" sends one query 20 times a request: collect the keys '
            "first and send one query with WHERE id IN (...), or join to the list (n-plus-one)",
        ),
    ],
    ids=["lazy load", "raw SQL"],
)
def test_an_n_plus_one_comes_with_its_line_and_its_mend(finding: Finding, said: str) -> None:
    """Who reads no further knows where to go and what to write there."""
    assert list(actions((finding,), Path("app.db"), ())) == [said]


def test_a_long_finding_is_cut_between_words() -> None:
    """What is left can be read, and the finding below has the rest."""
    (said,) = actions((LONG,), Path("app.db"), ())
    assert said.endswith(("one ... (offset-pagination)", "page ... (offset-pagination)"))
    assert len(said) < 190


def test_commands_name_the_database_and_its_recordings() -> None:
    """They can be copied as they stand, spaces in names included."""
    new = Finding(code="missing-index", severity="high", subject="ix_a", message="m")
    journal = Finding(code="rollback-journal", severity="info", subject="j", message="m")
    said = list(actions((new, new, journal), Path("my app.db"), ("a b.jsonl", "c.sql")))
    assert said == [
        "Create 2 indexes: dbtune apply-indexes 'my app.db' --queries 'a b.jsonl' --queries c.sql",
        "Switch to WAL: dbtune enable-wal 'my app.db'",
    ]


def test_small_findings_are_no_action() -> None:
    """What is low stands below, with its own help."""
    small = Finding(code="freelist", severity="low", subject="f", message="much is free")
    assert list(actions((small,), Path("app.db"), ())) == []


def test_a_command_of_a_rule_names_the_database() -> None:
    """Rules leave it open; what is first on the page is there to be copied."""
    statistics = Finding(
        "stale-statistics", "high", "t", "statistics are out of date", command="dbtune optimize DB"
    )
    (said,) = actions((statistics,), Path("my app.db"), ())
    assert said == "statistics are out of date: dbtune optimize 'my app.db'"
