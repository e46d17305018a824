"""Bad input: a clear error, the documented exit code, and nothing lost, for every command."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.cli.main import COMMANDS
from dbtune.errors import EXIT_CODES
from dbtune.model.advice import Report, Source
from dbtune.report.documents.to_json import to_json
from dbtune.sqlite.schema.contents import Contents, read_contents
from tests.conftest import clean_environment, dbtune_command
from tests.fixtures import hostile

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Builder = Callable[[Path], None]

# What each command is given beside DB so that it would do its work without a question.
OPTIONS: dict[str, tuple[str, ...]] = {
    "analyze": (),
    "apply-indexes": ("--yes",),
    "enable-wal": ("--yes",),
    "rollback": ("--yes",),
    "history": (),
    "optimize": ("--yes",),
    "check": ("--from", "../report.json"),
    "backup": (),
    "restore": ("--yes",),
    "doctor": (),
    "bench": ("--queries", "../queries.sql", "--clients", "2", "--duration", "0.1"),
    "monitor": ("--once", "--interval", "0.1"),
    "migrate-to-postgres": ("--plan",),
}
# The same, changing nothing.
LOOKING = OPTIONS | {
    "apply-indexes": ("--dry-run",),
    "enable-wal": ("--dry-run",),
    "optimize": ("--dry-run",),
    "backup": ("../copy.db",),
}
ON_A_DATABASE = tuple(
    name
    for name in COMMANDS
    if name in OPTIONS and importlib.util.find_spec(f"dbtune.cli.{name.replace('-', '_')}")
)
NOBODY = 65534


def matrix(cases: Sequence[object]) -> list[object]:
    """Return pairs of command and case: all for `analyze` and a quarter for each other command.

    The rest is slow: a command takes half a second to start, and all open files the same way.
    """
    pairs = []
    for row, command in enumerate(ON_A_DATABASE):
        for column, case in enumerate(cases):
            quick = command == "analyze" or (row + column) % 4 == 0
            name = f"{command}-{getattr(case, '__name__', case)}"
            marks = () if quick else (pytest.mark.slow,)
            pairs.append(pytest.param(command, case, id=name, marks=marks))
    return pairs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for the database alone; a report that asks for nothing lies outside."""
    write_report(tmp_path / "report.json")
    (tmp_path / "queries.sql").write_text("SELECT count(*) FROM sqlite_master;\n")
    path = tmp_path / "data"
    path.mkdir()
    return path


@pytest.fixture
def closed_folder(folder: Path) -> Iterator[Path]:
    """The same folder, to be closed to this user by a test, and opened again after it."""
    if os.name != "posix":
        pytest.skip("permissions are POSIX's")
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may read everything, and there is no setpriv to give that up with")
    yield folder
    folder.chmod(0o755)


