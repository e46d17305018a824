"""The revision that `dbtune enable-wal` writes, in projects and transactions of others."""

from __future__ import annotations

import importlib.util
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

from dbtune.journeys.rollback import RollbackOptions, plan_rollback, rollback
from tests.e2e.enable_wal.shop import QUICK, Run, pragma, rows, switch


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
