"""Tables that frameworks made, and tables that exist on the target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dbtune.postgres.column_types.existing_types import TargetColumn, types_for_existing
from dbtune.postgres.column_types.orm_profiles import profile_of, read_application_version
from dbtune.postgres.column_types.type_nouns import TypeOptions
from tests.fixtures.typed import choose, reading

TIMESTAMP, TIMESTAMPTZ = "timestamp without time zone", "timestamp with time zone"
DJANGO = """
    CREATE TABLE django_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, app VARCHAR(255),
                                    name VARCHAR(255), applied DATETIME);
    INSERT INTO django_migrations VALUES (1, 'auth', '0001', '2024-01-05 10:00:00'),
                                         (2, 'shop', '0002_x', '2024-01-05 10:00:00');
    CREATE TABLE t (at DATETIME, ok BOOL, u CHAR(32),
                    j TEXT CHECK ((JSON_VALID("j") OR "j" IS NULL)), n TEXT, d DATE);
"""
HEX = "550e8400e29b41d4a716446655440000"
ROW = ("2024-01-05 10:00:00.5", 1, HEX, '{"a": 1}', "{}", "2024-01-05")


def test_django_means_more_than_it_declares(tmp_path: Path) -> None:
    """Datetimes are UTC, char(32) are UUIDs, checked JSON is jsonb; the version is named."""
    chosen = choose(tmp_path / "a.db", DJANGO, [ROW])
    assert chosen.types() == {
        "at": TIMESTAMPTZ,
        "ok": "boolean",
        "u": "uuid",
        "j": "jsonb",
        "n": "text",
        "d": "date",
    }
    with reading(tmp_path / "a.db") as connection:
        version = read_application_version(connection, chosen.schema, "auto")
    assert version == "shop.0002_x (2 entries)"
    named = choose(
        tmp_path / "b.db", DJANGO, [ROW], options=TypeOptions(application_version=version)
    )
    (finding,) = named.warnings("django_migrations")
    assert "Django" in finding.message and "shop.0002_x" in finding.message


def test_a_profile_may_be_left_out(tmp_path: Path) -> None:
    """--profile none converts Django's tables as anybody's."""
    chosen = choose(tmp_path / "a.db", DJANGO, [ROW], options=TypeOptions(profile_name="none"))
    assert chosen.types()["at"] == TIMESTAMP
    assert chosen.types()["u"] == "text"
    assert chosen.warnings("django_migrations") == []


def test_what_is_no_uuid_stays_text_for_django_too(tmp_path: Path) -> None:
    """A profile never makes a column lossy."""
    row = ("x", 2, "not a uuid", "no json", "", "")
    unchecked = DJANGO.replace('JSON_VALID("j")', '1 /* JSON_VALID("j") */')
    chosen = choose(tmp_path / "a.db", unchecked, [row])
    assert set(chosen.types().values()) == {"text", "bigint"}


@pytest.mark.parametrize(
    ("sql", "name", "version"),
    [
        (
            "CREATE TABLE schema_migrations (version TEXT);"
            "CREATE TABLE ar_internal_metadata (key TEXT, value TEXT);"
            "INSERT INTO schema_migrations VALUES ('20240105');",
            "rails",
            "20240105 (1 entry)",
        ),
        ("CREATE TABLE schema_migrations (version TEXT)", "none", ""),
        ("CREATE TABLE alembic_version (version_num TEXT)", "alembic", ""),
        ("CREATE TABLE alembic_version (other TEXT)", "alembic", ""),
        ("CREATE TABLE _prisma_migrations (migration_name TEXT)", "prisma", ""),
        ('CREATE TABLE "__EFMigrationsHistory" ("MigrationId" TEXT)', "entity-framework", ""),
        ("CREATE TABLE knex_migrations (id INTEGER PRIMARY KEY, name TEXT)", "knex", ""),
    ],
)
def test_frameworks_are_known_by_their_tables(
    tmp_path: Path, sql: str, name: str, version: str
) -> None:
    """Each framework is known by the tables it keeps its version in."""
    chosen = choose(tmp_path / "a.db", sql)
    assert profile_of(chosen.schema, "auto") == name
    with reading(tmp_path / "a.db") as connection:
        assert read_application_version(connection, chosen.schema, "auto") == version


CORE_DATA = "CREATE TABLE Z_METADATA (Z_UUID TEXT); CREATE TABLE t (a TIMESTAMP, b TIMESTAMP)"


def test_core_data_is_offered_and_never_guessed(tmp_path: Path) -> None:
    """Seconds since 2001 stay numbers, whole ones too, until the profile is asked for."""
    rows = [(725846400.5, 725846400)]
    chosen = choose(tmp_path / "a.db", CORE_DATA, rows)
    assert chosen.types() == {"a": "double precision", "b": "double precision"}
    assert "--profile core-data" in chosen.warnings("t.b")[0].help
    options = TypeOptions(profile_name="core-data")
    converted = choose(tmp_path / "b.db", CORE_DATA, rows, options=options)
    assert converted.types() == {"a": TIMESTAMPTZ, "b": TIMESTAMPTZ}
    assert converted.column("t.b").conversion == "cocoa"
    beyond = choose(tmp_path / "c.db", CORE_DATA, [(1e300, 1)], options=options)
    assert beyond.types()["a"] == "double precision"


def existing(path: Path, declared: str, values: list[Any], target: TargetColumn | None) -> Any:
    """Return what becomes of column t.c on the way into a column of the target."""
    chosen = choose(path, f"CREATE TABLE t (c {declared})", [(v,) for v in values], wanted=("c",))
    targets = {("t", "c"): target} if target else {}
    return types_for_existing(chosen.schema, chosen.profiles, targets, TypeOptions())


@pytest.mark.parametrize(
    ("declared", "values", "pg_type", "conversion"),
    [
        ("INTEGER", [1], "integer", "integer"),
        ("BOOL", [0, 1], "boolean", "boolean"),
        ("CHAR(32)", [HEX], "uuid", "uuid"),
        ("DATETIME", ["2024-01-05 10:00:00"], TIMESTAMPTZ, "timestamptz"),
        ("DATETIME", ["2024-01-05 10:00:00.123"], "timestamp(3) without time zone", "timestamp"),
        ("DATETIME", [1_700_000_000_123], "timestamp(3) without time zone", "epoch_ms"),
        ("VARCHAR(255)", ["abc"], "character varying(3)", "text"),
        ("TEXT", ["{}"], "jsonb", "jsonb"),
        ("BLOB", [b"x"], "bytea", "bytes"),
        ("DECIMAL", [1.5], "numeric(5,2)", "decimal"),
        ("TEXT", [], "inet", "text"),
    ],
)
def test_values_fit_columns_that_exist(
    tmp_path: Path, declared: str, values: list[Any], pg_type: str, conversion: str
) -> None:
    """The target's type is used where every value fits it."""
    choices = existing(tmp_path / "a.db", declared, values, TargetColumn(pg_type))
    assert choices.stops == ()
    assert choices.table("t").column("c").conversion == conversion


