"""Plans in words: every form that SQLite prints, and what it means."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from dbtune.advisor.explaining.plan_words import PlanNames, plan_in_words
from dbtune.sqlite.explain import explain

NAMES = PlanNames(
    tables={"o": "orders"},
    rows={"orders": 1_200_000, "users": 1},
    indexes={
        "ix": "orders(user_id, created_at DESC)",
        "partial": "orders(user_id) WHERE status = 'open'",
    },
)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("SCAN o", "reads all 1,200,000 rows of orders"),
        ("SCAN TABLE orders AS o", "reads all 1,200,000 rows of orders"),
        ("SCAN users", "reads the only row of users"),
        ("SCAN unknown", "reads all rows of unknown"),
        (
            "SCAN o USING COVERING INDEX ix",
            "reads all 1,200,000 rows from orders(user_id, created_at DESC), not from the table",
        ),
        (
            "SCAN o USING INDEX ix",
            "reads all 1,200,000 rows of orders by way of orders(user_id, created_at DESC)",
        ),
        ("SEARCH o USING INTEGER PRIMARY KEY (rowid=?)", "finds rows of orders by its primary key"),
        (
            "SEARCH o USING INTEGER PRIMARY KEY (rowid>?) LEFT-JOIN",
            "reads a range of orders by its primary key",
        ),
        ("SEARCH o USING PRIMARY KEY (a=? AND b=?)", "finds rows of orders by its primary key"),
        (
            "SEARCH o USING INDEX ix (user_id=?)",
            "finds rows by user_id in orders(user_id, created_at DESC)",
        ),
        (
            "SEARCH o USING COVERING INDEX ix (user_id=? AND created_at>? AND created_at<?)",
            "finds rows by orders(user_id, created_at DESC), without reading the table",
        ),
        (
            "SEARCH o USING INDEX partial (user_id=?)",
            "finds rows by orders(user_id) WHERE status = 'open'",
        ),
        (
            "SEARCH o USING INDEX ix (ANY(user_id) AND created_at>?)",
            "finds rows by created_at for each value before it in orders(user_id, created_at DESC)",
        ),
        (
            "SEARCH o USING AUTOMATIC COVERING INDEX (user_id=?)",
            "builds an index on orders(user_id) for this run and finds rows by it",
        ),
        ("SCAN docs VIRTUAL TABLE INDEX 0:M2", "asks the virtual table docs"),
        ("SCAN CONSTANT ROW", "takes values from the statement"),
        ("SCAN 3-ROW VALUES CLAUSE", "takes values from the statement"),
        ("USE TEMP B-TREE FOR ORDER BY", "sorts for ORDER BY"),
        ("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "sorts within groups for ORDER BY"),
        ("USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY", "sorts within groups for ORDER BY"),
        ("USE TEMP B-TREE FOR count(DISTINCT)", "sorts for count(DISTINCT)"),
        ("CORRELATED SCALAR SUBQUERY 1", "for each row runs a subquery"),
        ("SCALAR SUBQUERY 2", "runs a subquery once"),
        ("MULTI-INDEX OR", "looks rows up for each arm of the OR"),
        ("CO-ROUTINE totals", "works out totals row by row"),
        ("A STEP OF TOMORROW", "A STEP OF TOMORROW"),
        ("SEARCH o USING SOMETHING NEW", "SEARCH o USING SOMETHING NEW"),
    ],
)
def test_a_step_is_said_in_words(step: str, words: str) -> None:
    """One that is not known stays as SQLite prints it."""
    assert plan_in_words((step,), NAMES) == (words,)


def test_inner_tables_of_a_join_are_read_for_each_row() -> None:
    """Only those of the same loop: an arm or a subquery begins one of its own."""
    steps = (
        "SCAN o",
        "SEARCH users USING INTEGER PRIMARY KEY (rowid=?)",
        "CORRELATED SCALAR SUBQUERY 1",
        "  SCAN users",
    )
    assert plan_in_words(steps, NAMES) == (
        "reads all 1,200,000 rows of orders",
        "for each, finds rows of users by its primary key",
        "for each row runs a subquery",
        "reads the only row of users",
    )


@pytest.mark.parametrize(
    ("steps", "ordered"),
    [
        (("SEARCH o USING INDEX ix (user_id=?)",), True),
        (("SEARCH o USING INDEX ix (user_id=?)", "USE TEMP B-TREE FOR ORDER BY"), False),
    ],
)
def test_order_is_said_where_nothing_sorts(steps: tuple[str, ...], ordered: bool) -> None:
    """An index that gives the order is half of why it is chosen."""
    names = PlanNames(indexes=NAMES.indexes, ordered=True)
    assert (", in the order wanted" in plan_in_words(steps, names)[0]) is ordered


@pytest.mark.parametrize(
    ("scanned", "words"),
    [
        (19.0, "reads 20 of 1,200,000 rows of orders"),
        (1_199_999.0, "reads all 1,200,000 rows of orders"),
        (None, "reads all 1,200,000 rows of orders"),
    ],
)
def test_a_scan_that_ends_early_does_not_read_all(scanned: float | None, words: str) -> None:
    """As a LIMIT ends it: the rows stepped over were counted."""
    names = PlanNames(rows=NAMES.rows, tables=NAMES.tables, scanned_rows=scanned)
    assert plan_in_words(("SCAN o",), names) == (words,)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM a WHERE x = 1 OR y = 2",
        "SELECT * FROM a WHERE x IN (SELECT y FROM b) ORDER BY z",
        "SELECT x, count(*) FROM a GROUP BY x UNION SELECT y, 1 FROM b ORDER BY 1",
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c LIMIT 9",
        "SELECT *, row_number() OVER (ORDER BY y) FROM a",
        "SELECT * FROM a LEFT JOIN b ON x = b.y WHERE EXISTS (SELECT 1 FROM b AS o WHERE o.y = z)",
        "SELECT min(x) FROM a",
        "SELECT DISTINCT z FROM a",
        "VALUES (1), (2)",
        "INSERT INTO b SELECT x FROM a",
        "DELETE FROM a WHERE x = 4",
    ],
)
def test_plans_of_this_sqlite_are_said_step_by_step(sql: str) -> None:
    """A phrase a step, none of it empty, and no access to a table is left as it is."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "CREATE TABLE a(x, y, z); CREATE TABLE b(y); CREATE INDEX ax ON a(x);"
            "CREATE INDEX ay ON a(y)"
        )
        plan = explain(connection, sql).steps
    words = plan_in_words(plan, PlanNames())
    assert len(words) == len(plan) and all(words)
    assert not [phrase for phrase in words if phrase.startswith(("SCAN a", "SCAN b", "SEARCH "))]
