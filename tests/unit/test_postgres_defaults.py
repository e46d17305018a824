"""What column defaults become, tried on PostgreSQL."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest

from dbtune.model.schema import Column
from dbtune.model.transfer import ColumnPlan, Conversion, StorageCounts
from dbtune.postgres.objects.defaults import plan_default
from tests.fixtures.planned import emptied, module_database

UTC = datetime.timezone.utc
TIMESTAMPTZ, TIMESTAMP = "timestamp with time zone", "timestamp without time zone"

FIXED: list[tuple[str, str, str, Conversion, object]] = [
    ("0", "BOOLEAN", "boolean", "boolean", False),
    ("'0'", "BOOLEAN", "boolean", "boolean", False),
    ("'f'", "BOOLEAN", "boolean", "boolean", False),
    ("true", "BOOLEAN", "boolean", "boolean", True),
    ("TRUE", "NUMERIC", "numeric", "decimal", Decimal(1)),
    ("-1", "INTEGER", "bigint", "integer", -1),
    ("+ 7", "INTEGER", "bigint", "integer", 7),
    ("0x10", "INTEGER", "bigint", "integer", 16),
    ("-9223372036854775808", "INTEGER", "bigint", "integer", -(2**63)),
    ("(1 + 2 * 3)", "INTEGER", "bigint", "integer", 7),
    ("'12'", "INTEGER", "bigint", "integer", 12),
    ("1e999", "REAL", "double precision", "double", float("inf")),
    ("0.1", "REAL", "double precision", "double", 0.1),
    ("1.50", "DECIMAL(5,2)", "numeric(5,2)", "decimal", Decimal("1.50")),
    ("1e999", "NUMERIC", "numeric", "decimal", Decimal("Infinity")),
    ('"text"', "TEXT", "text", "text", "text"),
    ("text", "TEXT", "text", "text", "text"),
    ("'it''s %s \\'", "TEXT", "text", "text", "it's %s \\"),
    ("''", "TEXT", "text", "text", ""),
    ("5", "TEXT", "text", "text", "5"),
    ("('a' || 'b')", "VARCHAR(2)", "varchar(2)", "text", "ab"),
    ("x'616263'", "TEXT", "text", "text", "abc"),
    ("x'00ff'", "BLOB", "bytea", "bytes", b"\x00\xff"),
    ("x''", "BLOB", "bytea", "bytes", b""),
    ("(lower('ABC'))", "TEXT", "text", "text", "abc"),
    ("'2024-02-29'", "DATE", "date", "date", datetime.date(2024, 2, 29)),
    ("'10:20'", "TIME", "time without time zone", "time", datetime.time(10, 20)),
    ("'2024-01-01'", "DATETIME", TIMESTAMP, "timestamp", datetime.datetime(2024, 1, 1)),
    (
        "'2024-01-01T10:00:00.5Z'",
        "DATETIME",
        TIMESTAMPTZ,
        "timestamptz",
        datetime.datetime(2024, 1, 1, 10, 0, 0, 500000, UTC),
    ),
    ("0", "DATETIME", TIMESTAMPTZ, "epoch_s", datetime.datetime(1970, 1, 1, tzinfo=UTC)),
    ("1500", "DATETIME", TIMESTAMPTZ, "epoch_ms", datetime.datetime.fromtimestamp(1.5, UTC)),
    ("0", "TIMESTAMP", TIMESTAMPTZ, "cocoa", datetime.datetime(2001, 1, 1, tzinfo=UTC)),
    (
        "'00112233445566778899aabbccddeeff'",
        "UUID",
        "uuid",
        "uuid",
        uuid.UUID("00112233445566778899aabbccddeeff"),
    ),
    ("'{\"a\": 1}'", "JSON", "jsonb", "jsonb", {"a": 1}),
    ("(json_array(1, 2))", "JSON", "jsonb", "jsonb", [1, 2]),
]  # fmt: skip

MOMENTS: list[tuple[str, str, Conversion]] = [
    (default, pg_type, conversion)
    for default in (
        "CURRENT_TIMESTAMP",
        "(datetime('now'))",
        "(DATETIME( 'now' ))",
        "(strftime('%Y-%m-%d %H:%M:%f', 'now'))",
        "(strftime('%Y-%m-%dT%H:%M:%SZ'))",
        "(datetime('now', 'localtime'))",
    )
    for pg_type, conversion in (
        (TIMESTAMPTZ, "timestamptz"),
        (TIMESTAMP, "timestamp"),
        ("text", "text"),
    )
] + [
    ("(strftime('%s', 'now'))", "bigint", "integer"),
    ("(strftime('%s', 'now'))", "text", "text"),
    ("(unixepoch())", "bigint", "integer"),
    ("(unixepoch())", TIMESTAMPTZ, "epoch_s"),
    ("(CAST(strftime('%s', 'now') AS INT))", "double precision", "double"),
]
MILLISECONDS = [
    "(unixepoch() * 1000)",
    "(strftime('%s', 'now') * 1000)",
    "(CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))",
    "(unixepoch('subsec') * 1000)",
]
RANDOM = [
    ("(hex(randomblob(16)))", "text", r"[0-9A-F]{32}"),
    ("(lower(hex(randomblob(7))))", "text", r"[0-9a-f]{14}"),
    ("(lower(hex(randomblob(20))))", "text", r"[0-9a-f]{40}"),
    (
        "(lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' ||"
        " substr(lower(hex(randomblob(2))), 2) || '-a' || substr(lower(hex(randomblob(2))), 2)"
        " || '-' || lower(hex(randomblob(6))))",
        "text",
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    ),
    ("(randomblob(16))", "uuid", r"[0-9a-f-]{36}"),
]
LOST: list[tuple[str, str, str, Conversion]] = [
    ("''", "DATETIME", TIMESTAMP, "timestamp"),
    ("'0000-00-00'", "DATE", "date", "date"),
    ("'2023-02-29'", "DATE", "date", "date"),
    ("'n/a'", "INTEGER", "bigint", "integer"),
    ("2", "BOOLEAN", "boolean", "boolean"),
    ("1.005", "DECIMAL(5,2)", "numeric(5,2)", "decimal"),
    ("x'ff'", "TEXT", "text", "text"),
    ("'abc'", "VARCHAR(2)", "varchar(2)", "text"),
    ("CURRENT_TIMESTAMP", "INTEGER", "bigint", "integer"),
    ("(own_function())", "TEXT", "text", "text"),
    ("(strftime('%j', 'now'))", "DATETIME", TIMESTAMP, "timestamp"),
    ("'{'", "JSON", "jsonb", "jsonb"),
]


@pytest.fixture(scope="module")
def database(postgres_admin: str) -> Iterator[str]:
    """One database for all tests here."""
    with module_database(postgres_admin, "defaults") as conninfo:
        yield conninfo


@pytest.fixture
def target(database: str) -> str:
    """That database, empty."""
    return emptied(database)


def column(default: str, declared: str) -> Column:
    """A column as the catalog has it: SQLite drops the parentheses around an expression."""
    text = default[1:-1] if default.startswith("(") else default
    return Column("c", declared, False, text, 0, False)


def plan(declared: str, pg_type: str, conversion: Conversion) -> ColumnPlan:
    """A column that holds nothing."""
    return ColumnPlan("c", "c", declared, pg_type, conversion, "", StorageCounts())


def inserted(target: str, pg_type: str, default: str | None) -> object:
    """What PostgreSQL stores for a default, in a zone that is not UTC."""
    assert default is not None
    with psycopg.connect(target, options="-c TimeZone=Asia/Tokyo") as connection:
        connection.execute(f'CREATE TABLE t (c {pg_type} DEFAULT {default}, "d" int)'.encode())
        row = connection.execute("INSERT INTO t (d) VALUES (1) RETURNING c").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(("default", "declared", "pg_type", "conversion", "value"), FIXED)
def test_fixed_defaults_give_what_sqlite_stores(
    target: str, default: str, declared: str, pg_type: str, conversion: Conversion, value: object
) -> None:
    """A constant default is the value that SQLite would store, in the column's type."""
    made = plan_default("t", column(default, declared), plan(declared, pg_type, conversion))
    assert made.finding is None
    found = inserted(target, pg_type, made.sql)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(("default", "pg_type", "conversion"), MOMENTS)