@pytest.mark.parametrize(
    ("declared", "values", "target"),
    [
        ("INTEGER", [2**31], TargetColumn("integer")),
        ("INTEGER", [2], TargetColumn("boolean")),
        ("TEXT", ["abcd"], TargetColumn("character varying(3)")),
        ("TEXT", [None], TargetColumn("text", not_null=True)),
        ("TEXT", ["10.0.0.1"], TargetColumn("inet")),
        ("TEXT", ["x"], None),
        ("DATETIME", [1_700_000_000_123], TargetColumn("timestamp(0) without time zone")),
        ("DATETIME", ["2024-01-05 10:00:00.123"], TargetColumn("timestamp(0) with time zone")),
        ("BIGINT", [5], TargetColumn("interval")),
    ],
)
def test_values_that_do_not_fit_are_stops(
    tmp_path: Path, declared: str, values: list[Any], target: TargetColumn | None
) -> None:
    """What does not fit a column of the target is named before anything is written."""
    choices = existing(tmp_path / "a.db", declared, values, target)
    assert [stop.subject for stop in choices.stops] == ["t.c"]
    assert "--exclude t" in choices.stops[0].help


def test_columns_that_postgres_generates_are_left_to_it(tmp_path: Path) -> None:
    """A generated column of the target is no reason to stop."""
    target = TargetColumn("bigint", generated=True)
    assert existing(tmp_path / "a.db", "INTEGER", [1], target).stops == ()
