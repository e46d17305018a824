"""A write lock that this process holds survives every step of dbtune.

Closing a file descriptor drops all POSIX locks that a process has on the file, and a second copy
of the SQLite library in a process does just that (https://www.sqlite.org/howtocorrupt.html section
2.2). So only Python's sqlite3 may open the user's file here, and nothing else may even read it.
Another process tells whether the lock still holds.
"""

from __future__ import annotations

import ast
import json
import logging
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import apsw
import pytest

from dbtune.cli.main import COMMANDS, run
from dbtune.errors import ExitCode, LockedError
from dbtune.sqlite.connect import open_readonly, open_writer
from dbtune.sqlite.copies.backup import back_up, backup_beside, restore
from dbtune.sqlite.copies.scratch import copy_database
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.explain import explain
from dbtune.sqlite.file.file_users import other_users
from dbtune.sqlite.file.header import read_header
from dbtune.sqlite.pragmas import read_health
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.statistics import read_statistics
from tests.fixtures.hostile import build_more, ordinary
from tests.fixtures.other_process import OtherProcess, other_process

PACKAGE = Path(__file__).resolve().parents[2] / "dbtune"

# The advisor works on scratch copies only; doctor asks apsw for its version.
MAY_IMPORT_APSW = ("advisor/", "journeys/doctor.py")

# How each command is called here so that it reads the file and leaves it as it is.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "analyze": ("--queries", "{folder}/queries.jsonl"),
    "apply-indexes": ("--queries", "{folder}/queries.jsonl", "--dry-run"),
    "enable-wal": ("--dry-run",),
    "rollback": ("--yes", "--wait", "0"),
    "history": (),
    "optimize": ("--dry-run",),
    "check": ("--from", "{folder}/report.json"),
    "compare": (
        "{folder}/shop.db",
        "--run",
        "--queries",
        "{folder}/queries.jsonl",
        "--metric",
        "steps",
    ),
    "backup": (),
    "restore": ("{folder}/made.db", "--yes", "--wait", "0"),
    "doctor": (),
    "bench": ("--queries", "{folder}/queries.jsonl", "--clients", "2", "--duration", "0.1"),
    "monitor": ("--once", "--interval", "0.1"),
    "migrate-to-postgres": ("--plan", "--wait", "0"),
}


@dataclass(frozen=True)
class Held:
    """A database that this process has a write lock on, and the process that tells if it has."""

    path: Path
    folder: Path
    other: OtherProcess

    def check(self) -> None:
        """Fail where another process could write."""
        assert not self.other.may_write(), "the write lock is gone"


