"""`dbtune optimize`: ANALYZE, VACUUM and a checkpoint where they pay, and only there."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import clean_environment, dbtune_command
from tests.fixtures.hostile import (
    build_more,
    corrupt_data_page,
    custom_functions,
    empty_file,
    hostile_names,
    ordinary,
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# A second process that runs statements and keeps its connection open.
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement).fetchall()
print("holding", flush=True)
sys.stdin.read()
"""

_ABOUT_STATISTICS = (
    'ANALYZE "sqlite_master"',
    'DELETE FROM "sqlite_stat',
    'INSERT INTO "sqlite_stat',
)


@pytest.fixture
def worn(tmp_path: Path) -> Path:
    """A database of 10 MB that is mostly free pages, without statistics."""
    path = tmp_path / "worn.db"
    ordinary(path)
    build_more(
        path,
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, text TEXT)",
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000)"
        " INSERT INTO logs (text) SELECT printf('%.5000c', 'x') FROM n",
        "DELETE FROM logs WHERE id % 10",
        "CREATE INDEX ix_orders_user ON orders (user_id)",
        "INSERT INTO orders (user_id, total) SELECT user_id, total FROM orders",
    )
    return path


def test_it_says_why_does_it_and_reads_it_back(run_dbtune: Run, worn: Path) -> None:
    """VACUUM and ANALYZE pay here: both are explained, done, and shown in figures."""
    before, size = dump(worn), worn.stat().st_size
    result = run_dbtune("optimize", worn, "--yes")
    assert result.returncode == 0, result.stderr
    assert "vacuum: " in result.stdout
    assert "free pages" in result.stdout
    assert "writers wait about" in result.stdout
    assert "analyze: " in result.stdout
    assert "MB -> " in result.stdout
    assert worn.stat().st_size < size / 2
    assert dump(worn) == before
    assert statistics(worn) == {"orders": 2000, "users": 1000}


def test_a_second_run_finds_nothing_that_pays(run_dbtune: Run, worn: Path) -> None:
    """It says so with the figures, changes nothing, and ends with 0."""
    assert run_dbtune("optimize", worn, "--yes").returncode == 0
    before = worn.read_bytes()
    result = run_dbtune("optimize", worn)
    assert result.returncode == 0
    assert "Nothing pays" in result.stdout
    assert "free pages: 0 % of the file" in result.stdout
    assert worn.read_bytes() == before


def test_a_backup_comes_before_vacuum(run_dbtune: Run, worn: Path) -> None:
    """The backup is named, and holds what the database held."""
    before = dump(worn)
    result = run_dbtune("optimize", worn, "--yes")
    line = next(line for line in result.stdout.splitlines() if line.startswith("backup: "))
    assert dump(Path(line.removeprefix("backup: "))) == before


def test_no_backup_where_none_is_wanted_or_needed(run_dbtune: Run, worn: Path) -> None:
    """--no-backup makes none, and ANALYZE alone needs none."""
    assert run_dbtune("optimize", worn, "--yes", "--no-backup").returncode == 0
    assert os.listdir(worn.parent) == ["worn.db"]
    build_more(worn, "DROP TABLE sqlite_stat1")
    assert run_dbtune("optimize", worn, "--yes").returncode == 0
    assert os.listdir(worn.parent) == ["worn.db"]
    assert statistics(worn) == {"orders": 2000, "users": 1000}


