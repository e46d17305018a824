"""`dbtune enable-wal`: WAL as a revision, and every way in which SQLite can refuse it."""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

from dbtune.errors import ConfigurationError, LockedError
from dbtune.journeys.enable_wal import EnableWalOptions, enable_wal, plan_wal
from dbtune.journeys.rollback import RollbackOptions, plan_rollback, rollback
from dbtune.model.advice import Report
from dbtune.report.documents.from_json import from_json
from tests.fixtures.other_process import OtherProcess, let_everyone_enter, other_process

Run = Callable[..., "subprocess.CompletedProcess[str]"]

QUICK = EnableWalOptions(backup=False, wait_ms=0)
PATIENT = EnableWalOptions(backup=False, wait_ms=60_000)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with 1,000 rows in rollback-journal mode."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)")
        connection.executemany("INSERT INTO orders VALUES (?, 1.5)", [(i,) for i in range(1000)])
        connection.commit()
    return path


@pytest.fixture
def other(database: Path) -> Iterator[OtherProcess]:
    """The application: another process that has the database open."""
    with other_process(database) as process:
        yield process


def pragma(database: Path, name: str) -> object:
    """Return a pragma's value, through a new connection."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def rows(database: Path) -> int:
    """Return the number of orders, after checking that the file is whole."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])


def switch(database: Path, options: EnableWalOptions) -> Report:
    """Plan and switch, as the command does."""
    return enable_wal(plan_wal(database, options), options)


