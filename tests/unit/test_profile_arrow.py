"""Texts measured by ADBC and Arrow have the profile that reading them row by row gives."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.transfer import TableProfile
from dbtune.postgres.profiling.profile import begin_part
from dbtune.postgres.profiling.profile_tables import ReadTexts, profile_tables
from dbtune.postgres.workers.arrow_source import arrow_available
from dbtune.postgres.workers.worker import Task
from dbtune.postgres.workers.worker_pool import WorkerPool
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures.typed import reading

pytestmark = pytest.mark.skipif(not arrow_available(), reason="needs the extra dbtune[fast]")

# Above the number of rows from which texts are left to ADBC.
ROWS = 2_500
MOMENT = "2024-01-05 10:00:00"


def at(place: int, odd: Any, otherwise: Any = MOMENT) -> Callable[[int], Any]:
    """Values of which one is odd."""
    return lambda n: odd if n == place else otherwise


# A declared type and what its column holds in row n.
COLUMNS: dict[str, tuple[str, Callable[[int], Any]]] = {
    "ascii": ("TEXT", lambda n: f"value {n}"),
    "umlauts": ("VARCHAR(20)", lambda n: "äöü🍣"[: n % 5] + "x" * (n % 3)),
    "short": ("CHAR(9)", lambda n: "x" * (n % 9)),
    "nulls": ("TEXT", lambda n: None),
    "some_nulls": ("TEXT", lambda n: None if n % 3 else "é"),
    "empty": ("TEXT NOT NULL", lambda n: ""),
    "line_ends": ("TEXT", lambda n: "\n" * (n % 4)),
    "dates": ("DATE", lambda n: f"20{n % 100:02}-{n % 12 + 1:02}-{n % 28 + 1:02}"),
    "moments": ("DATETIME NOT NULL", lambda n: f"2024-02-29 {n % 24:02}:{n % 60:02}:{n % 60:02}"),
    "moments_with_nulls": ("DATETIME", lambda n: None if n % 2 else MOMENT),
    "late_days": ("DATE", lambda n: f"2024-{n % 12 + 1:02}-{28 + n % 4}"),
    "no_hour": ("DATETIME", at(2_100, "2024-01-05 24:00:00")),
    "no_month": ("DATETIME", at(7, "2024-13-05 10:00:00")),
    "first_year": ("DATETIME", at(9, "0001-01-01 00:00:00")),
    "year_0": ("DATETIME", at(9, "0000-01-01 00:00:00")),
    "offsets": ("DATETIME", lambda n: f"{MOMENT}{'+-'[n % 2]}0{n % 9}:30"),
    "edges": ("DATETIME", at(3, "0001-01-01 00:00:00+02:00", MOMENT + "+02:00")),
    "fractions": ("DATETIME", at(2_400, MOMENT + ".1234567", MOMENT + ".1234560")),
    "two_shapes": ("TIMESTAMP", lambda n: MOMENT if n % 2 else MOMENT[:10]),
    "empty_dates": ("DATETIME", lambda n: "" if n % 2 else MOMENT),
    "all_empty_dates": ("DATETIME", lambda n: ""),
    "no_dates": ("DATETIME", lambda n: f"{n:019}"),
    "long_no_dates": ("DATETIME", lambda n: "n" * 100),
    "times": ("TIME", lambda n: f"{n % 25:02}:00"),
    "dates_not_ascii": ("DATE", at(5, "٢٠٢٤-01", "2024-01-05")),
    "many_shapes": ("DATETIME", lambda n: "x" * (n % 30) + "1"),
    "nul": ("TEXT", at(2_200, "a\0b", "plain")),
    "nul_in_date": ("DATETIME", at(2_200, MOMENT[:-1] + "\0")),
    "invalid": ("TEXT", at(2_200, b"\xff\xfe", "plain")),
    "invalid_date": ("DATETIME", at(2_200, b"2024-01-05 10:00:0\xff")),
    "halves": ("TEXT", lambda n: b"\xc3" if n % 2 else b"\xa9"),
    "surrogate": ("TEXT", at(2_300, b"\xed\xa0\x80", "plain")),
    "integer_among": ("BLOB", at(2_300, 7, "text")),
    "blob_among": ("NUMERIC", at(2_300, ("blob", b"text"), "text")),
    "long": ("TEXT", at(2_300, "é" * 20_000, "short")),
    "long_not_null": ("TEXT NOT NULL", at(2_300, "x" * 17_000, "short")),
    "booleans": ("BOOLEAN", lambda n: "true" if n % 2 else "f"),
    "numbers": ("DECIMAL(5,2)", lambda n: f"{n}.x"),
}


@pytest.fixture(scope="module", params=["UTF-8", "UTF-16le"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table for each column, and one for all those of clean texts."""
    path = tmp_path_factory.mktemp("texts") / "source.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA encoding = '{request.param}'")
        for name, (declared, value) in COLUMNS.items():
            connection.execute(f'CREATE TABLE "{name}" ("the {name}" {declared})')
            for n in range(1, ROWS + 1):
                _insert(connection, name, n * 3 - 100, value(n))
        connection.commit()
    return path


