"""Rules about the file: journal, library, free space, order, page size, damage, orphans."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import (
    foreign_key_violation,
    fragmentation,
    freelist,
    integrity_error,
    rollback_journal,
    run_rules,
    small_page_size,
    wal_reset_race,
)
from dbtune.model.schema import FileHealth
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.pragmas import read_health
from tests.unit.rules.measured import Query, build, facts_of, rows, run

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)"
READ = Query("SELECT body FROM t WHERE id = 1", count=90)
WRITE = Query("INSERT INTO t (body) VALUES ('x')", count=10)


def filled(path: Path, count: int, *before: str) -> Path:
    """Write a table of so many rows of 1,000 bytes."""
    return build(
        path, *before, TABLE, f"INSERT INTO t SELECT n, printf('%.1000c', 'x') FROM {rows(count)}"
    )


def with_health(facts: Facts, **changed: object) -> Facts:
    """Return the facts with other figures of the file."""
    health: FileHealth = replace(facts.health, **changed)  # type: ignore[arg-type]
    return replace(facts, health=health)


def test_a_rollback_journal_is_found_until_wal_is_on(tmp_path: Path) -> None:
    """With recorded writes it is medium; WAL ends it, and leaving WAL brings it back."""
    path = filled(tmp_path / "t.db", 20)
    (finding,) = rollback_journal.check(facts_of(path, READ, WRITE))
    assert (finding.severity, finding.command) == ("medium", "dbtune enable-wal DB")
    assert "10 % of the recorded statements write" in finding.message
    run(path, "PRAGMA journal_mode = WAL")
    assert rollback_journal.check(facts_of(path, READ, WRITE)) == ()
    run(path, "PRAGMA journal_mode = DELETE")
    assert rollback_journal.check(facts_of(path, READ, WRITE)) == (finding,)


def test_a_rollback_journal_without_recorded_writes_is_information(tmp_path: Path) -> None:
    """WAL does nothing for reads alone, and without a recording nothing is known."""
    path = filled(tmp_path / "t.db", 20)
    assert [f.severity for f in rollback_journal.check(facts_of(path, READ))] == ["info"]
    assert [f.severity for f in rollback_journal.check(facts_of(path))] == ["info"]


def test_an_empty_database_has_nothing_to_advise(tmp_path: Path) -> None:
    """A file without tables has no findings at all."""
    path = tmp_path / "empty.db"
    path.touch()
    assert run_rules(facts_of(path)) == ()


@pytest.mark.parametrize(
    ("application", "python", "severity"),
    [
        ("3.40.1", "3.51.3", "medium"),
        ("3.51.2", "3.40.1", "medium"),
        ("3.51.3", "3.40.1", "info"),
        (None, "3.40.1", "low"),
        ("3.44.6", "3.50.7", None),
        (None, "3.51.3", None),
        (None, "", None),
    ],
)
def test_the_wal_reset_race_is_told_by_version(
    tmp_path: Path, application: str | None, python: str, severity: str | None
) -> None:
    """The application's library counts most; Python's is only a guess at it."""
    path = filled(tmp_path / "t.db", 20, "PRAGMA journal_mode = WAL")
    facts = replace(
        facts_of(path), application_sqlite_version=application, python_sqlite_version=python
    )
    found = [finding.severity for finding in wal_reset_race.check(facts)]
    assert found == ([severity] if severity else [])


def test_the_wal_reset_race_matters_only_under_wal(tmp_path: Path) -> None:
    """Under a rollback journal it is told where WAL is advised, which writes decide."""
    path = filled(tmp_path / "t.db", 20)
    old = {"application_sqlite_version": "3.40.1"}
    assert wal_reset_race.check(replace(facts_of(path, READ), **old)) == ()
    found = wal_reset_race.check(replace(facts_of(path, READ, WRITE), **old))
    assert [finding.severity for finding in found] == ["low"]


def test_free_pages_are_found_until_vacuum_gives_them_back(tmp_path: Path) -> None:
    """Deleting most rows of 9 MB leaves free pages that VACUUM takes away."""
    path = filled(tmp_path / "t.db", 8000)
    assert freelist.check(facts_of(path)) == ()
    run(path, "DELETE FROM t WHERE id > 1000")
    (finding,) = freelist.check(facts_of(path))
    assert finding.command == "dbtune optimize DB"
    assert "% of the file are free pages" in finding.message
    run(path, "VACUUM")
    assert freelist.check(facts_of(path)) == ()


@pytest.mark.parametrize(("rows_before", "kept"), [(2000, 0), (8000, 7500)])
def test_few_free_pages_are_left_alone(tmp_path: Path, rows_before: int, kept: int) -> None:
    """A small file, and a small share: SQLite fills them again."""
    path = filled(tmp_path / "t.db", rows_before)
    run(path, f"DELETE FROM t WHERE id > {kept}")
    assert freelist.check(facts_of(path)) == ()


def test_a_big_scattered_file_is_found_until_it_is_in_order(tmp_path: Path) -> None:
    """Two tables filled in turn scatter each other; VACUUM puts them in order."""
    path = build(
        tmp_path / "t.db",
        "CREATE TABLE a (id TEXT PRIMARY KEY, body) WITHOUT ROWID",
        "INSERT INTO a SELECT hex(n * 2654435761 % 4294967296), printf('%.900c', 'x')"
        f" FROM {rows(3000)}",
    )
    facts = facts_of(path)
    ratio = facts.health.fragmentation_ratio
    if ratio is None:
        pytest.skip("this SQLite has no DBSTAT")
    assert ratio > 0.5
    assert fragmentation.check(facts) == ()
    (finding,) = fragmentation.check(with_health(facts, size_bytes=80_000_000))
    assert finding.command == "dbtune optimize DB"
    run(path, "VACUUM")
    assert fragmentation.check(with_health(facts_of(path), size_bytes=80_000_000)) == ()


def test_fragmentation_that_is_not_known_is_no_finding(tmp_path: Path) -> None:
    """A SQLite without DBSTAT cannot tell."""
    facts = facts_of(filled(tmp_path / "t.db", 20))
    unknown = with_health(facts, fragmentation_ratio=None, size_bytes=10**9)
    assert fragmentation.check(unknown) == ()


def test_small_pages_of_a_big_file_are_found_until_they_are_large(tmp_path: Path) -> None:
    """A file of 10 MB with pages of 1,024 bytes, rebuilt with 4,096."""
    path = filled(tmp_path / "t.db", 9000, "PRAGMA page_size = 1024")
    (finding,) = small_page_size.check(facts_of(path))
    assert finding.command == "dbtune enable-wal DB --page-size 4096"
    run(path, "PRAGMA page_size = 4096; VACUUM")
    assert small_page_size.check(facts_of(path)) == ()


def test_small_pages_of_a_small_file_are_left_alone(tmp_path: Path) -> None:
    """A rebuild would gain nothing."""
    path = filled(tmp_path / "t.db", 100, "PRAGMA page_size = 512")
    assert small_page_size.check(facts_of(path)) == ()


def test_damage_is_high_and_never_says_to_go_on(tmp_path: Path) -> None:
    """A page overwritten in the middle of a table; a restored copy ends the finding."""
    path = filled(tmp_path / "t.db", 200)
    sound = path.read_bytes()
    assert integrity_error.check(facts_of(path)) == ()
    path.write_bytes(sound[: 4096 * 5] + b"\xff" * 4096 + sound[4096 * 6 :])
    health = replace(facts_of_damaged(sound, tmp_path), health=facts_of_health(path))
    (finding,) = integrity_error.check(health)
    assert finding.severity == "high"
    assert ".recover" in (finding.command or "")
    assert "restore the last good backup" in finding.help
    assert finding.change is None
    path.write_bytes(sound)
    assert integrity_error.check(facts_of(path)) == ()


def facts_of_damaged(sound: bytes, folder: Path) -> Facts:
    """Return the facts of the file as it was: a damaged one has no statistics."""
    copy = folder / "sound.db"
    copy.write_bytes(sound)
    return facts_of(copy)


def facts_of_health(path: Path) -> FileHealth:
    """Return the health of a damaged file."""
    with closing(open_readonly(path)) as connection:
        return read_health(connection, path)


FAMILY = (
    "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
    "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INT REFERENCES parent (id))",
    f"INSERT INTO parent SELECT n FROM {rows(2000)}",
    f"INSERT INTO child SELECT n, n FROM {rows(2000)}",
)


@pytest.mark.parametrize(("orphans", "severity"), [(3, "medium"), (40, "high")])
def test_orphans_are_found_until_their_parents_are_back(
    tmp_path: Path, orphans: int, severity: str
) -> None:
    """A few are medium, one row in a hundred is high."""
    path = build(tmp_path / "t.db", *FAMILY)
    assert foreign_key_violation.check(facts_of(path)) == ()
    run(path, f"DELETE FROM parent WHERE id <= {orphans}")
    (finding,) = foreign_key_violation.check(facts_of(path))
    assert (finding.subject, finding.severity) == ("child -> parent", severity)
    assert f"{orphans} rows refer to a row that is not in parent (rowid 1, 2, 3" in finding.message
    assert finding.change is None
    run(path, f"INSERT INTO parent SELECT n FROM {rows(orphans)}")
    assert foreign_key_violation.check(facts_of(path)) == ()


def test_orphans_of_a_table_that_is_missing_say_so(tmp_path: Path) -> None:
    """The parent table itself may be gone, and a count that was cut is a lower bound."""
    path = build(tmp_path / "t.db", *FAMILY, "DROP TABLE parent")
    (finding,) = foreign_key_violation.check(facts_of(path))
    assert "which does not exist" in finding.message
    assert "at least 1,000 rows" in finding.message
