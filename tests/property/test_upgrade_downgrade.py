"""Whatever is created and dropped: upgrade does just that, and downgrade undoes just that."""

from __future__ import annotations

import sqlite3
import string
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from dbtune.changes.apply import apply_revision, undo_revision
from dbtune.changes.environment import find_project
from dbtune.changes.operations import escape_for_text
from dbtune.changes.project import ProjectOptions
from dbtune.changes.revision import draft_index_revision
from dbtune.model.advice import Change
from dbtune.sqlite.identifiers import quote_identifier, quote_literal
from tests.fixtures.hostile import HOSTILE_NAMES
from tests.fixtures.shop import Catalog, added, dropped, read_catalog

# Letters, and what breaks SQL, Python, Alembic, Mako, ConfigParser or a file.
_ALPHABET = string.ascii_letters + "_ '\"`[]():;%\\/-#\n\t$?@{}<>é🐟"
NAMES = st.one_of(
    st.sampled_from(HOSTILE_NAMES), st.text(_ALPHABET, min_size=1, max_size=12)
).filter(lambda name: not name.lower().startswith("sqlite_"))


@dataclass(frozen=True)
class Case:
    """A table, indexes that it has, and changes to them."""

    statements: tuple[str, ...]
    changes: tuple[Change, ...]
    table: str


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return a table with hostile names, some indexes, and some to create and to drop."""
    names = draw(st.lists(NAMES, min_size=6, max_size=9, unique_by=str.lower))
    table, *rest = names
    columns, index_names = rest[:3], rest[3:]
    quoted = [quote_identifier(name) for name in columns]
    statements = [f"CREATE TABLE {quote_identifier(table)} ({', '.join(quoted)})"]
    changes = []
    for name in index_names:
        terms, where = draw(_terms(quoted)), draw(_conditions(quoted))
        finding = added(table, *terms, where=where, name=name)
        assert finding.change is not None
        if draw(st.booleans()):
            sql = draw(_respelled(finding.change.up[0]))
            statements.append(sql)
            finding = dropped(name, sql)
        assert finding.change is not None
        changes.append(finding.change)
    return Case(tuple(statements), tuple(changes), table)


def _terms(columns: list[str]) -> st.SearchStrategy[list[str]]:
    column = st.sampled_from(columns)
    directed = st.sampled_from(["", " DESC", " COLLATE NOCASE", " COLLATE NOCASE DESC"])
    plain = st.tuples(column, directed).map("".join)
    expression = st.tuples(column, st.text(_ALPHABET, max_size=5)).map(
        lambda parts: f"lower({parts[0]}) || {quote_literal(parts[1])}"
    )
    return st.lists(st.one_of(plain, plain, expression), min_size=1, max_size=3)


def _conditions(columns: list[str]) -> st.SearchStrategy[str | None]:
    literal = st.text(_ALPHABET, max_size=6).map(quote_literal)
    condition = st.tuples(st.sampled_from(columns), literal).map(lambda p: f"{p[0]} <> {p[1]}")
    return st.one_of(st.none(), condition)


def _respelled(sql: str) -> st.SearchStrategy[str]:
    """Spell a statement as people do, which the catalog keeps."""
    return st.sampled_from(
        [sql, sql.replace("CREATE INDEX", "create  index", 1), f"{sql} -- why", f"{sql}\n\t"]
    )


def _names_alike_but_for_a_blank() -> Case:
    drop_sql = 'CREATE INDEX ": " ON "order" ("select")'
    findings = (
        added("order", '"select"', name="back`tick"),
        added("order", '"select"', name=":"),
        dropped(": ", drop_sql),
    )
    changes = tuple(finding.change for finding in findings if finding.change is not None)
    return Case(('CREATE TABLE "order" ("select", "x", "y")', drop_sql), changes, "order")


@settings(max_examples=20)
@given(case=cases())
@example(case=_names_alike_but_for_a_blank())
def test_downgrade_brings_the_catalog_back(case: Case) -> None:
    """sqlite_master holds the same words, but for the version table and statistics."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "case.db"
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            for statement in case.statements:
                connection.execute(statement)
        before = read_catalog(database)
        project = find_project(database, ProjectOptions())
        change = apply_revision(
            project, draft_index_revision(project, case.changes, analyze=[case.table])
        )
        assert read_catalog(database) == _expected(case)
        undo_revision(find_project(database, ProjectOptions()), change.revision)
        assert read_catalog(database) == before


def _expected(case: Case) -> Catalog:
    """Return the catalog of a database on which SQLite alone made the changes."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "expected.db"
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            for statement in case.statements:
                connection.execute(statement)
            for change in case.changes:
                for statement in change.up:
                    connection.execute(statement)
        return read_catalog(database)


@given(sql=st.text(_ALPHABET, max_size=40))
def test_escaped_sql_reaches_sqlite_as_it_was(sql: str) -> None:
    """No colon becomes a parameter and no backslash is lost on the way through op.execute."""
    compiled = text(escape_for_text(sql)).compile(dialect=sqlite.dialect())
    assert str(compiled) == sql
    assert compiled.params == {}
