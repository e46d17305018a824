"""`--format sqlalchemy`: lines that give the same indexes as the DDL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.orm import DeclarativeBase

from dbtune.model.advice import Change, Finding, IndexSpec, Report
from dbtune.report.ddl.to_models import to_sqlalchemy
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.index_ddl import create_index_sql
from tests.reports import FULL

SPECS = {
    "columns": IndexSpec("posts", ("user_id", "created_at")),
    "descending": IndexSpec("posts", ("user_id", "created_at DESC")),
    "ascending said": IndexSpec("posts", ("created_at ASC",)),
    "collation": IndexSpec("posts", ("title COLLATE NOCASE", "user_id COLLATE RTRIM DESC")),
    "reserved and odd names": IndexSpec("posts", ('"order"', '"two words"', '"quo""te"')),
    "expression": IndexSpec("posts", ("lower(title)", "json_extract(body, '$.a:b') DESC")),
    "colon after space": IndexSpec("posts", ("user_id",), where="title <> 'see :here' AND 1"),
    "backslash": IndexSpec("posts", ("user_id",), where="title <> 'a\\b'"),
    "percent": IndexSpec("posts", ("user_id",), where="title LIKE '50 %s%%'"),
    "partial": IndexSpec("posts", ("user_id",), where="created_at IS NOT NULL"),
    "partial on text": IndexSpec("posts", ("user_id",), where="\"order\" = 'it''s \"new\"'"),
    "unique": IndexSpec("posts", ("title",), unique=True),
    "line break": IndexSpec("posts", ('"a\nb"',)),
    "other scripts": IndexSpec("posts", ('"\u65e5\u672c"',), where="\"\u65e5\u672c\" > '\u00e9'"),
    "odd table": IndexSpec('ta"ble\n-- x', ("user_id",)),
}
COLUMNS = ("user_id", "created_at", "title", "body", "order", "two words", 'quo"te', "a\nb", "日本")


def report_of(spec: IndexSpec) -> Report:
    """A report that would create this one index, named ix."""
    change = Change((create_index_sql("ix", spec),), ("DROP INDEX ix",), "r", "ix", spec)
    finding = Finding("missing-index", "high", "ix", "m", change=change)
    return replace(FULL, findings=(finding,))


def create_table(path: Path, table: str) -> None:
    """A table with all columns of the specs."""
    columns = ", ".join(map(quote_identifier, COLUMNS))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            f"CREATE TABLE {quote_identifier(table)} (id INTEGER PRIMARY KEY, {columns})"
        )


def definition(path: Path) -> tuple[Any, ...]:
    """Keys with collation and direction, uniqueness and condition of the index ix."""
    with closing(sqlite3.connect(path)) as connection:
        keys = connection.execute(
            'SELECT seqno, cid, name, "desc", coll FROM pragma_index_xinfo(?) ORDER BY seqno',
            ("ix",),
        ).fetchall()
        ((sql,),) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'ix'")
    where = re.search(r" WHERE (.*)", sql, re.DOTALL)
    return keys, "UNIQUE" in sql, where and where[1]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sqlalchemy.Engine]:
    """An engine on models.db, closed afterwards."""
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'models.db'}")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_lines_give_the_same_index_as_the_ddl(
    spec: IndexSpec, tmp_path: Path, engine: sqlalchemy.Engine
) -> None:
    """Put behind a reflected table, the lines create what the DDL creates."""
    for name in ("models.db", "ddl.db"):
        create_table(tmp_path / name, spec.table)
    with closing(sqlite3.connect(tmp_path / "ddl.db")) as connection:
        connection.execute(create_index_sql("ix", spec))
    lines: dict[str, Any] = {}
    exec(to_sqlalchemy(report_of(spec)), lines)
    metadata = sqlalchemy.MetaData()
    table = sqlalchemy.Table(spec.table, metadata, *lines["__table_args__"], autoload_with=engine)
    (index,) = table.indexes
    index.create(engine)
    assert definition(tmp_path / "models.db") == definition(tmp_path / "ddl.db")


def test_lines_serve_a_declarative_class() -> None:
    """The block is what a class body takes as __table_args__."""

    class Base(DeclarativeBase):
        pass

    lines: dict[str, Any] = {}
    exec(to_sqlalchemy(report_of(SPECS["descending"])), lines)
    columns = {
        name: sqlalchemy.Column(sqlalchemy.Integer, primary_key=name == "id")
        for name in ("id", "user_id", "created_at")
    }
    body = {"__tablename__": "posts", "__table_args__": lines["__table_args__"], **columns}
    posts = type("Posts", (Base,), body)
    (index,) = posts.__table__.indexes  # type: ignore[attr-defined]
    ddl = str(
        sqlalchemy.schema.CreateIndex(index).compile(dialect=sqlalchemy.dialects.sqlite.dialect())
    )
    assert ddl == "CREATE INDEX ix ON posts (user_id, created_at DESC)"


def test_tables_come_one_after_the_other_with_imports_first() -> None:
    """All of a report is valid Python, a block for each table; drops are not in it."""
    text = to_sqlalchemy(FULL)
    exec(text, {})
    assert text.startswith("from sqlalchemy import Index, text\n\n# table bookings\n")
    assert [line for line in text.splitlines() if line.startswith("# table")] == [
        "# table bookings",
        "# table chefs",
        "# table order",
        "# table sns_posts",
    ]
    assert "idx_users_bio" not in text and "\x1b" not in text


def test_indexes_asked_for_by_name_are_lines_once_they_were_applied() -> None:
    """What no measurement speaks for is left out of analyze's lines, and in those of a change."""
    assert r'# table evil\x1b[2J"\n-- name' in to_sqlalchemy(replace(FULL, command="apply-indexes"))


def test_without_new_index_it_says_so() -> None:
    """Still Python, so that it can be redirected into a file."""
    assert to_sqlalchemy(replace(FULL, findings=())) == "# No new index.\n"
