"""kill -9 at any moment of `dbtune enable-wal`: the file stays whole, a second run completes."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.conftest import clean_environment, dbtune_command

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ROWS = 20_000

# Runs the command, and ends it as kill -9 does when SQLite is about to run a statement that holds
# a text, or as many steps later, whichever connection sends it.
KILL_AT = """
import os, signal, sqlite3, sys
text, steps = sys.argv.pop(1), int(sys.argv.pop(1))
def kill():
    os.kill(os.getpid(), signal.SIGKILL)
open_connection = sqlite3.connect
def connect(*arguments, **options):
    connection = open_connection(*arguments, **options)
    def look(statement):
        if text in statement:
            connection.set_progress_handler(kill, steps) if steps else kill()
    connection.set_trace_callback(look)
    return connection
sqlite3.connect = sqlite3.dbapi2.connect = connect
from dbtune.__main__ import main
main()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database of 2 MB in rollback-journal mode."""
    path = tmp_path / "shop.db"
    build(path)
    return path


def build(path: Path) -> None:
    """Write the database."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO orders SELECT i, printf('%080d', i) FROM n",
            (ROWS,),
        )
        connection.commit()


def assert_whole(database: Path) -> None:
    """All rows are there and SQLite finds nothing wrong."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*), sum(id) FROM orders").fetchone() == (
            ROWS,
            ROWS * (ROWS + 1) // 2,
        )


def assert_completed_by_another_run(run: Run, database: Path, *options: str) -> None:
    """A second run ends well, one revision is applied, and rollback undoes it."""
    result = run("enable-wal", database, "--yes", *options)
    assert result.returncode == 0, result.stderr
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT count(*) FROM dbtune_version").fetchone() == (1,)
    assert_whole(database)
    versions = database.with_name("shop.db.dbtune") / "versions"
    assert len(list(versions.glob("*.py"))) == 1
    result = run("rollback", database, "--yes")
    assert result.returncode == 0, result.stderr
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert_whole(database)


@pytest.mark.parametrize(
    ("statement", "steps", "options"),
    [
        ("CREATE TABLE dbtune_version", 0, ()),  # the revision's file is there, nothing else
        ("PRAGMA journal_mode=wal", 0, ()),  # the version table is there, and empty
        ("INSERT INTO dbtune_version", 0, ()),  # WAL is on and not stamped
        ("VACUUM", 50_000, ("--page-size", "8192")),  # in the midst of it
        ("PRAGMA journal_mode=wal", 0, ("--page-size", "8192")),  # rebuilt, and not in WAL mode
    ],
)
def test_killed_before_or_in_a_statement(
    run_dbtune: Run, database: Path, statement: str, steps: int, options: tuple[str, ...]
) -> None:
    """Whatever is done by then is kept or undone, and never done twice."""
    script = [sys.executable, "-c", KILL_AT, statement, str(steps)]
    command = [*script, "enable-wal", str(database), "--yes"]
    killed = subprocess.run(
        [*command, *options], env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert_whole(database)
    assert_completed_by_another_run(run_dbtune, database, *options)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_killed_at_a_random_moment(
    run_dbtune: Run, database: Path, seed: int, run_seconds: float
) -> None:
    """Every third one also changes the page size, which takes longest."""
    options = ("--page-size", "1024") if seed % 3 == 0 else ()
    delay = random.Random(seed).uniform(0.3, 1) * run_seconds
    with subprocess.Popen(
        [dbtune_command(), "enable-wal", str(database), "--yes", *options],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(delay)
        process.kill()
    assert_whole(database)
    assert_completed_by_another_run(run_dbtune, database, *options)


@pytest.fixture(scope="module")
def run_seconds(tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long a whole run takes here, so that the random moments fall into it."""
    path = tmp_path_factory.mktemp("timed") / "shop.db"
    build(path)
    command = [dbtune_command(), "enable-wal", str(path), "--yes", "--page-size", "1024"]
    started = time.perf_counter()
    subprocess.run(command, env=clean_environment(), capture_output=True, check=True)
    return time.perf_counter() - started
