"""`dbtune check`: drift from a report is named, and told apart from another database's report."""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.model.advice import AppliedChange, Change, Finding, IndexSpec, Report, Source
from dbtune.report.documents.to_json import to_json
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.index_ddl import create_index_sql, drop_index_sql
from tests.fixtures.hostile import build, build_more, ordinary

Run = Callable[..., "subprocess.CompletedProcess[str]"]

CITY = IndexSpec("users", ("city", "email DESC"))
USER = IndexSpec("orders", ("user_id",), where="total > 5")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small database without the indexes that the reports here recommend."""
    path = tmp_path / "shop.db"
    ordinary(path)
    return path


def test_missing_indexes_are_drift_and_named_with_the_command_that_mends_them(
    run_dbtune: Run, database: Path
) -> None:
    """Each index that is not there is one drift; the exit code is 1."""
    report = write_report(database, recommend("ix_city", CITY), recommend("ix_user", USER))
    result = run_dbtune("check", database, "--from", report)
    assert result.returncode == 1
    assert "index ix_city on users is missing" in result.stdout
    assert f"dbtune apply-indexes {database} --from {report} --only ix_user" in result.stdout
    assert "2 checked, 2 drifted" in result.stdout


def test_indexes_that_are_there_pass(run_dbtune: Run, database: Path) -> None:
    """With all recommended indexes in place the exit code is 0, and nothing is said of change."""
    report = write_report(database, recommend("ix_city", CITY), recommend("ix_user", USER))
    build_more(database, create_index_sql("ix_city", CITY), create_index_sql("ix_user", USER))
    result = run_dbtune("check", database, "--from", report)
    assert (result.returncode, result.stderr) == (0, "")
    assert "2 checked, 0 drifted" in result.stdout


@pytest.mark.parametrize(
    "sql",
    [
        'CREATE INDEX "Other" ON "users" ("city" COLLATE binary ASC, [email] desc)',
        "create index other\n on users(city, /* newest first */ EMAIL DESC)",
    ],
)
def test_the_same_index_under_another_name_and_spelling_passes(
    run_dbtune: Run, database: Path, sql: str
) -> None:
    """What an index covers counts, not how the application's models call or write it."""
    report = write_report(database, recommend("ix_city", CITY))
    build_more(database, sql)
    result = run_dbtune("check", database, "--from", report)
    assert result.returncode == 0
    assert "ix_city (there as" in result.stdout


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX ix_city ON users (city)",
        "CREATE INDEX ix_city ON users (city, email)",
        "CREATE INDEX ix_city ON users (email DESC, city)",
        "CREATE INDEX ix_city ON users (city COLLATE NOCASE, email DESC)",
        "CREATE INDEX ix_city ON users (city, email DESC) WHERE city IS NOT NULL",
        "CREATE UNIQUE INDEX ix_city ON users (city, email DESC)",
        "CREATE INDEX ix_city ON users (lower(city), email DESC)",
    ],
)
def test_another_index_of_that_name_is_drift_and_its_command_mends_it(
    run_dbtune: Run, database: Path, sql: str
) -> None:
    """Both definitions are shown, and the command that comes with them works as printed."""
    report = write_report(database, recommend("ix_city", CITY))
    build_more(database, sql)
    result = run_dbtune("check", database, "--from", report)
    assert result.returncode == 1
    assert sql in result.stdout
    command = next(line for line in result.stdout.splitlines() if "mend:" in line)
    program, path, statements = shlex.split(command.split("mend:")[1])
    assert (program, path) == ("sqlite3", str(database))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements)
    assert run_dbtune("check", database, "--from", report).returncode == 0


def test_what_analyze_recommends_is_mended_by_the_commands_that_check_prints(
    run_dbtune: Run, database: Path
) -> None:
    """From analyze to drift to the printed command, run as it stands, to no drift."""
    recording, report = database.with_name("shop.sql"), database.with_name("report.json")
    recording.write_text("SELECT email FROM users WHERE city = 'city7' ORDER BY email;\n")
    run_dbtune("analyze", database, "--queries", recording, "--output", report)
    before = run_dbtune("check", database, "--from", report)
    assert before.returncode == 1
    for line in before.stdout.splitlines():
        if "mend:" in line:
            program, *arguments = shlex.split(line.split("mend:")[1])
            assert program == "dbtune"
            assert run_dbtune(*arguments, "--yes").returncode == 0
    after = run_dbtune("check", database, "--from", report)
    assert (after.returncode, after.stderr) == (0, "")


