"""Views are compared by their rows on both sides."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from dbtune.model.query_check import ViewCheck
from dbtune.postgres.queries.view_check import check_views
from dbtune.postgres.server.target import connect_target
from tests.fixtures.planned import (
    Planned,
    create_objects,
    emptied,
    make_database,
    module_database,
    plan_database,
)

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME, name TEXT, ok BOOLEAN, p REAL)"
ROWS = (
    (1, "1997-12-31 00:00:00.000", "Ann", 1, 0.1),
    (2, "1997-12-30 00:00:00.000", "bob", 0, 0.2),
    (3, None, None, None, None),
)


@pytest.fixture(scope="module")
def conninfo(postgres_admin: str) -> Iterator[str]:
    """One database for all tests here."""
    with module_database(postgres_admin, "view_check") as found:
        yield found


def migrated(path: Path, conninfo: str, *views: str) -> Planned:
    """A database with these views, and its rows on PostgreSQL."""
    make_database(path, TABLE, *views)
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", ROWS)
        connection.commit()
    planned = plan_database(path)
    with psycopg.connect(emptied(conninfo)) as target:
        create_objects(target, planned.plan)
        for row in ROWS:
            values = [bool(v) if i == 3 and v is not None else v for i, v in enumerate(row)]
            target.execute("INSERT INTO t VALUES (%s, %s, %s, %s, %s)", values)
    return planned


def checked(path: Path, conninfo: str, planned: Planned) -> ViewCheck:
    """Return what the comparison of the one view says."""
    with closing(sqlite3.connect(path)) as source, connect_target(conninfo) as target:
        (found,) = check_views(source, target, "public", planned.plan)
    return found


@pytest.mark.parametrize(
    "view",
    [
        "CREATE VIEW v AS SELECT * FROM t",
        "CREATE VIEW v AS SELECT id FROM t WHERE at BETWEEN datetime('1997-01-01') AND"
        " datetime('1997-12-31')",
        "CREATE VIEW v (n, total) AS SELECT ok, sum(p) FROM t GROUP BY ok",
        "CREATE VIEW v AS SELECT name FROM t UNION SELECT 'x' ORDER BY 1",
        "CREATE VIEW v AS SELECT date(at) AS d, upper(name) AS u, p * 3 AS x FROM t",
    ],
)
def test_views_have_the_same_rows(conninfo: str, tmp_path: Path, view: str) -> None:
    """Dates as texts, truth values and reals included."""
    planned = migrated(tmp_path / "v.db", conninfo, view)
    found = checked(tmp_path / "v.db", conninfo, planned)
    assert (found.status, found.detail) == ("same", "")


def test_a_view_with_other_rows_is_told(conninfo: str, tmp_path: Path) -> None:
    """With the first row that differs."""
    planned = migrated(tmp_path / "v.db", conninfo, "CREATE VIEW v AS SELECT id, name FROM t")
    with psycopg.connect(conninfo) as target:
        target.execute("UPDATE t SET name = 'Bob' WHERE id = 2")
    found = checked(tmp_path / "v.db", conninfo, planned)
    assert found.status == "differs"
    assert "'bob'" in found.detail and "'Bob'" in found.detail


def test_a_view_that_fails_on_one_side_is_not_compared(conninfo: str, tmp_path: Path) -> None:
    """It says on which, and why."""
    planned = migrated(tmp_path / "v.db", conninfo, "CREATE VIEW v AS SELECT id FROM t")
    with psycopg.connect(conninfo) as target:
        target.execute("DROP VIEW v")
    found = checked(tmp_path / "v.db", conninfo, planned)
    assert found.status == "not-compared"
    assert "PostgreSQL" in found.detail