def test_every_command_that_takes_a_database_is_tried_here() -> None:
    """A new command gets its line in OPTIONS, or the same cases in a test of its own."""
    others = {
        "compare",
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
    assert set(COMMANDS) - set(OPTIONS) == others


@pytest.mark.parametrize("command", ON_A_DATABASE)
def test_a_missing_file_is_never_created(run_dbtune: Run, folder: Path, command: str) -> None:
    """Neither the file nor anything beside it; exit code 3."""
    result = run(run_dbtune, folder, command, "missing.db")
    assert_refused(result, 3, "missing.db")
    assert os.listdir(folder) == []


@pytest.mark.parametrize(("command", "builder"), matrix(hostile.UNREADABLE))
def test_what_is_no_readable_database_is_told_and_kept(
    run_dbtune: Run, folder: Path, command: str, builder: Builder
) -> None:
    """Exit code 3, and every byte stays."""
    builder(folder / "bad.db")
    before = state(folder)
    result = run(run_dbtune, folder, command, "bad.db")
    if command == "monitor" and builder in {hostile.malformed_schema_sql, hostile.cut_in_data}:
        assert result.returncode == 0, result.stderr  # it reads the first page, and no SQL in it
    else:
        assert_refused(result, 3, "bad.db")
    assert state(folder) == before


@pytest.mark.parametrize(("command", "kind"), matrix(["folder", "pipe", "socket", "device"]))
def test_what_is_no_file_is_told(run_dbtune: Run, folder: Path, command: str, kind: str) -> None:
    """Exit code 3 at once: nothing waits for what a pipe may bring."""
    path = folder / "odd"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    else:
        path = Path(os.devnull)
    result = run(run_dbtune, folder, command, str(path), timeout=30)
    assert_refused(result, 3, path.name)


@pytest.mark.parametrize(
    ("command", "url"),
    matrix([":memory:", "postgresql://user:secret@host/shop", "sqlite:///:memory:", "sqlite://"]),
)
def test_what_names_no_file_is_a_usage_error(
    run_dbtune: Run, folder: Path, command: str, url: str
) -> None:
    """Exit code 2, and a password in a URL is not repeated."""
    result = run(run_dbtune, folder, command, url)
    assert_refused(result, 2, "")
    assert "secret" not in result.stdout + result.stderr
    assert os.listdir(folder) == []


@pytest.mark.parametrize("command", ON_A_DATABASE)
def test_an_empty_file_is_a_database_without_tables(
    run_dbtune: Run, folder: Path, command: str
) -> None:
    """0 bytes are valid: there is nothing to do, and that is no error."""
    hostile.empty_file(folder / "empty.db")
    if command == "restore":
        assert run_dbtune("backup", "empty.db", cwd=folder).returncode == 0
    result = run(run_dbtune, folder, command, "empty.db")
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(("command", "builder"), matrix(hostile.ODD_SCHEMAS))
def test_odd_schemas_are_read_and_kept(
    run_dbtune: Run, folder: Path, command: str, builder: Builder
) -> None:
    """Names, kinds of table, modules and functions that SQLite takes trip no command."""
    path = folder / "odd.db"
    builder(path)
    if command == "restore":
        assert run_dbtune("backup", path, cwd=folder).returncode == 0
    before, held = content(path), contents(path)
    result = run(run_dbtune, folder, command, "odd.db", LOOKING[command])
    # A table of more columns than PostgreSQL has stops the plan.
    stopped = command == "migrate-to-postgres" and builder is hostile.many_columns
    assert result.returncode == (5 if stopped else 0), result.stderr
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stdout + result.stderr
    assert contents(path) == held
    if command != "restore":
        assert content(path) == before


@pytest.mark.parametrize(("command", "builder"), matrix(hostile.DAMAGED))
def test_damaged_pages_do_not_end_in_a_bug_or_more_damage(
    run_dbtune: Run, folder: Path, command: str, builder: Builder
) -> None:
    """A readable schema with unreadable rows: told or refused, and the file stays as it is."""
    path = folder / "damaged.db"
    builder(path)
    before = state(folder)
    result = run(run_dbtune, folder, command, "damaged.db")
    assert result.returncode in {0, 3, 5, 6, 7}
    assert "Traceback" not in result.stderr
    assert content(path) == before["damaged.db"]
    if result.returncode:
        assert_refused(result, result.returncode, "damaged.db")


@pytest.mark.parametrize("command", ON_A_DATABASE)
def test_a_file_this_user_may_not_read_is_told(command: str, closed_folder: Path) -> None:
    """Exit code 3, and nothing is created beside it."""
    path = closed_folder / "private.db"
    hostile.ordinary(path)
    close(path, 0o000)
    close(closed_folder, 0o555)
    result = run_unprivileged(command, path)
    assert_refused(result, 3, "private.db")
    assert os.listdir(closed_folder) == ["private.db"]


@pytest.mark.parametrize(("command", "journal_mode"), matrix(["DELETE", "WAL"]))
def test_a_database_this_user_may_not_write_is_read_or_refused(
    command: str, journal_mode: str, closed_folder: Path
) -> None:
    """Reading commands work in a read-only folder; those that would write say why they do not."""
    path = closed_folder / "shared.db"
    hostile.ordinary(path)
    hostile.build_more(path, f"PRAGMA journal_mode = {journal_mode}")
    before = content(path)
    close(path, 0o444)
    close(closed_folder, 0o555)
    result = run_unprivileged(command, path)
    assert content(path) == before
    assert os.listdir(closed_folder) == ["shared.db"]
    if command in {"analyze", "check", "doctor", "history", "migrate-to-postgres", "monitor"}:
        assert result.returncode == 0, result.stderr
    elif result.returncode != 0:
        assert_refused(result, 3 if command == "restore" else 5, "shared.db")


def test_a_lock_held_for_longer_than_the_wait_is_told(folder: Path) -> None:
    """Commands end with 5 and write nothing while another process keeps the file locked.

    The monitor needs no lock and tells of this one.
    """
    path = folder / "locked.db"
    hostile.ordinary(path)
    before = state(folder)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        # Nothing else in this process opens the file from here on: that would drop the lock.
        holder.execute("BEGIN EXCLUSIVE")
        running = {command: start(command, path, folder) for command in ON_A_DATABASE}
        ended = {command: finish(process) for command, process in running.items()}
        holder.execute("ROLLBACK")
    for command, result in ended.items():
        if command == "restore":
            assert_refused(result, 3, "locked.db")  # there is no backup to bring back
        elif command == "monitor":
            assert result.returncode == 0, result.stderr
        else:
            assert_refused(result, 5, "locked.db")
    assert state(folder) == before


def run(
    run_dbtune: Run,
    folder: Path,
    command: str,
    database: str,
    options: Sequence[str] | None = None,
    timeout: float = 150,
) -> subprocess.CompletedProcess[str]:
    """Run a command on a database in the folder, without questions."""
    chosen = OPTIONS[command] if options is None else options
    return run_dbtune(command, database, *chosen, cwd=folder, timeout=timeout)


def start(command: str, database: Path, folder: Path) -> subprocess.Popen[str]:
    """Start a command with a short wait where it takes one."""
    module = importlib.import_module(f"dbtune.cli.{command.replace('-', '_')}")
    waits = any(parameter.name == "wait" for parameter in module.command.params)
    return subprocess.Popen(
        [
            dbtune_command(),
            command,
            str(database),
            *OPTIONS[command],
            *(["--wait", "0.2"] if waits else []),
        ],
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def finish(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for a command and return what it printed."""
    stdout, stderr = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def run_unprivileged(command: str, database: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user to whom permissions apply: root without its privileges, as root."""
    drop = () if os.getuid() else ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    return subprocess.run(
        [*drop, dbtune_command(), command, str(database), *OPTIONS[command]],
        cwd=database.parent,
        env=clean_environment(),
        input="",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=150,
        check=False,
    )


def close(path: Path, mode: int) -> None:
    """Give a file or folder a mode, and root's to another user: an owner without privileges."""
    path.chmod(mode)
    if os.getuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def write_report(path: Path) -> None:
    """Write a report that asks for nothing."""
    source = Source("shop.db", 0, "0" * 64, sqlite3.sqlite_version)
    report = Report("analyze", "2026-01-02T03:04:05Z", "0.1.0", source, None)
    path.write_text(to_json(report), encoding="utf-8")


def assert_refused(result: subprocess.CompletedProcess[str], code: int, name: str) -> None:
    """The documented code, and a message on stderr that names the file and is no stack trace."""
    assert result.returncode == code, result.stdout + result.stderr
    assert result.returncode in EXIT_CODES
    assert "Error: " in result.stderr
    assert name in result.stderr
    assert "Traceback" not in result.stderr


def content(path: Path) -> tuple[str, str]:
    """Hashes of a database and its -wal; an empty -wal is none."""
    return (digest(path), digest(path.with_name(f"{path.name}-wal")))


def contents(path: Path) -> Contents:
    """Return what a database holds: its objects, and the rows of each table."""
    with closing(sqlite3.connect(path)) as connection:
        return read_contents(connection)


def digest(path: Path) -> str:
    """Return the sha256 of a file, of nothing where it is missing."""
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()


def state(folder: Path) -> dict[str, tuple[str, str]]:
    """Return what is in a folder by name; -shm and an empty -wal are SQLite's own."""
    names = [name for name in os.listdir(folder) if not name.endswith(("-shm", "-wal"))]
    return {name: content(folder / name) for name in names if (folder / name).is_file()} | {
        name: ("folder", "") for name in names if (folder / name).is_dir()
    }