def assert_unchanged(database: Path) -> None:
    """No WAL, no revision, no version table, no folder of revisions."""
    assert pragma(database, "journal_mode") == "delete"
    assert not list(database.parent.glob("*.dbtune/versions/*"))
    with closing(sqlite3.connect(database)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    assert names == ["orders"]


def test_a_database_is_switched_backed_up_and_can_be_switched_back(
    run_dbtune: Run, database: Path
) -> None:
    """The verdict comes first, the hook to install last, and rollback leaves WAL."""
    result = run_dbtune("enable-wal", database, "--yes")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("shop.db: switched from journal mode delete to WAL.\n")
    assert "dbtune.install(engine)" in result.stdout.split("\n\n", 1)[1]
    assert f"dbtune.connect('{database}')" in result.stdout
    assert "read_only_requests" in result.stdout
    assert pragma(database, "journal_mode") == "wal"
    (backup,) = database.with_name("shop.db.dbtune").glob("backup-*.db")
    assert (rows(backup), pragma(backup, "journal_mode")) == (1000, "delete")
    assert run_dbtune("history", database).stdout.count("applied") == 1
    assert run_dbtune("rollback", database, "--yes").returncode == 0
    assert pragma(database, "journal_mode") == "delete"
    assert rows(database) == 1000


def test_a_second_run_changes_nothing(run_dbtune: Run, database: Path) -> None:
    """It says so, exits with 0, and still tells which hook to install."""
    assert run_dbtune("enable-wal", database, "--yes").returncode == 0
    before = {path: path.stat().st_mtime_ns for path in database.parent.rglob("*.py")}
    result = run_dbtune("enable-wal", database, "--yes")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("shop.db is in WAL mode already; nothing was changed.\n")
    assert "dbtune.install(engine)" in result.stdout
    assert {path: path.stat().st_mtime_ns for path in database.parent.rglob("*.py")} == before
    assert len(list(database.with_name("shop.db.dbtune").glob("backup-*.db"))) == 1


def test_a_database_that_the_application_switched_is_left_alone(
    run_dbtune: Run, database: Path
) -> None:
    """No revision and no folder is made for it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    result = run_dbtune("enable-wal", database, "--yes")
    assert result.returncode == 0, result.stderr
    assert "already" in result.stdout
    assert not database.with_name("shop.db.dbtune").exists()


def test_a_dry_run_shows_what_was_looked_at_and_changes_nothing(
    run_dbtune: Run, database: Path
) -> None:
    """It needs no terminal and no --yes."""
    before = database.read_bytes()
    result = run_dbtune("enable-wal", database, "--dry-run", "--app-sqlite", "3.40.1")
    assert result.returncode == 0, result.stderr
    assert "from journal mode delete to WAL" in result.stdout
    assert "quick_check found no damage" in result.stdout
    assert "WAL-reset race" in result.stdout
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == ["shop.db"]


def test_without_a_terminal_the_question_is_an_error(run_dbtune: Run, database: Path) -> None:
    """--yes answers it beforehand."""
    result = run_dbtune("enable-wal", database)
    assert result.returncode == 2
    assert "--yes" in result.stderr
    assert_unchanged(database)


def test_the_report_holds_the_change_and_the_notes(run_dbtune: Run, database: Path) -> None:
    """--output writes it, and dbtune check takes it for what should be in place."""
    output = database.with_name("report.json")
    result = run_dbtune(
        "enable-wal", database, "--yes", "--output", output, "--app-sqlite", "3.45.0"
    )
    assert result.returncode == 0, result.stderr
    report = from_json(output.read_text(encoding="utf-8"), "report.json")
    assert report.command == "enable-wal"
    assert report.changes is not None and len(report.changes) == 1
    assert report.changes[0].statements == ("PRAGMA journal_mode=wal",)
    assert report.backup is not None and Path(report.backup).is_file()
    assert report.source.application_sqlite_version == "3.45.0"
    assert any("WAL-reset race" in note for note in report.notes)
    assert run_dbtune("check", database, "--from", output).returncode == 0
    assert run_dbtune("rollback", database, "--yes").returncode == 0
    assert run_dbtune("check", database, "--from", output).returncode == 1


def test_the_header_of_a_recording_names_the_applications_sqlite(
    database: Path, tmp_path: Path
) -> None:
    """The oldest of several counts; --app-sqlite overrules them."""
    for name, version in (("a", "3.51.3"), ("b", "3.39.0")):
        header = json.dumps({"dbtune.recording": 1, "sqlite_version": version})
        (tmp_path / f"{name}.jsonl").write_text(header + '\n{"db.query.text": "SELECT 1"}\n')
    queries = (str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"))
    plan = plan_wal(database, EnableWalOptions(dry_run=True, queries=queries))
    assert plan.report.source.application_sqlite_version == "3.39.0"
    assert any("3.39.0 has the WAL-reset race" in text for text in plan.preflight.warnings)
    options = EnableWalOptions(dry_run=True, queries=queries, application_sqlite_version="3.51.3")
    assert plan_wal(database, options).report.source.application_sqlite_version == "3.51.3"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"page_size_bytes": 1000}, "--page-size is 1000; SQLite knows 512"),
        ({"page_size_bytes": 131072}, "--page-size is 131072"),
        ({"application_sqlite_version": "newest"}, '--app-sqlite is "newest"'),
        ({"queries": ("missing.jsonl",)}, "missing.jsonl"),
    ],
)
def test_an_option_that_means_nothing_is_refused(
    database: Path, options: dict[str, Any], message: str
) -> None:
    """Before anything is done."""
    with pytest.raises(ConfigurationError, match=message):
        plan_wal(database, EnableWalOptions(**options))
    assert_unchanged(database)


def test_bad_usage_ends_with_2(run_dbtune: Run, database: Path) -> None:
    """The message shows the value."""
    result = run_dbtune("enable-wal", database, "--yes", "--page-size", "1000")
    assert result.returncode == 2
    assert "--page-size is 1000" in result.stderr
    assert_unchanged(database)


# TUNING.md, "Enabling WAL", row by row.


def test_idle_connections_do_not_hinder(database: Path, other: OtherProcess) -> None:
    """They write on in WAL mode, without opening the file again."""
    other.run("SELECT count(*) FROM orders")
    report = switch(database, QUICK)
    assert report.changes
    other.run("INSERT INTO orders VALUES (5000, 1)")
    assert other.run("PRAGMA journal_mode") == [["wal"]]
    assert rows(database) == 1001


@pytest.mark.parametrize(
    ("statements", "activity"),
    [
        (("BEGIN", "SELECT count(*) FROM orders"), "reading"),
        (("BEGIN IMMEDIATE",), "writing"),
        (("BEGIN", "DELETE FROM orders"), "writing"),
    ],
)
def test_an_open_transaction_hinders_and_its_process_is_named(
    database: Path, other: OtherProcess, statements: tuple[str, ...], activity: str
) -> None:
    """SQLite says BUSY, after the timeout or at once; nothing is left behind."""
    plan = plan_wal(database, QUICK)
    for statement in statements:
        other.run(statement)
    with pytest.raises(LockedError, match=rf"process {other.pid} \(\S+\) is {activity}") as caught:
        enable_wal(plan, QUICK)
    assert "--wait" in (caught.value.hint or "")
    other.run("ROLLBACK")
    assert_unchanged(database)


def test_an_unfinished_cursor_hinders(database: Path) -> None:
    """Python keeps a statement's read lock until its last row is fetched."""
    with closing(sqlite3.connect(database)) as application:
        cursor = application.execute("SELECT id FROM orders")
        cursor.fetchone()
        with pytest.raises(LockedError, match=r"to WAL within 0\.1 s"):
            switch(database, EnableWalOptions(backup=False, wait_ms=100))
        cursor.close()
        assert_unchanged(database)
        assert switch(database, QUICK).changes


@pytest.mark.parametrize(
    "statements", [("BEGIN", "SELECT count(*) FROM orders"), ("BEGIN IMMEDIATE",)]
)
def test_it_is_tried_again_until_the_transaction_ends(
    database: Path, other: OtherProcess, statements: tuple[str, ...]
) -> None:
    """Beside a writer SQLite gives up at once, whatever its timeout; dbtune does not.

    Beside a reader SQLite waits, and lets nobody else read as long; dbtune pauses.
    """
    plan = plan_wal(database, PATIENT)
    for statement in statements:
        other.run(statement)
    reports: list[Report] = []
    thread = threading.Thread(target=lambda: reports.append(enable_wal(plan, PATIENT)))
    thread.start()
    while not list(database.parent.glob("*.dbtune/versions/*.py")):  # the revision is being run
        assert thread.is_alive()
        time.sleep(0.005)
    for _ in range(20):  # readers come and go meanwhile
        assert pragma(database, "journal_mode") == "delete"
    while not committed(other):  # it waits for no lock itself, as each try takes for a moment
        assert thread.is_alive()
    thread.join()
    assert reports[0].changes
    assert pragma(database, "journal_mode") == "wal"


def committed(other: OtherProcess) -> bool:
    """Try to commit there, and return whether no lock was in the way."""
    try:
        other.run("COMMIT")
    except RuntimeError as error:
        assert "locked" in str(error)
        return False
    return True


def test_a_lock_that_stays_ends_with_5(
    run_dbtune: Run, database: Path, other: OtherProcess
) -> None:
    """--wait 0 does not wait; the message says what to do."""
    other.run("BEGIN IMMEDIATE")
    result = run_dbtune("enable-wal", database, "--yes", "--wait", "0")
    assert result.returncode == 5
    assert f"process {other.pid}" in result.stderr and "is writing" in result.stderr
    assert "--wait" in result.stderr
    other.run("ROLLBACK")
    assert_unchanged(database)


def revision_of(database: Path) -> ModuleType:
    """Return the revision that enable-wal wrote, as a module; the database is switched back."""
    switch(database, QUICK)
    options = RollbackOptions(backup=False)
    rollback(plan_rollback(database, options), options)
    (path,) = database.with_name("shop.db.dbtune").glob("versions/*.py")
    spec = importlib.util.spec_from_file_location("revision", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_revision(connection: Connection, step: Callable[[], None]) -> None:
    """Run one function of a revision as an env.py does, one transaction a revision."""
    context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
    with Operations.context(context), context.begin_transaction(_per_migration=True):
        step()


@pytest.mark.parametrize("recipe", [False, True])
def test_the_revision_works_inside_a_transaction_and_after_uncommitted_dml(
    database: Path, recipe: bool
) -> None:
    """With a bare PRAGMA the old mode would come back without an error, or it would fail."""
    revision = revision_of(database)
    engine = create_engine(f"sqlite:///{database}", poolclass=NullPool)
    if recipe:
        event.listen(engine, "connect", lambda c, record: setattr(c, "isolation_level", None))
        event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None

        def upgrade() -> None:
            connection.exec_driver_sql("INSERT INTO orders VALUES (7000, 1)")
            if not recipe:
                assert driver.in_transaction
                assert driver.execute("PRAGMA journal_mode = WAL").fetchone() == ("delete",)
            revision.upgrade()

        run_revision(connection, upgrade)
    assert pragma(database, "journal_mode") == "wal"
    with engine.connect() as connection:
        run_revision(connection, revision.downgrade)
    assert pragma(database, "journal_mode") == "delete"
    assert rows(database) == 1001


def test_a_database_in_memory_cannot_be_switched(run_dbtune: Run, database: Path) -> None:
    """The command knows none; the revision reads back that the mode stayed, and fails."""
    assert run_dbtune("enable-wal", ":memory:", "--yes").returncode == 2
    revision = revision_of(database)
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with (
        engine.connect() as connection,
        pytest.raises(RuntimeError, match="journal_mode is memory after"),
    ):
        run_revision(connection, revision.upgrade)
    engine.dispose()


# Everything is imported before root becomes nobody, who may not read Python's own files here.
ATTEMPT = """
import os, sys
from pathlib import Path
from dbtune.errors import RefusedError
from dbtune.journeys.enable_wal import EnableWalOptions, enable_wal, plan_wal
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
options = EnableWalOptions(backup=False, wait_ms=0)
try:
    enable_wal(plan_wal(Path(sys.argv[1]), options), options)
except RefusedError as error:
    print(error.message)
"""


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "message"),
    [
        (0o444, 0o777, "shop.db may not be written by this user"),
        (0o666, 0o755, "may not be written by this user, where SQLite keeps"),
    ],
)
def test_a_file_or_folder_that_is_only_readable_is_refused(
    tmp_path: Path, database: Path, file_mode: int, folder_mode: int, message: str
) -> None:
    """SQLite would say READONLY in the midst of it."""
    let_everyone_enter(tmp_path)
    database.chmod(file_mode)
    tmp_path.chmod(folder_mode)
    command = [sys.executable, "-c", ATTEMPT, str(database)]
    attempt = subprocess.run(command, capture_output=True, text=True, check=True)
    assert message in attempt.stdout
    assert_unchanged(database)


