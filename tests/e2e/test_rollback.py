"""`dbtune rollback`: what was done is undone, one by one, with a backup."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import ExitCode
from tests.conftest import RunDbtune
from tests.fixtures.alembic_projects import add_revision, run_alembic, stamp, write_project
from tests.fixtures.in_process import run_here
from tests.fixtures.other_process import other_process
from tests.fixtures.shop import (
    added,
    build_shop,
    dropped,
    index_names,
    pragma,
    read_catalog,
    stamps,
    write_report,
)

OLD = {"ix_orders_status", "ix_orders_status_2"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return build_shop(tmp_path / "shop.db", orders=500)


def apply_three(database: Path, *options: str | Path) -> list[str]:
    """Apply three revisions and return their ids in the order of time."""
    findings = (
        added("orders", "user_id"),
        added("users", "email"),
        dropped("ix_orders_status_2", "CREATE INDEX ix_orders_status_2 on orders(status) -- again"),
    )
    report = write_report(database, *findings)
    table = "alembic_version" if "--alembic-ini" in options else "dbtune_version"
    made = []
    for finding in findings:
        name = finding.change.index_name if finding.change is not None else ""
        run = ("apply-indexes", database, "--from", report, "--yes", "--only", str(name))
        result = run_here(*run, "--no-backup", *options)
        assert result.returncode == 0, result.stderr
        made += stamps(database, table)
    return made


def backups(database: Path) -> list[Path]:
    return list(database.with_name(database.name + ".dbtune").glob("backup-*.db"))


def test_last_revision_is_undone(run_dbtune: RunDbtune, shop: Path) -> None:
    """One step back, with a backup of the state before, and said what it was."""
    before = read_catalog(shop)
    first, second, third = apply_three(shop)
    full = read_catalog(shop)
    result = run_dbtune("rollback", shop, "--yes")
    assert result.returncode == ExitCode.DONE, result.stderr
    assert f"undone: {third}" in result.stdout
    assert "CREATE INDEX IF NOT EXISTS ix_orders_status_2" in result.stderr
    assert stamps(shop) == [second]
    assert index_names(shop) == {*OLD, "ix_orders_user_id", "ix_users_email"}
    (backup,) = backups(shop)
    assert read_catalog(backup) == full
    assert run_dbtune("rollback", shop, "--yes", "--to", first[:6]).returncode == ExitCode.DONE
    assert stamps(shop) == [first]
    assert run_dbtune("rollback", shop, "--yes", "--no-backup").returncode == ExitCode.DONE
    assert read_catalog(shop) == before


def test_everything_is_undone_with_base(shop: Path) -> None:
    """Three revisions go in one command, the newest first."""
    before = read_catalog(shop)
    made = apply_three(shop)
    result = run_here("rollback", shop, "--yes", "--to", "base")
    lines = [line for line in result.stdout.splitlines() if line.startswith("undone")]
    assert [line.split()[1] for line in lines] == made[::-1]
    assert read_catalog(shop) == before
    assert stamps(shop) == []


def test_nothing_to_roll_back_is_fine(shop: Path) -> None:
    """A database that dbtune never changed stays as it is, and no folder appears."""
    before = shop.read_bytes()
    result = run_here("rollback", shop, "--yes")
    assert result.returncode == ExitCode.DONE
    assert "nothing to roll back" in result.stdout.lower()
    assert shop.read_bytes() == before
    assert not shop.with_name("shop.db.dbtune").exists()


def test_at_the_wanted_revision_nothing_happens(shop: Path) -> None:
    """--to the newest revision leaves it, and makes no backup."""
    newest = apply_three(shop)[-1]
    result = run_here("rollback", shop, "--yes", "--to", newest)
    assert result.returncode == ExitCode.DONE
    assert f"is at revision {newest}" in result.stdout
    assert backups(shop) == []


def test_unknown_revision_is_a_usage_error(shop: Path) -> None:
    """A typing error is told with the revisions that are applied."""
    first, *_ = apply_three(shop)
    result = run_here("rollback", shop, "--yes", "--to", "nonsense")
    assert result.returncode == ExitCode.USAGE
    assert first in result.stderr


def test_without_a_terminal_it_asks_for_yes(shop: Path) -> None:
    """Nothing is undone before somebody agrees."""
    newest = apply_three(shop)[-1]
    result = run_here("rollback", shop)
    assert result.returncode == ExitCode.USAGE
    assert "--yes" in result.stderr
    assert stamps(shop) == [newest]


def test_leaving_wal_says_who_holds_the_file(shop: Path) -> None:
    """WAL cannot be left while another process has the file open; it is named."""
    assert run_here("enable-wal", shop, "--yes", "--no-backup").returncode == ExitCode.DONE
    with other_process(shop) as other:
        other.run("SELECT count(*) FROM orders")
        result = run_here("rollback", shop, "--yes", "--wait", "0.1")
        assert result.returncode == ExitCode.REFUSED
        assert "cannot leave WAL" in result.stderr
        assert f"process {other.pid}" in result.stderr
        assert len(other.run("SELECT version_num FROM dbtune_version")) == 1
    assert pragma(shop, "journal_mode") == "wal"
    assert run_here("rollback", shop, "--yes").returncode == ExitCode.DONE
    assert pragma(shop, "journal_mode") == "delete"


def test_revisions_before_a_failure_stay_undone(shop: Path) -> None:
    """Each step is whole: an index is dropped, then leaving WAL fails, and the message says so."""
    assert run_here("enable-wal", shop, "--yes", "--no-backup").returncode == ExitCode.DONE
    (wal,) = stamps(shop)
    apply_three(shop)
    with other_process(shop) as other:
        other.run("SELECT count(*) FROM orders")
        result = run_here("rollback", shop, "--yes", "--to", "base", "--wait", "0.1")
        assert result.returncode == ExitCode.REFUSED
        assert "3 revisions before it were undone" in result.stderr
    assert stamps(shop) == [wal]
    assert index_names(shop) == OLD


def test_failing_downgrade_is_rolled_back(shop: Path) -> None:
    """Duplicates that came since keep a unique index from coming back; all stays as it was."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE codes (code TEXT)")
    *_, newest = apply_three(shop)
    (path,) = shop.with_name("shop.db.dbtune").glob(f"versions/{newest}_*.py")
    text = path.read_text()
    unique = "op.execute('CREATE UNIQUE INDEX ix_codes ON codes (code)')"
    path.write_text(text.rstrip() + f"\n    {unique}\n")
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        connection.execute("INSERT INTO codes VALUES ('a'), ('a')")
    before = read_catalog(shop)
    result = run_here("rollback", shop, "--yes")
    assert result.returncode == ExitCode.CHANGE_FAILED
    assert "UNIQUE constraint failed" in result.stderr
    assert read_catalog(shop) == before
    assert stamps(shop) == [newest]


