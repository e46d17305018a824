"""`dbtune enable-wal`: what it shows, asks, does and reports."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune.errors import ConfigurationError
from dbtune.journeys.enable_wal import EnableWalOptions, plan_wal
from dbtune.report.documents.from_json import from_json
from tests.e2e.enable_wal.shop import Run, assert_unchanged, pragma, rows


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


def test_no_backup_leaves_it_out_and_a_backup_keeps_only_the_newest(
    run_dbtune: Run, database: Path
) -> None:
    """The change itself stays reversible."""
    result = run_dbtune("enable-wal", database, "--yes", "--no-backup")
    assert result.returncode == 0 and "backup:" not in result.stdout
    assert list(database.with_name("shop.db.dbtune").glob("backup-*")) == []


def test_an_empty_database_can_be_switched(run_dbtune: Run, tmp_path: Path) -> None:
    """0 bytes is a valid database."""
    path = tmp_path / "empty.db"
    path.touch()
    result = run_dbtune("enable-wal", path, "--yes")
    assert result.returncode == 0, result.stderr
    assert pragma(path, "journal_mode") == "wal"