def test_leaving_wal_is_refused_while_somebody_has_it_open(
    run_dbtune: Run, database: Path, other: OtherProcess
) -> None:
    """rollback names the process, and works once that has ended."""
    assert run_dbtune("enable-wal", database, "--yes", "--no-backup").returncode == 0
    other.run("SELECT count(*) FROM orders")
    result = run_dbtune("rollback", database, "--yes", "--wait", "0.2")
    assert result.returncode == 5
    assert f"cannot leave WAL: process {other.pid}" in result.stderr
    assert pragma(database, "journal_mode") == "wal"
    other.kill()
    result = run_dbtune("rollback", database, "--yes")
    assert result.returncode == 0, result.stderr
    assert pragma(database, "journal_mode") == "delete"


# What lies beside the database.


def test_a_wal_of_another_file_is_refused_before_it_can_do_harm(
    run_dbtune: Run, database: Path
) -> None:
    """SQLite would apply it to the database at the first read."""
    stray = database.with_name("shop.db-wal")
    stray.write_bytes(os.urandom(4152))
    before = database.read_bytes()
    result = run_dbtune("enable-wal", database, "--yes")
    assert result.returncode == 5
    assert "shop.db-wal" in result.stderr and "not in WAL mode" in result.stderr
    assert database.read_bytes() == before