def test_moments_are_now_in_utc(
    target: str, default: str, pg_type: str, conversion: Conversion
) -> None:
    """The present moment comes out the same in any zone of the server."""
    made = plan_default("t", column(default, "DATETIME"), plan("DATETIME", pg_type, conversion))
    found = inserted(target, pg_type, made.sql)
    local = "localtime" in default
    assert (made.finding is not None) == local
    text = str(found).rstrip("Z").replace("T", " ")
    if re.fullmatch(r"[\d.]+", text):
        moment = datetime.datetime.fromtimestamp(float(text), UTC)
    else:
        moment = datetime.datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    hours = 9 if local or (pg_type == TIMESTAMPTZ) else 0
    now = datetime.datetime.now(UTC) + datetime.timedelta(hours=hours)
    assert abs((moment - now).total_seconds()) < 60


@pytest.mark.parametrize("default", MILLISECONDS)
def test_milliseconds_are_found(target: str, default: str) -> None:
    """The spellings of milliseconds since 1970."""
    made = plan_default("t", column(default, "INTEGER"), plan("INTEGER", "bigint", "integer"))
    found = inserted(target, "bigint", made.sql)
    assert isinstance(found, int)
    assert abs(found / 1000 - datetime.datetime.now(UTC).timestamp()) < 60


@pytest.mark.parametrize(("default", "pg_type", "pattern"), RANDOM)
def test_random_defaults_have_the_same_form(
    target: str, default: str, pg_type: str, pattern: str
) -> None:
    """Random digits and UUIDs keep their length and letter case."""
    conversion: Conversion = "uuid" if pg_type == "uuid" else "text"
    made = plan_default("t", column(default, "TEXT"), plan("TEXT", pg_type, conversion))
    assert re.fullmatch(pattern, str(inserted(target, pg_type, made.sql)))


@pytest.mark.parametrize(("default", "declared", "pg_type", "conversion"), LOST)
def test_a_default_that_does_not_fit_is_reported(
    default: str, declared: str, pg_type: str, conversion: Conversion
) -> None:
    """No default, and a finding that names the column and the default."""
    made = plan_default("t", column(default, declared), plan(declared, pg_type, conversion))
    assert made.sql is None
    assert made.finding is not None and made.finding.subject == "t.c"
    assert column(default, declared).default_sql in made.finding.message


@pytest.mark.parametrize("default", ["NULL", "(null)", "(1 - NULL)"])
def test_null_is_no_default(default: str) -> None:
    """A default of NULL is what a column without one has."""
    made = plan_default("t", column(default, "TEXT"), plan("TEXT", "text", "text"))
    assert made.sql is None and made.finding is None


def test_translated_defaults_are_cast(target: str) -> None:
    """An expression of neither kind goes through the translation."""
    made = plan_default(
        "t", column("(date('now', '+1 day'))", "TEXT"), plan("TEXT", "text", "text")
    )
    tomorrow = datetime.datetime.now(UTC).date() + datetime.timedelta(days=1)
    assert inserted(target, "text", made.sql) in {
        str(tomorrow),
        str(tomorrow + datetime.timedelta(1)),
    }
