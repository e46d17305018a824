"""The hook never makes a table unwritable that was writable without it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import dbtune

JSON_IN_SCHEMA = pytest.mark.parametrize(
    "ddl",
    [
        "CREATE INDEX ix ON events (json_extract(payload, '$.kind'))",
        "CREATE TABLE checked (payload TEXT CHECK (json_valid(payload)))",
    ],
)


@JSON_IN_SCHEMA
def test_writes_go_on_where_the_schema_uses_json(tmp_path: Path, ddl: str) -> None:
    """SQLite 3.38 to 3.40 refuses them under trusted_schema=OFF as unsafe use of JSON."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE events (payload TEXT)")
        connection.execute(ddl)
        connection.commit()
    with closing(dbtune.connect(path)) as connection:
        for table in ("events", *(["checked"] if "checked" in ddl else [])):
            connection.execute(f"INSERT INTO {table} VALUES ('{{}}')")
        connection.commit()
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_the_schema_is_not_trusted_otherwise(tmp_path: Path) -> None:
    """A schema without JSON is read with trusted_schema=OFF."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE events (payload TEXT)")
    with closing(dbtune.connect(path)) as connection:
        assert connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
