"""What decides whether a database can be switched to WAL: its place, its users, its state."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path, PurePath

from dbtune.model.schema import FileHealth, Schema
from dbtune.sqlite.file.container import Storage, container_storage
from dbtune.sqlite.file.file_locks import ActiveUser, active_users
from dbtune.sqlite.file.file_users import FileUser, other_users
from dbtune.sqlite.file.filesystem import filesystem_type
from dbtune.sqlite.file.free_space import free_bytes
from dbtune.sqlite.file.header import read_header
from dbtune.sqlite.file.location import require_writable_file, side_file
from dbtune.sqlite.pragmas import read_health
from dbtune.sqlite.schema.catalog import read_schema

_HEADER_WRITE_VERSION = 18  # 1 is a rollback journal, 2 is WAL
PAGE_SIZES = tuple(512 << shift for shift in range(8))


@dataclass(frozen=True)
class WalPlace:
    """Where a database lies and who is at it, found out without opening it.

    `filesystem` is None where the system does not tell. `header_in_wal` is what the file itself
    says, None for an empty one. `wal_bytes` and `journal_bytes` are sizes of the files beside it.
    """

    path: Path
    size_bytes: int
    wal_bytes: int
    journal_bytes: int
    header_in_wal: bool | None
    hard_links: int
    filesystem: str | None
    network_path: bool
    storage: Storage
    free_bytes: int
    folder_writable: bool
    runs_as_owner: bool
    users: tuple[FileUser, ...]
    active: tuple[ActiveUser, ...]
    litestream: bool


@dataclass(frozen=True)
class WalState:
    """What a database says of itself. `foreign_keys` is None where no key is declared."""

    journal_mode: str
    page_size_bytes: int
    integrity_errors: tuple[str, ...]
    foreign_keys: bool | None
    not_checked: tuple[str, ...]
    schema: Schema
    health: FileHealth


def read_place(path: Path) -> WalPlace:
    """Return where a database lies; nothing of it is opened in this process.

    Raises SourceError where it is missing or no file, RefusedError for a symbolic link and for a
    file that this user may not write.
    """
    found = require_writable_file(path)
    header = read_header(path)
    users = other_users(path)
    return WalPlace(
        path=path,
        size_bytes=found.st_size,
        wal_bytes=_size(side_file(path, "-wal")),
        journal_bytes=_size(side_file(path, "-journal")),
        header_in_wal=header[_HEADER_WRITE_VERSION] == 2 if len(header) == 100 else None,
        hard_links=found.st_nlink,
        filesystem=filesystem_type(path),
        network_path=_is_network_path(os.path.realpath(path)),
        storage=container_storage(path),
        free_bytes=free_bytes(path.parent),
        folder_writable=os.access(path.parent, os.W_OK | os.X_OK),
        runs_as_owner=_runs_as_owner(found),
        users=users,
        active=active_users(path),
        litestream=path.with_name(f".{path.name}-litestream").exists()
        or any(user.command == "litestream" for user in users),
    )


def read_state(connection: sqlite3.Connection, path: Path) -> WalState:
    """Return what a database opened for reading says of itself, quick_check included."""
    health = read_health(connection, path)
    schema = read_schema(connection)
    declared = any(table.foreign_keys for table in schema.tables)
    checked = not (health.not_checked or health.integrity_errors)
    return WalState(
        journal_mode=health.journal_mode.lower(),
        page_size_bytes=health.page_size_bytes,
        integrity_errors=health.integrity_errors,
        foreign_keys=checked and not health.foreign_key_violations if declared else None,
        not_checked=health.not_checked,
        schema=schema,
        health=health,
    )


def _is_network_path(path: str) -> bool:
    r"""Tell whether a path is \\server\share\..., which Windows reaches over the network."""
    return PurePath(path).drive.startswith("\\\\")


def _runs_as_owner(found: os.stat_result) -> bool:
    """Tell whether files that SQLite makes now belong to the database's own user.

    Made by root, SQLite gives them to the database's owner.
    """
    who = getattr(os, "geteuid", None)
    return who is None or who() in {0, found.st_uid}


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
