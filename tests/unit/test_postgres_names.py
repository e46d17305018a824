"""What SQLite's names become on PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg
import pytest

from dbtune.errors import ConfigurationError
from dbtune.model.schema import Schema
from dbtune.postgres.names import Names, choose_names, quote_name, unique_name
from dbtune.postgres.system_names import CATALOGS, SYSTEM_COLUMNS
from dbtune.sqlite.schema.catalog import read_schema

LONG = "a_very_long_table_name_that_goes_on_and_on_" * 2


def schema_of(*statements: str) -> Schema:
    """The schema that statements make."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        return read_schema(connection)


def targets(names: Names) -> list[str]:
    """All names on PostgreSQL, in order."""
    return [named.target for named in names.named]


def test_names_are_kept_exactly() -> None:
    """Letter case, spaces, quotes, keywords and other alphabets stay as they are."""
    names = choose_names(
        schema_of('CREATE TABLE "Or""der" ("select" INT, "Ä b" INT)', 'CREATE TABLE "é" (x)')
    )
    assert targets(names) == ['Or"der', "é", "select", "Ä b", "x"]
    assert not names.warnings and not names.stops and not names.renamed


def test_tables_that_differ_in_a_letter_outside_ascii_are_two() -> None:
    """É and é are looked up as the two tables that they are."""
    names = choose_names(schema_of('CREATE TABLE "É" (a)', 'CREATE TABLE "é" (a)'))
    assert (names.table("É"), names.table("é")) == ("É", "é")


def test_sources_are_looked_up_as_sqlite_does() -> None:
    """A table and its column are found in another letter case."""
    names = choose_names(schema_of("CREATE TABLE Users (Id INT)", "CREATE INDEX I1 ON Users(Id)"))
    assert names.column("USERS", "iD") == "Id"
    assert names.index("users", "i1") == "I1"


def test_long_names_are_cut_with_a_hash_and_reported() -> None:
    """Two names with the same first 63 bytes stay two, and each change is a finding."""
    schema = schema_of(
        f"CREATE TABLE {LONG}one (id)",
        f"CREATE TABLE {LONG}two (id)",
        f'CREATE TABLE t ("{"é" * 40}" INT)',
        f"CREATE INDEX {LONG}i ON {LONG}one(id)",
    )
    names = choose_names(schema)
    assert len(names.relations) == 4
    assert all(len(target.encode()) <= 63 for target in targets(names))
    assert [finding.subject for finding in names.warnings] == [
        f"{LONG}one",
        f"{LONG}two",
        f"{LONG}one.{LONG}i",
        f"t.{'é' * 40}",
    ]
    assert all("63" in finding.message for finding in names.warnings)
    assert dict(names.renamed)[f"{LONG}one"] == names.table(f"{LONG}one")


def test_long_names_are_the_same_in_each_run() -> None:
    """The hash is of the name alone."""
    one = choose_names(schema_of(f"CREATE TABLE {LONG} (id)"))
    two = choose_names(schema_of("CREATE TABLE other (id)", f"CREATE TABLE {LONG} (id)"))
    assert one.table(LONG) == two.table(LONG)


@pytest.mark.parametrize(
    ("statement", "kind", "name", "target"),
    [
        ('CREATE TABLE t (ctid INT, "ctid_" INT)', "column", "ctid", "ctid_1"),
        ("CREATE TABLE t (xmin INT)", "column", "xmin", "xmin_"),
        ("CREATE TABLE t (CTID INT)", "column", "CTID", "CTID"),
        ('CREATE TABLE t ("" INT)', "column", "", "unnamed"),
        ("CREATE TABLE pg_class (a)", "table", "pg_class", "pg_class_"),
        ("CREATE TABLE pg_own (a)", "table", "pg_own", "pg_own"),
        ('CREATE TABLE "" (a)', "table", "", "unnamed"),
    ],
)
def test_names_that_postgresql_keeps_are_changed(
    statement: str, kind: str, name: str, target: str
) -> None:
    """System columns, catalogs and empty names get another name and a finding."""
    names = choose_names(schema_of(statement))
    found = next(named for named in names.named if (named.kind, named.source) == (kind, name))
    assert found.target == target
    assert len(names.warnings) == (found.source != target)


