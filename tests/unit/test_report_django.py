"""`--format django`: Meta.indexes that Django turns into the same indexes as the DDL."""

from __future__ import annotations

import ast
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.advice import Change, Finding, IndexSpec
from dbtune.report.ddl.to_models import to_django
from dbtune.sqlite.schema.index_ddl import create_index_sql
from tests.reports import FULL

LONG = "ix_posts_user_id_created_at_title_body"
SPECS = {
    "ix_columns": IndexSpec("posts", ("user_id", "created_at")),
    "ix_descending": IndexSpec("posts", ("user_id", "created_at DESC")),
    "ix_collation": IndexSpec("posts", ("title COLLATE NOCASE", "user_id DESC")),
    "ix_collation_desc": IndexSpec("posts", ("title COLLATE NOCASE DESC",)),
    "ix_expression": IndexSpec("posts", ("lower(title)", "json_extract(body, '$.a') DESC")),
    "ix_percent": IndexSpec("posts", ("replace(title, '%s', '%')",), where="title LIKE '50 %%'"),
    "ix_reserved": IndexSpec("posts", ('"order"', "user_id")),
    "ix_null": IndexSpec("posts", ("user_id",), where="created_at IS NULL AND title IS NOT NULL"),
    "ix_flag": IndexSpec("posts", ("user_id",), where="is_active = 1"),
    "ix_text": IndexSpec("posts", ("user_id",), where="\"order\" = 'it''s' AND user_id > 5"),
    "ix_mixed": IndexSpec("posts", ("user_id",), where="title IS NULL OR user_id IS NULL"),
    LONG: IndexSpec("posts", ("user_id", "created_at", "title", "body")),
    "_9_unnamed": IndexSpec("posts", ("body",)),
}
UNIQUE = {
    "uq_title": IndexSpec("posts", ("title",), where="user_id IS NOT NULL", unique=True),
    "uq_descending": IndexSpec("posts", ("user_id DESC", "title"), unique=True),
}
TABLE = """
    CREATE TABLE posts (
        id INTEGER PRIMARY KEY, user_id INTEGER, created_at DATETIME, title TEXT, body TEXT,
        is_active BOOL, "order" TEXT
    );
"""
RENAMED = {LONG: "ix_posts_user_id_create_9cbd8b", "_9_unnamed": "ix_9_unnamed"}


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The definitions of all the indexes by name, as the DDL makes them and as Django does."""
    folder = tmp_path_factory.mktemp("django")
    for name in ("django.db", "ddl.db"):
        with closing(sqlite3.connect(folder / name)) as connection:
            connection.executescript(TABLE)
    with closing(sqlite3.connect(folder / "ddl.db")) as connection:
        for name, spec in (SPECS | UNIQUE).items():
            connection.execute(create_index_sql(name, spec))
    lines = folder / "lines.py"
    lines.write_text(to_django(report()), encoding="utf-8")
    script = Path(__file__).with_name("django_indexes.py")
    done = subprocess.run(
        [sys.executable, "-W", "error", script, folder / "django.db", lines],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout) == []  # Django's own checks have nothing to say
    return {name: definitions(folder / f"{name}.db") for name in ("ddl", "django")}


def report() -> Any:
    """A report that would create all the indexes."""
    findings = tuple(
        Finding(
            "missing-index",
            "high",
            name,
            "m",
            change=Change((create_index_sql(name, spec),), (), "r", name, spec),
        )
        for name, spec in (SPECS | UNIQUE).items()
    )
    return replace(FULL, findings=findings)


def definitions(path: Path) -> dict[str, Any]:
    """Keys with collation and direction, uniqueness and condition of each index, by name."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index'")
        return {name: definition(connection, name, sql) for name, sql in found.fetchall()}


def definition(connection: sqlite3.Connection, name: str, sql: str) -> tuple[Any, ...]:
    """What makes two indexes the same but for their spelling."""
    keys = connection.execute(
        'SELECT seqno, cid, "desc", upper(coll) FROM pragma_index_xinfo(?) ORDER BY seqno', (name,)
    ).fetchall()
    key_text, _, where = re.sub(r'[()"\s]', "", sql).partition("WHERE")
    expressions = [key for key in keys if key[1] == -2]
    # The text of an expression tells it from another; that of columns is in the keys.
    text = key_text.partition("ONposts")[2] if expressions else ""
    return keys, "UNIQUE" in sql, where, text


@pytest.mark.parametrize("name", SPECS | UNIQUE)
def test_django_creates_the_same_index(name: str, indexes: dict[str, dict[str, Any]]) -> None:
    """Through a model with that Meta and Django's schema editor on SQLite."""
    assert indexes["django"][RENAMED.get(name, name)] == indexes["ddl"][name]


def test_partial_index_serves_the_query_it_was_made_for(
    indexes: dict[str, dict[str, Any]],
) -> None:
    """`is_active = 1` stays that, since SQLite does not take `is_active` for the same."""
    assert indexes["django"]["ix_flag"][2] == "is_active=1"


def test_name_over_30_characters_is_shortened_and_the_real_one_named() -> None:
    """Django's checks refuse longer names (models.E034)."""
    text = to_django(report())
    assert len(RENAMED[LONG]) == 30 and f'name="{RENAMED[LONG]}"' in text
    assert f"    # {LONG} in the database" in text


def test_imports_are_those_that_are_used() -> None:
    """A linter has nothing to say about the lines pasted."""
    columns = replace(FULL, findings=FULL.findings[:1])
    assert to_django(columns).startswith("from django.db import models\n\n# table bookings\n")
    assert to_django(replace(FULL, findings=())) == "# No new index.\n"
    assert "import RawSQL\n" in to_django(FULL)
