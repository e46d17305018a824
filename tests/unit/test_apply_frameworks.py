"""What apply-indexes does for databases that an application's migrations manage too."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, create_engine

from dbtune.errors import ExitCode
from tests.fixtures.alembic_projects import add_revision, stamp, write_project
from tests.fixtures.in_process import run_here
from tests.fixtures.shop import (
    added,
    build_shop,
    dropped,
    index_names,
    read_catalog,
    stamps,
    write_report,
)

DUPLICATE = dropped(
    "ix_orders_status_2", "CREATE INDEX ix_orders_status_2 on orders(status) -- again"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return build_shop(tmp_path / "shop.db")


@pytest.fixture
def report(shop: Path) -> Path:
    """Return a report that misses two indexes and finds one useless."""
    findings = (added("orders", "user_id", "created_at DESC"), added("users", "email"), DUPLICATE)
    return write_report(shop, *findings)


def state_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with its content."""
    paths = sorted(folder.rglob("*"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths if p.is_file()}


def test_alembic_of_the_application_is_mentioned(shop: Path, tmp_path: Path) -> None:
    """With alembic_version in the file, it says what the next autogenerate would do."""
    stamp(shop, "app1")
    path = write_report(shop, added("users", "email"))
    result = run_here("apply-indexes", shop, "--from", path, "--yes", "--no-backup")
    assert "alembic_version" in result.stderr
    assert "--alembic-ini" in result.stderr


def test_printed_lines_keep_autogenerate_from_dropping(shop: Path, report: Path) -> None:
    """With include_object from stdout, autogenerate leaves version table and indexes alone."""
    before = sorted(index_names(shop))
    result = run_here("apply-indexes", shop, "--from", report, "--yes", "--no-backup")
    printed = result.stdout[result.stdout.index("# In env.py") :]
    names: dict[str, object] = {}
    exec(printed, names)
    engine = create_engine(f"sqlite:///{shop}")
    metadata = MetaData()
    metadata.reflect(engine, only=["users", "orders"])
    for table in metadata.tables.values():
        for index in [i for i in table.indexes if i.name not in before]:
            table.indexes.remove(index)

    def differences(**options: object) -> list[str]:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts=options)
            return sorted(difference[0] for difference in compare_metadata(context, metadata))

    # Alembic cannot compare expression terms such as `created_at DESC`, and skips that index.
    assert "remove_table" in differences()
    assert "remove_index" in differences()
    assert differences(include_object=names["include_object"]) == []
    engine.dispose()


def test_lines_for_django(shop: Path) -> None:
    """With django_migrations in the file, the lines are for Django's models."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE django_migrations (id INTEGER PRIMARY KEY)")
    path = write_report(shop, added("users", "email"))
    result = run_here("apply-indexes", shop, "--from", path, "--yes", "--no-backup")
    assert "models.Index(" in result.stdout
    assert "include_object" not in result.stdout


def test_into_the_applications_project(shop: Path, tmp_path: Path) -> None:
    """With --alembic-ini the revision is the application's next one; no dbtune_version appears."""
    ini = write_project(tmp_path / "app", shop)
    stamp(shop, "app1")
    path = write_report(shop, added("users", "email"))
    run = ("apply-indexes", shop, "--from", path, "--yes", "--alembic-ini", ini)
    result = run_here(*run)
    assert result.returncode == ExitCode.DONE, result.stderr
    (revision,) = stamps(shop, "alembic_version")
    assert list(ini.parent.glob(f"migrations/versions/{revision}_dbtune_*.py"))
    assert "dbtune_version" not in {row[1] for row in read_catalog(shop)}
    assert f"dbtune rollback {shop} --alembic-ini {ini}" in result.stdout
    assert "Nothing was changed" in run_here(*run).stdout


def test_application_behind_its_head_is_refused(shop: Path, tmp_path: Path) -> None:
    """dbtune's revision would otherwise drag the application's along."""
    ini = write_project(tmp_path / "app", shop)
    add_revision(ini, "app2", "app1")
    stamp(shop, "app1")
    path = write_report(shop, added("users", "email"))
    before = state_of(tmp_path)
    run = ("apply-indexes", shop, "--from", path, "--yes", "--alembic-ini", ini)
    result = run_here(*run)
    assert result.returncode == ExitCode.REFUSED
    assert "app2 is not applied" in result.stderr
    assert state_of(tmp_path) == before
