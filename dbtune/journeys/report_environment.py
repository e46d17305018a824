"""Where a report is made: the kind of machine, and the versions of what took part."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from importlib import metadata

from dbtune._version import __version__
from dbtune.model.overview import Environment

_NAMES = {"apsw": "apsw", "sqlalchemy": "SQLAlchemy", "alembic": "Alembic", "psycopg": "psycopg"}


def environment(
    packages: Sequence[str] = (),
    *,
    application_sqlite_version: str | None = None,
    postgres_version: int | None = None,
) -> Environment:
    """Return this machine and these versions; `packages` are those that the command works with.

    `postgres_version` is as server_version_num has it, 150004 for 15.4. Nothing names the machine,
    its user or its folders.
    """
    return Environment(
        platform=f"{platform.system()} {platform.machine()}".strip(),
        cpu_count=os.cpu_count(),
        versions=(
            ("dbtune", __version__),
            ("Python", platform.python_version()),
            ("SQLite", sqlite3.sqlite_version),
            *_application(application_sqlite_version),
            *_packages(packages),
            *_postgres(postgres_version),
        ),
    )


def _application(version: str | None) -> Iterator[tuple[str, str]]:
    if version is not None:
        yield "the application's SQLite", version


def _packages(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            yield _NAMES.get(name, name), metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # beside the interpreter's packages, as in some containers


def _postgres(version: int | None) -> Iterator[tuple[str, str]]:
    if version is not None:
        yield "PostgreSQL", f"{version // 10_000}.{version % 10_000}"
