"""How a transaction of Python's sqlite3 is begun, whatever the driver would do by itself."""

from __future__ import annotations

import sqlite3
from typing import Literal, Optional

from dbtune.integrations.work import Mark

# How far a transaction is that the hook began for reading: nothing ran in it yet, or something
# was read. None: it may write, or the hook did not begin it.
Reading = Optional[Literal["begun", "read"]]  # noqa: UP045 - evaluated at run time on 3.10

# The value of Connection.autocommit that leaves transactions to isolation_level, as before 3.12.
_LEGACY_TRANSACTION_CONTROL = -1
_BUSY_SNAPSHOT = 517


class ReadOnlyWorkError(sqlite3.OperationalError):
    """Work that was marked as reading only tried to write; nothing was written."""


def begin(connection: sqlite3.Connection, *, immediate: bool) -> None:
    """Begin a transaction; with `immediate` it takes the write lock, waiting for busy_timeout.

    On a database that cannot be written it begins for reading: SQLite says so at the write.
    """
    if not immediate:
        connection.execute("BEGIN").close()
        return
    try:
        connection.execute("BEGIN IMMEDIATE").close()
    except sqlite3.OperationalError as error:
        if "readonly" not in str(error):
            raise
        connection.execute("BEGIN").close()


def allow_write(connection: sqlite3.Connection, mark: Mark, reading: Reading) -> Reading:
    """See to a write in work marked as reading; return how far its transaction is then.

    Under a strict mark it raises ReadOnlyWorkError. Under a guess it gets the write lock if
    nothing ran yet; after reading it is left to SQLite, which refuses it only where the data
    read is out of date, and the route is remembered as a writing one.
    """
    if mark.strict:
        raise ReadOnlyWorkError("this work is marked as reading only, and the statement writes")
    if reading == "begun":
        _begin_again_for_writing(connection)
        return None
    if reading == "read":
        mark.learn_writing()
    return reading


def _begin_again_for_writing(connection: sqlite3.Connection) -> None:
    connection.rollback()
    try:
        begin(connection, immediate=True)
    except sqlite3.OperationalError:
        begin(connection, immediate=False)  # the caller still counts on an open transaction
        raise


def begins_nothing(connection: sqlite3.Connection) -> bool:
    """Tell whether the application asked the driver for autocommit."""
    return connection.isolation_level is None or getattr(connection, "autocommit", None) is True


def use_explicit_transactions(connection: sqlite3.Connection) -> None:
    """Leave the mode in which Python 3.12+ opens a deferred transaction after every other one."""
    if getattr(connection, "autocommit", None) is False:
        connection.rollback()
        connection.autocommit = True  # type: ignore[attr-defined,unused-ignore]
        connection.autocommit = _LEGACY_TRANSACTION_CONTROL  # type: ignore[attr-defined,unused-ignore]


def explain_late_write(error: BaseException | None) -> ReadOnlyWorkError | None:
    """Return the error to raise for a write that came after reading and found newer data."""
    code = getattr(error, "sqlite_errorcode", _BUSY_SNAPSHOT)  # Python 3.11
    if code != _BUSY_SNAPSHOT or "is locked" not in str(error):
        return None
    return ReadOnlyWorkError(
        "database is locked: this transaction began as reading only, and somebody else wrote "
        "before its first write; mark it with dbtune_read_only=False"
    )