def test_journal_mode_counts_where_the_report_asks_for_wal(run_dbtune: Run, database: Path) -> None:
    """The finding rollback-journal expects WAL, and `dbtune enable-wal` is named until it is on."""
    finding = Finding("rollback-journal", "medium", database.name, "uses a rollback journal")
    report = write_report(database, finding)
    before = run_dbtune("check", database, "--from", report)
    assert before.returncode == 1
    assert "journal_mode is delete; expected wal" in before.stdout
    assert f"dbtune enable-wal {database}" in before.stdout
    build_more(database, "PRAGMA journal_mode = WAL")
    after = run_dbtune("check", database, "--from", report)
    assert after.returncode == 0
    assert "dbtune.install(engine)" in after.stderr


def test_journal_mode_is_left_alone_where_no_writes_were_seen(
    run_dbtune: Run, database: Path
) -> None:
    """At severity info the rollback journal is only mentioned, and WAL is nothing to drift from."""
    finding = Finding("rollback-journal", "info", database.name, "uses a rollback journal")
    result = run_dbtune("check", database, "--from", write_report(database, finding))
    assert result.returncode == 0
    assert "asks for nothing that can be checked" in result.stderr


def test_advised_drops_are_no_drift(run_dbtune: Run, database: Path) -> None:
    """Dropping an index is the owner's choice: done or not, there is nothing to mend."""
    with closing(sqlite3.connect(database)) as connection:
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'ix_users_email'"
        ).fetchone()
    change = Change((drop_index_sql("ix_users_email"),), (sql,), "unused", "ix_users_email")
    finding = Finding("unused-index", "low", "ix_users_email", "unused", change=change)
    report = write_report(database, finding, recommend("ix_city", CITY))
    build_more(database, create_index_sql("ix_city", CITY))
    assert run_dbtune("check", database, "--from", report).returncode == 0
    build_more(database, "DROP INDEX ix_users_email")
    result = run_dbtune("check", database, "--from", report)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_report_of_applied_changes_counts_by_them(run_dbtune: Run, database: Path) -> None:
    """What was applied has to stay: created indexes there, dropped ones gone, WAL on."""
    applied = AppliedChange(
        "a1",
        "up",
        (
            create_index_sql("ix_city", CITY),
            "DROP INDEX ix_users_email",
            "PRAGMA journal_mode=WAL",
            "ANALYZE users",
        ),
        "slow pages",
    )
    report = write_report(database, recommend("ix_user", USER), changes=(applied,))
    for statement in applied.statements:
        build_more(database, statement)
    assert run_dbtune("check", database, "--from", report).returncode == 0
    build_more(
        database,
        "DROP INDEX ix_city",
        "CREATE INDEX ix_users_email ON users (email)",
        "PRAGMA journal_mode=DELETE",
    )
    result = run_dbtune("check", database, "--from", report)
    assert result.returncode == 1
    assert "3 checked, 3 drifted" in result.stdout
    assert "index ix_users_email on users is there again" in result.stdout


def test_a_later_change_overrules_an_earlier_one(run_dbtune: Run, database: Path) -> None:
    """A report that applied an index and took it back expects that it is not there."""
    sql = create_index_sql("ix_city", CITY)
    up = AppliedChange("a1", "up", (sql,), "slow pages")
    down = AppliedChange("a1", "down", ("DROP INDEX IF EXISTS ix_city",), "rolled back")
    report = write_report(database, changes=(up, down))
    assert run_dbtune("check", database, "--from", report).returncode == 0
    build_more(database, sql)
    assert run_dbtune("check", database, "--from", report).returncode == 1


def test_a_report_of_another_database_is_refused(run_dbtune: Run, tmp_path: Path) -> None:
    """A report about tables that are not here says nothing about drift: exit code 5."""
    ordinary(tmp_path / "shop.db")
    report = write_report(tmp_path / "shop.db", recommend("ix_city", CITY))
    other = tmp_path / "other.db"
    build(other, ("CREATE TABLE trains (id INTEGER PRIMARY KEY)",))
    result = run_dbtune("check", other, "--from", report)
    assert result.returncode == 5
    assert "was made for another database" in result.stderr
    assert 'no table "users"' in result.stderr
    assert "dbtune analyze" in result.stderr