@pytest.fixture(params=["delete", "wal"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Held]:
    """A write transaction of dbtune's own writer with a row in it, in each journal mode."""
    path = tmp_path / "shop.db"
    ordinary(path)
    build_more(
        path,
        f"PRAGMA journal_mode = {request.param}",
        "CREATE TABLE probe (x)",
        "CREATE TABLE large AS SELECT o.*, zeroblob(1000) AS pad FROM orders AS o, orders AS p"
        " WHERE p.id <= 2",
    )
    back_up(path, tmp_path / "made.db")
    write_recording(tmp_path / "queries.jsonl")
    with closing(open_writer(path)) as writer, other_process(path) as other:
        assert other.may_write()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO probe VALUES (1)")
        state = Held(path, tmp_path, other)
        state.check()
        yield state
        state.check()
        writer.execute("COMMIT")
        assert other.run("SELECT count(*) FROM probe") == [[1]]


def test_reading_the_file_in_this_process_would_drop_the_lock(tmp_path: Path) -> None:
    """The trap is real, and these tests would see it: read_bytes and apsw each open the door."""
    path = tmp_path / "shop.db"
    ordinary(path)
    for careless in (path.read_bytes, lambda: apsw.Connection(str(path)).close()):
        with closing(open_writer(path)) as writer, other_process(path) as other:
            writer.execute("BEGIN IMMEDIATE")
            assert not other.may_write()
            careless()
            assert other.may_write()
            writer.execute("ROLLBACK")


def test_reading_keeps_the_lock(held: Held) -> None:
    """Opening, the catalog, statistics, health and plans."""
    with closing(open_readonly(held.path)) as connection:
        held.check()
        schema = read_schema(connection)
        read_statistics(connection, schema)
        read_health(connection, held.path)
        explain(connection, "SELECT * FROM users WHERE email = ?")
        held.check()
    held.check()


def test_a_link_to_the_file_keeps_the_lock(held: Held) -> None:
    """It is the same file under another name."""
    link = held.folder / "link.db"
    link.symlink_to(held.path)
    open_readonly(link).close()


def test_backups_keep_the_lock(held: Held) -> None:
    """A backup is read by the same library, and written to another file."""
    back_up(held.path, held.folder / "copy.db")
    held.check()
    backup_beside(held.path)


def test_a_refused_restore_keeps_the_lock(held: Held) -> None:
    """It finds the file in use before it writes a page."""
    with pytest.raises(LockedError):
        restore(held.folder / "made.db", held.path, wait_ms=0)


@pytest.mark.parametrize("room_bytes", [None, 1 << 22], ids=["whole", "sampled"])
def test_copies_keep_the_lock_and_are_apsws_to_open(
    held: Held, room_bytes: int | None, tmp_path: Path
) -> None:
    """apsw has the copy for itself: the user's file is not touched by it."""
    with closing(open_readonly(held.path)) as connection:
        schema = read_schema(connection)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    copy = copy_database(held.path, schema, scratch, room_bytes=room_bytes)
    held.check()
    assert bool(copy.sampled) == (room_bytes is not None)
    with closing(apsw.Connection(str(copy.path))) as connection:
        assert read_schema(connection).sha256 == schema.sha256
        connection.execute("ANALYZE")


def test_naming_a_failure_keeps_the_lock(held: Held) -> None:
    """What looks into the file for a reason does so from another process."""
    assert read_header(held.path).startswith(b"SQLite format 3")
    for said in ("file is not a database", "database disk image is malformed"):
        explain_failure(sqlite3.DatabaseError(said), held.path)
        held.check()
    assert held.other.pid in {user.pid for user in other_users(held.path)}


@pytest.mark.parametrize("command", [name for name in COMMANDS if name in ARGUMENTS])
def test_every_command_keeps_the_lock(
    held: Held, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command runs in this very process, and does its work or is refused for the lock."""
    if command == "check":
        with as_found():
            run(["analyze", str(held.path), "--output", str(held.folder / "report.json")])
    arguments = [argument.format(folder=held.folder) for argument in ARGUMENTS[command]]
    with as_found():
        code = run([command, str(held.path), *arguments])
    assert code in {ExitCode.DONE, ExitCode.FOUND, ExitCode.REFUSED}, capsys.readouterr().err


def test_every_command_is_tried_here() -> None:
    """A new command gets its line in ARGUMENTS; these open no database of the user's."""
    others = {
        "completion",
        "demo",
        "embedded",
        "help",
        "queries",
        "record",
        "recording",
        "report",
        "serve",
    }
    assert set(COMMANDS) - set(ARGUMENTS) == others


def test_apsw_is_imported_only_where_scratch_copies_are_worked_on() -> None:
    """The layers that know the user's path cannot open it with a second SQLite library."""
    offenders = [
        name
        for name, packages in imports()
        if "apsw" in packages and not name.startswith(MAY_IMPORT_APSW)
    ]
    assert offenders == []


def test_no_module_imports_another_library_that_carries_sqlite() -> None:
    """ADBC, DuckDB and pysqlite3 each bring a copy of the library."""
    others = {"adbc_driver_sqlite", "duckdb", "pysqlite3", "aiosqlite", "sqlean"}
    assert [name for name, packages in imports() if packages & others] == []


@cache
def imports() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return each module of dbtune by its path below the package, and what it imports."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return tuple(
        (path.relative_to(PACKAGE).as_posix(), imported(ast.parse(path.read_text("utf-8"))))
        for path in paths
    )


def imported(tree: ast.AST) -> frozenset[str]:
    """Return the top-level packages that a module imports, within functions too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return frozenset(found)


def write_recording(path: Path) -> None:
    """Write a recording of reads and writes."""
    statements = (
        "SELECT * FROM users WHERE city = 'city3' ORDER BY email",
        "SELECT count(*) FROM orders WHERE user_id = 7",
        "INSERT INTO orders (user_id, total) VALUES (7, 1.5)",
    )
    lines = (json.dumps({"db.query.text": text, "count": 50}) for text in statements)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def as_found() -> Iterator[None]:
    """Put back what a command sets in its process: signal handlers and logging."""
    handler: Callable[..., object] | int | None = signal.getsignal(signal.SIGTERM)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        for added in [found for found in root.handlers if found not in handlers]:
            with suppress(ValueError):
                root.removeHandler(added)
        root.setLevel(level)