@pytest.mark.parametrize(
    ("name", "lower", "snake"),
    [
        ("UserName", "username", "user_name"),
        ("HTTPServer2Go", "httpserver2go", "http_server2_go"),
        ("two words", "two words", "two_words"),
        ("Größe", "größe", "größe"),
        ("ÉTÉ", "ÉtÉ", "ÉtÉ"),
        ("--", "--", "_"),
    ],
)
def test_modes(name: str, lower: str, snake: str) -> None:
    """`lower` folds as PostgreSQL would; `snake` makes words of it."""
    schema = schema_of(f'CREATE TABLE "{name}" (a)')
    assert choose_names(schema, "lower").table(name) == lower
    assert choose_names(schema, "snake").table(name) == snake


def test_a_collision_of_a_mode_is_a_stop() -> None:
    """Nothing is numbered by itself: who asks for a mode decides."""
    names = choose_names(schema_of("CREATE TABLE t (userName, user_name)"), "snake")
    (stop,) = names.stops
    assert "t.userName" in stop.message and "--rename" in stop.help
    renamed = choose_names(
        schema_of("CREATE TABLE t (userName, user_name)"), "snake", [("t.username", "login")]
    )
    assert not renamed.stops and renamed.column("t", "userName") == "login"


def test_renames_reach_tables_columns_views_and_indexes() -> None:
    """All that has a name takes a new one, also with dots in it."""
    names = choose_names(
        schema_of(
            'CREATE TABLE "a.b" (c)', 'CREATE INDEX i ON "a.b"(c)', "CREATE VIEW v AS SELECT 1 x"
        ),
        renames=[("A.B", "t"), ("a.b.c", "d"), ("i", "j"), ("v", "w"), ("v.x", "y")],
    )
    assert targets(names) == ["t", "w", "j", "d", "y"]


@pytest.mark.parametrize("new", ["", "x" * 64, "ctid"])
def test_a_rename_that_cannot_be_is_refused(new: str) -> None:
    """A new name is never changed a second time."""
    with pytest.raises(ConfigurationError):
        choose_names(schema_of("CREATE TABLE t (a)"), renames=[("t.a", new)])


def test_a_rename_of_nothing_is_refused() -> None:
    """A slip of the pen does not pass for a rename."""
    with pytest.raises(ConfigurationError, match='no "u"'):
        choose_names(schema_of("CREATE TABLE t (a)"), renames=[("u", "v")])


def test_a_taken_name_is_numbered() -> None:
    """A derived name gives way, within 63 bytes."""
    assert unique_name("t_pkey", {"t_pkey", "t_pkey1"}) == "t_pkey2"
    long = "x" * 63
    assert len(unique_name(long, {long})) == 63
    assert unique_name(long, {long}) != long


def test_system_names_are_those_of_the_server(target: str) -> None:
    """The server's system columns, and its catalogs as far as this version has them."""
    with psycopg.connect(target) as connection:
        columns = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'pg_class'::regclass AND attnum < 0"
        ).fetchall()
        catalogs = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v')"
            " AND relnamespace = 'pg_catalog'::regnamespace"
        ).fetchall()
    assert {name for (name,) in columns} == SYSTEM_COLUMNS
    assert {name for (name,) in catalogs} <= CATALOGS


def test_quoted_names_are_read_back_as_they_were(target: str) -> None:
    """Quotes, backslashes, percent signs and line ends are part of a name."""
    name = 'a"b\\c%s\n;--é'
    with psycopg.connect(target) as connection:
        found = connection.execute(f"SELECT 1 AS {quote_name(name)}".encode()).description
    assert found is not None and found[0].name == name
