"""Throw-away copies of a database on its own server, for what would change the database itself."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dbtune.errors import TargetError
from dbtune.postgres.server.target import connect_target

PREFIX = "dbtune_bench_"
# CREATE DATABASE is sent from another database than the one that is copied.
_ANOTHER = "postgres"


class CopyRefusedError(Exception):
    """The server makes no copy; the message says why."""


@contextmanager
def database_copy(conninfo: str) -> Iterator[str]:
    """Copy a database with CREATE DATABASE ... TEMPLATE; yield the copy's conninfo, then drop it.

    Copies that a killed run left are dropped first. Raises CopyRefusedError where the role may
    not create databases, or somebody is connected to the one to copy.
    """
    name = f"{PREFIX}{os.getpid()}_{secrets.token_hex(4)}"
    try:
        admin = connect_target(make_conninfo(conninfo, dbname=_ANOTHER))
    except TargetError as error:
        raise CopyRefusedError(error.message) from error
    with closing(admin):
        source = _name_of(conninfo)
        _drop_left_over(admin)
        try:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(source)
                )
            )
        except psycopg.Error as error:
            said = error.diag.message_primary or str(error)
            raise CopyRefusedError(said) from error
        own = make_conninfo(conninfo, dbname=name)
        try:
            # While it lives somebody is connected to it, so that no other run takes it for dead.
            with closing(connect_target(own)):
                yield own
        finally:
            admin.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def _name_of(conninfo: str) -> str:
    named = conninfo_to_dict(conninfo).get("dbname")
    if named:
        return str(named)
    with closing(connect_target(conninfo)) as connection:
        return connection.info.dbname


def _drop_left_over(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    """Drop copies of killed runs: PostgreSQL drops none that somebody is connected to."""
    # PostgreSQL would refuse one in use by itself, but only after waiting 5 s for its users.
    found = admin.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) AND NOT EXISTS"
        " (SELECT 1 FROM pg_stat_activity AS a WHERE a.datname = pg_database.datname)"
        " ORDER BY datname",
        (PREFIX,),
    )
    for (name,) in found.fetchall():
        with suppress(psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege):
            admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(str(name))))