def test_what_a_killed_application_left_is_rolled_back_first(
    run_dbtune: Run, database: Path
) -> None:
    """Its hot journal is undone by SQLite, as at any start of the application."""
    with other_process(database) as application:
        application.run("PRAGMA cache_size = 1")
        application.run("BEGIN IMMEDIATE")
        application.run("UPDATE orders SET total = randomblob(2000)")
        application.kill()
    assert database.with_name("shop.db-journal").stat().st_size > 0
    result = run_dbtune("enable-wal", database, "--yes")
    assert result.returncode == 0, result.stderr
    assert pragma(database, "journal_mode") == "wal"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT DISTINCT total FROM orders").fetchall() == [(1.5,)]


def test_a_run_that_was_killed_before_its_stamp_is_completed(database: Path) -> None:
    """WAL is on, the revision's file is there, and the version table knows nothing of it."""
    switch(database, QUICK)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM dbtune_version")
        connection.commit()
    report = switch(database, QUICK)
    assert report.changes and len(list(database.parent.glob("*.dbtune/versions/*.py"))) == 1
    with closing(sqlite3.connect(database)) as connection:
        stamp = connection.execute("SELECT version_num FROM dbtune_version").fetchall()
    assert stamp == [(report.changes[0].revision,)]
    assert switch(database, QUICK).changes == ()


# The page size.


def test_the_page_size_changes_with_the_switch_and_stays_after_rollback(
    run_dbtune: Run, database: Path
) -> None:
    """The output says beforehand and afterwards that this is not undone."""
    result = run_dbtune("enable-wal", database, "--yes", "--page-size", "8192")
    assert result.returncode == 0, result.stderr
    assert "with pages of 8192 bytes" in result.stdout
    assert "rollback leaves WAL, but keeps pages of 8192 bytes" in result.stdout
    assert "a rollback will not undo that" in result.stderr
    assert (pragma(database, "page_size"), pragma(database, "journal_mode")) == (8192, "wal")
    assert run_dbtune("rollback", database, "--yes").returncode == 0
    assert (pragma(database, "page_size"), pragma(database, "journal_mode")) == (8192, "delete")
    assert rows(database) == 1000


