"""The health of a file: header, pragmas, checks, and which checks are left out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from dbtune.model.schema import FileHealth
from dbtune.sqlite import pragmas
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.pragmas import integrity_errors, read_health
from tests.fixtures import hostile
from tests.fixtures.hostile import build, build_more, ordinary
from tests.fixtures.other_process import other_process


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small sound database."""
    path = tmp_path / "shop.db"
    ordinary(path)
    return path


def health_of(path: Path) -> FileHealth:
    """Return the health of a file."""
    with closing(open_readonly(path)) as connection:
        return read_health(connection, path)


def test_a_sound_file(database: Path) -> None:
    """Sizes agree with the file, and no check complains."""
    found = health_of(database)
    assert found.size_bytes == database.stat().st_size == found.page_count * found.page_size_bytes
    assert (found.journal_mode, found.encoding, found.auto_vacuum) == ("delete", "UTF-8", 0)
    assert found.integrity_errors == found.foreign_key_violations == found.not_checked == ()
    assert found.sqlite_version == sqlite3.sqlite_version
    assert found.wal_bytes == 0


def test_a_file_with_other_settings(tmp_path: Path) -> None:
    """Page size, encoding and auto_vacuum are the file's."""
    path = tmp_path / "utf16.db"
    hostile.utf16(path)
    found = health_of(path)
    assert (found.page_size_bytes, found.encoding, found.auto_vacuum) == (1024, "UTF-16le", 1)


def test_free_pages_and_the_log_are_counted(database: Path) -> None:
    """Deleted rows leave free pages; under WAL their pages are in the -wal first."""
    with other_process(database) as other:
        other.run("PRAGMA journal_mode = WAL")
        other.run("DELETE FROM orders")
        found = health_of(database)
    assert found.freelist_count > 10
    assert found.journal_mode == "wal" and found.wal_bytes > 0


@pytest.mark.parametrize("builder", hostile.DAMAGED, ids=lambda builder: builder.__name__)
def test_damage_is_told_line_by_line(tmp_path: Path, builder: hostile.Builder) -> None:
    """Without the header that SQLite puts above its lines; foreign keys are then left alone."""
    path = tmp_path / "damaged.db"
    builder(path)
    found = health_of(path)
    assert found.integrity_errors
    assert not any("\n" in line or "***" in line for line in found.integrity_errors)


def test_an_index_that_lacks_a_row_is_damage(tmp_path: Path) -> None:
    """quick_check sees what pages say of themselves, such as a row of NOT NULL that is NULL."""
    path = tmp_path / "null.db"
    build(path, ("CREATE TABLE t (x)", "INSERT INTO t VALUES (NULL)", "PRAGMA writable_schema = 1"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE t (x NOT NULL)'")
        connection.commit()
    assert health_of(path).integrity_errors == ("NULL value in t.x",)


def test_unknown_functions_are_no_damage(tmp_path: Path) -> None:
    """A table that only its application can check is named as not checked."""
    path = tmp_path / "custom.db"
    hostile.custom_functions(path)
    build_more(path, "CREATE TABLE plain (x)")
    found = health_of(path)
    assert found.integrity_errors == ()
    assert found.not_checked == ("integrity of people: unknown function: normal()",)


def test_rows_that_refer_to_nothing(database: Path) -> None:
    """Table, rowid and the table referred to; 1,000 at most."""
    build_more(database, "DELETE FROM users WHERE id IN (3, 5)")
    assert health_of(database).foreign_key_violations == (
        ("orders", 3, "users"),
        ("orders", 5, "users"),
    )
    build_more(
        database,
        "DELETE FROM users",
        "CREATE TABLE more (id INTEGER PRIMARY KEY, user_id REFERENCES users (id))",
        "INSERT INTO more (user_id) SELECT id FROM orders",
    )
    assert len(health_of(database).foreign_key_violations) == pragmas.MAX_VIOLATIONS


def test_a_key_that_cannot_be_checked_stops_only_itself(tmp_path: Path) -> None:
    """A reference to columns that are not unique is SQLite's "foreign key mismatch"."""
    path = tmp_path / "mismatch.db"
    build(
        path,
        (
            "CREATE TABLE parent (id INTEGER PRIMARY KEY, code)",
            "CREATE TABLE bad (code REFERENCES parent (code))",
            "CREATE TABLE good (parent_id REFERENCES parent (id))",
            "INSERT INTO good VALUES (7)",
        ),
    )
    found = health_of(path)
    assert found.foreign_key_violations == (("good", 1, "parent"),)
    assert len(found.not_checked) == 1
    assert found.not_checked[0].startswith("foreign keys of bad: foreign key mismatch")


def test_fragmentation_is_what_vacuum_takes_away(tmp_path: Path) -> None:
    """Two tables that grow in turns are torn apart; written anew they lie in order."""
    path = tmp_path / "torn.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, pad)")
        connection.execute("CREATE TABLE b (id INTEGER PRIMARY KEY, pad)")
        for start in range(0, 4000, 20):
            for table in ("a", "b"):
                keys = [((start + n) * 7919 % 4000,) for n in range(20)]
                connection.executemany(f"INSERT INTO {table} VALUES (?, zeroblob(900))", keys)
        connection.commit()
    before = health_of(path).fragmentation_ratio
    build_more(path, "VACUUM")
    after = health_of(path).fragmentation_ratio
    if before is None:
        pytest.skip("this SQLite has no DBSTAT")
    assert after is not None
    assert before > 0.5 and after < 0.05


def test_long_rows_are_no_fragmentation(tmp_path: Path) -> None:
    """Overflow pages lie between the leaves where they are read with them."""
    path = tmp_path / "long.db"
    build(
        path,
        ("CREATE TABLE t (x)",),
        rows="WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60)"
        " INSERT INTO t SELECT zeroblob(100000) FROM n",
    )
    assert (health_of(path).fragmentation_ratio or 0.0) < 0.1


def test_large_files_are_not_checked_beside_writers(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a rollback journal commits would wait; in WAL mode nobody does."""
    monkeypatch.setattr(pragmas, "_CHECKED_BESIDE_WRITERS_BYTES", 100_000)
    build_more(database, "DELETE FROM users WHERE id = 3")
    found = health_of(database)
    assert found.foreign_key_violations == () and found.fragmentation_ratio is None
    assert "integrity, foreign keys and fragmentation: the file has" in found.not_checked[0]
    build_more(database, "PRAGMA journal_mode = WAL")
    alone = health_of(database)
    assert alone.foreign_key_violations == (("orders", 3, "users"),) and not alone.not_checked


def test_both_libraries_find_the_same(database: Path) -> None:
    """On copies apsw reads it."""
    expected = health_of(database)
    with closing(apsw.Connection(str(database))) as connection:
        found = read_health(connection, database)
        assert integrity_errors(connection) == ()
    assert expected.fragmentation_ratio in {found.fragmentation_ratio, None}
    assert found.page_count == expected.page_count