def test_a_dry_run_and_a_question_nobody_answers_change_nothing(
    run_dbtune: Run, worn: Path
) -> None:
    """--dry-run shows the plan and ends with 0; without a terminal and --yes it ends with 2."""
    before = worn.read_bytes()
    dry = run_dbtune("optimize", worn, "--dry-run")
    asked = run_dbtune("optimize", worn)
    assert (dry.returncode, asked.returncode) == (0, 2)
    assert "vacuum: " in dry.stdout
    assert "--yes" in asked.stderr
    assert worn.read_bytes() == before
    assert os.listdir(worn.parent) == ["worn.db"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux tells who has it open")
def test_vacuum_is_left_out_while_others_have_the_file_open(run_dbtune: Run, worn: Path) -> None:
    """The other steps are done, and who stands in the way of VACUUM is told."""
    size = worn.stat().st_size
    with held(worn, "SELECT 1"):
        result = run_dbtune("optimize", worn, "--yes")
        assert result.returncode == 0, result.stderr
        assert "not now: others have the file open: process" in result.stdout
        assert worn.stat().st_size == size
        assert statistics(worn) == {"orders": 2000, "users": 1000}
        refused = run_dbtune("optimize", worn, "--yes")
    assert refused.returncode == 5
    assert "others have the file open" in refused.stderr
    assert run_dbtune("optimize", worn, "--yes").returncode == 0
    assert worn.stat().st_size < size / 2


def test_a_large_wal_is_checkpointed_beside_other_connections(
    run_dbtune: Run, tmp_path: Path
) -> None:
    """A -wal that a burst of writes left behind is emptied, and its rows are in the file."""
    path = large_wal(tmp_path)
    wal = path.with_name("shop.db-wal")
    with held(path, "SELECT count(*) FROM users"):
        fill_wal(path)
        assert wal.stat().st_size > 16_000_000
        result = run_dbtune("optimize", path, "--yes")
        assert result.returncode == 0, result.stderr
        assert "checkpoint: " in result.stdout
        assert "-> 0 bytes" in result.stdout
        assert wal.stat().st_size == 0
    assert count(path, "logs") == 4200


def test_a_reader_that_keeps_the_wal_from_being_emptied_is_told(
    run_dbtune: Run, tmp_path: Path
) -> None:
    """An open read transaction is waited for, then named as the reason: exit code 5."""
    path = large_wal(tmp_path)
    with held(path, "BEGIN", "SELECT count(*) FROM users"):
        fill_wal(path)
        result = run_dbtune("optimize", path, "--yes", "--wait", "0.2")
    assert result.returncode == 5
    assert "another connection reads" in result.stderr
    assert count(path, "logs") == 4200


def test_vacuum_under_wal_leaves_no_large_wal_behind(run_dbtune: Run, worn: Path) -> None:
    """VACUUM writes everything through the -wal, so a checkpoint follows it."""
    build_more(worn, "PRAGMA journal_mode = WAL")
    before = dump(worn)
    result = run_dbtune("optimize", worn, "--yes")
    assert result.returncode == 0, result.stderr
    assert result.stdout.index("vacuum: ") < result.stdout.index("checkpoint: ")
    assert not worn.with_name("worn.db-wal").exists()
    assert dump(worn) == before


def test_a_writer_that_holds_the_lock_is_waited_for_and_told(
    run_dbtune: Run, tmp_path: Path
) -> None:
    """ANALYZE needs the write lock: after --wait it ends with 5 and has changed nothing."""
    path = tmp_path / "shop.db"
    ordinary(path)
    with held(path, "BEGIN IMMEDIATE"):
        before = path.read_bytes()
        result = run_dbtune("optimize", path, "--yes", "--wait", "0.2")
        assert path.read_bytes() == before
    assert result.returncode == 5
    assert "locked" in result.stderr


def test_vacuum_never_renumbers_rows_that_a_full_text_index_points_at(
    run_dbtune: Run, worn: Path
) -> None:
    """Rows without an INTEGER PRIMARY KEY may get new rowids, and the index would find others."""
    build_more(
        worn,
        "CREATE TABLE notes (body TEXT)",
        "CREATE VIRTUAL TABLE found USING fts5(body, content = 'notes')",
        "INSERT INTO notes VALUES ('gone'), ('trout'), ('salmon')",
        "INSERT INTO found (rowid, body) SELECT rowid, body FROM notes",
        "INSERT INTO found (found, rowid, body) VALUES ('delete', 1, 'gone')",
        "DELETE FROM notes WHERE body = 'gone'",
    )
    result = run_dbtune("optimize", worn, "--yes")
    assert result.returncode == 0, result.stderr
    assert "full-text table found" in result.stdout
    with closing(sqlite3.connect(worn)) as connection:
        query = "SELECT body FROM found WHERE found MATCH 'trout'"
        assert connection.execute(query).fetchall() == [("trout",)]


def test_a_full_text_index_over_a_primary_key_does_not_stop_vacuum(
    run_dbtune: Run, worn: Path
) -> None:
    """An INTEGER PRIMARY KEY is the rowid and stays."""
    build_more(worn, "CREATE VIRTUAL TABLE found USING fts5(text, content = logs)")
    assert "not now" not in run_dbtune("optimize", worn, "--dry-run").stdout


def test_a_damaged_database_is_left_alone(run_dbtune: Run, tmp_path: Path) -> None:
    """Rebuilding what cannot be read would lose it: exit code 5, with the way out."""
    path = tmp_path / "damaged.db"
    corrupt_data_page(path)
    before = path.read_bytes()
    result = run_dbtune("optimize", path, "--yes")
    assert result.returncode == 5
    assert "damaged" in result.stderr
    assert "dbtune restore" in result.stderr
    assert path.read_bytes() == before


def test_an_empty_file_has_nothing_that_pays(run_dbtune: Run, tmp_path: Path) -> None:
    """0 bytes are a database without tables: exit code 0, and it stays at 0 bytes."""
    path = tmp_path / "empty.db"
    empty_file(path)
    result = run_dbtune("optimize", path)
    assert result.returncode == 0
    assert "no tables" in result.stdout
    assert path.stat().st_size == 0


def test_tables_with_hostile_names_are_analyzed(run_dbtune: Run, tmp_path: Path) -> None:
    """Every name is quoted, and none can end or extend a statement."""
    path = tmp_path / "odd.db"
    hostile_names(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        (table,) = (name for name in names if name == "semi;colon -- comment")
        for _ in range(4):
            connection.execute(
                f'INSERT INTO "{table}" ("{table} col") SELECT "{table} col" FROM "{table}"'
            )
    result = run_dbtune("optimize", path, "--yes")
    assert result.returncode == 0, result.stderr
    assert statistics(path) == {"semi;colon -- comment": 2400}


def test_what_needs_the_applications_functions_is_told_and_rolled_back(
    run_dbtune: Run, tmp_path: Path
) -> None:
    """ANALYZE of an index with an unknown collation fails: exit code 7, and nothing changed."""
    path = tmp_path / "custom.db"
    custom_functions(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.create_collation("UNICODE_NOCASE", lambda a, b: (a > b) - (a < b))
        connection.create_function("normal", 1, str, deterministic=True)
        connection.executemany(
            "INSERT INTO people (name, age) VALUES (?, ?)", [(f"m{i}", i) for i in range(2000)]
        )
        connection.commit()
    before = path.read_bytes()
    result = run_dbtune("optimize", path, "--yes")
    assert result.returncode == 7
    assert "as it was" in result.stderr
    assert path.read_bytes() == before


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux shows what it builds")
def test_ctrl_c_stops_a_vacuum_and_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """The interrupt does not wait for the end of VACUUM: exit code 130, and every byte stays."""
    path = tmp_path / "large.db"
    build_more(
        path,
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, text)",
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500000)"
        " INSERT INTO logs (text) SELECT printf('%.200c', 'x') FROM n",
        "DELETE FROM logs WHERE id > 300000",
        "ANALYZE",
    )
    before = path.read_bytes()
    with subprocess.Popen(
        [dbtune_command(), "optimize", str(path), "--yes", "--no-backup"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        text=True,
    ) as process:
        wait_for_temporary_file(process)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate()
    assert (process.returncode, message.strip()) == (
        130,
        "Vacuum ...\n\nError: interrupted.",
    )
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["large.db"]


@contextmanager
def held(path: Path, *statements: str) -> Iterator[None]:
    """Keep a connection of another process open after it ran the statements."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), *statements],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holding\n"
        yield
        holder.communicate()


def large_wal(folder: Path) -> Path:
    """Write a database in WAL mode with true statistics."""
    path = folder / "shop.db"
    ordinary(path)
    build_more(path, "CREATE TABLE logs (text)", "ANALYZE", "PRAGMA journal_mode = WAL")
    return path


def fill_wal(path: Path) -> None:
    """Write 4,200 pages into the -wal, and leave them there."""
    script = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('PRAGMA wal_autocheckpoint = 0');"
        "c.execute('WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n"
        " WHERE n < 4200) INSERT INTO logs SELECT zeroblob(3500) FROM n'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


def wait_for_temporary_file(process: subprocess.Popen[str]) -> None:
    """Return once SQLite in the process builds the new file of a VACUUM."""
    descriptors = Path(f"/proc/{process.pid}/fd")
    while process.poll() is None:
        for descriptor in descriptors.iterdir():
            with suppress(OSError):
                if "etilqs" in os.readlink(descriptor):
                    return


def statistics(path: Path) -> dict[str, int]:
    """Return the rows that sqlite_stat1 has for each table."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT tbl, stat FROM sqlite_stat1").fetchall()
    return {table: int(stat.split()[0]) for table, stat in rows}


def count(path: Path, table: str) -> int:
    """Return the rows of a table."""
    with closing(sqlite3.connect(path)) as connection:
        number: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return number


def dump(path: Path) -> list[str]:
    """Return a database as SQL, without statistics."""
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if not line.startswith(_ABOUT_STATISTICS)]