def test_missing_revision_file_is_refused(shop: Path) -> None:
    """A stamp without its file cannot be undone, and the hint says where files may be."""
    newest = apply_three(shop)[-1]
    (path,) = shop.with_name("shop.db.dbtune").glob(f"versions/{newest}_*.py")
    path.unlink()
    result = run_here("rollback", shop, "--yes")
    assert result.returncode == ExitCode.REFUSED
    assert "--migrations" in result.stderr


def test_applications_revision_on_top_is_not_touched(shop: Path, tmp_path: Path) -> None:
    """dbtune never undoes a migration of the application's, which may drop tables."""
    ini = write_project(tmp_path / "app", shop)
    stamp(shop, "app1")
    newest = apply_three(shop, "--alembic-ini", ini)[-1]
    add_revision(ini, "app2", newest)
    run_alembic(ini, "upgrade", "head")
    for options in ((), ("--to", "base"), ("--to", newest)):
        result = run_here("rollback", shop, "--yes", "--alembic-ini", ini, *options)
        assert result.returncode == ExitCode.REFUSED
        assert "app2 on top is not dbtune's" in result.stderr
    assert stamps(shop, "alembic_version") == ["app2"]


def test_base_in_the_applications_project_is_refused(shop: Path, tmp_path: Path) -> None:
    """--to base would go through the application's first migration."""
    ini = write_project(tmp_path / "app", shop)
    stamp(shop, "app1")
    apply_three(shop, "--alembic-ini", ini)
    result = run_here("rollback", shop, "--yes", "--alembic-ini", ini, "--to", "base")
    assert result.returncode == ExitCode.REFUSED
    assert "app1" in result.stderr
    result = run_here("rollback", shop, "--yes", "--alembic-ini", ini, "--to", "app1")
    assert result.returncode == ExitCode.DONE
    assert index_names(shop) == OLD


def test_from_a_shared_folder(shop: Path, tmp_path: Path) -> None:
    """--migrations finds the revisions that lie elsewhere."""
    folder = tmp_path / "revisions"
    apply_three(shop, "--migrations", folder)
    assert run_here("rollback", shop, "--yes").returncode == ExitCode.REFUSED
    assert run_here("rollback", shop, "--yes", "--migrations", folder).returncode == ExitCode.DONE
    assert len(list(folder.glob("*.py"))) == 3
