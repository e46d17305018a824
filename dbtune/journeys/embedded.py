"""The embedded server of a migration: which folder and database it has, and its URL."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
from psycopg import sql

from dbtune.postgres.server.embedded import EmbeddedServer, find_server, start_server
from dbtune.postgres.server.target import connect_target

_NAME_FILE = "dbtune-database.txt"


def folder_of(database: Path) -> Path:
    """Return the folder of a database file's own server: <stem>.pgdata where dbtune runs."""
    return Path.cwd() / f"{database.stem}.pgdata"


def start_for(database: Path) -> tuple[EmbeddedServer, str]:
    """Start the server that belongs to a database file; return it with its URL.

    Its database has the stem as name.
    """
    server = start_server(folder_of(database))
    name = re.sub(r"[^a-z0-9_]+", "_", database.stem.lower()).strip("_") or "app"
    name = name if name not in {"postgres", "template0", "template1"} else f"{name}_app"
    with connect_target(server.url()) as connection:
        _ensure_database(connection, name)
    (server.data / _NAME_FILE).write_text(f"{name}\n", encoding="utf-8")
    return server, server.url(name)


def start_existing(folder: Path) -> str:
    """Start the server of a folder that a migration made; return its URL."""
    find_server(folder)
    start_server(folder)
    return url_of(folder)


def url_of(folder: Path) -> str:
    """Return the URL of a folder's server. Raises ConfigurationError where there is none."""
    server = find_server(folder)
    name_file = server.data / _NAME_FILE
    if not name_file.is_file():
        return server.url()
    return server.url(name_file.read_text(encoding="utf-8").strip())


def _ensure_database(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    found = connection.execute("SELECT count(*) FROM pg_database WHERE datname = %s", (name,))
    row = found.fetchone()
    if not (row and row[0]):
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