def test_names_in_a_message_cannot_steer_the_terminal(run_dbtune: Run, database: Path) -> None:
    """An escape sequence in a table's name is printed as text."""
    spec = IndexSpec("\x1b[2Jgone", ("town",))
    report = write_report(database, recommend("ix_gone", spec))
    result = run_dbtune("check", database, "--from", report)
    assert result.returncode == 5
    assert "\\x1b[2Jgone" in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("term", ["town", '"home town"', "lower(town)"])
def test_a_report_of_another_schema_is_refused(run_dbtune: Run, database: Path, term: str) -> None:
    """A column that is gone, or not there yet, is told apart from a missing index."""
    spec = IndexSpec("users", (term,))
    report = write_report(database, recommend("ix_city", CITY), recommend("ix_town", spec))
    result = run_dbtune("check", database, "--from", report)
    assert result.returncode == 5
    assert "another state of the schema" in result.stderr
    assert "no column" in result.stderr


def test_a_schema_that_grew_since_is_noted_and_passes(run_dbtune: Run, database: Path) -> None:
    """A later migration of the application is no drift; that the report is older is said."""
    report = write_report(database, recommend("ix_city", CITY))
    build_more(
        database, create_index_sql("ix_city", CITY), "ALTER TABLE users ADD COLUMN phone TEXT"
    )
    result = run_dbtune("check", database, "--from", report)
    assert result.returncode == 0
    assert "schema of shop.db has changed since the report" in result.stderr


def test_it_changes_nothing_and_works_beside_a_writer(run_dbtune: Run, database: Path) -> None:
    """An open write transaction does not stop it, and every byte stays."""
    report = write_report(database, recommend("ix_city", CITY))
    build_more(database, "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO users (email) VALUES ('x')")
        before = database.read_bytes()
        assert run_dbtune("check", database, "--from", report, "--wait", "0").returncode == 1
        assert database.read_bytes() == before
        writer.execute("ROLLBACK")


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"schema_version": 99}', "\x00\xff"])
def test_a_file_that_is_no_report_is_a_usage_error(
    run_dbtune: Run, database: Path, content: str
) -> None:
    """The file is named; the exit code is 2."""
    report = database.with_name("broken.json")
    report.write_text(content, encoding="latin-1")
    result = run_dbtune("check", database, "--from", report)
    assert result.returncode == 2
    assert "broken.json" in result.stderr


def recommend(name: str, spec: IndexSpec) -> Finding:
    """A missing-index finding, as analyze writes it."""
    change = Change((create_index_sql(name, spec),), (drop_index_sql(name),), "slow", name, spec)
    return Finding("missing-index", "high", name, f"{spec.table} is read whole", change=change)


def write_report(
    database: Path, *findings: Finding, changes: tuple[AppliedChange, ...] | None = None
) -> Path:
    """Write a report of the database as it is now."""
    with closing(sqlite3.connect(database)) as connection:
        sha256 = read_schema(connection).sha256
    source = Source(str(database), database.stat().st_size, sha256, sqlite3.sqlite_version)
    report = Report("analyze", "2026-01-02T03:04:05Z", "0.1.0", source, None, findings)
    path = database.with_name("report.json")
    path.write_text(to_json(replace(report, changes=changes)), encoding="utf-8")
    return path


def test_the_verdict_comes_first_with_one_command_for_all_missing_indexes(
    run_dbtune: Run, database: Path
) -> None:
    """It mends what the commands of the single ones would; one missing index has its own alone."""
    report = write_report(database, recommend("ix_city", CITY), recommend("ix_user", USER))
    lines = run_dbtune("check", database, "--from", report).stdout.splitlines()
    assert lines[0] == f"{database}: 2 checked, 2 drifted"
    told, _, command = lines[1].partition(": ")
    assert (told, command) == (
        "  all indexes at once",
        f"dbtune apply-indexes {database} --from {report}",
    )
    build_more(database, create_index_sql("ix_city", CITY))
    assert "at once" not in run_dbtune("check", database, "--from", report).stdout