def test_the_page_size_of_a_wal_database_changes_and_rollback_keeps_wal(database: Path) -> None:
    """Each revision undoes its own part only, and asking again changes nothing."""
    switch(database, QUICK)
    sized = EnableWalOptions(backup=False, wait_ms=0, page_size_bytes=1024)
    report = switch(database, sized)
    assert report.changes and report.changes[0].reason == "dbtune: pages of 1024 bytes"
    assert (pragma(database, "page_size"), pragma(database, "journal_mode")) == (1024, "wal")
    assert switch(database, sized).changes == ()
    options = RollbackOptions(backup=False)
    rollback(plan_rollback(database, options), options)
    assert pragma(database, "journal_mode") == "wal"
    rollback(plan_rollback(database, options), options)
    assert pragma(database, "journal_mode") == "delete"
    assert rows(database) == 1000


def test_the_page_size_of_an_open_wal_database_is_refused(
    database: Path, other: OtherProcess
) -> None:
    """Nobody may use it meanwhile; WAL stays as it was."""
    switch(database, QUICK)
    other.run("SELECT count(*) FROM orders")
    sized = EnableWalOptions(backup=False, wait_ms=50, page_size_bytes=1024)
    with pytest.raises(LockedError, match=f"page size of .* process {other.pid} "):
        switch(database, sized)
    assert (pragma(database, "page_size"), pragma(database, "journal_mode")) == (4096, "wal")
    assert len(list(database.parent.glob("*.dbtune/versions/*.py"))) == 1


# Where revisions go.


STOCK_ENV = """
from alembic import context
from sqlalchemy import create_engine
with create_engine("sqlite:///{database}").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
STOCK_TEMPLATE = '''"""${message}"""
from alembic import op
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
def upgrade():
    ${upgrades if upgrades else "pass"}
def downgrade():
    ${downgrades if downgrades else "pass"}
'''


def test_the_revision_goes_into_the_applications_own_project_if_asked(
    run_dbtune: Run, database: Path, tmp_path: Path
) -> None:
    """It is stamped there, and dbtune's own folder gets no revision."""
    project = tmp_path / "project"
    (project / "versions").mkdir(parents=True)
    (project / "env.py").write_text(STOCK_ENV.format(database=database))
    (project / "script.py.mako").write_text(STOCK_TEMPLATE)
    ini = tmp_path / "alembic.ini"
    ini.write_text(f"[alembic]\nscript_location = {project}\n")
    result = run_dbtune("enable-wal", database, "--yes", "--alembic-ini", ini)
    assert result.returncode == 0, result.stderr
    assert f"--alembic-ini {ini}" in result.stdout
    assert pragma(database, "journal_mode") == "wal"
    (revision,) = (project / "versions").glob("*.py")
    with closing(sqlite3.connect(database)) as connection:
        stamp = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    assert revision.name.startswith(stamp)
    assert not database.with_name("shop.db.dbtune").joinpath("versions").exists()
    result = run_dbtune("rollback", database, "--yes", "--alembic-ini", ini)
    assert result.returncode == 0, result.stderr
    assert pragma(database, "journal_mode") == "delete"


def test_no_backup_leaves_it_out_and_a_backup_keeps_only_the_newest(
    run_dbtune: Run, database: Path
) -> None:
    """The change itself stays reversible."""
    result = run_dbtune("enable-wal", database, "--yes", "--no-backup")
    assert result.returncode == 0 and "backup:" not in result.stdout
    assert list(database.with_name("shop.db.dbtune").glob("backup-*")) == []


@pytest.mark.parametrize("kind", ["missing", "text", "folder"])
def test_what_is_no_database_is_named(run_dbtune: Run, tmp_path: Path, kind: str) -> None:
    """Nothing is created for it."""
    path = tmp_path / "x.db"
    if kind == "text":
        path.write_text("not a database, " * 100)
    elif kind == "folder":
        path.mkdir()
    before = sorted(tmp_path.rglob("*"))
    result = run_dbtune("enable-wal", path, "--yes")
    assert result.returncode == 3, result.stderr
    assert "x.db" in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_database_can_be_switched(run_dbtune: Run, tmp_path: Path) -> None:
    """0 bytes is a valid database."""
    path = tmp_path / "empty.db"
    path.touch()
    result = run_dbtune("enable-wal", path, "--yes")
    assert result.returncode == 0, result.stderr
    assert pragma(path, "journal_mode") == "wal"
