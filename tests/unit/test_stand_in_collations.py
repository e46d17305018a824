"""Tables that an application's collation orders are read all the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.sqlite.schema.stand_in_collations import add_stand_in_collations, collation_names
from tests.fixtures.in_process import run_here
from tests.fixtures.independent_compare import compare_databases


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("CREATE TABLE t (s TEXT COLLATE German)", ["German"]),
        ('CREATE TABLE t (s TEXT COLLATE "de phone", u COLLATE [x], v COLLATE nocase)',
         ["de phone", "x"]),
        ("CREATE INDEX i ON t (s COLLATE BINARY)", []),
    ],
)  # fmt: skip
def test_names_are_those_of_the_application(sql: str, names: list[str]) -> None:
    """SQLite's own three are left to it."""
    assert list(collation_names(sql)) == names


def test_a_table_ordered_by_an_unknown_collation_is_moved(tmp_path: Path, target: str) -> None:
    """A WITHOUT ROWID table whose key the application sorts arrives whole, and is reported."""
    database = tmp_path / "app.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.create_collation("BACKWARDS", lambda a, b: (a < b) - (a > b))
        connection.execute(
            "CREATE TABLE w (s TEXT COLLATE BACKWARDS PRIMARY KEY, n INTEGER) WITHOUT ROWID"
        )
        connection.executemany("INSERT INTO w VALUES (?, ?)", [("a", 1), ("b", 2), ("Z", 3)])
    unknown = pytest.raises(sqlite3.OperationalError, match=r"no such collation|no query solution")
    with closing(sqlite3.connect(database)) as connection, unknown:
        connection.execute("SELECT * FROM w").fetchall()
    with closing(sqlite3.connect(database)) as connection:
        add_stand_in_collations(connection)
        assert len(connection.execute("SELECT * FROM w").fetchall()) == 3
    done = run_here("-q", "migrate-to-postgres", database, target)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BACKWARDS" in done.stdout
    # The comparison by other code knows nothing of collations either: it reads a plain copy.
    plain = tmp_path / "plain.db"
    with closing(sqlite3.connect(plain)) as connection, connection:
        connection.execute("CREATE TABLE w (s TEXT PRIMARY KEY, n INTEGER)")
        connection.executemany("INSERT INTO w VALUES (?, ?)", [("a", 1), ("b", 2), ("Z", 3)])
    assert compare_databases(plain, target) == []
