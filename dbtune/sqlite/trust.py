"""How far a connection distrusts what a file's schema says and what its pages hold."""

from __future__ import annotations

import sqlite3

from dbtune.resources import sql


def harden(connection: sqlite3.Connection) -> None:
    """Set what keeps a hostile schema or damaged page from doing harm; reads the schema."""
    connection.execute("PRAGMA cell_size_check = ON")
    # A file that is cut while mapped would end the process with SIGBUS.
    connection.execute("PRAGMA mmap_size = 0")
    if may_distrust_schema(connection):
        connection.execute("PRAGMA trusted_schema = OFF")
    set_config = getattr(connection, "setconfig", None)  # Python 3.12
    if set_config is not None:
        set_config(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)  # type: ignore[attr-defined,unused-ignore]


def may_distrust_schema(connection: sqlite3.Connection) -> bool:
    """Return whether the database can still be read with trusted_schema = OFF.

    It cannot where SQLite 3.38 to 3.40 meets JSON functions in an index, view or check: "unsafe
    use of json_extract()". Trust is harmless there, since this connection has no functions but
    SQLite's own.
    """
    try:
        return not connection.execute(sql("sqlite/unsafe_json")).fetchone()[0]
    except sqlite3.OperationalError as error:
        if "pragma_function_list" in str(error):
            return True  # a SQLite built without introspection, and likely without JSON
        raise
