"""The allow-list of what a read-only connection may do; everything else is denied.

mode=ro alone lets VACUUM INTO, ATTACH of a new file, TEMP tables and PRAGMA query_only=0 pass.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

Authorizer = Callable[[int, "str | None", "str | None", "str | None", "str | None"], int]

# Read without an argument; with one they would write or change the connection.
_PRAGMAS_TO_READ = frozenset(
    """
    analysis_limit application_id auto_vacuum busy_timeout cache_size cell_size_check
    collation_list compile_options data_version database_list encoding foreign_keys
    freelist_count function_list journal_mode journal_size_limit legacy_file_format locking_mode
    max_page_count mmap_size module_list page_count page_size pragma_list query_only
    read_uncommitted recursive_triggers schema_version secure_delete synchronous table_list
    temp_store threads trusted_schema user_version wal_autocheckpoint
    foreign_key_check integrity_check quick_check
    """.split()
)

# Their argument names an object or limits the output, and writes nothing.
_PRAGMAS_WITH_ARGUMENT = frozenset(
    """
    foreign_key_check foreign_key_list index_info index_list index_xinfo integrity_check
    quick_check table_info table_list table_xinfo
    """.split()
)

# Reach files, code or memory outside the database, in SQLite itself or in its shell's extensions.
_UNSAFE_FUNCTIONS = frozenset(
    "load_extension fts3_tokenizer edit writefile readfile lsmode fsdir eval sqlite_dbpage".split()
)

_ALWAYS = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
    }
)
_ROW_WRITES = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_SCHEMA_TABLES = frozenset({"sqlite_master", "sqlite_schema"})


def reading_only(shadow_tables: frozenset[str]) -> Authorizer:
    """Return the authorizer callback of a read-only connection.

    `shadow_tables` (lower case) belong to virtual tables: FTS and R-Tree prepare their writes
    when they are first read. Those may be prepared; mode=ro keeps them from being run.
    """

    def authorize(
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        trigger: str | None,
    ) -> int:
        if action in _ALWAYS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_PRAGMA:
            return _verdict(_may_run_pragma(first or "", second))
        if action == sqlite3.SQLITE_FUNCTION:
            return _verdict((second or "").lower() not in _UNSAFE_FUNCTIONS)
        if action in _ROW_WRITES:
            return _row_write(action, (first or "").lower(), shadow_tables)
        return sqlite3.SQLITE_DENY

    return authorize


def changing_rows() -> Authorizer:
    """Return the authorizer of a throw-away copy's connection that runs recorded statements.

    Rows may be read and written; the schema, other files and the connection's settings may not
    be changed.
    """

    def authorize(
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        trigger: str | None,
    ) -> int:
        if action in _ALWAYS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            return _verdict((second or "").lower() not in _UNSAFE_FUNCTIONS)
        if action in _ROW_WRITES:
            table = (first or "").lower()
            # Declaring a virtual table's columns: see _row_write.
            if action == sqlite3.SQLITE_UPDATE and table in _SCHEMA_TABLES:
                return sqlite3.SQLITE_IGNORE
            return _verdict(not table.startswith("sqlite_") or table == "sqlite_sequence")
        # Full-text search asks for the version of the data.
        reads_version = (first or "").lower() == "data_version" and second is None
        return _verdict(action == sqlite3.SQLITE_PRAGMA and reads_version)

    return authorize


def copying_from(source: str) -> Authorizer:
    """Return the authorizer of a scratch copy's connection that has its source attached.

    The attached database `source` may be read and nothing else; no other file may be reached.
    """

    def authorize(
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        trigger: str | None,
    ) -> int:
        if database == source:
            return _verdict(action in _ALWAYS)
        if action in {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA:
            return _verdict(_may_run_pragma(first or "", second))
        if action == sqlite3.SQLITE_FUNCTION:
            return _verdict((second or "").lower() not in _UNSAFE_FUNCTIONS)
        return sqlite3.SQLITE_OK

    return authorize


def _may_run_pragma(name: str, argument: str | None) -> bool:
    name = name.lower()
    return name in (_PRAGMAS_TO_READ if argument is None else _PRAGMAS_WITH_ARGUMENT)


def _row_write(action: int, table: str, shadow_tables: frozenset[str]) -> int:
    # Declaring a virtual table's columns asks for an update of sqlite_master that is thrown away.
    # "Ignore" lets that pass and leaves any real update without effect.
    if action == sqlite3.SQLITE_UPDATE and table in _SCHEMA_TABLES:
        return sqlite3.SQLITE_IGNORE
    return _verdict(table in shadow_tables)


def _verdict(allowed: bool) -> int:
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
