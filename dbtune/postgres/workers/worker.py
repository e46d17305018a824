"""What a task finds in the process it runs in: the source in one snapshot, and the target."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import psycopg

from dbtune.errors import DbtuneError, SourceError
from dbtune.postgres.server.target import connect_target, target_failure
from dbtune.postgres.workers.arrow_source import ArrowReader
from dbtune.postgres.workers.snapshot import SnapshotReader
from dbtune.sqlite.diagnosis import explain_failure

Kind = Literal["rows", "arrow"]
Target = psycopg.Connection[tuple[Any, ...]]
Result = TypeVar("Result", covariant=True)
Kept = TypeVar("Kept")


class Closable(Protocol):
    """What a worker may keep for the tasks to come."""

    def close(self) -> None:
        """Free what is held."""
        ...


class Task(Protocol[Result]):
    """A piece of work: a frozen dataclass that can be pickled, with a result that can be, too."""

    @property
    def subject(self) -> str:
        """What it works on, in words for a message: "orders rowid 1 to 20,000"."""
        ...

    @property
    def arrow(self) -> bool:
        """True where it is for a process with ADBC; it may still get one with sqlite3 only."""
        ...

    def run(self, worker: Worker, /) -> Result:
        """Do it. DbtuneError, sqlite3.Error and psycopg.Error reach the caller as DbtuneError."""
        ...


class Worker:
    """The connections of one process. Both SQLite libraries never meet in one: see `kind`."""

    def __init__(
        self,
        kind: Kind,
        path: Path,
        conninfo: str | None,
        *,
        reader: SnapshotReader | ArrowReader,
        report: Callable[[int], None],
    ) -> None:
        self.kind = kind
        self.path = path
        self.conninfo = conninfo
        self.report = report  # tells the caller of rows done since the last report
        self._reader = reader
        self._kept: dict[str, Closable] = {}

    @property
    def sqlite(self) -> sqlite3.Connection:
        """The source by Python's sqlite3 in its snapshot; TEXT arrives as bytes of UTF-8."""
        if not isinstance(self._reader, SnapshotReader):
            raise RuntimeError("a process with ADBC must not open the source by sqlite3")
        self._reader.connection.text_factory = bytes
        return self._reader.connection

    @property
    def adbc(self) -> Any:
        """The source by ADBC (dbapi) in its snapshot; only where `kind` is "arrow"."""
        if not isinstance(self._reader, ArrowReader):
            raise RuntimeError("a process with sqlite3 must not open the source by ADBC")
        return self._reader.connection

    def postgres(self, schema: str) -> Target:
        """Return this worker's connection to the target, in autocommit, names found in `schema`.

        Raises TargetError where it cannot connect.
        """
        connection = self.keep("postgres", self._connect)
        if connection.closed:
            connection = self._kept["postgres"] = self._connect()
        path = psycopg.sql.SQL("SET search_path = {}, public").format(
            psycopg.sql.Identifier(schema)
        )
        connection.execute(path)
        return connection

    def keep(self, name: str, make: Callable[[], Kept]) -> Kept:
        """Return what was made under that name before, else make it; closed with the worker."""
        if name not in self._kept:
            self._kept[name] = make()  # type: ignore[assignment]  # the caller's Closable
        return self._kept[name]  # type: ignore[return-value]  # as made above

    def run(self, task: Task[Result]) -> Result:
        """Run a task; what the libraries raise becomes a DbtuneError that names its subject."""
        try:
            return task.run(self)
        except sqlite3.Error as error:
            explained = explain_failure(error, self.path)
            raise _about(explained, task.subject) from error
        except psycopg.Error as error:
            raise target_failure(error, task.subject) from error

    def close(self) -> None:
        """Close what was kept; the reader belongs to who made it."""
        for kept in self._kept.values():
            kept.close()
        self._kept.clear()

    def _connect(self) -> Target:
        if self.conninfo is None:
            raise RuntimeError("this pool was started without a target")
        return connect_target(self.conninfo)


def _about(error: DbtuneError, subject: str) -> DbtuneError:
    if isinstance(error, SourceError):
        return SourceError(f"{subject}: {error.message}", hint=error.hint)
    return error
