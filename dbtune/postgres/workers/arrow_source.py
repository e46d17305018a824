"""The source as Arrow batches, through ADBC's own SQLite library (extra dbtune[fast]).

Only worker processes that open the source with nothing else may use this: two SQLite libraries
in one process destroy each other's locks on a file.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dbtune.errors import LockedError, SourceError
from dbtune.postgres.workers.snapshot import FIRST_READ
from dbtune.sqlite.file.location import database_uri

_HARDEN = ("PRAGMA query_only = ON", "PRAGMA cell_size_check = ON", "PRAGMA trusted_schema = OFF")


def arrow_available() -> bool:
    """Return whether the extra `fast` is installed; imports nothing of its 200 MB."""
    try:
        return all(find_spec(name) for name in ("adbc_driver_sqlite", "pgpq", "pyarrow"))
    except (ImportError, ValueError):  # ValueError: made unimportable
        return False


class ArrowReader:
    """A connection of ADBC that reads one state of the source until it is released."""

    def __init__(self, path: Path, *, wait_ms: int = 5000) -> None:
        self.path = path
        try:
            adbc = import_module("adbc_driver_sqlite.dbapi")
        except ImportError as error:
            raise SourceError(f"{path} cannot be opened by ADBC: {error}") from error
        self._failures: type[Exception] = adbc.Error
        try:
            self.connection: Any = adbc.connect(database_uri(path, "ro"), autocommit=True)
        except self._failures as error:
            raise SourceError(f"{path} cannot be opened by ADBC: {error}") from error
        for pragma in (f"PRAGMA busy_timeout = {wait_ms}", *_HARDEN):
            self._run(pragma)
        self._manual = False

    def begin(self) -> None:
        """Take a snapshot, of now. Raises LockedError while a writer keeps readers out."""
        self.release()
        if not self._manual:
            # From now on ADBC itself begins a transaction wherever one ended.
            self.connection.adbc_connection.set_autocommit(False)
            self._manual = True
        self._run(FIRST_READ)

    def release(self) -> None:
        """Give the snapshot up, so that a writer who waits for that may go on."""
        if self._manual:
            self.connection.adbc_connection.rollback()

    def close(self) -> None:
        """Release the snapshot and close the file."""
        self.release()
        self.connection.close()

    def _run(self, sql: str) -> None:
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                cursor.fetchall()
        except self._failures as error:
            kind = LockedError if "is locked" in str(error) else SourceError
            raise kind(f"{self.path} cannot be read by ADBC: {error}") from error
