"""The Alembic environment of dbtune: one SQLite file, each revision all or nothing.

It imports nothing of dbtune: a copy lies in `<DB file>.dbtune/` beside every database that
dbtune has changed, and plain `alembic upgrade` and `alembic downgrade` run it there.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

# The application's own alembic_version, if it has one, stays out of this.
VERSION_TABLE = "dbtune_version"


def database() -> Path:
    """Return the database: the option `database`, else the one the ini's folder is named after."""
    named = context.config.get_main_option("database")
    if named:
        return Path(os.path.abspath(named))
    folder = Path(os.path.abspath(str(context.config.config_file_name))).parent
    return folder.with_name(folder.name.removesuffix(".dbtune"))


def connect() -> sqlite3.Connection:
    """Open the database for writing; a missing file is an error and stays missing.

    `isolation_level=None` leaves transactions to SQLAlchemy: the driver would begin them late,
    after the first CREATE INDEX, which a failing revision would then leave behind.
    """
    wait_seconds = float(context.config.get_main_option("wait_seconds", "5"))
    uri = f"{database().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=wait_seconds)


def begin(connection: Connection) -> None:
    """Take the write lock at once: a plain BEGIN fails later, whatever the timeout."""
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def run_online() -> None:
    """Run the revisions on the database, each in a transaction of its own."""
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", begin)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            version_table=VERSION_TABLE,
            transactional_ddl=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


def run_offline() -> None:
    """Print the revisions as SQL."""
    context.configure(
        dialect_name="sqlite",
        version_table=VERSION_TABLE,
        transactional_ddl=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.config.config_file_name is not None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")

if context.is_offline_mode():
    run_offline()
else:
    run_online()