def _insert(connection: sqlite3.Connection, table: str, rowid: int, value: Any) -> None:
    """Insert a row; bytes are stored as text, a tuple's second part as a blob."""
    term = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
    value = value[1] if isinstance(value, tuple) else value
    sql = f'INSERT INTO "{table}" (rowid, "the {table}") VALUES (?, {term})'
    connection.execute(sql, (rowid, value))


def profiles(path: Path, *, fast: bool) -> Mapping[str, TableProfile]:
    """The profiles of all tables."""
    with WorkerPool(path, jobs=1, fast=fast, conninfo=None) as pool:
        assert pool.has_arrow == fast
        return profile_tables(pool, read_schema(pool.sqlite), lambda event: None)


def test_both_ways_give_one_profile(source: Path) -> None:
    """Counts, lengths, forms with their examples and rows, problems and shapes are the same."""
    by_rows, by_arrow = profiles(source, fast=False), profiles(source, fast=True)
    for name in COLUMNS:
        assert by_arrow[name] == by_rows[name], name


def test_clean_texts_are_read_by_arrow_and_odd_ones_are_not(source: Path) -> None:
    """What only the reading by rows can tell is left to it."""
    found: dict[str, bool] = {}

    def take(task: Task[TableProfile | None], profile: TableProfile | None) -> None:
        assert isinstance(task, ReadTexts)
        found[task.table.name] = profile is not None

    with WorkerPool(source, jobs=1, fast=True, conninfo=None) as pool:
        tasks = []
        for table in read_schema(pool.sqlite).tables:
            begun = begin_part(pool.sqlite, table, leave_texts=True)
            if begun.unread:
                tasks.append(ReadTexts(table, begun, frozenset(), arrow=True))
        pool.run(tasks, take)
    left_alone = {"nulls", "integer_among", "blob_among", "long", "booleans", "numbers"}
    assert not left_alone & found.keys()
    assert found["ascii"] and found["umlauts"] and found["moments"] and found["fractions"]
    assert not found["nul"] and not found["nul_in_date"]


@pytest.mark.parametrize("seed", range(3))
def test_random_texts_have_one_profile(tmp_path: Path, seed: int) -> None:
    """Columns of pieces of dates, of other texts and of NULL, in several parts of a table."""
    chance = random.Random(seed)
    pieces = ["2024-02-29", "2023-02-29", " ", "T", "10:00:00", "23:59", ".5", "Z", "", "é", "x"]
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        for name in ("t", "far"):
            types = ("a DATETIME", "b TEXT", "c DATE NOT NULL", "d VARCHAR(5)")
            connection.execute(f"CREATE TABLE {name} ({', '.join(types)})")
            step = 1 if name == "t" else 200
            choices = [chance.choices(pieces, k=chance.choice((1, 3))) for _ in types]
            for n in range(5_000):
                row = ["".join(chance.choices(own, k=chance.randrange(3))) for own in choices]
                row = [value if n % 7 or place == 2 else None for place, value in enumerate(row)]
                sql = f"INSERT INTO {name} (rowid, a, b, c, d) VALUES (?, ?, ?, ?, ?)"
                connection.execute(sql, (n * step, *row))
        connection.commit()
    assert profiles(path, fast=True) == profiles(path, fast=False)
    with reading(path) as connection:
        assert connection.execute("SELECT count(*) FROM far").fetchone() == (5_000,)
